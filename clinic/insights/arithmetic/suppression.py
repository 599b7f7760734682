"""What an audience may see of small groups, and what else must go so that nothing is deduced.

A figure from two people is personal data. Minima by audience stand in section 9 of the method page;
rule family: Hundepool et al. 2012, NCES 2011-603. Estimates are always computed from everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

# Audiences and states are read by every page; numpy is loaded where a whole table is suppressed.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

RAW_MINIMUM = 5
"""People below whom no raw average, spread, item or option figure is shown to anybody."""
LIMITED_BELOW = 3
"""People below whom the programme's staff see a finding marked as resting on limited data."""
FEWEST_HIDDEN = 2
"""Hidden addends beside a shown total; a single one could be worked out."""


class Audience(StrEnum):
    """Who looks, from the narrowest to the widest."""

    PROGRAMME = "programme"
    UNIT = "unit"
    OTHERS = "others"
    PUBLIC = "public"


class State(StrEnum):
    """How a cell may be shown."""

    SHOWN = "shown"
    LIMITED = "limited"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


USUAL_MINIMA: Mapping[Audience, int] = {
    Audience.PROGRAMME: 1,
    Audience.UNIT: 3,
    Audience.OTHERS: 5,
    Audience.PUBLIC: 10,
}
BY_CALIBRATION = frozenset({Audience.OTHERS, Audience.PUBLIC})
"""Audiences whose figures change with a calibration, never with a single answer."""


@dataclass(frozen=True)
class Suppressed:
    """What of a table stays hidden: cells, and the totals of rows and columns."""

    cells: "Mask"
    row_totals: "Mask"
    column_totals: "Mask"


def raw_minimum(minimum: int) -> int:
    """The minimum for raw figures, of an audience whose findings need ``minimum`` people."""
    return max(minimum, RAW_MINIMUM)


def state(people: int, *, minimum: int, alone: bool = False) -> State:
    """How a finding of ``people`` contributors may be shown.

    Args:
        people: people with counted answers in the cell's unit and area.
        minimum: of the audience.
        alone: whether the viewer is the only contributor; then nothing is disclosed.
    """
    if people == 0:
        return State.UNKNOWN
    if people < minimum and not (alone and people == 1):
        return State.HIDDEN
    return State.LIMITED if people < LIMITED_BELOW else State.SHOWN


def suppress(
    people: "Integers", *, minimum: int, row_totals: bool = True, column_totals: bool = True
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
    import numpy as np

    hidden = (people > 0) & (people < minimum)
    bare_rows = np.zeros(people.shape[0], dtype=bool)
    bare_columns = np.zeros(people.shape[1], dtype=bool)
    before = -1
    while before != hidden.sum():
        before = hidden.sum()
        if row_totals:
            for row in range(people.shape[0]):
                bare_rows[row] = _complete(people[row], hidden[row], minimum, disjoint=False)
        if column_totals:
            for column in range(people.shape[1]):
                line = hidden[:, column]
                bare_columns[column] = _complete(people[:, column], line, minimum, disjoint=True)
    return Suppressed(cells=hidden, row_totals=bare_rows, column_totals=bare_columns)


def _complete(people: "Integers", hidden: "Mask", minimum: int, *, disjoint: bool) -> bool:
    """Hide more of one line in place until its total is safe; True when the total must go."""
    while hidden.any() and not _safe(people[hidden], minimum, disjoint=disjoint):
        open_cells = (~hidden & (people > 0)).nonzero()[0]
        if not len(open_cells):
            return True
        hidden[open_cells[people[open_cells].argmin()]] = True
    return False


def _safe(hidden_people: "Integers", minimum: int, *, disjoint: bool) -> bool:
    together = hidden_people.sum() if disjoint else hidden_people.max()
    return len(hidden_people) >= FEWEST_HIDDEN and bool(together >= minimum)


def tells_apart(first: Mapping[str, int], second: Mapping[str, int], *, minimum: int) -> bool:
    """Whether two totals shown together give away a group below ``minimum``.

    Each maps the ids of the units it covers to their contributors; taking one total from the other
    leaves the units (or the new people of a unit) in which they differ.
    """
    units = first.keys() | second.keys()
    less = sum(max(first.get(unit, 0) - second.get(unit, 0), 0) for unit in units)
    more = sum(max(second.get(unit, 0) - first.get(unit, 0), 0) for unit in units)
    return any(0 < difference < minimum for difference in (less, more))
