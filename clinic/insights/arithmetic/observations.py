"""Who counts, and which answers count: from columns of evidence to what the model reads.

A person belongs to the unit whose membership covers the day of the evidence; answers follow the
person. Only finished attempts of the last five years count, and so do events. Everything is put in
an order that follows from the content alone, so neither the order of rows nor the keys of persons
can change a digit.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]

STILL_THERE = 9_999_999
"""Day number that stands for a membership without an end."""
DAYS_COUNTED = 1_826
"""Five years, one period of a regional plan: what people knew before is no evidence of today."""
MOST_LATER = 3
KINDS = ("single", "truefalse", "multi", "short")
"""Kinds of items that a package knows by name; any other kind is one more, after them."""
PHASES = ("pre", "single", "post", "practice", "live")
"""Phases by their number; the first three are evidence.

Of two attempts with the same day and number, a quiz before the event comes first. Without it the
tie would fall to the credit, and every quiz pair of one day would look as if having met an item
helped a great deal.
"""
COUNTED_PHASES = 3
STATES = ("finished", "open", "void")


@dataclass(frozen=True)
class Evidence:
    """What is recorded of a region, or of a part of it, an array for each column.

    Persons, attempts and events go by whole numbers: primary keys in an installation, lines in a
    package. Units, areas and items are positions in ``units``, ``areas`` and ``items["item"]``,
    units and items sorted by id. Days are proleptic ordinals, credits 0 to 1.

    Attributes:
        groups: id of each unit's group.
        items: item (id), area, kind (a position in ``KINDS``), chance, in_pool.
        memberships: person, unit, start, end.
        attendance: event, person, day, present; a row for each person registered.
        attempts: attempt, person, number, submitted, phase and state as positions.
        responses: attempt, item, credit; the credit of an item that was left blank is -1.
    """

    as_of: int
    areas: tuple[str, ...]
    units: tuple[str, ...]
    groups: tuple[str, ...]
    items: Columns
    memberships: Columns
    attendance: Columns
    attempts: Columns
    responses: Columns


@dataclass(frozen=True)
class Answers:
    """Counted answers, sorted by person and item.

    Attributes:
        person, item: positions in ``Observations.people`` and ``Observations.items``.
        seen: 1 where the person met the item in an earlier counted answer.
        later: events attended since, at most three.
        credit: 0 to 1.
    """

    person: Integers
    item: Integers
    seen: Integers
    later: Integers
    credit: Floats


@dataclass(frozen=True)
class Observations:
    """Everything the knowledge model needs, by position; people are sorted by unit, then content.

    Attributes:
        people: keys of the evidence.
        item_kind: position in ``KINDS``, or their number for any other kind.
        attended: share of the events held for the person's group that the person attended, 0 to 1.
        skipped: how many attempts were left out, by reason.
    """

    areas: tuple[str, ...]
    units: tuple[str, ...]
    groups: tuple[str, ...]
    unit_group: Integers
    people: Integers
    person_unit: Integers
    attended: Floats
    items: tuple[str, ...]
    item_area: Integers
    item_kind: Integers
    item_chance: Floats
    item_in_pool: NDArray[np.bool_]
    answers: Answers
    skipped: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 of all that the model reads: the same for the same evidence under other keys."""
        total = hashlib.sha256()
        for names in (self.areas, self.units, self.groups, self.items):
            total.update("\n".join((*names, "")).encode())
        answers = self.answers
        for column in (
            *(self.unit_group, self.person_unit, self.attended),
            *(self.item_area, self.item_kind, self.item_chance, self.item_in_pool),
            *(answers.person, answers.item, answers.seen, answers.later, answers.credit),
        ):
            total.update(np.ascontiguousarray(column).tobytes())
        return total.hexdigest()


def observe(evidence: Evidence, *, events_held: Mapping[str, int] | None = None) -> Observations:
    """Reduce evidence to what the model reads.

    Args:
        evidence: of a region or of a single unit.
        events_held: number of events held for each group; by default counted from the attendance
            rows, which only a complete region can do.
    """
    groups, unit_group = np.unique(np.array(evidence.groups, dtype=str), return_inverse=True)
    people, home = _find_homes(evidence)
    person_group = unit_group[home]
    visits = _find_visits(evidence, people)
    if events_held is None:
        held = _count_events(visits, person_group, len(groups))
    else:
        held = np.array([events_held.get(group, 0) for group in groups], dtype=np.float64)
    came = {name: column[visits["present"]] for name, column in visits.items()}
    present = np.bincount(came["person"], minlength=len(people))
    attempts, skipped = _count_attempts(evidence, people)
    items = evidence.items
    seen = Observations(
        areas=evidence.areas,
        units=evidence.units,
        groups=tuple(groups.tolist()),
        unit_group=unit_group.astype(np.int64),
        people=people,
        person_unit=home,
        attended=np.minimum(present / np.maximum(held[person_group], 1.0), 1.0),
        items=tuple(items["item"].tolist()),
        item_area=items["area"],
        item_kind=items["kind"],
        item_chance=items["chance"],
        item_in_pool=items["in_pool"],
        answers=_order_answers(evidence.responses, attempts, came),
        skipped=skipped,
    )
    return _sort_people(seen)


def find(known: Integers, wanted: Integers) -> Integers:
    """Return where each wanted key stands among the known ones, which are sorted; -1 if nowhere."""
    if not len(known):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1).astype(np.int64)


def _is_last(sorted_keys: Integers) -> NDArray[np.bool_]:
    """Whether each of the sorted keys is the last of its kind."""
    end = np.ones(min(len(sorted_keys), 1), dtype=bool)
    return np.append(sorted_keys[1:] != sorted_keys[:-1], end)


def _find_homes(evidence: Evidence) -> tuple[Integers, Integers]:
    """The people who are in a unit on the day of the evidence, by key, and the unit of each.

    Of several memberships the one that began last counts.
    """
    rows = evidence.memberships
    covering = (rows["start"] <= evidence.as_of) & (rows["end"] >= evidence.as_of)
    person, unit, start = (rows[name][covering] for name in ("person", "unit", "start"))
    order = np.lexsort((unit, start, person))
    last = order[_is_last(person[order])]
    return person[last], unit[last]


def _find_visits(evidence: Evidence, people: Integers) -> dict[str, NDArray[Any]]:
    """The attendance rows that count, with the position of each person."""
    rows = evidence.attendance
    person = find(people, rows["person"])
    age = evidence.as_of - rows["day"]
    counted = (age >= 0) & (age <= DAYS_COUNTED) & (person >= 0)
    return {
        "event": rows["event"][counted],
        "person": person[counted],
        "day": rows["day"][counted],
        "present": rows["present"][counted].astype(bool),
    }


def _count_events(visits: Columns, person_group: Integers, groups: int) -> Floats:
    """Events held for each group: those for which one of its people was registered."""
    span = int(visits["event"].max(initial=0)) + 1
    held = np.unique(person_group[visits["person"]] * span + visits["event"])
    return np.bincount(held // span, minlength=groups).astype(np.float64)


def _count_attempts(
    evidence: Evidence, people: Integers
) -> tuple[dict[str, NDArray[Any]], Mapping[str, int]]:
    """The attempts that count, sorted by key, and how many were skipped for which reason."""
    rows = evidence.attempts
    person = find(people, rows["person"])
    is_evidence = rows["phase"] < COUNTED_PHASES
    state = {name: rows["state"] == number for number, name in enumerate(STATES)}
    age = evidence.as_of - rows["submitted"]
    finished = is_evidence & state["finished"]
    skipped = {
        "attempts_not_evidence": ~is_evidence,
        "attempts_open": is_evidence & state["open"],
        "attempts_late": finished & (age < 0),
        "attempts_old": finished & (age > DAYS_COUNTED),
        "attempts_void": is_evidence & state["void"],
    }
    counted = np.flatnonzero(finished & (age >= 0) & (age <= DAYS_COUNTED) & (person >= 0))
    counted = counted[np.argsort(rows["attempt"][counted])]
    kept = {name: column[counted] for name, column in (*rows.items(), ("person", person))}
    return kept, {reason: int(which.sum()) for reason, which in skipped.items()}


def _order_answers(rows: Columns, attempts: Columns, came: Columns) -> Answers:
    """The answers of the attempts that count, each person's to an item in the order of time."""
    attempt = find(attempts["attempt"], rows["attempt"])
    counted = (attempt >= 0) & (rows["credit"] >= 0)
    attempt = attempt[counted]
    person, submitted, number, phase = (
        attempts[name][attempt] for name in ("person", "submitted", "number", "phase")
    )
    item, credit = rows["item"][counted], rows["credit"][counted]
    order = np.lexsort((credit, phase, number, submitted, item, person))
    person, item = person[order], item[order]
    repeated = np.zeros(len(order), dtype=np.int64)
    repeated[1:] = (person[1:] == person[:-1]) & (item[1:] == item[:-1])
    later = _count_events_since(attempts, came)[attempt][order]
    return Answers(person=person, item=item, seen=repeated, later=later, credit=credit[order])


def _count_events_since(attempts: Columns, came: Columns) -> Integers:
    """Events that each attempt does not yet reflect: later days, and the same day before it."""
    span = STILL_THERE + 1
    attended = np.sort(came["person"] * span + came["day"])
    key = attempts["person"] * span + attempts["submitted"]
    passed = np.where(
        attempts["phase"] == PHASES.index("pre"),
        np.searchsorted(attended, key, side="left"),
        np.searchsorted(attended, key, side="right"),
    )
    total = np.searchsorted(attended, (attempts["person"] + 1) * span, side="left")
    return np.minimum(total - passed, MOST_LATER).astype(np.int64)


def _sort_people(seen: Observations) -> Observations:
    """Put people in order by unit, then by all that is known of them.

    Two people of whom the same is known are one to the model, whichever comes first: sums come out
    the same to the last digit under primary keys and under pseudonyms.
    """
    answers = seen.answers
    known = np.stack([answers.item, answers.seen, answers.later], axis=1)
    begin = np.searchsorted(answers.person, np.arange(len(seen.people) + 1))
    content = [
        (known[first:last].tobytes(), answers.credit[first:last].tobytes())
        for first, last in pairwise(begin.tolist())
    ]
    keys = zip(seen.person_unit.tolist(), seen.attended.tolist(), content, strict=True)
    order = np.array([n for _key, n in sorted((key, n) for n, key in enumerate(keys))], dtype=int)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    person = place[answers.person]
    row = np.argsort(person, kind="stable")
    return replace(
        seen,
        people=seen.people[order],
        person_unit=seen.person_unit[order],
        attended=seen.attended[order],
        answers=Answers(
            person=person[row],
            item=answers.item[row],
            seen=answers.seen[row],
            later=answers.later[row],
            credit=answers.credit[row],
        ),
    )
