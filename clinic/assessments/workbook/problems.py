"""What can be odd in a cell of a workbook, each with its sentence."""

from dataclasses import dataclass

from clinic.assessments.arithmetic.editions import EditionNode
from clinic.lib.arithmetic.messages import Message, gettext_noop

REJECTS, NOTES = "rejects", "notes"


@dataclass(frozen=True)
class WorkbookProblem:
    """Something odd in a cell.

    Attributes:
        where: a cell or several, such as ``K8`` or ``A6, A126``; the name of a sheet; or empty.
        severity: ``rejects`` if the row's answer is not used, ``notes`` otherwise.
        is_trap: one of the traps that the ministry's workbook is known for.
        node: code of the row, if one is concerned.
    """

    code: str
    where: str
    severity: str
    message: Message
    node: str = ""
    is_trap: bool = False


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


def note(
    code: str, where: str, node: EditionNode | None = None, **params: object
) -> WorkbookProblem:
    """Make a problem that costs no row its answer."""
    return _make_problem(code, where, node, severity=NOTES, **params)


def reject(
    code: str, where: str, node: EditionNode | None = None, **params: object
) -> WorkbookProblem:
    """Make a problem for which a row counts as not filled in."""
    return _make_problem(code, where, node, severity=REJECTS, **params)


def _make_problem(
    code: str, where: str, node: EditionNode | None, *, severity: str, **params: object
) -> WorkbookProblem:
    return WorkbookProblem(
        code=code,
        where=where,
        severity=severity,
        message=Message(SENTENCES[code], params),
        node=node.code if node else "",
        is_trap=code in _TRAPS,
    )
