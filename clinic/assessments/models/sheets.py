"""A unit's assessment sheet of one edition and year: answers, proof, and what they are worth."""

from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models.frameworks import ChangeArea, FrameworkEdition, Node
from clinic.people.models import Unit


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Reads of sheets for pages."""

    def with_context(self) -> Self:
        """Fetch unit and edition together with the sheet."""
        return self.select_related("unit", "edition", "edition__framework")


class Sheet(models.Model):
    """One unit's sheet; addressed by unit, edition and year.

    ``unit_name`` is the name as of recording: an office that merges later keeps its old paper.
    Totals are decimals of fixed scale, computed once from the exact answers (D11).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="sheets")
    unit_name = models.CharField(max_length=200)
    edition = models.ForeignKey(FrameworkEdition, on_delete=models.PROTECT, related_name="sheets")
    period = models.PositiveSmallIntegerField(_("year"))
    rev = models.PositiveIntegerField(default=0)
    total = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    ceiling = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    max_points = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    unanswered = models.PositiveIntegerField(default=0)
    reading = models.JSONField(null=True)
    recorded_at = models.DateTimeField(auto_now=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment sheet")
        verbose_name_plural = _("assessment sheets")
        ordering = ["unit__path", "edition", "-period"]
        constraints = [
            models.UniqueConstraint(
                name="one_sheet_per_unit_edition_and_year", fields=["unit", "edition", "period"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_name} {self.edition_id} {self.period}"


class Answer(models.Model):
    """What the sheet says on one row.

    ``numerator`` / ``denominator`` is the value as two integers (D11): the credit of a letter, a
    count over 1, a survey value over its maximum. ``text`` is what was written, as written.
    """

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="answers")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="answers")
    numerator = models.BigIntegerField(null=True)
    denominator = models.BigIntegerField(null=True)
    letter = models.CharField(max_length=8, blank=True)
    text = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_answer_per_sheet_and_node", fields=["sheet", "node"]),
            models.CheckConstraint(
                name="answer_is_two_integers_or_blank",
                condition=Q(numerator__isnull=True, denominator__isnull=True)
                | Q(numerator__gte=0, denominator__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id}:{self.node_id}"


class Proof(models.Model):
    """A document or link named as proof of a row."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="proofs")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="proofs")
    text = models.TextField(blank=True)
    link = models.URLField(max_length=1000, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="proof_link_is_a_web_address_or_empty",
                condition=Q(link="")
                | Q(link__startswith="http://")
                | Q(link__startswith="https://"),
            )
        ]

    def __str__(self) -> str:
        return self.link or self.text[:60]


class Score(models.Model):
    """What one node of the sheet is worth today, with its ceiling and maximum, in points."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="scores")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="scores")
    score = models.DecimalField(max_digits=12, decimal_places=6)
    ceiling = models.DecimalField(max_digits=12, decimal_places=6)
    max_points = models.DecimalField(max_digits=12, decimal_places=6)
    unanswered = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_score_per_sheet_and_node", fields=["sheet", "node"]),
            models.CheckConstraint(
                name="score_lies_between_zero_and_ceiling",
                condition=Q(score__gte=0)
                & Q(score__lte=models.F("ceiling"))
                & Q(ceiling__lte=models.F("max_points")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id}:{self.node_id}"


class AreaScore(models.Model):
    """The same three figures summed over the rows of one change area."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="area_scores")
    area = models.ForeignKey(ChangeArea, on_delete=models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=12, decimal_places=6)
    ceiling = models.DecimalField(max_digits=12, decimal_places=6)
    max_points = models.DecimalField(max_digits=12, decimal_places=6)
    answered_points = models.DecimalField(max_digits=12, decimal_places=6)
    unanswered = models.PositiveIntegerField()

    class Meta:
        ordering = ["area__order"]
        constraints = [
            models.UniqueConstraint(
                name="one_area_score_per_sheet_and_area", fields=["sheet", "area"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id}:{self.area_id}"

    @property
    def not_yet_reached(self) -> Any:
        """Points not yet reached: maximum less today's score."""
        return self.max_points - self.score
