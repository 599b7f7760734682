"""Lists that come in through a page: read in the worker, looked at, then applied once.

Uploaded lists opened as tables, with the reader's refusals put into words.

Rows of a list as stored JSON, from their reading to their applying.

The schema number changes when a field changes its meaning; a new field with a default does not
need one. Every number ever written stays readable (D12).
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.tables import Table, UnsafeArchive, read_table
from clinic.lib.errors import Refused
from clinic.people.applying import PlanOutdated, check_digest
from clinic.people.arithmetic.import_plan import Plan, Problem
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.unit_rows import UnitRow
from clinic.people.importing_people import apply_people, plan_people, read_people
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.models import Account
from clinic.records import imports
from clinic.records.imports import Import


def open_list(content: bytes, name: str) -> Table:
    """Read an uploaded .xlsx or .csv as a table of text.

    Raises:
        UnsafeArchive: it must not be opened or is beyond a limit; with its translated sentence.
    """
    try:
        return read_table(content, name)
    except UnsafeArchive as refused:
        refused.message = _(refused.message) % refused.details
        raise


SCHEMA = 1

Row = TypeVar("Row")


class UnknownSchema(Refused):
    """Stored rows of a later release, or no stored rows at all."""

    code = "stored_rows_unknown"
    status = 409


def store_rows(rows: Sequence[Any], problems: Sequence[Problem], *, day: date) -> dict[str, Any]:
    """Return rows, reading problems and the day of reading as JSON values."""
    return {
        "schema": SCHEMA,
        "day": day.isoformat(),
        "rows": [_plain(row) for row in rows],
        "problems": [problem.as_json() for problem in problems],
    }


def load_rows(kind: type[Row], stored: Mapping[str, Any]) -> tuple[list[Row], list[Problem], date]:
    """Read back what ``store_rows`` wrote.

    Raises:
        UnknownSchema: the schema number is not known.
    """
    if stored.get("schema") != SCHEMA or "rows" not in stored:
        raise UnknownSchema(details={"schema": str(stored.get("schema"))})
    rows = [_row(kind, values) for values in stored["rows"]]
    problems = [Problem.from_json(values) for values in stored["problems"]]
    return rows, problems, date.fromisoformat(stored["day"])


def _plain(row: Any) -> dict[str, Any]:
    values = dataclasses.asdict(row)
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value not in ("", None, ())
    }


def _row(kind: type[Row], values: Mapping[str, Any]) -> Row:
    """Fill a row; what was empty is not stored and gets its default, or the empty string."""
    filled: dict[str, Any] = {}
    for known in dataclasses.fields(kind):  # type: ignore[arg-type]
        value = values.get(known.name)
        if value is None:
            if known.default is dataclasses.MISSING:
                filled[known.name] = ""
        elif known.type == date | None:
            filled[known.name] = date.fromisoformat(value)
        else:
            filled[known.name] = tuple(value) if isinstance(value, list) else value
    return kind(**filled)


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
