"""One person's attempt at a quiz: items, answers, the logs of both, and what each answer earned.

A credit is exact and append-only, and the latest row counts (Q12). Answers to the check questions
inside modules are a help for the reader, never evidence.
"""

from fractions import Fraction
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.db import models
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.people.models import Membership, Person, Unit
from clinic.records.seals import AppendOnlyModel, AppendOnlyQuerySet, append_only
from quizzes.models.assignments import Assignment, Phase, Setting
from quizzes.models.questions import Question, QuestionVersion, Quiz, QuizVersion, Slot


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Reads of attempts by state."""

    def in_progress(self) -> Self:
        """Keep attempts under way."""
        return self.filter(state=Attempt.State.IN_PROGRESS)

    def finished(self) -> Self:
        """Keep attempts that count: handed in, or ended by time; voided ones count nowhere."""
        return self.filter(state__in=[Attempt.State.SUBMITTED, Attempt.State.EXPIRED])


class Attempt(models.Model):
    """An attempt, pinned to the versions of its start (Q3).

    Unit, its name and the kind of position are those at the start. ``context`` is a reference
    {schema, kind, key, label} to what led here, such as an event. ``seed`` decides the order of
    options and can be foretold by nobody without the server's secret.
    """

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("under way")
        SUBMITTED = "submitted", _("handed in")
        EXPIRED = "expired", _("time is over")
        VOIDED = "voided", _("not counted")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attempts")
    quiz = models.ForeignKey(Quiz, on_delete=models.PROTECT, related_name="attempts")
    quiz_version = models.ForeignKey(QuizVersion, on_delete=models.PROTECT, related_name="attempts")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    phase = models.CharField(max_length=8, choices=Phase.choices)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    form = models.CharField(max_length=1)
    context = models.JSONField(default=dict)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="attempts")
    unit_name = models.CharField(max_length=200, blank=True)
    position_kind = models.CharField(
        max_length=16, choices=Membership.PositionKind.choices, blank=True
    )
    locale = models.CharField(max_length=5)
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    finish_reason = models.CharField(max_length=12, blank=True)
    seed = models.CharField(max_length=64)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_attempt_per_person_and_quiz",
                fields=["person", "quiz"],
                condition=Q(state="in_progress"),
            ),
            models.UniqueConstraint(
                name="one_attempt_per_person_quiz_and_number", fields=["person", "quiz", "number"]
            ),
            models.CheckConstraint(
                name="attempt_is_open_or_finished",
                condition=Q(state="in_progress", finished_at__isnull=True)
                | (~Q(state="in_progress") & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            # An index that finished attempts stand in as well tempts SQLite to read them all.
            models.Index(
                fields=["quiz"], name="open_attempt_by_quiz", condition=Q(state="in_progress")
            ),
            models.Index(fields=["finished_at"], name="attempt_by_finish"),
            models.Index(fields=["unit", "phase"], name="attempt_by_unit_and_phase"),
        ]

    def __str__(self) -> str:
        return f"{self.quiz_id} #{self.number} of {self.person_id}"

    @property
    def is_open(self) -> bool:
        """Whether the row says so; ``delivery.with_attempt`` ends what has run out of time."""
        return self.state == self.State.IN_PROGRESS


class AttemptItem(models.Model):
    """One question of an attempt; ``option_order`` is written once, every page uses it (Q4)."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="items")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+")
    index = models.PositiveSmallIntegerField()
    points = models.PositiveSmallIntegerField()
    question_version = models.ForeignKey(
        QuestionVersion, on_delete=models.PROTECT, related_name="attempt_items"
    )
    option_order = models.JSONField(default=list)
    flagged = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("item of an attempt")
        verbose_name_plural = _("items of attempts")
        ordering = ["attempt", "index"]
        constraints = [
            models.UniqueConstraint(name="one_item_per_index", fields=["attempt", "index"]),
            models.UniqueConstraint(
                name="one_item_per_question_version", fields=["attempt", "question_version"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.index}"


class Response(models.Model):
    """What stands on the server for an item now; value null is a blank (Q5)."""

    item = models.OneToOneField(AttemptItem, on_delete=models.PROTECT, related_name="response")
    rev = models.PositiveIntegerField(default=0)
    value = models.JSONField(null=True)
    visible_ms = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")

    def __str__(self) -> str:
        return f"{self.item_id} r{self.rev}"


class ResponseEvent(AppendOnlyModel):
    """Every save that came in, whatever became of it; a value no rule could read is not (Q8)."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        SUPERSEDED = "superseded", _("overtaken")
        CONFLICT = "conflict", _("conflict")
        LATE = "late", _("too late")

    item = models.ForeignKey(AttemptItem, on_delete=models.PROTECT, related_name="events")
    client_id = models.CharField(max_length=64)
    seq = models.PositiveIntegerField()
    base_rev = models.PositiveIntegerField()
    rev = models.PositiveIntegerField(null=True)
    value = models.JSONField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    in_grace = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer event")
        verbose_name_plural = _("answer events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="one_event_per_item_client_and_seq", fields=["item", "client_id", "seq"]
            ),
            models.UniqueConstraint(
                name="one_applied_event_per_rev",
                fields=["item", "rev"],
                condition=Q(rev__isnull=False),
            ),
            models.CheckConstraint(
                name="only_an_applied_event_has_a_rev",
                condition=Q(outcome="applied", rev__isnull=False)
                | (~Q(outcome="applied") & Q(rev__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.client_id} {self.seq}"


append_only(ResponseEvent, moment="received_at")


class AttemptEvent(AppendOnlyModel):
    """What happened to an attempt; ``actor`` is an account's id, none for the clock."""

    class Kind(models.TextChoices):
        START = "start", _("started")
        SUBMIT = "submit", _("handed in")
        EXPIRE = "expire", _("time is over")
        EXTEND = "extend", _("extended")

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    actor = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("attempt event")
        verbose_name_plural = _("attempt events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="one_finish_per_attempt",
                fields=["attempt"],
                condition=Q(kind__in=["submit", "expire"]),
            ),
            models.UniqueConstraint(
                name="one_start_per_attempt", fields=["attempt"], condition=Q(kind="start")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.kind}"


append_only(AttemptEvent)


class CreditQuerySet(AppendOnlyQuerySet):
    """Reads of credits; rows are never changed."""

    def current(self) -> Self:
        """Keep the latest row of each item."""
        latest = self.model._base_manager.values("item").annotate(newest=Max("pk"))
        return self.filter(pk__in=latest.values("newest"))


class Credit(AppendOnlyModel):
    """A share of an item's points, two integers because three times 1/3 must equal 1.

    ``graded_against`` is the version whose key was used, ``grading_release`` the release of the
    grading code; stored credits are recomputed only under their own release (Q11).
    """

    class Source(models.TextChoices):
        AUTO = "auto", _("computed")
        REGRADE = "regrade", _("regrade")
        OVERRIDE = "override", _("set by a person")

    item = models.ForeignKey(AttemptItem, on_delete=models.PROTECT, related_name="credits")
    credit_num = models.PositiveIntegerField()
    credit_den = models.PositiveIntegerField()
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.AUTO)
    graded_against = models.ForeignKey(
        QuestionVersion, on_delete=models.PROTECT, related_name="credits"
    )
    grading_release = models.PositiveSmallIntegerField()
    actor = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = CreditQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="credit_lies_between_0_and_1",
                condition=Q(credit_den__gt=0) & Q(credit_num__lte=F("credit_den")),
            ),
            models.UniqueConstraint(
                name="one_computed_credit_per_item",
                fields=["item"],
                condition=Q(source="auto"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.credit_num}/{self.credit_den}"

    @property
    def share(self) -> Fraction:
        """The credit as an exact fraction between 0 and 1."""
        return Fraction(self.credit_num, self.credit_den)


append_only(Credit)


class CheckAnswer(models.Model):
    """That a person has tried a check question, how often, and whether it was right at last."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="check_answers")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="check_answers")
    tries = models.PositiveIntegerField(default=0)
    was_right = models.BooleanField(default=False)
    answered_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("answer to a check question")
        verbose_name_plural = _("answers to check questions")
        constraints = [
            models.UniqueConstraint(
                name="one_check_answer_per_person_and_question", fields=["person", "question"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.question_id}"
