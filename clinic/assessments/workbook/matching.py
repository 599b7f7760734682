"""Finding the assessment sheet in a workbook, its columns by what they hold, and every node's row.

Names of sheets, cell addresses and row ids are never used: offices rename, insert and shift.
First the rows that carry a weight are laid against the edition's weighted nodes, in order. Between
two of them the questions are found by wording in any order, and the counts below their question.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.wording import NameIndex, plain
from clinic.assessments.workbook.grid import MAX_COLUMNS, Grid, Workbook, WorkbookCell, refuse

HEADER_ROWS = 80
LEAST_NODES = 8
# Likeness of two wordings, and what a weight adds to it.
ALIKE, SURE, CERTAIN = 0.6, 0.85, 0.97
_WEIGHT_AGREES = 0.2
_WEIGHT_DIFFERS = -0.15
LEAST_HEADINGS = 3
LEAST_CELLS = 3
SHORT = 4
_LONGEST_MARK = 5
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
TYPE_LABELS = {"ya tidak", "a b c", "a b c d", "a b c d e", "jumlah"}


@dataclass
class Columns:
    """Which column holds what; 0 where the sheet has no such column.

    Attributes:
        edge: the first column that holds no wording of rows.
    """

    edge: int = 0
    weight: int = 0
    rubric: int = 0
    type: int = 0
    answer: int = 0
    score: int = 0
    percent: int = 0
    note: int = 0
    proof: int = 0
    link: int = 0

    @property
    def labels(self) -> range:
        """The columns with marks and wordings, left of all else."""
        return range(1, self.edge)


@dataclass(frozen=True)
class Layout:
    """The sheet that was chosen and how it is laid out."""

    grid: Grid
    header_row: int
    columns: Columns

    def label_text(self, row: int) -> str:
        """The wording of a row: its longest text left of the weight."""
        texts = [self.grid.at(row, column).text for column in self.columns.labels]
        return max((text for text in texts if not _is_mark(text)), key=len, default="")

    def text_column(self, row: int) -> int:
        wording = self.label_text(row)
        return next((c for c in self.columns.labels if self.grid.at(row, c).text == wording), 0)

    def mark_column(self, row: int) -> int:
        """The column of the short mark, such as ``ii.`` or ``a.``, just left of the wording."""
        column = self.text_column(row) - 1
        return column if column in self.columns.labels else 0


def _is_mark(text: str) -> bool:
    """Tell marks such as ``A.``, ``iii.``, ``-`` and row numbers from wording."""
    dotted = text.endswith((".", ")")) or text.isdigit()
    return len(text) < 3 or (len(text) <= _LONGEST_MARK and dotted)  # noqa: PLR2004


def find_layout(workbook: Workbook, framework: FrameworkFile, index: NameIndex) -> Layout:
    """Choose the visible sheet that holds most rows of the edition, and find its columns.

    Raises:
        UnreadableWorkbook: if no visible sheet looks like the edition.
    """
    best: tuple[int, Grid] | None = None
    for grid in workbook.grids:
        count = len(_find_named_nodes(grid, index))
        if count >= LEAST_NODES and (best is None or count > best[0]):
            best = (count, grid)
    if best is None:
        raise refuse("sheet_not_found", framework=framework.name)
    grid = best[1]
    header_row, columns = _read_header(grid)
    _find_columns(grid, framework, header_row, columns)
    if not columns.answer or not columns.labels:
        raise refuse("sheet_not_found", framework=framework.name)
    return Layout(grid, header_row, columns)


def _find_named_nodes(grid: Grid, index: NameIndex) -> set[str]:
    codes = set()
    for row in grid.rows:
        for cell in grid.cells[row].values():
            if isinstance(cell.value, str) and len(cell.value) > SHORT:
                codes |= {code for code, like in index.alike(cell.text).items() if like >= SURE}
    return codes


def _read_header(grid: Grid) -> tuple[int, Columns]:
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


def _find_columns(grid: Grid, framework: FrameworkFile, header_row: int, columns: Columns) -> None:
    """Fill in the columns that no heading names, from what stands in them."""
    rows = [row for row in grid.rows if row > header_row]
    if not columns.type:
        columns.type = _find_fullest(
            grid, rows, lambda cell: isinstance(cell.value, str) and plain(cell.text) in TYPE_LABELS
        )
    if not columns.weight:
        weights = {node.weight for node in framework.nodes if node.weight}
        left = range(1, columns.type) if columns.type else range(1, MAX_COLUMNS)
        columns.weight = _find_fullest(
            grid,
            rows,
            lambda cell: cell.number is not None and Fraction(cell.number) in weights,
            left,
        )
    if not columns.answer and columns.type:
        columns.answer = columns.type + 1
    if not columns.score and columns.answer:
        after = range(columns.answer + 1, columns.answer + 3)
        columns.score = _find_fullest(
            grid, rows, lambda cell: cell.number is not None or cell.formula != "", after
        )
    # Note, proof text and link stand right of the answer; often only the note has a heading.
    last = max(columns.answer, columns.score, columns.percent, columns.note)
    if not columns.link:
        columns.link = _find_links_column(grid, rows, range(last + 1, MAX_COLUMNS + 1))
    between = range(last + 1, columns.link or MAX_COLUMNS + 1)
    if not columns.note:
        columns.note = _find_fullest(grid, rows, _is_prose, between)
        between = range((columns.note or last) + 1, columns.link or MAX_COLUMNS + 1)
    if not columns.proof:
        columns.proof = _find_fullest(grid, rows, _is_prose, between)
    columns.edge = columns.weight or columns.rubric or columns.type or columns.answer


def _find_fullest(
    grid: Grid, rows: list[int], fits: Callable[[WorkbookCell], bool], among: Iterable[int] = ()
) -> int:
    """Return the column with most fitting cells, the leftmost of equals; 0 below three cells."""
    counts = {
        column: sum(fits(grid.at(row, column)) for row in rows)
        for column in (among or range(1, MAX_COLUMNS + 1))
    }
    best = max(counts, key=lambda column: (counts[column], -column), default=0)
    return best if best and counts[best] >= LEAST_CELLS else 0


def _find_links_column(grid: Grid, rows: list[int], among: Iterable[int]) -> int:
    counts = {
        column: sum(
            grid.at(row, column).text.startswith(("http://", "https://"))
            or (row, column) in grid.links
            for row in rows
        )
        for column in among
    }
    best = max(counts, key=lambda column: (counts[column], -column), default=0)
    return best if best and counts[best] else 0


def _is_prose(cell: WorkbookCell) -> bool:
    return isinstance(cell.value, str) and len(cell.text) > SHORT


class RowMatches:
    """Which row of one sheet belongs to which node of an edition, and how alike their wordings are.

    Attributes:
        row_of: row by node code, for every node that was found.
        likeness: of the two wordings by node code, 0..1.
        taken: rows that belong to a node.
    """

    def __init__(self, layout: Layout, framework: FrameworkFile, index: NameIndex) -> None:
        self.layout = layout
        self.framework = framework
        self.index = index
        self.rows = [row for row in layout.grid.rows if row > layout.header_row]
        self.wording = {row: layout.label_text(row) for row in self.rows}
        self.rows = [row for row in self.rows if self.wording[row]]
        self.row_of: dict[str, int] = {}
        self.likeness: dict[str, float] = {}
        self.taken: set[int] = set()
        anchors = [node for node in framework.nodes if node.weight is not None]
        self._match_anchors(anchors)
        found = [node for node in anchors if node.code in self.row_of]
        starts = [self.row_of[node.code] for node in found]
        ends = [*starts[1:], self.rows[-1] + 1 if self.rows else 0]
        for anchor, start, end in zip(found, starts, ends, strict=True):
            questions = [
                child
                for child in framework.children(anchor.code)
                if child.weight is None and framework.is_scored(child)
            ]
            between = [row for row in self.rows if start < row < end and not self._is_count(row)]
            self._pair_best_first(questions, between)
        self._match_strays()
        self._match_counts()

    def _match(self, code: str, row: int, like: float) -> None:
        self.row_of[code] = row
        self.likeness[code] = like
        self.taken.add(row)

    def _compare(self, row: int, code: str) -> float:
        return self.index.alike(self.wording[row]).get(code, 0.0)

    def _match_anchors(self, anchors: list[EditionNode]) -> None:
        """Lay weighted nodes against rows in order, so that the sum of likeness is greatest."""
        fits = {node.code: self._fit_anchor(node) for node in anchors}
        rows = sorted({row for fit in fits.values() for row in fit})
        best = [[0.0] * (len(rows) + 1) for _ in range(len(anchors) + 1)]
        for i, node in enumerate(anchors, 1):
            for j, row in enumerate(rows, 1):
                paired = best[i - 1][j - 1] + fits[node.code].get(row, -1.0)
                best[i][j] = max(best[i - 1][j], best[i][j - 1], paired)
        i, j = len(anchors), len(rows)
        while i and j:
            if best[i][j] == best[i - 1][j]:
                i -= 1
            elif best[i][j] == best[i][j - 1]:
                j -= 1
            else:
                code, row = anchors[i - 1].code, rows[j - 1]
                self._match(code, row, self._compare(row, code))
                i, j = i - 1, j - 1

    def _fit_anchor(self, node: EditionNode) -> dict[int, float]:
        fits = {}
        for row in self.rows:
            like = self._compare(row, node.code)
            if like < ALIKE:
                continue
            column = self.layout.columns.weight
            number = self.layout.grid.at(row, column).number if column else None
            weight = Fraction(number) if number is not None else None
            if weight is None and like < SURE:
                continue
            if weight is None and self._read_type(row) and not self.framework.is_scored(node):
                continue
            agrees = _WEIGHT_AGREES if weight == node.weight else _WEIGHT_DIFFERS
            fits[row] = like + (agrees if weight is not None else 0.0)
        return fits

    def _read_type(self, row: int) -> str:
        column = self.layout.columns.type
        return plain(self.layout.grid.at(row, column).text) if column else ""

    def _is_count(self, row: int) -> bool:
        return self._read_type(row) == "jumlah" or (
            not self._read_type(row) and self.wording[row].startswith("-")
        )

    def _pair_best_first(
        self, nodes: Iterable[EditionNode], rows: Iterable[int], least: float = ALIKE
    ) -> None:
        """Pair nodes and free rows from the most alike down; of equals, the earlier first."""
        pairs = [
            (-self._compare(row, node.code), row, node.position, node.code)
            for node in nodes
            for row in rows
            if row not in self.taken and node.code not in self.row_of
        ]
        for unlike, row, _position, code in sorted(pairs):
            free = row not in self.taken and code not in self.row_of
            if free and -unlike >= least:
                self._match(code, row, -unlike)

    def _match_strays(self) -> None:
        """Match questions whose indicator row is missing or that stand elsewhere in the sheet."""
        missing = [n for n in self.framework.scored if n.code not in self.row_of]
        for node in missing:
            low, high = self._find_window(node)
            near = [row for row in self.rows if low < row < high and not self._is_count(row)]
            self._pair_best_first([node], near, SURE)
        missing = [n for n in missing if n.code not in self.row_of]
        self._pair_best_first(missing, [r for r in self.rows if not self._is_count(r)], CERTAIN)

    def _find_window(self, node: EditionNode) -> tuple[int, int]:
        """Return the rows between which a node must stand if the sheet keeps the order."""
        earlier = [0]
        later = [self.rows[-1] + 1 if self.rows else 0]
        for code, row in self.row_of.items():
            position = self.framework.by_code[code].position
            (earlier if position < node.position else later).append(row)
        return max(earlier), min(later)

    def _match_counts(self) -> None:
        """Match the counts of each ratio row below it, then those left over nearby."""
        taken = sorted(self.taken)
        for node in self.framework.scored:
            inputs = [c for c in self.framework.children(node.code) if c.kind == "input"]
            if not inputs or node.code not in self.row_of:
                continue
            start = self.row_of[node.code]
            end = next((row for row in taken if row > start), self.rows[-1] + 1)
            self._pair_best_first(inputs, [row for row in self.rows if start < row < end])
        for node in self.framework.nodes:
            if node.kind == "input" and node.code not in self.row_of:
                low, high = self._find_window(node)
                self._pair_best_first([node], [r for r in self.rows if low < r < high], SURE)
