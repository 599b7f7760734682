"""Lists that come in through a page: read in the worker, looked at, then applied once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from clinic.lib.arithmetic.tables import Table
from clinic.people.applying import PlanOutdated, check_digest
from clinic.people.arithmetic.import_plan import Plan, Problem
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.stored_rows import load_rows, store_rows
from clinic.people.arithmetic.unit_rows import UnitRow
from clinic.people.importing_people import apply_people, plan_people, read_people
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.models import Account
from clinic.people.reading import open_list
from clinic.records import imports
from clinic.records.imports import Import

__all__ = ["KINDS", "PERSONS", "UNITS", "PlanOutdated", "apply_list", "check_again", "read_list"]

UNITS = "people.units"
PERSONS = "people.persons"


@dataclass(frozen=True)
class _Kind:
    """How one kind of list is read, planned and applied."""

    row: type
    read: Callable[[Table], tuple[Sequence[Any], Sequence[Problem]]]
    plan: Callable[[Sequence[Any], Sequence[Problem], date], Plan]
    apply: Callable[[Plan, Account, date, bool], dict[str, int]]


KINDS: dict[str, _Kind] = {
    UNITS: _Kind(
        row=UnitRow,
        read=read_units,
        plan=lambda rows, problems, _day: plan_units(rows, problems),
        apply=lambda plan, actor, _day, partial: apply_units(plan, actor=actor, partial=partial),
    ),
    PERSONS: _Kind(
        row=PersonRow,
        read=read_people,
        plan=lambda rows, problems, day: plan_people(rows, problems, today=day),
        apply=lambda plan, actor, day, partial: apply_people(
            plan, actor=actor, today=day, partial=partial
        ),
    ),
}


def read_list(import_: Import) -> Callable[[], None]:
    """Read the file and return the write that makes the import ready to look at.

    Raises:
        Refused: the file as a whole cannot be read.
    """
    kind = KINDS[import_.kind]
    with import_.file.open("rb") as stream:
        table = open_list(stream.read(), import_.original_name)
    rows, problems = kind.read(table)
    day = timezone.localdate()
    plan = kind.plan(rows, problems, day)
    parsed = store_rows(rows, problems, day=day)

    def keep() -> None:
        imports.record_report(import_, parsed=parsed, report=plan.as_report(), counts=plan.counts)

    return keep


def apply_list(import_: Import, *, actor: Account, partial: bool) -> dict[str, int]:
    """Write what was looked at, once.

    Raises:
        Refused: it was applied before or is not ready (409), rows are rejected and ``partial`` is
            off, or the data have changed since (``PlanOutdated``).
    """
    kind = KINDS[import_.kind]

    def write(current: Import) -> dict[str, int]:
        rows, problems, day = load_rows(kind.row, current.parsed)
        plan = kind.plan(rows, problems, day)
        check_digest(plan, current.report["digest"])
        return kind.apply(plan, actor, day, partial)

    return imports.apply(import_, write, actor=actor)


def check_again(import_: Import) -> None:
    """Plan a ready import anew, because the data have changed since it was read."""
    kind = KINDS[import_.kind]
    rows, problems, day = load_rows(kind.row, import_.parsed)
    plan = kind.plan(rows, problems, day)
    Import.objects.filter(pk=import_.pk, state=Import.State.READY).update(
        report=plan.as_report(), counts=plan.counts, problem_count=len(plan.problems)
    )
