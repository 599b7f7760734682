"""What an import would do, as plain values: rows with their changes, and problems by row.

A problem carries a code and values, never a sentence: the sentence is made for whoever reads it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["created", "changed", "unchanged", "refused"]
Level = Literal["error", "warning"]

STATES: tuple[State, ...] = ("created", "changed", "unchanged", "refused")
SCHEMA = 1


@dataclass(frozen=True)
class Problem:
    """Something in a list that a person should look at.

    Attributes:
        code: stable word, the key of its sentence.
        row: row number in the file, 0 for the file as a whole.
        column: name of the column, empty for the row as a whole.
        values: what the sentence's named placeholders stand for.
        level: an ``error`` keeps the row out, a ``warning`` does not.
    """

    code: str
    row: int = 0
    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    level: Level = "error"

    def as_json(self) -> dict[str, Any]:
        """Return plain values for storage."""
        return {
            "code": self.code,
            "row": self.row,
            "column": self.column,
            "values": dict(self.values),
            "level": self.level,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Problem":
        """Read back what ``as_json`` wrote."""
        return cls(**stored)


@dataclass(frozen=True)
class Change:
    """One field before and after, as text to show."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class PlannedRow:
    """What would happen to one row.

    Attributes:
        label: what the row is called on the preview.
        fields: what to write, by field name; only what changes.
        target: row id of the thing that exists, None for one to be created.
    """

    row: int
    label: str
    state: State
    changes: tuple[Change, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    target: int | None = None


@dataclass(frozen=True)
class Plan:
    """All that an import would do.

    Attributes:
        source: the rows as read, so that the plan can be made again when it is applied.
        source_problems: what reading alone has told.
    """

    rows: tuple[PlannedRow, ...]
    problems: tuple[Problem, ...]
    source: tuple[Any, ...] = ()
    source_problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.level == "error")

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state, and the number of warnings."""
        states = Counter(row.state for row in self.rows)
        warnings = len(self.problems) - len(self.errors)
        return {
            "rows": len(self.rows),
            **{state: states[state] for state in STATES},
            "warnings": warnings,
        }

    def to_do(self) -> list[PlannedRow]:
        """Rows that would be written, in order."""
        return [row for row in self.rows if row.state in {"created", "changed"}]

    @property
    def digest(self) -> str:
        """A fingerprint: two plans that would do the same have the same."""
        parts = [
            [row.row, row.state, row.target, {k: str(v) for k, v in row.fields.items()}]
            for row in self.rows
        ]
        plain = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    def as_report(self) -> dict[str, Any]:
        """Return the preview for storage: rows with changes, problems, fingerprint."""
        return {
            "schema": SCHEMA,
            "digest": self.digest,
            "rows": [
                {
                    "row": row.row,
                    "label": row.label,
                    "state": row.state,
                    "changes": [[c.field, c.before, c.after] for c in row.changes],
                }
                for row in self.rows
            ],
            "problems": [problem.as_json() for problem in self.problems],
        }


def repeated(values: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Return, for each row whose value came before, the row that had it first."""
    first: dict[str, int] = {}
    again: dict[int, int] = {}
    for row, value in values:
        if value and first.setdefault(value, row) != row:
            again[row] = first[value]
    return again
