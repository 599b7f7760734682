"""What a file, or an undo, changes in a sheet: row by row with its points, and what would be lost.

Both sides are rows as they are stored (``sheets.as_stored_rows``); points are exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.links import destination
from clinic.assessments.arithmetic.scoring import SheetScore, score_sheet
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.assessments.sheet_page import wording
from clinic.assessments.sheets import (
    EMPTY_ENTRY,
    answer_text,
    changed_rows,
    make_figures,
    rows_of,
)
from clinic.lib.arithmetic.numbers import round_half_up
from clinic.lib.templatetags.ui import decimals
from clinic.people.models import Unit

FEWEST_ANSWERS = 10  # sheets with fewer answers are alike because they are nearly blank
MOST_ALIKE = 5
ALL, UP, DOWN, PROOF_LOST, EMPTIED = "semua", "naik", "turun", "bukti-hilang", "dikosongkan"
FILTERS: dict[str, Promise] = {
    ALL: gettext_lazy("All changes"),
    UP: gettext_lazy("Up"),
    DOWN: gettext_lazy("Down"),
    PROOF_LOST: gettext_lazy("Proof removed"),
    EMPTIED: gettext_lazy("Emptied"),
}
Proof = tuple[str, str]


@dataclass(frozen=True)
class RowDifference:
    """One row that changes.

    Attributes:
        answers: (name of the count or empty, before, after) of each answer that changes.
        answer: the answer that stays, where none changes.
        points_before, points_after: of the row; None where it carries none.
    """

    code: str
    name: str
    answers: tuple[tuple[str, str, str], ...]
    answer: str
    points_before: Fraction | None
    points_after: Fraction | None
    note_changed: bool
    proofs_added: tuple[Proof, ...]
    proofs_lost: tuple[Proof, ...]
    emptied: bool

    @property
    def gain(self) -> Fraction:
        return (self.points_after or Fraction(0)) - (self.points_before or Fraction(0))

    @property
    def answer_kept(self) -> str:
        """Say that the answer stays, where none changes."""
        return _("%(answer)s, as before") % {"answer": self.answer or "–"}

    @property
    def gain_in_words(self) -> str:
        return signed(self.gain)

    def fits(self, filter_name: str) -> bool:
        """Say whether a filter keeps the row."""
        kept = {
            UP: self.gain > 0,
            DOWN: self.gain < 0,
            PROOF_LOST: bool(self.proofs_lost),
            EMPTIED: self.emptied,
        }
        return kept.get(filter_name, True)


@dataclass(frozen=True)
class Differences:
    """All rows that change, those with most points first, and the total before and after."""

    rows: list[RowDifference]
    before: Fraction
    after: Fraction
    is_first: bool = False

    @property
    def any(self) -> bool:
        return bool(self.rows)

    @cached_property
    def proofs_lost(self) -> int:
        return sum(len(row.proofs_lost) for row in self.rows)

    @property
    def falls(self) -> bool:
        return self.after < self.before

    @property
    def needs_confirming(self) -> bool:
        return self.falls or self.proofs_lost > 0

    @property
    def headline(self) -> str:
        """The score before and after, in one line whose printed numbers add up."""
        before, after = (round_half_up(each, 1) for each in (self.before, self.after))
        if self.is_first:
            return _("Score %(after)s, the first sheet") % {"after": decimals(after, 1)}
        return _("Score %(before)s → %(after)s (%(gain)s)") % {
            "before": decimals(before, 1),
            "after": decimals(after, 1),
            "gain": signed(after - before, 1),
        }

    @property
    def counts(self) -> dict[str, int]:
        return {name: sum(row.fits(name) for row in self.rows) for name in FILTERS}


def signed(number: Fraction | Decimal, digits: int | None = None) -> str:
    """Write a difference with its sign."""
    written = decimals(-number if number < 0 else number, digits)
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{written}"


def compare(
    framework: FrameworkFile,
    before: Mapping[str, RowEntry],
    after: Mapping[str, RowEntry],
    *,
    is_first: bool = False,
) -> Differences:
    """Hold two states of a sheet against each other; ``is_first``: there was no sheet before."""
    scores = tuple(_score(framework, rows) for rows in (before, after))
    changed = {framework.row_of(code) for code in changed_rows(before, after)}
    rows = [
        _compare_row(framework, node, before, after, scores=scores)
        for node in framework.nodes
        if node.code in changed
    ]
    rows.sort(key=lambda row: -abs(row.gain))
    return Differences(rows, scores[0].total.score, scores[1].total.score, is_first=is_first)


def _score(framework: FrameworkFile, rows: Mapping[str, RowEntry]) -> SheetScore:
    return score_sheet(framework, {code: row.value for code, row in rows.items()})


def _compare_row(
    framework: FrameworkFile,
    node: EditionNode,
    before: Mapping[str, RowEntry],
    after: Mapping[str, RowEntry],
    *,
    scores: tuple[SheetScore, ...],
) -> RowDifference:
    nodes = framework.answered(node.code)
    codes = dict.fromkeys([node.code, *(each.code for each in nodes)])
    old = {code: before.get(code, EMPTY_ENTRY) for code in codes}
    new = {code: after.get(code, EMPTY_ENTRY) for code in codes}
    texts = [
        (
            wording(each) if len(nodes) > 1 else "",
            answer_text(old[each.code]),
            answer_text(new[each.code]),
        )
        for each in nodes
    ]
    points = [score.nodes.get(node.code) for score in scores]
    kept, added = ([proof for row in side.values() for proof in row.proofs] for side in (old, new))
    return RowDifference(
        code=node.code,
        name=wording(node),
        answers=tuple(text for text in texts if text[1] != text[2]),
        answer="; ".join(text[1] for text in texts if text[1]),
        points_before=points[0].score if points[0] else None,
        points_after=points[1].score if points[1] else None,
        note_changed=any(old[code].note != new[code].note for code in codes),
        proofs_added=_missing_in(kept, added),
        proofs_lost=_missing_in(added, kept),
        emptied=any(old[code].value is not None for code in codes)
        and all(new[code].value is None for code in codes),
    )


def _missing_in(among: list[Proof], proofs: list[Proof]) -> tuple[Proof, ...]:
    """Return the proofs that do not stand among the others: by their link, else by their text."""
    links = {destination(link) for _text, link in among if link}
    texts = {text.strip() for text, _link in among}
    return tuple(
        (text, link)
        for text, link in proofs
        if (destination(link) not in links if link else text.strip() not in texts)
    )


@dataclass(frozen=True)
class AlikeSheet:
    """A sheet of another unit that says the same: in everything, or in its answers alone."""

    sheet: Sheet
    in_everything: bool

    @property
    def sentence(self) -> str:
        text = (
            _("The content is the same as that of the LKE of %(unit)s %(year)s.")
            if self.in_everything
            else _("All answers are the same as those of the LKE of %(unit)s %(year)s.")
        )
        return text % {"unit": self.sheet.unit_name, "year": self.sheet.period}


def alike_sheets(
    unit: Unit, edition: FrameworkEdition, period: int, rows: Mapping[str, RowEntry]
) -> list[AlikeSheet]:
    """Return sheets of other units of the regency with the same answers in that year.

    Only sheets of the same total are read, so that one of thousands costs one query.
    """
    answers = _answers_of(rows)
    if len(answers) < FEWEST_ANSWERS:
        return []
    figures = make_figures(_score(edition_file(edition), rows).total)
    candidates = Sheet.objects.filter(
        edition=edition,
        period=period,
        total=figures["score"],
        ceiling=figures["ceiling"],
        unanswered=figures["unanswered"],
        unit__path__startswith=unit.get_root().path,
    ).exclude(unit=unit)
    found = []
    for sheet in candidates.order_by("unit__path")[:MOST_ALIKE]:
        stored = rows_of(sheet)
        if _answers_of(stored) == answers:
            found.append(AlikeSheet(sheet, in_everything=stored == rows))
    return found


def _answers_of(rows: Mapping[str, RowEntry]) -> dict[str, Any]:
    return {code: row.value for code, row in rows.items() if row.value is not None}
