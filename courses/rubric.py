"""Rows of a framework as a reader needs them: what each letter asks, and what one step up is worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import FrameworkEdition, Node

Address = tuple[str, str]
"""An edition's slug and a row's code."""


@dataclass(frozen=True)
class RubricLetter:
    """One letter of a row: what it asks, its points, and how many more than the letter below."""

    letter: str
    text: str
    points: Fraction | None
    step: Fraction | None


@dataclass(frozen=True)
class RubricRow:
    """A row with its letters, best first; a row without letters shows its wording alone."""

    code: str
    wording: str
    letters: tuple[RubricLetter, ...]
    points: Decimal | None
    is_unverified: bool


def rows_at(addresses: Iterable[Address]) -> dict[Address, RubricRow]:
    """Return the rows at these addresses; a row that its edition lost is left out."""
    wanted = set(addresses)
    editions = {
        edition.pk: edition
        for edition in FrameworkEdition.objects.filter(slug__in={slug for slug, _code in wanted})
    }
    nodes = Node.objects.filter(edition__in=editions, code__in={code for _slug, code in wanted})
    return {
        (editions[node.edition_id].slug, node.code): _row(node, editions[node.edition_id])
        for node in nodes
        if (editions[node.edition_id].slug, node.code) in wanted
    }


def _row(node: Node, edition: FrameworkEdition) -> RubricRow:
    scale = edition_file(edition).by_scale.get(node.definition["scale"])
    asked = node.definition["rubric"] if scale is not None else []
    worth = [
        None if node.weight is None else Fraction(node.weight) * (scale.value_of(letter) or 0)
        for letter, _text in asked
    ]
    letters = tuple(
        RubricLetter(
            letter,
            text,
            worth[place],
            worth[place] - worth[place + 1]
            if place + 1 < len(asked) and worth[place] is not None
            else None,
        )
        for place, (letter, text) in enumerate(asked)
    )
    return RubricRow(
        code=node.code,
        wording=node.wording,
        letters=letters,
        points=node.weight,
        is_unverified=bool(node.definition["unverified"]),
    )
