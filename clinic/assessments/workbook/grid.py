"""An xlsx file as plain grids of cells: value, formula and hyperlink of each, hidden sheets named.

The file is read twice, for formulas and for the values Excel kept beside them. No formula is ever
evaluated.
"""

import datetime
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from string import ascii_uppercase
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml
from defusedxml import ElementTree

from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.arithmetic.uploads import inspect_archive
from clinic.lib.errors import Refused

Scalar = (
    str | int | float | Decimal | bool | datetime.date | datetime.datetime | datetime.time | None
)
MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_SHEETS = 40
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_READING_ERRORS = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    defusedxml.DefusedXmlException,
)


class UnreadableWorkbook(Refused):
    """A workbook from which no sheet can be taken, with the reason as a sentence to translate."""

    code = "workbook_unreadable"


REASONS = {
    "workbook_unreadable": gettext_noop(
        "The workbook cannot be read. Open it in Excel and save it again as .xlsx."
    ),
    "too_many_rows": gettext_noop("The sheet has more than %(limit)s rows."),
    "too_many_sheets": gettext_noop("The workbook has more than %(limit)s sheets."),
    "only_hidden_sheets": gettext_noop(
        "Every sheet of the workbook is hidden. Show the assessment sheet and save it again."
    ),
    "sheet_not_found": gettext_noop(
        "No visible sheet of the workbook looks like an assessment sheet of %(framework)s."
    ),
    "sheet_unknown": gettext_noop(
        "No visible sheet of the workbook looks like an assessment sheet (LKE) that is known here."
    ),
}


def refuse(code: str, **details: object) -> UnreadableWorkbook:
    """Make the refusal for one reason, with its sentence."""
    return UnreadableWorkbook(REASONS[code], code=code, details=details)


@dataclass(frozen=True)
class WorkbookCell:
    """What stands in a cell.

    Attributes:
        value: the typed value, or the value Excel kept beside a formula.
        formula: text of the formula, ``=`` included; empty for typed cells.
        is_error: the value is an error such as ``#DIV/0!``.
    """

    value: Scalar = None
    formula: str = ""
    is_error: bool = False

    @property
    def text(self) -> str:
        """The value as trimmed text; empty for blanks and errors."""
        if self.value is None or self.is_error:
            return ""
        return str(self.value).strip()

    @property
    def number(self) -> Decimal | None:
        """The value as an exact number, if it is one."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | Decimal):
            return None
        return Decimal(str(self.value))


_NOTHING = WorkbookCell()


@dataclass
class Grid:
    """One visible sheet. Rows and columns count from 1."""

    title: str
    cells: dict[int, dict[int, WorkbookCell]] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)

    def at(self, row: int, column: int) -> WorkbookCell:
        return self.cells.get(row, {}).get(column, _NOTHING)

    @property
    def rows(self) -> list[int]:
        return sorted(self.cells)


@dataclass(frozen=True)
class Workbook:
    """The visible sheets of a file, and the names of the hidden ones."""

    grids: tuple[Grid, ...]
    hidden: tuple[str, ...]


def name_cell(row: int, column: int) -> str:
    """Name a cell, such as ``K8``."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = ascii_uppercase[letter] + letters
    return f"{letters}{row}"


def read_grids(source: bytes | Path) -> Workbook:
    """Read every visible sheet.

    Raises:
        UnsafeArchive: if the file must not be opened.
        UnreadableWorkbook: if it is no workbook, is beyond a limit or has only hidden sheets.
    """
    import openpyxl  # here, so that only a process that reads a workbook holds it in memory

    content = source if isinstance(source, bytes) else source.read_bytes()
    inspect_archive(content)
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml must be installed before workbooks are read")
    try:
        return _read_sheets(content)
    except _READING_ERRORS as fault:
        raise refuse("workbook_unreadable") from fault


def _read_sheets(content: bytes) -> Workbook:
    import openpyxl

    values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    try:
        if len(values.sheetnames) > MAX_SHEETS:
            raise refuse("too_many_sheets", limit=MAX_SHEETS)
        states = {sheet.title: sheet.sheet_state for sheet in values.worksheets}
        visible = [title for title, state in states.items() if state == "visible"]
        if not visible:
            raise refuse("only_hidden_sheets")
        links = _read_hyperlinks(content)
        grids = tuple(
            Grid(title, _read_cells(values[title], formulas[title]), links.get(title, {}))
            for title in visible
        )
    finally:
        values.close()
        formulas.close()
    return Workbook(grids, tuple(title for title in states if title not in visible))


def _read_cells(values: Any, formulas: Any) -> dict[int, dict[int, WorkbookCell]]:
    written = {
        (cell.row, cell.column): _read_formula(cell.value) for cell in _iterate_filled(formulas)
    }
    cells: dict[int, dict[int, WorkbookCell]] = {}
    for cell in _iterate_filled(values):
        formula = written.pop((cell.row, cell.column), "")
        is_error = cell.data_type == "e"
        cells.setdefault(cell.row, {})[cell.column] = WorkbookCell(cell.value, formula, is_error)
    for (row, column), formula in written.items():
        cells.setdefault(row, {})[column] = WorkbookCell(None, formula)
    return cells


def _iterate_filled(sheet: Any) -> Iterator[Any]:
    """Walk the cells that hold something, refusing a sheet with rows beyond the limit."""
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_col=MAX_COLUMNS):
        for cell in row:
            if cell.value is None:
                continue
            if cell.row > MAX_ROWS:
                raise refuse("too_many_rows", limit=MAX_ROWS)
            yield cell


def _read_formula(value: Any) -> str:
    from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

    if isinstance(value, ArrayFormula | DataTableFormula):
        return str(getattr(value, "text", "") or "=")
    return value if isinstance(value, str) and value.startswith("=") else ""


def _read_hyperlinks(content: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """Read the targets of hyperlinks, which openpyxl does not give in its lean mode."""
    links: dict[str, dict[tuple[int, int], str]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        parts = _read_relations(archive, PurePosixPath("xl/workbook.xml"))
        for sheet in book.iter():
            if _get_local_name(sheet) != "sheet":
                continue
            part = parts.get(sheet.get(_RELATION, ""), "")
            if part in archive.namelist():
                links[sheet.get("name", "")] = _read_links(archive, PurePosixPath(part))
    return links


def _read_relations(archive: zipfile.ZipFile, part: PurePosixPath) -> dict[str, str]:
    path = str(part.parent / "_rels" / f"{part.name}.rels")
    if path not in archive.namelist():
        return {}
    relations = {}
    for entry in ElementTree.fromstring(archive.read(path)):
        target = entry.get("Target", "")
        if entry.get("TargetMode") != "External":
            target = target.lstrip("/") if target.startswith("/") else str(part.parent / target)
        relations[entry.get("Id", "")] = target
    return relations


def _read_links(archive: zipfile.ZipFile, part: PurePosixPath) -> dict[tuple[int, int], str]:
    from openpyxl.utils.cell import coordinate_to_tuple

    relations = _read_relations(archive, part)
    if not relations:
        return {}
    links = {}
    with archive.open(str(part)) as stream:
        for _event, element in ElementTree.iterparse(stream):
            if _get_local_name(element) == "hyperlink" and element.get(_RELATION) in relations:
                first = element.get("ref", "").split(":")[0]
                row, column = coordinate_to_tuple(first)
                links[row, column] = relations[element.get(_RELATION, "")]
            elif _get_local_name(element) in {"row", "c"}:
                element.clear()
    return links


def _get_local_name(element: Any) -> str:
    return element.tag.rsplit("}", 1)[-1]
