"""The rows of a checked workbook with our remarks in the cells, as a workbook to be saved.

It is written from the stored report, never from the uploaded file: rows stand at the addresses that
they have in the file, worded as in the rules. Of a check without an account nothing that was typed
is in the report, and so nothing of it is in this workbook either (S25); an import of somebody
signed in adds answers, remarks and links, each as text.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.frameworks import find_framework
from clinic.assessments.report_page import TITLES
from clinic.assessments.sheet_page import wording
from clinic.assessments.workbook.report import write_sentence
from clinic.lib.arithmetic.workbooks import Cell, ListSheet, write_workbook
from clinic.lib.templatetags.ui import decimals

NARROW, WIDE = 10, 48
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,4})")
Place = tuple[int, int]


def write_remarks(report: Mapping[str, Any], typed: Mapping[str, RowEntry] | None = None) -> bytes:
    """Return the workbook: the rows with comments, and all remarks as a list.

    Args:
        report: as stored.
        typed: what the rows say, by code; without it no cell shows what was typed.
    """
    remarks = list_remarks(report)
    return write_workbook([_lay_rows(report, typed or {}, remarks), _list_sheet(remarks)])


def list_remarks(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every remark on the file: cells, row, what it is about, a sentence, points."""
    framework = find_framework(report["edition"])
    found = []
    for stored in (*report["problems"], *report["checks"]):
        is_check = stored["code"] in TITLES
        code = stored.get("node") or next(iter(stored.get("nodes", [])), "")
        node = framework.by_code.get(code)
        found.append(
            {
                "where": stored["where"],
                "code": code,
                "name": wording(node) if node else "",
                "subject": str(TITLES[stored["code"]]) if is_check else _note_kind(stored),
                "text": write_sentence(stored["sentence"], stored["params"]),
                "points": stored.get("points"),
            }
        )
    for row in report.get("open", []):
        left = decimals(Fraction(row["max"] - row["score"]), 2)
        found.append(
            {
                "where": row["where"],
                "code": row["code"],
                "name": wording(framework.by_code[row["code"]]),
                "subject": _("Points not yet reached"),
                "text": _("%(points)s points are not reached yet.") % {"points": left},
                "points": row["max"] - row["score"],
            }
        )
    return found


def _note_kind(stored: Mapping[str, Any]) -> str:
    return _("Rows that need correction") if stored["rejects"] else _("Notes on the file")


def _lay_rows(
    report: Mapping[str, Any], typed: Mapping[str, RowEntry], remarks: list[dict[str, Any]]
) -> ListSheet:
    """Lay the rows out as they stand in the file; a report of before has no places for them."""
    framework = find_framework(report["edition"])
    layout = report.get("layout", {"columns": {}, "rows": [], "header_row": 0})
    columns: Mapping[str, int] = layout["columns"]
    cells: dict[Place, Cell] = {}
    headings = _name_columns()
    for role, heading in headings.items():
        if columns.get(role) and layout["header_row"]:
            cells[layout["header_row"], columns[role]] = heading
    for row in layout["rows"]:
        node = framework.by_code[row["code"]]
        cells[row["row"], max(row["column"], 1)] = f"{row['code']} {wording(node)}"
        for role, value in _fill_row(row, typed.get(row["code"])).items():
            if columns.get(role) and value is not None:
                cells[row["row"], columns[role]] = value
    if report["total_cell"]:
        cells[_find_cells(report["total_cell"])[0]] = report["figures"]["total"]
    comments = _place_comments(remarks)
    height = max((row for row, _column in (*cells, *comments)), default=1)
    width = max((column for _row, column in (*cells, *comments)), default=1)
    return ListSheet(
        title=_("Rows with remarks")[:31],
        rows=[
            [cells.get((row, column)) for column in range(1, width + 1)]
            for row in range(1, height + 1)
        ],
        heading=layout["header_row"] - 1 if layout["header_row"] else None,
        widths={
            column - 1: WIDE if role in {"note", "proof", "link"} else NARROW
            for role, column in columns.items()
            if column
        }
        | {column - 1: WIDE for column in {row["column"] for row in layout["rows"]}},
        comments=comments,
    )


def _name_columns() -> dict[str, str]:
    return {
        "weight": _("Most points"),
        "answer": _("Answer"),
        "score": _("Score by the rules"),
        "note": _("Remark"),
        "proof": _("Proof"),
        "link": _("Link to proof"),
    }


def _fill_row(row: Mapping[str, Any], entry: RowEntry | None) -> dict[str, Cell]:
    """Return what stands in a row by role; without an entry only what the rules give."""
    values: dict[str, Cell] = {"weight": row["max"], "score": row["score"]}
    if entry is not None:
        values |= {
            "answer": entry.text,
            "note": entry.note,
            "proof": "\n".join(text for text, _link in entry.proofs if text),
            "link": "\n".join(link for _text, link in entry.proofs if link),
        }
    return values


def _place_comments(remarks: list[dict[str, Any]]) -> dict[Place, str]:
    """Put each remark into the cells that it names; what names none stands in the list alone."""
    texts: dict[Place, list[str]] = defaultdict(list)
    for remark in remarks:
        for place in _find_cells(remark["where"]):
            texts[place].append(remark["text"])
    return {place: "\n".join(dict.fromkeys(lines)) for place, lines in texts.items()}


def _find_cells(where: str) -> list[Place]:
    """Return row and column of each cell in a text such as ``Q122, Q123``; else nothing."""
    from openpyxl.utils import column_index_from_string

    found = [_CELL.fullmatch(part) for part in where.split(", ")]
    return [(int(cell[2]), column_index_from_string(cell[1])) for cell in found if cell]


def _list_sheet(remarks: list[dict[str, Any]]) -> ListSheet:
    heading = [_("Cell"), _("Code"), _("Row"), _("Subject"), _("Remark"), _("Points")]
    rows: list[list[Cell]] = [
        [
            each["where"],
            each["code"],
            each["name"],
            each["subject"],
            each["text"],
            None if each["points"] is None else round(each["points"], 3),
        ]
        for each in sorted(remarks, key=lambda each: -(each["points"] or 0))
    ]
    return ListSheet(
        title=_("List of remarks")[:31],
        rows=[heading, *rows],
        widths={0: 14, 1: 14, 2: WIDE, 3: 32, 4: 60, 5: NARROW},
    )
