"""What other packages know of a region: what findings rest on, and what is on offer to a unit.

The only reader of quizzes, courses and attendance. Two rows of one human are one person; answers
follow the person to the unit of today.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.utils import timezone

from attendance.models import Event, Presence, Registration, Session
from clinic.lib.arithmetic import dates
from clinic.people.access import visible
from clinic.people.models import Account, Grant, Membership, Person, Unit
from courses.models import ModuleEdition
from quizzes.arithmetic.grading import guess_score
from quizzes.models import (
    Assignment,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Question,
    QuestionVersion,
    QuizVersion,
    Slot,
    VersionState,
)
from quizzes.models.assignments import Phase, Setting

Row = dict[str, Any]

PHASES = {Phase.PRE: "pre", Phase.POST: "post", Phase.NORMAL: "single"}
"""Phases whose answers count, under their names in a package; practice and live do not."""
STATES = {
    Attempt.State.SUBMITTED: "finished",
    Attempt.State.EXPIRED: "finished",
    Attempt.State.IN_PROGRESS: "open",
    Attempt.State.VOIDED: "void",
}
KINDS = {
    "single": "single",
    "true_false": "truefalse",
    "multiple": "multi",
    "matching": "multi",
    "numeric": "short",
}
"""Kinds of questions under the names of a package; matching counts as multi, numbers as short."""
DIGITS = 6
"""Credits and chances are read as a package holds them, so that both give the same findings."""
CHUNK = 5_000
INTEGER = IntegerField()  # a number needs no conversion, of which there would be one for each row


@dataclass(frozen=True)
class Gathered:
    """What is recorded of a region or of some of its units, by our own primary keys.

    Attributes:
        units: every unit that exists on the day: key, package id, name, kind and group id, sorted
            by package id.
        items: every question that counts: key, package id, area, kind, chance, in_pool, sorted by
            package id.
        memberships: person, unit, start, end (None: still there).
        attendance: event, person, day and present of each registered person.
        attempts: attempt, person, number, submitted (None: open), phase, state and in_room.
        asked: the items of finished attempts, a column each: attempt, question, and the credit of
            the answer, -1 where there is none.
        events_held: events held for the group of the units that were asked for, which a part of the
            region cannot count itself; None for the whole region.
    """

    as_of: date
    units: list[Row]
    items: list[Row]
    memberships: list[Row]
    attendance: list[Row]
    attempts: list[Row]
    asked: Mapping[str, array[Any]]
    events_held: Mapping[str, int] | None


def gather(as_of: date, *, since: date, within: Iterable[int] | None = None) -> Gathered:
    """Gather units, people, items, attempts and answers as they stand on the day.

    Args:
        as_of: day of the evidence, in the region's zone.
        since: first day whose events and answers are gathered.
        within: units to whose people of that day the rest is narrowed; all by default. Their
            earlier and other memberships come along.
    """
    begin = timezone.make_aware(datetime.combine(since, datetime.min.time()))
    units, merged = _read_units(as_of), _read_merged()
    keys = [unit["key"] for unit in units]
    people = Q()
    if within is not None:
        people = Q(person__in=_find_people(as_of, merged, units, within))
    events = _read_events(as_of, begin)
    attempts = Attempt.objects.filter(
        people, Q(finished_at__isnull=True) | Q(finished_at__gte=begin), phase__in=list(PHASES)
    )
    finished = [Attempt.State.SUBMITTED, Attempt.State.EXPIRED]
    asked = _read_asked(attempts.filter(state__in=finished))
    items = _read_items(set(asked["question"]), everything=within is None)
    return Gathered(
        as_of=as_of,
        units=units,
        items=items,
        memberships=_read_memberships(people, merged, keys),
        attendance=_read_attendance(people, merged, events),
        attempts=_read_attempts(attempts, merged),
        asked=asked,
        events_held=None
        if within is None
        else _count_events(as_of, within, units=units, events=events, merged=merged),
    )


def _read_units(as_of: date) -> list[Row]:
    """Units that exist on the day, without the regencies, in the order of their package ids."""
    codes = {unit.path: unit.national_code or unit.slug for unit in Unit.get_root_nodes()}
    rows = [
        {
            "key": unit.pk,
            "unit_id": f"{codes[unit.path[: Unit.steplen]]}.{unit.slug}",
            "name": unit.name,
            "kind": unit.kind,
            "group_id": codes[unit.path[: Unit.steplen]],
        }
        for unit in Unit.objects.valid_on(as_of).filter(depth__gt=1)
    ]
    return sorted(rows, key=lambda row: str(row["unit_id"]))


def _read_merged() -> dict[int, int]:
    """Where every merged row of a person leads in the end."""
    merged = Person.objects.filter(merged_into__isnull=False)
    joined = dict(merged.values_list("pk", "merged_into"))
    ends = {}
    for pk in joined:
        end = pk
        while (further := joined.get(end)) is not None:
            end = further
        ends[pk] = end
    return ends


def _find_people(
    as_of: date, merged: Mapping[int, int], units: list[Row], within: Iterable[int]
) -> list[int]:
    """Every row of the people who belong to these units on the day.

    Of several memberships the one that began last counts.
    """
    today, wanted = Membership.objects.on(as_of), set(within)
    there = today.filter(unit__in=wanted).values_list("person_id", flat=True)
    found = {merged.get(pk, pk) for pk in there}
    rows = [*found, *(pk for pk, end in merged.items() if end in found)]
    place = {unit["key"]: number for number, unit in enumerate(units)}
    posts = today.filter(person__in=rows, unit__in=list(place))
    homes = {
        merged.get(person, person): unit
        for _start, unit, person in sorted(
            posts.values_list("start", "unit_id", "person_id"),
            key=lambda post: (post[0], place[post[1]]),
        )
    }
    return [pk for pk in rows if homes.get(merged.get(pk, pk)) in wanted]


def _read_memberships(people: Q, merged: Mapping[int, int], units: list[int]) -> list[Row]:
    """Memberships in units that still exist; one for each person, unit and first day."""
    found: dict[tuple[int, int, date], Row] = {}
    rows = Membership.objects.filter(people, unit__in=units).order_by("pk")
    for pk, unit, start, end in rows.values_list("person_id", "unit_id", "start", "end"):
        person = merged.get(pk, pk)
        found[person, unit, start] = {"person": person, "unit": unit, "start": start, "end": end}
    return list(found.values())


@dataclass(frozen=True)
class EventHeld:
    """An event that has begun; until its last day is over, who has not come may still come."""

    day: date
    is_over: bool


def _read_events(as_of: date, begin: datetime) -> dict[int, EventHeld]:
    """The events that people came to, up to the day."""
    zone = str(timezone.get_current_timezone())
    events = Event.objects.published().exclude(state=Event.State.CANCELLED)
    begun = events.annotate(begins=Min("sessions__starts_at"), ends=Max("sessions__ends_at"))
    found = {}
    for pk, begins, ends in begun.filter(begins__gte=begin).values_list("pk", "begins", "ends"):
        day = dates.local_day(begins, zone)
        if day <= as_of:
            found[pk] = EventHeld(day, is_over=dates.local_day(ends, zone) < as_of)
    return found


def _read_attendance(
    people: Q, merged: Mapping[int, int], events: Mapping[int, EventHeld]
) -> list[Row]:
    """One row for each event and registered person; two rows of one human are one."""
    seats = Registration.objects.held().filter(people, event__in=list(events))
    came = Presence.objects.counted().filter(registration=OuterRef("pk"))
    found: dict[tuple[int, int], Row] = {}
    rows = seats.annotate(came=Exists(came)).values_list("event_id", "person_id", "came")
    for event, pk, is_present in rows:
        if is_present or events[event].is_over:
            key = event, merged.get(pk, pk)
            row = {"event": event, "person": key[1], "day": events[event].day, "present": False}
            found.setdefault(key, row)["present"] |= is_present
    return list(found.values())


def _count_events(
    as_of: date,
    within: Iterable[int],
    *,
    units: list[Row],
    events: Mapping[int, EventHeld],
    merged: Mapping[int, int],
) -> dict[str, int]:
    """Events that somebody of the group was registered for, in each group of these units.

    The database looks for one such person an event and reads no other.
    """
    wanted = set(within)
    counts = {}
    for group in {unit["group_id"] for unit in units if unit["key"] in wanted}:
        keys = [unit["key"] for unit in units if unit["group_id"] == group]
        posts = Membership.objects.on(as_of).filter(unit__in=keys)
        at_home = set(
            posts.filter(person__in=set(merged.values())).values_list("person", flat=True)
        )
        seats = Registration.objects.held().filter(
            Exists(posts.filter(person=OuterRef("person")))
            | Q(person__in=[pk for pk, end in merged.items() if end in at_home]),
            event=OuterRef("pk"),
        )
        came = seats.filter(Exists(Presence.objects.counted().filter(registration=OuterRef("pk"))))
        over = [pk for pk, event in events.items() if event.is_over]
        held = Event.objects.filter(
            Q(Exists(seats), pk__in=over) | Q(Exists(came)), pk__in=list(events)
        )
        counts[group] = held.count()
    return counts


def _read_attempts(attempts: QuerySet[Attempt], merged: Mapping[int, int]) -> list[Row]:
    zone = str(timezone.get_current_timezone())
    rows = attempts.order_by().values_list(
        "pk", "person_id", "number", "finished_at", "phase", "state", "setting"
    )
    return [
        {
            "attempt": pk,
            "person": merged.get(person, person),
            "number": number,
            "submitted": finished_at and dates.local_day(finished_at, zone),
            "phase": PHASES[Phase(phase)],
            "state": STATES[Attempt.State(state)],
            "in_room": setting == Setting.ROOM,
        }
        for pk, person, number, finished_at, phase, state, setting in sorted(rows)
    ]


def _read_asked(attempts: QuerySet[Attempt]) -> dict[str, array[Any]]:
    """The items of these attempts with the latest credit of each answer."""
    asked, question, credit = array("q"), array("q"), array("d")
    shares: dict[tuple[int, int], float] = {}
    last = 0
    items = AttemptItem.objects.filter(attempt__in=attempts.order_by())
    answered = Case(When(response__value__isnull=False, then=1), default=0, output_field=INTEGER)
    rows = items.annotate(is_answered=answered).order_by("pk", "credits__pk")
    for pk, attempt, question_pk, is_answered, num, den in rows.values_list(
        "pk",
        "attempt_id",
        "question_version__question_id",
        "is_answered",
        "credits__credit_num",
        "credits__credit_den",
    ).iterator(chunk_size=CHUNK):
        if pk != last:
            asked.append(attempt)
            question.append(question_pk)
            credit.append(-1)
        if is_answered and den is not None:
            if (num, den) not in shares:
                shares[num, den] = round(num / den, DIGITS)
            credit[-1] = shares[num, den]
        last = pk
    return {"attempt": asked, "question": question, "credit": credit}


def _read_items(met: set[int], *, everything: bool) -> list[Row]:
    """Questions as items: what quizzes may ask today, and what was asked once.

    An item's area and chance are those of its published version, else of its newest one.
    """
    wanted = Q(question__in=met)
    if everything:
        wanted |= Q(state=VersionState.PUBLISHED, question__use=Question.Use.QUIZ)
    versions = QuestionVersion.objects.filter(wanted).select_related("question", "outcome")
    chosen: dict[int, QuestionVersion] = {}
    for version in versions.order_by("question", "number"):
        known = chosen.get(version.question_id)
        if known is None or known.state != VersionState.PUBLISHED:
            chosen[version.question_id] = version
    rows = [
        {
            "key": version.question_id,
            "item_id": str(version.question.uuid),
            "area": version.outcome.area_id,
            "kind": KINDS[version.parsed.type_name],
            "chance": round(float(guess_score(version.parsed)), DIGITS),
            "in_pool": version.state == VersionState.PUBLISHED
            and version.question.retired_at is None,
        }
        for version in chosen.values()
    ]
    return sorted(rows, key=lambda row: str(row["item_id"]))


def count_answers(since: datetime) -> int:
    """Return how many answers were handed in after the moment, in all units.

    The log of attempts is read from its end, so that earlier years cost nothing.
    """
    last = AttemptEvent.objects.filter(at__lte=since).order_by("-pk").values_list("pk", flat=True)
    attempts = Attempt.objects.finished().filter(
        phase__in=list(PHASES),
        events__pk__gt=last.first() or 0,
        events__kind__in=[AttemptEvent.Kind.SUBMIT, AttemptEvent.Kind.EXPIRE],
    )
    items = AttemptItem.objects.filter(attempt__in=attempts.order_by())
    return items.filter(response__value__isnull=False).count()


def last_day_of_events(now: datetime) -> datetime | None:
    """Return when the last of the events ends that are under way; None where none is."""
    sessions = Session.objects.filter(event=OuterRef("pk"), is_cancelled=False)
    under_way = Event.objects.published().filter(
        Exists(sessions.filter(starts_at__lte=now)), Exists(sessions.filter(ends_at__gt=now))
    )
    ends = under_way.exclude(state=Event.State.CANCELLED).aggregate(ends=Max("sessions__ends_at"))
    return ends["ends"]


def labels_of_attempts() -> dict[int, tuple[Any, str]]:
    """The identifier and the quiz of every attempt whose answers count, for an export."""
    attempts = Attempt.objects.filter(phase__in=list(PHASES))
    return {pk: (uuid, quiz) for pk, uuid, quiz in attempts.values_list("pk", "uuid", "quiz__slug")}


def identifiers_of_events() -> dict[int, Any]:
    """The identifier of every event, for an export."""
    return dict(Event.objects.values_list("pk", "uuid"))


@dataclass(frozen=True)
class Module:
    """A module as it was last published."""

    slug: str
    title: str
    minutes: int


def modules_for(outcomes: Iterable[str]) -> dict[str, Module]:
    """The first published module that serves each of these outcomes, by the outcome's slug."""
    wanted = set(outcomes)
    found: dict[str, Module] = {}
    if not wanted:
        return found
    editions = ModuleEdition.objects.filter(is_current=True, module__live=True)
    rows = editions.order_by("module__area__order", "module__pk")
    for slug, head in rows.values_list("module__slug", "head"):
        for outcome in wanted.intersection(head["outcomes"]):
            found.setdefault(outcome, Module(slug, head["title"], head["minutes"]))
    return found


@dataclass(frozen=True)
class OpenEvent:
    """An event that people can still register for.

    Attributes:
        day: first day, in the event's own zone.
        areas: change areas of the quizzes that its participants take; none where it has no quiz.
        seats: seats that are left; None where there is no limit.
    """

    code: str
    title: str
    day: date
    areas: frozenset[str]
    seats: int | None = None


def open_events(unit: Unit, now: datetime) -> list[OpenEvent]:
    """Events of the unit's regency with open registration and free seats, the next one first."""
    soon = Event.objects.of_region(unit).filter(state=Event.State.OPEN)
    soon = soon.annotate(
        begins=Min("sessions__starts_at", filter=Q(sessions__is_cancelled=False))
    ).filter(begins__gt=now)
    listed = [each for each in soon.order_by("begins", "pk") if each.seats_left != 0]
    areas = _read_quiz_areas([each.pk for each in listed])
    return [
        OpenEvent(
            each.code,
            each.title,
            dates.local_day(each.begins, each.zone),
            frozenset(areas.get(each.pk, ())),
            each.seats_left,
        )
        for each in listed
    ]


def _read_quiz_areas(events: list[int]) -> dict[int, set[str]]:
    """Change areas that the questions of each event's quizzes are on."""
    found: dict[int, set[str]] = {}
    given = Assignment.objects.in_force().filter(
        event__in=events, quiz__versions__state=VersionState.PUBLISHED
    )
    area = "quiz__versions__slots__question_version__outcome__area"
    for event, slug in given.order_by("event").values_list("event", area).distinct():
        found.setdefault(event, set()).add(slug)
    return found


@dataclass(frozen=True)
class OpenQuiz:
    """A quiz that reaches people of a unit now.

    Attributes:
        questions: how many it asks on each change area.
        is_readers: whether its page is open to the reader who asked.
    """

    slug: str
    title: str
    questions: dict[str, int]
    is_readers: bool


def open_quizzes(unit: Unit, reader: Account, now: datetime) -> list[OpenQuiz]:
    """Quizzes that people of the unit can take now, whose answers count; the first to close first.

    A quiz reaches them by name, through the unit or one above it, or by an event.
    """
    people = Membership.objects.on(timezone.localdate()).filter(unit=unit).values("person")
    above = [unit.path[:end] for end in range(Unit.steplen, len(unit.path) + 1, Unit.steplen)]
    events = Registration.objects.held().filter(person__in=people).values("event")
    given = Assignment.objects.in_force().filter(
        Q(unit__path__in=above) | Q(person__in=people) | Q(event__in=events),
        Q(opens_at__isnull=True) | Q(opens_at__lte=now),
        Q(closes_at__isnull=True) | Q(closes_at__gt=now),
        phase__in=list(PHASES),
    )
    found = list(given.order_by("closes_at", "pk").values_list("pk", "quiz"))
    if not found:
        return []
    named = Assignment.objects.filter(pk__in=[pk for pk, _quiz in found])
    of_reader = set(visible(reader, "open-quiz", named).values_list("quiz", flat=True))
    quizzes = list(dict.fromkeys(quiz for _pk, quiz in found))
    slots = Slot.objects.filter(
        form="A", quiz_version__quiz__in=quizzes, quiz_version__state=VersionState.PUBLISHED
    )
    areas = slots.order_by().values_list(
        "quiz_version__quiz__pk",
        "quiz_version__quiz__slug",
        "quiz_version__title",
        "quiz_version__title_en",
        "question_version__outcome__area",
    )
    known: dict[int, OpenQuiz] = {}
    for pk, slug, title, title_en, area, number in areas.annotate(number=Count("pk")):
        if pk not in known:
            words = QuizVersion(title=title, title_en=title_en).display_title
            known[pk] = OpenQuiz(slug, words, {}, pk in of_reader)
        known[pk].questions[area] = number
    return [known[pk] for pk in quizzes if pk in known]


def units_at(events: Iterable[int]) -> QuerySet[Any, int]:
    """Keys of the units that have participants in these events, until they are archived.

    A participant has confirmed by themselves or through their unit. What an organiser enters alone
    opens nothing, an invitation, a walk-in, a scan, or an organiser could choose whose findings to
    read (S17); and nobody opens a unit by their own seat in an event that they run.
    """
    closed = (Event.State.DRAFT, Event.State.ARCHIVED, Event.State.CANCELLED)
    seats = Registration.objects.held().filter(
        event__in=list(events),
        unit__isnull=False,
        state=Registration.State.CONFIRMED,
        source__in=(Registration.Source.SELF, Registration.Source.UNIT),
    )
    own = Grant.objects.filter(
        role=Grant.Role.ORGANISER, event=OuterRef("event"), person=OuterRef("person")
    )
    rows = seats.exclude(event__state__in=closed).exclude(Exists(own))
    return rows.values_list("unit", flat=True)
