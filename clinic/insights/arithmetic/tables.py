"""Whole tables of units by areas: the word of each cell, its points to win, which ones are hidden.

Apart from ``diagnosis`` and ``suppression``, which judge one cell: pages read those, and a process
that draws pages holds no numpy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.diagnosis import NAMED, USUAL_CUTS, Cuts, Word, contradicts

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST_HIDDEN = 2
"""Hidden addends beside a shown total; a single one could be worked out."""


@dataclass(frozen=True)
class Suppressed:
    """What of a table stays hidden: cells, and the totals of rows and columns."""

    cells: Mask
    row_totals: Mask
    column_totals: Mask


def words(
    *,
    gap: Floats,
    weak: Floats,
    answers: Integers,
    coverage: Floats,
    estimate: Floats,
    share: Floats,
    printed: Floats,
    cuts: Cuts = USUAL_CUTS,
) -> NDArray[np.object_]:
    """The diagnosis of every cell, elementwise."""
    allowed = (answers > 0) & (coverage >= cuts.coverage)
    result = np.full(gap.shape, Word.UNKNOWN.value, dtype=object)
    knowing = {True: gap >= cuts.gap, False: gap <= cuts.no_gap}
    doing = {True: weak >= cuts.weak, False: weak <= cuts.not_weak}
    for (low, poor), word in NAMED.items():
        speaks_against = (
            contradicts(estimate, cuts.gap_line, below=low)
            | contradicts(share, cuts.weak_line, below=poor)
            | contradicts(printed, cuts.weak_line, below=poor)
        )
        result[allowed & knowing[low] & doing[poor] & ~speaks_against] = word.value
    return result


def suppress(
    people: Integers, *, minimum: int, row_totals: bool = True, column_totals: bool = True
) -> Suppressed:
    """Hide small cells of a units x areas table, and what would give them away.

    Where a total is shown, the hidden addends of a row or column are at least two and hold at least
    ``minimum`` people together; the next smallest cells are hidden until that is so, rows and
    columns in turn until nothing changes. Where no cell is left to hide, the total goes. People of
    a unit may be the same in several areas, so a row counts its largest hidden cell, not the sum.

    Args:
        people: contributors of each cell; 0 is unknown, not hidden.
        minimum: of the audience.
        row_totals: whether a total or mean over the areas of a unit is shown.
        column_totals: whether one over the units of an area is shown.
    """
    hidden = (people > 0) & (people < minimum)
    bare_rows = np.zeros(people.shape[0], dtype=bool)
    bare_columns = np.zeros(people.shape[1], dtype=bool)
    before = -1
    while before != int(hidden.sum()):
        before = int(hidden.sum())
        if row_totals:
            for row in range(people.shape[0]):
                bare_rows[row] = _complete(people[row], hidden[row], minimum, disjoint=False)
        if column_totals:
            for column in range(people.shape[1]):
                line = hidden[:, column]
                bare_columns[column] = _complete(people[:, column], line, minimum, disjoint=True)
    return Suppressed(cells=hidden, row_totals=bare_rows, column_totals=bare_columns)


def _complete(people: Integers, hidden: Mask, minimum: int, *, disjoint: bool) -> bool:
    """Hide more of one line in place until its total is safe; True when the total must go."""
    while hidden.any() and not _is_safe(people[hidden], minimum, disjoint=disjoint):
        open_cells = np.flatnonzero(~hidden & (people > 0))
        if not len(open_cells):
            return True
        hidden[open_cells[np.argmin(people[open_cells])]] = True
    return False


def _is_safe(hidden_people: Integers, minimum: int, *, disjoint: bool) -> bool:
    together = hidden_people.sum() if disjoint else np.max(hidden_people)
    return len(hidden_people) >= FEWEST_HIDDEN and bool(together >= minimum)


RECOVERABLE = 0.5
"""Part of the linked points that knowing better can bring back (rho; judged)."""


def priority(*, max_points: Floats, link_share: Floats, share: Floats, gap: Floats) -> Floats:
    """Points that may be won back, elementwise; NaN where the gap or the share is not known.

    What rests on this assumption appears in the planner alone, with the assumption named.

    Args:
        max_points: points of the area's sheet.
        link_share: share of those points whose indicators are linked to an outcome, 0 to 1.
        share: expected share of points that true practice is worth.
        gap: chance of a knowledge gap.
    """
    return max_points * link_share * (1 - share) * gap * RECOVERABLE
