"""A quiz is an identity; its questions and rules stand in its versions."""

from fractions import Fraction
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from quizzes.models.questions import QuestionVersion
from quizzes.models.versions import Version, VersionLocked


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
            raise VersionLocked(_("This version is in use. Make a new version."))
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        if self.quiz_version.is_locked:
            raise VersionLocked(_("This version is in use. Make a new version."))
        return super().delete(*args, **options)
