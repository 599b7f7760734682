"""Finding the assessment sheet in a workbook and its columns, by what they hold.

Names of sheets, cell addresses and row ids are never used: offices rename, insert and shift.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.wording import NameIndex, plain
from clinic.assessments.workbook_grid import MAX_COLUMNS, Cell, Grid, Workbook, refuse
from clinic.assessments.workbook_reading import Columns, Layout

HEADER_ROWS = 80
LEAST_NODES = 8
SURE = 0.85
LEAST_HEADINGS = 3
LEAST_CELLS = 3
SHORT = 4
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "weight": ("bobot", "bobot nilai"),
    "rubric": ("penjelasan", "rubrik", "kriteria"),
    "type": ("pilihan jawaban", "jenis jawaban", "tipe jawaban"),
    "answer": ("jawaban", "jawaban unit", "jawaban unit kerja", "jawaban pd", "isian"),
    "score": ("nilai", "skor", "nilai unit"),
    "note": ("catatan keterangan penjelasan", "catatan", "keterangan", "catatan unit", "uraian"),
    "proof": ("data dukung", "bukti dukung", "dokumen", "bukti", "eviden", "evidence"),
    "link": (
        "link",
        "tautan",
        "url",
        "link bukti",
        "link data dukung",
        "link dokumen",
        "tautan bukti",
    ),
}
_ROLE_OF = {name: role for role, names in _HEADERS.items() for name in names}
_TYPE_LABELS = {"ya tidak", "a b c", "a b c d", "a b c d e", "jumlah"}


def find_layout(workbook: Workbook, framework: FrameworkFile, index: NameIndex) -> Layout:
    """Choose the visible sheet that holds most rows of the edition, and find its columns.

    Raises:
        UnreadableWorkbook: if no visible sheet looks like the edition.
    """
    best: tuple[int, Grid] | None = None
    for grid in workbook.grids:
        count = len(_nodes_named(grid, index))
        if count >= LEAST_NODES and (best is None or count > best[0]):
            best = (count, grid)
    if best is None:
        raise refuse("sheet_not_found", framework=framework.name)
    grid = best[1]
    header_row, columns = _from_header(grid)
    columns = _from_content(grid, framework, header_row, columns)
    if not columns.answer or not columns.labels:
        raise refuse("sheet_not_found", framework=framework.name)
    return Layout(grid, header_row, columns)


def _nodes_named(grid: Grid, index: NameIndex) -> set[str]:
    found = set()
    for row in grid.rows:
        for cell in grid.cells[row].values():
            if isinstance(cell.value, str) and len(cell.value) > SHORT:
                found |= {code for code, like in index.alike(cell.text).items() if like >= SURE}
    return found


def _from_header(grid: Grid) -> tuple[int, Columns]:
    """Read the heading row: the row that names most of the columns we know."""
    best: tuple[int, dict[str, int]] = (0, {})
    for row in grid.rows[:HEADER_ROWS]:
        roles: dict[str, int] = {}
        for column, cell in sorted(grid.cells[row].items()):
            role = "percent" if cell.text == "%" else _ROLE_OF.get(plain(cell.text), "")
            if role:
                roles.setdefault(role, column)
        if len(roles) > len(best[1]):
            best = (row, roles)
    row, roles = best
    if len(roles) < LEAST_HEADINGS:
        return 0, Columns()
    return row, Columns(**roles)


def _from_content(
    grid: Grid, framework: FrameworkFile, header_row: int, columns: Columns
) -> Columns:
    """Fill in the columns that no heading names, from what stands in them."""
    rows = [row for row in grid.rows if row > header_row]
    if not columns.type:
        columns = replace(columns, type=_most(grid, rows, _is_type))
    if not columns.weight:
        weights = {node.weight for node in framework.nodes if node.weight}
        left = range(1, columns.type) if columns.type else range(1, MAX_COLUMNS)
        columns = replace(columns, weight=_most(grid, rows, _is_one_of(weights), left))
    if not columns.answer and columns.type:
        columns = replace(columns, answer=columns.type + 1)
    if not columns.score and columns.answer:
        after = range(columns.answer + 1, columns.answer + 3)
        columns = replace(columns, score=_most(grid, rows, _is_number, after))
    columns = _after_the_answer(grid, rows, columns)
    edge = columns.weight or columns.rubric or columns.type or columns.answer
    return replace(columns, labels=tuple(range(1, edge)))


def _after_the_answer(grid: Grid, rows: list[int], columns: Columns) -> Columns:
    """Find note, proof text and link right of the answer; often only the note has a heading."""
    last = max(columns.answer, columns.score, columns.percent, columns.note)
    right = range(last + 1, MAX_COLUMNS + 1)
    if not columns.link:
        columns = replace(columns, link=_most_links(grid, rows, right))
    between = range(last + 1, columns.link or MAX_COLUMNS + 1)
    if not columns.note:
        columns = replace(columns, note=_most(grid, rows, _is_prose, between))
        between = range((columns.note or last) + 1, columns.link or MAX_COLUMNS + 1)
    if not columns.proof:
        columns = replace(columns, proof=_most(grid, rows, _is_prose, between))
    return columns


def _most(
    grid: Grid, rows: list[int], fits: Callable[[Cell], bool], among: Iterable[int] = ()
) -> int:
    """Return the column with most fitting cells, the leftmost of equals; 0 below three cells."""
    counts = {
        column: sum(fits(grid.at(row, column)) for row in rows)
        for column in (among or range(1, MAX_COLUMNS + 1))
    }
    best = max(counts, key=lambda column: (counts[column], -column), default=0)
    return best if best and counts[best] >= LEAST_CELLS else 0


def _most_links(grid: Grid, rows: list[int], among: Iterable[int]) -> int:
    def links(column: int) -> int:
        return sum(
            grid.at(row, column).text.startswith(("http://", "https://"))
            or (row, column) in grid.links
            for row in rows
        )

    counts = {column: links(column) for column in among}
    best = max(counts, key=lambda column: (counts[column], -column), default=0)
    return best if best and counts[best] else 0


def _is_type(cell: Cell) -> bool:
    return isinstance(cell.value, str) and plain(cell.text) in _TYPE_LABELS


def _is_one_of(weights: set[Fraction]) -> Callable[[Cell], bool]:
    def fits(cell: Cell) -> bool:
        return cell.number is not None and Fraction(cell.number) in weights

    return fits


def _is_number(cell: Cell) -> bool:
    return cell.number is not None or cell.formula != ""


def _is_prose(cell: Cell) -> bool:
    return isinstance(cell.value, str) and len(cell.text) > SHORT
