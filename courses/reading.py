"""From an edition, or a draft, to what its page shows.

Everything that a page needs beside the stored stream is fetched once for all its blocks: rows of
rubrics, states of regulations, check questions without their keys.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from clinic.assessments.models import ChangeArea, Outcome
from clinic.people.access import Actor, visible
from courses.models import ModuleEdition, ModulePage, Regulation
from courses.rubric import Address, RubricRow, own_answers, rows_at
from quizzes import practice

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


def current_editions(actor: Actor) -> QuerySet[ModuleEdition]:
    """Return the current edition of every module that the actor may read, in order of areas."""
    verb = "read-internal-module" if actor.is_authenticated else "read-module"
    modules = visible(actor, verb, ModulePage.objects.all())
    return (
        ModuleEdition.objects.filter(is_current=True, module__in=modules.values("pk"))
        .select_related("module")
        .order_by("module__area__order", "module__title")
    )


def shown_section(
    stream: Stream, *, place: int = 1, reader: Actor | None = None
) -> list[ShownBlock]:
    """Return the blocks of one section, ready for their templates."""
    return shown_sections([stream], first=place, reader=reader)[0]


def shown_sections(
    streams: Iterable[Stream], *, first: int = 1, reader: Actor | None = None
) -> list[list[ShownBlock]]:
    """Return the blocks of several sections; what they point at is fetched once for all.

    A ``reader`` finds what the own unit answered; what is printed or kept names none (U19).
    """
    plain = [[(block["type"], _plain(block["value"])) for block in one] for one in streams]
    fetched = _fetch([block for one in plain for block in one], reader)
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
    known = {row.slug: row for row in Outcome.objects.filter(slug__in=head["outcomes"])}
    return [known[slug] for slug in head["outcomes"] if slug in known]


def outcome_of(section: dict[str, Any]) -> Outcome | None:
    """Return the outcome that a section of an edition serves, if it names one."""
    return Outcome.objects.filter(slug=section["outcome"]).first() if section["outcome"] else None


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


def _fetch(blocks: list[tuple[str, Any]], reader: Actor | None) -> Fetched:
    rubrics = {
        (value["edition"], code)
        for kind, value in blocks
        if kind == "rubric"
        for code in value["nodes"]
    }
    rules = {value["regulation"] for kind, value in blocks if kind == "reference"}
    checks = {value["question"] for kind, value in blocks if kind == "check"}
    own = own_answers(reader, rubrics) if reader and rubrics else {}
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
