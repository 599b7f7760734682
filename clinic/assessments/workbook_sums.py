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
from clinic.lib.arithmetic.messages import Number

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
    """Name the cells where the file counts otherwise than its own parts would give.

    These are scores whose parts all agree or do not add up to them, and the grand total. What no
    cell explains is told as a rest.
    """
    found = [
        _difference(framework, reading, node, score=score, own=own)
        for node in framework.nodes
        if _counts_otherwise(framework, node, score=score, own=own)
    ]
    if own.total is None:
        return found
    gap = _gap_of_total(framework, own)
    if abs(gap) > _NOISE:
        texts = {
            "own": Number(own.total, 4),
            "parts": Number(own.total + gap, 4),
        }
        found.append(note("total_differs_from_parts", own.total_cell, **texts))
    explained = gap + sum(_explained(framework, root, score, own) for root in _roots(framework))
    rest = score.total.score - own.total - explained
    if abs(rest) > _NOISE:
        texts = {"rest": Number(rest, 4)}
        found.append(note("difference_unexplained", own.total_cell, **texts))
    return found


def _roots(framework: FrameworkFile) -> list[EditionNode]:
    return [root for root in framework.children("") if root.weight]


def _weighted(framework: FrameworkFile, node: EditionNode) -> list[EditionNode]:
    return [child for child in framework.children(node.code) if child.weight is not None]


def _gap_of_total(framework: FrameworkFile, own: OwnSums) -> Fraction:
    """Return how much more the file's own main scores add up to than its grand total says."""
    codes = [root.code for root in _roots(framework)]
    if own.total is None or not all(code in own.scores for code in codes):
        return Fraction(0)
    return sum((own.scores[code] for code in codes), Fraction(0)) - own.total


def _missing(node: EditionNode, score: SheetScore, own: OwnSums) -> Fraction:
    """Return how much more a node is worth by the rules than the file counts; 0 if unknown."""
    if node.code not in own.scores or node.code not in score.nodes:
        return Fraction(0)
    return score.nodes[node.code].score - own.scores[node.code]


def _counts_otherwise(
    framework: FrameworkFile, node: EditionNode, *, score: SheetScore, own: OwnSums
) -> bool:
    missing = _missing(node, score, own)
    if abs(missing) <= _NOISE:
        return False
    below = _weighted(framework, node)
    parts = [_missing(child, score, own) for child in below]
    if all(abs(part) <= _NOISE for part in parts):
        return True
    adds_up = node.aggregate == "sum" and all(child.code in own.scores for child in below)
    return adds_up and abs(missing - sum(parts)) > _NOISE


def _explained(
    framework: FrameworkFile, node: EditionNode, score: SheetScore, own: OwnSums
) -> Fraction:
    """Return the part of the difference that lies in cells at or below a node."""
    if node.code in own.scores:
        return _missing(node, score, own)
    below = _weighted(framework, node)
    return sum((_explained(framework, child, score, own) for child in below), Fraction(0))


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
        "own": Number(own.scores[node.code], 4),
        "ours": Number(score.nodes[node.code].score, 4),
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
