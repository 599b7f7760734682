"""What a section is made of: flat blocks, collapsed in the editor, each labelled by its text.

A rubric block names rows, a reference its regulation, a check its question: letters, wording and
state are read when the page is shown, so a reworded row never leaves an old text behind.
How a block looks is a template ``courses/blocks/<name>.html``, drawn by ``reading``.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from clinic.assessments.models import FrameworkEdition
from courses.models.regulations import Regulation
from quizzes.models import Question, QuestionVersion

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
    """Rows of a framework side by side: what tells one letter from the next."""

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
