"""From scans and corrections to presences: one pure fold, the same whatever order they came in.

Steps: apply corrections, set aside what does not count or lies outside the windows, sort by time
and uid, count a double scan once, make stays, clip to each session, judge.

What happened at the doors, and what people corrected about it, as values.

A scan is a record, not a request: it stays as it was, and corrections stand beside it.

From single scans to the stretches of time that a person spent in each room.

Within a group an ``in`` begins a stay and an ``out`` ends it; a further ``in`` meanwhile says
nothing new. Groups whose sessions overlap are rivals: an ``in`` to one ends a stay in the other at
that moment, so that no minute counts twice.

What a correction would change, asked before it is made.

A correction that leaves everything as it is would stand in the log as if something had been
decided; who asks for it is told instead what to do (attendance 5, C20).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Direction(StrEnum):
    """In or out, from the mode of the device; never guessed from an earlier scan."""

    IN = "in"
    OUT = "out"


class Assurance(StrEnum):
    """How surely a presence is known, strongest first."""

    WITNESSED = "witnessed"
    COUNTERSIGNED = "countersigned"
    PAPER = "paper"
    MANUAL = "manual"
    SELF = "self"


class ScanKind(StrEnum):
    """How a scan came about."""

    BADGE = "badge"
    SELF = "self"
    MANUAL = "manual"
    KIOSK = "kiosk"
    WALK_IN = "walk_in"
    SUBSTITUTE = "substitute"
    PAPER = "paper"
    IMPORT = "import"


ASSURANCE_OF = {
    ScanKind.BADGE: Assurance.WITNESSED,
    ScanKind.WALK_IN: Assurance.WITNESSED,
    ScanKind.SUBSTITUTE: Assurance.WITNESSED,
    ScanKind.MANUAL: Assurance.MANUAL,
    ScanKind.IMPORT: Assurance.MANUAL,
    ScanKind.PAPER: Assurance.PAPER,
    ScanKind.SELF: Assurance.SELF,
    ScanKind.KIOSK: Assurance.SELF,
}


class Standing(StrEnum):
    """Whether a scan counts by itself; one that waits is shown for review, one stopped is not.

    A supervisor's acceptance makes either count.
    """

    COUNTS = "counts"
    WAITS = "waits"
    STOPPED = "stopped"


class CorrectionKind(StrEnum):
    """What a supervisor may say about a scan, or add where one is missing."""

    ADD = "add"
    VOID = "void"
    UNVOID = "unvoid"
    RETIME = "retime"
    ACCEPT = "accept"


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Times around a session: scans count from ``opens`` before to ``closes`` after it.

    Who comes more than ``late`` after the start is late; who goes more than ``early`` before the
    end has left early.
    """

    opens: timedelta = timedelta(minutes=30)
    late: timedelta = timedelta(minutes=15)
    early: timedelta = timedelta(minutes=15)
    closes: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as planned; sessions of one scan group share scans and do not overlap."""

    id: str
    group: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False
    windows: Windows = Windows()


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One scan of one registration, at its corrected time.

    Attributes:
        uid: given by the device; a scan is known by it, and it breaks ties of time.
        at: effective time, fixed at receipt.
        accepted: a supervisor let it count, or countersigned what the person claimed alone.
    """

    uid: str
    group: str
    direction: Direction
    at: datetime
    kind: ScanKind = ScanKind.BADGE
    standing: Standing = Standing.COUNTS
    accepted: bool = False

    @property
    def assurance(self) -> Assurance:
        own = ASSURANCE_OF[self.kind]
        return Assurance.COUNTERSIGNED if self.accepted and own is Assurance.SELF else own


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction; the last by (created_at, uid) of its kind wins.

    Attributes:
        target: uid of a scan, or of the correction that added one; for ``add`` the scan group.
        at: for ``add`` and ``retime`` the time that holds.
        direction: for ``add`` needed, for ``retime`` only if it was wrong.
    """

    uid: str
    kind: CorrectionKind
    target: str
    created_at: datetime
    at: datetime | None = None
    direction: Direction | None = None


def corrected(
    scans: Iterable[Scan], corrections: Iterable[Correction]
) -> tuple[list[Scan], set[str]]:
    """Apply corrections to scans, whatever order both come in.

    Returns:
        The scans that hold, those added included, sorted by (at, uid); and the uids voided.
    """
    once = {correction.uid: correction for correction in corrections}
    ordered = sorted(once.values(), key=lambda one: (one.created_at, one.uid))
    said: dict[str, list[Correction]] = {}
    for correction in ordered:
        said.setdefault(correction.target, []).append(correction)
    every = {scan.uid: scan for scan in [*scans, *_added(ordered)]}
    void = {uid for uid in every if _is_void(said.get(uid, ()))}
    held = [_restated(scan, said.get(uid, ())) for uid, scan in every.items() if uid not in void]
    return sorted(held, key=lambda scan: (scan.at, scan.uid)), void


def _added(corrections: Iterable[Correction]) -> Iterator[Scan]:
    for one in corrections:
        if one.kind is CorrectionKind.ADD and one.at and one.direction:
            yield Scan(
                uid=one.uid,
                group=one.target,
                direction=one.direction,
                at=one.at,
                kind=ScanKind.MANUAL,
                accepted=True,
            )


def _is_void(said: Iterable[Correction]) -> bool:
    void = False
    for one in said:
        if one.kind in (CorrectionKind.VOID, CorrectionKind.UNVOID):
            void = one.kind is CorrectionKind.VOID
    return void


def _restated(scan: Scan, said: Iterable[Correction]) -> Scan:
    for one in said:
        if one.kind is CorrectionKind.ACCEPT:
            scan = replace(scan, standing=Standing.COUNTS, accepted=True)
        elif one.kind is CorrectionKind.RETIME:
            scan = replace(scan, at=one.at or scan.at, direction=one.direction or scan.direction)
    return scan


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


DEBOUNCE = timedelta(seconds=10)

_MINUTE = timedelta(minutes=1)
_STRENGTH = list(Assurance)

Span = tuple[datetime, datetime]


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
    intervals: tuple[Span, ...] = ()
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

    Left out are cancelled sessions, whose scans are flagged as outside the window, and sessions of
    groups that the person is not registered for, unless a scan says something of them.
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
    held_of = [(one.group, _presence(board, one)) for one in planned if not one.cancelled]
    presences = tuple(one for group, one in held_of if _concerns(board, group, one))
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
    board.stays, alone = stays_of(scans, board.sessions)
    for scan in alone:
        own = [one for one in scans if one.group == scan.group]
        place = own.index(scan)
        board.alone.append((scan, own[place - 1].at if place else None))
        board.flags[scan.uid].add(Flag.OUT_WITHOUT_IN)
    for stay in board.stays:
        _flag_stay(board, stay)


def _flag_stay(board: _Board, stay: Stay) -> None:
    entries = [scan for scan in stay.scans if scan.direction is Direction.IN]
    for scan in entries[1:]:
        board.flags[scan.uid].add(Flag.ALREADY_IN)
    sessions = board.sessions[stay.group]
    if not (stay.earns(board.rules.closing) and any(map(stay.inside, sessions))):
        for scan in stay.scans:
            board.flags[scan.uid].add(Flag.NO_MINUTES)


def _concerns(board: _Board, group: str, presence: Presence) -> bool:
    enrolled = board.rules.enrolled
    if enrolled is None or group in enrolled:
        return True
    return presence.state not in (State.EXPECTED, State.EXCUSED)


def _presence(board: _Board, session: Session) -> Presence:
    stays = [one for one in board.stays if one.group == session.group and one.inside(session)]
    if not stays:
        return _not_seen(board, session)
    earned = [one for one in stays if one.earns(board.rules.closing)]
    intervals = _joined(filter(None, (one.inside(session) for one in earned)))
    flags = _flags_of(stays, session)
    flags |= set() if earned else {Flag.NO_MINUTES}
    flags |= {Flag.CONTRADICTED} if session.id in board.rules.excused else set()
    length = sum((end - start for start, end in intervals), timedelta())
    scans = [scan for stay in stays for scan in stay.scans]
    return Presence(
        session=session.id,
        state=_state_of(flags),
        assurance=min((scan.assurance for scan in scans), key=_STRENGTH.index),
        first_in=stays[0].start,
        last_out=stays[-1].out_at,
        minutes=length // _MINUTE,
        intervals=intervals,
        flags=frozenset(flags),
    )


def _flags_of(stays: Sequence[Stay], session: Session) -> set[Flag]:
    first, last = max(stays[0].start, session.starts_at), min(stays[-1].end, session.ends_at)
    flags = set()
    if first > session.starts_at + session.windows.late:
        flags.add(Flag.LATE)
    if last < session.ends_at - session.windows.early:
        flags.add(Flag.LEFT_EARLY)
    if any(stay.reason is End.MOVED and stay.end <= session.ends_at for stay in stays):
        flags.add(Flag.MOVED)
    if stays[-1].reason is End.OPEN:
        flags.add(Flag.OPEN_END)
    return flags


def _state_of(flags: set[Flag]) -> State:
    """Say late before left early; the flags hold both."""
    if Flag.LATE in flags:
        return State.LATE
    return State.LEFT_EARLY if Flag.LEFT_EARLY in flags else State.PRESENT


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


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
    if any(stay.inside(one) for stay in stays for one in group):
        return flags
    idle = [scan for scan in board.set_aside if scan.group == session.group]
    idle += [scan for stay in stays for scan in stay.scans]
    return flags.union(*(board.flags[scan.uid] & _FOR_REVIEW for scan in idle))


def _built_from(scans: Iterable[Scan], corrections: Iterable[Correction]) -> BuiltFrom:
    uids = sorted({row.uid for row in [*scans, *corrections]})
    return BuiltFrom(len(uids), hashlib.sha256("\n".join(uids).encode()).hexdigest())


class Effect(StrEnum):
    """What comes of a correction: a change, what is so already, or an entry that cannot count."""

    CHANGES = "changes"
    SAME = "same"
    IDLE = "idle"


_CANNOT_COUNT = frozenset({Flag.OUTSIDE_WINDOW, Flag.NO_MINUTES})


@dataclass(frozen=True, kw_only=True)
class History:
    """All that is known of one registration in one event, ready to be folded."""

    sessions: Sequence[Session]
    scans: Sequence[Scan]
    corrections: Sequence[Correction]
    rules: FoldRules

    def folded(self, more: Iterable[Correction] = ()) -> Folded:
        """Fold it, with further corrections if any are given."""
        said = [*self.corrections, *more]
        return fold(self.sessions, self.scans, said, rules=self.rules)

    def entries(self) -> list[Scan]:
        """Return every entry as it holds now, those added and those voided included, by time."""
        never_void = [one for one in self.corrections if one.kind is not CorrectionKind.VOID]
        held, _void = corrected(self.scans, never_void)
        return held

    def effect_of(self, act: Correction) -> Effect:
        """Tell what the act would change.

        An acceptance or an added entry must change what is held of some session: outside the
        hours of the event it never does. A void or unvoid changes the entry itself.
        """
        before = self.folded()
        if act.kind in (CorrectionKind.VOID, CorrectionKind.UNVOID):
            is_void = Flag.VOID in before.scan_flags.get(act.target, ())
            wants_void = act.kind is CorrectionKind.VOID
            return Effect.SAME if is_void is wants_void else Effect.CHANGES
        if act.kind is CorrectionKind.RETIME and self._is_at(act):
            return Effect.SAME
        after = self.folded([act])
        if _held(before) != _held(after):
            return Effect.CHANGES
        entry = act.uid if act.kind is CorrectionKind.ADD else act.target
        if after.scan_flags.get(entry, frozenset()) & _CANNOT_COUNT:
            return Effect.IDLE
        return Effect.SAME if act.kind is CorrectionKind.ACCEPT else Effect.CHANGES

    def _is_at(self, act: Correction) -> bool:
        return any(
            (one.at, one.direction) == (act.at, act.direction or one.direction)
            for one in self.entries()
            if one.uid == act.target
        )


def _held(folded: Folded) -> list[tuple[object, ...]]:
    """Return what counts of each session; a mere reason to look at it is not counted."""
    return [
        (one.session, one.assurance, one.first_in, one.last_out, one.minutes, one.intervals)
        for one in folded.presences
    ]
