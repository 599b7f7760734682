"""The event at a glance: where it stands on its way, its seats, and what is to be done next.

Made of rows that were read already; the counts of the seats are one query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from attendance.models import Event, Registration, Session
from clinic.lib.arithmetic import dates
from quizzes.models import Assignment
from quizzes.models.assignments import Phase

State = Event.State
MOST_STEPS = 3
MOST_SQUARES = 10
SQUARE = 16  # pixels from one square to the next


@dataclass(frozen=True)
class Milestone:
    """One station on the way of an event: its name, when, and done, doing or todo."""

    name: str
    when: str
    state: str

    @property
    def label(self) -> str:
        """The state in words, for who does not see the line."""
        if self.state == "done":
            return _("Done")
        return pgettext("event", "Under way") if self.state == "doing" else _("Not yet")


def way_of(
    event: Event, sessions: Sequence[Session], given: Sequence[Assignment], now: datetime
) -> list[Milestone]:
    """Return the stations from the plan to the locked counts; none of a cancelled event."""
    if event.is_cancelled:
        return []
    planned = [session for session in sessions if not session.is_cancelled]
    is_over, is_draft = event.is_over, event.state == State.DRAFT
    has_begun = not is_over and bool(planned) and event.has_begun(now)
    is_open = event.state == State.OPEN and not has_begun
    post = next((row for row in given if row.phase == Phase.POST), None)
    way = [
        Milestone(_("Plan"), "", "doing" if is_draft else "done"),
        Milestone(
            _("Registration"),
            str(event.get_state_display()) if event.state in (State.OPEN, State.CLOSED) else "",
            "todo" if is_draft else "doing" if is_open else "done",
        ),
        Milestone(
            _("Day of the event"),
            _day(planned[0].starts_at, event.zone) if planned else _("not planned yet"),
            "done" if is_over else "doing" if has_begun and not is_draft else "todo",
        ),
    ]
    if post is not None:
        is_closed = post.closes_at is not None and post.closes_at <= now
        quiz = "done" if is_closed else "doing" if is_over else "todo"
        way.append(Milestone(_("Post-quiz"), _describe_window(post, event.zone), quiz))
    state = "done" if event.is_final else "doing" if is_over else "todo"
    way.append(Milestone(_("Locked"), _("once attendance is corrected"), state))
    return way


def _describe_window(quiz: Assignment, zone: str) -> str:
    days = [dates.local_day(at, zone) for at in (quiz.opens_at, quiz.closes_at) if at is not None]
    first, last = min(days, default=None), max(days, default=None)
    if first is None or last is None:
        return ""
    if first != last and (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{dates.format_date(last)}"
    return "–".join(dict.fromkeys([dates.format_date(first), dates.format_date(last)]))


def _day(at: datetime, zone: str) -> str:
    return dates.format_date(dates.local_day(at, zone))


@dataclass(frozen=True)
class Seats:
    """How many seats are registered, invited without an answer, and free; and who waits.

    ``capacity`` is None without a limit; the ring then stands for those who are asked.
    """

    capacity: int | None
    registered: int
    unanswered: int
    waiting: int

    @property
    def free(self) -> int:
        """Seats that nobody has; 0 without a limit."""
        if self.capacity is None:
            return 0
        return max(self.capacity - self.registered - self.unanswered, 0)

    @property
    def whole(self) -> int:
        """What the whole ring stands for, at least 1."""
        return max(self.registered + self.unanswered + self.free, 1)

    @property
    def arcs(self) -> tuple[str, str]:
        """The dashes, of 100, of who is registered, and of everybody asked."""
        registered = 100 * self.registered / self.whole
        asked = 100 * (self.registered + self.unanswered) / self.whole
        return f"{registered:.1f} 100", f"{asked:.1f} 100"

    @property
    def under_figure(self) -> str:
        """What stands below the large figure."""
        if self.capacity is None:
            return _("no limit of seats")
        return ngettext("of %(count)d seat", "of %(count)d seats", self.capacity) % {
            "count": self.capacity
        }

    @property
    def sentence(self) -> str:
        """The ring in words."""
        parts = [_("%(count)d registered") % {"count": self.registered}]
        if self.unanswered:
            parts.append(_("%(count)d have not answered") % {"count": self.unanswered})
        if self.waiting:
            parts.append(_("%(count)d on the waiting list") % {"count": self.waiting})
        return ", ".join(parts)


def seats_of(event: Event) -> Seats:
    """Count the seats of an event (one query)."""
    states = Registration.State
    held = Q(state__in=Registration.HELD_STATES)
    counts = event.registrations.aggregate(
        registered=Count("pk", filter=held & ~Q(state=states.NOMINATED)),
        unanswered=Count("pk", filter=Q(state=states.NOMINATED)),
        waiting=Count("pk", filter=Q(state=states.WAITLISTED)),
    )
    return Seats(event.capacity, **counts)


@dataclass(frozen=True)
class UnitSeats:
    """The people of one unit who are asked to come, and how many of them are registered."""

    name: str
    asked: int
    registered: int

    @property
    def squares(self) -> list[tuple[int, bool]]:
        """Each seat by its place from the left, in pixels, and whether it is taken."""
        shown = min(self.asked, MOST_SQUARES)
        return [(SQUARE * place, place < self.registered) for place in range(shown)]

    @property
    def width(self) -> int:
        """The width of all squares, in pixels."""
        return SQUARE * min(self.asked, MOST_SQUARES)

    @property
    def state(self) -> str:
        """Whether everybody, some or nobody has answered: done, doing or todo."""
        if self.registered >= self.asked:
            return "done"
        return "doing" if self.registered else "todo"

    @property
    def label(self) -> str:
        """The state in words."""
        if self.state == "done":
            return _("complete")
        if self.state == "todo":
            return _("nobody has answered")
        return _("%(count)d to answer") % {"count": self.asked - self.registered}


def seats_by_unit(event: Event) -> list[UnitSeats]:
    """Count who is asked and who is registered by unit, in official order, in one query (U104)."""
    rows = event.registrations.held().order_by("unit__path", "unit_name")
    counts = rows.values_list("unit__path", "unit_name").annotate(
        asked=Count("pk"),
        registered=Count("pk", filter=~Q(state=Registration.State.NOMINATED)),
    )
    parted = sorted(counts, key=lambda row: (row[0] or "~", row[1]))
    return [UnitSeats(name or _("Without unit"), *numbers) for _path, name, *numbers in parted]


@dataclass(frozen=True)
class BoardStep:
    """One thing to do: what, why, until when, and the page where it is done."""

    what: str
    why: str
    until: str
    url: str
    label: str


def next_steps(
    event: Event, sessions: Sequence[Session], seats: Seats, *, to_approve: int, now: datetime
) -> list[BoardStep]:
    """Return what an organiser does before the day, the most pressing first, at most three."""
    planned = [session for session in sessions if not session.is_cancelled]
    if event.state not in (State.OPEN, State.CLOSED) or not planned or event.has_begun(now):
        return []
    people = reverse("organiser_people", args=[event.code])
    until = _("until %(day)s") % {"day": _day(planned[0].starts_at, event.zone)}
    steps = []
    if to_approve:
        what = ngettext("Decide on %(count)d proposal", "Decide on %(count)d proposals", to_approve)
        steps.append(
            BoardStep(
                what % {"count": to_approve},
                _("Their units have proposed them; a seat is kept for each."),
                until,
                f"{people}?status=nominated&semua=1",
                _("Decide"),
            )
        )
    invited = seats.unanswered - to_approve
    if invited > 0:
        what = ngettext(
            "Ask %(count)d person for an answer", "Ask %(count)d people for an answer", invited
        )
        steps.append(
            BoardStep(
                what % {"count": invited},
                _("They were invited and have not confirmed. Coming confirms as well."),
                until,
                f"{people}?status=invited",
                _("See who it is"),
            )
        )
    if seats.free and not seats.waiting:
        what = ngettext("Offer %(count)d free seat", "Offer %(count)d free seats", seats.free)
        steps.append(
            BoardStep(
                what % {"count": seats.free},
                _("Nobody waits for one."),
                until,
                reverse("organiser_invite", args=[event.code]),
                _("Invite people"),
            )
        )
    return steps[:MOST_STEPS]
