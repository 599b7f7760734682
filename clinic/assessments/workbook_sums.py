"""The sums that a workbook shows of itself, and which of its cells make them differ from ours."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from openpyxl.utils import column_index_from_string

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.scoring import SheetScore
from clinic.assessments.arithmetic.typed_answers import read_share
from clinic.assessments.arithmetic.wording import plain
from clinic.assessments.workbook_grid import Cell, where
from clinic.assessments.workbook_problems import note
from clinic.assessments.workbook_reading import Problem, SheetReading
from clinic.lib.arithmetic.numbers import format_number

_NOISE = Fraction(1, 10**6)
_TOTAL = re.compile(r"^(nilai (evaluasi|akhir|total)|total nilai|grand total)\b")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)(?::\$?([A-Z]{1,3})\$?([0-9]+))?")


@dataclass(frozen=True)
class OwnSums:
    """What the file counts.

    Attributes:
        total: its grand total, None if it shows none; ``total_cell`` names where.
        scores: points by code of the nodes with a weight.
        shares: percentages of the ratio rows, by code.
    """

    total: Fraction | None = None
    total_cell: str = ""
    scores: dict[str, Fraction] = field(default_factory=dict)
    shares: dict[str, Fraction] = field(default_factory=dict)


def read_own_sums(framework: FrameworkFile, reading: SheetReading) -> OwnSums:
    """Read the file's own scores where Excel kept a value for them."""
    layout, columns = reading.layout, reading.layout.columns
    scores, shares = {}, {}
    for code, row in reading.rows.items():
        node = framework.by_code[code]
        own = layout.grid.at(row.row, columns.score).number if columns.score else None
        if own is not None and node.weight is not None:
            scores[code] = Fraction(own)
        share = _own_share(layout.grid.at(row.row, columns.answer))
        if node.formula is not None and share is not None:
            shares[code] = share
    total, cell = _grand_total(framework, reading, scores)
    return OwnSums(total, cell, scores, shares)


def _own_share(cell: Cell) -> Fraction | None:
    """Return the percentage that a cell shows, typed as text such as ``87,5%`` too."""
    if cell.number is not None:
        return Fraction(cell.number)
    value = None if cell.is_error else read_share(cell.value).value
    return Fraction(value) if isinstance(value, Decimal) else None


def _grand_total(
    framework: FrameworkFile, reading: SheetReading, scores: dict[str, Fraction]
) -> tuple[Fraction | None, str]:
    layout = reading.layout
    last = max((row.row for row in reading.rows.values()), default=0)
    for row in layout.grid.rows:
        if row > last and _TOTAL.match(plain(layout.label_text(row))):
            number = layout.grid.at(row, layout.columns.score).number
            if number is not None:
                return Fraction(number), where(row, layout.columns.score)
    roots = [root.code for root in framework.children("") if root.weight]
    if roots and all(code in scores for code in roots):
        return sum((scores[code] for code in roots), Fraction(0)), ""
    return None, ""


def find_differences(
    framework: FrameworkFile, reading: SheetReading, score: SheetScore, own: OwnSums
) -> list[Problem]:
    """Name the cells where the file first counts otherwise: those whose parts all agree."""
    found = []
    for node in framework.nodes:
        if not _differs(node, score, own):
            continue
        below = [child for child in framework.children(node.code) if child.weight is not None]
        if not any(_differs(child, score, own) for child in below):
            found.append(_difference(framework, reading, node, score=score, own=own))
    return found


def _differs(node: EditionNode, score: SheetScore, own: OwnSums) -> bool:
    if node.code not in own.scores or node.code not in score.nodes:
        return False
    return abs(own.scores[node.code] - score.nodes[node.code].score) > _NOISE


def _difference(
    framework: FrameworkFile,
    reading: SheetReading,
    node: EditionNode,
    *,
    score: SheetScore,
    own: OwnSums,
) -> Problem:
    column = reading.layout.columns.score
    place = where(reading.rows[node.code].row, column)
    texts = {
        "name": node.name,
        "own": format_number(own.scores[node.code], 4),
        "ours": format_number(score.nodes[node.code].score, 4),
    }
    cell = reading.layout.grid.at(reading.rows[node.code].row, column)
    missed = _rows_left_out(framework, reading, node, cell)
    if not missed:
        return note("own_score_differs", place, node, **texts)
    return note(
        "sum_leaves_rows_out",
        place,
        node,
        formula=cell.formula,
        cells=", ".join(where(row, column) for row in missed),
        **texts,
    )


def _rows_left_out(
    framework: FrameworkFile, reading: SheetReading, node: EditionNode, cell: Cell
) -> list[int]:
    """Return the rows of a node's parts that its formula does not touch."""
    if not cell.formula:
        return []
    column = reading.layout.columns.score
    touched: set[int] = set()
    for first, start, last, end in _RANGE.findall(cell.formula):
        left = column_index_from_string(first)
        right = column_index_from_string(last) if last else left
        if left <= column <= right:
            touched |= set(range(int(start), int(end or start) + 1))
    parts = [
        reading.rows[child.code].row
        for child in framework.children(node.code)
        if child.code in reading.rows and child.kind not in {"input", "criterion"}
    ]
    return [row for row in parts if row not in touched]
