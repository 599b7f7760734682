"""Finding a list's header row by its words, wherever it stands."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinic.lib.arithmetic.tables import TableRow
from clinic.lib.errors import Refused
from clinic.people.arithmetic.import_plan import Problem

LOOKED_AT = 20
ERROR_VALUES = frozenset(
    {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)

_NOT_WORD = re.compile(r"[^a-z0-9]+")


class ColumnsMissing(Refused):
    """A list without a header row that names what is needed."""

    code = "columns_missing"


@dataclass(frozen=True)
class Cells:
    """One row of a list by the names of its columns.

    Attributes:
        row: row number in the file.
        text: by column name, stripped; a missing or empty cell is the empty string.
        numeric: columns whose cell is a spreadsheet number here.
    """

    row: int
    text: Mapping[str, str]
    numeric: frozenset[str] = frozenset()

    def get(self, column: str) -> str:
        """Return the text of a cell; a dash alone means nothing stated."""
        text = self.text.get(column, "")
        return "" if text in {"-", "–", "—"} else text


@dataclass(frozen=True)
class Listed:
    """A list with its columns recognised; ``unknown`` are headers nobody asked for."""

    rows: tuple[Cells, ...]
    columns: frozenset[str]
    problems: tuple[Problem, ...]


def fold_header(text: str) -> str:
    """Fold a header for comparison: ``L/P *`` is ``l p``."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return _NOT_WORD.sub(" ", plain).strip()


def read_list(
    rows: Sequence[TableRow],
    *,
    aliases: Mapping[str, Sequence[str]],
    required: Sequence[str],
) -> Listed:
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
    best = max(rows[:LOOKED_AT], key=lambda row: _hits(row, names, required), default=None)
    found = {} if best is None else _columns(best, names)
    missing = [name for name in required if name not in found.values()]
    if best is None or missing:
        raise ColumnsMissing(details={"columns": ", ".join(missing or required)})
    below = [row for row in rows if row.number > best.number]
    return Listed(
        rows=tuple(
            cells for cells in (_cells(row, found) for row in below) if any(cells.text.values())
        ),
        columns=frozenset(found.values()),
        problems=(*_header_problems(best, names), *_errors(below, found)),
    )


def _hits(row: TableRow, names: Mapping[str, str], required: Sequence[str]) -> tuple[int, int]:
    found = {names[fold_header(cell)] for cell in row.cells if fold_header(cell) in names}
    return len(found & set(required)), len(found)


def _columns(row: TableRow, names: Mapping[str, str]) -> dict[int, str]:
    """Map places to column names; of two columns with one name the first counts."""
    found: dict[int, str] = {}
    for place, cell in enumerate(row.cells):
        name = names.get(fold_header(cell))
        if name and name not in found.values():
            found[place] = name
    return found


def _header_problems(row: TableRow, names: Mapping[str, str]) -> Iterator[Problem]:
    seen: set[str] = set()
    ignored = {"no", "nomor", ""}
    for cell in row.cells:
        folded = fold_header(cell)
        name = names.get(folded)
        if name in seen:
            yield Problem("column_twice", row.number, name or "", {"header": cell[:80]}, "warning")
        elif name is None and folded not in ignored:
            yield Problem("column_ignored", row.number, "", {"header": cell[:80]}, "warning")
        elif name:
            seen.add(name)


def _errors(rows: Sequence[TableRow], found: Mapping[int, str]) -> Iterator[Problem]:
    """Tell cells that hold a spreadsheet's error or a formula that nobody has computed."""
    for row in rows:
        for place, name in found.items():
            text = row.cells[place] if place < len(row.cells) else ""
            if text.startswith("=") or text.upper() in ERROR_VALUES:
                yield Problem("cell_holds_error", row.number, name, {"typed": text[:40]})


def _cells(row: TableRow, found: Mapping[int, str]) -> Cells:
    text = {name: row.cells[place] for place, name in found.items() if place < len(row.cells)}
    numeric = frozenset(name for place, name in found.items() if place in row.numeric)
    return Cells(row.number, text, numeric)
