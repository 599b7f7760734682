"""A workbook's report as JSON: figures, and sentences that stay untranslated until they are shown.

For a check without an account what people typed is left out of it, so that no name, NIP or link
of the workbook is ever stored or shown (security.md 2, S25).
"""

import re
from collections.abc import Mapping
from typing import Any

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.sheet_checks import Check
from clinic.assessments.report_sentences import number_as_plain
from clinic.assessments.workbook_reading import REJECTS, Problem
from clinic.assessments.workbook_report import ProofCoverage, WorkbookReport, as_plain
from clinic.lib.arithmetic.messages import Message, Number

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
    return {
        "edition": framework.id,
        "sheet": "" if hides_typed else report.reading.sheet,
        "figures": as_plain(report),
        "max": float(report.score.total.maximum),
        "proof": _proof(report.proof),
        "total_cell": report.own.total_cell,
        "blank": [_row(framework, report, code) for code in report.score.blank],
        "undecided": list(report.score.undecided),
        "problems": [_problem(problem, hides_typed=hides_typed) for problem in report.problems],
        "checks": [
            {
                "name": framework.by_code[check.nodes[0]].name,
                **_check(check, hides_typed=hides_typed),
            }
            for check in report.checks
        ],
        "thresholds": [threshold_as_plain(framework, item.id) for item in framework.thresholds],
    }


def _proof(proof: ProofCoverage) -> dict[str, float | None]:
    return {
        "ours": float(proof.ours),
        "total": float(proof.total),
        "by_file": None if proof.by_file is None else float(proof.by_file),
        "file_total": None if proof.file_total is None else float(proof.file_total),
    }


def _row(framework: FrameworkFile, report: WorkbookReport, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": framework.by_code[code].name,
        "where": report.reading.cell(code, "answer"),
        "points": float(report.score.nodes[code].maximum),
    }


def _problem(problem: Problem, *, hides_typed: bool) -> dict[str, Any]:
    hides: frozenset[str] = _TYPED if hides_typed else frozenset()
    where = problem.where
    if hides_typed and problem.code == "hidden_sheet_ignored":
        hides, where = hides | {"name"}, ""
    return {
        "code": problem.code,
        "where": where,
        "rejects": problem.severity == REJECTS,
        "trap": problem.is_trap,
        **_message(problem.message, hides=hides),
    }


def _check(check: Check, *, hides_typed: bool) -> dict[str, Any]:
    return {
        "code": check.code,
        "where": check.where,
        "points": float(check.points),
        **_message(check.message, hides=_TYPED if hides_typed else frozenset()),
    }


def _message(message: Message, *, hides: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {"sentence": message.sentence, "params": _params(message.params, hides)}


def _params(params: Mapping[str, Any], hides: frozenset[str]) -> dict[str, Any]:
    return {
        name: HIDDEN if name in hides and not _is_harmless(value) else _plain(value)
        for name, value in params.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Number):
        return number_as_plain(value)
    return value if isinstance(value, int | float) else str(value)


def _is_harmless(typed: object) -> bool:
    """Tell answers, scales and formulas from what could be a name or a number of a person."""
    return _HARMLESS.fullmatch(str(typed)) is not None


def threshold_as_plain(framework: FrameworkFile, test: str) -> dict[str, Any]:
    """Return a test's name and the names of its preconditions, Indonesian and English."""
    item = next(each for each in framework.thresholds if each.id == test)
    return {
        "id": item.id,
        "name": item.name,
        "preconditions": {
            each.code: [each.name, each.name_en or each.name]
            for each in framework.preconditions
            if each.threshold == test
        },
    }
