"""Frameworks, sheets, outcomes and the links between them."""

from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.languages import choose_text, language
from clinic.people.models import Unit
from clinic.records.seals import AppendOnlyModel, append_only

EDITION_TEXTS = ("definition", "source", "unverified")


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
        return self.name_en if language() == "en" else self.name


class Framework(models.Model):
    """A family of editions that ask for the same thing over the years, such as ZI."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class FrameworkEditionManager(models.Manager["FrameworkEdition"]):
    """Editions without the text of their file, which only ``frameworks`` and ``verify`` read."""

    def get_queryset(self) -> models.QuerySet["FrameworkEdition"]:
        return super().get_queryset().defer(*EDITION_TEXTS)


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

    objects = FrameworkEditionManager()

    class Meta:
        verbose_name = _("framework edition")
        verbose_name_plural = _("framework editions")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_en if language() == "en" else self.name

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
        return choose_text(self.name, self.name_en)


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
        return choose_text(self.statement, self.statement_en)


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


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Reads of sheets for pages."""

    def with_context(self) -> Self:
        """Fetch unit and edition together with the sheet, without the long texts of either."""
        texts = (f"edition__{name}" for name in EDITION_TEXTS)
        return self.select_related("unit", "edition").defer("reading", *texts)


class Sheet(models.Model):
    """One unit's sheet; addressed by unit, edition and year.

    ``unit_name`` is the name as of recording: an office that merges later keeps its old paper.
    Totals are decimals of fixed scale, computed once from the exact answers (D11).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="sheets")
    unit_name = models.CharField(max_length=200)
    # Found by the constraint of edition, year and unit, whose index begins with it.
    edition = models.ForeignKey(
        FrameworkEdition, on_delete=models.PROTECT, related_name="sheets", db_index=False
    )
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
                name="one_sheet_per_unit_edition_and_year", fields=["edition", "period", "unit"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_name} {self.edition_id} {self.period}"


class SheetChange(AppendOnlyModel):
    """One recording of a sheet, with what its changed rows said before; nothing of it is lost.

    What a row said after a change is what the next change of that row found, or what it says now:
    the history is read from its end. ``actor`` is an account's id, as in the audit log.
    """

    class Kind(models.TextChoices):
        ROW = "row", _("a row was typed")
        FILE = "file", _("a file was applied")
        UNDO = "undo", _("a file was taken back")
        WHOLE = "whole", _("the whole sheet was written")

    sheet = models.ForeignKey(
        Sheet, on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    rev = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    actor = models.BigIntegerField(null=True)
    source = models.UUIDField(null=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    total_before = models.DecimalField(max_digits=12, decimal_places=6)
    total = models.DecimalField(max_digits=12, decimal_places=6)
    rows = models.JSONField()

    class Meta:
        verbose_name = _("change of a sheet")
        verbose_name_plural = _("changes of sheets")
        ordering = ["sheet", "rev"]
        constraints = [
            models.UniqueConstraint(name="one_change_per_sheet_and_rev", fields=["sheet", "rev"]),
            models.CheckConstraint(
                name="a_file_has_its_import_and_an_undo_what_it_undoes",
                condition=Q(kind__in=["row", "whole"], source__isnull=True, undoes__isnull=True)
                | Q(kind="file", source__isnull=False, undoes__isnull=True)
                | Q(kind="undo", source__isnull=True, undoes__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} r{self.rev} {self.kind}"


append_only(SheetChange)


class ConditionStatement(models.Model):
    """What an agency (its root) or a unit has stated about a condition of a proposal, for a year.

    One row for each; what stood before is kept in the audit log.
    """

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="condition_statements", db_index=False
    )
    period = models.PositiveSmallIntegerField(_("year"))
    code = models.CharField(max_length=40)
    value = models.CharField(_("value"), max_length=60)
    source = models.CharField(_("source"), max_length=200)
    link = models.URLField(_("link to the document"), max_length=1000, blank=True)
    as_of = models.DateField(_("date of the document"))
    stated_at = models.DateTimeField(auto_now=True)
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("statement on a condition")
        verbose_name_plural = _("statements on conditions")
        constraints = [
            models.UniqueConstraint(
                name="one_condition_statement_per_unit_year_and_code",
                fields=["unit", "period", "code"],
            ),
            models.CheckConstraint(
                name="condition_statement_has_value_and_source",
                condition=~Q(value="") & ~Q(source=""),
            ),
            models.CheckConstraint(
                name="condition_link_is_a_web_address_or_empty",
                condition=Q(link="")
                | Q(link__startswith="http://")
                | Q(link__startswith="https://"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.period} {self.code}: {self.value}"


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
