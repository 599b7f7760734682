"""Workbooks written by the product: tables whose text is text, whatever it begins with (S16).

A text cell is written with the type string, so that ``=1+1`` in a name is read back as typed and
never becomes a formula.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

# Where it is used, so that only a process that writes a workbook holds openpyxl in memory.
if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | None
MOST_ROWS = 5000
AUTHOR = "Klinik RB"
COMMENT_WIDTH, COMMENT_LINE, COMMENT_LETTERS = 340, 20, 44  # pixels a comment and a line; letters


@dataclass(frozen=True)
class ColumnChoice:
    """A column that offers the values of another sheet's column; both counted from 0."""

    column: int
    sheet: str
    source: int
    count: int
    is_strict: bool = True


@dataclass(frozen=True)
class ListSheet:
    """One sheet.

    Attributes:
        heading: index of the row printed bold and kept in sight, None for none.
        widths: width by column, in characters.
        text_columns: columns whose empty cells, too, take what is typed as text.
        choices: columns with a list to choose from.
        comments: remarks beside cells, by row and column counted from 1.
    """

    title: str
    rows: Sequence[Sequence[Cell]]
    heading: int | None = 0
    widths: Mapping[int, int] = field(default_factory=dict)
    text_columns: Sequence[int] = ()
    choices: Sequence[ColumnChoice] = ()
    comments: Mapping[tuple[int, int], str] = field(default_factory=dict)


def write_workbook(sheets: Sequence[ListSheet]) -> bytes:
    """Return the sheets as an .xlsx file."""
    from openpyxl import Workbook

    workbook = Workbook()
    del workbook[workbook.sheetnames[0]]
    for sheet in sheets:
        _fill(workbook.create_sheet(sheet.title), sheet)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _fill(page: "Worksheet", sheet: ListSheet) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for number, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row, 1):
            cell = page.cell(number, column, value)
            if isinstance(value, str):
                cell.value, cell.data_type = value, "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in sheet.widths.items():
        page.column_dimensions[get_column_letter(column + 1)].width = width
    for column in sheet.text_columns:
        page.column_dimensions[get_column_letter(column + 1)].number_format = "@"
    if sheet.heading is not None:
        for title in page[sheet.heading + 1]:
            title.font = Font(bold=True)
        page.freeze_panes = f"A{sheet.heading + 2}"
    for place, text in sheet.comments.items():
        comment = Comment(text, AUTHOR, width=COMMENT_WIDTH)
        comment.height = COMMENT_LINE * (2 + len(text) // COMMENT_LETTERS + text.count("\n"))
        page.cell(*place).comment = comment
    for choice in sheet.choices:
        _add_choice(page, choice, first=(sheet.heading or 0) + 2)


def _add_choice(page: "Worksheet", choice: ColumnChoice, *, first: int) -> None:
    from openpyxl.utils import get_column_letter, quote_sheetname
    from openpyxl.worksheet.datavalidation import DataValidation

    source = get_column_letter(choice.source + 1)
    cells = f"{quote_sheetname(choice.sheet)}!${source}$2:${source}${choice.count + 1}"
    validation = DataValidation(type="list", formula1=cells, allow_blank=True)
    validation.showErrorMessage = choice.is_strict
    page.add_data_validation(validation)
    column = get_column_letter(choice.column + 1)
    validation.add(f"{column}{first}:{column}{MOST_ROWS}")
