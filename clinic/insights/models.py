"""Calibrations, findings and what is published of them; every table here can be made anew."""

from typing import Any, Self
from uuid import uuid4

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models import ChangeArea, FrameworkEdition
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import Audience
from clinic.people.models import Person, Unit

WORDS = [(word.value, word.value) for word in Word]
WIDE_AUDIENCES = [
    (Audience.OTHERS.value, _("officials of other units")),
    (Audience.PUBLIC.value, _("the public")),
]


class Calibration(models.Model):
    """The constants of one fit; the newest row serves every refresh.

    ``constants`` carries its ``schema`` number and stands in the audit log as well, once for each
    digest, so that a printed page can be computed again after these tables were emptied.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    constants = models.JSONField()
    digest = models.CharField(max_length=64)
    answers = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.digest[:8]}"


class FindingCell(models.Model):
    """The address of a finding: unit, change area, framework edition and year (rule D9)."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    area = models.ForeignKey(ChangeArea, on_delete=models.CASCADE, related_name="+")
    # Found by the constraint of each table, whose index begins with it.
    edition = models.ForeignKey(
        FrameworkEdition, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    period = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True

    @property
    def address(self) -> dict[str, Any]:
        """What the page of this cell is called by."""
        return {
            "unit": self.unit.slug,
            "area": self.area_id,
            "edition": self.edition.slug,
            "period": self.period,
        }


class FindingQuerySet(models.QuerySet["Finding"]):
    """Reads of findings for pages."""

    def of_page(self, edition: FrameworkEdition, period: int) -> Self:
        """Keep one edition and year, as a page shows them."""
        return self.filter(edition=edition, period=period)


class Finding(FindingCell):
    """What is believed of one cell, for the programme's own staff and the unit's official.

    Shares and chances are 0 to 1; null is "no value", never zero. ``reasons`` (with ``schema``)
    says why the word is unknown. ``full`` counts the answers with the full credit; null where that
    was not counted yet. ``only_contributor`` is set where all answers are one person's.
    """

    word = models.CharField(max_length=16, choices=WORDS)
    certainty = models.FloatField(null=True)
    estimate = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_gap = models.FloatField(null=True)
    p_weak = models.FloatField(null=True)
    share = models.FloatField(null=True)
    coverage = models.FloatField(null=True)
    priority = models.FloatField(null=True)
    people = models.PositiveIntegerField(default=0)
    answering = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    in_room = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    full = models.PositiveIntegerField(null=True)
    reasons = models.JSONField(default=dict)
    only_contributor = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, related_name="+"
    )
    calibration = models.ForeignKey(Calibration, on_delete=models.CASCADE, related_name="findings")
    refreshed_at = models.DateTimeField(default=timezone.now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["unit__path", "area__order"]
        constraints = [
            models.UniqueConstraint(
                name="one_finding_per_cell", fields=["edition", "period", "unit", "area"]
            )
        ]
        indexes = [models.Index(fields=["refreshed_at"], name="finding_by_refresh")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.area_id} {self.edition_id} {self.period}: {self.word}"


class Rollup(FindingCell):
    """What a wide audience may read of a cell, made at a calibration and not at an answer.

    A cell without a row is not shown; suppression ran before the row was written.
    """

    audience = models.CharField(max_length=12, choices=WIDE_AUDIENCES)
    word = models.CharField(max_length=16, choices=WORDS)
    certainty = models.FloatField(null=True)
    estimate = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    people = models.PositiveIntegerField(default=0)
    answering = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("published finding")
        verbose_name_plural = _("published findings")
        ordering = ["unit__path", "area__order"]
        constraints = [
            models.UniqueConstraint(
                name="one_published_finding_per_audience_and_cell",
                fields=["audience", "edition", "period", "unit", "area"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.unit_id} {self.area_id}: {self.word}"
