"""Change areas, frameworks, their editions, and the tree of nodes with its wording."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ChangeArea(models.Model):
    """One of the 8 areas of change, kept apart from the tree of any framework (D3)."""

    slug = models.SlugField(primary_key=True, max_length=40)
    order = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    short_name = models.CharField(max_length=24)

    class Meta:
        verbose_name = _("change area")
        verbose_name_plural = _("change areas")
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name


class Framework(models.Model):
    """A family of editions that ask for the same thing over the years, such as ZI."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class FrameworkEdition(models.Model):
    """One edition of a framework: weights, scales and formulas are locked once a sheet uses it.

    ``definition`` keeps the file itself, as text, with its ``schema`` number: a JSON object would
    lose the order of a scale's letters. ``digest`` is taken over weights, scales, formulas and
    tree, so that a changed weight is told from a changed wording (D4).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="editions")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160)
    level = models.CharField(max_length=12)
    status = models.CharField(max_length=80)
    max_score = models.DecimalField(max_digits=10, decimal_places=6)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.JSONField()
    unverified = models.JSONField(default=list)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    locked_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("framework edition")
        verbose_name_plural = _("framework editions")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name

    @property
    def is_history(self) -> bool:
        """True for an edition that was replaced and is studied as a method only."""
        return self.status == "superseded"


class Node(models.Model):
    """A component, part, area heading, indicator, question or input of an edition."""

    edition = models.ForeignKey(FrameworkEdition, on_delete=models.CASCADE, related_name="nodes")
    code = models.CharField(max_length=24)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    area = models.ForeignKey(ChangeArea, on_delete=models.PROTECT, null=True, related_name="nodes")
    weight = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    name = models.TextField()
    name_en = models.TextField(blank=True)
    revision = models.PositiveSmallIntegerField(default=1)
    definition = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(
                name="one_node_per_edition_and_code", fields=["edition", "code"]
            ),
            models.UniqueConstraint(
                name="one_node_per_edition_and_position", fields=["edition", "position"]
            ),
            models.CheckConstraint(
                name="node_weight_is_not_negative",
                condition=Q(weight__isnull=True) | Q(weight__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.wording}"

    @property
    def wording(self) -> str:
        """The text in the language of the reader; the Indonesian one where English is missing."""
        return self.name_en if get_language() == "en" and self.name_en else self.name


class NodeRevision(models.Model):
    """One wording of a node; the newest also stands on the node itself."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    name = models.TextField()
    name_en = models.TextField(blank=True)
    rubric = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["node", "number"]
        constraints = [
            models.UniqueConstraint(
                name="one_revision_per_node_and_number", fields=["node", "number"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_id} r{self.number}"
