"""What readers are shown of an edition, or reviewers of a draft: blocks, rubrics, rules, checks.

An edition never changes, and each change of what it points at (rows of frameworks, rules,
outcomes, check questions) renews the word of the publication. So a section is drawn once per
process, for the edition, the language and that word. What is kept is the same for everybody:
where the reader's own unit answered a rubric and where a form needs its token stands a slot, which
is filled for each request.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.core.cache import caches
from django.db.models import F, Q, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import points_per_row
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Answer, ChangeArea, FrameworkEdition, Node, Outcome, Sheet
from clinic.assessments.sheet_page import formula_in_words
from clinic.lib.models import Publication
from clinic.lib.prepared import prepared
from clinic.lib.remembering import until_publication
from clinic.lib.templatetags.ui import points
from clinic.people.access import Actor, condition_of, rows_of
from clinic.people.models import Account, Membership
from courses.models import ModuleEdition, ModulePage, Regulation
from quizzes import practice

LADDER_DIGITS = 2  # of the points between two letters; sums are exact
Address = tuple[str, str]
"""An edition's slug and a row's code."""


_SLOT = re.compile("<!--slot:([^>]*)-->")


@dataclass(frozen=True)
class KeptMarkup:
    """Drawn markup as a format, and the names of its slots in their order."""

    markup: str
    slots: tuple[str, ...]

    @classmethod
    def of(cls, drawn: str) -> "KeptMarkup":
        """Keep what was drawn."""
        escaped = drawn.replace("{", "{{").replace("}", "}}")
        return cls(_SLOT.sub("{}", escaped), tuple(_SLOT.findall(drawn)))

    def fill(self, fillings: Mapping[str, str]) -> SafeString:
        """Return the markup with what stands in its slots for one reader; others stay empty."""
        return format_html(self.markup, *(fillings.get(name, "") for name in self.slots), "")


def slot(*names: str) -> SafeString:
    """Return the mark of a place that is filled for each reader; no author can write a comment."""
    return format_html("<!--slot:{}-->", "|".join(names))


@dataclass(frozen=True)
class OwnAnswer:
    """What the reader's unit answered on a row, on the last sheet that answers it."""

    letter: str
    year: int


@dataclass(frozen=True)
class RubricLetter:
    """One letter of a row: what it asks, and how many points the letter above earns more.

    ``to_best`` is what the best letter earns more.
    """

    address: Address
    letter: str
    text: str
    above: str = ""
    gain: Fraction | None = None
    best: str = ""
    to_best: Fraction | None = None

    @property
    def step_up(self) -> str:
        """What climbing one letter is worth, in words; empty for the best letter."""
        if not self.above:
            return ""
        if not self.gain:
            return _("Up to %(letter)s") % {"letter": self.above}
        gain = {"letter": self.above, "points": points(self.gain, LADDER_DIGITS)}
        return _("Up to %(letter)s: +%(points)s") % gain

    @property
    def up_to_best(self) -> str:
        """What the best letter is worth from here, in words; empty where nothing is gained."""
        if not self.to_best:
            return ""
        return _("+%(points)s if %(letter)s") % {
            "letter": self.best,
            "points": points(self.to_best, LADDER_DIGITS),
        }

    @property
    def own_class(self) -> SafeString:
        """The slot of the class of a letter that the reader's unit answered."""
        return slot("own-class", *self.address, self.letter)

    @property
    def own_note(self) -> SafeString:
        """The slot of the note beside it."""
        return slot("own-note", *self.address, self.letter)


@dataclass(frozen=True)
class RubricRow:
    """A row with its letters, best first; a row that is computed shows its formula instead."""

    node: int
    code: str
    wording: str
    letters: tuple[RubricLetter, ...]
    formula: str
    points: Fraction | None
    is_unverified: bool


def own_answers(reader: Account, nodes: Mapping[int, Address]) -> dict[Address, OwnAnswer]:
    """Return what the units in which the reader works today answered last on these rows.

    ``nodes`` are addresses of rows by their keys.
    """
    own = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(reader.person))
    units = list(own.order_by().values_list("unit", flat=True)) if nodes else []
    if not units:
        return {}
    readable = Sheet.objects.filter(condition_of(reader, "read-brief", Sheet), unit__in=units)
    answers = (
        Answer.objects.filter(node__in=list(nodes), sheet__in=readable.order_by().values("pk"))
        .exclude(letter="")
        .order_by("sheet__period", "-sheet__unit__order")
        .values_list("node", "letter", "sheet__period")
    )
    return {nodes[node]: OwnAnswer(letter, year) for node, letter, year in answers}


def rows_at(addresses: Iterable[Address]) -> dict[Address, RubricRow]:
    """Return the rows at these addresses; a row that its edition lost is left out."""
    wanted = set(addresses)
    found = {}
    for edition in FrameworkEdition.objects.filter(slug__in={slug for slug, _code in wanted}):
        codes = [code for slug, code in wanted if slug == edition.slug]
        framework = edition_file(edition)
        worth = points_per_row(framework)
        for node in Node.objects.filter(edition=edition, code__in=codes):
            letters = _list_letters(framework, node, worth.get(node.code))
            found[edition.slug, node.code] = RubricRow(
                node=node.pk,
                code=node.code,
                wording=node.wording,
                letters=letters,
                formula="" if letters else formula_in_words(framework, node.code),
                points=worth.get(node.code),
                is_unverified=bool(node.definition["unverified"]),
            )
    return found


def _list_letters(
    framework: FrameworkFile, node: Node, worth: Fraction | None
) -> tuple[RubricLetter, ...]:
    scale = framework.by_scale.get(node.definition["scale"])
    texts = dict(node.definition["rubric"])
    letters: list[RubricLetter] = []
    values: dict[str, Fraction] = {}
    for letter in scale.letters if scale and texts else texts:
        above = letters[-1].letter if letters else ""
        best = letters[0].letter if letters else ""
        values[letter] = (scale.value_of(letter) if scale else None) or Fraction(0)
        text = texts.get(letter) or _("What %(letter)s asks is not met yet.") % {"letter": above}
        letters.append(
            RubricLetter(
                address=(framework.id, node.code),
                letter=letter,
                text=text,
                above=above,
                gain=worth * (values[above] - values[letter]) if above and worth else None,
                best=best,
                to_best=worth * (values[best] - values[letter]) if best and worth else None,
            )
        )
    return tuple(letters)


Stream = list[dict[str, Any]]


@dataclass(frozen=True)
class ShownBlock:
    """One block of a section: its kind, its plain values, and what was fetched for it."""

    kind: str
    anchor: str
    value: Any
    about: Any = None

    def draw(self, **context: Any) -> str:
        """Draw it; slots stay open."""
        return render_to_string(f"courses/blocks/{self.kind}.html", {"block": self, **context})


def shown_sections(streams: Iterable[Stream], *, first: int = 1) -> list[list[ShownBlock]]:
    """Return the blocks of several sections; what they point at is fetched once for all.

    ``first`` is the number of the first section, which anchors of blocks begin with.
    """
    plain = [[(block["type"], _unwrap(block["value"])) for block in one] for one in streams]
    blocks = [block for one in plain for block in one]
    addresses = {
        (value["edition"], code)
        for kind, value in blocks
        if kind == "rubric"
        for code in value["nodes"]
    }
    rules = {value["regulation"] for kind, value in blocks if kind == "reference"}
    slugs = {value["question"] for kind, value in blocks if kind == "check"}
    rubrics = rows_at(addresses) if addresses else {}
    regulations = Regulation.objects.in_bulk(rules, field_name="slug") if rules else {}
    checks = practice.check_questions(slugs) if slugs else {}

    def about(kind: str, value: Any) -> Any:
        if kind == "rubric":
            rows = (rubrics.get((value["edition"], code)) for code in value["nodes"])
            return [row for row in rows if row]
        if kind == "reference":
            return regulations.get(value["regulation"])
        return checks.get(value["question"]) if kind == "check" else None

    return [
        [
            ShownBlock(kind, f"b{section}-{place}", value, about(kind, value))
            for place, (kind, value) in enumerate(one, 1)
        ]
        for section, one in enumerate(plain, first)
    ]


def _unwrap(value: Any) -> Any:
    """Unwrap the items of list blocks, at any depth."""
    if isinstance(value, dict):
        return {name: _unwrap(part) for name, part in value.items()}
    if isinstance(value, list):
        is_item = [isinstance(part, dict) and part.get("type") == "item" for part in value]
        return [
            _unwrap(part["value"] if wrapped else part)
            for part, wrapped in zip(value, is_item, strict=True)
        ]
    return value


def shown_references(values: list[dict[str, Any]]) -> list[ShownBlock]:
    """Return the legal basis of a module, each with the state of its rule today."""
    return shown_sections([[{"type": "reference", "value": one} for one in values]], first=0)[0]


def outcomes_of(head: Mapping[str, Any]) -> list[Outcome]:
    """Return the outcomes that an edition names, in its order."""
    known = {row.slug: row for row in Outcome.objects.filter(slug__in=head["outcomes"])}
    return [known[slug] for slug in head["outcomes"] if slug in known]


def outcome_of(section: Mapping[str, Any]) -> Outcome | None:
    """Return the outcome that a section of an edition serves, if it names one."""
    return Outcome.objects.filter(slug=section["outcome"]).first() if section["outcome"] else None


# --- which editions, and since when their pages are as they are ---------------------------------
def current_editions(actor: Actor) -> Sequence[ModuleEdition]:
    """Return the current edition of every module that the actor may read, in order of areas."""
    return _read_editions(condition_of(actor, _choose_verb(actor), ModulePage))


@until_publication
def _read_editions(condition: Q) -> Sequence[ModuleEdition]:
    return tuple(_filter_editions(condition).order_by("module__area__order", "module__title"))


def modules_by_area(actor: Actor) -> dict[str, str]:
    """Return the slug of the module on each area, of those that the actor may read."""
    return {edition.head["area"]: edition.head["slug"] for edition in current_editions(actor)}


@dataclass(frozen=True)
class Lesson:
    """The section that teaches an outcome."""

    page: int
    outcome: str
    title: str
    module: str
    module_title: str
    place: int
    url: str
    minutes: int


def lessons(actor: Actor) -> Mapping[str, Lesson]:
    """Return the section that teaches each outcome, by its slug: the first of the first module."""
    return _list_lessons(condition_of(actor, _choose_verb(actor), ModulePage))


@until_publication
def _list_lessons(condition: Q) -> Mapping[str, Lesson]:
    found: dict[str, Lesson] = {}
    for edition in _read_editions(condition):
        for place, one in enumerate(edition.sections, 1):
            if one["outcome"] and one["outcome"] not in found:
                found[one["outcome"]] = Lesson(
                    page=one["page"],
                    outcome=one["outcome"],
                    title=one["title"],
                    module=edition.head["slug"],
                    module_title=edition.head["title"],
                    place=place,
                    url=section_url(edition, one),
                    minutes=one["minutes"],
                )
    return found


def find_edition(actor: Actor, slug: str) -> ModuleEdition | None:
    """Return the current edition of the module at this address, if the actor may read it.

    It knows ``publication``, which is another word as soon as anything that its pages show was
    saved (``clinic.lib.publication``).
    """
    condition = condition_of(actor, _choose_verb(actor), ModulePage)
    return next(iter(_read_edition(slug, condition=condition)), None)


@prepared
def _read_edition(slug: str, *, condition: Q) -> QuerySet[ModuleEdition]:
    editions = _filter_editions(condition).filter(module__slug=slug).order_by()
    return editions.annotate(
        publication=Subquery(Publication.objects.values("word")[:1]),
        last_reviewed_on=F("module__last_reviewed_on"),
        review_due_on=F("module__review_due_on"),
    )


def _choose_verb(actor: Actor) -> str:
    return "read-internal-module" if actor.is_authenticated else "read-module"


def _filter_editions(condition: Q) -> QuerySet[ModuleEdition]:
    modules = ModulePage.objects.filter(condition)
    editions = ModuleEdition.objects.filter(is_current=True, module__in=modules.values("pk"))
    return editions.defer("bodies")


# --- what is kept of an edition, and what each reader finds in it --------------------------------
@dataclass(frozen=True)
class SectionContent:
    """A section as everybody reads it, with slots for what is the reader's own.

    Attributes:
        head: its title and facts; slot ``state``.
        blocks: by their anchor; slots ``csrf``, ``own-class|…`` and ``own-note|…``.
        contents: the list of sections; slots ``state|<page>``.
        checks: the anchors of the published check questions in it, by their names.
        nodes: the rows of its rubrics by their keys.
        letters: by row, what the best letter is worth from each, in words.
    """

    head: KeptMarkup
    blocks: dict[str, KeptMarkup]
    contents: KeptMarkup
    checks: dict[str, str]
    nodes: dict[int, Address]
    letters: dict[Address, dict[str, str]]


@dataclass(frozen=True)
class ModuleContent:
    """What the page of a module says beside its edition, the same for everybody."""

    area: str
    outcomes: tuple[str, ...]
    references: SafeString


@dataclass(frozen=True)
class PaperContent:
    """A whole module for paper: every section, drawn without forms."""

    area: str
    sections: list[SafeString]
    references: SafeString


def section_content(edition: ModuleEdition, section: dict[str, Any]) -> SectionContent:
    """Return the content of one section of a current edition."""

    def draw() -> SectionContent:
        path = section_url(edition, section)
        blocks = section_blocks(edition, section)
        rubrics = {
            (one.value["edition"], row.code): row
            for one in blocks
            if one.kind == "rubric"
            for row in one.about
        }
        head = {
            "edition": edition,
            "module": edition.head,
            "area": _name_area(edition),
            "section": section,
            "outcome": outcome_of(section),
            "place": edition.sections.index(section) + 1,
            "count": len(edition.sections),
            "state": slot("state"),
        }
        rows = [
            {
                "title": one["title"],
                "url": section_url(edition, one),
                "minutes": one["minutes"],
                "current": one is section,
                "tag": slot("state", str(one["page"])),
            }
            for one in edition.sections
        ]
        return SectionContent(
            head=KeptMarkup.of(render_to_string("courses/_section_head.html", head)),
            blocks={
                one.anchor: KeptMarkup.of(one.draw(path=path, csrf_field=slot("csrf")))
                for one in blocks
            },
            contents=KeptMarkup.of(
                render_to_string("components/section_list.html", {"sections": rows})
            ),
            checks={
                one.about.slug: one.anchor for one in blocks if one.kind == "check" and one.about
            },
            nodes={row.node: address for address, row in rubrics.items()},
            letters={
                address: {letter.letter: letter.up_to_best for letter in row.letters}
                for address, row in rubrics.items()
            },
        )

    return _keep(draw, edition, f"section-{section['page']}")


def section_blocks(edition: ModuleEdition, section: dict[str, Any]) -> list[ShownBlock]:
    """Return the blocks of one section of an edition."""
    stream = edition.bodies[str(section["page"])]
    return shown_sections([stream], first=edition.sections.index(section) + 1)[0]


def module_content(edition: ModuleEdition) -> ModuleContent:
    """Return what the page of a module says beside its edition."""

    def draw() -> ModuleContent:
        return ModuleContent(
            area=_name_area(edition),
            outcomes=tuple(str(outcome) for outcome in outcomes_of(edition.head)),
            references=draw_for_paper(shown_references(edition.head["legal_basis"])),
        )

    return _keep(draw, edition, "module")


def paper_content(edition: ModuleEdition) -> PaperContent:
    """Return the whole module for paper."""

    def draw() -> PaperContent:
        streams = [edition.bodies[str(one["page"])] for one in edition.sections]
        return PaperContent(
            area=_name_area(edition),
            sections=[draw_for_paper(blocks) for blocks in shown_sections(streams)],
            references=draw_for_paper(shown_references(edition.head["legal_basis"])),
        )

    return _keep(draw, edition, "paper")


def draw_for_paper(blocks: Iterable[ShownBlock]) -> SafeString:
    """Draw blocks without forms and with nobody's own answers."""
    return KeptMarkup.of("".join(one.draw(is_paper=True) for one in blocks)).fill({})


def _name_area(edition: ModuleEdition) -> str:
    return str(ChangeArea.objects.filter(slug=edition.head["area"]).first() or "")


def _keep(draw: Callable[[], Any], edition: ModuleEdition, part: str) -> Any:
    word = edition.publication  # type: ignore[attr-defined]  # annotated by find_edition
    key = f"{part}:{edition.digest}:{get_language()}:{word}"
    kept = caches["pages"].get(key)
    if kept is None:
        kept = draw()
        caches["pages"].set(key, kept)
    return kept


def own_fillings(content: SectionContent, own: Mapping[Address, OwnAnswer]) -> dict[str, str]:
    """Return what the slots of a section say of the answers of the reader's own unit."""
    found = {}
    for address, answer in own.items():
        place = "|".join((*address, answer.letter))
        gain = content.letters[address].get(answer.letter, "")
        sentence = _("Your unit's answer %(year)s: %(letter)s") % {
            "year": answer.year,
            "letter": answer.letter,
        }
        found[f"own-class|{place}"] = "own"
        found[f"own-note|{place}"] = format_html("<br><strong>{}</strong>", sentence)
        if gain:
            found[f"own-note|{place}"] += format_html(' <span class="muted">{}</span>', gain)
    return found


def section_url(edition: ModuleEdition, section: Mapping[str, Any]) -> str:
    """Return the address of a section."""
    names = {"slug": edition.head["slug"], "bagian": section["slug"]}
    return reverse("module_section", kwargs=names)
