"""``manage.py import_workbook FILE.xlsx --unit SLUG --period YEAR``: an assessment workbook."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import find_edition, find_framework
from clinic.assessments.sheet_imports import (
    FIRST_YEAR,
    LAST_YEAR,
    USUAL_FRAMEWORK,
    counts_of,
    open_workbook,
)
from clinic.assessments.sheets import record_sheet
from clinic.assessments.workbook.problems import REJECTS
from clinic.assessments.workbook.report import (
    WorkbookReport,
    as_plain,
    build_report,
    write_sentence,
)
from clinic.lib.arithmetic.numbers import format_number
from clinic.lib.errors import Refused
from clinic.management.importing import ImportCommand, ImportOutcome, ImportProblem
from clinic.people.models import Unit


def _parse_year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise argparse.ArgumentTypeError(f"{FIRST_YEAR} to {LAST_YEAR}")
    return year


@dataclass
class WorkbookPlan:
    """A workbook as read for one unit and year; ``changed`` is known once it is written."""

    unit: Unit
    framework: FrameworkFile
    report: WorkbookReport
    changed: bool = True


class Command(ImportCommand):
    """Dry run unless ``--apply``; a second run of the same file changes nothing."""

    help = "Read an assessment workbook, report on it by cell, and record it as a unit's sheet."
    file_help = ".xlsx"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--unit", required=True, metavar="SLUG")
        parser.add_argument("--period", required=True, type=_parse_year, metavar="YEAR")
        parser.add_argument("--framework", default=USUAL_FRAMEWORK, metavar="EDITION")

    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> WorkbookPlan:
        unit = Unit.objects.filter(slug=options["unit"]).first()
        if unit is None:
            raise Refused(
                _("No unit is called “%(slug)s”.") % {"slug": options["unit"]}, code="unit_unknown"
            )
        framework = find_framework(options["framework"])
        report = build_report(framework, open_workbook(content, framework))
        return WorkbookPlan(unit, framework, report)

    def write(self, plan: WorkbookPlan, options: Mapping[str, Any]) -> None:
        recorded = record_sheet(
            unit=plan.unit,
            edition=find_edition(plan.framework.id),
            period=options["period"],
            rows=plan.report.reading.entries,
            reading={
                "schema": 1,
                "file": options["file"].name[-120:],
                "workbook_total": as_plain(plan.report)["workbook_total"],
                "checks": [[check.code, check.where] for check in plan.report.checks],
            },
        )
        plan.changed = recorded.changed

    def outcome(self, plan: WorkbookPlan) -> ImportOutcome:
        """Say what was read; ``changed`` is asked again after the writing."""
        report = plan.report
        problems = [
            ImportProblem(
                problem.where,
                problem.code,
                write_sentence(problem.message.sentence, problem.message.params),
                problem.severity == REJECTS,
            )
            for problem in report.problems
        ]
        checks = [
            {
                "code": check.code,
                "where": check.where,
                "message": write_sentence(check.message.sentence, check.message.params),
                "points": round(float(check.points), 6),
            }
            for check in report.checks
        ]
        proof = report.proof
        extra = {
            **as_plain(report),
            "checks": checks,
            "traps": [problem.code for problem in report.traps],
            "proof": {
                "without_link": round(float(proof.ours), 6),
                "of": round(float(proof.total), 6),
            },
        }
        return ImportOutcome(
            counts_of(report),
            problems,
            changes=int(plan.changed),
            extra=extra,
            summary=[_describe_totals(report)],
        )


def _describe_totals(report: WorkbookReport) -> str:
    own = report.own.total
    return _("By the rules %(ours)s points; the file counts %(own)s; ceiling %(ceiling)s.") % {
        "ours": format_number(report.score.total.score, 3),
        "own": "–" if own is None else format_number(own, 3),
        "ceiling": format_number(report.score.total.ceiling, 3),
    }
