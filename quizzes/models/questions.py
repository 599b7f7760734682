"""A question is an identity; what it says stands in its versions.

What question versions and quiz versions share: once out, they never change (Q1).

A quiz is an identity; its questions and rules stand in its versions.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models import Outcome
from clinic.lib.errors import Refused
from clinic.people.models import Person
from quizzes.arithmetic.question_types import Content, from_json


def version_locked() -> Refused:
    """Return the refusal to change a version that is published or used (Q1)."""
    sentence = str(_("This version is in use. Make a new version."))
    return Refused(sentence, code="version_locked", status=409)


class VersionState(models.TextChoices):
    """Where a version stands on its way to the takers."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class VersionQuerySet(models.QuerySet[Any]):
    """Refuses bulk changes of what a version says."""

    def update(self, **changes: Any) -> int:
        if set(changes) - self.model.MOVING and self.filter(published_at__isnull=False).exists():
            raise version_locked()
        return super().update(**changes)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        raise version_locked()

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.filter(published_at__isnull=False).exists():
            raise version_locked()
        return super().delete()

    def published(self) -> "VersionQuerySet":
        """Keep what takers may meet now."""
        return self.filter(state=VersionState.PUBLISHED)


class Version(models.Model):
    """A numbered wording. After publication only ``MOVING`` fields may still change."""

    MOVING: ClassVar[frozenset[str]] = frozenset({"state", "retired_at"})

    state = models.CharField(
        max_length=12, choices=VersionState.choices, default=VersionState.DRAFT
    )
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        changed = options.get("update_fields")
        if self.is_locked and (changed is None or set(changed) - self.MOVING):
            raise version_locked()
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        if self.is_locked:
            raise version_locked()
        return super().delete(*args, **options)

    @property
    def is_locked(self) -> bool:
        """Whether the stored row is out already; what this object holds does not matter."""
        stored = type(self)._base_manager.filter(pk=self.pk, published_at__isnull=False)
        return self.pk is not None and stored.exists()


__all__ = ["Question", "QuestionVersion", "VersionState"]


class Question(models.Model):
    """Identity, type and use; no content.

    A practice question may be answered inside a module and shows its feedback at once: it never
    stands in a quiz, or the module would give its key away.
    """

    class Use(models.TextChoices):
        QUIZ = "quiz", _("in quizzes")
        PRACTICE = "practice", _("as a check inside a module")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    type = models.CharField(max_length=16)
    use = models.CharField(max_length=8, choices=Use.choices, default=Use.QUIZ)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="questions")
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class QuestionVersion(Version):
    """One wording of a question with its key, immutable once published (Q1).

    ``content`` is JSON with its ``schema`` number; ``sources`` a list of stamps {label, edition,
    node, fact}; ``difficulty`` what the author expects, 1 easy to 3 hard.
    """

    class ChangeKind(models.TextChoices):
        WORDING = "wording", _("wording")
        CONTENT = "content", _("content")
        KEY = "key", _("key")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    change_kind = models.CharField(
        max_length=8, choices=ChangeKind.choices, default=ChangeKind.CONTENT
    )
    sources = models.JSONField(default=list)
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="questions")
    difficulty = models.PositiveSmallIntegerField(default=2)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("question version")
        verbose_name_plural = _("question versions")
        ordering = ["question", "number"]
        constraints = [
            models.UniqueConstraint(
                name="one_question_version_per_number", fields=["question", "number"]
            ),
            models.UniqueConstraint(
                name="one_published_version_per_question",
                fields=["question"],
                condition=Q(state="published"),
            ),
            models.CheckConstraint(
                name="question_reviewer_is_not_its_editor",
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("created_by")),
            ),
            models.CheckConstraint(
                name="published_question_has_a_reviewer",
                condition=Q(published_at__isnull=True) | Q(reviewed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="question_difficulty_is_1_to_3",
                condition=Q(difficulty__gte=1) & Q(difficulty__lte=3),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} v{self.number}"

    @property
    def parsed(self) -> Content:
        """The content as values, lifted to the newest schema."""
        return from_json(self.content)

    @property
    def source_labels(self) -> tuple[str, ...]:
        """What the question rests on, as its readers are told."""
        return tuple(stamp["label"] for stamp in self.sources if stamp.get("label"))


_contents: dict[str, Content] = {}
MOST_CONTENTS = 2000


def contents_of(versions: Mapping[int, str]) -> dict[int, Content]:
    """Return the contents of versions that are given by key and content hash.

    A process parses each content once: what a hash stands for never changes (Q1).
    """
    missing = [pk for pk, digest in versions.items() if digest not in _contents]
    if missing:
        if len(_contents) > MOST_CONTENTS:
            _contents.clear()
            missing = list(versions)
        stored = QuestionVersion.objects.filter(pk__in=missing)
        for digest, content in stored.values_list("content_hash", "content").order_by():
            _contents[digest] = from_json(content)
    return {pk: _contents[digest] for pk, digest in versions.items()}


class Quiz(models.Model):
    """A quiz under its address."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class QuizVersion(Version):
    """Rules and slots of a quiz, immutable once published (Q1).

    ``pass_mark`` is a share of the full mark as a text such as ``7/10``; ``minutes`` none means no
    limit; ``form_phases`` says which form each phase gets ({"pre": "A", "post": "B"}), a phase
    that is not named gets the first form; half of the persons take pre and post in reverse.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    quiz = models.ForeignKey(Quiz, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    pass_mark = models.CharField(max_length=20, default="7/10")
    max_attempts = models.PositiveSmallIntegerField(_("tries"), default=1)
    cool_down_minutes = models.PositiveIntegerField(default=0)
    release_at = models.DateTimeField(null=True, blank=True)
    form_phases = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("quiz version")
        verbose_name_plural = _("quiz versions")
        ordering = ["quiz", "number"]
        constraints = [
            models.UniqueConstraint(name="one_quiz_version_per_number", fields=["quiz", "number"]),
            models.UniqueConstraint(
                name="one_published_version_per_quiz",
                fields=["quiz"],
                condition=Q(state="published"),
            ),
            models.CheckConstraint(
                name="quiz_reviewer_is_not_its_editor",
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("created_by")),
            ),
            models.CheckConstraint(
                name="quiz_gives_at_least_one_attempt", condition=Q(max_attempts__gte=1)
            ),
            models.CheckConstraint(
                name="quiz_limit_is_above_zero",
                condition=Q(minutes__isnull=True) | Q(minutes__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.display_title

    @property
    def display_title(self) -> str:
        """The title in the active language, where there is one."""
        return self.title_en if get_language() == "en" and self.title_en else self.title

    @property
    def pass_share(self) -> Fraction:
        """The share of the full mark from which the quiz is passed."""
        return Fraction(self.pass_mark)


class Slot(models.Model):
    """One question at one place of one form; its version is fixed when the quiz is published."""

    quiz_version = models.ForeignKey(QuizVersion, on_delete=models.PROTECT, related_name="slots")
    form = models.CharField(max_length=1, default="A")
    position = models.PositiveSmallIntegerField()
    points = models.PositiveSmallIntegerField(default=1)
    question_version = models.ForeignKey(
        QuestionVersion, on_delete=models.PROTECT, related_name="slots"
    )

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["quiz_version", "form", "position"]
        constraints = [
            models.UniqueConstraint(
                name="one_slot_per_place_of_a_form", fields=["quiz_version", "form", "position"]
            ),
            models.UniqueConstraint(
                name="one_slot_per_question_of_a_form",
                fields=["quiz_version", "form", "question_version"],
            ),
            models.CheckConstraint(name="slot_points_are_above_zero", condition=Q(points__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.quiz_version_id} {self.form}{self.position}"

    def save(self, *args: Any, **options: Any) -> None:
        if self.quiz_version.is_locked:
            raise version_locked()
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        if self.quiz_version.is_locked:
            raise version_locked()
        return super().delete(*args, **options)
