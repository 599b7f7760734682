"""Rows of a framework as a reader needs them: what each letter asks, and what one step up is worth."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Node


@dataclass(frozen=True)
class RubricLetter:
    """One letter of a row: what it asks and the points that it earns."""

    letter: str
    text: str
    points: Fraction | None


@dataclass(frozen=True)
class RubricRow:
    """A row with its letters, best first; a row without letters shows its wording alone."""

    code: str
    wording: str
    letters: tuple[RubricLetter, ...]
    points: Decimal | None
    is_unverified: bool


def rows_of(edition: str, codes: list[str]) -> list[RubricRow]:
    """Return the named rows in the order given; a row that the edition lost is left out."""
    nodes = {
        node.code: node
        for node in Node.objects.filter(edition__slug=edition, code__in=codes).select_related(
            "edition"
        )
    }
    return [_row(nodes[code]) for code in codes if code in nodes]


def _row(node: Node) -> RubricRow:
    scale = edition_file(node.edition).by_scale.get(node.definition["scale"])
    letters = tuple(
        RubricLetter(
            letter,
            text,
            None if node.weight is None else Fraction(node.weight) * (scale.value_of(letter) or 0),
        )
        for letter, text in node.definition["rubric"]
        if scale is not None
    )
    return RubricRow(
        code=node.code,
        wording=node.wording,
        letters=letters,
        points=node.weight,
        is_unverified=bool(node.definition["unverified"]),
    )
