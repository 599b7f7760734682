"""What an organiser sees of an event: lists of people, counts by unit, the six lines of status.

What the desk sees: whom to record next, whom it has recorded, what is to be checked.

The organiser's list of everybody registered: narrowed, sorted by name or unit alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from attendance.folding import is_in_window, shown_state
from attendance.models import Direction, Event, Presence, Registration, Scan, Session
from clinic.lib.arithmetic import dates
from clinic.people.arithmetic.matching import normalise_name
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.models import Account
from quizzes import overview
from quizzes.models import Assignment
from quizzes.models.assignments import Phase

State = Presence.State

SHORTEST_SEARCH = 2
DOOR = "absen"
THERE = frozenset(Presence.THERE)


@dataclass(frozen=True)
class Line:
    """One person on a list; ``state`` is of the sessions asked for, the strongest first."""

    registration: Registration
    state: State
    first_in: datetime | None
    last_out: datetime | None
    minutes: int

    @property
    def label(self) -> str:
        """The state in words."""
        return str(self.state.label)

    @property
    def is_there(self) -> bool:
        """Whether the person was seen."""
        return self.state in THERE

    @property
    def words(self) -> str:
        """The name as it is searched: in small letters, without titles and accents, and as is."""
        name = self.registration.person.name
        return f"{normalise_name(name)} {name.lower()}"


@dataclass
class UnitCount:
    """How many of a unit are expected and were seen."""

    name: str
    expected: int = 0
    there: int = 0

    @property
    def missing(self) -> int:
        """How many were not seen."""
        return self.expected - self.there


@dataclass(frozen=True)
class Status:
    """One of the six lines: its name, what is so, and done, doing, todo or late.

    Attributes:
        place: the step of the plan where it is done, or ``DOOR``; empty where there is no place.
    """

    name: str
    text: str
    state: str
    place: str = ""


@dataclass
class Board:
    """Counts of one scan group of an event; ``is_past`` once its last session is over."""

    expected: int = 0
    there: int = 0
    late: int = 0
    review: int = 0
    is_past: bool = False
    units: list[UnitCount] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many were not seen."""
        return self.expected - self.there


def current_group(sessions: Sequence[Session], now: datetime) -> str:
    """Return the scan group under way, else the next one, else the last."""
    ahead = [one for one in sessions if not one.is_cancelled and one.ends_at > now]
    chosen = ahead[0] if ahead else sessions[-1] if sessions else None
    return chosen.scan_group if chosen else ""


def groups_of(event: Event, sessions: Iterable[Session]) -> list[tuple[str, str]]:
    """Return the scan groups with their sessions in words, and the day where there are several."""
    held: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        if not session.is_cancelled:
            held[session.scan_group].append(session)
    titles = {group: ", ".join(one.title for one in own) for group, own in held.items()}
    if len(held) == 1:
        return list(titles.items())
    days = {
        group: dates.format_weekday(dates.local_day(own[0].starts_at, event.zone))
        for group, own in held.items()
    }
    return [(group, f"{days[group]}: {title}") for group, title in titles.items()]


def lines_of(
    event: Event, sessions: Sequence[Session], now: datetime, *, every_state: bool = False
) -> list[Line]:
    """Return the people of an event with what is held of them in these sessions (two queries).

    They come by unit in official order, then by name.
    """
    rows = event.registrations.all() if every_state else event.registrations.held()
    held: dict[int, dict[int, Presence]] = defaultdict(dict)
    found = Presence.objects.filter(
        registration__event=event, session__in=[one.pk for one in sessions]
    )
    for one in found:
        held[one.registration_id][one.session_id] = one
    lines = [
        _line(row, sessions, held.get(row.pk, {}), now)
        for row in rows.select_related("person", "unit")
    ]
    return sorted(lines, key=lambda line: line.registration.official_place)


def _line(
    row: Registration, sessions: Sequence[Session], held: Mapping[int, Presence], now: datetime
) -> Line:
    states = [shown_state(held.get(one.pk), one, now) for one in sessions]
    seen = [state for state in states if state in THERE]
    to_check = [state for state in states if state == State.REVIEW]
    state = next(iter([*seen, *to_check, *states]), State.EXPECTED)
    came = [one.first_in for one in held.values() if one.first_in]
    left = [one.last_out for one in held.values() if one.last_out]
    minutes = sum(one.minutes for one in held.values())
    return Line(row, state, min(came, default=None), max(left, default=None), minutes)


def found_by_name(lines: Sequence[Line], text: str) -> list[Line]:
    """Keep whose name holds every typed word, blind to titles, accents and case; or the code."""
    words = normalise_name(text).split() or text.lower().split()
    return [line for line in lines if all(word in line.words for word in words)]


def board_of(lines: Sequence[Line]) -> Board:
    """Count expected, present, late, missing, and the same by unit, units as the lines come."""
    board = Board()
    units: dict[str, UnitCount] = {}
    for line in lines:
        unit = line.registration.unit_name or _("Without unit")
        count = units.setdefault(unit, UnitCount(unit))
        count.expected += 1
        count.there += line.is_there
        board.expected += 1
        board.there += line.is_there
        board.late += line.state == State.LATE
        board.review += line.state == State.REVIEW
    board.units = list(units.values())
    return board


def unrecorded(event: Event) -> int:
    """Return how many of those expected were seen in no session."""
    return event.registrations.held().exclude(presences__state__in=Presence.THERE).count()


def six_lines(event: Event, board: Board) -> list[Status]:
    """Say how far the event is: registration, letter, preparation, scans, certificates, report."""
    waiting = event.registrations.to_approve().count()
    quizzes = Assignment.objects.in_force().filter(event=event).count()
    return [
        _registration_line(event, board, waiting),
        *_plan_lines(event, quizzes),
        Status(
            _("Attendance"),
            _("%(there)d of %(expected)d present")
            % {"there": board.there, "expected": board.expected},
            "done" if event.is_over else "doing" if board.there else "todo",
            DOOR if event.state in Event.ACTIVE_STATES else "",
        ),
        Status(_("Certificates"), _("After the event is finalised"), "todo"),
        Status(
            _("Report"),
            _("Attendance list ready") if board.there else _("After the first person is recorded"),
            "done" if event.is_over and board.there else "todo",
        ),
    ]


def _plan_lines(event: Event, quizzes: int) -> list[Status]:
    may_plan = not event.is_final
    return [
        Status(
            _("Letter"),
            event.letter_number or _("No letter number yet"),
            "done" if event.letter_number else "todo",
            "apa" if may_plan else "",
        ),
        Status(
            _("Preparation"),
            _("%(count)d quizzes assigned") % {"count": quizzes},
            "done" if quizzes else "todo",
            "kuis" if may_plan else "",
        ),
    ]


def _registration_line(event: Event, board: Board, waiting: int) -> Status:
    told: dict[str, Any] = {"count": board.expected, "capacity": event.capacity, "waiting": waiting}
    text = (
        _("%(count)d people, no limit of seats")
        if event.capacity is None
        else _("%(count)d people for %(capacity)d seats")
    ) % told
    if waiting:
        return Status(
            _("Registration"), f"{text}; {_('%(waiting)d to be approved') % told}", "doing"
        )
    known = {Event.State.DRAFT: "todo", Event.State.OPEN: "doing"}
    return Status(_("Registration"), text, known.get(Event.State(event.state), "done"), "periksa")


@dataclass(frozen=True)
class DeskRow:
    """One person at the desk.

    Attributes:
        uid: of the scan that the row's button would make.
        recorded_at: when an entry that is to be checked was made.
        may_record: a press would say something new.
    """

    line: Line
    uid: UUID
    recorded_at: datetime | None
    may_record: bool


@dataclass(frozen=True)
class Lists:
    """Whom the desk waits for, and who is done; each by unit in official order, then by name."""

    ahead: list[DeskRow]
    done: list[DeskRow]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk of one scan group at one moment, for one direction."""

    event: Event
    sessions: Sequence[Session]
    direction: Direction
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether an entry made now lies in the hours of the group."""
        planned = [session for session in self.sessions if not session.is_cancelled]
        return is_in_window(self.event, self.now, planned)

    def lists_of(self, lines: Iterable[Line]) -> Lists:
        """Part the lines into who is still to be recorded and who is done (one query)."""
        lines = list(lines)
        seen = self._seen([line for line in lines if line.state == State.REVIEW])
        is_open = self.is_open
        rows = [
            DeskRow(
                line,
                uuid4(),
                seen.get(line.registration.pk),
                may_record=is_open or line.registration.pk not in seen,
            )
            for line in lines
        ]
        done = [row for row in rows if self._is_done(row.line)]
        ahead = [row for row in rows if not self._is_done(row.line)]
        if self.direction == Direction.OUT:
            ahead.sort(key=lambda row: not row.line.is_there)
        return Lists(ahead, done)

    def _is_done(self, line: Line) -> bool:
        has_left = line.last_out is not None
        return line.is_there and (self.direction == Direction.IN or has_left)

    def _seen(self, lines: Sequence[Line]) -> dict[int, datetime]:
        """Return the last entry of those whose attendance is to be checked."""
        rows = Scan.objects.filter(
            event=self.event,
            scan_group__in={one.scan_group for one in self.sessions},
            registration__in=[line.registration.pk for line in lines],
        ).order_by("effective_at")
        return dict(rows.values_list("registration", "effective_at"))


DONE, OPEN = "selesai", "belum"
BY_UNIT = "unit"


@dataclass(frozen=True)
class Entry:
    """One line of the list; ``is_prepared`` is None where the event has no pre-quiz."""

    line: Line
    is_prepared: bool | None

    @property
    def registration(self) -> Registration:
        """The registration it is about."""
        return self.line.registration

    @property
    def masked_nip(self) -> str:
        """The NIP without the digits that nobody needs here."""
        return mask_nip(self.registration.person.nip)

    @property
    def name(self) -> str:
        """The person's name."""
        return self.registration.person.name


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What the list is narrowed to; an empty word narrows nothing."""

    name: str = ""
    state: str = ""
    unit: str = ""
    presence: str = ""
    quiz: str = ""
    order: str = ""


@dataclass(frozen=True)
class Listing:
    """The lines that are left, and what the whole list can be narrowed by."""

    entries: list[Entry]
    total: int
    units: list[str]
    has_quiz: bool


def listing(event: Event, wanted: Narrowing, *, actor: Account, now: datetime) -> Listing:
    """Return the event's registrations of every state, as wanted (a fixed number of queries)."""
    lines = lines_of(event, list(event.sessions.all()), now, every_state=True)
    finished = overview.finished_by(event.pk, Phase.PRE, actor=actor)
    found = found_by_name(lines, wanted.name) if wanted.name.strip() else lines
    entries = [
        Entry(line, None if finished is None else line.registration.person_id in finished)
        for line in found
    ]
    kept = [one for one in entries if all(check(one) for check in _checks(wanted))]
    return Listing(
        entries=sorted(kept, key=_by_unit if wanted.order == BY_UNIT else _by_name),
        total=len(lines),
        units=sorted({one.registration.unit_name for one in lines if one.registration.unit_name}),
        has_quiz=finished is not None,
    )


def _checks(wanted: Narrowing) -> list[Callable[[Entry], bool]]:
    checks: list[Callable[[Entry], bool]] = []
    if wanted.state:
        checks.append(lambda one: one.registration.standing == wanted.state)
    if wanted.unit:
        checks.append(lambda one: one.registration.unit_name == wanted.unit)
    if wanted.presence:
        checks.append(lambda one: one.line.state == wanted.presence)
    if wanted.quiz:
        checks.append(lambda one: one.is_prepared is (wanted.quiz == DONE))
    return checks


def _by_name(entry: Entry) -> tuple[str, str, int]:
    return entry.name.casefold(), entry.registration.unit_name, entry.registration.pk


def _by_unit(entry: Entry) -> tuple[str, str, int]:
    return entry.registration.unit_name, entry.name.casefold(), entry.registration.pk


def presence_choices() -> list[tuple[str, str]]:
    """Return the words of attendance to narrow by."""
    return [(state.value, str(state.label)) for state in State]
