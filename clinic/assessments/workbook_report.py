"""What a workbook is worth by the rules, beside what it says of itself, and why they differ."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import SheetScore, score_sheet
from clinic.assessments.arithmetic.sheet_checks import (
    Check,
    RowFacts,
    Sheet,
    check_sheet,
    points_with_proof,
    points_without_proof,
)
from clinic.assessments.arithmetic.thresholds import Distance, distance
from clinic.assessments.workbook_problems import note
from clinic.assessments.workbook_reading import Problem, SheetReading
from clinic.assessments.workbook_sums import OwnSums, find_differences, read_own_sums
from clinic.lib.arithmetic.messages import Number
from clinic.lib.arithmetic.numbers import round_half_up

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
    undecided: tuple[Problem, ...]
    differences: tuple[Problem, ...]
    checks: tuple[Check, ...]
    proof: ProofCoverage
    distances: dict[str, Distance]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.reading.problems, *self.undecided, *self.differences)

    @property
    def traps(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_trap)


def build_report(
    framework: FrameworkFile, reading: SheetReading, *, stated: dict[str, bool] | None = None
) -> WorkbookReport:
    """Score a reading and hold it against the file's own figures.

    Args:
        framework: the edition.
        reading: from :func:`clinic.assessments.workbook.read_workbook`.
        stated: preconditions that a person has declared, by code; a workbook states none.
    """
    score = score_sheet(framework, reading.answers)
    own = read_own_sums(framework, reading)
    sheet = Sheet(framework, reading.answers, score, _facts(reading, own))
    return WorkbookReport(
        reading=reading,
        score=score,
        own=own,
        undecided=tuple(_undecided(framework, reading, score)),
        differences=tuple(find_differences(framework, reading, score, own)),
        checks=check_sheet(sheet),
        proof=ProofCoverage(
            ours=points_without_proof(sheet),
            total=score.total.score,
            by_file=_by_file(own, points_with_proof(sheet)),
            file_total=own.total,
        ),
        distances={
            test.id: distance(framework, score, test.id, stated=stated)
            for test in framework.thresholds
        },
    )


def _by_file(own: OwnSums, with_proof: Fraction) -> Fraction | None:
    if own.total is None or own.total < with_proof:
        return None
    return own.total - with_proof


def _undecided(framework: FrameworkFile, reading: SheetReading, score: SheetScore) -> list[Problem]:
    return [
        note(
            "ratio_undecided",
            reading.cell(code, "answer"),
            framework.by_code[code],
            name=framework.by_code[code].name,
            points=Number(score.nodes[code].maximum, 2),
        )
        for code in score.undecided
    ]


def _facts(reading: SheetReading, own: OwnSums) -> dict[str, RowFacts]:
    return {
        code: RowFacts(
            note=row.note,
            links=row.links,
            cells={role: reading.cell(code, role) for role in ("answer", "note", "link")},
            own_share=own.shares.get(code),
        )
        for code, row in reading.rows.items()
    }


def as_plain(report: WorkbookReport) -> dict[str, Any]:
    """Return the figures of the contract's JSON; sentences stay untranslated messages."""
    total = report.score.total
    return {
        "total": _shown(total.score),
        "workbook_total": _shown(report.own.total),
        "ceiling": _shown(total.ceiling),
        "areas": {
            slug: {
                "score": _shown(points.score),
                "ceiling": _shown(points.ceiling),
                "max": _shown(points.maximum),
                "unanswered": points.unanswered,
            }
            for slug, points in report.score.areas.items()
        },
        "points_without_proof": _shown(
            report.proof.ours if report.proof.by_file is None else report.proof.by_file
        ),
        "distance": {
            name.casefold(): distance_as_plain(item) for name, item in report.distances.items()
        },
    }


def distance_as_plain(item: Distance) -> dict[str, Any]:
    """Return a test's lines and preconditions as plain values."""
    return {
        "lines": [
            {
                "code": line.code,
                "subject": line.subject,
                "score": _shown(line.score),
                "minimum": _shown(line.minimum),
                "short_by": _shown(line.short_by),
                "met": line.is_met,
            }
            for line in item.lines
        ],
        "preconditions": [
            {"code": entry.code, "required": entry.required, "state": entry.state}
            for entry in item.preconditions
        ],
        "fulfilled": item.is_fulfilled,
    }


def _shown(value: Fraction | Decimal | None) -> float | None:
    return None if value is None else float(round_half_up(value, _DIGITS))
