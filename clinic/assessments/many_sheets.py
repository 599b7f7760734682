"""Several workbooks in one zip: each becomes an import of its own, so that none spoils the rest.

The job of the zip only takes it apart: directory and sizes, no parser. Every file is then read by a
job of its own, within the limits of one file. Nothing is applied: a unit's name is proposed, and a
person may send a file on as an ordinary import with its preview.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.core.files.base import ContentFile, File
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import find_framework, known_frameworks
from clinic.assessments.sheet_imports import SHEET, USUAL_FRAMEWORK
from clinic.assessments.sheets import as_json
from clinic.assessments.workbook.grid import UnreadableWorkbook, read_grids, refuse
from clinic.assessments.workbook.reading import SheetReading, read_grid, recognise
from clinic.assessments.workbook.report import WorkbookReport, as_stored, build_report
from clinic.lib.arithmetic.uploads import (
    BUNDLE,
    WORKBOOK,
    check_content,
    list_members,
    read_member,
)
from clinic.lib.errors import Refused
from clinic.people.access import require, visible
from clinic.people.models import Account, Unit
from clinic.people.unit_names import UnitNames, successors_by_unit
from clinic.records import imports
from clinic.records.imports import Import

BUNDLED, MEMBER = "assessments.zip", "assessments.zip_member"
CHECK_MANY = "check-many"
FAULT = "fault:"
MOST_HEAD_ROWS = 12
# Rows of the file's head tell of the unit; its remarks and counts are about one row each.
COUNTED_CHECKS = ("count_disagrees", "link_reused", "parts_do_not_add_up")
SAME_CONTENT = gettext_noop("The same content as %(name)s.")
_TITLE = re.compile(
    r"^\W*(?:nama )?(?:unit kerja|satuan kerja|perangkat daerah|opd|skpd|instansi|unit)\s*[:=]\s*",
    re.IGNORECASE,
)
_NOT_UNIT = re.compile(
    r"\b(?:lke|zi|wbk|wbbm|pmprb|sakip|akip|rb|lembar|kerja|evaluasi|final|fix|rev(?:isi)?|draf?t"
    r"|copy|salinan|baru|v?\d+)\b"
)


def receive_zip(upload: File[Any], *, actor: Account) -> Import:
    """Take in a zip of workbooks.

    Raises:
        Refused: a limit of uploads is passed, or the zip as a whole is not opened.
    """
    return imports.receive(BUNDLED, upload, actor=actor, suffixes={BUNDLE})


def take_apart(import_: Import) -> Callable[[], None]:
    """Make an import of every workbook in the zip; return the write that ends this one.

    A second attempt finds what the first has made by its content.
    """
    limits = imports.upload_limits()
    with import_.file.open("rb") as stream:
        content = stream.read()
    refused: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    members = list_members(content, limits=limits)
    for member in members:
        try:
            if member.refused is not None:
                raise member.refused
            unpacked = read_member(content, member.path, limits=limits)
            digest = imports.digest_of(unpacked)
            if digest in names:
                same = {"name": names[digest]}
                raise Refused(SAME_CONTENT, code="same_content", details=same)  # noqa: TRY301
            names[digest] = member.name
            check_content(member.name, unpacked, limits=limits)
            if not import_.members.filter(sha256=digest).exists():
                imports.receive(
                    MEMBER,
                    ContentFile(unpacked, name=member.name),
                    actor=import_.actor,
                    expires_at=import_.expires_at,
                    parent=import_,
                    suffixes={WORKBOOK},
                )
        except Refused as fault:
            refused.append(_describe_refusal(member.path, fault))

    def store() -> None:
        imports.record_report(
            import_,
            parsed={},
            report={"refused": refused},
            counts={"files": len(members), "refused": len(refused)},
        )

    return store


def _describe_refusal(path: str, fault: Refused) -> dict[str, Any]:
    return {
        "name": path[-imports.NAME_LENGTH :],
        "code": fault.code,
        "message": fault.message,
        "details": {name: str(value) for name, value in fault.details.items()},
    }


def read_one(import_: Import) -> Callable[[], None]:
    """Read one workbook of a zip and return the write that makes its report ready.

    Raises:
        Refused: the file cannot be read; the sentence is not translated yet.
    """
    with import_.file.open("rb") as stream:
        workbook = read_grids(stream.read())
    framework = recognise(workbook, known_frameworks()) or find_framework(USUAL_FRAMEWORK)
    try:
        reading = read_grid(workbook, framework)
    except UnreadableWorkbook as refused:
        raise refuse("sheet_unknown") from refused
    report = build_report(framework, reading)
    told = _find_unit(import_, reading)

    def store() -> None:
        imports.choose_options(import_, framework=framework.id, **told)
        imports.record_report(
            import_,
            parsed={"rows": as_json(reading.entries)},
            report=as_stored(report, framework),
            counts=summarise(framework, report),
        )

    return store


def _find_unit(import_: Import, reading: SheetReading) -> dict[str, str]:
    """Return whose sheet it is: by a cell above the rows, else by the file's name."""
    today = timezone.localdate()
    reach = units_within_reach(Account.objects.get(imports=import_))
    names = UnitNames(reach, successors_by_unit())
    in_file = list(_list_head_texts(reading))
    by_name = clean_name(import_.original_name)
    for text, source in [*((text, "file") for text in in_file), (by_name, "name")]:
        match = names.find(text, today) if text else None
        if match is not None and match.unit is not None:
            return {"unit": match.unit.slug, "unit_from": source, "near": ""}
    near = next(filter(None, (names.suggest(text, today) for text in [by_name, *in_file])), "")
    return {"unit": "", "unit_from": "", "near": near}


def _list_head_texts(reading: SheetReading) -> Iterable[str]:
    """Return the short texts above the rows, each without a title such as "Unit kerja:"."""
    grid = reading.layout.grid
    first = min((row.row for row in reading.rows.values()), default=1)
    for row in [row for row in grid.rows if row < first][:MOST_HEAD_ROWS]:
        for cell in grid.cells[row].values():
            text = _TITLE.sub("", cell.text).strip(" :")
            if 0 < len(text) <= Unit._meta.get_field("name").max_length:
                yield text


def clean_name(file_name: str) -> str:
    """Return what a file's name may say of a unit: "LKE_Dinkes_final2.xlsx" gives "dinkes"."""
    stem = file_name.rsplit(".", 1)[0].casefold()
    spaced = re.sub(r"[^a-z0-9]+", " ", re.sub(r"([a-z])(\d)", r"\1 \2", stem))
    return " ".join(_NOT_UNIT.sub(" ", spaced).split())


def units_within_reach(actor: Account) -> QuerySet[Unit]:
    """Return the units whose sheets a person may read."""
    return visible(actor, "read-sheet", Unit.objects.all())


def summarise(framework: FrameworkFile, report: WorkbookReport) -> dict[str, float]:
    """Return the numbers that a line of the table shows, faults among them, by name."""
    total, own = report.score.total, report.own.total
    counts: dict[str, float] = {
        "total": float(total.score),
        "max": float(total.maximum),
        "ceiling": float(total.ceiling),
        "without_proof": float(report.proof.ours),
        "rejected": len(report.reading.rejects),
        "contradictions": sum(check.code == "note_disagrees" for check in report.checks),
    }
    if own is not None:
        counts["file_total"] = float(own)
    for test in framework.thresholds:
        lines = report.distances[test.id].lines
        counts[f"lines:{test.id}"] = len(lines)
        counts[f"met:{test.id}"] = sum(line.is_met for line in lines)
        counts[f"short:{test.id}"] = float(sum(line.short_by for line in lines))
    return counts | dict.fromkeys(_list_faults(report), 1)


def _list_faults(report: WorkbookReport) -> Iterable[str]:
    """Name each kind of fault once; one of a formula also by the row that it concerns."""
    for problem in report.differences:
        missed = str(problem.message.params.get("missed", "")).split(", ")[0]
        if problem.code in {"sum_leaves_rows_out", "own_score_differs"}:
            yield f"{FAULT}{problem.code}/{missed or problem.node}"
    for problem in report.reading.rejects:
        yield f"{FAULT}{'row_missing' if problem.code == 'row_missing' else 'rejected'}"
    for check in report.checks:
        if check.code in COUNTED_CHECKS:
            yield f"{FAULT}{check.code}"


def name_unit(member: Import, unit: Unit | None) -> None:
    """Keep a person's word on whose sheet it is; None takes it back."""
    options = {
        **member.options,
        "unit": unit.slug if unit else "",
        "unit_from": "person" if unit else "",
    }
    Import.objects.filter(pk=member.pk, state=Import.State.READY).update(options=options)


def send_on(member: Import, unit: Unit, *, period: int, actor: Account) -> Import:
    """Send a file of the zip in as the sheet of a unit; its preview comes before anything else.

    Raises:
        Refused: the actor may not upload for the unit, or the file is gone.
    """
    require(actor, "upload-sheet", unit)
    with member.file.open("rb") as stream:
        upload = ContentFile(stream.read(), name=member.original_name)
    options = {
        "unit": unit.slug,
        "framework": member.options["framework"],
        "period": period,
    }
    return imports.receive(SHEET, upload, actor=actor, options=options, suffixes={WORKBOOK})


def usual_year(today: date) -> int:
    """Return the year that is usually assessed: the one before."""
    return today.year - 1
