"""Who takes which quiz, in which phase, when; and who gets more time."""

from collections.abc import Iterable
from datetime import date
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from clinic.people.models import Membership, Person, Unit
from quizzes.models.questions import Quiz


class Phase(models.TextChoices):
    """What an attempt is for; the words of ``review_policy.AttemptPhase``."""

    PRE = "pre", _("pre-quiz")
    POST = "post", _("post-quiz")
    PRACTICE = "practice", _("practice")
    LIVE = "live", _("live in the room")
    NORMAL = "normal", _("quiz")


class Setting(models.TextChoices):
    """Where the quiz is taken."""

    ROOM = "room", _("in the room")
    OWN = "own", _("on one's own")


TAKER_STATES = ("nominated", "confirmed", "walk_in")
"""States of a registration whose person takes the event's quizzes: those that hold a seat.

Attendance, which lies above, calls it ``Registration.State.holds_seat``.
"""


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Reads of assignments by taker and time."""

    def in_force(self) -> Self:
        """Leave out what was taken back."""
        return self.filter(withdrawn_at__isnull=True)

    def of_person(self, person: Person, day: date) -> Self:
        """Keep what reaches the person: by name, through a unit they work in, or by an event."""
        rows = Person.objects.rows_of(person).values_list("pk", flat=True)
        return self.filter(takers(rows, day))


def takers(person_ids: Iterable[int], day: date) -> Q:
    """Return the condition under which an assignment reaches a human on the day.

    ``person_ids`` are all rows of that human: what was given to a merged row still holds.
    """
    ids = list(person_ids)
    memberships = Membership.objects.on(day).filter(
        person__in=ids, unit__path__startswith=OuterRef("path")
    )
    by_events = Assignment.objects.filter(
        event__registrations__person__in=ids, event__registrations__state__in=TAKER_STATES
    )
    # Three conditions that each have an index: the assignments of all years are never read.
    return (
        Q(person__in=ids)
        | Q(unit__in=Unit.objects.filter(Exists(memberships)).values("pk"))
        | Q(pk__in=by_events.values("pk"))
    )


class Assignment(models.Model):
    """One quiz for a person, a unit's people or an event's participants.

    Phase, window and setting of an attempt come from here, never from the client (D5).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    quiz = models.ForeignKey(Quiz, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    event = models.ForeignKey(
        "attendance.Event",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quiz_assignments",
    )
    phase = models.CharField(max_length=8, choices=Phase.choices, default=Phase.NORMAL)
    setting = models.CharField(max_length=4, choices=Setting.choices, default=Setting.OWN)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("quiz assignment")
        verbose_name_plural = _("quiz assignments")
        ordering = ["opens_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="assignment_is_for_one_person_unit_or_event",
                condition=Q(person__isnull=False, unit__isnull=True, event__isnull=True)
                | Q(person__isnull=True, unit__isnull=False, event__isnull=True)
                | Q(person__isnull=True, unit__isnull=True, event__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_closes_after_it_opens",
                condition=Q(opens_at__isnull=True)
                | Q(closes_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
            ),
            *(
                models.UniqueConstraint(
                    name=f"one_assignment_per_quiz_phase_and_{target}",
                    fields=["quiz", "phase", target],
                    condition=Q(withdrawn_at__isnull=True, **{f"{target}__isnull": False}),
                )
                for target in ("person", "unit", "event")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiz_id} {self.phase}"

    @property
    def target_name(self) -> str:
        """Whom it was given to: an event, a unit or a person."""
        return str(self.event or self.unit or self.person)


class Extension(models.Model):
    """More time or tries for a person or a unit on one assignment; the most generous applies."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="extensions")
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="extensions"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="extensions")
    extra_minutes = models.PositiveSmallIntegerField(default=0)
    multiplier_percent = models.PositiveSmallIntegerField(default=100)
    closes_at = models.DateTimeField(null=True)
    extra_attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        constraints = [
            models.CheckConstraint(
                name="extension_is_for_one_person_or_unit",
                condition=Q(person__isnull=False, unit__isnull=True)
                | Q(person__isnull=True, unit__isnull=False),
            ),
            models.CheckConstraint(
                name="extension_never_shortens", condition=Q(multiplier_percent__gte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} +{self.extra_minutes}"

    @property
    def is_in_force(self) -> bool:
        """Whether nobody has ended it."""
        return self.revoked_at is None
