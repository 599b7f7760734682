"""What an organiser sees of an event: the board, the desk at the entrance, the participants.

Reads only, with a number of statements that does not depend on how many people there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from attendance.folding import is_in_window, shown_state, state_at
from attendance.models import Direction, Event, Presence, Registration, Scan, Session
from clinic.lib.arithmetic import dates
from clinic.people.arithmetic.matching import normalise_name
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.models import Account
from quizzes import overview
from quizzes.models import Assignment
from quizzes.models.assignments import Phase

SHORTEST_SEARCH = 2
THERE = frozenset(Presence.THERE)
# What the lists show of a registration; the rest of person and unit is long and stays unread.
SHOWN_FIELDS = (
    "uuid",
    "event",
    "state",
    "source",
    "unit_name",
    "position",
    "person__name",
    "person__nip",
    "unit__path",
)
State = Presence.State


@dataclass(frozen=True)
class AttendanceLine:
    """One person on a list; ``state`` is of the sessions asked for, the strongest first."""

    registration: Registration
    state: Presence.State
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


def current_group(sessions: Sequence[Session], now: datetime) -> str:
    """Return the scan group under way, else the next one, else the last."""
    ahead = [row for row in sessions if not row.is_cancelled and row.ends_at > now]
    chosen = ahead[0] if ahead else sessions[-1] if sessions else None
    return chosen.scan_group if chosen else ""


def groups_of(event: Event, sessions: Iterable[Session]) -> list[tuple[str, str]]:
    """Return the scan groups with their sessions in words, and the day where there are several."""
    by_group: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        if not session.is_cancelled:
            by_group[session.scan_group].append(session)
    titles = {group: ", ".join(row.title for row in own) for group, own in by_group.items()}
    if len(by_group) == 1:
        return list(titles.items())
    days = {
        group: dates.format_weekday(dates.local_day(own[0].starts_at, event.zone))
        for group, own in by_group.items()
    }
    return [(group, f"{days[group]}: {title}") for group, title in titles.items()]


def strongest_state(states: Sequence[Presence.State]) -> Presence.State:
    """Return what to say of several sessions: seen in one, then to be checked, then the first."""
    seen = [state for state in states if state in THERE]
    to_check = [state for state in states if state == State.REVIEW]
    return next(iter([*seen, *to_check, *states]), State.EXPECTED)


def lines_of(
    event: Event, sessions: Sequence[Session], now: datetime, *, every_state: bool = False
) -> list[AttendanceLine]:
    """Return the people of an event with what holds of them in these sessions (two queries).

    They come by unit in official order, then by name.
    """
    registrations = event.registrations.all() if every_state else event.registrations.held()
    presences: dict[int, dict[int, Presence]] = defaultdict(dict)
    for presence in Presence.objects.filter(registration__event=event, session__in=sessions):
        presences[presence.registration_id][presence.session_id] = presence
    lines = [
        _make_line(row, sessions, presences.get(row.pk, {}), now)
        for row in registrations.select_related("person", "unit").only(*SHOWN_FIELDS).order_by()
    ]
    return sorted(lines, key=lambda line: line.registration.official_place)


def own_line(
    registration: Registration, sessions: Sequence[Session], now: datetime
) -> AttendanceLine:
    """Return one person's line (one query)."""
    rows = registration.presences.filter(session__in=sessions)
    return _make_line(registration, sessions, {row.session_id: row for row in rows}, now)


def _make_line(
    row: Registration, sessions: Sequence[Session], presences: Mapping[int, Presence], now: datetime
) -> AttendanceLine:
    rows = presences.values()
    return AttendanceLine(
        row,
        strongest_state([shown_state(presences.get(each.pk), each, now) for each in sessions]),
        first_in=min((each.first_in for each in rows if each.first_in), default=None),
        last_out=max((each.last_out for each in rows if each.last_out), default=None),
        minutes=sum(each.minutes for each in rows),
    )


def narrow_by_name(lines: Sequence[AttendanceLine], text: str) -> list[AttendanceLine]:
    """Keep whose name holds every typed word, blind to titles, accents and case; or the code."""
    words = normalise_name(text).split() or text.lower().split()
    return [line for line in lines if all(word in line.words for word in words)]


@dataclass
class HeadCount:
    """How many were expected and what became of them: of a unit, or of everybody."""

    name: str = ""
    expected: int = 0
    there: int = 0
    late: int = 0
    review: int = 0

    @property
    def missing(self) -> int:
        """How many were not seen."""
        return self.expected - self.there

    def add(self, state: Presence.State) -> None:
        self.expected += 1
        self.there += state in THERE
        self.late += state == State.LATE
        self.review += state == State.REVIEW


@dataclass
class Board:
    """Counts of one scan group of an event; ``is_past`` once its last session is over."""

    everybody: HeadCount = field(default_factory=HeadCount)
    units: list[HeadCount] = field(default_factory=list)
    is_past: bool = False

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        text = (
            _(
                "%(there)s of %(expected)s present, %(late)s of them late, %(missing)s absent;"
                " %(review)s to be checked"
            )
            if self.is_past
            else _(
                "%(there)s of %(expected)s present, %(late)s of them late, %(missing)s not recorded"
                " yet; %(review)s to be checked"
            )
        )
        return text % {**vars(self.everybody), "missing": self.everybody.missing}

    @property
    def missing_label(self) -> str:
        """What is said of who was not seen."""
        return _("Absent") if self.is_past else _("Not recorded yet")


def board_of(event: Event, sessions: Sequence[Session], now: datetime) -> Board:
    """Count the people of an event by what holds in these sessions (two queries).

    Units come in official order, who has none last.
    """
    board = Board(is_past=bool(sessions) and all(row.ends_at <= now for row in sessions))
    presences = Presence.objects.filter(registration__event=event, session__in=sessions)
    recorded = {
        (registration, session): (state, flags)
        for registration, session, state, flags in presences.values_list(
            "registration", "session", "state", "flags"
        )
    }
    nothing: tuple[str, list[str]] = (State.EXPECTED, [])
    rows = event.registrations.held().order_by().values_list("pk", "unit__path", "unit_name")
    units: dict[str, HeadCount] = {}
    for key, _path, name in sorted(rows, key=lambda row: (row[1] or "~", row[2])):
        state = strongest_state(
            [
                state_at(*recorded.get((key, session.pk), nothing), session=session, now=now)
                for session in sessions
            ]
        )
        unit = name or _("Without unit")
        units.setdefault(unit, HeadCount(unit)).add(state)
        board.everybody.add(state)
    board.units = list(units.values())
    return board


def count_of(lines: Iterable[AttendanceLine]) -> HeadCount:
    """Count the people of these lines."""
    count = HeadCount()
    for line in lines:
        count.add(line.state)
    return count


def unrecorded(event: Event) -> int:
    """Return how many of those expected were seen in no session."""
    return event.registrations.held().exclude(presences__state__in=Presence.THERE).count()


@dataclass(frozen=True)
class StatusLine:
    """One of the five lines: its name, what is so, and done, doing or todo.

    Attributes:
        url: where it is done; empty where there is no such page, or nothing is left to do.
    """

    name: str
    text: str
    state: str
    url: str = ""

    @property
    def label(self) -> str:
        """The state in words."""
        if self.state == "done":
            return _("Done")
        return pgettext("event", "Under way") if self.state == "doing" else _("Not yet")


def status_lines(event: Event, count: HeadCount, waiting: int) -> list[StatusLine]:
    """Say how far the event is: registration, letter, preparation, scans, report."""

    def to_do(name: str, *args: str) -> str:
        return reverse(name, args=[event.code, *args])

    quizzes = Assignment.objects.in_force().filter(event=event).count()
    values = {"count": count.expected, "capacity": event.capacity, "waiting": waiting}
    registered = (
        ngettext(
            "%(count)d person, no limit of seats",
            "%(count)d people, no limit of seats",
            count.expected,
        )
        if event.capacity is None
        else ngettext(
            "%(count)d person for %(capacity)d seats",
            "%(count)d people for %(capacity)d seats",
            count.expected,
        )
    ) % values
    if waiting:
        registered = f"{registered}; {_('%(waiting)d to be approved') % values}"
    is_draft, is_open = event.state == Event.State.DRAFT, event.state == Event.State.OPEN
    may_plan, may_record = not event.is_final, event.state in Event.ACTIVE_STATES
    return [
        StatusLine(
            _("Registration"),
            registered,
            "doing" if waiting or is_open else "todo" if is_draft else "done",
            to_do("organiser_settings", "periksa") if is_draft and not waiting else "",
        ),
        StatusLine(
            _("Letter"),
            event.letter_number or _("No letter number yet"),
            "done" if event.letter_number else "todo",
            to_do("organiser_settings", "apa") if may_plan and not event.letter_number else "",
        ),
        StatusLine(
            _("Preparation"),
            ngettext("%(count)d quiz assigned", "%(count)d quizzes assigned", quizzes)
            % {"count": quizzes},
            "done" if quizzes else "todo",
            to_do("organiser_settings", "kuis") if may_plan and not quizzes else "",
        ),
        StatusLine(
            _("Attendance"),
            _("%(there)d of %(expected)d present")
            % {"there": count.there, "expected": count.expected},
            "done" if event.is_over else "doing" if count.there else "todo",
            to_do("organiser_door") if may_record and not event.is_over and not count.there else "",
        ),
        StatusLine(
            _("Report"),
            _("Attendance list ready") if count.there else _("After the first person is recorded"),
            "done" if event.is_over and count.there else "todo",
        ),
    ]


@dataclass(frozen=True)
class DeskRow:
    """One person at the desk, for one direction.

    Attributes:
        uid: of the scan that the row's button would make.
        recorded_at: when an entry that is to be checked was made.
        may_record: a press would say something new.
    """

    line: AttendanceLine
    direction: Direction
    uid: UUID
    recorded_at: datetime | None
    may_record: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to record."""
        has_left = self.line.last_out is not None
        return self.line.is_there and (self.direction == Direction.IN or has_left)

    @property
    def has_gone(self) -> bool:
        """Whether it is recorded that the person went out, where that is asked."""
        return self.direction == Direction.OUT and self.line.last_out is not None

    @property
    def status(self) -> str:
        """What is recorded so far, in words; empty where nothing is."""
        if self.has_gone and not self.recorded_at:
            return _("gone out")
        return self.line.label if self.recorded_at or self.line.is_there else ""

    @property
    def status_at(self) -> datetime | None:
        """When it was."""
        return self.line.last_out if self.has_gone else self.line.first_in


def takes_entries(event: Event, sessions: Iterable[Session], now: datetime) -> bool:
    """Tell whether an entry made now lies in the hours of the sessions' group."""
    planned = [session for session in sessions if not session.is_cancelled]
    return is_in_window(event, now, planned)


def desk_rows(
    event: Event,
    sessions: Iterable[Session],
    lines: Sequence[AttendanceLine],
    *,
    direction: Direction,
    is_open: bool,
) -> tuple[list[DeskRow], list[DeskRow]]:
    """Part the lines into who is still to be recorded and who is done (one query).

    Both stay by unit in official order, then by name; who goes out was there before.
    """
    # The last entry of those whose attendance is to be checked.
    scans = Scan.objects.filter(
        event=event,
        scan_group__in={session.scan_group for session in sessions},
        registration__in=[line.registration.pk for line in lines if line.state == State.REVIEW],
    ).order_by("effective_at")
    recorded = dict(scans.values_list("registration", "effective_at"))
    rows = [
        DeskRow(
            line,
            direction,
            uuid4(),
            recorded.get(line.registration.pk),
            may_record=is_open or line.registration.pk not in recorded,
        )
        for line in lines
    ]
    ahead = [row for row in rows if not row.is_done]
    if direction == Direction.OUT:
        ahead.sort(key=lambda row: not row.line.is_there)
    return ahead, [row for row in rows if row.is_done]


DONE, OPEN = "selesai", "belum"
BY_UNIT = "unit"


@dataclass(frozen=True)
class Participant:
    """One participant of the list; ``is_prepared`` is None where the event has no pre-quiz."""

    line: AttendanceLine
    is_prepared: bool | None

    @property
    def registration(self) -> Registration:
        """The registration it is about."""
        return self.line.registration

    @property
    def prepared_label(self) -> str:
        """Whether the pre-quiz is done, in words."""
        return _("done") if self.is_prepared else _("not yet")

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

    def keeps(self, entry: Participant) -> bool:
        """Tell whether the entry is what was asked for."""
        row = entry.registration
        return (
            (not self.state or row.standing == self.state)
            and (not self.unit or row.unit_name == self.unit)
            and (not self.presence or entry.line.state == self.presence)
            and (not self.quiz or entry.is_prepared is (self.quiz == DONE))
        )


@dataclass(frozen=True)
class Listing:
    """The lines that are left, and what the whole list can be narrowed by."""

    entries: list[Participant]
    total: int
    units: list[str]
    has_quiz: bool


def list_participants(
    event: Event, narrowing: Narrowing, *, actor: Account, now: datetime
) -> Listing:
    """Return the event's registrations of every state, narrowed (a fixed number of queries)."""
    lines = lines_of(event, list(event.sessions.all()), now, every_state=True)
    finished = overview.finished_by(event.pk, Phase.PRE, actor=actor)
    entries = [
        Participant(line, None if finished is None else line.registration.person_id in finished)
        for line in (narrow_by_name(lines, narrowing.name) if narrowing.name.strip() else lines)
    ]
    units = {line.registration.unit_name for line in lines}
    return Listing(
        entries=sorted(
            filter(narrowing.keeps, entries),
            key=_sort_by_unit if narrowing.order == BY_UNIT else _sort_by_name,
        ),
        total=len(lines),
        units=sorted(units - {""}),
        has_quiz=finished is not None,
    )


def _sort_by_name(entry: Participant) -> tuple[str, str, int]:
    return entry.name.casefold(), entry.registration.unit_name, entry.registration.pk


def _sort_by_unit(entry: Participant) -> tuple[str, str, int]:
    return entry.registration.unit_name, entry.name.casefold(), entry.registration.pk


def presence_choices() -> list[tuple[str, str]]:
    """Return the words of attendance to narrow by."""
    return [(state.value, str(state.label)) for state in State]
