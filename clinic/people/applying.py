"""What stands between a plan and its writing, for every list of this package."""

from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.arithmetic.import_plan import Plan


class RowsRejected(Refused):
    """Some rows have errors, and taking over the rest was not asked for."""

    code = "rows_rejected"


class PlanOutdated(Refused):
    """The data have changed since the plan was made."""

    code = "plan_outdated"
    status = 409


def refuse_rejected_rows(plan: Plan, *, partial: bool) -> None:
    """Stop unless every row is good or ``partial`` is asked for (R7).

    Raises:
        RowsRejected: as it says; an error of the file as a whole stops even ``partial``.
    """
    is_whole_file = any(problem.row == 0 for problem in plan.errors)
    if plan.errors and (is_whole_file or not partial):
        raise RowsRejected(
            _("Some rows need correction. Nothing has been saved."),
            details={"rows": plan.counts["refused"]},
        )


def check_still_true(plan: Plan, again: Plan) -> None:
    """Stop if the plan, made again now, would do something else than was looked at.

    Raises:
        PlanOutdated: as it says.
    """
    check_digest(again, plan.digest)


def check_digest(plan: Plan, digest: str) -> None:
    """Stop unless the plan does what the fingerprint of an earlier one stands for.

    Raises:
        PlanOutdated: as it says.
    """
    if plan.digest != digest:
        raise PlanOutdated(
            _("The data have changed since this file was checked. Look at the new check.")
        )
