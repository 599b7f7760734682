"""What a workbook is worth by the rules, beside what it says of itself, and why they differ.

A report is stored as JSON: figures, and sentences that stay untranslated until they are shown with
the reader's marks. For a check without an account what people typed is left out of it, so that no
name, NIP or link of the workbook is ever stored or shown (S25).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import pair_of_ratio
from clinic.assessments.arithmetic.conditions import (
    judge,
    shipped_versions,
    version_of_year,
)
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.scoring import SheetScore, score_sheet
from clinic.assessments.arithmetic.sheet_checks import (
    Check,
    CheckedSheet,
    RowFacts,
    check_sheet,
    points_with_proof,
    points_without_proof,
)
from clinic.assessments.arithmetic.thresholds import Distance, distance
from clinic.assessments.arithmetic.typed_answers import read_share
from clinic.assessments.arithmetic.wording import plain
from clinic.assessments.workbook.grid import WorkbookCell, name_cell
from clinic.assessments.workbook.problems import REJECTS, WorkbookProblem, note
from clinic.assessments.workbook.reading import SheetReading
from clinic.lib.arithmetic.messages import Message, Number
from clinic.lib.arithmetic.numbers import round_half_up
from clinic.lib.templatetags.ui import decimals

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
        share = _read_own_share(layout.grid.at(row.row, columns.answer))
        if node.formula is not None and share is not None:
            shares[code] = share
    total, cell = _find_grand_total(framework, reading, scores)
    return OwnSums(total, cell, scores, shares)


def _read_own_share(cell: WorkbookCell) -> Fraction | None:
    """Return the percentage that a cell shows, typed as text such as ``87,5%`` too."""
    if cell.number is not None:
        return Fraction(cell.number)
    value = None if cell.is_error else read_share(cell.value).value
    return Fraction(value) if isinstance(value, Decimal) else None


def _find_grand_total(
    framework: FrameworkFile, reading: SheetReading, scores: dict[str, Fraction]
) -> tuple[Fraction | None, str]:
    layout = reading.layout
    last = max((row.row for row in reading.rows.values()), default=0)
    for row in layout.grid.rows:
        if row > last and _TOTAL.match(plain(layout.label_text(row))):
            number = layout.grid.at(row, layout.columns.score).number
            if number is not None:
                return Fraction(number), name_cell(row, layout.columns.score)
    roots = _get_roots(framework)
    if roots and all(root.code in scores for root in roots):
        return sum((scores[root.code] for root in roots), Fraction(0)), ""
    return None, ""


def find_differences(
    framework: FrameworkFile, reading: SheetReading, score: SheetScore, own: OwnSums
) -> list[WorkbookProblem]:
    """Name the cells where the file counts otherwise than its own parts would give.

    These are scores whose parts all agree or do not add up to them, and the grand total. What no
    cell explains is told as a rest.
    """
    differences = [
        _describe_difference(framework, reading, node, score=score, own=own)
        for node in framework.nodes
        if _is_counted_otherwise(framework, node, score=score, own=own)
    ]
    if own.total is None:
        return differences
    roots = _get_roots(framework)
    gap = Fraction(0)  # how much more the file's own main scores add up to than its total says
    if all(root.code in own.scores for root in roots):
        gap = sum((own.scores[root.code] for root in roots), Fraction(0)) - own.total
    if abs(gap) > _NOISE:
        differences.append(
            note(
                "total_differs_from_parts",
                own.total_cell,
                own=Number(own.total, 4),
                parts=Number(own.total + gap, 4),
            )
        )
    explained = gap + sum(_compute_explained(framework, root, score, own) for root in roots)
    rest = score.total.score - own.total - explained
    if abs(rest) > _NOISE:
        differences.append(note("difference_unexplained", own.total_cell, rest=Number(rest, 4)))
    return differences


def _get_roots(framework: FrameworkFile) -> list[EditionNode]:
    return [root for root in framework.children("") if root.weight]


def _get_weighted(framework: FrameworkFile, node: EditionNode) -> list[EditionNode]:
    return [child for child in framework.children(node.code) if child.weight is not None]


def _compute_missing(node: EditionNode, score: SheetScore, own: OwnSums) -> Fraction:
    """Return how much more a node is worth by the rules than the file counts; 0 if unknown."""
    if node.code not in own.scores or node.code not in score.nodes:
        return Fraction(0)
    return score.nodes[node.code].score - own.scores[node.code]


def _is_counted_otherwise(
    framework: FrameworkFile, node: EditionNode, *, score: SheetScore, own: OwnSums
) -> bool:
    missing = _compute_missing(node, score, own)
    if abs(missing) <= _NOISE:
        return False
    below = _get_weighted(framework, node)
    parts = [_compute_missing(child, score, own) for child in below]
    if all(abs(part) <= _NOISE for part in parts):
        return True
    adds_up = node.aggregate == "sum" and all(child.code in own.scores for child in below)
    return adds_up and abs(missing - sum(parts)) > _NOISE


def _compute_explained(
    framework: FrameworkFile, node: EditionNode, score: SheetScore, own: OwnSums
) -> Fraction:
    """Return the part of the difference that lies in cells at or below a node."""
    if node.code in own.scores:
        return _compute_missing(node, score, own)
    below = _get_weighted(framework, node)
    return sum((_compute_explained(framework, child, score, own) for child in below), Fraction(0))


def _describe_difference(
    framework: FrameworkFile,
    reading: SheetReading,
    node: EditionNode,
    *,
    score: SheetScore,
    own: OwnSums,
) -> WorkbookProblem:
    column = reading.layout.columns.score
    where = name_cell(reading.rows[node.code].row, column)
    texts = {
        "name": node.name,
        "own": Number(own.scores[node.code], 4),
        "ours": Number(score.nodes[node.code].score, 4),
    }
    cell = reading.layout.grid.at(reading.rows[node.code].row, column)
    missed = _find_rows_left_out(framework, reading, node, cell)
    if not missed:
        return note("own_score_differs", where, node, **texts)
    return note(
        "sum_leaves_rows_out",
        where,
        node,
        formula=cell.formula,
        cells=", ".join(name_cell(row, column) for _code, row in missed),
        missed=", ".join(code for code, _row in missed),
        **texts,
    )


def _find_rows_left_out(
    framework: FrameworkFile, reading: SheetReading, node: EditionNode, cell: WorkbookCell
) -> list[tuple[str, int]]:
    """Return code and row of a node's parts that its formula does not touch."""
    from openpyxl.utils import column_index_from_string

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
        (child.code, reading.rows[child.code].row)
        for child in framework.children(node.code)
        if child.code in reading.rows and child.kind not in {"input", "criterion"}
    ]
    return [(code, row) for code, row in parts if row not in touched]


_DIGITS = 6


@dataclass(frozen=True)
class ProofCoverage:
    """Points whose rows have no link to proof.

    Attributes:
        ours, total: by our score.
        by_file: of the points that the file itself counts; None if its total is missing, or smaller
            than the points with a link, which shows that it is no sum of the rows.
        file_total: the file's own total; None if it shows none.
    """

    ours: Fraction
    total: Fraction
    by_file: Fraction | None
    file_total: Fraction | None


@dataclass(frozen=True)
class WorkbookReport:
    """Everything that is said about a workbook.

    Attributes:
        undecided: rows whose counts divide by zero, by cell.
        differences: why the file's own total is not ours, by cell.
        distances: by test, such as ``WBK``.
    """

    reading: SheetReading
    score: SheetScore
    own: OwnSums
    undecided: tuple[WorkbookProblem, ...]
    differences: tuple[WorkbookProblem, ...]
    checks: tuple[Check, ...]
    proof: ProofCoverage
    distances: dict[str, Distance]

    @property
    def problems(self) -> tuple[WorkbookProblem, ...]:
        return (*self.reading.problems, *self.undecided, *self.differences)

    @property
    def traps(self) -> tuple[WorkbookProblem, ...]:
        return tuple(problem for problem in self.problems if problem.is_trap)


def build_report(
    framework: FrameworkFile, reading: SheetReading, *, year: int | None = None
) -> WorkbookReport:
    """Score a reading and hold it against the file's own figures.

    Args:
        framework: the edition.
        reading: from :func:`clinic.assessments.workbook.reading.read_workbook`.
        year: that is assessed, for the conditions of its time; without one those of the newest
            rule. A workbook states none of them.
    """
    answers = reading.answers
    score = score_sheet(framework, answers)
    versions = shipped_versions()
    version = versions[-1] if year is None else version_of_year(versions, year)
    own = read_own_sums(framework, reading)
    facts = {
        code: RowFacts(
            note=row.entry.note,
            links=row.links,
            cells={role: reading.cell(code, role) for role in ("answer", "note", "link")},
            own_share=own.shares.get(code),
        )
        for code, row in reading.rows.items()
    }
    sheet = CheckedSheet(framework, answers, score, facts)
    with_proof = points_with_proof(sheet)
    has_sum = own.total is not None and own.total >= with_proof
    return WorkbookReport(
        reading=reading,
        score=score,
        own=own,
        undecided=tuple(
            note(
                "ratio_undecided",
                reading.cell(code, "answer"),
                framework.by_code[code],
                name=framework.by_code[code].name,
                points=Number(score.nodes[code].maximum, 2),
            )
            for code in score.undecided
        ),
        differences=tuple(find_differences(framework, reading, score, own)),
        checks=check_sheet(sheet),
        proof=ProofCoverage(
            ours=points_without_proof(sheet),
            total=score.total.score,
            by_file=own.total - with_proof if own.total is not None and has_sum else None,
            file_total=own.total,
        ),
        distances={
            test.id: distance(framework, score, test.id, judge(version, test.id, {}))
            for test in framework.thresholds
        },
    )


def as_plain(report: WorkbookReport) -> dict[str, Any]:
    """Return the figures as JSON; sentences stay untranslated messages."""
    total = report.score.total
    return {
        "total": _to_float(total.score),
        "workbook_total": _to_float(report.own.total),
        "ceiling": _to_float(total.ceiling),
        "areas": {
            slug: {
                "score": _to_float(points.score),
                "ceiling": _to_float(points.ceiling),
                "max": _to_float(points.maximum),
                "unanswered": points.unanswered,
            }
            for slug, points in report.score.areas.items()
        },
        "points_without_proof": _to_float(
            report.proof.ours if report.proof.by_file is None else report.proof.by_file
        ),
        "distance": {
            name.casefold(): distance_as_plain(item) for name, item in report.distances.items()
        },
    }


def distance_as_plain(item: Distance) -> dict[str, Any]:
    """Return a test's lines and conditions as plain values."""
    return {
        "lines": [
            {
                "code": line.code,
                "subject": line.subject,
                "score": _to_float(line.score),
                "minimum": _to_float(line.minimum),
                "short_by": _to_float(line.short_by),
                "met": line.is_met,
                "ceiling": _to_float(line.ceiling),
                "blank": line.is_blank,
            }
            for line in item.lines
        ],
        "preconditions": [
            {
                "code": entry.condition.code,
                "name": [entry.condition.name, entry.condition.name_en],
                "level": entry.condition.level,
                "unit": entry.condition.unit,
                "required": entry.required,
                "value": entry.value,
                "state": entry.state,
            }
            for entry in item.conditions
        ],
        "minima": [
            {"kind": each.kind, "total": _to_float(each.total), "asked": _to_float(each.asked)}
            for each in item.minima
        ],
        "fulfilled": item.is_fulfilled,
    }


def _to_float(value: Fraction | Decimal | None) -> float | None:
    return None if value is None else float(round_half_up(value, _DIGITS))


STORED = "number"


def write_sentence(sentence: str, params: Mapping[str, Any]) -> str:
    """Translate a sentence and fill it with values, stored or not.

    Numbers that an earlier report has stored as text stay as they were written then.
    """
    return _(sentence) % {name: _write_param(value) for name, value in params.items()}


def _write_param(value: Any) -> Any:
    if isinstance(value, Number):
        number = Decimal(str(value))
    elif isinstance(value, Mapping):
        number = Decimal(value[STORED])
    else:
        return value
    return decimals(number, max(0, -int(number.as_tuple().exponent)))


HIDDEN = "…"
_HARMLESS = re.compile(
    r"(?!.*\d{7})(?:.{1,3}|[0-9.,%]{1,6}|[A-Za-z]{1,5}(?:/[A-Za-z]{1,5})+|#[A-Z0-9/!?]+"
    r"|=[A-Z]{2,10}\([A-Z0-9$:,;+]*\)(?:[*/+-]\$?[A-Z]{1,3}\$?[0-9]{1,4})*)"
)
_TYPED = frozenset({"value", "wording", "found", "formula"})


def as_stored(
    report: WorkbookReport, framework: FrameworkFile, *, hides_typed: bool = False
) -> dict[str, Any]:
    """Return everything that the report page shows.

    Args:
        report: from ``build_report``.
        framework: the edition it was held against.
        hides_typed: leave out what people typed into the workbook.
    """
    proof, typed = report.proof, _TYPED if hides_typed else frozenset()
    return {
        "edition": framework.id,
        "sheet": "" if hides_typed else report.reading.sheet,
        "figures": as_plain(report),
        "max": float(report.score.total.maximum),
        "proof": {
            "ours": float(proof.ours),
            "total": float(proof.total),
            "by_file": None if proof.by_file is None else float(proof.by_file),
            "file_total": None if proof.file_total is None else float(proof.file_total),
        },
        "total_cell": report.own.total_cell,
        "blank": [
            {
                "code": code,
                "name": framework.by_code[code].name,
                "where": report.reading.cell(code, "answer"),
                "points": float(report.score.nodes[code].maximum),
            }
            for code in report.score.blank
        ],
        "undecided": list(report.score.undecided),
        "open": _list_open_rows(report, framework),
        "layout": _describe_layout(report, framework),
        "problems": [
            _store_problem(problem, hides_typed=hides_typed) for problem in report.problems
        ],
        "checks": [
            {
                "name": framework.by_code[check.nodes[0]].name,
                "nodes": list(check.nodes),
                "code": check.code,
                "where": check.where,
                "points": float(check.points),
                **_store_message(check.message, typed),
            }
            for check in report.checks
        ],
        "thresholds": [threshold_as_plain(framework, item.id) for item in framework.thresholds],
    }


def _list_open_rows(report: WorkbookReport, framework: FrameworkFile) -> list[dict[str, Any]]:
    """Return the answered rows below their full points: what was counted or chosen, no more."""
    without_points = {*report.score.blank, *report.score.undecided}
    answers = report.reading.answers
    rows = []
    for node in framework.scored:
        points = report.score.nodes.get(node.code)
        if points is None or not points.not_reached or node.code in without_points:
            continue
        pair = pair_of_ratio(node.formula, answers) if node.formula else None
        answer = answers.get(node.code)
        rows.append(
            {
                "code": node.code,
                "where": report.reading.cell(node.code, "answer"),
                "score": float(points.score),
                "max": float(points.maximum),
                "counts": list(pair) if pair else None,
                "letter": answer if isinstance(answer, str) else "",
            }
        )
    return rows


def _describe_layout(report: WorkbookReport, framework: FrameworkFile) -> dict[str, Any]:
    """Return where every row stands in the file, so that remarks can be laid beside it."""
    reading, nodes = report.reading, report.score.nodes
    columns = reading.layout.columns
    roles = ("weight", "type", "answer", "score", "note", "proof", "link")
    return {
        "header_row": reading.layout.header_row,
        "columns": {role: getattr(columns, role) for role in roles},
        "rows": [
            {
                "code": code,
                "row": row.row,
                "column": reading.layout.text_column(row.row),
                "score": _to_float(nodes[code].score if code in nodes else None),
                "max": _to_float(nodes[code].maximum if code in nodes else None),
            }
            for code, row in reading.rows.items()
        ],
    }


def _store_problem(problem: WorkbookProblem, *, hides_typed: bool) -> dict[str, Any]:
    hides: frozenset[str] = _TYPED if hides_typed else frozenset()
    where = problem.where
    if hides_typed and problem.code == "hidden_sheet_ignored":
        hides, where = hides | {"name"}, ""
    return {
        "code": problem.code,
        "node": problem.node,
        "where": where,
        "rejects": problem.severity == REJECTS,
        "trap": problem.is_trap,
        **_store_message(problem.message, hides),
    }


def _store_message(message: Message, hides: frozenset[str]) -> dict[str, Any]:
    """Return sentence and values; hidden ones only as far as they can be of no person."""
    params: dict[str, Any] = {}
    for name, value in message.params.items():
        if name in hides and not _HARMLESS.fullmatch(str(value)):
            params[name] = HIDDEN
        elif isinstance(value, Number):
            params[name] = {STORED: str(value)}
        else:
            params[name] = value if isinstance(value, int | float) else str(value)
    return {"sentence": message.sentence, "params": params}


def threshold_as_plain(framework: FrameworkFile, test: str) -> dict[str, Any]:
    """Return the name of a test."""
    item = next(each for each in framework.thresholds if each.id == test)
    return {"id": item.id, "name": item.name}
