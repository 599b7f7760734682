"""Rows of a framework as a reader needs them: what each letter asks, what one step up is worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.scoring import points_per_row
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import FrameworkEdition, Node
from clinic.assessments.sheet_page import formula_in_words
from clinic.lib.templatetags.ui import points

Address = tuple[str, str]
"""An edition's slug and a row's code."""


@dataclass(frozen=True)
class RubricLetter:
    """One letter of a row: what it asks, and how many points the letter above earns more."""

    letter: str
    text: str
    above: str = ""
    gain: Fraction | None = None

    @property
    def step_up(self) -> str:
        """What climbing one letter is worth, in words; empty for the best letter."""
        if not self.above:
            return ""
        if not self.gain:
            return _("Up to %(letter)s") % {"letter": self.above}
        gain = {"letter": self.above, "points": points(self.gain)}
        return _("Up to %(letter)s: +%(points)s") % gain


@dataclass(frozen=True)
class RubricRow:
    """A row with its letters, best first; a row that is computed shows its formula instead."""

    code: str
    wording: str
    letters: tuple[RubricLetter, ...]
    formula: str
    points: Fraction | None
    is_unverified: bool


def rows_at(addresses: Iterable[Address]) -> dict[Address, RubricRow]:
    """Return the rows at these addresses; a row that its edition lost is left out."""
    wanted = set(addresses)
    found = {}
    for edition in FrameworkEdition.objects.filter(slug__in={slug for slug, _code in wanted}):
        codes = [code for slug, code in wanted if slug == edition.slug]
        worth = points_per_row(edition_file(edition))
        for node in Node.objects.filter(edition=edition, code__in=codes):
            found[edition.slug, node.code] = _row(node, edition, worth.get(node.code))
    return found


def _row(node: Node, edition: FrameworkEdition, worth: Fraction | None) -> RubricRow:
    framework = edition_file(edition)
    scale = framework.by_scale.get(node.definition["scale"])
    texts = dict(node.definition["rubric"])
    letters: list[RubricLetter] = []
    values: dict[str, Fraction] = {}
    for letter in scale.letters if scale and texts else texts:
        above = letters[-1].letter if letters else ""
        values[letter] = (scale.value_of(letter) if scale else None) or Fraction(0)
        gain = worth * (values[above] - values[letter]) if above and worth else None
        text = texts.get(letter) or _("What %(letter)s asks is not met yet.") % {"letter": above}
        letters.append(RubricLetter(letter, text, above, gain))
    return RubricRow(
        code=node.code,
        wording=node.wording,
        letters=tuple(letters),
        formula="" if letters else formula_in_words(framework, node.code),
        points=worth,
        is_unverified=bool(node.definition["unverified"]),
    )
