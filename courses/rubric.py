"""Rows of a framework as a reader needs them: what each letter asks, what one step up is worth.

A reader who works in a unit finds the letter of its own last sheet marked (ux.md 5.1, U19).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import points_per_row
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Answer, FrameworkEdition, Node, Sheet
from clinic.assessments.sheet_page import formula_in_words
from clinic.lib.templatetags.ui import points
from clinic.people.access import Actor, visible
from clinic.people.models import Membership
from clinic.people.standing import rows_of

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
    own = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(reader.person))
    sheets = visible(reader, "read-brief", Sheet.objects.filter(unit__in=own.values("unit")))
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
