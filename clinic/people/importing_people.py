"""Persons from a list: what it would change, and the change itself.

A NIP joins a row with a known person, an e-mail address joins; a name in the same unit joins only
a row that has neither, with a warning. An empty cell changes nothing, a person missing from the
list stays, a confirmed e-mail address is never overwritten, and another unit begins a new
membership, ends the old one the day before and ends the roles in units.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from clinic.lib.arithmetic.tables import Table
from clinic.people.access import rows_of
from clinic.people.arithmetic.lists import ListProblem, Severity, find_repeated
from clinic.people.arithmetic.matching import (
    PersonIndex,
    PersonKeys,
    names_share_a_word,
    normalise_name,
)
from clinic.people.arithmetic.nip import mask_email, mask_nip, mask_phone
from clinic.people.arithmetic.person_rows import ALIASES, REQUIRED, PersonRow, read_person_row
from clinic.people.importing import FieldChange, ImportPlan, PlannedRow, RowState, read_rows
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.people.moving import (
    PersonPlacement,
    StartsBeforeTheLast,
    end_roles,
    place_person,
    roles_that_end,
)
from clinic.people.unit_names import UnitNames
from clinic.records import audit
from clinic.records.audit import AuditNote

FIELDS = ("nip", "name", "rank", "sex", "email", "phone")
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


def read_people(table: Table) -> tuple[list[PersonRow], list[ListProblem]]:
    """Read a table into rows of persons."""
    return read_rows(table, read_person_row, aliases=ALIASES, required=REQUIRED)


def plan_people(
    rows: Sequence[PersonRow], problems: Sequence[ListProblem] = (), *, today: date
) -> ImportPlan:
    """Say what the rows would create and change, without writing.

    Args:
        rows: persons as ``read_people`` gives them, or made by code.
        problems: what reading has found already; they stay in front.
        today: day on which a place without a stated start begins.
    """
    planner = _Planner(today)
    for problem in [*problems, *_find_double_rows(rows)]:
        planner.add(problem)
    for row in rows:
        planner.match_unit(row)
    planner.match_persons(rows)
    planned = tuple(planner.plan(row) for row in rows)
    return ImportPlan(planned, tuple(planner.problems))


@transaction.atomic
def apply_people(
    rows: Sequence[PersonRow],
    problems: Sequence[ListProblem] = (),
    *,
    actor: Account | None,
    today: date,
    partial: bool = False,
    expected_digest: str = "",
    is_demo: bool = False,
) -> ImportPlan:
    """Plan under the lock and write in one transaction with the audit rows; return the plan.

    Args:
        rows: as for ``plan_people``.
        problems: as for ``plan_people``.
        actor: who applies; None for commands on the server.
        today: as for ``plan_people``.
        partial: take the good rows and leave the others.
        expected_digest: of the plan that a person has looked at.
        is_demo: the persons are samples.

    Raises:
        Refused: a row has an error and ``partial`` is off (``rows_rejected``).
        PlanOutdated: persons or units have changed since the plan was looked at.
    """
    list(Unit.objects.select_for_update().filter(depth=1))  # one import at a time
    plan = plan_people(rows, problems, today=today)
    plan.check(partial=partial, expected_digest=expected_digest)
    people = _write_people(plan.to_do, is_demo=is_demo)
    leaving = [  # before the memberships change
        (person, placement.after.start, roles_that_end(person, placement))
        for planned in plan.to_do
        if (placement := planned.placement)
        and placement.leaves_unit
        and (person := people[planned.row])
    ]
    memberships = []
    for planned in plan.to_do:
        if planned.placement is not None:
            planned.placement.change_last()
            memberships.append(planned.placement.new_for(people[planned.row]))
    Membership.objects.bulk_create(filter(None, memberships), batch_size=500)
    for person, first_day, roles in leaving:
        is_own = actor is not None and actor.person_id in rows_of(person)
        if not is_own:  # nobody ends roles of their own
            end_roles(roles, first_day, today=today, actor=actor)
    for state, verb in (("created", "person.created"), ("changed", "person.changed")):
        notes = [
            AuditNote(
                thing=people[planned.row],
                subject=people[planned.row],
                values={"changes": planned.changes},
            )
            for planned in plan.to_do
            if planned.state == state
        ]
        audit.record_each(verb, notes, actor=actor)
    return plan


def _write_people(planned_rows: Sequence[PlannedRow], *, is_demo: bool) -> dict[int, Person]:
    """Create and change the persons' own fields; return the persons by row."""
    people = {
        planned.row: Person(is_demo=is_demo, **planned.fields)
        for planned in planned_rows
        if planned.target is None
    }
    Person.objects.bulk_create(people.values(), batch_size=500)
    known = Person.objects.in_bulk([row.target for row in planned_rows if row.target is not None])
    for planned in planned_rows:
        if planned.target is None:
            continue
        person = people[planned.row] = known[planned.target]
        for name, value in planned.fields.items():
            setattr(person, name, value)
        if planned.fields:
            person.save(update_fields=list(planned.fields))
    return people


def _follow_merges(key: int, rows: Mapping[int, Mapping[str, Any]]) -> int:
    while (further := rows[key]["merged_into_id"]) is not None:
        key = further
    return key


def _find_double_rows(rows: Sequence[PersonRow]) -> Iterator[ListProblem]:
    """Find rows of the list that speak of one human twice."""
    keys: dict[str, tuple[str, Callable[[PersonRow], str]]] = {
        "nip_twice": ("nip", lambda row: row.nip),
        "email_twice": ("email", lambda row: row.email),
        "same_name_twice": ("name", _fold_keyless_name),
    }
    for code, (column, key) in keys.items():
        for row, first in find_repeated((row.row, key(row)) for row in rows).items():
            yield ListProblem(code, row, column, {"row": str(first)})


def _fold_keyless_name(row: PersonRow) -> str:
    if row.nip or row.email or not row.name:
        return ""
    return f"{normalise_name(row.name)}\n{row.unit.lower()}"


class _Planner:
    """Plans a list in order: the units of all rows, then their persons, then row by row.

    Attributes:
        persons: fields by id of the known persons; merged rows lead to the kept one.
        index: finds a person by NIP or e-mail address, merged rows' numbers included.
        memberships: those of a kept row, with those of its merged rows.
        confirmed: confirmed e-mail addresses by person.
        roles: roles in units that are in force or to come, by person.
        unit_of: the unit that a row names.
        person_of: the known person whom a row is about.
        refused: rows with an error.
    """

    def __init__(self, today: date) -> None:
        """Read everything in six queries, however long the list is."""
        self.today = today
        self.unit_names = UnitNames.load()
        rows = {row["id"]: row for row in Person.objects.values("id", "merged_into_id", *FIELDS)}
        kept = {key: _follow_merges(key, rows) for key in rows}
        self.persons = {key: row for key, row in rows.items() if kept[key] == key}
        self.memberships: dict[int, list[Membership]] = defaultdict(list)
        for membership in Membership.objects.all():
            self.memberships[kept[membership.person_id]].append(membership)
        self.index = PersonIndex()
        # Kept rows first, so that their own numbers win over those of merged rows.
        for key in sorted(rows, key=lambda key: kept[key] != key):
            row = rows[key]
            units = {str(membership.unit_id) for membership in self.memberships.get(kept[key], ())}
            for unit in units or {""}:
                self.index.add(kept[key], PersonKeys(row["name"], row["nip"], row["email"], unit))
        self.confirmed: dict[int, set[str]] = defaultdict(set)
        pairs = EmailAddress.objects.filter(verified=True).values_list("user__person_id", "email")
        for person, email in pairs:
            self.confirmed[kept[person]].add(email.lower())
        self.roles: dict[int, list[Grant]] = defaultdict(list)
        for role in Grant.objects.filter(unit__isnull=False, ended_at__isnull=True):
            self.roles[kept[role.person_id]].append(role)
        self.problems: list[ListProblem] = []
        self.refused: set[int] = set()
        self.unit_of: dict[int, Unit] = {}
        self.person_of: dict[int, int] = {}

    def report(
        self, code: str, row: PersonRow, column: str, level: Severity = "error", **values: str
    ) -> None:
        self.add(ListProblem(code, row.row, column, values, level))

    def add(self, problem: ListProblem) -> None:
        self.problems.append(problem)
        if problem.level == "error":
            self.refused.add(problem.row)

    def match_unit(self, row: PersonRow) -> None:
        if not row.unit:
            return
        match = self.unit_names.find(row.unit, self.today)
        if match.unit is None:
            options = ", ".join(unit.name for unit in match.options[:5])
            code = UNIT_PROBLEMS[match.how]
            if match.how == "unknown" and (alike := self.unit_names.suggest(row.unit, self.today)):
                code, options = "unit_unknown_alike", alike
            self.report(code, row, "unit", typed=row.unit[:80], options=options)
            return
        self.unit_of[row.row] = match.unit
        if match.how == "carried":
            typed = row.unit[:80]
            self.report("unit_carried", row, "unit", "warning", typed=typed, unit=match.unit.name)

    def match_persons(self, rows: Sequence[PersonRow]) -> None:
        """Join rows with known persons: those with a key first, names with who is left."""
        for row in rows:
            if row.nip or row.email:
                self._match_by_key(row)
        taken = set(self.person_of.values())
        for row in rows:
            if not (row.nip or row.email):
                self._match_by_name(row, taken)
        persons = [(number, str(person)) for number, person in self.person_of.items()]
        for number, first in find_repeated(persons).items():
            self.add(ListProblem("person_twice", number, "", {"row": str(first)}))

    def _match_by_key(self, row: PersonRow) -> None:
        how, person = self.index.find(self._read_keys(row))
        if how == "ambiguous":
            self.report("email_shared", row, "email")
        elif person is None:
            alike = self.index.alike(self._read_keys(row))
            if alike and row.row in self.unit_of:
                name = self._find_name(min(alike))
                self.report("maybe_same", row, "name", "warning", known=name)
        elif how == "conflict" or (how == "email" and not self._is_same_name(row, person)):
            self.report("email_taken", row, "email", known=self._find_name(person))
        else:
            self.person_of[row.row] = person
            if not self._is_same_name(row, person):
                self.report("name_differs", row, "name", "warning", known=self._find_name(person))

    def _match_by_name(self, row: PersonRow, taken: set[int]) -> None:
        alike = self.index.alike(self._read_keys(row)) - taken
        if len(alike) > 1:
            self.report("name_ambiguous", row, "name")
        elif alike and row.row in self.unit_of:
            (person,) = alike
            self.person_of[row.row] = person
            self.report("taken_by_name", row, "name", "warning", known=self._find_name(person))

    def _read_keys(self, row: PersonRow) -> PersonKeys:
        unit = self.unit_of.get(row.row)
        return PersonKeys(row.name, row.nip, row.email, str(unit.pk) if unit else "")

    def _find_name(self, person: int) -> str:
        return self.persons[person]["name"]

    def _is_same_name(self, row: PersonRow, person: int) -> bool:
        return not row.name or names_share_a_word(row.name, self._find_name(person))

    def plan(self, row: PersonRow) -> PlannedRow:
        """Plan one row; call after units and persons are found."""
        person = self.person_of.get(row.row)
        if person is None and not row.unit and row.row not in self.refused:
            self.report("cell_empty", row, "unit")
        placement = None if row.row in self.refused else self._plan_placement(row, person)
        if row.row in self.refused:
            return PlannedRow(row.row, row.name or mask_nip(row.nip), "refused")
        fields = dict(self._choose_fields(row, person))
        before = self.persons[person] if person is not None else {}
        changes = [
            FieldChange(name, _mask(name, before.get(name, "")), _mask(name, value))
            for name, value in fields.items()
        ]
        if placement is not None:
            changes += self._describe_placement(placement)
        state: RowState = "changed" if fields or placement else "unchanged"
        if person is None:
            state = "created"
        return PlannedRow(row.row, row.name, state, tuple(changes), fields, placement, person)

    def _choose_fields(self, row: PersonRow, person: int | None) -> Iterator[tuple[str, str]]:
        """Give what differs from what is known, a known NIP and a confirmed address aside."""
        known = self.persons[person] if person is not None else dict.fromkeys(FIELDS, "")
        confirmed = self.confirmed.get(person) if person is not None else None
        for name in FIELDS:
            value = getattr(row, name)
            if not value or value == known[name]:
                continue
            if name == "nip" and known["nip"]:
                self.report("nip_differs", row, "nip", "warning")
            elif name == "email" and confirmed and row.email not in confirmed:
                self.report("email_verified_kept", row, "email", "warning")
            else:
                yield name, value

    def _plan_placement(self, row: PersonRow, person: int | None) -> PersonPlacement | None:
        """Say where the person works then; None where the row changes nothing about that."""
        unit = self.unit_of.get(row.row)
        unit_id = unit.pk if unit else None
        if unit_id is None and person is not None:
            unit_id = self._find_unit_of_today(person)
        if unit_id is None:
            return None
        memberships = self.memberships.get(person, ()) if person is not None else ()
        try:
            placement = place_person(
                memberships, unit=unit_id, today=self.today, start=row.start,
                position=row.position, position_kind=row.position_kind,
            )  # fmt: skip
        except StartsBeforeTheLast as refused:
            self.report("start_before_last", row, "start", start=refused.details["start"])
            return None
        if placement.keeps_earlier_start:
            start = placement.after.start.isoformat()
            self.report("start_kept", row, "start", "warning", start=start)
        if person is not None and placement.leaves_unit:
            count = sum(
                role.ends_on is None or role.ends_on >= max(placement.after.start, self.today)
                for role in self.roles.get(person, ())
            )
            if count:
                self.report("roles_end", row, "unit", "warning", number=str(count))
        return None if placement.act == "none" else placement

    def _find_unit_of_today(self, person: int) -> int | None:
        """Return the unit in which the person works today, the latest membership first."""
        current = [
            membership
            for membership in self.memberships.get(person, ())
            if membership.start <= self.today
            and (membership.end is None or membership.end >= self.today)
        ]
        latest = max(current, key=lambda membership: membership.start, default=None)
        return latest.unit_id if latest else None

    def _describe_placement(self, placement: PersonPlacement) -> Iterator[FieldChange]:
        old, new = placement.last, placement.after
        units = self.unit_names.units
        changes = [
            ("unit", units[old.unit_id].name if old else "", units[new.unit_id].name),
            ("position", old.position if old else "", new.position),
            ("position_kind", old.position_kind if old else "", new.position_kind),
            ("start", old.start.isoformat() if old else "", new.start.isoformat()),
        ]
        yield from (FieldChange(*change) for change in changes if change[1] != change[2])


def _mask(name: str, value: str) -> str:
    return MASKS[name](value) if name in MASKS else value
