"""The reading door: what other packages know of a region, as plain rows of an evidence package.

The only reader of quizzes, courses and attendance. Ids are pseudonymous and the same in a package
and in a refresh: they begin with the root unit's national code. Two rows of one human are one
person; answers follow the person to the unit of today.

Pseudonyms of people and units, the same in an evidence package and in a refresh.

They begin with the root unit's national code. Two rows of one human are one person.

What the reading door hands over: plain rows, and the way back from their ids to ours.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from attendance.models import Event, Presence, Registration
from clinic.lib.arithmetic import dates
from clinic.people.access import visible
from clinic.people.models import Account, Membership, Person, Unit
from courses.models import ModuleEdition
from quizzes.arithmetic.grading import guess_score
from quizzes.models import (
    Assignment,
    Attempt,
    AttemptItem,
    Credit,
    Question,
    QuestionVersion,
    Slot,
    VersionState,
)
from quizzes.models.assignments import Phase, Setting

Row = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """Pseudonyms of persons and of their attempts.

    Attributes:
        kept: where every merged row leads in the end.
        persons: package id of each kept row.
    """

    kept: Mapping[int, int]
    persons: Mapping[int, str]

    def person(self, pk: int) -> str:
        """The id of the person behind any of their rows."""
        return self.persons[self.kept.get(pk, pk)]

    def attempt(self, attempt: Row) -> str:
        """The id of an attempt; it begins with the code of its person's regency."""
        code = self.person(attempt["person_id"]).rsplit(".", 2)[0]
        return named(code, "a", attempt["uuid"])


def units_of(as_of: date) -> tuple[dict[int, str], dict[int, str], list[Row]]:
    """Root codes, ids and rows of the units that exist on the day, without the regencies."""
    roots = {unit.path: unit.national_code or unit.slug for unit in Unit.get_root_nodes()}
    codes, ids, rows = {}, {}, []
    for unit in Unit.objects.valid_on(as_of).filter(depth__gt=1):
        codes[unit.pk] = roots[unit.path[: Unit.steplen]]
        ids[unit.pk] = f"{codes[unit.pk]}.{unit.slug}"
        rows.append(
            {
                "unit_id": ids[unit.pk],
                "name": unit.name,
                "kind": unit.kind,
                "group_id": codes[unit.pk],
            }
        )
    return codes, ids, rows


def kept_rows() -> dict[int, int]:
    """Where every merged row leads in the end."""
    merged = Person.objects.filter(merged_into__isnull=False)
    joined = dict(merged.values_list("pk", "merged_into"))
    kept = {}
    for pk in joined:
        end = pk
        while end in joined:
            end = joined[end]
        kept[pk] = end
    return kept


def people_of(
    as_of: date, kept: Mapping[int, int], within: Iterable[int] | None
) -> QuerySet[Person]:
    """Every row of the people who work in these units on the day; of all people by default."""
    if within is None:
        return Person.objects.all()
    today = Membership.objects.on(as_of).filter(unit__in=list(within))
    found = {kept.get(pk, pk) for pk in today.values_list("person_id", flat=True)}
    merged = [pk for pk, end in kept.items() if end in found]
    return Person.objects.filter(Q(pk__in=found) | Q(pk__in=merged))


def person_ids(
    people: QuerySet[Person], kept: Mapping[int, int], codes: Mapping[int, str]
) -> dict[int, str]:
    """Pseudonyms of the kept rows, by primary key."""
    pairs = people.order_by("pk").values_list("pk", "uuid")
    return {pk: named(codes.get(pk, ""), "p", uuid) for pk, uuid in pairs if pk not in kept}


def memberships_of(
    people: QuerySet[Person], kept: Mapping[int, int], units: Mapping[int, str]
) -> list[Row]:
    """Memberships in units that still exist; one for each person, unit and first day."""
    found: dict[tuple[int, int, date], Row] = {}
    rows = Membership.objects.filter(person__in=people, unit__in=list(units)).order_by("pk")
    for person, unit, start, end in rows.values_list("person_id", "unit_id", "start", "end"):
        key = (kept.get(person, person), unit, start)
        found[key] = {"person": key[0], "unit": unit, "start": start, "end": end}
    return list(found.values())


def named(code: str, letter: str, uuid: Any) -> str:
    """A name that nobody without the installation's secret can trace back."""
    key = settings.SECRET_KEY.encode()
    digest = hmac.new(key, f"evidence:{uuid}".encode(), hashlib.sha256).hexdigest()
    return f"{code}.{letter}.{digest[:20]}"


@dataclass(frozen=True)
class Asked:
    """One item of a finished attempt; ``is_answered`` tells an answer from a blank."""

    person: str
    item: str
    is_answered: bool
    in_room: bool
    is_full: bool = False


@dataclass(frozen=True)
class Gathered:
    """Rows by the package's file names, and what leads back from ids to our own rows.

    Attributes:
        units: package id of each unit, by primary key.
        persons: primary key of the kept row of each person, by package id.
        asked: every item of the finished attempts, answered or not.
        events_held: events held for each group, which a part of the region cannot count itself.
    """

    as_of: date
    rows: Mapping[str, list[Row]]
    units: Mapping[int, str]
    persons: Mapping[str, int]
    asked: tuple[Asked, ...]
    events_held: Mapping[str, int]


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


def gather(as_of: date, *, within: Iterable[int] | None = None) -> Gathered:
    """Gather units, people, items, attempts and answers as they stand on the day.

    Args:
        as_of: day of the evidence, in the region's zone.
        within: units to whose people of that day the rest is narrowed; all by default. Their
            earlier and other memberships come along.
    """
    kept = kept_rows()
    codes, units, unit_rows = units_of(as_of)
    people = people_of(as_of, kept, within)
    memberships = memberships_of(people, kept, units)
    at_home = {row["person"]: codes[row["unit"]] for row in memberships}
    names = Names(kept, person_ids(people, kept, at_home))
    attempts = _attempts(people)
    asked, responses, met = _asked(attempts, names)
    events = _events(as_of)
    rows = {
        "units": unit_rows,
        "items": _items(met, everything=within is None),
        "persons": [{"person_id": name} for name in names.persons.values()],
        "memberships": [
            {**row, "person_id": names.persons[row["person"]], "unit_id": units[row["unit"]]}
            for row in memberships
        ],
        "attendance": _attendance(people, names, events),
        "attempts": _attempt_rows(attempts, names),
        "responses": responses,
    }
    by_id = {name: pk for pk, name in names.persons.items()}
    held = _events_held(events, as_of, codes, kept)
    return Gathered(as_of, rows, units, by_id, asked, held)


@dataclass(frozen=True)
class Module:
    """A module as it was last published."""

    slug: str
    title: str


def modules_for(outcomes: Iterable[str]) -> dict[str, Module]:
    """The first published module that serves each of these outcomes, by the outcome's slug."""
    wanted, found = set(outcomes), {}
    editions = ModuleEdition.objects.filter(is_current=True, module__live=True)
    rows = editions.order_by("module__area__order", "module__pk")
    for slug, head in rows.values_list("module__slug", "head"):
        for outcome in wanted.intersection(head["outcomes"]):
            found.setdefault(outcome, Module(slug, head["title"]))
    return found


@dataclass(frozen=True)
class OpenEvent:
    """An event that people can still register for.

    Attributes:
        day: first day, in the event's own zone.
        areas: change areas of the quizzes that its participants take; none where it has no quiz.
    """

    code: str
    title: str
    day: date
    areas: frozenset[str]


def open_events(unit: Unit, now: datetime) -> list[OpenEvent]:
    """Events of the unit's regency with open registration and free seats, the next one first."""
    soon = Event.objects.of_region(unit).filter(state=Event.State.OPEN)
    soon = soon.annotate(
        begins=Min("sessions__starts_at", filter=Q(sessions__is_cancelled=False))
    ).filter(begins__gt=now)
    listed = [each for each in soon.order_by("begins", "pk") if each.seats_left != 0]
    areas = _areas_of_quizzes([each.pk for each in listed])
    return [
        OpenEvent(
            each.code,
            each.title,
            dates.local_day(each.begins, each.zone),
            frozenset(areas.get(each.pk, ())),
        )
        for each in listed
    ]


def _areas_of_quizzes(events: list[int]) -> dict[int, set[str]]:
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
    questions: Mapping[str, int]
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
    readers = visible(reader, "open-quiz", Assignment.objects.filter(pk=OuterRef("pk")))
    told = given.annotate(is_readers=Exists(readers)).order_by("closes_at", "pk")
    quizzes: dict[int, bool] = {}
    for quiz, is_readers in told.values_list("quiz", "is_readers"):
        quizzes[quiz] = quizzes.get(quiz, False) or is_readers
    slots = Slot.objects.filter(
        form="A", quiz_version__quiz__in=list(quizzes), quiz_version__state=VersionState.PUBLISHED
    ).select_related("quiz_version__quiz", "question_version__outcome")
    known = {slot.quiz_version.quiz_id: slot.quiz_version for slot in slots}
    asked: dict[int, Counter[str]] = {pk: Counter() for pk in known}
    for slot in slots:
        asked[slot.quiz_version.quiz_id][slot.question_version.outcome.area_id] += 1
    return [
        OpenQuiz(known[pk].quiz.slug, known[pk].display_title, asked[pk], is_readers)
        for pk, is_readers in quizzes.items()
        if pk in known
    ]


def units_at(events: Iterable[int]) -> QuerySet[Any, int]:
    """Keys of the units that have participants in these events, until they are archived.

    A participant has registered, was proposed by the unit, or came: an invitation alone opens
    nothing, or an organiser could choose whose findings to read by inviting.
    """
    closed = (Event.State.DRAFT, Event.State.ARCHIVED, Event.State.CANCELLED)
    seats = Registration.objects.held().filter(
        event__in=list(events), role=Registration.Role.PARTICIPANT, unit__isnull=False
    )
    others = (Registration.Source.SELF, Registration.Source.UNIT)
    came = Presence.objects.counted().values("registration")
    theirs = Q(state=Registration.State.CONFIRMED, source__in=others) | Q(pk__in=came)
    return seats.exclude(event__state__in=closed).filter(theirs).values_list("unit", flat=True)


def count_answers() -> int:
    """Return how many answers count today, in all units."""
    return AttemptItem.objects.filter(
        attempt__in=_counted(Attempt.objects.finished()), response__value__isnull=False
    ).count()


def _counted(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    return attempts.filter(phase__in=list(PHASES))


@dataclass(frozen=True)
class _Held:
    """An event that has begun; until its last day is over, who has not come may still come."""

    uuid: Any
    day: date
    is_over: bool


def _events(as_of: date) -> dict[int, _Held]:
    """The events that people came to, up to the day."""
    zone = str(timezone.get_current_timezone())
    held = Event.objects.published().exclude(state=Event.State.CANCELLED)
    begun = held.annotate(begins=Min("sessions__starts_at"), ends=Max("sessions__ends_at"))
    found = {
        pk: _Held(uuid, dates.local_day(begins, zone), dates.local_day(ends, zone) < as_of)
        for pk, uuid, begins, ends in begun.filter(begins__isnull=False).values_list(
            "pk", "uuid", "begins", "ends"
        )
    }
    return {pk: event for pk, event in found.items() if event.day <= as_of}


def _seats(
    seats: QuerySet[Registration], events: Mapping[int, _Held]
) -> Iterator[tuple[int, int, bool]]:
    """Event, person and presence of each seat that tells something by now."""
    if not events:
        return
    rows = seats.filter(event__in=list(events))
    present = Presence.objects.counted().filter(registration__in=rows)
    there = set(present.values_list("registration_id", flat=True))
    for pk, event, person in rows.values_list("pk", "event_id", "person_id"):
        if pk in there or events[event].is_over:
            yield event, person, pk in there


def _attendance(people: QuerySet[Person], names: Names, events: Mapping[int, _Held]) -> list[Row]:
    """One row for each event and registered person; two rows of one human are one."""
    found: dict[tuple[int, str], Row] = {}
    seats = Registration.objects.held().filter(person__in=people)
    for event, person_pk, is_present in _seats(seats, events):
        person = names.person(person_pk)
        row = found.setdefault((event, person), _visit(person, events[event]))
        row["present"] = row["present"] or is_present
    return list(found.values())


def _visit(person: str, event: _Held) -> Row:
    name = named(person.rsplit(".", 2)[0], "e", event.uuid)
    return {"event_id": name, "person_id": person, "date": event.day, "present": False}


def _events_held(
    events: Mapping[int, _Held], as_of: date, codes: Mapping[int, str], kept: Mapping[int, int]
) -> dict[str, int]:
    """Events of which at least one person of the group has a row."""
    posts = Membership.objects.on(as_of).values_list("person_id", "unit_id")
    home = {kept.get(person, person): codes[unit] for person, unit in posts if unit in codes}
    met = {
        (home[kept.get(person, person)], event)
        for event, person, _is_present in _seats(Registration.objects.held(), events)
        if kept.get(person, person) in home
    }
    return Counter(group for group, _event in met)


def _attempts(people: QuerySet[Person]) -> list[Row]:
    rows = _counted(Attempt.objects.filter(person__in=people)).order_by("pk")
    return list(
        rows.values(
            "pk", "uuid", "person_id", "quiz__slug", "number", "finished_at", "phase", "state",
            "setting",
        )
    )  # fmt: skip


def _attempt_rows(attempts: list[Row], names: Names) -> list[Row]:
    zone = str(timezone.get_current_timezone())
    return [
        {
            "attempt_id": names.attempt(attempt),
            "person_id": names.person(attempt["person_id"]),
            "quiz_id": attempt["quiz__slug"],
            "number": attempt["number"],
            "submitted": attempt["finished_at"] and dates.local_day(attempt["finished_at"], zone),
            "phase": PHASES[attempt["phase"]],
            "state": STATES[attempt["state"]],
        }
        for attempt in attempts
    ]


def _asked(attempts: list[Row], names: Names) -> tuple[tuple[Asked, ...], list[Row], set[int]]:
    """Items of finished attempts, their answers, and the keys of the questions met."""
    finished = {row["pk"]: row for row in attempts if STATES[row["state"]] == "finished"}
    earned = _credits(list(finished))
    asked, responses, met = [], {}, set()
    items = AttemptItem.objects.filter(attempt__in=list(finished)).order_by("pk")
    for pk, attempt_pk, question, uuid, value in items.values_list(
        "pk",
        "attempt_id",
        "question_version__question_id",
        "question_version__question__uuid",
        "response__value",
    ):
        attempt = finished[attempt_pk]
        met.add(question)
        is_answered = value is not None and pk in earned
        in_room = attempt["setting"] == Setting.ROOM
        person = names.person(attempt["person_id"])
        is_full = is_answered and earned[pk] == 1
        asked.append(Asked(person, str(uuid), is_answered, in_room, is_full))
        if is_answered:
            key = (names.attempt(attempt), str(uuid))
            responses[key] = {"attempt_id": key[0], "item_id": key[1], "credit": earned[pk]}
    return tuple(asked), list(responses.values()), met


def _credits(attempts: list[int]) -> dict[int, float]:
    """The latest credit of each item of these attempts."""
    rows = Credit.objects.filter(item__attempt__in=attempts).order_by("pk")
    return {
        item: numerator / denominator
        for item, numerator, denominator in rows.values_list("item", "credit_num", "credit_den")
    }


def _items(met: set[int], *, everything: bool) -> list[Row]:
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
    return [_item(version) for version in chosen.values()]


def _item(version: QuestionVersion) -> Row:
    content = version.parsed
    in_pool = version.state == VersionState.PUBLISHED and version.question.retired_at is None
    return {
        "item_id": str(version.question.uuid),
        "area": version.outcome.area_id,
        "kind": KINDS[content.type_name],
        "chance": float(guess_score(content)),
        "in_pool": in_pool,
    }
