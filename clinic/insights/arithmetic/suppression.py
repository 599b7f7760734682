"""What an audience may see of small groups, and what else must go so that nothing is deduced.

A figure from two people is personal data. Minima by audience are settings; rule family:
Hundepool et al. 2012, NCES 2011-603. Estimates are always computed from everything.
"""

from collections.abc import Mapping
from enum import StrEnum

RAW_MINIMUM = 5
"""People below whom no raw average, spread, item or option figure is shown to anybody."""
LIMITED_BELOW = 3
"""People below whom the programme's staff see a finding marked as resting on limited data."""


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


def tells_apart(first: Mapping[str, int], second: Mapping[str, int], *, minimum: int) -> bool:
    """Whether two totals shown together give away a group below ``minimum``.

    Each maps the ids of the units it covers to their contributors; taking one total from the other
    leaves the units (or the new people of a unit) in which they differ.
    """
    units = first.keys() | second.keys()
    less = sum(max(first.get(unit, 0) - second.get(unit, 0), 0) for unit in units)
    more = sum(max(second.get(unit, 0) - first.get(unit, 0), 0) for unit in units)
    return any(0 < difference < minimum for difference in (less, more))
