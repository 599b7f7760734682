"""Persons from a list: what it would change, and the change itself.

A NIP joins a row with a known person, an e-mail address joins; a name in the same unit joins only
a row that has neither, and is told (attendance 4.2). An empty cell changes nothing, a person
missing from the list stays, a confirmed e-mail address is never overwritten, and another unit
begins a new membership and ends the old one the day before.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from clinic.lib.arithmetic.tables import Table
from clinic.people.applying import check_still_true, refuse_rejected_rows
from clinic.people.arithmetic.headers import read_list
from clinic.people.arithmetic.import_plan import Plan, PlannedRow, Problem
from clinic.people.arithmetic.person_rows import ALIASES, REQUIRED, PersonRow, read_person_row
from clinic.people.known_people import KnownPeople
from clinic.people.models import Account, Membership, Person, Unit
from clinic.people.person_plan import plan_rows
from clinic.people.placing import change_last_stay, new_stay
from clinic.people.wording import columns_missing
from clinic.records import audit
from clinic.records.audit import Note


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
            Note(
                thing=people[planned.row],
                subject=people[planned.row],
                values={"changes": [[c.field, c.before, c.after] for c in planned.changes]},
            )
            for planned in doing
            if planned.state == state
        ]
        audit.record_each(verb, notes, actor=actor)
