"""What was read out of an assessment workbook, and what was odd about it."""

from dataclasses import dataclass, field

from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.workbook_grid import Grid, where
from clinic.lib.arithmetic.messages import Message

REJECTS, NOTES = "rejects", "notes"


@dataclass(frozen=True)
class Problem:
    """Something odd in a cell.

    Attributes:
        where: a cell or several, such as ``K8`` or ``A6, A126``; the name of a sheet; or empty.
        severity: ``rejects`` if the row's answer is not used, ``notes`` otherwise.
        is_trap: one of the traps that the ministry's workbook is known for (facts 8.4).
        node: code of the row, if one is concerned.
    """

    code: str
    where: str
    severity: str
    message: Message
    node: str = ""
    is_trap: bool = False


@dataclass(frozen=True)
class Columns:
    """Which column holds what; 0 where the sheet has no such column."""

    labels: tuple[int, ...] = ()
    weight: int = 0
    rubric: int = 0
    type: int = 0
    answer: int = 0
    score: int = 0
    percent: int = 0
    note: int = 0
    proof: int = 0
    link: int = 0


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


_LONGEST_MARK = 5


def _is_mark(text: str) -> bool:
    """Tell marks such as ``A.``, ``iii.``, ``-`` and row numbers from wording."""
    dotted = text.endswith((".", ")")) or text.isdigit()
    return len(text) < 3 or (len(text) <= _LONGEST_MARK and dotted)  # noqa: PLR2004


@dataclass(frozen=True)
class RowReading:
    """One row of the sheet that was recognised as a node of the edition.

    Attributes:
        likeness: of the sheet's wording to the edition's, 0..1.
        answer: as it counts; None for a blank, rejected or derived answer.
        typed: the text that stands in the answer cell.
        links: addresses found as link or inside the proof text, in order.
    """

    code: str
    row: int
    likeness: float
    wording: str
    type_text: str = ""
    answer: AnswerValue = None
    typed: str = ""
    note: str = ""
    proof: str = ""
    links: tuple[str, ...] = ()


@dataclass
class SheetReading:
    """A whole sheet as read; hidden sheets are never part of it."""

    layout: Layout
    rows: dict[str, RowReading] = field(default_factory=dict)
    answers: dict[str, AnswerValue] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def sheet(self) -> str:
        return self.layout.grid.title

    @property
    def traps(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.is_trap]

    @property
    def rejects(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == REJECTS]

    def cell(self, code: str, role: str) -> str:
        """Name the cell of a row in a column, such as ``K8``; the answer cell if there is none."""
        row = self.rows.get(code)
        if row is None:
            return ""
        column = getattr(self.layout.columns, role) or self.layout.columns.answer
        return where(row.row, column)
