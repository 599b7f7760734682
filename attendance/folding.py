"""From scans and corrections to presences: one fold, the same whatever order they came in.

Steps: apply corrections, set aside what does not count or lies outside the windows, sort by time
and uid, count a double scan once, make stays, clip to each session, judge. All of it reads rows,
saved or not, and makes no query.

Within a group an ``in`` begins a stay and an ``out`` ends it; a further ``in`` meanwhile says
nothing new. Groups whose sessions overlap are rivals: an ``in`` to one ends a stay in the other at
that moment, so that no minute counts twice.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from attendance.models import Correction, Direction, Event, Presence, Scan, Session

DEBOUNCE = timedelta(seconds=10)
Assurance = Presence.Assurance
Span = tuple[datetime, datetime]

ASSURANCE_OF = {
    Scan.Kind.BADGE: Assurance.WITNESSED,
    Scan.Kind.WALK_IN: Assurance.WITNESSED,
    Scan.Kind.SUBSTITUTE: Assurance.WITNESSED,
    Scan.Kind.MANUAL: Assurance.MANUAL,
    Scan.Kind.IMPORT: Assurance.MANUAL,
    Scan.Kind.PAPER: Assurance.PAPER,
    Scan.Kind.SELF: Assurance.SELF,
    Scan.Kind.KIOSK: Assurance.SELF,
}
_STRENGTH = list(Assurance)


@dataclass(frozen=True, kw_only=True)
class CorrectedEntry:
    """A scan as its corrections leave it, or an entry that somebody added.

    Attributes:
        uid: of the scan, or of the correction that added it; it breaks ties of time.
        accepted: an organiser let it count, or confirmed what the person claimed alone.
    """

    uid: str
    group: str
    direction: str
    at: datetime
    kind: str
    standing: str = Scan.Standing.COUNTS
    accepted: bool = False

    @classmethod
    def of(cls, scan: Scan) -> "CorrectedEntry":
        """Return the scan as it came in."""
        return cls(
            uid=str(scan.uid),
            group=scan.scan_group,
            direction=scan.direction,
            at=scan.effective_at,
            kind=scan.kind,
            standing=scan.standing,
        )

    @property
    def assurance(self) -> Assurance:
        own = ASSURANCE_OF[Scan.Kind(self.kind)]
        return Assurance.COUNTERSIGNED if self.accepted and own == Assurance.SELF else own


def apply_corrections(
    scans: Iterable[Scan], corrections: Iterable[Correction]
) -> tuple[list[CorrectedEntry], set[str]]:
    """Apply corrections to scans, whatever order both come in.

    The last correction by ``(created_at, uid)`` of its kind wins. Its target is the uid of a scan
    or of the correction that added an entry; for ``add`` it is the scan group.

    Returns:
        The entries that hold, those added included, sorted by (at, uid); and the uids voided.
    """
    Kind = Correction.Kind  # noqa: N806 - the class
    entries = {str(scan.uid): CorrectedEntry.of(scan) for scan in scans}
    by_uid = {str(row.uid): row for row in corrections}
    ordered = sorted(by_uid.items(), key=lambda item: (item[1].created_at, item[0]))
    for uid, row in ordered:
        if row.kind == Kind.ADD and row.at and row.direction:
            entries[uid] = CorrectedEntry(
                uid=uid,
                group=row.target,
                direction=row.direction,
                at=row.at,
                kind=Scan.Kind.MANUAL,
                accepted=True,
            )
    void = set()
    for _uid, row in ordered:
        entry = entries.get(row.target)
        if entry is None:
            continue
        if row.kind == Kind.VOID:
            void.add(row.target)
        elif row.kind == Kind.UNVOID:
            void.discard(row.target)
        elif row.kind == Kind.ACCEPT:
            counts = Scan.Standing.COUNTS
            entries[row.target] = replace(entry, standing=counts, accepted=True)
        elif row.kind == Kind.RETIME:
            entries[row.target] = replace(
                entry, at=row.at or entry.at, direction=row.direction or entry.direction
            )
    kept = [entry for uid, entry in entries.items() if uid not in void]
    return sorted(kept, key=lambda entry: (entry.at, entry.uid)), void


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
        entries: all that belong to the stay, the repeated ``in`` included.
    """

    group: str
    start: datetime
    end: datetime
    reason: End = End.OPEN
    entries: list[CorrectedEntry] = field(default_factory=list)

    def earns(self, closing: str) -> bool:
        """Tell whether the stay gives minutes; one that was not left may give none."""
        return closing == Event.Closing.CLOSE_AT_END or self.reason != End.OPEN

    def inside(self, session: Session) -> Span | None:
        """Clip the stay to a session of its group; None if not a moment is left."""
        start, end = max(self.start, session.starts_at), min(self.end, session.ends_at)
        return (start, end) if start < end else None


def stays_of(
    entries: Iterable[CorrectedEntry], sessions: Mapping[str, Sequence[Session]]
) -> tuple[list[Stay], list[CorrectedEntry]]:
    """Turn entries, sorted by time, into stays; one not left lasts to the end of its group.

    Args:
        entries: of one person, each of a group in ``sessions``.
        sessions: by group, at least one each.

    Returns:
        The stays in the order they began, and each ``out`` that no ``in`` came before.
    """
    rivals = {
        group: {
            other
            for other, theirs in sessions.items()
            if other != group
            and any(
                mine.starts_at < its.ends_at and its.starts_at < mine.ends_at
                for mine in own
                for its in theirs
            )
        }
        for group, own in sessions.items()
    }
    stays: list[Stay] = []
    alone: list[CorrectedEntry] = []
    present: dict[str, Stay] = {}
    for entry in entries:
        if entry.direction == Direction.IN:
            for rival in rivals[entry.group] & present.keys():
                left = present.pop(rival)
                left.end, left.reason = entry.at, End.MOVED
            if entry.group not in present:
                ends_at = max(session.ends_at for session in sessions[entry.group])
                present[entry.group] = Stay(entry.group, entry.at, max(entry.at, ends_at))
                stays.append(present[entry.group])
            present[entry.group].entries.append(entry)
        elif entry.group in present:
            left = present.pop(entry.group)
            left.entries.append(entry)
            left.end, left.reason = entry.at, End.OUT
        else:
            alone.append(entry)
    return stays, alone


class Flag(StrEnum):
    """What somebody should know of an entry or a presence beside its state."""

    VOID = "void"
    WAITS = "waits"
    STOPPED = "stopped"
    OUTSIDE_WINDOW = "outside_window"
    DEBOUNCED = "debounced"
    ALREADY_IN = "already_in"
    OUT_WITHOUT_IN = "out_without_in"
    NO_MINUTES = "no_minutes"
    OPEN_END = "open_end"
    MOVED = "moved"
    LATE = "late"
    LEFT_EARLY = "left_early"


_FOR_REVIEW = frozenset({Flag.WAITS, Flag.OUTSIDE_WINDOW, Flag.NO_MINUTES})


@dataclass(frozen=True)
class Folded:
    """Presences in the order of the sessions, not saved, and the flags of each entry with any."""

    presences: list[Presence]
    entry_flags: dict[str, frozenset[Flag]]


@dataclass
class _FoldState:
    """What the entries of one person come to, before each session is judged."""

    event: Event
    sessions: dict[str, list[Session]]
    flags: dict[str, set[Flag]] = field(default_factory=lambda: defaultdict(set))
    set_aside: list[CorrectedEntry] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    alone: list[tuple[CorrectedEntry, datetime | None]] = field(default_factory=list)


def fold(
    event: Event,
    sessions: Iterable[Session],
    scans: Iterable[Scan],
    corrections: Iterable[Correction] = (),
) -> Folded:
    """Fold all scans and corrections of one registration into its presences.

    Left out are cancelled sessions, whose scans are flagged as outside the window.
    """
    scans, corrections = list(scans), list(corrections)
    planned = sorted(
        (session for session in sessions if not session.is_cancelled),
        key=lambda session: (session.starts_at, session.pk),
    )
    by_group: dict[str, list[Session]] = defaultdict(list)
    for session in planned:
        by_group[session.scan_group].append(session)
    work = _FoldState(event, dict(by_group))
    entries, void = apply_corrections(scans, corrections)
    for uid in void:
        work.flags[uid].add(Flag.VOID)
    _make_stays(work, _count_doubles_once(work, _set_aside(work, entries)))

    uids = sorted({str(row.uid) for row in scans} | {str(row.uid) for row in corrections})
    digest = hashlib.sha256("\n".join(uids).encode()).hexdigest()
    presences = [_judge_session(work, session) for session in planned]
    for presence in presences:
        presence.built_count, presence.built_digest = len(uids), digest
    flags = {uid: frozenset(some) for uid, some in sorted(work.flags.items()) if some}
    return Folded(presences, flags)


def is_in_window(event: Event, at: datetime, sessions: Sequence[Session]) -> bool:
    """Tell whether a scan lies between the first opening and the last closing of its group."""
    return bool(sessions) and (
        min(session.starts_at for session in sessions) - event.minutes_of("opens")
        <= at
        <= max(session.ends_at for session in sessions) + event.minutes_of("closes")
    )


def is_double(entry: CorrectedEntry, before: CorrectedEntry | None) -> bool:
    """Tell whether an entry merely repeats the one before it: same way, same group, under 10 s."""
    return (
        before is not None
        and (entry.group, entry.direction) == (before.group, before.direction)
        and entry.at - before.at < DEBOUNCE
    )


def _set_aside(work: _FoldState, entries: Iterable[CorrectedEntry]) -> list[CorrectedEntry]:
    """Return the entries that count; the others are set aside with a flag that says why.

    Acceptance lets an entry count outside its window too; it is clipped all the same.
    """
    counting = []
    for entry in entries:
        reason = None
        if entry.standing != Scan.Standing.COUNTS:
            waits = entry.standing == Scan.Standing.WAITS
            reason = Flag.WAITS if waits else Flag.STOPPED
        elif entry.group not in work.sessions or (
            not entry.accepted
            and not is_in_window(work.event, entry.at, work.sessions[entry.group])
        ):
            reason = Flag.OUTSIDE_WINDOW
        if reason is None:
            counting.append(entry)
        else:
            work.flags[entry.uid].add(reason)
            work.set_aside.append(entry)
    return counting


def _count_doubles_once(
    work: _FoldState, entries: Sequence[CorrectedEntry]
) -> list[CorrectedEntry]:
    """Drop doubles; where the double is the surer of the two, the entry that counts gains by it."""
    single = list(entries[:1])
    for before, entry in pairwise(entries):
        if is_double(entry, before):
            work.flags[entry.uid].add(Flag.DEBOUNCED)
            if _STRENGTH.index(entry.assurance) < _STRENGTH.index(single[-1].assurance):
                single[-1] = replace(single[-1], kind=entry.kind, accepted=entry.accepted)
        else:
            single.append(entry)
    return single


def _make_stays(work: _FoldState, entries: Sequence[CorrectedEntry]) -> None:
    work.stays, alone = stays_of(entries, work.sessions)
    for entry in alone:
        own = [other for other in entries if other.group == entry.group]
        index = own.index(entry)
        work.alone.append((entry, own[index - 1].at if index else None))
        work.flags[entry.uid].add(Flag.OUT_WITHOUT_IN)
    for stay in work.stays:
        comings = [entry for entry in stay.entries if entry.direction == Direction.IN]
        for entry in comings[1:]:
            work.flags[entry.uid].add(Flag.ALREADY_IN)
        is_seen = any(stay.inside(session) for session in work.sessions[stay.group])
        if not (is_seen and stay.earns(work.event.closing)):
            for entry in stay.entries:
                work.flags[entry.uid].add(Flag.NO_MINUTES)


def _judge_session(work: _FoldState, session: Session) -> Presence:
    """Say what holds of one session: ``late`` before ``left_early``; the flags hold both."""
    event = work.event
    stays = [
        stay
        for stay in work.stays
        if stay.group == session.scan_group and stay.inside(session) is not None
    ]
    if not stays:
        flags = _find_reasons_to_look(work, session)
        state = Presence.State.REVIEW if flags else Presence.State.EXPECTED
        return Presence(session=session, state=state, flags=sorted(flag.value for flag in flags))

    earned = [stay for stay in stays if stay.earns(event.closing)]
    intervals: list[Span] = []
    for stay in earned:
        start, end = stay.inside(session) or (stay.start, stay.start)
        if intervals and intervals[-1][1] == start:
            intervals[-1] = (intervals[-1][0], end)
        else:
            intervals.append((start, end))

    flags = set() if earned else {Flag.NO_MINUTES}
    first = max(stays[0].start, session.starts_at)
    last = min(stays[-1].end, session.ends_at)
    if first > session.starts_at + event.minutes_of("late"):
        flags.add(Flag.LATE)
    if last < session.ends_at - event.minutes_of("early"):
        flags.add(Flag.LEFT_EARLY)
    if any(stay.reason == End.MOVED and stay.end <= session.ends_at for stay in stays):
        flags.add(Flag.MOVED)
    if stays[-1].reason == End.OPEN:
        flags.add(Flag.OPEN_END)
    state = Presence.State.PRESENT
    if Flag.LATE in flags:
        state = Presence.State.LATE
    elif Flag.LEFT_EARLY in flags:
        state = Presence.State.LEFT_EARLY
    entries = [entry for stay in stays for entry in stay.entries]
    length = sum((end - start for start, end in intervals), timedelta())
    return Presence(
        session=session,
        state=state,
        assurance=min((entry.assurance for entry in entries), key=_STRENGTH.index),
        first_in=stays[0].start,
        last_out=stays[-1].end if stays[-1].reason == End.OUT else None,
        minutes=length // timedelta(minutes=1),
        intervals=[[start.isoformat(), end.isoformat()] for start, end in intervals],
        flags=sorted(flag.value for flag in flags),
    )


def _find_reasons_to_look(work: _FoldState, session: Session) -> set[Flag]:
    """Collect why a session in which nobody was seen needs a person to look.

    An ``out`` alone speaks for the sessions begun since the entry before it; any other entry that
    earns nothing speaks only where the person is seen nowhere in the group.
    """
    group = session.scan_group
    flags = {
        Flag.OUT_WITHOUT_IN
        for entry, before in work.alone
        if entry.group == group
        and session.starts_at < entry.at
        and (before is None or session.ends_at > before)
    }
    stays = [stay for stay in work.stays if stay.group == group]
    if any(stay.inside(other) for stay in stays for other in work.sessions[group]):
        return flags
    idle = [entry for entry in work.set_aside if entry.group == group]
    idle += [entry for stay in stays for entry in stay.entries]
    return flags.union(*(work.flags[entry.uid] & _FOR_REVIEW for entry in idle))


def shown_state(presence: Presence | None, session: Session, now: datetime) -> Presence.State:
    """Give the state to show of a presence; None where nothing was recorded."""
    if presence is None:
        return state_at(Presence.State.EXPECTED, (), session, now)
    return state_at(presence.state, presence.flags, session, now)


def state_at(state: str, flags: Collection[str], session: Session, now: datetime) -> Presence.State:
    """Give the state to show: once a session is over, who was only expected is absent.

    Who came in but earned nothing, in a room where leaving must be scanned, is then for review.
    """
    if now >= session.ends_at:
        if state == Presence.State.EXPECTED:
            return Presence.State.ABSENT
        if Flag.NO_MINUTES in flags:
            return Presence.State.REVIEW
    return Presence.State(state)


class Effect(StrEnum):
    """What comes of a correction: a change, what is so already, or an entry that cannot count."""

    CHANGES = "changes"
    SAME = "same"
    IDLE = "idle"


_CANNOT_COUNT = frozenset({Flag.OUTSIDE_WINDOW, Flag.NO_MINUTES})


@dataclass(frozen=True, kw_only=True)
class History:
    """All that is known of one registration in one event, ready to be folded.

    A correction that leaves everything as it is would stand in the log as if something had been
    decided; who asks for it is told instead what to do (C20).
    """

    event: Event
    sessions: Sequence[Session]
    scans: Sequence[Scan]
    corrections: Sequence[Correction]

    def folded(self, *more: Correction) -> Folded:
        """Fold it, with further corrections if any are given."""
        return fold(self.event, self.sessions, self.scans, [*self.corrections, *more])

    def entries(self) -> list[CorrectedEntry]:
        """Return every entry as it holds now, those added and those voided included, by time."""
        kept = [row for row in self.corrections if row.kind != Correction.Kind.VOID]
        return apply_corrections(self.scans, kept)[0]

    def effect_of(self, act: Correction) -> Effect:
        """Tell what the correction would change.

        An acceptance or an added entry must change what holds of some session: outside the hours
        of the event it never does. A void or unvoid changes the entry itself.
        """
        Kind = Correction.Kind  # noqa: N806 - the class
        before = self.folded()
        if act.kind in (Kind.VOID, Kind.UNVOID):
            is_void = Flag.VOID in before.entry_flags.get(act.target, ())
            return Effect.SAME if is_void == (act.kind == Kind.VOID) else Effect.CHANGES
        if act.kind == Kind.RETIME and any(
            (entry.at, entry.direction) == (act.at, act.direction or entry.direction)
            for entry in self.entries()
            if entry.uid == act.target
        ):
            return Effect.SAME
        after = self.folded(act)
        if _list_what_counts(before) != _list_what_counts(after):
            return Effect.CHANGES
        entry = str(act.uid) if act.kind == Kind.ADD else act.target
        if after.entry_flags.get(entry, frozenset()) & _CANNOT_COUNT:
            return Effect.IDLE
        return Effect.SAME if act.kind == Kind.ACCEPT else Effect.CHANGES


def _list_what_counts(folded: Folded) -> list[tuple[object, ...]]:
    """Return what counts of each session; a mere reason to look at it is not counted."""
    return [
        (row.session_id, row.assurance, row.first_in, row.last_out, row.minutes, row.intervals)
        for row in folded.presences
    ]
