"""What the person at the door is told about one scan, at the moment it is made.

A verdict says what was known then and is stored for good; what is held of a presence is the fold's
to say and may change. The vectors beside the tests hold for the scanner's own copy of these rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attendance.arithmetic.folding import (
    Direction,
    Scan,
    Session,
    Standing,
    is_double,
    is_in_window,
)


class Level(StrEnum):
    """How a verdict is shown: ok green, warn and review amber, stop red."""

    OK = "ok"
    WARN = "warn"
    REVIEW = "review"
    STOP = "stop"


class Code(StrEnum):
    """What was found; the words shown are ``checkin.<code>``."""

    ACCEPTED = "accepted"
    ALREADY_IN = "already_in"
    LATE = "late"
    OUT = "out"
    DEBOUNCED = "debounced"
    WRONG_SESSION = "wrong_session"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105
    OUTSIDE_WINDOW = "outside_window"
    WAITLISTED = "waitlisted"
    OVER_QUOTA = "over_quota"
    REVOKED_SEEN_OFFLINE = "revoked_seen_offline"
    REVOKED = "revoked"
    SUPERSEDED_TOKEN = "superseded_token"  # noqa: S105
    WRONG_EVENT = "wrong_event"


_WARN = {
    Code.WRONG_SESSION,
    Code.UNKNOWN_TOKEN,
    Code.OUTSIDE_WINDOW,
    Code.WAITLISTED,
    Code.OVER_QUOTA,
}
_STOP = {Code.REVOKED, Code.SUPERSEDED_TOKEN, Code.WRONG_EVENT}


class TokenFate(StrEnum):
    """What a token turned out to be; a person found in the list counts as ``known``."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    OTHER_EVENT = "other_event"
    SUPERSEDED = "superseded"


class Seat(StrEnum):
    """How the registration stands: its many states come down to three at the door."""

    HELD = "held"
    WAITING = "waiting"
    LOST = "lost"


@dataclass(frozen=True)
class Verdict:
    """One verdict, with its level and whether the scan counts by itself."""

    code: Code

    @property
    def level(self) -> Level:
        if self.code is Code.REVOKED_SEEN_OFFLINE:
            return Level.REVIEW
        if self.code in _STOP:
            return Level.STOP
        return Level.WARN if self.code in _WARN else Level.OK

    @property
    def standing(self) -> Standing:
        """A scan of the wrong session counts here: the fold judges enrolment each time anew."""
        by_level = {Level.REVIEW: Standing.WAITS, Level.STOP: Standing.STOPPED}
        if self.code is Code.UNKNOWN_TOKEN:
            return Standing.WAITS
        return by_level.get(self.level, Standing.COUNTS)

    @property
    def message(self) -> str:
        return f"checkin.{self.code}"


@dataclass(frozen=True, kw_only=True)
class AtTheDoor:
    """What is known when a scan is judged.

    Attributes:
        shown_green: the device had already let the person in before it reached the server.
        is_enrolled: the person is registered for this group, or sessions are open to all.
        over_quota: a walk-in beyond the seats there are.
        sessions: of the scan's group, without cancelled ones.
        earlier: scans of this person that count, doubles included, up to this one, by time.
    """

    scan: Scan
    token: TokenFate = TokenFate.KNOWN
    seat: Seat = Seat.HELD
    shown_green: bool = False
    is_enrolled: bool = True
    over_quota: bool = False
    sessions: Sequence[Session] = ()
    earlier: Sequence[Scan] = ()


def judge(door: AtTheDoor) -> Verdict:
    """Give the one verdict of a scan: first who it is, then where, then when."""
    return Verdict(_against_person(door) or _against_place(door) or _in_order(door))


_OF_TOKEN = {
    TokenFate.UNKNOWN: Code.UNKNOWN_TOKEN,
    TokenFate.OTHER_EVENT: Code.WRONG_EVENT,
    TokenFate.SUPERSEDED: Code.SUPERSEDED_TOKEN,
}


def _against_person(door: AtTheDoor) -> Code | None:
    if door.token is not TokenFate.KNOWN:
        return _OF_TOKEN[door.token]
    if door.seat is Seat.LOST:
        return Code.REVOKED_SEEN_OFFLINE if door.shown_green else Code.REVOKED
    return None


def _against_place(door: AtTheDoor) -> Code | None:
    if not door.is_enrolled:
        return Code.WRONG_SESSION
    if not is_in_window(door.scan.at, door.sessions):
        return Code.OUTSIDE_WINDOW
    return None


def _in_order(door: AtTheDoor) -> Code:
    if is_double(door.scan, door.earlier[-1] if door.earlier else None):
        return Code.DEBOUNCED
    if door.scan.direction is Direction.OUT:
        return Code.OUT
    return Code.ALREADY_IN if _is_inside(door) else _first_in(door)


def _first_in(door: AtTheDoor) -> Code:
    if door.seat is Seat.WAITING:
        return Code.WAITLISTED
    if door.over_quota:
        return Code.OVER_QUOTA
    return Code.LATE if _is_late(door.scan.at, door.sessions) else Code.ACCEPTED


def _is_inside(door: AtTheDoor) -> bool:
    """Tell whether the last ``in`` was here and nothing since led out or elsewhere."""
    last = door.earlier[-1] if door.earlier else None
    return last is not None and last.direction is Direction.IN and last.group == door.scan.group


def _is_late(at: datetime, sessions: Sequence[Session]) -> bool:
    """Tell whether the session under way, or the next, began too long ago."""
    ahead = [one for one in sessions if at < one.ends_at]
    session = min(ahead, key=lambda one: one.starts_at, default=None)
    return session is not None and at > session.starts_at + session.windows.late
