"""Learning outcomes and their links to nodes: the only bridge between learning and assessment."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models.frameworks import ChangeArea, Node


class Outcome(models.Model):
    """What a person can do after learning; modules and questions name the outcome they serve."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    area = models.ForeignKey(ChangeArea, on_delete=models.PROTECT, related_name="outcomes")
    statement = models.CharField(_("statement, a verb first"), max_length=240)
    statement_en = models.CharField(max_length=240, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("learning outcome")
        verbose_name_plural = _("learning outcomes")
        ordering = ["area__order", "order", "slug"]

    def __str__(self) -> str:
        return self.statement_en if get_language() == "en" and self.statement_en else self.statement


class OutcomeLink(models.Model):
    """How far an outcome bears on a node of an edition."""

    outcome = models.ForeignKey(Outcome, on_delete=models.CASCADE, related_name="links")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="outcome_links")
    weight = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        verbose_name = _("outcome link")
        verbose_name_plural = _("outcome links")
        constraints = [
            models.UniqueConstraint(
                name="one_link_per_outcome_and_node", fields=["outcome", "node"]
            ),
            models.CheckConstraint(
                name="link_weight_is_above_zero_and_at_most_one",
                condition=Q(weight__gt=0) & Q(weight__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome_id} -> {self.node_id}"
