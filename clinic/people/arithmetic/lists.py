"""A list as people type it: its header found by words, its rows by column, its problems.

A problem carries a code and values, never a sentence: the sentence is made for whoever reads it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from clinic.lib.arithmetic.dates import NotADay, read_day
from clinic.lib.arithmetic.tables import TableRow
from clinic.lib.errors import Refused

HEADER_WITHIN = 20  # rows
ERROR_VALUES = frozenset(
    {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
NOTHING_STATED = frozenset({"-", "–", "—"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")

Severity = Literal["error", "warning"]


class ColumnsMissing(Refused):
    """A list without a header row that names what is needed."""

    code = "columns_missing"


@dataclass(frozen=True)
class ListProblem:
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
    level: Severity = "error"

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "row": self.row,
            "column": self.column,
            "values": dict(self.values),
            "level": self.level,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ListProblem":
        return cls(**stored)


@dataclass
class ListRow:
    """One row of a list by the names of its columns, with what is found wrong while it is read.

    Attributes:
        number: row number in the file.
        text: by column name, stripped.
        numeric: columns whose cell is a spreadsheet number here.
    """

    number: int
    text: Mapping[str, str]
    numeric: frozenset[str] = frozenset()
    problems: list[ListProblem] = field(default_factory=list)

    def get(self, column: str) -> str:
        """Return the text of a cell; a dash alone means nothing stated."""
        text = self.text.get(column, "")
        return "" if text in NOTHING_STATED else text

    def read_text(self, column: str, *, longest: int | None = None) -> str:
        """Return a cell with single blanks; one that is too long is a problem and empty."""
        text = " ".join(self.get(column).split())
        if longest and len(text) > longest:
            self.report("text_too_long", column, limit=str(longest))
            return ""
        return text

    def read_day(self, column: str) -> date | None:
        """Return the day in a cell; what is no day is a problem and None."""
        text = self.get(column)
        try:
            return read_day(text) if text else None
        except NotADay:
            self.report("not_a_day", column, typed=text[:40])
            return None

    def report(self, code: str, column: str, level: Severity = "error", **values: str) -> None:
        self.problems.append(ListProblem(code, self.number, column, values, level))


def read_list(
    rows: Sequence[TableRow], *, aliases: Mapping[str, Sequence[str]], required: Sequence[str]
) -> tuple[list[ListRow], list[ListProblem]]:
    """Find the header row and give every row below it by column name.

    Args:
        rows: the table as read.
        aliases: for each column its headers, folded, beside its own name.
        required: columns without which the list means nothing.

    Raises:
        ColumnsMissing: no row among the first twenty names all required columns; ``details`` name
            the missing ones of the row that came closest.
    """
    names = {
        fold_header(alias): name for name, words in aliases.items() for alias in [name, *words]
    }

    def count_hits(row: TableRow) -> tuple[int, int]:
        hits = {names[fold_header(cell)] for cell in row.cells if fold_header(cell) in names}
        return len(hits & set(required)), len(hits)

    header = max(rows[:HEADER_WITHIN], key=count_hits, default=None)
    columns = {} if header is None else _find_columns(header, names)
    missing = [name for name in required if name not in columns.values()]
    if header is None or missing:
        raise ColumnsMissing(details={"columns": ", ".join(missing or required)})
    below = [row for row in rows if row.number > header.number]
    read = [_name_cells(row, columns) for row in below]
    problems = [*_check_header(header, names), *_check_cells(below, columns)]
    return [row for row in read if any(row.text.values())], problems


def fold_header(text: str) -> str:
    """Fold a header for comparison: ``L/P *`` is ``l p``."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return _NOT_WORD.sub(" ", plain).strip()


def find_repeated(values: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Return, for each row whose value came before, the row that had it first."""
    first: dict[str, int] = {}
    again: dict[int, int] = {}
    for row, value in values:
        if value and first.setdefault(value, row) != row:
            again[row] = first[value]
    return again


def _find_columns(row: TableRow, names: Mapping[str, str]) -> dict[int, str]:
    """Map numbers of columns to their names; of two columns with one name the first counts."""
    columns: dict[int, str] = {}
    for number, cell in enumerate(row.cells):
        name = names.get(fold_header(cell))
        if name and name not in columns.values():
            columns[number] = name
    return columns


def _name_cells(row: TableRow, columns: Mapping[int, str]) -> ListRow:
    text = {name: row.cells[number] for number, name in columns.items() if number < len(row.cells)}
    numeric = frozenset(name for number, name in columns.items() if number in row.numeric)
    return ListRow(row.number, text, numeric)


def _check_header(row: TableRow, names: Mapping[str, str]) -> Iterator[ListProblem]:
    seen: set[str] = set()
    ignored = {"no", "nomor", ""}
    for cell in row.cells:
        folded = fold_header(cell)
        name = names.get(folded)
        if name in seen:
            yield ListProblem(
                "column_twice", row.number, name or "", {"header": cell[:80]}, "warning"
            )
        elif name is None and folded not in ignored:
            yield ListProblem("column_ignored", row.number, "", {"header": cell[:80]}, "warning")
        elif name:
            seen.add(name)


def _check_cells(rows: Sequence[TableRow], columns: Mapping[int, str]) -> Iterator[ListProblem]:
    """Find cells that hold a spreadsheet's error or a formula that nobody has computed."""
    for row in rows:
        for number, name in columns.items():
            text = row.cells[number] if number < len(row.cells) else ""
            if text.startswith("=") or text.upper() in ERROR_VALUES:
                yield ListProblem("cell_holds_error", row.number, name, {"typed": text[:40]})
