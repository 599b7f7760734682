"""Workbooks that come in: read in the worker, looked at as a report, then applied once.

``assessments.sheet`` belongs to a person, a unit and a year; ``assessments.public_check`` belongs
to nobody, keeps nothing that was typed, and goes after 60 minutes (S25).
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import find_edition, find_framework, known_frameworks
from clinic.assessments.models import Sheet, SheetChange
from clinic.assessments.sheet_differences import Differences, compare
from clinic.assessments.sheets import (
    as_json,
    as_stored_rows,
    from_json,
    record_sheet,
    rows_of,
)
from clinic.assessments.workbook.grid import UnreadableWorkbook, Workbook, read_grids, refuse
from clinic.assessments.workbook.reading import SheetReading, read_grid, read_workbook, recognise
from clinic.assessments.workbook.report import WorkbookReport, as_stored, build_report
from clinic.lib.errors import Refused
from clinic.people import access
from clinic.people.importing import PlanOutdated
from clinic.people.models import Unit
from clinic.records import imports
from clinic.records.imports import Import

SHEET = "assessments.sheet"
PUBLIC_CHECK = "assessments.public_check"
USUAL_FRAMEWORK = "zi-2021"
FIRST_YEAR, LAST_YEAR = 2000, 2100


class LossUnconfirmed(Refused):
    """Applying would remove proof or lower the score, and nobody said that this is meant."""

    code = "loss_unconfirmed"
    status = 409


def read_import(import_: Import) -> Callable[[], None]:
    """Read a workbook and return the write that makes its report ready.

    Raises:
        Refused: the file as a whole cannot be read; the sentence is not translated yet.
    """
    with import_.file.open("rb") as stream:
        workbook = read_grids(stream.read())
    was_chosen = bool(import_.options.get("framework"))
    framework = _choose_framework(import_, workbook)
    reading = _read_sheet(workbook, framework, was_chosen=was_chosen)
    report = build_report(framework, reading, year=import_.options.get("period"))
    is_public = import_.kind == PUBLIC_CHECK
    parsed = {} if is_public else {"rows": as_json(reading.entries)}
    stored = as_stored(report, framework, hides_typed=is_public)
    if not is_public:
        stored["seen_rev"] = _get_rev(import_)

    def store() -> None:
        imports.choose_options(import_, framework=framework.id)
        imports.record_report(import_, parsed=parsed, report=stored, counts=counts_of(report))

    return store


def _choose_framework(import_: Import, workbook: Workbook) -> FrameworkFile:
    """Return the framework that was chosen; where none was, the one that the file shows."""
    chosen = import_.options.get("framework")
    recognised = None if chosen else recognise(workbook, known_frameworks())
    framework = recognised or find_framework(chosen or USUAL_FRAMEWORK)
    import_.options = {**import_.options, "framework": framework.id}
    return framework


def _read_sheet(workbook: Workbook, framework: FrameworkFile, *, was_chosen: bool) -> SheetReading:
    """Read a workbook; one that belongs to another framework is refused with its name.

    Where nobody chose a framework, the refusal presumes none.
    """
    try:
        return read_grid(workbook, framework)
    except UnreadableWorkbook as refused:
        if not was_chosen:
            raise refuse("sheet_unknown") from refused
        fitting = recognise(workbook, known_frameworks())
        if fitting is not None:
            refused.details = {**refused.details, "fitting": fitting.id}
        raise


def counts_of(report: WorkbookReport) -> dict[str, int]:
    """Return how many rows were read, answered, left blank, rejected, and what was noticed."""
    total = report.score.total
    return {
        "rows": len(report.reading.rows),
        "answered": total.answered,
        "unanswered": total.unanswered + total.undecided,
        "rejected": len(report.reading.rejects),
        "traps": len(report.traps),
        "checks": len(report.checks),
    }


def apply_import(import_: Import, *, actor: Any, confirmed: bool = False) -> dict[str, int]:
    """Make a report that was looked at the unit's sheet, once, in one transaction.

    ``confirmed`` says that lost proof or a lower score is meant.

    Raises:
        Refused: it was applied before or is not ready (409), the actor may not upload for the
            unit, the sheet has changed since (``PlanOutdated``), or a loss was not confirmed
            (``LossUnconfirmed``).
    """
    unit = target_unit(import_)
    access.require(actor, "upload-sheet", unit)

    def write(current: Import) -> dict[str, int]:
        edition = find_edition(current.options["framework"])
        if _get_rev(current) != current.report["seen_rev"]:
            raise PlanOutdated(
                _("The sheet has changed since this file was checked. Look at the new check.")
            )
        if differences_of(current).needs_confirming and not confirmed:
            raise LossUnconfirmed(
                _("Proof would be removed or the score would fall. Confirm that this is meant.")
            )
        recorded = record_sheet(
            unit=unit,
            edition=edition,
            period=current.options["period"],
            rows=from_json(current.parsed["rows"]),
            actor=actor,
            reading=summary_of(current),
            source=current.uuid,
        )
        return {**current.counts, "changed": int(recorded.changed)}

    return imports.apply(import_, write, actor=actor)


def check_again(import_: Import) -> None:
    """Let a ready import be held against the sheet as it stands now."""
    report = {**import_.report, "seen_rev": _get_rev(import_)}
    Import.objects.filter(pk=import_.pk, state=Import.State.READY).update(report=report)


def summary_of(import_: Import) -> dict[str, Any]:
    """Return what a sheet keeps of the file it came from."""
    return {
        "schema": 1,
        "file": import_.original_name,
        "sha256": import_.sha256,
        "workbook_total": import_.report["figures"]["workbook_total"],
        "checks": [[check["code"], check["where"]] for check in import_.report["checks"]],
    }


def target_unit(import_: Import) -> Unit:
    """Return the unit that an import was sent for."""
    return Unit.objects.get(slug=import_.options["unit"])


def recorded_sheet(import_: Import) -> Sheet | None:
    """Return the sheet that an import would change or has made, if there is one."""
    return (
        Sheet.objects.with_context()
        .filter(
            unit__slug=import_.options.get("unit"),
            edition__slug=import_.options.get("framework"),
            period=import_.options.get("period"),
        )
        .first()
    )


def sheets_beside(import_: Import) -> QuerySet[Sheet]:
    """Return all sheets of the framework and year that an import was sent for."""
    return Sheet.objects.filter(
        edition__slug=import_.options.get("framework"), period=import_.options.get("period")
    )


def differences_of(import_: Import) -> Differences:
    """Hold the rows of a ready import against the rows recorded now."""
    framework = find_framework(import_.options["framework"])
    sheet = recorded_sheet(import_)
    before = rows_of(sheet) if sheet else {}
    return compare(framework, before, rows_in(import_), is_first=sheet is None)


def rows_in(import_: Import) -> dict[str, RowEntry]:
    """Return the rows of a file as they would be stored."""
    framework = find_framework(import_.options["framework"])
    return as_stored_rows(framework, from_json(import_.parsed.get("rows", {})))


def applied_change(import_: Import) -> SheetChange | None:
    """Return the change that an applied import has made; None where it changed nothing."""
    changes = SheetChange.objects.filter(source=import_.uuid).select_related(
        "undone_by", "sheet__unit", "sheet__edition"
    )
    return changes.first()


def applied_differences(import_: Import, change: SheetChange) -> Differences:
    """Return what an applied import has changed: its file over what the change found."""
    after = rows_in(import_)
    stood = change.rows["before"]
    before = {code: row for code, row in after.items() if code not in stood}
    before |= from_json({code: row for code, row in stood.items() if row})
    return compare(find_framework(import_.options["framework"]), before, after)


def _get_rev(import_: Import) -> int:
    sheet = recorded_sheet(import_)
    return sheet.rev if sheet else 0


def open_workbook(content: bytes, framework: FrameworkFile) -> SheetReading:
    """Read a workbook with its refusal already put into words, for a command.

    Raises:
        Refused: the file cannot be read; with its translated sentence.
    """
    try:
        return read_workbook(content, framework)
    except Refused as refused:
        refused.message = _(refused.message) % refused.details
        raise
