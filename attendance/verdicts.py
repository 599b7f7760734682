"""What the person at the desk reads about one scan, at the moment it is made.

A verdict says what was known then and is stored for good; a presence is the fold's to judge and may
change. The vectors beside the tests hold for the scanner's own copy of these rules.
"""

from collections.abc import Sequence
from enum import StrEnum

from attendance.folding import CorrectedEntry, is_double, is_in_window
from attendance.models import Badge, Direction, Registration, Scan, Session


class VerdictLevel(StrEnum):
    """How a verdict is shown: ok green, warn and review amber, stop red."""

    OK = "ok"
    WARN = "warn"
    REVIEW = "review"
    STOP = "stop"


class Verdict(StrEnum):
    """What was found; ``wording.SENTENCES`` has the words shown."""

    ACCEPTED = "accepted"
    ALREADY_IN = "already_in"
    LATE = "late"
    OUT = "out"
    DEBOUNCED = "debounced"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105
    OUTSIDE_WINDOW = "outside_window"
    WAITLISTED = "waitlisted"
    OVER_QUOTA = "over_quota"
    REVOKED_SEEN_OFFLINE = "revoked_seen_offline"
    REVOKED = "revoked"
    SUPERSEDED_TOKEN = "superseded_token"  # noqa: S105
    WRONG_EVENT = "wrong_event"

    @property
    def level(self) -> VerdictLevel:
        if self == self.REVOKED_SEEN_OFFLINE:
            return VerdictLevel.REVIEW
        if self in (self.REVOKED, self.SUPERSEDED_TOKEN, self.WRONG_EVENT):
            return VerdictLevel.STOP
        warns = (self.UNKNOWN_TOKEN, self.OUTSIDE_WINDOW, self.WAITLISTED, self.OVER_QUOTA)
        return VerdictLevel.WARN if self in warns else VerdictLevel.OK

    @property
    def standing(self) -> Scan.Standing:
        """Whether the scan counts by itself."""
        if self == self.UNKNOWN_TOKEN or self.level == VerdictLevel.REVIEW:
            return Scan.Standing.WAITS
        is_stopped = self.level == VerdictLevel.STOP
        return Scan.Standing.STOPPED if is_stopped else Scan.Standing.COUNTS


def judge(
    scan: Scan,
    badge: Badge | None,
    registration: Registration | None,
    *,
    sessions: Sequence[Session],
    earlier: Sequence[CorrectedEntry],
) -> Verdict:
    """Give the one verdict of a scan: first who it is, then where, then when.

    Args:
        scan: not stored yet; one that the device showed green had let the person in already.
        badge: what was scanned, of any event; None where somebody was picked, or nothing is known.
        registration: of this event, whose badge it is or who was picked.
        sessions: of the scan's group, without cancelled ones.
        earlier: entries of this person that count, doubles included, up to this one, by time.
    """
    if registration is None:
        return Verdict.WRONG_EVENT if badge else Verdict.UNKNOWN_TOKEN
    if badge and badge.version != registration.token_version:
        return Verdict.SUPERSEDED_TOKEN
    state = Registration.State(registration.state)
    if not state.is_active:
        was_let_in = scan.shown == "green"
        return Verdict.REVOKED_SEEN_OFFLINE if was_let_in else Verdict.REVOKED
    if not is_in_window(scan.event, scan.effective_at, sessions):
        return Verdict.OUTSIDE_WINDOW
    return _judge_order(scan, registration, sessions, earlier)


def _judge_order(
    scan: Scan,
    registration: Registration,
    sessions: Sequence[Session],
    earlier: Sequence[CorrectedEntry],
) -> Verdict:
    at, last = scan.effective_at, earlier[-1] if earlier else None
    if is_double(CorrectedEntry.of(scan), last):
        return Verdict.DEBOUNCED
    if scan.direction == Direction.OUT:
        return Verdict.OUT
    if last and last.direction == Direction.IN and last.group == scan.scan_group:
        return Verdict.ALREADY_IN
    if not Registration.State(registration.state).holds_seat:
        return Verdict.WAITLISTED
    if registration.is_over_quota:
        return Verdict.OVER_QUOTA
    # The session under way, or the next: has it begun too long ago?
    ahead = [session for session in sessions if at < session.ends_at]
    begun = min((session.starts_at for session in ahead), default=at)
    is_late = at > begun + scan.event.minutes_of("late")
    return Verdict.LATE if is_late else Verdict.ACCEPTED
