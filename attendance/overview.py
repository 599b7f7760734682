"""The organiser's events, sorted by where they stand, each with the one thing that presses most."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from attendance.models import Event, Registration, Session
from attendance.planning import taking_place
from quizzes.models import Assignment

State = Event.State


@dataclass(frozen=True)
class Entry:
    """One event of the list.

    Attributes:
        pressing: the one thing that is late or missing, in words; empty where nothing is.
        is_late: it should have been done by now.
    """

    event: Event
    first: Session | None
    pressing: str = ""
    is_late: bool = False


@dataclass
class Shelves:
    """The organiser's events by where they stand."""

    running: list[Entry] = field(default_factory=list)
    coming: list[Entry] = field(default_factory=list)
    drafts: list[Entry] = field(default_factory=list)
    past: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.running or self.coming or self.drafts or self.past)


def shelves_of(rows: Sequence[Event], now: datetime) -> Shelves:
    """Sort events whose sessions are at hand; two further queries whatever their number."""
    proposals = dict(
        Registration.objects.to_approve()
        .filter(event__in=rows)
        .order_by()
        .values_list("event")
        .annotate(Count("pk"))
    )
    phases: dict[object, set[str]] = defaultdict(set)
    given = Assignment.objects.in_force().filter(event__in=[one.uuid for one in rows])
    for event, phase in given.values_list("event", "phase"):
        phases[event].add(phase)
    found = Shelves()
    for event in rows:
        sessions = taking_place(event.sessions.all())
        late = _late(event, sessions, now)
        missing = _missing(event, sessions, proposals.get(event.pk, 0), phases[event.uuid])
        entry = Entry(event, next(iter(sessions), None), late or missing, is_late=bool(late))
        _shelf(found, event, sessions, now).append(entry)
    for shelf in (found.running, found.coming, found.drafts):
        shelf.sort(key=_start)
    found.past.sort(key=_start, reverse=True)
    return found


def _start(entry: Entry) -> float:
    return entry.first.starts_at.timestamp() if entry.first else float("inf")


def _shelf(found: Shelves, event: Event, sessions: Sequence[Session], now: datetime) -> list[Entry]:
    if event.state == State.DRAFT:
        return found.drafts
    if event.is_over or event.state == State.CANCELLED:
        return found.past
    has_begun = bool(sessions) and sessions[0].starts_at <= now
    return found.running if has_begun or event.state == State.RUNNING else found.coming


def _late(event: Event, sessions: Sequence[Session], now: datetime) -> str:
    """Say what the calendar asks for and was not done."""
    if not sessions:
        return ""
    has_begun = sessions[0].starts_at <= now
    is_past = max(one.ends_at for one in sessions) <= now
    if event.state == State.DRAFT and has_begun:
        return _("The first session has begun, and registration was never opened.")
    if event.state in (State.OPEN, State.CLOSED, State.RUNNING) and is_past:
        return _("All sessions are over. End the event.")
    if event.state in (State.OPEN, State.CLOSED) and has_begun:
        return _("The first session has begun. Close registration and begin the event.")
    return ""


def _missing(event: Event, sessions: Sequence[Session], proposals: int, phases: set[str]) -> str:
    """Say what is not planned yet."""
    if event.state == State.ENDED:
        return _("Finalise the event once attendance is corrected.")
    if event.is_over or event.state == State.CANCELLED:
        return ""
    wanted = {
        _("No session is planned yet."): not sessions,
        _("Registration is not open yet."): event.state == State.DRAFT,
        _("%(waiting)d to be approved") % {"waiting": proposals}: proposals > 0,
        _("No quiz is given yet."): not phases,
    }
    return next((text for text, is_wanted in wanted.items() if is_wanted), "")
