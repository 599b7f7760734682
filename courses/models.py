"""Guidance modules, their editions and reviews, and what a person has read.

Authors edit a tree of pages: home, module index, modules, sections, plain pages. A section is a
flat stream of blocks. A rubric block names rows, a reference its regulation, a check its question:
letters, wording and state are read when the page is shown, so a reworded row never leaves an old
text behind. How a block looks is a template ``courses/blocks/<name>.html``, drawn by ``reading``.

Readers never read the rows of modules and sections: a reading page is drawn from the newest
``ModuleEdition`` (D10). Authors look at drafts on the page of the review, the same way.
"""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page

from clinic.assessments.models import ChangeArea, Framework, FrameworkEdition, Outcome
from clinic.people.models import Person
from quizzes.models import Question, QuestionVersion


class Regulation(models.Model):
    """A rule under a short name of ours, with its state and where that was read."""

    class Status(models.TextChoices):
        IN_FORCE = "berlaku", _("In force")
        HISTORY = "sejarah", pgettext_lazy("state of a rule", "History")
        AMENDED = "diubah", _("Amended")
        UNVERIFIED = "belum-diverifikasi", _("Unverified")

    slug = models.SlugField(max_length=80, unique=True)
    number = models.CharField(_("number"), max_length=80)
    title = models.CharField(_("short title"), max_length=200)
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(_("state"), max_length=20, choices=Status.choices)
    source = models.CharField(_("where its state was read"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("regulation")
        verbose_name_plural = _("regulations")
        ordering = ["year", "number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"


TEXT_FEATURES = ["h2", "h3", "bold", "italic", "ol", "ul", "link"]


def _edition_choices() -> list[tuple[str, str]]:
    return list(FrameworkEdition.objects.values_list("slug", "name"))


def _practice_choices() -> list[tuple[str, str]]:
    rows = QuestionVersion.objects.published().filter(question__use=Question.Use.PRACTICE)
    return [
        (version.question.slug, version.parsed.stem.wording("id").text)
        for version in rows.select_related("question")
    ]


def _regulation_choices() -> list[tuple[str, str]]:
    return [(rule.slug, str(rule)) for rule in Regulation.objects.all()]


class RubricBlock(blocks.StructBlock):
    """Rows of a framework side by side: what each letter asks."""

    edition = blocks.ChoiceBlock(choices=_edition_choices, label=_("Framework"))
    nodes = blocks.ListBlock(blocks.CharBlock(max_length=24), label=_("Rows, by their code"))
    heading = blocks.CharBlock(max_length=120, label=_("Heading"))

    class Meta:
        icon = "list-ul"
        label = _("Rubric box")
        label_format = "{heading}"


class ProofExampleBlock(blocks.StructBlock):
    """A fictional document and what makes it weak or strong."""

    title = blocks.CharBlock(max_length=160, label=_("Title"))
    kind = blocks.CharBlock(max_length=60, label=_("Kind of document"))
    strength = blocks.ChoiceBlock(
        choices=[("lemah", _("Weak")), ("cukup", _("Fair")), ("kuat", _("Strong"))],
        label=_("Strength"),
    )
    body = blocks.TextBlock(label=_("What the document holds"))
    notes = blocks.ListBlock(blocks.TextBlock(), label=_("Notes"))

    class Meta:
        icon = "doc-full"
        label = _("Example of proof")
        label_format = "{title}"


class ChecklistItemBlock(blocks.StructBlock):
    """One thing that the proof needs."""

    text = blocks.TextBlock(label=_("What is needed"))
    required = blocks.BooleanBlock(required=False, default=True, label=_("Required"))
    kind = blocks.CharBlock(required=False, max_length=60, label=_("Kind of document"))


class ProofChecklistBlock(blocks.StructBlock):
    """A list to go through before a row is called proven."""

    title = blocks.CharBlock(max_length=160, label=_("Title"))
    items = blocks.ListBlock(ChecklistItemBlock(), label=_("Items"))

    class Meta:
        icon = "check"
        label = _("Checklist of proof")
        label_format = "{title}"


class ReferenceBlock(blocks.StructBlock):
    """A rule, its article, and what it says in our words."""

    regulation = blocks.ChoiceBlock(choices=_regulation_choices, label=_("Regulation"))
    article = blocks.CharBlock(required=False, max_length=160, label=_("Article or row"))
    in_our_words = blocks.TextBlock(label=_("In our words"))
    badge = blocks.ChoiceBlock(choices=Regulation.Status.choices, label=_("State"))

    class Meta:
        icon = "openquote"
        label = _("Legal basis")
        label_format = "{regulation} {article}"


class CheckBlock(blocks.StructBlock):
    """A practice question; its key never stands in the page."""

    question = blocks.ChoiceBlock(choices=_practice_choices, label=_("Practice question"))
    where_to_reread = blocks.CharBlock(required=False, max_length=80, label=_("Where to reread"))

    class Meta:
        icon = "help"
        label = _("Check yourself")
        label_format = "{question}"


class NumberBlock(blocks.StructBlock):
    """One number of a worked figure."""

    name = blocks.CharBlock(max_length=120, label=_("Name"))
    value = blocks.CharBlock(max_length=40, label=_("Value"))


class WorkedFigureBlock(blocks.StructBlock):
    """A calculation from the story to the result."""

    story = blocks.TextBlock(label=_("Story"))
    formula = blocks.CharBlock(max_length=240, label=_("Formula"))
    numbers = blocks.ListBlock(NumberBlock(), label=_("Numbers"))
    result = blocks.TextBlock(label=_("Result"))
    edge_case = blocks.TextBlock(required=False, label=_("Special case"))

    class Meta:
        icon = "decimal"
        label = _("Worked figure")
        label_format = "{formula}"


class CalloutBlock(blocks.StructBlock):
    """A note that stands out."""

    kind = blocks.ChoiceBlock(
        choices=[
            ("info", _("Information")),
            ("peringatan", _("Warning")),
            ("kesalahan-umum", _("Common mistake")),
        ],
        label=_("Kind"),
    )
    text = blocks.TextBlock(label=_("Text"))

    class Meta:
        icon = "warning"
        label = _("Note")
        label_format = "{text}"


class CompareBlock(blocks.StructBlock):
    """The weak one on the left, the strong one on the right, the lesson below."""

    left_title = blocks.CharBlock(max_length=120, label=_("Title on the left"))
    left_text = blocks.TextBlock(label=_("Text on the left"))
    right_title = blocks.CharBlock(max_length=120, label=_("Title on the right"))
    right_text = blocks.TextBlock(label=_("Text on the right"))
    lesson = blocks.TextBlock(label=_("Lesson"))

    class Meta:
        icon = "resubmit"
        label = _("Weak and strong")
        label_format = "{left_title} / {right_title}"


class StepBlock(blocks.StructBlock):
    """One step of a piece of work."""

    title = blocks.CharBlock(max_length=160, label=_("Title"))
    text = blocks.TextBlock(label=_("Text"))
    who = blocks.CharBlock(required=False, max_length=120, label=_("Who"))
    how_long = blocks.CharBlock(required=False, max_length=60, label=_("How long"))


class QuestionAnswerBlock(blocks.StructBlock):
    """One question that offices ask, and its answer."""

    question = blocks.TextBlock(label=_("Question"))
    answer = blocks.TextBlock(label=_("Answer"))


class StepsBlock(blocks.StructBlock):
    """A piece of work, step by step."""

    steps = blocks.ListBlock(StepBlock(), label=_("Steps"))

    class Meta:
        icon = "list-ol"
        label = _("Steps of work")


class FaqBlock(blocks.StructBlock):
    """Questions and answers."""

    pairs = blocks.ListBlock(QuestionAnswerBlock(), label=_("Questions"))

    class Meta:
        icon = "help"
        label = _("Questions and answers")


class TextBlock(blocks.RichTextBlock):
    """Running text with headings, lists and links."""

    def __init__(self, **options: Any) -> None:
        super().__init__(features=TEXT_FEATURES, **options)

    class Meta:
        icon = "pilcrow"
        label = _("Text")


class SectionBody(blocks.StreamBlock):
    """The blocks of a section, in any order."""

    text = TextBlock()
    rubric = RubricBlock()
    proof_example = ProofExampleBlock()
    proof_checklist = ProofChecklistBlock()
    reference = ReferenceBlock()
    check = CheckBlock()
    worked_figure = WorkedFigureBlock()
    callout = CalloutBlock()
    compare = CompareBlock()
    steps = StepsBlock()
    faq = FaqBlock()

    class Meta:
        collapsed = True


class LegalBasis(blocks.StreamBlock):
    """The rules that the whole module rests on."""

    reference = ReferenceBlock()


RESERVED_SLUGS = frozenset({"luring", "cetak", "sw.js", "mulai"})


class HomePage(Page):
    """The front page: what this is, in two sentences, and where to begin."""

    intro = models.TextField(_("what this is, in two sentences"), max_length=400)

    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    preview_modes: list[tuple[str, str]] = []
    subpage_types = ["courses.ModuleIndexPage", "courses.StandardPage"]
    content_panels = [*Page.content_panels, FieldPanel("intro")]

    class Meta:
        verbose_name = _("front page")


class ModuleIndexPage(Page):
    """The list of modules."""

    intro = models.TextField(_("introduction"), blank=True, max_length=400)

    max_count = 1
    parent_page_types = ["courses.HomePage"]
    preview_modes: list[tuple[str, str]] = []
    subpage_types = ["courses.ModulePage"]
    content_panels = [*Page.content_panels, FieldPanel("intro")]

    class Meta:
        verbose_name = _("list of modules")


class StandardPage(Page):
    """A plain page of text."""

    body = RichTextField(_("text"), features=TEXT_FEATURES)

    template = "courses/standard_page.html"
    parent_page_types = ["courses.HomePage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("body")]

    class Meta:
        verbose_name = _("plain page")


class ModulePage(Page):
    """A guidance module of one change area; its sections are its children."""

    class Level(models.TextChoices):
        BASIC = "dasar", _("Basic")
        ADVANCED = "lanjutan", _("Advanced")

    promise = models.CharField(_("promise, one sentence"), max_length=240)
    area = models.ForeignKey(
        ChangeArea, on_delete=models.PROTECT, related_name="+", verbose_name=_("change area")
    )
    frameworks = ParentalManyToManyField(Framework, blank=True, verbose_name=_("frameworks"))
    level = models.CharField(_("level"), max_length=12, choices=Level.choices, default=Level.BASIC)
    audience = models.CharField(_("for whom"), max_length=240, blank=True)
    why_unit = models.TextField(_("why it matters to a unit"), max_length=500, blank=True)
    quality_note = models.TextField(_("what is weakly sourced here"), max_length=500, blank=True)
    legal_basis = StreamField(LegalBasis(), blank=True, verbose_name=_("legal basis"))
    is_internal = models.BooleanField(_("only for people who are signed in"), default=False)
    last_reviewed_on = models.DateField(_("last reviewed on"), null=True, blank=True)
    review_due_on = models.DateField(_("next review by"), null=True, blank=True)
    change_note = models.CharField(_("what changed, for readers"), max_length=240, blank=True)

    parent_page_types = ["courses.ModuleIndexPage"]
    preview_modes: list[tuple[str, str]] = []
    subpage_types = ["courses.SectionPage"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("promise"),
        FieldPanel("area"),
        InlinePanel("outcome_rows", label=_("Learning outcome"), min_num=1, max_num=5),
        FieldPanel("frameworks"),
        MultiFieldPanel(
            [FieldPanel("level"), FieldPanel("audience"), FieldPanel("why_unit")],
            heading=_("For whom and why"),
        ),
        FieldPanel("quality_note"),
        FieldPanel("legal_basis"),
        MultiFieldPanel(
            [
                FieldPanel("last_reviewed_on", read_only=True),
                FieldPanel("review_due_on"),
                FieldPanel("change_note"),
            ],
            heading=_("Review"),
        ),
    ]
    settings_panels = [FieldPanel("is_internal")]

    class Meta:
        verbose_name = _("module")

    def clean(self) -> None:
        super().clean()
        _refuse_reserved(self.slug)


class ModuleOutcome(Orderable):
    """An outcome that the module serves, in the order in which it is shown."""

    module = ParentalKey(ModulePage, on_delete=models.CASCADE, related_name="outcome_rows")
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="+")

    panels = [FieldPanel("outcome", heading=_("Learning outcome"))]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(
                name="one_row_per_module_and_outcome", fields=["module", "outcome"]
            )
        ]

    def __str__(self) -> str:
        return str(self.outcome)


class SectionPage(Page):
    """A section of a module: a lead and a flat stream of blocks."""

    lead = models.TextField(_("why, in two lines"), max_length=400)
    is_required = models.BooleanField(_("needed to finish the module"), default=True)
    outcome = models.ForeignKey(
        Outcome,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("learning outcome"),
    )
    body = StreamField(SectionBody(), verbose_name=_("content"))

    parent_page_types = ["courses.ModulePage"]
    preview_modes: list[tuple[str, str]] = []
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("lead"),
        FieldPanel("is_required"),
        FieldPanel("outcome"),
        FieldPanel("body"),
    ]

    class Meta:
        verbose_name = _("section")

    def clean(self) -> None:
        super().clean()
        _refuse_reserved(self.slug)


def _refuse_reserved(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            {"slug": _("This address is taken by the product itself. Choose another one.")}
        )


class ModuleEdition(models.Model):
    """A module as it was published: head and all sections, in one row.

    ``head`` (with its ``schema`` number) holds what the module says of itself and for every section
    its page, address, title, lead, minutes, checks and digest; ``bodies`` holds the raw stream of
    every section by the id of its page. A reader's page is drawn from one such row, so no reader
    ever sees half of an edit. ``digest`` is the SHA-256 of both.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    is_major = models.BooleanField(default=False)
    note = models.CharField(_("what changed, for readers"), max_length=240, blank=True)
    head = models.JSONField()
    bodies = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("edition of a module")
        verbose_name_plural = _("editions of modules")
        ordering = ["module", "-number"]
        constraints = [
            models.UniqueConstraint(
                name="one_edition_per_module_and_number", fields=["module", "number"]
            ),
            models.UniqueConstraint(
                name="one_current_edition_per_module",
                fields=["module"],
                condition=models.Q(is_current=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module_id} v{self.number}"

    @property
    def sections(self) -> list[dict[str, Any]]:
        """What the edition says of each section, in reading order."""
        return self.head["sections"]

    def section(self, slug: str) -> dict[str, Any] | None:
        """The section at this address, if the edition has one."""
        return next((row for row in self.sections if row["slug"] == slug), None)


class SectionProgress(models.Model):
    """A person's way through one section; finished under the edition that was read then."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="section_progress")
    section = models.ForeignKey(SectionPage, on_delete=models.CASCADE, related_name="progress")
    begun_at = models.DateTimeField(auto_now_add=True)
    acted_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)
    finished_edition = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("progress in a section")
        verbose_name_plural = _("progress in sections")
        constraints = [
            models.UniqueConstraint(
                name="one_progress_per_person_and_section", fields=["person", "section"]
            ),
            models.CheckConstraint(
                name="a_finished_section_names_its_edition",
                condition=Q(finished_at__isnull=True, finished_edition__isnull=True)
                | Q(finished_at__isnull=False, finished_edition__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}:{self.section_id}"


class ModuleCompletion(models.Model):
    """That a person finished every required section of a module, and of which edition.

    A row of its own, so that a later edition with one section more takes nothing away.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="finished_modules")
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="completions")
    edition = models.PositiveIntegerField()
    finished_at = models.DateTimeField()

    class Meta:
        verbose_name = _("finished module")
        verbose_name_plural = _("finished modules")
        constraints = [
            models.UniqueConstraint(
                name="one_completion_per_person_and_module", fields=["person", "module"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}:{self.module_id}"


class ReviewRequest(models.Model):
    """One round: sent by the author, then published, or returned with a comment."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for review")
        RETURNED = "returned", _("returned with a comment")
        PUBLISHED = "published", _("published")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(auto_now_add=True)
    comment = models.TextField(_("comment"), blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("review of a module")
        verbose_name_plural = _("reviews of modules")
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_waiting_review_per_module",
                fields=["module"],
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="a_decided_review_names_who_decided",
                condition=Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(~Q(state="waiting"), decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module_id} {self.state}"
