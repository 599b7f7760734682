"""An assessment workbook as offices fill it, into what each row of the sheet says.

Rows are found by content, never by cell address, row id or letter; hidden sheets are never read.
What is odd is reported by cell, the traps that the ministry's workbook is known for among it. Only
problems of severity ``rejects`` cost a row its answer. Where no framework was chosen, the rows that
a workbook holds show which one it was made for.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from clinic.assessments.arithmetic.answers import AnswerValue, RowEntry, pair_of_ratio
from clinic.assessments.arithmetic.editions import AnswerScale, EditionNode, FrameworkFile
from clinic.assessments.arithmetic.links import web_address
from clinic.assessments.arithmetic.typed_answers import read_answer, read_share
from clinic.assessments.arithmetic.wording import plain
from clinic.assessments.workbook.grid import (
    UnreadableWorkbook,
    Workbook,
    WorkbookCell,
    name_cell,
    read_grids,
)
from clinic.assessments.workbook.matching import Layout, RowMatches, find_layout
from clinic.assessments.workbook.problems import NOTES, REJECTS, WorkbookProblem, note, reject

MOST_UNMATCHED = 40
LONGEST_LINK = 1000
LEAST_SHARE = 0.5
_UNREADABLE_SHARES = {"not_a_number", "value_out_of_range", "date_instead_of_answer"}
_ADDRESS = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


@dataclass(frozen=True)
class RowReading:
    """One row of the sheet that was recognised as a node of the edition.

    Attributes:
        likeness: of the sheet's wording to the edition's, 0..1.
        entry: what the row says; no value for a blank, rejected or derived answer.
        links: addresses found as link or inside the proof text, in order.
    """

    row: int
    likeness: float
    wording: str
    type_text: str
    entry: RowEntry
    links: tuple[str, ...] = ()


@dataclass
class SheetReading:
    """A whole sheet as read; hidden sheets are never part of it."""

    layout: Layout
    rows: dict[str, RowReading] = field(default_factory=dict)
    problems: list[WorkbookProblem] = field(default_factory=list)

    @property
    def sheet(self) -> str:
        return self.layout.grid.title

    @property
    def answers(self) -> dict[str, AnswerValue]:
        """What each row found is answered with, by node code."""
        return {code: row.entry.value for code, row in self.rows.items()}

    @property
    def entries(self) -> dict[str, RowEntry]:
        """What the sheet says, by node code; rows that say nothing are left out."""
        return {code: row.entry for code, row in self.rows.items() if not row.entry.is_empty}

    @property
    def traps(self) -> list[WorkbookProblem]:
        return [problem for problem in self.problems if problem.is_trap]

    @property
    def rejects(self) -> list[WorkbookProblem]:
        return [problem for problem in self.problems if problem.severity == REJECTS]

    def cell(self, code: str, role: str) -> str:
        """Name the cell of a row in a column, such as ``K8``; the answer cell if there is none."""
        row = self.rows.get(code)
        if row is None:
            return ""
        column = getattr(self.layout.columns, role) or self.layout.columns.answer
        return name_cell(row.row, column)


def read_workbook(source: bytes | Path, framework: FrameworkFile) -> SheetReading:
    """Read the sheet of one edition out of an xlsx file.

    Raises:
        UnsafeArchive: if the file must not be opened; code and sentence say why.
        UnreadableWorkbook: if no visible sheet can be taken from it.
    """
    return read_grid(read_grids(source), framework)


def read_grid(workbook: Workbook, framework: FrameworkFile) -> SheetReading:
    """Read the sheet of one edition out of an opened workbook.

    Raises:
        UnreadableWorkbook: if no visible sheet can be taken from it.
    """
    index = framework.names
    layout = find_layout(workbook, framework, index)
    matches = RowMatches(layout, framework, index)
    reading = SheetReading(layout)
    for node in framework.nodes:
        if node.code in matches.row_of:
            _read_row(reading, framework, node, matches)
        elif framework.is_scored(node):
            reading.problems.append(reject("row_missing", "", node, name=node.name))
    _derive_sums(reading, framework)
    _excuse_counted(reading, framework)
    _report_unmatched(reading, matches)
    reading.problems += find_traps(reading, framework, workbook.hidden)
    return reading


def _read_row(
    reading: SheetReading, framework: FrameworkFile, node: EditionNode, matches: RowMatches
) -> None:
    layout, row = reading.layout, matches.row_of[node.code]
    columns, scale = layout.columns, framework.scale_of(node)
    value = _read_answer(reading, node, scale, row) if scale else None
    links = _collect_links(reading, node, row)
    first, *further = [link for link in links if len(link) <= LONGEST_LINK] or [""]
    proofs = [(_get_text(layout, row, columns.proof), first), *(("", link) for link in further)]
    reading.rows[node.code] = RowReading(
        row=row,
        likeness=matches.likeness[node.code],
        wording=layout.label_text(row),
        type_text=_get_text(layout, row, columns.type),
        entry=RowEntry(
            value=value,
            text=_get_text(layout, row, columns.answer),
            note=_get_text(layout, row, columns.note),
            proofs=tuple(proof for proof in proofs if any(proof)),
        ),
        links=links,
    )


def _get_text(layout: Layout, row: int, column: int) -> str:
    return layout.grid.at(row, column).text if column else ""


def _collect_links(reading: SheetReading, node: EditionNode, row: int) -> tuple[str, ...]:
    """Collect the web addresses of a row: as shown, else as the hyperlink behind the text says."""
    layout = reading.layout
    texts: list[str] = []
    for column in (layout.columns.link, layout.columns.proof):
        if not column:
            continue
        shown = _ADDRESS.findall(_get_text(layout, row, column))
        behind = layout.grid.links.get((row, column), "")
        if behind and not shown and not web_address(behind):
            reading.problems.append(note("link_not_to_the_web", name_cell(row, column), node))
        texts += shown or [behind]
    addresses = (web_address(text.rstrip(".,;")) for text in texts)
    return tuple(dict.fromkeys(filter(None, addresses)))


def _read_answer(
    reading: SheetReading, node: EditionNode, scale: AnswerScale, row: int
) -> AnswerValue:
    cell = reading.layout.grid.at(row, reading.layout.columns.answer)
    where = name_cell(row, reading.layout.columns.answer)
    if scale.kind == "ratio":
        return _read_typed_share(reading, node, cell, where)
    if cell.is_error:
        reading.problems.append(reject("cell_error", where, node, value=str(cell.value)))
        return None
    if cell.formula and cell.value is None:
        reading.problems.append(reject("formula_without_value", where, node))
        return None
    typed = read_answer(scale, cell.value)
    if typed.code:
        make = reject if typed.rejected else note
        shown = str(cell.value)[:40].strip()
        problem = make(typed.code, where, node, value=shown, allowed=scale.label)
        reading.problems.append(problem)
    return typed.value


def _read_typed_share(
    reading: SheetReading, node: EditionNode, cell: WorkbookCell, where: str
) -> AnswerValue:
    """Read a percentage typed by hand; a formula is never trusted, its counts are."""
    if cell.is_error:
        reading.problems.append(note("division_by_zero", where, node, value=str(cell.value)))
        return None
    typed = read_share(None if cell.formula else cell.value)
    if typed.rejected:
        reading.problems.append(reject(typed.code, where, node, value=cell.text[:40]))
    elif typed.value is not None:
        reading.problems.append(note("percentage_typed", where, node, value=cell.text))
    return typed.value


def _derive_sums(reading: SheetReading, framework: FrameworkFile) -> None:
    """Let a sum kept by a formula be the sum of its parts."""
    column = reading.layout.columns.answer
    for node in framework.scored:
        formula = node.formula
        if formula is None or not formula.parts or formula.parts_rule != "equal":
            continue
        answers = reading.answers
        parts = [answers.get(code) for code in formula.parts]
        for code in formula.denominator:
            row = reading.rows.get(code)
            counted = [part for part in parts if isinstance(part, int)]
            if row is None or len(counted) < len(parts):
                continue
            if reading.layout.grid.at(row.row, column).formula:
                reading.rows[code] = replace(row, entry=replace(row.entry, value=sum(counted)))
                reading.problems = [
                    problem
                    for problem in reading.problems
                    if (problem.code, problem.node) != ("formula_without_value", code)
                ]


def _excuse_counted(reading: SheetReading, framework: FrameworkFile) -> None:
    """Let an unreadable percentage cost a row nothing where its counts decide."""
    answers = reading.answers
    counted = {
        node.code
        for node in framework.scored
        if node.formula is not None and pair_of_ratio(node.formula, answers) is not None
    }
    reading.problems = [
        replace(problem, severity=NOTES)
        if problem.node in counted and problem.code in _UNREADABLE_SHARES
        else problem
        for problem in reading.problems
    ]


def _report_unmatched(reading: SheetReading, matches: RowMatches) -> None:
    """Name rows that hold an answer and belong to no node of the edition."""
    layout = reading.layout
    taken = matches.taken
    last = max(taken, default=0)
    unmatched = []
    for row in layout.grid.rows:
        if row <= layout.header_row or row in taken or row > last:
            continue
        answer = layout.grid.at(row, layout.columns.answer)
        if answer.text and layout.label_text(row):
            unmatched.append(row)
    for row in unmatched[:MOST_UNMATCHED]:
        where = name_cell(row, layout.columns.answer)
        wording = layout.label_text(row)[:80]
        reading.problems.append(reject("row_not_recognised", where, None, wording=wording))
    rest = unmatched[MOST_UNMATCHED:]
    if rest:
        where = name_cell(rest[0], layout.columns.answer)
        reading.problems.append(reject("rows_not_recognised", where, None, rows=len(rest)))


_HEADINGS = {"indicator", "subindicator"}
_PLAIN_MARK = "abcdefghijklmnopqrstuvwxyz"


def find_traps(
    reading: SheetReading, framework: FrameworkFile, hidden: tuple[str, ...]
) -> Iterator[WorkbookProblem]:
    """Name every trap that the sheet holds, except those of its sums (see the report)."""
    for name in hidden:
        yield note("hidden_sheet_ignored", name, name=name)
    for find in _TRAPS:
        yield from find(reading, framework)


def _find_wrong_types(reading: SheetReading, framework: FrameworkFile) -> Iterator[WorkbookProblem]:
    """The answer type of a row is not the rule's, or a heading has one."""
    for code, row in reading.rows.items():
        node = framework.by_code[code]
        scale = framework.scale_of(node)
        if not row.type_text:
            continue
        where = reading.cell(code, "type")
        if scale is None:
            yield note("type_on_heading_row", where, node)
        elif plain(row.type_text) != plain(scale.label) and scale.kind != "ratio":
            texts = {"found": row.type_text, "expected": scale.label}
            yield note("answer_type_differs", where, node, **texts)


def _find_rows_outside_means(
    reading: SheetReading, framework: FrameworkFile
) -> Iterator[WorkbookProblem]:
    """The file's own mean leaves a row out, answered or not."""
    column = reading.layout.columns.score
    for node in framework.scored:
        row = reading.rows.get(node.code)
        if not column or row is None:
            continue
        cell = reading.layout.grid.at(row.row, column)
        if not cell.text or cell.number is not None:
            continue
        is_blank = row.entry.value is None and node.formula is None
        code = "blank_left_out_of_mean" if is_blank else "row_left_out_of_mean"
        yield note(code, name_cell(row.row, column), node)


def _find_odd_marks(reading: SheetReading, framework: FrameworkFile) -> Iterator[WorkbookProblem]:
    """Letters in front of questions out of order or oddly written."""
    odd = []
    for node in framework.scored:
        if node.kind != "question" or node.code not in reading.rows:
            continue
        where, mark = _get_mark(reading, node)
        expected = _PLAIN_MARK[framework.children(node.parent).index(node)]
        letter = mark.strip(" .)").casefold()
        if letter and letter in _PLAIN_MARK and letter != expected:
            yield note("marks_out_of_order", where, node, found=mark, expected=expected)
        elif mark != f"{expected}.":
            odd.append(where)
    if odd:
        yield note("mark_written_differently", ", ".join(odd))


def _get_mark(reading: SheetReading, node: EditionNode) -> tuple[str, str]:
    row = reading.rows[node.code].row
    column = reading.layout.mark_column(row)
    return name_cell(row, column or 1), reading.layout.grid.at(row, column).text if column else ""


def _find_odd_headings(
    reading: SheetReading, framework: FrameworkFile
) -> Iterator[WorkbookProblem]:
    """A mark used again one level deeper, or none at all."""
    for node in framework.nodes:
        if node.kind not in _HEADINGS or node.code not in reading.rows:
            continue
        where, mark = _get_mark(reading, node)
        parent = framework.by_code.get(node.parent)
        if not mark:
            yield note("heading_without_mark", where, node)
        elif parent is not None and parent.kind in _HEADINGS:
            yield note("heading_mark_repeated", where, node, found=mark)


def _find_repeated_ids(
    reading: SheetReading, _framework: FrameworkFile
) -> Iterator[WorkbookProblem]:
    """Numbers in the first column that are used twice."""
    layout = reading.layout
    first = layout.columns.labels[0]
    cells_of: dict[str, list[str]] = {}
    for row in layout.grid.rows:
        cell = layout.grid.at(row, first)
        if row > layout.header_row and cell.number is not None:
            cells_of.setdefault(cell.text, []).append(name_cell(row, first))
    for number, cells in cells_of.items():
        if len(cells) > 1:
            yield note("row_id_repeated", ", ".join(cells), id=number)


def _find_blank_cells(
    reading: SheetReading, _framework: FrameworkFile
) -> Iterator[WorkbookProblem]:
    """Cells that hold only a blank, outside the answers."""
    layout = reading.layout
    blanks = [
        name_cell(row, column)
        for row in layout.grid.rows
        for column, cell in sorted(layout.grid.cells[row].items())
        if isinstance(cell.value, str)
        and not cell.value.strip()
        and not cell.formula
        and column != layout.columns.answer
    ]
    if blanks:
        yield note("blank_only_cell", ", ".join(blanks))


def _find_other_wordings(
    reading: SheetReading, framework: FrameworkFile
) -> Iterator[WorkbookProblem]:
    """Doubled words and slips in the text of rows."""
    for code, row in reading.rows.items():
        node = framework.by_code[code]
        is_doubled = any(word == after for word, after in pairwise(row.wording.casefold().split()))
        if is_doubled or plain(row.wording) != plain(node.name):
            column = reading.layout.text_column(row.row)
            yield note("wording_differs", name_cell(row.row, column), node, name=node.name)


_TRAPS: tuple[Callable[[SheetReading, FrameworkFile], Iterator[WorkbookProblem]], ...] = (
    _find_wrong_types,
    _find_rows_outside_means,
    _find_odd_marks,
    _find_odd_headings,
    _find_repeated_ids,
    _find_blank_cells,
    _find_other_wordings,
)


def recognise(workbook: Workbook, frameworks: Iterable[FrameworkFile]) -> FrameworkFile | None:
    """Return the framework most of whose rows stand in a workbook; None where none has half.

    Args:
        workbook: from ``read_grids``.
        frameworks: those that it may belong to.
    """
    best, best_share = None, 0.0
    for framework in frameworks:
        try:
            reading = read_grid(workbook, framework)
        except UnreadableWorkbook:
            continue
        count = sum(node.code in reading.rows for node in framework.scored)
        share = count / max(1, len(framework.scored))
        if share > best_share:
            best, best_share = framework, share
    return best if best_share >= LEAST_SHARE else None
