"""From single scans to the stretches of time that a person spent in each room.

Within a group an ``in`` begins a stay and an ``out`` ends it; a further ``in`` meanwhile says
nothing new. Groups whose sessions overlap are rivals: an ``in`` to one ends a stay in the other at
that moment, so that no minute counts twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from attendance.arithmetic.scans import Direction, Scan, Session


class Closing(StrEnum):
    """What becomes of a stay without an ``out``: it lasts to the group's end, or counts nothing."""

    CLOSE_AT_END = "close_at_end"
    ZERO = "zero"


class End(StrEnum):
    """Why a stay ends: an ``out``, an ``in`` to a rival group, or only with the group itself."""

    OUT = "out"
    MOVED = "moved"
    OPEN = "open"


@dataclass
class Stay:
    """What lies between a person's coming into a group's rooms and leaving them.

    Attributes:
        end: excluded; at least ``start``.
        scans: all that belong to the stay, the repeated ``in`` included.
    """

    group: str
    start: datetime
    end: datetime
    reason: End = End.OPEN
    scans: list[Scan] = field(default_factory=list)

    @property
    def out_at(self) -> datetime | None:
        return self.end if self.reason is End.OUT else None

    def finish(self, at: datetime, reason: End) -> None:
        self.end, self.reason = at, reason

    def earns(self, closing: Closing) -> bool:
        return closing is Closing.CLOSE_AT_END or self.reason is not End.OPEN

    def inside(self, session: Session) -> tuple[datetime, datetime] | None:
        """Clip the stay to a session of its group; None if not a moment is left."""
        start, end = max(self.start, session.starts_at), min(self.end, session.ends_at)
        return (start, end) if start < end else None


def stays_of(
    scans: Iterable[Scan], sessions: Mapping[str, Sequence[Session]]
) -> tuple[list[Stay], list[Scan]]:
    """Turn scans, sorted by time, into stays; one not left lasts to the end of its group.

    Args:
        scans: of one person, each of a group in ``sessions``.
        sessions: by group, at least one each.

    Returns:
        The stays in the order they began, and each ``out`` that no ``in`` came before.
    """
    rivals = _rivals(sessions)
    stays: list[Stay] = []
    alone: list[Scan] = []
    present: dict[str, Stay] = {}
    for scan in scans:
        if scan.direction is Direction.IN:
            for rival in rivals[scan.group] & present.keys():
                present.pop(rival).finish(scan.at, End.MOVED)
            if scan.group not in present:
                ends_at = max(one.ends_at for one in sessions[scan.group])
                present[scan.group] = Stay(scan.group, scan.at, max(scan.at, ends_at))
                stays.append(present[scan.group])
            present[scan.group].scans.append(scan)
        elif scan.group in present:
            _leave(present.pop(scan.group), scan)
        else:
            alone.append(scan)
    return stays, alone


def _leave(stay: Stay, scan: Scan) -> None:
    stay.scans.append(scan)
    stay.finish(scan.at, End.OUT)


def _rivals(sessions: Mapping[str, Sequence[Session]]) -> dict[str, set[str]]:
    return {
        group: {
            other
            for other, theirs in sessions.items()
            if other != group and any(_overlap(one, two) for one in own for two in theirs)
        }
        for group, own in sessions.items()
    }


def _overlap(one: Session, two: Session) -> bool:
    return one.starts_at < two.ends_at and two.starts_at < one.ends_at
