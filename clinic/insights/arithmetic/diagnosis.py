"""Five words for a unit in an area, how certain each is, and why a word is missing.

Knowing is judged by the chance of a gap, doing by the chance of weak practice; between the cuts, or
without answers or a sheet, the honest word is unknown. So it is where a figure that stands beside
the word lies on the other side of its line: no word speaks against its own number.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

INFORMATION_PER_ANSWER = 0.1
"""What one more answer tells of a unit's mean, as precision on the ability scale (judged)."""
MOST_ANSWERS = 200
COUNTED_EXACTLY = 10
HIGH, MEDIUM = 0.9, 0.7


class Word(StrEnum):
    """The five diagnoses."""

    SOUND = "sound"
    KNOWLEDGE_GAP = "knowledge-gap"
    PRACTICE_GAP = "practice-gap"
    HIDDEN_RISK = "hidden-risk"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How certain a named diagnosis is; unknown has none."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Cause(StrEnum):
    """Why a diagnosis is unknown."""

    NO_POOL = "no_pool"
    NO_ANSWERS = "no_answers"
    NO_SHEET = "no_sheet"
    SHEET_INCOMPLETE = "sheet_incomplete"
    KNOWING_NOT_DECIDED = "knowing_not_decided"
    DOING_NOT_DECIDED = "doing_not_decided"
    SIDES_DIFFER = "sides_differ"


@dataclass(frozen=True)
class Cuts:
    """Where a chance counts as decided; settings of the installation (judged).

    Attributes:
        gap_line: share of questions below which understanding is a gap.
        weak_line: share of points below which practice is weak.
    """

    gap: float = 0.8
    no_gap: float = 0.2
    weak: float = 0.7
    not_weak: float = 0.3
    coverage: float = 0.5
    gap_line: float = 0.65
    weak_line: float = 0.60


@dataclass(frozen=True)
class CellBelief:
    """What is believed of one unit in one area; NaN = no value.

    Attributes:
        gap: chance of a knowledge gap.
        weak: chance that practice is weak.
        answers: counted answers in the cell.
        coverage: part of the sheet's points that is answered; NaN without a sheet.
        estimate: expected share of the area's questions answered right.
        share: expected share of points that true practice is worth.
        printed: the sheet's score as a share of the area's points; rows not filled in earn nothing.
        centre, spread: mastery on the ability scale, and ``bar`` the threshold on it.
    """

    gap: float
    weak: float
    answers: int
    coverage: float
    estimate: float = math.nan
    share: float = math.nan
    printed: float = math.nan
    centre: float = math.nan
    spread: float = math.nan
    bar: float = math.nan


@dataclass(frozen=True)
class Reason:
    """One cause of an unknown, with its number.

    Attributes:
        more_answers: about how many further answers would tell; None where that is not the matter,
            or more than ``MOST_ANSWERS``.
        coverage: part of the sheet that is filled, 0 to 1, where that is the matter.
    """

    cause: Cause
    more_answers: int | None = None
    coverage: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The word for a cell; named words carry a certainty, unknown carries reasons."""

    word: Word
    certainty: float | None
    certainty_word: Certainty | None
    reasons: tuple[Reason, ...]


NAMED = {
    (True, True): Word.KNOWLEDGE_GAP,
    (False, True): Word.PRACTICE_GAP,
    (True, False): Word.HIDDEN_RISK,
    (False, False): Word.SOUND,
}
USUAL_CUTS = Cuts()


def diagnose(cell: CellBelief, *, cuts: Cuts = USUAL_CUTS) -> Diagnosis:
    """The diagnosis of one cell with its certainty or its reasons."""
    reasons = (*_find_knowing_reasons(cell, cuts), *_find_doing_reasons(cell, cuts))
    if reasons:
        return Diagnosis(Word.UNKNOWN, None, None, reasons)
    is_low, is_poor = cell.gap >= cuts.gap, cell.weak >= cuts.weak
    if contradicts(cell.estimate, cuts.gap_line, below=is_low):
        more = more_answers(cell.centre, cell.spread, cell.bar, cuts=cuts)
        reasons += (Reason(Cause.KNOWING_NOT_DECIDED, more_answers=more),)
    if contradicts(cell.share, cuts.weak_line, below=is_poor) or contradicts(
        cell.printed, cuts.weak_line, below=is_poor
    ):
        reasons += (Reason(Cause.SIDES_DIFFER),)
    if reasons:
        return Diagnosis(Word.UNKNOWN, None, None, reasons)
    word = NAMED[is_low, is_poor]
    certainty = min(max(cell.gap, 1 - cell.gap), max(cell.weak, 1 - cell.weak))
    return Diagnosis(word, certainty, certainty_word(certainty), ())


def contradicts(value: Any, line: float, *, below: Any) -> Any:
    """Say whether a figure lies on the other side of its line than the word has it.

    Of numbers or of whole tables; a figure that is not known contradicts nothing.
    """
    return ((value >= line) & below) | ((value < line) & (below ^ True))


def certainty_word(certainty: float) -> Certainty:
    """The word for the smaller of the two chances that support a diagnosis."""
    if certainty >= HIGH:
        return Certainty.HIGH
    return Certainty.MEDIUM if certainty >= MEDIUM else Certainty.LOW


def _find_knowing_reasons(cell: CellBelief, cuts: Cuts) -> tuple[Reason, ...]:
    more = more_answers(cell.centre, cell.spread, cell.bar, cuts=cuts)
    if not cell.answers:
        return (Reason(Cause.NO_ANSWERS, more_answers=more),)
    if math.isnan(cell.gap):
        return (Reason(Cause.NO_POOL),)
    if cuts.no_gap < cell.gap < cuts.gap:
        return (Reason(Cause.KNOWING_NOT_DECIDED, more_answers=more),)
    return ()


def _find_doing_reasons(cell: CellBelief, cuts: Cuts) -> tuple[Reason, ...]:
    if math.isnan(cell.coverage):
        return (Reason(Cause.NO_SHEET),)
    if cell.coverage < cuts.coverage or math.isnan(cell.weak):
        return (Reason(Cause.SHEET_INCOMPLETE, coverage=cell.coverage),)
    if cuts.not_weak < cell.weak < cuts.weak:
        return (Reason(Cause.DOING_NOT_DECIDED, coverage=cell.coverage),)
    return ()


def more_answers(
    centre: float, spread: float, bar: float, *, cuts: Cuts = USUAL_CUTS
) -> int | None:
    """About how many further answers until a decision about a gap is more likely than not.

    After N answers the spread is smaller and the centre will have moved by an amount that is normal
    with the variance lost; the smallest N at which the chance of passing a cut reaches one half,
    rounded up to tens above ``COUNTED_EXACTLY``. None when the cell's belief is not known, or for
    more than ``MOST_ANSWERS``.
    """
    if not (math.isfinite(centre) and math.isfinite(bar) and spread > 0):
        return None
    for number in range(1, MOST_ANSWERS + 1):
        if _compute_chance(centre - bar, spread, number, cuts) >= 1 / 2:
            return number if number <= COUNTED_EXACTLY else -(-number // 10) * 10
    return None


def _compute_chance(above: float, spread: float, number: int, cuts: Cuts) -> float:
    left = 1 / math.sqrt(1 / spread**2 + number * INFORMATION_PER_ANSWER)
    drift = NormalDist(above, math.sqrt(max(spread**2 - left**2, 1e-12)))
    gap_below = -NormalDist().inv_cdf(cuts.gap) * left
    no_gap_above = -NormalDist().inv_cdf(cuts.no_gap) * left
    return drift.cdf(gap_below) + 1 - drift.cdf(no_gap_above)
