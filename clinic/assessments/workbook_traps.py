"""The traps that the ministry's workbook is known for (facts 8.4), each named by its cell."""

from collections.abc import Callable
from itertools import pairwise

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.wording import plain
from clinic.assessments.workbook_grid import where
from clinic.assessments.workbook_problems import note
from clinic.assessments.workbook_reading import Problem, SheetReading

_HEADINGS = {"indicator", "subindicator"}
_PLAIN_MARK = "abcdefghijklmnopqrstuvwxyz"


def find_traps(
    reading: SheetReading, framework: FrameworkFile, hidden: tuple[str, ...]
) -> list[Problem]:
    """Name every trap that the sheet holds, except those of its sums (see the report)."""
    found = [note("hidden_sheet_ignored", name, name=name) for name in hidden]
    for look in _LOOKS:
        found += look(reading, framework)
    return found


def _types(reading: SheetReading, framework: FrameworkFile) -> list[Problem]:
    """Trap 2: the answer type of a row is not the rule's; trap 8: a heading has one."""
    found = []
    for code, row in reading.rows.items():
        node = framework.by_code[code]
        scale = framework.scale_of(node)
        if not row.type_text:
            continue
        place = reading.cell(code, "type")
        if scale is None:
            found.append(note("type_on_heading_row", place, node))
        elif plain(row.type_text) != plain(scale.label) and scale.kind != "ratio":
            texts = {"found": row.type_text, "expected": scale.label}
            found.append(note("answer_type_differs", place, node, **texts))
    return found


def _means(reading: SheetReading, framework: FrameworkFile) -> list[Problem]:
    """Traps 2 and 3: the file's own mean leaves a row out, answered or not."""
    column = reading.layout.columns.score
    found = []
    for node in framework.scored:
        row = reading.rows.get(node.code)
        if not column or row is None:
            continue
        cell = reading.layout.grid.at(row.row, column)
        if not cell.text or cell.number is not None:
            continue
        blank = reading.answers.get(node.code) is None and node.formula is None
        code = "blank_left_out_of_mean" if blank else "row_left_out_of_mean"
        found.append(note(code, where(row.row, column), node))
    return found


def _marks(reading: SheetReading, framework: FrameworkFile) -> list[Problem]:
    """Traps 5 and 6: letters in front of questions out of order or oddly written."""
    found, odd = [], []
    for node in framework.scored:
        if node.kind != "question" or node.code not in reading.rows:
            continue
        place, mark = _mark(reading, node)
        expected = _PLAIN_MARK[framework.children(node.parent).index(node)]
        letter = mark.strip(" .)").casefold()
        if letter and letter in _PLAIN_MARK and letter != expected:
            found.append(note("marks_out_of_order", place, node, found=mark, expected=expected))
        elif mark != f"{expected}.":
            odd.append(place)
    if odd:
        found.append(note("mark_written_differently", ", ".join(odd)))
    return found


def _mark(reading: SheetReading, node: EditionNode) -> tuple[str, str]:
    row = reading.rows[node.code].row
    column = reading.layout.mark_column(row)
    return where(row, column or 1), reading.layout.grid.at(row, column).text if column else ""


def _headings(reading: SheetReading, framework: FrameworkFile) -> list[Problem]:
    """Trap 9: a mark used again one level deeper, or none at all."""
    found = []
    for node in framework.nodes:
        if node.kind not in _HEADINGS or node.code not in reading.rows:
            continue
        place, mark = _mark(reading, node)
        parent = framework.by_code.get(node.parent)
        if not mark:
            found.append(note("heading_without_mark", place, node))
        elif parent is not None and parent.kind in _HEADINGS:
            found.append(note("heading_mark_repeated", place, node, found=mark))
    return found


def _row_ids(reading: SheetReading, _framework: FrameworkFile) -> list[Problem]:
    """Trap 7: numbers in the first column that are used twice."""
    layout = reading.layout
    first = layout.columns.labels[0]
    places: dict[str, list[str]] = {}
    numbers = 0
    for row in layout.grid.rows:
        cell = layout.grid.at(row, first)
        if row > layout.header_row and cell.number is not None:
            numbers += 1
            places.setdefault(cell.text, []).append(where(row, first))
    repeated = {number: cells for number, cells in places.items() if len(cells) > 1}
    return [
        note("row_id_repeated", ", ".join(cells), id=number) for number, cells in repeated.items()
    ]


def _blanks(reading: SheetReading, _framework: FrameworkFile) -> list[Problem]:
    """Trap 10: cells that hold only a blank, outside the answers."""
    layout = reading.layout
    places = [
        where(row, column)
        for row in layout.grid.rows
        for column, cell in sorted(layout.grid.cells[row].items())
        if isinstance(cell.value, str)
        and not cell.value.strip()
        and not cell.formula
        and column != layout.columns.answer
    ]
    return [note("blank_only_cell", ", ".join(places))] if places else []


def _wordings(reading: SheetReading, framework: FrameworkFile) -> list[Problem]:
    """Trap 12: doubled words and slips in the text of rows."""
    found = []
    for code, row in reading.rows.items():
        node = framework.by_code[code]
        doubled = any(one == other for one, other in pairwise(row.wording.casefold().split()))
        if doubled or plain(row.wording) != plain(node.name):
            column = reading.layout.text_column(row.row)
            found.append(note("wording_differs", where(row.row, column), node, name=node.name))
    return found


_LOOKS: tuple[Callable[[SheetReading, FrameworkFile], list[Problem]], ...] = (
    _types,
    _means,
    _marks,
    _headings,
    _row_ids,
    _blanks,
    _wordings,
)
