"""Rows of a list as stored JSON, from their reading to their applying.

The schema number changes when a field changes its meaning; a new field with a default does not
need one. Every number ever written stays readable (D12).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from clinic.lib.errors import Refused
from clinic.people.arithmetic.import_plan import Problem

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
