"""From an edition, or a draft, to what its page shows.

Everything that a page needs beside the stored stream is fetched once for all its blocks: rows of
rubrics, states of regulations, check questions without their keys.

Rows of a framework as a reader needs them: what each letter asks, what one step up is worth.

A reader who works in a unit finds the letter of its own last sheet marked (ux.md 5.1, U19).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import points_per_row
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Answer, ChangeArea, FrameworkEdition, Node, Outcome, Sheet
from clinic.assessments.sheet_page import formula_in_words
from clinic.lib.languages import language
from clinic.lib.remembering import until_publication
from clinic.lib.templatetags.ui import points
from clinic.people.access import Actor, condition_of, own_unit_paths, visible
from courses.models import ModuleEdition, ModulePage, Regulation
from quizzes import practice

Address = tuple[str, str]
"""An edition's slug and a row's code."""


@dataclass(frozen=True)
class OwnAnswer:
    """What the reader's unit answered on a row, on the last sheet that answers it."""

    letter: str
    year: int


@dataclass(frozen=True)
class RubricLetter:
    """One letter of a row: what it asks, and how many points the letter above earns more.

    ``to_best`` is what the best letter earns more; ``own``: the reader's unit answered so.
    """

    letter: str
    text: str
    above: str = ""
    gain: Fraction | None = None
    best: str = ""
    to_best: Fraction | None = None
    own: bool = False

    @property
    def step_up(self) -> str:
        """What climbing one letter is worth, in words; empty for the best letter."""
        if not self.above:
            return ""
        if not self.gain:
            return _("Up to %(letter)s") % {"letter": self.above}
        gain = {"letter": self.above, "points": points(self.gain)}
        return _("Up to %(letter)s: +%(points)s") % gain

    @property
    def up_to_best(self) -> str:
        """What the best letter is worth from here, in words; empty where nothing is gained."""
        if not self.to_best:
            return ""
        return _("+%(points)s if %(letter)s") % {
            "letter": self.best,
            "points": points(self.to_best),
        }


@dataclass(frozen=True)
class RubricRow:
    """A row with its letters, best first; a row that is computed shows its formula instead."""

    code: str
    wording: str
    letters: tuple[RubricLetter, ...]
    formula: str
    points: Fraction | None
    is_unverified: bool
    own_year: int | None = None


def own_answers(reader: Actor, addresses: Iterable[Address]) -> dict[Address, OwnAnswer]:
    """Return what the units in which the reader works today answered last on these rows."""
    if not reader.is_authenticated:
        return {}
    wanted = set(addresses)
    own = own_unit_paths(reader.person)
    if not own:
        return {}
    sheets = visible(reader, "read-brief", Sheet.objects.filter(unit__path__in=own))
    answers = (
        Answer.objects.filter(
            sheet__in=sheets.filter(edition__slug__in={slug for slug, _code in wanted}),
            node__code__in={code for _slug, code in wanted},
        )
        .exclude(letter="")
        .order_by("sheet__period", "-sheet__unit__order")
        .values_list("node__edition__slug", "node__code", "letter", "sheet__period")
    )
    return {(slug, code): OwnAnswer(letter, year) for slug, code, letter, year in answers}


def rows_at(
    addresses: Iterable[Address], own: Mapping[Address, OwnAnswer] | None = None
) -> dict[Address, RubricRow]:
    """Return the rows at these addresses; a row that its edition lost is left out."""
    wanted, own = set(addresses), own or {}
    found = {}
    for edition in FrameworkEdition.objects.filter(slug__in={slug for slug, _code in wanted}):
        codes = [code for slug, code in wanted if slug == edition.slug]
        worth = points_per_row(edition_file(edition))
        for node in Node.objects.filter(edition=edition, code__in=codes):
            address = edition.slug, node.code
            found[address] = _row(node, edition, worth.get(node.code), own.get(address))
    return found


def _row(
    node: Node, edition: FrameworkEdition, worth: Fraction | None, own: OwnAnswer | None
) -> RubricRow:
    framework = edition_file(edition)
    letters = _letters(framework, node, worth, own.letter if own else "")
    return RubricRow(
        code=node.code,
        wording=node.wording,
        letters=letters,
        formula="" if letters else formula_in_words(framework, node.code),
        points=worth,
        is_unverified=bool(node.definition["unverified"]),
        own_year=own.year if own else None,
    )


def _letters(
    framework: FrameworkFile, node: Node, worth: Fraction | None, own: str
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
                letter=letter,
                text=text,
                above=above,
                gain=worth * (values[above] - values[letter]) if above and worth else None,
                best=best,
                to_best=worth * (values[best] - values[letter]) if best and worth else None,
                own=letter == own,
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

    @property
    def template(self) -> str:
        """The template that draws it."""
        return f"courses/blocks/{self.kind}.html"


@dataclass(frozen=True)
class Fetched:
    """What blocks point at, by its address."""

    rubrics: Mapping[Address, RubricRow] = field(default_factory=dict)
    regulations: Mapping[str, Regulation] = field(default_factory=dict)
    checks: Mapping[str, practice.CheckQuestion] = field(default_factory=dict)


def readable_editions(actor: Actor) -> tuple[ModuleEdition, ...]:
    """Return the same as ``current_editions``, remembered; nobody may change them.

    Texts of sections (``bodies``) are read when they are first asked for.
    """
    verb = "read-internal-module" if actor.is_authenticated else "read-module"
    return _read_editions(condition_of(actor, verb, ModulePage))


@until_publication
def _read_editions(condition: Q) -> tuple[ModuleEdition, ...]:
    modules = ModulePage.objects.filter(condition)
    rows = ModuleEdition.objects.filter(is_current=True, module__in=modules.values("pk"))
    rows = rows.annotate(module_slug=F("module__slug")).defer("bodies")
    return tuple(rows.order_by("module__area__order", "module__title"))


def current_editions(actor: Actor) -> QuerySet[ModuleEdition]:
    """Return the current edition of every module that the actor may read, in order of areas."""
    verb = "read-internal-module" if actor.is_authenticated else "read-module"
    modules = visible(actor, verb, ModulePage.objects.all())
    return (
        ModuleEdition.objects.filter(is_current=True, module__in=modules.values("pk"))
        .select_related("module")
        .order_by("module__area__order", "module__title")
    )


def shown_section(stream: Stream, *, place: int = 1) -> list[ShownBlock]:
    """Return the blocks of one section, ready for their templates."""
    return shown_sections([stream], first=place)[0]


@dataclass(frozen=True, eq=False)
class SectionDrawing:
    """What a section shows to everybody whose own unit answered its rows alike.

    One object stands for one drawing: it is another when anything that it shows has changed.
    """

    blocks: list[ShownBlock]
    checks: frozenset[str]


def drawing_for(reader: Actor, edition: ModuleEdition, section: dict[str, Any]) -> SectionDrawing:
    """Return the blocks of a section with what the reader's own unit answered (U19)."""
    rows = _rows_named(edition, section["page"])
    own = own_answers(reader, rows) if rows else {}
    return _prepare_drawing(edition, section["page"], language(), frozenset(own.items()))


@until_publication
def _rows_named(edition: ModuleEdition, page: int) -> frozenset[Address]:
    rubrics = [one["value"] for one in edition.bodies[str(page)] if one["type"] == "rubric"]
    return frozenset(
        (row["edition"], code) for row in map(_plain, rubrics) for code in row["nodes"]
    )


@until_publication
def _prepare_drawing(
    edition: ModuleEdition,
    page: int,
    _language: str,
    own: frozenset[tuple[Address, OwnAnswer]],
) -> SectionDrawing:
    place = [one["page"] for one in edition.sections].index(page) + 1
    (blocks,) = shown_sections([edition.bodies[str(page)]], first=place, own=dict(own))
    checks = [one.about.slug for one in blocks if one.kind == "check" and one.about]
    return SectionDrawing(blocks, frozenset(checks))


def shown_sections(
    streams: Iterable[Stream],
    *,
    first: int = 1,
    own: Mapping[Address, OwnAnswer] | None = None,
) -> list[list[ShownBlock]]:
    """Return the blocks of several sections; what they point at is fetched once for all.

    A reader finds what the own unit answered; what is printed or kept names none (U19).
    """
    plain = [[(block["type"], _plain(block["value"])) for block in one] for one in streams]
    fetched = _fetch([block for one in plain for block in one], own or {})
    return [
        [
            ShownBlock(kind, f"b{section}-{place}", value, _about(kind, value, fetched))
            for place, (kind, value) in enumerate(one, 1)
        ]
        for section, one in enumerate(plain, first)
    ]


def shown_references(values: list[dict[str, Any]]) -> list[ShownBlock]:
    """Return the legal basis of a module, each with the state of its rule today."""
    return shown_section([{"type": "reference", "value": value} for value in values], place=0)


def outcomes_of(head: dict[str, Any]) -> list[Outcome]:
    """Return the outcomes that an edition names, in its order."""
    known = _read_outcomes()
    return [known[slug] for slug in head["outcomes"] if slug in known]


def outcome_of(section: dict[str, Any]) -> Outcome | None:
    """Return the outcome that a section of an edition serves, if it names one."""
    return _read_outcomes().get(section["outcome"])


@until_publication
def _read_outcomes() -> dict[str, Outcome]:
    return {row.slug: row for row in Outcome.objects.all()}


@until_publication
def areas() -> dict[str, ChangeArea]:
    """Return the change areas by their slug."""
    return {area.slug: area for area in ChangeArea.objects.all()}


def _plain(value: Any) -> Any:
    """Unwrap the items of a list block, at any depth."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(_item(part)) for part in value]
    return value


def _item(part: Any) -> Any:
    is_wrapped = isinstance(part, dict) and part.get("type") == "item"
    return part["value"] if is_wrapped else part


def _fetch(blocks: list[tuple[str, Any]], own: Mapping[Address, OwnAnswer]) -> Fetched:
    rubrics = {
        (value["edition"], code)
        for kind, value in blocks
        if kind == "rubric"
        for code in value["nodes"]
    }
    rules = {value["regulation"] for kind, value in blocks if kind == "reference"}
    checks = {value["question"] for kind, value in blocks if kind == "check"}
    return Fetched(
        rubrics=rows_at(rubrics, own) if rubrics else {},
        regulations=Regulation.objects.in_bulk(rules, field_name="slug") if rules else {},
        checks=practice.check_questions(checks) if checks else {},
    )


def _about(kind: str, value: Any, fetched: Fetched) -> Any:
    if kind == "rubric":
        rows = (fetched.rubrics.get((value["edition"], code)) for code in value["nodes"])
        return [row for row in rows if row]
    if kind == "reference":
        return fetched.regulations.get(value["regulation"])
    if kind == "check":
        return fetched.checks.get(value["question"])
    return None
