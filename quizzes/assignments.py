"""Who takes what, in which phase, when; and who gets more time for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.people.access import require, rows_of
from clinic.people.models import Membership, Person, Unit
from clinic.records import audit
from quizzes.arithmetic.deadlines import Allowance, most_generous
from quizzes.models import Assignment, Extension, Quiz, VersionState
from quizzes.models.assignments import Phase, Setting


@dataclass(frozen=True, kw_only=True)
class Window:
    """When an assignment may be taken; None is "no limit on this side"."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None


ANY_TIME = Window()


def assign(
    quiz: Quiz,
    to: Model,
    *,
    actor: Any,
    phase: str = Phase.NORMAL,
    setting: str = Setting.OWN,
    window: Window = ANY_TIME,
) -> Assignment:
    """Give a quiz to a person, a unit's people or an event's participants.

    ``actor`` None is the system itself, such as the loading of the demo.

    Raises:
        Refused: the quiz is not published, the window is reversed, or this quiz is
            already assigned to them in this phase.
        PermissionDenied, Http404: the actor may not assign there.
    """
    if not quiz.versions.filter(state=VersionState.PUBLISHED).exists():
        raise Refused(_("Publish the quiz first."), code="not_published")
    if window.opens_at and window.closes_at and window.closes_at <= window.opens_at:
        raise Refused(_("The closing must be later than the opening."), code="reversed")
    target = "person" if isinstance(to, Person) else "unit" if isinstance(to, Unit) else "event"
    try:
        with transaction.atomic():
            assignment = Assignment.objects.create(
                quiz=quiz,
                phase=phase,
                setting=setting,
                opens_at=window.opens_at,
                closes_at=window.closes_at,
                assigned_by=actor,
                **{target: to},
            )
            if actor is not None:
                require(actor, "assign-quiz", assignment)
            audit.record("quiz.assign", actor=actor, thing=assignment, values={"quiz": quiz.slug})
    except IntegrityError as error:
        raise Refused(
            _("This quiz is already assigned to them in this phase."), code="already_assigned"
        ) from error
    return assignment


def withdraw(assignment: Assignment, *, actor: Any) -> None:
    """Take an assignment back; attempts made stay."""
    require(actor, "assign-quiz", assignment)
    with transaction.atomic():
        Assignment.objects.filter(pk=assignment.pk).update(withdrawn_at=timezone.now())
        audit.record("quiz.withdraw", actor=actor, thing=assignment)


def allowance_of(assignment: Assignment, person: Person) -> Allowance:
    """Return what the person is granted beyond the rules, the most generous of each kind."""
    return allowances_of([assignment.pk], person)[assignment.pk]


def allowances_of(assignments: Collection[int], person: Person) -> dict[int, Allowance]:
    """Return what the person is granted on each of the assignments, named by their keys."""
    granted: dict[int, list[Allowance]] = {key: [] for key in assignments}
    for extension in _read_extensions(rows_of(person), timezone.localdate(), assignments):
        granted[extension.assignment_id].append(
            Allowance(
                extra=timedelta(minutes=extension.extra_minutes),
                multiplier=Fraction(extension.multiplier_percent, 100),
                closes_at=extension.closes_at,
                extra_attempts=extension.extra_attempts,
            )
        )
    return {key: most_generous(some) for key, some in granted.items()}


@prepared
def _read_extensions(
    person_ids: Collection[int], day: date, assignments: Collection[int]
) -> QuerySet[Extension]:
    memberships = Membership.objects.on(day).filter(person__in=person_ids)
    return Extension.objects.filter(
        Q(person__in=person_ids) | Q(unit__in=memberships.values("unit")),
        assignment__in=assignments,
        revoked_at__isnull=True,
    )
