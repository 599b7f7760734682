"""A question is an identity; what it says stands in its versions."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models import Outcome
from clinic.people.models import Person
from quizzes.arithmetic.question_content import from_json
from quizzes.arithmetic.question_types import Content
from quizzes.models.versions import Version, VersionState

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
