"""What the pages for planning an event show: steps, suggestions, what is missing, what comes next.

Also the organiser's events, sorted by where they stand, each with the one thing that presses most,
and giving quizzes to the participants of an event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import inf
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attendance.events import CODES_OF_PAGES, lock_for_change
from attendance.models import Event, Registration, Session
from clinic.lib.arithmetic.dates import format_moment, local_day
from clinic.lib.languages import language
from clinic.people.access import visible
from clinic.people.models import Account, Grant, Person
from quizzes import asking, assignments
from quizzes.assignments import Window
from quizzes.models import Assignment, Quiz, QuizVersion
from quizzes.models.assignments import Phase

STEPS: dict[str, Promise] = {
    "apa": gettext_lazy("What"),
    "waktu": gettext_lazy("When and where"),
    "siapa": gettext_lazy("Who"),
    "kuis": gettext_lazy("Quizzes"),
    "periksa": gettext_lazy("Check"),
}
LONGEST_CODE = 60
PRE_QUIZ_GRACE = timedelta(minutes=15)
POST_QUIZ_TIME = timedelta(days=7)
FIRST_HOURS = (time(8, 30), time(12, 0))
PAUSE, USUAL_LENGTH = timedelta(hours=1), timedelta(hours=3)
PAST_SHOWN = 10


def neighbours(step: str) -> tuple[str, str]:
    """Return the step before and the step after, empty at the ends."""
    names = ["", *STEPS, ""]
    index = names.index(step)
    return names[index - 1], names[index + 1]


def proposed_code(title: str, *, day: date | None = None) -> str:
    """Return a free address name made from the title, and the month where a day is known."""
    stem = slugify(title) or "kegiatan"
    month = f"-{day:%Y-%m}" if day else ""
    for number in range(1, 1000):
        tail = month + (f"-{number}" if number > 1 else "")
        code = stem[: LONGEST_CODE - len(tail)].rstrip("-") + tail
        if code not in CODES_OF_PAGES and not Event.objects.filter(code=code).exists():
            return code
    return ""


def organisers_of(event: Event, day: date) -> list[Person]:
    """Return who runs the event together on the day, by name."""
    grants = Grant.objects.on(day).filter(role=Grant.Role.ORGANISER, event=event)
    return list(Person.objects.filter(grants__in=grants).distinct().order_by("name"))


def published_quizzes() -> list[QuizVersion]:
    """Return the published version of every quiz in use, by title."""
    rows = QuizVersion.objects.published().filter(quiz__retired_at__isnull=True)
    return list(rows.select_related("quiz").order_by("title"))


def assignments_of(event: Event) -> list[Assignment]:
    """Return what the event's participants take, earliest opening first."""
    rows = Assignment.objects.in_force().filter(event=event)
    return list(rows.select_related("quiz"))


def titles_of(quizzes: Iterable[Quiz]) -> dict[int, str]:
    """Return the shown title of each quiz by its key; a withdrawn quiz goes by its name."""
    titles = {quiz.pk: quiz.slug for quiz in quizzes}
    versions = QuizVersion.objects.published().filter(quiz__in=titles)
    return titles | {version.quiz_id: version.display_title for version in versions}


def uses_elsewhere(event: Event, *, actor: Account, now: datetime) -> dict[int, list[str]]:
    """Say of each quiz where else its questions are asked, and until when.

    An event that the actor does not know of, and a person, are not named.
    """
    found = asking.find_uses(now)
    others = {row.event_id for uses in found.values() for row, _end in uses if row.event_id}
    known: set[int] = set()
    for verb in ("see-event", "change-event"):
        rows = visible(actor, verb, Event.objects.filter(pk__in=others))
        known.update(rows.values_list("pk", flat=True))
    return {
        quiz: [
            _describe_use(row, end, is_known=row.event_id in known, zone=event.zone)
            for row, end in uses
            if row.event_id != event.pk
        ]
        for quiz, uses in found.items()
    }


def _describe_use(row: Assignment, end: datetime | None, *, is_known: bool, zone: str) -> str:
    if row.event is not None:
        place = row.event.title if is_known else _("another event")
    else:
        place = row.unit.name if row.unit is not None else _("a single person")
    if end is None:
        return _("also used at %(place)s, without an end") % {"place": place}
    return _("also used at %(place)s until %(at)s") % {
        "place": place,
        "at": format_moment(end, zone, language()),
    }


def taking_place(sessions: Iterable[Session]) -> list[Session]:
    """Leave out cancelled sessions."""
    return [session for session in sessions if not session.is_cancelled]


def usual_windows(sessions: Sequence[Session], now: datetime) -> dict[str, Window]:
    """Return when the pre-quiz and the post-quiz are usually open, from the sessions there are.

    The pre-quiz opens now and closes a quarter of an hour into the first session; the post-quiz
    opens when the last session ends and stays open for a week.
    """
    planned = taking_place(sessions)
    if not planned:
        return {}
    start = min(session.starts_at for session in planned)
    end = max(session.ends_at for session in planned)
    return {
        Phase.PRE: Window(opens_at=min(now, start), closes_at=start + PRE_QUIZ_GRACE),
        Phase.POST: Window(opens_at=end, closes_at=end + POST_QUIZ_TIME),
    }


def usual_times(event: Event, sessions: Sequence[Session]) -> dict[str, object]:
    """Return day and hours that the form for the next session starts from."""
    if not sessions:
        return {"starts": FIRST_HOURS[0], "ends": FIRST_HOURS[1]}
    zone = ZoneInfo(event.zone)
    last = max(session.ends_at for session in sessions).astimezone(zone)
    start, end = last + PAUSE, last + PAUSE + USUAL_LENGTH
    if end.date() > last.date():
        return {"day": last.date() + timedelta(days=1)}
    return {"day": last.date(), "starts": start.time(), "ends": end.time()}


def day_group(event: Event, day: date, *, besides: Session | None = None) -> str:
    """Return the scan group of a whole day: the one in use that day, else a new one."""
    others = _list_others(event, besides)
    for other in others:
        if local_day(other.starts_at, event.zone) == day and other.scan_group.startswith("d"):
            return other.scan_group
    return _find_unused_group("d", others, besides)


def own_group(event: Event, *, besides: Session | None = None) -> str:
    """Return a scan group that no other session shares."""
    return _find_unused_group("s", _list_others(event, besides), besides)


def shared_groups(event: Event, *, besides: Session | None = None) -> dict[str, str]:
    """Return the scan groups of the other sessions with their titles."""
    groups: dict[str, list[str]] = {}
    for other in _list_others(event, besides):
        groups.setdefault(other.scan_group, []).append(other.title)
    return {group: ", ".join(titles) for group, titles in groups.items()}


def _list_others(event: Event, besides: Session | None) -> list[Session]:
    return [row for row in event.sessions.all() if besides is None or row.pk != besides.pk]


def _find_unused_group(letter: str, others: Sequence[Session], besides: Session | None) -> str:
    """Return a name nobody else uses; a session that has such a one for itself keeps it."""
    taken = {other.scan_group for other in others}
    present = besides.scan_group if besides is not None else ""
    if present.startswith(letter) and present not in taken:
        return present
    names = (f"{letter}{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


@dataclass(frozen=True)
class Gap:
    """Something that is not planned yet: the step that mends it, and in words what it is.

    Attributes:
        is_needed: registration cannot open before.
    """

    step: str
    text: str
    is_needed: bool = False


def gaps_of(
    event: Event, sessions: Sequence[Session], given: Sequence[Assignment], now: datetime
) -> list[Gap]:
    """Return what is missing or worth a second look, in the order of the steps."""
    planned = taking_place(sessions)
    gaps = []
    if not event.about:
        gaps.append(Gap("apa", _("There is no text about the event.")))
    if not planned:
        gaps.append(Gap("waktu", _("No session is planned yet."), is_needed=True))
    elif max(session.ends_at for session in planned) < now:
        gaps.append(Gap("waktu", _("All sessions lie in the past.")))
    if not event.place and not any(session.room for session in planned):
        gaps.append(Gap("waktu", _("The place is not set yet.")))
    if event.capacity is None:
        gaps.append(Gap("siapa", _("The number of seats has no limit.")))
    return gaps + _find_quiz_gaps(planned, given)


def _find_quiz_gaps(planned: Sequence[Session], given: Sequence[Assignment]) -> list[Gap]:
    phases = {row.phase for row in given}
    gaps = []
    if Phase.PRE not in phases:
        gaps.append(Gap("kuis", _("No pre-quiz is given, so that a change cannot be shown.")))
    if Phase.POST not in phases:
        gaps.append(Gap("kuis", _("No post-quiz is given, so that a change cannot be shown.")))
    if not planned:
        return gaps
    start = min(session.starts_at for session in planned)
    end = max(session.ends_at for session in planned)
    for row in given:
        if row.phase == Phase.PRE and row.closes_at and row.closes_at < start - POST_QUIZ_TIME:
            gaps.append(Gap("kuis", _("The pre-quiz closes long before the first session.")))
        if row.phase == Phase.POST and row.opens_at and row.opens_at < end:
            gaps.append(Gap("kuis", _("The post-quiz opens before the last session ends.")))
    return gaps


State = Event.State


@dataclass(frozen=True)
class EventLine:
    """One event of the organiser's list.

    Attributes:
        first_start: when its first session that takes place begins.
        pressing: the one thing that is late or missing, in words; empty where nothing is.
        is_late: it should have been done by now.
    """

    event: Event
    first_start: datetime | None
    pressing: str = ""
    is_late: bool = False


@dataclass
class OrganiserEvents:
    """The organiser's events by where they stand; of the past ones the last few."""

    running: list[EventLine] = field(default_factory=list)
    coming: list[EventLine] = field(default_factory=list)
    drafts: list[EventLine] = field(default_factory=list)
    past: list[EventLine] = field(default_factory=list)
    has_more_past: bool = False

    def __bool__(self) -> bool:
        return bool(self.running or self.coming or self.drafts or self.past)


def organiser_events(rows: QuerySet[Event], now: datetime) -> OrganiserEvents:
    """Sort the organiser's events, read with times; five queries whatever their number."""
    ahead = list(rows.exclude(state__in=Event.OVER_STATES).prefetch_related("sessions"))
    counts = Registration.objects.to_approve().filter(event__in=ahead).order_by()
    proposals = dict(counts.values_list("event").annotate(Count("pk")))
    given = Assignment.objects.in_force().filter(event__in=ahead)
    with_quiz = set(given.values_list("event", flat=True))
    result = OrganiserEvents()
    for event in ahead:
        sessions = taking_place(event.sessions.all())
        start = sessions[0].starts_at if sessions else None
        late = _describe_late(event, sessions, now)
        missing = _describe_missing(
            event, sessions, proposals.get(event.pk, 0), has_quiz=event.pk in with_quiz
        )
        line = EventLine(event, start, late or missing, is_late=bool(late))
        if event.state == State.DRAFT:
            result.drafts.append(line)
        elif event.state == State.RUNNING or (start is not None and start <= now):
            result.running.append(line)
        else:
            result.coming.append(line)
    for group in (result.running, result.coming, result.drafts):
        group.sort(key=lambda line: line.first_start.timestamp() if line.first_start else inf)
    past = past_lines(past_events(rows)[: PAST_SHOWN + 1])
    result.past, result.has_more_past = past[:PAST_SHOWN], len(past) > PAST_SHOWN
    return result


def past_events(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Return those of the events, read with times, that are over or cancelled, newest first."""
    over = rows.filter(state__in=Event.OVER_STATES)
    return over.order_by(F("first_start").desc(nulls_first=True), "-pk")


def past_lines(rows: Iterable[Event]) -> list[EventLine]:
    """Return the lines of past events; what ended waits to be finalised."""
    finalise = _("Lock plan and counts once attendance is corrected.")
    return [
        EventLine(event, event.first_start, finalise if event.state == State.ENDED else "")
        for event in rows
    ]


def _describe_late(event: Event, sessions: Sequence[Session], now: datetime) -> str:
    """Say what the calendar asks for and was not done."""
    if not sessions:
        return ""
    has_begun = sessions[0].starts_at <= now
    if event.state == State.DRAFT and has_begun:
        return _("The first session has begun, and registration was never opened.")
    if event.state in (State.OPEN, State.CLOSED, State.RUNNING) and event.is_past(now):
        return _("All sessions are over. End the event.")
    if event.state in (State.OPEN, State.CLOSED) and has_begun:
        return _("The first session has begun. Close registration and begin the event.")
    return ""


def _describe_missing(
    event: Event, sessions: Sequence[Session], proposals: int, *, has_quiz: bool
) -> str:
    """Say what is not planned yet."""
    if not sessions:
        return _("No session is planned yet.")
    if event.state == State.DRAFT:
        return _("Registration is not open yet.")
    if proposals:
        return _("%(waiting)d to be approved") % {"waiting": proposals}
    return "" if has_quiz else _("No quiz is given yet.")


def give_quiz(
    event: Event, quiz: Quiz, *, actor: Account, phase: str, setting: str, window: Window
) -> Assignment:
    """Give a quiz to whoever takes part in the event."""
    with transaction.atomic():
        locked = lock_for_change(event, actor)
        return assignments.assign(
            quiz, locked, actor=actor, phase=phase, setting=setting, window=window
        )


def take_back_quiz(event: Event, given: UUID, *, actor: Account) -> None:
    """Take a quiz back from the event's participants; answers given stay."""
    with transaction.atomic():
        locked = lock_for_change(event, actor)
        assignment = Assignment.objects.in_force().filter(event=locked, uuid=given).first()
        if assignment is None:
            raise Http404
        assignments.withdraw(assignment, actor=actor)
