"""From single scans to the stretches of time that a person spent in each room.

Within a group an ``in`` begins a stay and an ``out`` ends it. Between groups nobody is in two
rooms: as soon as two stays would count the same second, the one begun later goes on and the other
has ended, for good.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from attendance.arithmetic.scans import Direction, Scan, Session


class Closing(StrEnum):
    """What becomes of a stay without an ``out``: it lasts to the group's end, or counts nothing."""

    CLOSE_AT_END = "close_at_end"
    ZERO = "zero"


class End(StrEnum):
    """Why a leg of a stay ends."""

    OUT = "out"
    OPEN = "open"
    AGAIN = "again"
    MOVED = "moved"


@dataclass
class Leg:
    """A part of a stay that begins with an ``in``; a repeated ``in`` begins the next leg."""

    uid: str
    start: datetime
    end: datetime
    reason: End = End.OPEN


@dataclass
class Stay:
    """What lies between a person's coming into a group's rooms and leaving them."""

    group: str
    scans: list[Scan] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)

    @property
    def out_at(self) -> datetime | None:
        return self.legs[-1].end if self.legs[-1].reason is End.OUT else None


def stays_of(group: str, scans: Iterable[Scan], ends_at: datetime) -> tuple[list[Stay], list[Scan]]:
    """Turn the scans of one group, in order, into stays; one not left lasts until ``ends_at``.

    Returns:
        The stays, and each ``out`` that no ``in`` came before.
    """
    stays: list[Stay] = []
    alone: list[Scan] = []
    inside = False
    for scan in scans:
        if scan.direction is Direction.IN:
            if not inside:
                stays.append(Stay(group))
            _enter(stays[-1], scan, ends_at)
        elif inside:
            _leave(stays[-1], scan)
        else:
            alone.append(scan)
        inside = scan.direction is Direction.IN
    return stays, alone


def _enter(stay: Stay, scan: Scan, ends_at: datetime) -> None:
    if stay.legs:
        stay.legs[-1].end, stay.legs[-1].reason = scan.at, End.AGAIN
    stay.legs.append(Leg(scan.uid, scan.at, max(scan.at, ends_at)))
    stay.scans.append(scan)


def _leave(stay: Stay, scan: Scan) -> None:
    stay.legs[-1].end, stay.legs[-1].reason = scan.at, End.OUT
    stay.scans.append(scan)


def part(stays: Sequence[Stay], sessions: Mapping[str, Sequence[Session]]) -> None:
    """End each leg at the first second that a later-begun leg of another group also counts."""
    legs = [(stay.group, leg) for stay in stays for leg in stay.legs]
    moments = {moment for _, leg in legs for moment in (leg.start, leg.end)}
    for planned in sessions.values():
        moments |= {moment for one in planned for moment in (one.starts_at, one.ends_at)}
    for begin, _ in pairwise(sorted(moments)):
        counting = [
            leg
            for group, leg in legs
            if leg.start <= begin < leg.end and _is_running(sessions.get(group, ()), begin)
        ]
        for leg in sorted(counting, key=lambda one: (one.start, one.uid))[:-1]:
            leg.end, leg.reason = begin, End.MOVED


def _is_running(sessions: Iterable[Session], moment: datetime) -> bool:
    return any(one.starts_at <= moment < one.ends_at for one in sessions)


def counted_legs(stay: Stay, closing: Closing) -> list[Leg]:
    """List the legs that earn minutes; under ``zero`` a leg must have been left or moved from."""
    if closing is Closing.CLOSE_AT_END:
        return stay.legs
    counted: list[Leg] = []
    is_closed = False
    for leg in reversed(stay.legs):
        is_closed = leg.reason in (End.OUT, End.MOVED) or (leg.reason is End.AGAIN and is_closed)
        if is_closed:
            counted.append(leg)
    return counted[::-1]
