"""The tree that authors edit: home, module index, modules, sections, plain pages.

Readers never read the rows of modules and sections: a reading page is drawn from the newest
``ModuleEdition`` (D10). Authors look at drafts on the page of the review, the same way.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page

from clinic.assessments.models import ChangeArea, Framework, Outcome
from courses.models.blocks import LegalBasis, SectionBody

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

    body = RichTextField(_("text"), features=["h2", "h3", "bold", "italic", "ol", "ul", "link"])

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
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="module_rows")

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
