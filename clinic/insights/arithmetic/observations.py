"""Who counts, and which answers count: from evidence tables to plain arrays.

A person belongs to the unit whose membership covers the day of the evidence; answers follow the
person. Only finished attempts submitted by that day count. Everything is sorted by id, so the order
of rows cannot matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STILL_THERE = 9_999_999
"""Day number that stands for a membership without an end."""
MOST_LATER = 3
KINDS = ("single", "truefalse", "multi", "short")
"""Kinds of items that a package knows by name; any other kind is one more, after them."""
COUNTED_PHASES = ("pre", "post", "single")
_PHASE_ORDER = {"pre": 0, "single": 1, "post": 2}
"""Of two attempts with the same day and number, a quiz before the event comes first.

Without it the tie would fall to the credit, and every quiz pair of one day would look as if having
met an item helped a great deal.
"""


@dataclass(frozen=True)
class Evidence:
    """The tables of an evidence package, checked and typed.

    Days are proleptic ordinals (``date.toordinal``); shares, credits and points are floats; ids are
    text. Columns are those of the package format.
    """

    as_of: int
    gap_threshold: float
    weak_threshold: float
    areas: pd.DataFrame
    units: pd.DataFrame
    items: pd.DataFrame
    persons: pd.DataFrame
    memberships: pd.DataFrame
    attendance: pd.DataFrame
    attempts: pd.DataFrame
    responses: pd.DataFrame
    assessment: pd.DataFrame


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
    """Everything the knowledge model needs, by position; people are sorted by unit, then id.

    Attributes:
        item_kind: position in ``KINDS``, or their number for any other kind.
        attended: share of the events held for the person's group that the person attended, 0 to 1.
        skipped: how many people and attempts were left out, by reason.
    """

    areas: tuple[str, ...]
    units: tuple[str, ...]
    groups: tuple[str, ...]
    unit_group: Integers
    people: tuple[str, ...]
    person_unit: Integers
    attended: Floats
    items: tuple[str, ...]
    item_area: Integers
    item_kind: Integers
    item_chance: Floats
    item_in_pool: NDArray[np.bool_]
    answers: Answers
    skipped: Mapping[str, int]


def observe(evidence: Evidence, *, events_held: Mapping[str, int] | None = None) -> Observations:
    """Reduce evidence to what the model reads.

    Args:
        evidence: the checked tables; they may hold a single unit.
        events_held: number of events held for each group; by default counted from the attendance
            rows, which only a complete package can do.
    """
    units = evidence.units.sort_values("unit_id")
    groups, unit_group = np.unique(units["group_id"].to_numpy(str), return_inverse=True)
    homes = _homes(evidence, pd.Index(units["unit_id"]))
    people = pd.Index(homes["person_id"])
    home = homes["unit"].to_numpy(np.int64)
    held, visits = _visits(evidence, people, unit_group[home])
    if events_held is not None:
        held = np.array([events_held.get(group, 0) for group in groups], dtype=np.float64)
    present = np.bincount(visits["person"], minlength=len(people))
    attempts, skipped = _counted_attempts(evidence, people)
    items = evidence.items.sort_values("item_id")
    area = pd.Index(evidence.areas["area"]).get_indexer(items["area"])
    return Observations(
        areas=tuple(evidence.areas["area"]),
        units=tuple(units["unit_id"]),
        groups=tuple(groups.tolist()),
        unit_group=unit_group.astype(np.int64),
        people=tuple(people),
        person_unit=home,
        attended=np.minimum(present / np.maximum(held[unit_group[home]], 1.0), 1.0),
        items=tuple(items["item_id"]),
        item_area=area.astype(np.int64),
        item_kind=_kinds(items["kind"]),
        item_chance=items["chance"].to_numpy(np.float64),
        item_in_pool=items["in_pool"].to_numpy(np.int64) == 1,
        answers=_answers(evidence, pd.Index(items["item_id"]), attempts, visits),
        skipped=skipped,
    )


def _kinds(kinds: pd.Series) -> Integers:
    known = pd.Index(KINDS).get_indexer(kinds)
    return np.where(known >= 0, known, len(KINDS)).astype(np.int64)


def _homes(evidence: Evidence, units: pd.Index) -> pd.DataFrame:
    """The unit of each person at the day of the evidence, sorted by unit, then person."""
    rows = evidence.memberships
    covering = rows[(rows["start"] <= evidence.as_of) & (rows["end"] >= evidence.as_of)]
    covering = covering.sort_values(["person_id", "start", "unit_id"])
    last = covering.drop_duplicates("person_id", keep="last")
    last = last.assign(unit=units.get_indexer(last["unit_id"]))
    return last[last["unit"] >= 0].sort_values(["unit", "person_id"])


def _visits(
    evidence: Evidence, people: pd.Index, person_group: Integers
) -> tuple[Floats, pd.DataFrame]:
    """Events held for each group, and the attended ones as person and day.

    An event is held for a group when at least one person of the group was registered for it.
    """
    rows = evidence.attendance[evidence.attendance["date"] <= evidence.as_of]
    person = people.get_indexer(rows["person_id"])
    rows = rows.assign(person=person)[person >= 0]
    group = person_group[rows["person"].to_numpy(np.int64)]
    events = pd.DataFrame({"group": group, "event_id": rows["event_id"].to_numpy()})
    size = int(person_group.max(initial=-1)) + 1
    held = np.bincount(events.drop_duplicates()["group"].to_numpy(np.int64), minlength=size)
    visits = rows.loc[rows["present"] == 1, ["person", "date"]].astype(np.int64)
    return held.astype(np.float64), visits


def _counted_attempts(
    evidence: Evidence, people: pd.Index
) -> tuple[pd.DataFrame, Mapping[str, int]]:
    rows = evidence.attempts
    person = people.get_indexer(rows["person_id"])
    rows = rows.assign(person=person)
    evidential = rows["phase"].isin(COUNTED_PHASES)
    finished = rows["state"] == "finished"
    in_time = rows["submitted"] <= evidence.as_of
    void = rows["state"] == "void"
    skipped = {
        "attempts_not_evidence": int((~evidential).sum()),
        "attempts_open": int((evidential & ~finished & ~void).sum()),
        "attempts_late": int((evidential & finished & ~in_time).sum()),
        "attempts_void": int((evidential & void).sum()),
    }
    counted = rows[evidential & finished & in_time & (person >= 0)]
    return counted.sort_values("attempt_id"), skipped


def _answers(
    evidence: Evidence, items: pd.Index, attempts: pd.DataFrame, visits: pd.DataFrame
) -> Answers:
    rows = evidence.responses
    attempt = pd.Index(attempts["attempt_id"]).get_indexer(rows["attempt_id"])
    counted = attempt >= 0
    attempt = attempt[counted]
    person = attempts["person"].to_numpy(np.int64)[attempt]
    item = items.get_indexer(rows["item_id"][counted]).astype(np.int64)
    credit = rows["credit"].to_numpy(np.float64)[counted]
    submitted = attempts["submitted"].to_numpy(np.int64)[attempt]
    number = attempts["number"].to_numpy(np.int64)[attempt]
    phase = attempts["phase"].map(_PHASE_ORDER).to_numpy(np.int64)[attempt]
    order = np.lexsort((credit, phase, number, submitted, item, person))
    person, item = person[order], item[order]
    repeated = np.zeros(len(order), dtype=np.int64)
    repeated[1:] = (person[1:] == person[:-1]) & (item[1:] == item[:-1])
    later = _events_since(attempts, visits)[attempt][order]
    return Answers(person=person, item=item, seen=repeated, later=later, credit=credit[order])


def _events_since(attempts: pd.DataFrame, visits: pd.DataFrame) -> Integers:
    """Events that each attempt does not yet reflect: later days, and the same day before it."""
    span = STILL_THERE + 1
    attended = np.sort((visits["person"] * span + visits["date"]).to_numpy(np.int64))
    person = attempts["person"].to_numpy(np.int64)
    key = person * span + attempts["submitted"].to_numpy(np.int64)
    same_day_counts = attempts["phase"].to_numpy() == "pre"
    passed = np.where(
        same_day_counts,
        np.searchsorted(attended, key, side="left"),
        np.searchsorted(attended, key, side="right"),
    )
    total = np.searchsorted(attended, (person + 1) * span, side="left")
    return np.minimum(total - passed, MOST_LATER).astype(np.int64)
