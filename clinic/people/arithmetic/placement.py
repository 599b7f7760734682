"""Where a person works from a day on: what happens to the memberships already known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from clinic.lib.errors import Refused

Act = Literal["none", "begin", "correct", "move"]


class StartsBeforeTheLast(Refused):
    """A new place that would begin on or before the day the last one began."""

    code = "start_before_last"


@dataclass(frozen=True)
class Place:
    """A stay in a unit with the post held there.

    Attributes:
        end: the last day; None is open.
        key: row id where the stay is stored; two stays that say the same are equal without it.
    """

    unit: int
    start: date
    end: date | None = None
    position: str = ""
    position_kind: str = ""
    key: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Wanted:
    """What a list or a person says; empty means not stated."""

    unit: int
    start: date | None = None
    position: str = ""
    position_kind: str = ""


@dataclass(frozen=True)
class Step:
    """What to do with the last stay.

    Attributes:
        act: ``none``; ``begin`` adds ``place``; ``correct`` overwrites the last stay with
            ``place``; ``move`` ends the last stay on ``last_ends`` and adds ``place``.
        place: the stay as it is afterwards.
        last: the known stay that is corrected or ended.
        last_ends: last day of the stay before, for ``move``.
        keeps_earlier_start: the wanted start is later than the known one and was not taken over,
            since answers given in between belong to this unit.
    """

    act: Act
    place: Place
    last: Place | None = None
    last_ends: date | None = None
    keeps_earlier_start: bool = False


def place_person(places: Sequence[Place], wanted: Wanted, *, today: date) -> Step:
    """Say how the wanted stay changes the known ones; the same wish again is ``none``.

    Raises:
        StartsBeforeTheLast: if the new stay cannot follow the last one in time.
    """
    begin = wanted.start or today
    last = _stay_meant(places, wanted, begin)
    if last is None or (last.end is not None and last.end < begin):
        return Step("begin", _new_place(wanted, begin))
    if last.unit == wanted.unit:
        return _same_unit(places, last, wanted)
    if begin > last.start:
        return Step("move", _new_place(wanted, begin), last, last_ends=begin - timedelta(days=1))
    if begin == last.start:
        return Step("correct", _new_place(wanted, begin), last)
    raise StartsBeforeTheLast(details={"start": last.start.isoformat()})


def _stay_meant(places: Sequence[Place], wanted: Wanted, begin: date) -> Place | None:
    """Return the stay in the wanted unit that reaches the day, else the one that began last."""
    in_unit = [
        place
        for place in places
        if place.unit == wanted.unit and (place.end is None or place.end >= begin)
    ]
    return max(in_unit or places, key=lambda place: place.start, default=None)


def _same_unit(places: Sequence[Place], last: Place, wanted: Wanted) -> Step:
    """The unit stays: a later start with another post is a new stay, else a correction."""
    start = wanted.start or last.start
    position = wanted.position or last.position
    kind = wanted.position_kind or last.position_kind
    is_same_post = (position, kind) == (last.position, last.position_kind)
    if start > last.start and not is_same_post:
        place = Place(last.unit, start, last.end, position, kind)
        return Step("move", place, last, last_ends=start - timedelta(days=1))
    if start < last.start:
        _refuse_overlap(places, last, start)
    place = Place(last.unit, min(start, last.start), last.end, position, kind)
    keeps = start > last.start
    return Step("none" if place == last else "correct", place, last, keeps_earlier_start=keeps)


def _refuse_overlap(places: Sequence[Place], last: Place, start: date) -> None:
    """An earlier start is a correction only where no other stay lies in the way."""
    for place in places:
        if place is not last and (place.end is None or place.end >= start):
            raise StartsBeforeTheLast(details={"start": place.start.isoformat()})


def _new_place(wanted: Wanted, start: date) -> Place:
    return Place(wanted.unit, start, None, wanted.position, wanted.position_kind)
