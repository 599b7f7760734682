"""The sentences for what can be odd in a workbook, and how a problem is made from one.

What was read out of an assessment workbook, and what was odd about it.
"""

from dataclasses import dataclass, field

from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.arithmetic.editions import EditionNode
from clinic.assessments.workbook.grid import Grid, where
from clinic.lib.arithmetic.messages import Message, gettext_noop

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


SENTENCES = {
    "row_missing": gettext_noop(
        "The row “%(name)s” was not found in the sheet. It counts as not filled in."
    ),
    "row_not_recognised": gettext_noop(
        "The row “%(wording)s” holds an answer but belongs to no row of the framework."
    ),
    "rows_not_recognised": gettext_noop(
        "From here on %(rows)s more rows hold answers but belong to no row of the framework."
    ),
    "cell_error": gettext_noop("The answer cell shows %(value)s. It counts as not filled in."),
    "formula_without_value": gettext_noop(
        "The answer is a formula without a stored value. Open the file in Excel and save it again."
    ),
    "letter_not_allowed": gettext_noop(
        "“%(value)s” is not one of the answers of this row: %(allowed)s."
    ),
    "not_a_number": gettext_noop("“%(value)s” is not a number."),
    "count_not_whole": gettext_noop("“%(value)s” is not a whole number from 0 up."),
    "value_out_of_range": gettext_noop("“%(value)s” lies outside the range of this row."),
    "date_instead_of_answer": gettext_noop(
        "The cell holds a date. Perhaps “1/2” was typed; type the answer again as text."
    ),
    "blank_only_cell": gettext_noop("The cell holds only a blank and counts as not filled in."),
    "placeholder_answer": gettext_noop("“%(value)s” counts as not filled in."),
    "answer_written_differently": gettext_noop("“%(value)s” was read as the answer it resembles."),
    "number_typed_as_text": gettext_noop("“%(value)s” is typed as text and was read as a number."),
    "percentage_typed": gettext_noop(
        "The percentage is typed by hand. It is computed from the counts below it where they exist."
    ),
    "division_by_zero": gettext_noop(
        "The cell shows %(value)s: a percentage was divided by zero. Such a row earns no points "
        "yet, and the error would spread up to the total of the file."
    ),
    "ratio_undecided": gettext_noop(
        "The counts of “%(name)s” divide by zero and the rule does not say what that means. "
        "The row earns no points yet; up to %(points)s may follow."
    ),
    "row_left_out_of_mean": gettext_noop(
        "The file gives this answered row no score, so its mean leaves the row out."
    ),
    "blank_left_out_of_mean": gettext_noop(
        "The row is not filled in and the file leaves it out of the mean, which raises the score."
    ),
    "answer_type_differs": gettext_noop(
        "The answer type says “%(found)s”; the framework says “%(expected)s”."
    ),
    "sum_leaves_rows_out": gettext_noop(
        "The formula %(formula)s leaves out %(cells)s, so “%(name)s” counts %(own)s instead of "
        "%(ours)s points."
    ),
    "own_score_differs": gettext_noop(
        "The file counts %(own)s points for “%(name)s”; by the rules it is %(ours)s."
    ),
    "total_differs_from_parts": gettext_noop(
        "The total of the file is %(own)s points; its own main scores add up to %(parts)s."
    ),
    "difference_unexplained": gettext_noop(
        "No cell explains the remaining difference of %(rest)s points."
    ),
    "marks_out_of_order": gettext_noop(
        "The letter “%(found)s” stands where “%(expected)s” belongs. The row was found by its text."
    ),
    "mark_written_differently": gettext_noop(
        "Letters in front of rows are written in several ways. Rows were found by their text."
    ),
    "row_id_repeated": gettext_noop("The row number %(id)s is used more than once; it is ignored."),
    "type_on_heading_row": gettext_noop(
        "An answer type stands on a heading row. The row has a weight, so it was read as a heading."
    ),
    "heading_mark_repeated": gettext_noop(
        "The mark “%(found)s” is used again one level deeper. The level was taken from the weight."
    ),
    "heading_without_mark": gettext_noop(
        "The heading has no mark in front of it. Its level was taken from weight and place."
    ),
    "hidden_sheet_ignored": gettext_noop("The hidden sheet “%(name)s” was not read."),
    "link_not_to_the_web": gettext_noop(
        "The link behind this cell leads to no web address (http or https). It does not count as a "
        "link to proof."
    ),
    "wording_differs": gettext_noop(
        "The wording differs from the framework's “%(name)s”. The row was recognised all the same."
    ),
}
_TRAPS = {
    "ratio_undecided",
    "division_by_zero",
    "row_left_out_of_mean",
    "blank_left_out_of_mean",
    "answer_type_differs",
    "sum_leaves_rows_out",
    "marks_out_of_order",
    "mark_written_differently",
    "row_id_repeated",
    "type_on_heading_row",
    "heading_mark_repeated",
    "heading_without_mark",
    "blank_only_cell",
    "hidden_sheet_ignored",
    "wording_differs",
    "date_instead_of_answer",
    "number_typed_as_text",
}


def note(code: str, place: str, node: EditionNode | None = None, **params: object) -> Problem:
    """Make a problem that costs no row its answer."""
    return _problem(code, place, node, severity=NOTES, **params)


def reject(code: str, place: str, node: EditionNode | None = None, **params: object) -> Problem:
    """Make a problem for which a row counts as not filled in."""
    return _problem(code, place, node, severity=REJECTS, **params)


def _problem(
    code: str, place: str, node: EditionNode | None, *, severity: str, **params: object
) -> Problem:
    return Problem(
        code=code,
        where=place,
        severity=severity,
        message=Message(SENTENCES[code], params),
        node=node.code if node else "",
        is_trap=code in _TRAPS,
    )
