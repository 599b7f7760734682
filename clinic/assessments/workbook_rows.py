"""Finding the row of every node, by wording within the place that weights and order give.

First the rows that carry a weight are laid against the edition's weighted nodes, in order. Between
two of them the questions are found by wording in any order, and the counts below their question.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.wording import NameIndex, plain
from clinic.assessments.workbook_reading import Layout

ALIKE = 0.6
SURE = 0.85
CERTAIN = 0.97
_WEIGHT_AGREES = 0.2
_WEIGHT_DIFFERS = -0.15


@dataclass
class Placement:
    """Which row belongs to which node, and how alike their wordings are."""

    row_of: dict[str, int] = field(default_factory=dict)
    likeness: dict[str, float] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def put(self, code: str, row: int, like: float) -> None:
        self.row_of[code] = row
        self.likeness[code] = like
        self.taken.add(row)


class RowFinder:
    """Finds the rows of an edition's nodes in one sheet."""

    def __init__(self, layout: Layout, framework: FrameworkFile, index: NameIndex) -> None:
        self.layout = layout
        self.framework = framework
        self.index = index
        self.rows = [row for row in layout.grid.rows if row > layout.header_row]
        self.wording = {row: layout.label_text(row) for row in self.rows}
        self.rows = [row for row in self.rows if self.wording[row]]
        self.placement = Placement()

    def find(self) -> Placement:
        """Place every node that can be placed."""
        anchors = [node for node in self.framework.nodes if node.weight is not None]
        self._place_anchors(anchors)
        placed = [node for node in anchors if node.code in self.placement.row_of]
        starts = [self.placement.row_of[node.code] for node in placed]
        ends = [*starts[1:], self.rows[-1] + 1 if self.rows else 0]
        for node, start, end in zip(placed, starts, ends, strict=True):
            between = [row for row in self.rows if start < row < end]
            self._place_questions(node, between)
        self._place_strays()
        self._place_counts()
        return self.placement

    def _alike(self, row: int, code: str) -> float:
        return self.index.alike(self.wording[row]).get(code, 0.0)

    def _place_anchors(self, anchors: list[EditionNode]) -> None:
        """Lay weighted nodes against rows in order, so that the sum of likeness is greatest."""
        fits = {node.code: self._anchor_fits(node) for node in anchors}
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
                self.placement.put(code, row, self._alike(row, code))
                i, j = i - 1, j - 1

    def _anchor_fits(self, node: EditionNode) -> dict[int, float]:
        fits = {}
        for row in self.rows:
            like = self._alike(row, node.code)
            if like < ALIKE:
                continue
            weight = self._weight(row)
            if weight is None and like < SURE:
                continue
            if weight is None and self._is_typed(row) and not self.framework.is_scored(node):
                continue
            agrees = _WEIGHT_AGREES if weight == node.weight else _WEIGHT_DIFFERS
            fits[row] = like + (agrees if weight is not None else 0.0)
        return fits

    def _weight(self, row: int) -> Fraction | None:
        column = self.layout.columns.weight
        number = self.layout.grid.at(row, column).number if column else None
        return Fraction(number) if number is not None else None

    def _is_typed(self, row: int) -> bool:
        return self._type(row) != ""

    def _type(self, row: int) -> str:
        column = self.layout.columns.type
        return plain(self.layout.grid.at(row, column).text) if column else ""

    def _is_count(self, row: int) -> bool:
        return self._type(row) == "jumlah" or (
            not self._type(row) and self.wording[row].startswith("-")
        )

    def _place_questions(self, node: EditionNode, between: list[int]) -> None:
        questions = [
            child
            for child in self.framework.children(node.code)
            if child.weight is None and self.framework.is_scored(child)
        ]
        self._pair_best_first(questions, [row for row in between if not self._is_count(row)])

    def _pair_best_first(
        self, nodes: Iterable[EditionNode], rows: Iterable[int], least: float = ALIKE
    ) -> None:
        """Pair nodes and free rows from the most alike down; of equals, the earlier first."""
        pairs = [
            (-self._alike(row, node.code), row, node.position, node.code)
            for node in nodes
            for row in rows
            if row not in self.placement.taken and node.code not in self.placement.row_of
        ]
        for unlike, row, _position, code in sorted(pairs):
            free = row not in self.placement.taken and code not in self.placement.row_of
            if free and -unlike >= least:
                self.placement.put(code, row, -unlike)

    def _place_strays(self) -> None:
        """Place questions whose indicator row is missing or that stand elsewhere in the sheet."""
        missing = [n for n in self.framework.scored if n.code not in self.placement.row_of]
        for node in missing:
            low, high = self._window(node)
            near = [row for row in self.rows if low < row < high and not self._is_count(row)]
            self._pair_best_first([node], near, SURE)
        missing = [n for n in missing if n.code not in self.placement.row_of]
        self._pair_best_first(missing, [r for r in self.rows if not self._is_count(r)], CERTAIN)

    def _window(self, node: EditionNode) -> tuple[int, int]:
        """Return the rows between which a node must stand if the sheet keeps the order."""
        earlier = [0]
        later = [self.rows[-1] + 1 if self.rows else 0]
        for code, row in self.placement.row_of.items():
            position = self.framework.by_code[code].position
            (earlier if position < node.position else later).append(row)
        return max(earlier), min(later)

    def _place_counts(self) -> None:
        """Place the counts of each ratio row below it, then those left over nearby."""
        taken = sorted(self.placement.taken)
        for node in self.framework.scored:
            inputs = [c for c in self.framework.children(node.code) if c.kind == "input"]
            if not inputs or node.code not in self.placement.row_of:
                continue
            start = self.placement.row_of[node.code]
            end = next((row for row in taken if row > start), self.rows[-1] + 1)
            self._pair_best_first(inputs, [row for row in self.rows if start < row < end])
        for node in self.framework.nodes:
            if node.kind == "input" and node.code not in self.placement.row_of:
                low, high = self._window(node)
                self._pair_best_first([node], [r for r in self.rows if low < r < high], SURE)
