"""Tables of text out of uploaded files.

Every cell is text: how a number or a date was meant is decided by whoever knows the column.

calamine hands over as empty what has no value: errors, and formulas nobody has computed. A column
of ``#N/A`` would vanish without a word, so these cells are read from the markup instead, as the
text that a person sees in them.
"""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import PurePath

from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.arithmetic.uploads import MEBIBYTE, UnsafeArchive, inspect_archive

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)/?>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)/?>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_VALUELESS_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^>/]*)>"
    rb"(?P<formula><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_TAG = re.compile(rb"<[^>]*>")


def cells_without_value(content: bytes, sheet_name: str) -> dict[tuple[int, int], str]:
    """Return error values and uncomputed formulas of a sheet by (row, column), counted from 0.

    A formula that gave an empty text has been computed and is not among them.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _find_part(archive, sheet_name)
        markup = archive.read(part) if part in archive.namelist() else b""
    texts: dict[tuple[int, int], str] = {}
    for cell in _VALUELESS_CELL.finditer(markup):
        attributes = _read_attributes(cell["attributes"])
        kind, formula, value = attributes.get("t", ""), cell["formula"], cell["value"]
        text = ""
        if kind == "e":
            text = unescape((value or b"#N/A").decode("utf-8", errors="replace"))
        elif formula is not None and not value and kind != "str":
            text = f"={unescape(_TAG.sub(b'', formula).decode('utf-8', errors='replace'))}"
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference and text:
            texts[int(reference[2]) - 1, _parse_column(reference[1])] = text
    return texts


def _find_part(archive: zipfile.ZipFile, sheet_name: str) -> str:
    """Follow the workbook's list of sheets to the part of the archive with this one."""
    path = "xl/_rels/workbook.xml.rels"
    markup = archive.read(path) if path in archive.namelist() else b""
    relations = {
        relation.get("Id", ""): relation.get("Target", "")
        for relation in map(_read_attributes, _RELATION.findall(markup))
    }
    for sheet in map(_read_attributes, _SHEET.findall(archive.read("xl/workbook.xml"))):
        if sheet.get("name") == sheet_name:
            key = next((value for name, value in sheet.items() if name.endswith(":id")), "")
            target = relations.get(key, "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _read_attributes(markup: bytes) -> dict[str, str]:
    return {
        name.decode(): unescape((double or single).decode("utf-8", errors="replace"))
        for name, double, single in _ATTRIBUTE.findall(markup)
    }


def _parse_column(letters: str) -> int:
    """Count the columns before this one."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class TableLimits:
    """How much of a table is read."""

    csv_bytes: int = 2 * MEBIBYTE
    rows: int = 20_000
    columns: int = 60
    sheets: int = 40
    cell: int = 5_000


@dataclass(frozen=True)
class TableRow:
    """One row with the number it has in the file, counted from 1.

    Attributes:
        numeric: columns of the cells that the spreadsheet keeps as numbers, counted from 0. A
            number keeps 15 digits, so that a longer code in such a cell has lost its last ones.
    """

    number: int
    cells: tuple[str, ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        encoding: as read; ``cp1252`` is a guess and worth a warning.
        delimiter: of a csv, empty for xlsx.
    """

    rows: tuple[TableRow, ...]
    encoding: str = ""
    delimiter: str = ""

    @property
    def encoding_was_guessed(self) -> bool:
        return self.encoding == "cp1252"


class UnreadableTable(UnsafeArchive):
    """A table that is not read, with the reason as a sentence to translate."""

    code = "table_unreadable"


REASONS = {
    "table_unreadable": gettext_noop("The table cannot be read. Save it again as .xlsx or .csv."),
    "table_kind_unknown": gettext_noop("Only .xlsx and .csv files are read."),
    "too_many_rows": gettext_noop("The table has more than %(limit)s rows."),
    "too_many_columns": gettext_noop("The table has more than %(limit)s columns."),
    "too_many_sheets": gettext_noop("The workbook has more than %(limit)s sheets."),
    "file_too_large": gettext_noop("The file is larger than %(limit)s MB."),
    "file_empty": gettext_noop("The file is empty."),
    "cell_too_long": gettext_noop("Cell in row %(row)s holds more than %(limit)s characters."),
}


def _refuse(code: str, **details: object) -> UnreadableTable:
    return UnreadableTable(REASONS[code], code=code, details=details)


def read_table(content: bytes, filename: str, limits: TableLimits = TableLimits()) -> Table:
    """Read the first visible sheet of an xlsx, or a csv, as rows of text.

    Blank rows are left out; the rest keep their row number in the file. An error value and a
    formula without a stored result come as the text of the cell, such as ``#N/A`` or ``=A1``.

    Raises:
        UnsafeArchive: if the file must not be opened or is beyond a limit.
    """
    suffix = PurePath(filename).suffix.casefold()
    if suffix == ".xlsx":
        return _read_xlsx(content, limits)
    if suffix in {".csv", ".txt", ".tsv"}:
        return _read_csv(content, limits)
    raise _refuse("table_kind_unknown")


def _read_xlsx(content: bytes, limits: TableLimits) -> Table:
    import python_calamine

    inspect_archive(content)
    _refuse_far_cells(content, limits)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        if len(workbook.sheet_names) > limits.sheets:
            raise _refuse("too_many_sheets", limit=limits.sheets)
        if not visible:
            raise _refuse("table_unreadable")
        sheet = workbook.get_sheet_by_name(visible[0])
        values = sheet.to_python(skip_empty_area=False, nrows=limits.rows + 1)
    except (python_calamine.CalamineError, ValueError, OSError) as fault:
        raise _refuse("table_unreadable") from fault
    texts = [[_write_text(cell) for cell in row] for row in values]
    for (row, column), text in cells_without_value(content, visible[0]).items():
        if row < len(texts) and column < len(texts[row]):
            texts[row][column] = text
    rows = _number_rows(texts, limits)
    return Table(
        rows=tuple(replace(row, numeric=_find_numbers(values[row.number - 1])) for row in rows)
    )


def _refuse_far_cells(content: bytes, limits: TableLimits) -> None:
    """Refuse cells beyond the limits before calamine lays out the rectangle that holds them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            for column, row in _CELL.findall(archive.read(name)):
                if int(row) > limits.rows:
                    raise _refuse("too_many_rows", limit=limits.rows)
                if _parse_column(column.decode()) >= limits.columns:
                    raise _refuse("too_many_columns", limit=limits.columns)


def _find_numbers(cells: Sequence[object]) -> frozenset[int]:
    """Return the columns of numbers; a truth value is none, though Python counts it as one."""
    return frozenset(
        column
        for column, cell in enumerate(cells)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool)
    )


def _write_text(cell: object) -> str:
    """Write a cell as a person would type it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


def _read_csv(content: bytes, limits: TableLimits) -> Table:
    if not content.strip():
        raise _refuse("file_empty")
    if len(content) > limits.csv_bytes:
        raise _refuse("file_too_large", limit=limits.csv_bytes // MEBIBYTE)
    if b"\x00" in content or content.startswith(b"PK\x03\x04"):
        raise _refuse("table_unreadable")
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    delimiter = _choose_delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        raise _refuse("table_unreadable") from fault
    return Table(rows=_number_rows(rows, limits), encoding=encoding, delimiter=delimiter)


def _choose_delimiter(text: str) -> str:
    """Choose the delimiter that splits the first lines most evenly and into most columns."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]

    def fitness(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        head = counts[0] if counts else 1
        return (sum(count == head for count in counts) if head > 1 else 0, head)

    return max(_DELIMITERS, key=fitness)


def _number_rows(rows: list[list[str]], limits: TableLimits) -> tuple[TableRow, ...]:
    kept = []
    for number, row in enumerate(rows, 1):
        cells = tuple(cell.strip() for cell in row)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if not cells:
            continue
        if len(cells) > limits.columns:
            raise _refuse("too_many_columns", limit=limits.columns)
        if any(len(cell) > limits.cell for cell in cells):
            raise _refuse("cell_too_long", row=number, limit=limits.cell)
        kept.append(TableRow(number, cells))
    if len(kept) > limits.rows or len(rows) > limits.rows:
        raise _refuse("too_many_rows", limit=limits.rows)
    return tuple(kept)
