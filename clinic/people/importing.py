"""What every list has in common: a file becomes rows, rows become a plan, a plan may be written.

Rows wait as JSON between reading and applying. Their schema number changes when a field changes
its meaning; a new field with a default does not need one. Every number ever written stays
readable (D12).
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from django.utils.translation import gettext as _

from clinic.lib.arithmetic.tables import Table, read_table
from clinic.lib.arithmetic.uploads import UnsafeArchive
from clinic.lib.errors import Refused
from clinic.people.arithmetic.lists import ColumnsMissing, ListProblem, ListRow, read_list
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.unit_rows import UnitRow
from clinic.people.moving import PersonPlacement
from clinic.people.wording import column_label

ROWS_SCHEMA = 1
PREVIEW_SCHEMA = 1
RowState = Literal["created", "changed", "unchanged", "refused"]
ListedRow = TypeVar("ListedRow", PersonRow, UnitRow)


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


def read_rows(
    table: Table,
    read: Callable[[ListRow], ListedRow],
    *,
    aliases: Mapping[str, Sequence[str]],
    required: Sequence[str],
) -> tuple[list[ListedRow], list[ListProblem]]:
    """Read a table into rows; what cannot be read is a problem with row and column.

    Raises:
        ColumnsMissing: the table has no header row that names the required columns.
    """
    try:
        listed, problems = read_list(table.rows, aliases=aliases, required=required)
    except ColumnsMissing as refused:
        names = ", ".join(column_label(name) for name in refused.details["columns"].split(", "))
        refused.message = _(
            "The list needs a header row with these columns: %(columns)s. Use the template."
        ) % {"columns": names}
        raise
    if table.encoding_was_guessed:
        problems.append(ListProblem("encoding_guessed", level="warning"))
    if not listed:
        problems.append(ListProblem("no_rows"))
    unreadable = {(problem.row, problem.column) for problem in problems if problem.level == "error"}
    rows = []
    for cells in listed:
        rows.append(read(cells))
        problems += [new for new in cells.problems if (new.row, new.column) not in unreadable]
    return rows, problems


def store_rows(rows: Sequence[Any], problems: Sequence[ListProblem], day: date) -> dict[str, Any]:
    """Return rows, the problems of reading and its day as JSON values; what is empty is left out.

    ``load_rows`` reads them back.
    """
    return {
        "schema": ROWS_SCHEMA,
        "day": day.isoformat(),
        "rows": [
            {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in dataclasses.asdict(row).items()
                if value not in ("", None, ())
            }
            for row in rows
        ],
        "problems": [problem.as_json() for problem in problems],
    }


def load_rows(
    kind: type[ListedRow], stored: Mapping[str, Any]
) -> tuple[list[ListedRow], list[ListProblem], date]:
    """Read back what ``store_rows`` wrote, of any schema ever written.

    Raises:
        Refused: rows of a later release, or none at all (``stored_rows_unknown``).
    """
    if stored.get("schema") != ROWS_SCHEMA or "rows" not in stored:
        raise Refused(
            code="stored_rows_unknown", details={"schema": str(stored.get("schema"))}, status=409
        )
    rows = [_load_row(kind, values) for values in stored["rows"]]
    problems = [ListProblem.from_json(values) for values in stored["problems"]]
    return rows, problems, date.fromisoformat(stored["day"])


def _load_row(kind: type[ListedRow], values: Mapping[str, Any]) -> ListedRow:
    """Fill a row; what was empty is not stored and gets its default, or the empty string."""
    filled: dict[str, Any] = {}
    for column in dataclasses.fields(kind):
        value = values.get(column.name)
        if value is None:
            if column.default is dataclasses.MISSING:
                filled[column.name] = ""
        elif column.type == date | None:
            filled[column.name] = date.fromisoformat(value)
        else:
            filled[column.name] = tuple(value) if isinstance(value, list) else value
    return kind(**filled)


class PlanOutdated(Refused):
    """The data have changed since the plan was looked at."""

    code = "plan_outdated"
    status = 409


class FieldChange(NamedTuple):
    """One field before and after, as text to show."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class PlannedRow:
    """What would happen to one row.

    Attributes:
        row: row number in the file.
        label: what the row is called on the preview.
        state: whether it would create, change or leave something, or is refused.
        changes: what the preview shows.
        fields: what to write, by field name; only what changes.
        placement: where the person of the row works then, if that changes.
        target: row id of the thing that exists, None for one to be created.
    """

    row: int
    label: str
    state: RowState
    changes: tuple[FieldChange, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    placement: PersonPlacement | None = None
    target: int | None = None


@dataclass(frozen=True)
class ImportPlan:
    """All that an import would do: rows with their changes, and the problems by row."""

    rows: tuple[PlannedRow, ...]
    problems: tuple[ListProblem, ...]

    @property
    def errors(self) -> list[ListProblem]:
        return [problem for problem in self.problems if problem.level == "error"]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state, and the number of warnings."""
        states = Counter(row.state for row in self.rows)
        return {
            "rows": len(self.rows),
            **{state: states[state] for state in get_args(RowState)},
            "warnings": len(self.problems) - len(self.errors),
        }

    @property
    def to_do(self) -> list[PlannedRow]:
        """Rows that would be written, in order."""
        return [row for row in self.rows if row.state in {"created", "changed"}]

    @property
    def digest(self) -> str:
        """A fingerprint: two plans that would do the same have the same."""
        parts = [
            [row.row, row.state, row.target, {name: str(row.fields[name]) for name in row.fields},
             str(row.placement)]
            for row in self.rows
        ]  # fmt: skip
        plain = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    def as_report(self) -> dict[str, Any]:
        """Return the preview for storage: rows with changes, problems, fingerprint."""
        return {
            "schema": PREVIEW_SCHEMA,
            "digest": self.digest,
            "rows": [
                {"row": row.row, "label": row.label, "state": row.state, "changes": row.changes}
                for row in self.rows
            ],
            "problems": [problem.as_json() for problem in self.problems],
        }

    def check(self, *, partial: bool, expected_digest: str) -> None:
        """Refuse a plan that must not be written.

        Args:
            partial: rows with errors may be left out; an error of the file as a whole never may.
            expected_digest: of the plan that a person has looked at; empty where nobody has.

        Raises:
            Refused: some rows have errors (``rows_rejected``).
            PlanOutdated: it would do something else than was looked at.
        """
        if expected_digest and self.digest != expected_digest:
            raise PlanOutdated(
                _("The data have changed since this file was checked. Look at the new check.")
            )
        is_whole_file = any(problem.row == 0 for problem in self.errors)
        if self.errors and (is_whole_file or not partial):
            raise Refused(
                _("Some rows need correction. Nothing has been saved."),
                code="rows_rejected",
                details={"rows": self.counts["refused"]},
            )
