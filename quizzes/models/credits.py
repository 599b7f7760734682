"""What an answer earned: exact, append-only, the latest row counts (Q12)."""

from fractions import Fraction
from typing import Self

from django.db import models
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.records.seals import AppendOnlyModel, AppendOnlyQuerySet, append_only
from quizzes.models.attempts import AttemptItem
from quizzes.models.questions import QuestionVersion


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

    objects = CreditQuerySet.as_manager()

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
