"""From scans and corrections to presences: one pure fold, the same whatever order they came in.

Steps: apply corrections, set aside what does not count or lies outside the windows, sort by time
and uid, count a double scan once, make stays, part the rooms, clip to each session, judge.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from attendance.arithmetic.scans import (
    Assurance,
    Correction,
    Scan,
    Session,
    Standing,
    corrected,
)
from attendance.arithmetic.stays import Closing, End, Leg, Stay, counted_legs, part, stays_of

DEBOUNCE = timedelta(seconds=10)

_MINUTE = timedelta(minutes=1)
_STRENGTH = list(Assurance)

_Piece = tuple[datetime, datetime, Leg]


class State(StrEnum):
    """What is held of a person in a session; ``expected`` until the session is over."""

    EXPECTED = "expected"
    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    EXCUSED = "excused"
    REVIEW = "review"


class Flag(StrEnum):
    """What somebody should know of a scan or a presence beside its state."""

    VOID = "void"
    WAITS = "waits"
    STOPPED = "stopped"
    WRONG_SESSION = "wrong_session"
    OUTSIDE_WINDOW = "outside_window"
    DEBOUNCED = "debounced"
    ALREADY_IN = "already_in"
    OUT_WITHOUT_IN = "out_without_in"
    NO_MINUTES = "no_minutes"
    OPEN_END = "open_end"
    MOVED = "moved"
    LATE = "late"
    LEFT_EARLY = "left_early"
    CONTRADICTED = "contradicted"


_FOR_REVIEW = frozenset({Flag.WAITS, Flag.WRONG_SESSION, Flag.OUTSIDE_WINDOW, Flag.NO_MINUTES})


@dataclass(frozen=True, kw_only=True)
class FoldRules:
    """What the event and the registration add to the scans.

    Attributes:
        closing: what an ``in`` without an ``out`` earns.
        enrolled: scan groups the person is registered for; None where sessions are open to all.
        excused: sessions with an accepted excuse.
    """

    closing: Closing = Closing.CLOSE_AT_END
    enrolled: frozenset[str] | None = None
    excused: frozenset[str] = frozenset()


PLAIN_RULES = FoldRules()


@dataclass(frozen=True, kw_only=True)
class Presence:
    """What is held of one person in one session.

    Attributes:
        first_in: time of the scan that began the first stay seen in the session.
        last_out: time of the ``out`` that ended the last one; None while or where there is none.
        minutes: whole minutes inside the session.
        intervals: stretches inside the session, sorted, apart from each other, end excluded.
    """

    session: str
    state: State
    assurance: Assurance | None = None
    first_in: datetime | None = None
    last_out: datetime | None = None
    minutes: int = 0
    intervals: tuple[tuple[datetime, datetime], ...] = ()
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True)
class BuiltFrom:
    """How many rows a fold rests on, and a digest of their uids."""

    count: int
    digest: str


@dataclass(frozen=True)
class Folded:
    """Presences in the order of the sessions, and the flags of each scan that has any."""

    presences: tuple[Presence, ...]
    scan_flags: Mapping[str, frozenset[Flag]]
    built_from: BuiltFrom


@dataclass
class _Board:
    """The fold at work: sessions that take place by group, flags by scan, stays."""

    rules: FoldRules
    sessions: dict[str, list[Session]]
    flags: dict[str, set[Flag]] = field(default_factory=lambda: defaultdict(set))
    touched: set[str] = field(default_factory=set)
    stays: list[Stay] = field(default_factory=list)
    set_aside: list[Scan] = field(default_factory=list)
    alone: list[tuple[Scan, datetime | None]] = field(default_factory=list)


def fold(
    sessions: Iterable[Session],
    scans: Iterable[Scan],
    corrections: Iterable[Correction] = (),
    *,
    rules: FoldRules = PLAIN_RULES,
) -> Folded:
    """Fold all scans and corrections of one registration in one event into its presences.

    Sessions of groups that the person is neither registered for nor was scanned in are left out,
    and so are cancelled ones; scans of a cancelled session are flagged as outside its window.
    """
    scans, corrections = list(scans), list(corrections)
    planned = sorted(sessions, key=lambda one: (one.starts_at, one.id))
    by_group: dict[str, list[Session]] = defaultdict(list)
    for session in planned:
        if not session.cancelled:
            by_group[session.group].append(session)
    board = _Board(rules, dict(by_group))
    held, void = corrected(scans, corrections)
    for uid in void:
        board.flags[uid].add(Flag.VOID)
    _make_stays(board, _debounced(board, [scan for scan in held if _counts(board, scan)]))
    presences = tuple(
        _presence(board, session)
        for session in planned
        if not session.cancelled and _concerns(board, session)
    )
    flags = {uid: frozenset(some) for uid, some in sorted(board.flags.items()) if some}
    return Folded(presences, flags, _built_from(scans, corrections))


def state_at(presence: Presence, session: Session, now: datetime) -> State:
    """Give the state to show: once a session is over, who was only expected is absent.

    Who came in but earned nothing, in a room where leaving must be scanned, is then for review.
    """
    if now < session.ends_at:
        return presence.state
    if presence.state is State.EXPECTED:
        return State.ABSENT
    return State.REVIEW if Flag.NO_MINUTES in presence.flags else presence.state


def _counts(board: _Board, scan: Scan) -> bool:
    """Tell whether a scan counts; one that does not is set aside with a flag that says why.

    Acceptance lets a scan count outside its window or group too; it is clipped all the same.
    """
    board.touched.add(scan.group)
    reason = _reason_against(board, scan)
    if reason:
        board.flags[scan.uid].add(reason)
        board.set_aside.append(scan)
    return reason is None


def _reason_against(board: _Board, scan: Scan) -> Flag | None:
    if scan.standing is not Standing.COUNTS:
        return Flag.WAITS if scan.standing is Standing.WAITS else Flag.STOPPED
    if scan.group not in board.sessions:
        return Flag.OUTSIDE_WINDOW
    if scan.accepted:
        return None
    if board.rules.enrolled is not None and scan.group not in board.rules.enrolled:
        return Flag.WRONG_SESSION
    return None if is_in_window(scan.at, board.sessions[scan.group]) else Flag.OUTSIDE_WINDOW


def is_in_window(at: datetime, sessions: Sequence[Session]) -> bool:
    """Tell whether a scan lies between the first opening and the last closing of its group."""
    return bool(sessions) and (
        min(one.starts_at - one.windows.opens for one in sessions)
        <= at
        <= max(one.ends_at + one.windows.closes for one in sessions)
    )


def is_double(scan: Scan, before: Scan | None) -> bool:
    """Tell whether a scan merely repeats the one before it: same way, same group, under 10 s."""
    return (
        before is not None
        and (scan.group, scan.direction) == (before.group, before.direction)
        and scan.at - before.at < DEBOUNCE
    )


def _debounced(board: _Board, scans: Sequence[Scan]) -> list[Scan]:
    """Drop doubles; where the double is the surer of the two, the scan that counts gains by it."""
    kept: list[Scan] = []
    before: Scan | None = None
    for scan in scans:
        if is_double(scan, before):
            board.flags[scan.uid].add(Flag.DEBOUNCED)
            if _STRENGTH.index(scan.assurance) < _STRENGTH.index(kept[-1].assurance):
                kept[-1] = replace(kept[-1], kind=scan.kind, accepted=scan.accepted)
        else:
            kept.append(scan)
        before = scan
    return kept


def _make_stays(board: _Board, scans: Sequence[Scan]) -> None:
    for group, sessions in board.sessions.items():
        own = [scan for scan in scans if scan.group == group]
        stays, alone = stays_of(group, own, max(one.ends_at for one in sessions))
        board.stays += stays
        for scan in alone:
            place = own.index(scan)
            board.alone.append((scan, own[place - 1].at if place else None))
            board.flags[scan.uid].add(Flag.OUT_WITHOUT_IN)
    part(board.stays, board.sessions)
    for stay in board.stays:
        _flag_stay(board, stay)


def _flag_stay(board: _Board, stay: Stay) -> None:
    for before, leg in pairwise(stay.legs):
        if before.reason is End.AGAIN:
            board.flags[leg.uid].add(Flag.ALREADY_IN)
    if not _earned(board, stay, board.sessions[stay.group]):
        for scan in stay.scans:
            board.flags[scan.uid].add(Flag.NO_MINUTES)


def _earned(board: _Board, stay: Stay, sessions: Iterable[Session]) -> list[_Piece]:
    legs = counted_legs(stay, board.rules.closing)
    return [piece for session in sessions for piece in _clipped(legs, session)]


def _clipped(legs: Iterable[Leg], session: Session) -> list[_Piece]:
    pieces = (
        (max(leg.start, session.starts_at), min(leg.end, session.ends_at), leg) for leg in legs
    )
    return [piece for piece in pieces if piece[0] < piece[1]]


def _concerns(board: _Board, session: Session) -> bool:
    enrolled = board.rules.enrolled
    return enrolled is None or session.group in enrolled | board.touched


def _presence(board: _Board, session: Session) -> Presence:
    stays = [stay for stay in board.stays if stay.group == session.group]
    seen = [(stay, piece) for stay in stays for piece in _clipped(stay.legs, session)]
    if not seen:
        return _not_seen(board, session)
    earned = [piece for stay in stays for piece in _earned(board, stay, [session])]
    intervals = _merged(earned)
    flags = _flags_of([piece for _, piece in seen], session)
    flags |= set() if earned else {Flag.NO_MINUTES}
    flags |= {Flag.CONTRADICTED} if session.id in board.rules.excused else set()
    length = sum((end - start for start, end in intervals), timedelta())
    scans = [scan for stay, _ in seen for scan in stay.scans]
    return Presence(
        session=session.id,
        state=_state_of(flags),
        assurance=min((scan.assurance for scan in scans), key=_STRENGTH.index),
        first_in=seen[0][1][2].start,
        last_out=seen[-1][0].out_at,
        minutes=length // _MINUTE,
        intervals=intervals,
        flags=frozenset(flags),
    )


def _flags_of(pieces: Sequence[_Piece], session: Session) -> set[Flag]:
    flags = set()
    if pieces[0][0] > session.starts_at + session.windows.late:
        flags.add(Flag.LATE)
    if pieces[-1][1] < session.ends_at - session.windows.early:
        flags.add(Flag.LEFT_EARLY)
    if any(leg.reason is End.MOVED and leg.end == end for _, end, leg in pieces):
        flags.add(Flag.MOVED)
    if pieces[-1][2].reason is End.OPEN:
        flags.add(Flag.OPEN_END)
    return flags


def _state_of(flags: set[Flag]) -> State:
    """Say late before left early; the flags hold both."""
    if Flag.LATE in flags:
        return State.LATE
    return State.LEFT_EARLY if Flag.LEFT_EARLY in flags else State.PRESENT


def _merged(pieces: Sequence[_Piece]) -> tuple[tuple[datetime, datetime], ...]:
    intervals: list[tuple[datetime, datetime]] = []
    for start, end, _ in pieces:
        if intervals and intervals[-1][1] == start:
            intervals[-1] = (intervals[-1][0], end)
        else:
            intervals.append((start, end))
    return tuple(intervals)


def _not_seen(board: _Board, session: Session) -> Presence:
    """Judge a session that no stay reaches: review if a scan might have meant it."""
    flags = _evidence(board, session)
    if flags:
        state = State.REVIEW
    else:
        state = State.EXCUSED if session.id in board.rules.excused else State.EXPECTED
    return Presence(session=session.id, state=state, flags=frozenset(flags))


def _evidence(board: _Board, session: Session) -> set[Flag]:
    """Collect why a session not seen needs a person to look.

    An ``out`` alone speaks for the sessions begun since the scan before it; any other scan that
    earns nothing speaks only where the person is seen nowhere in the group.
    """
    flags = {
        Flag.OUT_WITHOUT_IN
        for scan, before in board.alone
        if scan.group == session.group
        and session.starts_at < scan.at
        and (before is None or session.ends_at > before)
    }
    stays = [stay for stay in board.stays if stay.group == session.group]
    group = board.sessions[session.group]
    if any(_clipped(stay.legs, one) for stay in stays for one in group):
        return flags
    idle = [scan for scan in board.set_aside if scan.group == session.group]
    idle += [scan for stay in stays for scan in stay.scans]
    return flags.union(*(board.flags[scan.uid] & _FOR_REVIEW for scan in idle))


def _built_from(scans: Iterable[Scan], corrections: Iterable[Correction]) -> BuiltFrom:
    uids = sorted({row.uid for row in [*scans, *corrections]})
    return BuiltFrom(len(uids), hashlib.sha256("\n".join(uids).encode()).hexdigest())
