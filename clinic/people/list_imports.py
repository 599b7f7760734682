"""Lists that come in through a page: read in the worker, looked at, then applied once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from clinic.lib.arithmetic.tables import Table
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.unit_rows import UnitRow
from clinic.people.importing import ImportPlan, load_rows, open_list, store_rows
from clinic.people.importing_people import apply_people, plan_people, read_people
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.models import Account
from clinic.records import imports
from clinic.records.imports import Import

UNITS = "people.units"
PERSONS = "people.persons"


@dataclass(frozen=True)
class ListKind:
    """How one kind of list is read, planned and applied."""

    row: type[Any]
    read: Callable[[Table], tuple[Sequence[Any], Sequence[ListProblem]]]
    plan: Callable[..., ImportPlan]
    apply: Callable[..., ImportPlan]
    needs_day: bool

    def options(self, day: date) -> dict[str, date]:
        """Return what planning and applying ask for beside the rows."""
        return {"today": day} if self.needs_day else {}


KINDS = {
    UNITS: ListKind(UnitRow, read_units, plan_units, apply_units, needs_day=False),
    PERSONS: ListKind(PersonRow, read_people, plan_people, apply_people, needs_day=True),
}


def read_list(import_: Import) -> Callable[[], None]:
    """Read the file and return the write that makes the import ready to look at.

    Raises:
        Refused: the file as a whole cannot be read.
    """
    kind = KINDS[import_.kind]
    with import_.file.open("rb") as stream:
        table = open_list(stream.read(), import_.original_name)
    rows, problems = kind.read(table)
    day = timezone.localdate()
    plan = kind.plan(rows, problems, **kind.options(day))
    parsed = store_rows(rows, problems, day)
    return lambda: imports.record_report(
        import_, parsed=parsed, report=plan.as_report(), counts=plan.counts
    )


def apply_list(import_: Import, *, actor: Account, partial: bool) -> dict[str, int]:
    """Write what was looked at, once.

    Raises:
        Refused: it was applied before or is not ready (409), or rows are rejected and ``partial``
            is off.
        PlanOutdated: the data have changed since it was looked at.
    """
    kind = KINDS[import_.kind]

    def write(current: Import) -> dict[str, int]:
        rows, problems, day = load_rows(kind.row, current.parsed)
        plan = kind.apply(
            rows, problems, actor=actor, partial=partial,
            expected_digest=current.report["digest"], **kind.options(day),
        )  # fmt: skip
        return plan.counts

    return imports.apply(import_, write, actor=actor)


def check_again(import_: Import) -> None:
    """Plan a ready import anew, because the data have changed since it was read."""
    kind = KINDS[import_.kind]
    rows, problems, day = load_rows(kind.row, import_.parsed)
    plan = kind.plan(rows, problems, **kind.options(day))
    Import.objects.filter(pk=import_.pk, state=Import.State.READY).update(
        report=plan.as_report(), counts=plan.counts, problem_count=len(plan.problems)
    )
