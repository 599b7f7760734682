"""Persons from a list: what it would change, and the change itself.

A NIP joins a row with a known person, an e-mail address joins; a name in the same unit joins only
a row that has neither, and is told (attendance 4.2). An empty cell changes nothing, a person
missing from the list stays, a confirmed e-mail address is never overwritten, and another unit
begins a new membership and ends the old one the day before.

What the database knows of persons, read in a fixed number of queries for one import.

What a list of persons would change: finds the person, the unit and the place of each row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from clinic.lib.arithmetic.tables import Table
from clinic.people.applying import check_still_true, refuse_rejected_rows
from clinic.people.arithmetic.headers import read_list
from clinic.people.arithmetic.import_plan import Change, Level, Plan, PlannedRow, Problem, repeated
from clinic.people.arithmetic.matching import (
    Identity,
    KnownPersons,
    names_share_a_word,
    normalise_name,
)
from clinic.people.arithmetic.nip import mask_email, mask_nip, mask_phone
from clinic.people.arithmetic.person_rows import ALIASES, REQUIRED, PersonRow, read_person_row
from clinic.people.arithmetic.placement import (
    Place,
    StartsBeforeTheLast,
    Step,
    Wanted,
    place_person,
)
from clinic.people.arithmetic.unit_names import UnitNames
from clinic.people.models import Account, Membership, Person, Unit
from clinic.people.moving import change_last_stay, load_unit_names, new_stay
from clinic.people.wording import columns_missing
from clinic.records import audit
from clinic.records.audit import AuditNote

FIELDS = ("nip", "name", "rank", "sex", "email", "phone")


@dataclass(frozen=True)
class KnownPeople:
    """Persons of this instance with their places; merged rows lead to the kept one.

    Attributes:
        persons: fields by id of the kept rows.
        index: finds a person by NIP or e-mail address, merged rows' numbers included.
        places: memberships of a kept row, those of its merged rows included.
        confirmed: confirmed e-mail addresses by person.
        units: index of unit names.
        unit_names: name of each unit by id.
    """

    persons: Mapping[int, Mapping[str, str]]
    index: KnownPersons
    places: Mapping[int, Sequence[Place]]
    confirmed: Mapping[int, frozenset[str]]
    units: UnitNames
    unit_names: Mapping[int, str]

    @classmethod
    def load(cls) -> "KnownPeople":
        """Read everything in six queries, however long the list is."""
        rows = {row["id"]: row for row in Person.objects.values("id", "merged_into_id", *FIELDS)}
        kept = {key: _kept(key, rows) for key in rows}
        places: dict[int, list[Place]] = defaultdict(list)
        for key, *place in Membership.objects.values_list(
            "person_id", "unit_id", "start", "end", "position", "position_kind", "id"
        ):
            places[kept[key]].append(Place(*place))
        persons = {key: row for key, row in rows.items() if kept[key] == key}
        return cls(
            persons=persons,
            index=_index(rows, kept, places),
            places=places,
            confirmed=_confirmed(kept),
            units=load_unit_names(),
            unit_names=dict(Unit.objects.values_list("id", "name")),
        )

    def unit_on(self, person: int, day: date) -> int | None:
        """Return the unit in which the person works on the day, the latest place first."""
        return _unit_on(self.places.get(person, ()), day)


def _kept(key: int, rows: Mapping[int, Mapping[str, int | None]]) -> int:
    while (further := rows[key]["merged_into_id"]) is not None:
        key = further
    return key


def _index(
    rows: Mapping[int, Mapping[str, str]],
    kept: Mapping[int, int],
    places: Mapping[int, Sequence[Place]],
) -> KnownPersons:
    """Index kept rows first, so that their own numbers win over those of merged rows."""
    index = KnownPersons(())
    for key in sorted(rows, key=lambda key: kept[key] != key):
        row = rows[key]
        for unit in {str(place.unit) for place in places.get(kept[key], ())} or {""}:
            identity = Identity(row["name"], nip=row["nip"], email=row["email"], unit=unit)
            index.add(kept[key], identity)
    return index


def _unit_on(places: Sequence[Place], day: date) -> int | None:
    current = [p for p in places if p.start <= day and (p.end is None or p.end >= day)]
    latest = max(current, key=lambda place: place.start, default=None)
    return latest.unit if latest else None


def _confirmed(kept: Mapping[int, int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    pairs = EmailAddress.objects.filter(verified=True).values_list("user__person_id", "email")
    for person, email in pairs:
        found[kept[person]].add(email.lower())
    return {key: frozenset(emails) for key, emails in found.items()}


MASKS: Mapping[str, Callable[[str], str]] = {
    "nip": mask_nip,
    "phone": mask_phone,
    "email": mask_email,
}
UNIT_PROBLEMS = {
    "unknown": "unit_unknown",
    "ambiguous": "unit_ambiguous",
    "split": "unit_was_split",
    "ended": "unit_has_ended",
}


def plan_rows(
    rows: Sequence[PersonRow], problems: Sequence[Problem], *, known: KnownPeople, today: date
) -> Plan:
    """Return the plan for all rows; problems told before stay in front."""
    planning = _Planning(known, today)
    for problem in [*problems, *_double_rows(rows)]:
        planning.add(problem)
    for row in rows:
        planning.find_unit(row)
    planning.find_persons(rows)
    planned = tuple(planning.plan(row) for row in rows)
    return Plan(planned, tuple(planning.problems), tuple(rows), tuple(problems))


def _double_rows(rows: Sequence[PersonRow]) -> Iterator[Problem]:
    """Tell rows of the list that speak of one human twice."""
    keys: dict[str, tuple[str, Callable[[PersonRow], str]]] = {
        "nip_twice": ("nip", lambda row: row.nip),
        "email_twice": ("email", lambda row: row.email),
        "same_name_twice": ("name", _keyless_name),
    }
    for code, (column, key) in keys.items():
        for row, first in repeated((row.row, key(row)) for row in rows).items():
            yield Problem(code, row, column, {"row": str(first)})


def _keyless_name(row: PersonRow) -> str:
    if row.nip or row.email or not row.name:
        return ""
    return f"{normalise_name(row.name)}\n{row.unit.lower()}"


@dataclass
class _Planning:
    """One plan in the making."""

    known: KnownPeople
    today: date
    problems: list[Problem] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    units: dict[int, int] = field(default_factory=dict)
    persons: dict[int, int] = field(default_factory=dict)

    def tell(
        self, code: str, row: PersonRow, column: str, level: Level = "error", **values: str
    ) -> None:
        self.add(Problem(code, row.row, column, values, level))

    def add(self, problem: Problem) -> None:
        self.problems.append(problem)
        if problem.level == "error":
            self.refused.add(problem.row)

    def find_unit(self, row: PersonRow) -> None:
        if not row.unit:
            return
        answer = self.known.units.find(row.unit, self.today)
        names = self.known.unit_names
        if answer.unit is None:
            options = ", ".join(names[key] for key in answer.options[:5])
            code = UNIT_PROBLEMS[answer.how]
            self.tell(code, row, "unit", typed=row.unit[:80], options=options)
            return
        self.units[row.row] = answer.unit
        if answer.how == "carried":
            unit = names[answer.unit]
            self.tell("unit_carried", row, "unit", "warning", typed=row.unit[:80], unit=unit)

    def find_persons(self, rows: Sequence[PersonRow]) -> None:
        """Join rows with known persons: those with a key first, names with who is left."""
        for row in rows:
            if row.nip or row.email:
                self._find_by_key(row)
        taken = set(self.persons.values())
        for row in rows:
            if not (row.nip or row.email):
                self._find_by_name(row, taken)
        for number, first in repeated((n, str(key)) for n, key in self.persons.items()).items():
            self.add(Problem("person_twice", number, "", {"row": str(first)}))

    def _find_by_key(self, row: PersonRow) -> None:
        how, person = self.known.index.find(self._identity(row))
        if how == "ambiguous":
            self.tell("email_shared", row, "email")
        elif person is None:
            self._suggest(row)
        elif how == "conflict" or (how == "email" and not self._is_same_name(row, person)):
            self.tell("email_taken", row, "email", known=self._name(person))
        else:
            self.persons[row.row] = person
            if not self._is_same_name(row, person):
                self.tell("name_differs", row, "name", "warning", known=self._name(person))

    def _find_by_name(self, row: PersonRow, taken: set[int]) -> None:
        alike = self.known.index.alike(self._identity(row)) - taken
        if len(alike) > 1:
            self.tell("name_ambiguous", row, "name")
        elif alike and row.row in self.units:
            (person,) = alike
            self.persons[row.row] = person
            self.tell("taken_by_name", row, "name", "warning", known=self._name(person))

    def _suggest(self, row: PersonRow) -> None:
        alike = self.known.index.alike(self._identity(row))
        if alike and row.row in self.units:
            self.tell("maybe_same", row, "name", "warning", known=self._name(min(alike)))

    def _identity(self, row: PersonRow) -> Identity:
        return Identity(row.name, row.nip, row.email, str(self.units.get(row.row, "")))

    def _name(self, person: int) -> str:
        return self.known.persons[person]["name"]

    def _is_same_name(self, row: PersonRow, person: int) -> bool:
        return not row.name or names_share_a_word(row.name, self._name(person))

    def plan(self, row: PersonRow) -> PlannedRow:
        """Plan one row; call after units and persons are found."""
        person = self.persons.get(row.row)
        if person is None and not row.unit and row.row not in self.refused:
            self.tell("cell_empty", row, "unit")
        step = None if row.row in self.refused else self._step(row, person)
        if row.row in self.refused:
            return PlannedRow(row.row, row.name or mask_nip(row.nip), "refused")
        fields: dict[str, Any] = dict(self._own_fields(row, person))
        before = self.known.persons[person] if person is not None else {}
        changes = [
            Change(name, _shown(name, before.get(name, "")), _shown(name, value))
            for name, value in fields.items()
        ]
        if step is not None and step.act != "none":
            fields["step"] = step
            changes.extend(self._place_changes(step))
        state = "created" if person is None else "changed" if fields else "unchanged"
        return PlannedRow(row.row, row.name, state, tuple(changes), fields, person)

    def _own_fields(self, row: PersonRow, person: int | None) -> Iterator[tuple[str, str]]:
        known = self.known.persons[person] if person is not None else dict.fromkeys(FIELDS, "")
        for name in FIELDS:
            value = getattr(row, name)
            if not value or value == known[name]:
                continue
            if person is None or self._may_change(name, row, person):
                yield name, value

    def _may_change(self, name: str, row: PersonRow, person: int) -> bool:
        """Keep a known NIP and a confirmed e-mail address, and say so."""
        if name == "nip" and self.known.persons[person]["nip"]:
            self.tell("nip_differs", row, "nip", "warning")
            return False
        confirmed = self.known.confirmed.get(person)
        if name == "email" and confirmed and row.email not in confirmed:
            self.tell("email_verified_kept", row, "email", "warning")
            return False
        return True

    def _step(self, row: PersonRow, person: int | None) -> Step | None:
        unit = self.units.get(row.row)
        if unit is None and person is not None:
            unit = self.known.unit_on(person, self.today)
        if unit is None:
            return None
        places = self.known.places.get(person, ()) if person is not None else ()
        wanted = Wanted(unit, row.start, row.position, row.position_kind)
        try:
            step = place_person(places, wanted, today=self.today)
        except StartsBeforeTheLast as refused:
            self.tell("start_before_last", row, "start", start=refused.details["start"])
            return None
        if step.keeps_earlier_start:
            start = step.place.start.isoformat()
            self.tell("start_kept", row, "start", "warning", start=start)
        return step

    def _place_changes(self, step: Step) -> Iterator[Change]:
        old = step.last or Place(0, date.min)
        names = self.known.unit_names
        shown = [
            ("unit", names.get(old.unit, ""), names[step.place.unit]),
            ("position", old.position, step.place.position),
            ("position_kind", old.position_kind, step.place.position_kind),
            ("start", old.start.isoformat() if step.last else "", step.place.start.isoformat()),
        ]
        yield from (Change(*change) for change in shown if change[1] != change[2])


def _shown(name: str, value: str) -> str:
    return MASKS[name](value) if name in MASKS else value


def read_people(table: Table) -> tuple[list[PersonRow], list[Problem]]:
    """Read a table into rows of persons; what cannot be read is told by row.

    Raises:
        ColumnsMissing: the table has no header row that names person and unit.
    """
    with columns_missing():
        listed = read_list(table.rows, aliases=ALIASES, required=REQUIRED)
    problems = list(listed.problems)
    if table.encoding_was_guessed:
        problems.append(Problem("encoding_guessed", level="warning"))
    if not listed.rows:
        problems.append(Problem("no_rows"))
    unread = {(one.row, one.column) for one in problems if one.level == "error"}
    rows = []
    for cells in listed.rows:
        row, found = read_person_row(cells)
        rows.append(row)
        problems.extend(one for one in found if (one.row, one.column) not in unread)
    return rows, problems


def plan_people(
    rows: Sequence[PersonRow], problems: Sequence[Problem] = (), *, today: date
) -> Plan:
    """Say what the rows would create and change, without writing.

    Args:
        rows: persons as ``read_people`` gives them, or made by code.
        problems: what reading has told already.
        today: day on which a place without a stated start begins.
    """
    return plan_rows(rows, problems, known=KnownPeople.load(), today=today)


@transaction.atomic
def apply_people(
    plan: Plan,
    *,
    actor: Account | None,
    today: date,
    partial: bool = False,
    is_demo: bool = False,
) -> dict[str, int]:
    """Write the plan in one transaction with its audit rows; return its counts.

    Raises:
        RowsRejected: a row has an error and ``partial`` is off.
        PlanOutdated: persons or units have changed since the plan was made.
    """
    refuse_rejected_rows(plan, partial=partial)
    list(Unit.objects.select_for_update().filter(depth=1))  # one import at a time
    check_still_true(plan, plan_people(plan.source, plan.source_problems, today=today))
    doing = plan.to_do()
    people = _write_people(doing, is_demo=is_demo)
    _write_memberships(doing, people)
    _record(doing, people, actor=actor)
    return plan.counts


def _write_people(doing: Sequence[PlannedRow], *, is_demo: bool) -> dict[int, Person]:
    """Create and change the persons' own fields; return the persons by row."""
    new = {
        planned.row: Person(is_demo=is_demo, **_own_fields(planned))
        for planned in doing
        if planned.target is None
    }
    Person.objects.bulk_create(new.values(), batch_size=500)
    known = Person.objects.in_bulk([p.target for p in doing if p.target is not None])
    for planned in doing:
        fields = _own_fields(planned)
        if planned.target is not None and fields:
            person = known[planned.target]
            for name, value in fields.items():
                setattr(person, name, value)
            person.save(update_fields=list(fields))
    return {
        planned.row: new[planned.row] if planned.target is None else known[planned.target]
        for planned in doing
    }


def _own_fields(planned: PlannedRow) -> Mapping[str, Any]:
    return {name: value for name, value in planned.fields.items() if name != "step"}


def _write_memberships(doing: Sequence[PlannedRow], people: Mapping[int, Person]) -> None:
    steps = {planned.row: planned.fields["step"] for planned in doing if "step" in planned.fields}
    for step in steps.values():
        change_last_stay(step)
    stays = [new_stay(people[row], step) for row, step in steps.items()]
    Membership.objects.bulk_create(filter(None, stays), batch_size=500)


def _record(
    doing: Sequence[PlannedRow], people: Mapping[int, Person], *, actor: Account | None
) -> None:
    for state, verb in (("created", "person.created"), ("changed", "person.changed")):
        notes = [
            AuditNote(
                thing=people[planned.row],
                subject=people[planned.row],
                values={"changes": [[c.field, c.before, c.after] for c in planned.changes]},
            )
            for planned in doing
            if planned.state == state
        ]
        audit.record_each(verb, notes, actor=actor)
