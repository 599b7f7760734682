"""A unit's sheet: answers, notes and proof in, scores computed, one transaction.

Whole sheets come from a workbook, single rows are typed on a page; both are recorded here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import (
    AnswerRefused,
    AnswerValue,
    RowEntry,
    pair_of_letter,
    pair_of_value,
)
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.links import web_address
from clinic.assessments.arithmetic.scoring import Points, SheetScore, score_sheet
from clinic.assessments.frameworks import edition_file, lock
from clinic.assessments.models import (
    Answer,
    AreaScore,
    FrameworkEdition,
    Proof,
    Score,
    Sheet,
    SheetChange,
)
from clinic.lib.arithmetic.numbers import to_scale
from clinic.lib.errors import Refused
from clinic.people.models import Unit
from clinic.records import audit, jobs

EMPTY_ENTRY = RowEntry()
CHANGE_SCHEMA = 1


@dataclass(frozen=True)
class RecordedSheet:
    """The sheet, its exact score, and whether anything changed."""

    sheet: Sheet
    score: SheetScore
    changed: bool


@dataclass(frozen=True)
class Act:
    """Who writes a sheet and how: see ``SheetChange``."""

    kind: SheetChange.Kind
    actor: Any
    source: UUID | None = None
    undoes: SheetChange | None = None


def sheet_url(sheet: Sheet) -> str:
    """Return the address of a sheet: unit, edition, year."""
    return reverse(
        "sheet",
        kwargs={
            "slug": sheet.unit.slug,
            "framework": sheet.edition.slug,
            "period": str(sheet.period),
        },
    )


def rows_url(sheet: Sheet) -> str:
    """Return what stands before the code in the address at which a row is typed."""
    return f"{sheet_url(sheet)}butir/"


# --- reading what stands there -------------------------------------------------------------------
def rows_of(
    sheet: Sheet, *, codes: Iterable[str] | None = None, with_proofs: bool = True
) -> dict[str, RowEntry]:
    """Return what the sheet says now, by node code; of these rows alone where codes are given."""
    answers = sheet.answers.all()
    stored = sheet.proofs.all() if with_proofs else Proof.objects.none()
    if codes is not None:
        codes = list(codes)
        answers, stored = answers.filter(node__code__in=codes), stored.filter(node__code__in=codes)
    proofs: dict[str, list[tuple[str, str]]] = {}
    for code, text, link in stored.values_list("node__code", "text", "link"):
        proofs.setdefault(code, []).append((text, link))
    names = ("node__code", "letter", "numerator", "denominator", "text", "note")
    rows = {}
    for code, letter, above, below, text, note in answers.values_list(*names):
        value: AnswerValue = letter or (None if above is None else (above, below))
        rows[code] = RowEntry(value, text, note, tuple(proofs.get(code, ())))
    return rows


def answer_text(row: RowEntry) -> str:
    """Return an answer as it would be typed."""
    if isinstance(row.value, str):
        return row.value
    if row.value is None:
        return ""
    if row.text:
        return row.text
    above, below = row.value if isinstance(row.value, tuple) else (row.value, 1)
    return str(above) if below == 1 else f"{above}/{below}"


# --- recording ----------------------------------------------------------------------------------
def record_sheet(
    *,
    unit: Unit,
    edition: FrameworkEdition,
    period: int,
    rows: Mapping[str, RowEntry],
    actor: Any = None,
    reading: dict[str, Any] | None = None,
    source: UUID | None = None,
) -> RecordedSheet:
    """Make ``rows`` the unit's sheet of that edition and year; the same rows again change nothing.

    ``reading`` is what the sheet keeps of the workbook it came from, ``source`` the import that
    brought it; only such a change can be taken back.

    Raises:
        AnswerRefused: for an answer that its row cannot take, or a row the edition does not have.
        Refused: for a link to proof with another scheme than http or https.
    """
    with transaction.atomic():
        sheet, created = Sheet.objects.select_for_update().get_or_create(
            unit=unit, edition=edition, period=period, defaults={"unit_name": unit.name}
        )
        sheet.unit, sheet.edition = unit, edition
        before = {} if created else rows_of(sheet)
        act = Act(SheetChange.Kind.FILE if source else SheetChange.Kind.WHOLE, actor, source=source)
        return write_sheet(sheet, before, rows, act=act, reading=reading, is_new=created)


def write_sheet(
    sheet: Sheet,
    before: Mapping[str, RowEntry],
    rows: Mapping[str, RowEntry],
    *,
    act: Act,
    reading: dict[str, Any] | None,
    is_new: bool = False,
) -> RecordedSheet:
    """Write what differs from ``before``, the scores that follow from it, and what stood before.

    Call it with the sheet locked, in the transaction in which ``before`` was read.
    """
    framework = edition_file(sheet.edition)
    _check_rows(framework, rows)
    score = score_sheet(framework, {code: row.value for code, row in rows.items()})
    after = as_stored_rows(framework, rows)
    changed = changed_rows(before, after)
    if not (changed or is_new):
        return RecordedSheet(sheet, score, changed=False)
    nodes = dict(sheet.edition.nodes.values_list("code", "pk"))
    _write_rows(sheet, framework, {code: after.get(code) for code in changed}, nodes)
    lock(sheet.edition)
    _write_scores(sheet, score, nodes)
    figures = make_figures(score.total)
    total_before, reading_before = sheet.total, sheet.reading
    sheet.total = figures["score"]
    sheet.ceiling = figures["ceiling"]
    sheet.max_points = figures["max_points"]
    sheet.unanswered = figures["unanswered"]
    sheet.unit_name = sheet.unit.name
    sheet.reading = reading
    sheet.recorded_by = act.actor
    sheet.rev += 1
    sheet.save()
    stood = as_json({code: before[code] for code in changed if code in before})
    SheetChange.objects.create(
        sheet=sheet,
        rev=sheet.rev,
        kind=act.kind,
        actor=getattr(act.actor, "pk", None),
        source=act.source,
        undoes=act.undoes,
        total_before=total_before,
        total=sheet.total,
        rows={
            "schema": CHANGE_SCHEMA,
            "before": {code: stood.get(code) for code in sorted(changed)},
            "reading": reading_before,
        },
    )
    audit.record(
        "sheet.undo" if act.undoes else "sheet.record",
        actor=act.actor,
        thing=sheet,
        scope=sheet.unit.slug,
        values={
            "total": str(sheet.total),
            "rev": sheet.rev,
            **({"undoes": act.undoes.rev} if act.undoes else {}),
        },
    )
    jobs.enter("insights.refresh_unit", str(sheet.unit_id), "refresh")
    return RecordedSheet(sheet, score, changed=True)


def _check_rows(framework: FrameworkFile, rows: Mapping[str, RowEntry]) -> None:
    unknown = [code for code in rows if code not in framework.by_code]
    if unknown:
        raise AnswerRefused(
            _("The edition %(edition)s has no row %(row)s.")
            % {"edition": framework.id, "row": unknown[0]},
            code="row_unknown",
            details={"rows": unknown},
        )
    elsewhere = [
        code
        for code, row in rows.items()
        if any(link and web_address(link) != link for _text, link in row.proofs)
    ]
    if elsewhere:
        raise Refused(
            _("The link to proof of row %(row)s is no web address (http or https).")
            % {"row": elsewhere[0]},
            code="link_not_to_the_web",
            details={"rows": elsewhere},
        )


def as_stored_rows(framework: FrameworkFile, rows: Mapping[str, RowEntry]) -> dict[str, RowEntry]:
    """Return rows as they come back once they are stored; empty ones are left out."""
    normalised = {code: _normalise(framework, code, row) for code, row in rows.items()}
    return {code: row for code, row in normalised.items() if not row.is_empty}


def changed_rows(before: Mapping[str, RowEntry], after: Mapping[str, RowEntry]) -> set[str]:
    """Return the codes whose rows differ; both as they are stored."""
    return {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}


def _normalise(framework: FrameworkFile, code: str, row: RowEntry) -> RowEntry:
    """Return the row in the form in which it comes back: letters stay, numbers become pairs."""
    value = row.value
    if value is None or isinstance(value, tuple):
        return row
    if isinstance(value, str):
        return row if value else RowEntry(None, row.text, row.note, row.proofs)
    scale = framework.scale_of(framework.by_code[code])
    if scale is not None and scale.kind == "value":
        pair = pair_of_value(scale, value)
    else:
        pair = Fraction(value).as_integer_ratio()
    return RowEntry(pair, row.text, row.note, row.proofs)


def _write_rows(
    sheet: Sheet,
    framework: FrameworkFile,
    rows: Mapping[str, RowEntry | None],
    nodes: Mapping[str, int],
) -> None:
    """Write these rows instead of what stood there; None takes a row away."""
    keys = [nodes[code] for code in rows]
    sheet.answers.filter(node__in=keys).delete()
    sheet.proofs.filter(node__in=keys).delete()
    answers, proofs = [], []
    for code, row in rows.items():
        if row is None:
            continue
        answer = Answer(sheet=sheet, node_id=nodes[code], text=row.text, note=row.note)
        if isinstance(row.value, str):
            scale = framework.by_scale[framework.by_code[code].scale]
            answer.letter = row.value
            answer.numerator, answer.denominator = pair_of_letter(scale, row.value)
        elif isinstance(row.value, tuple):
            answer.numerator, answer.denominator = row.value
        answers.append(answer)
        proofs += [
            Proof(sheet=sheet, node_id=nodes[code], text=text, link=link)
            for text, link in row.proofs
        ]
    Answer.objects.bulk_create(answers)
    Proof.objects.bulk_create(proofs)


def _write_scores(sheet: Sheet, score: SheetScore, nodes: Mapping[str, int]) -> None:
    """Write the scores that differ from the stored ones; a typed row changes few of them."""
    names = ("score", "ceiling", "max_points", "unanswered")
    stored = {node: tuple(rest) for node, *rest in sheet.scores.values_list("node", *names)}
    computed = {nodes[code]: make_figures(points) for code, points in score.nodes.items()}
    changed = [
        node for node, figures in computed.items() if stored.get(node) != tuple(figures.values())
    ]
    sheet.scores.filter(node__in=[*changed, *(stored.keys() - computed.keys())]).delete()
    Score.objects.bulk_create(
        Score(sheet=sheet, node_id=node, **computed[node]) for node in changed
    )
    sheet.area_scores.all().delete()
    AreaScore.objects.bulk_create(
        AreaScore(
            sheet=sheet,
            area_id=area,
            answered_points=to_scale(points.answered_maximum),
            **make_figures(points),
        )
        for area, points in score.areas.items()
    )


def make_figures(points: Points) -> dict[str, Any]:
    """Return the figures of a stored score, in the order in which scores are compared."""
    return {
        "score": to_scale(points.score),
        "ceiling": to_scale(points.ceiling),
        "max_points": to_scale(points.maximum),
        "unanswered": points.unanswered + points.undecided,
    }


# --- rows between the preview of a workbook and its application ---------------------------------
def as_json(entries: Mapping[str, RowEntry]) -> dict[str, Any]:
    """Return the entries as plain JSON values; numbers as exact fractions in text."""
    return {
        code: {
            "value": _write_value(entry.value),
            "text": entry.text,
            "note": entry.note,
            "proofs": [list(pair) for pair in entry.proofs],
        }
        for code, entry in entries.items()
    }


def from_json(stored: Mapping[str, Any]) -> dict[str, RowEntry]:
    """Read back what ``as_json`` gave."""
    return {
        code: RowEntry(
            value=_read_value(entry["value"]),
            text=entry["text"],
            note=entry["note"],
            proofs=tuple((text, link) for text, link in entry["proofs"]),
        )
        for code, entry in stored.items()
    }


def _write_value(value: AnswerValue) -> dict[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return {"letter": value}
    if isinstance(value, tuple):
        return {"pair": list(value)}
    return {"number": str(Fraction(value))}


def _read_value(stored: dict[str, Any] | None) -> AnswerValue:
    if stored is None:
        return None
    if "letter" in stored:
        return str(stored["letter"])
    if "pair" in stored:
        above, below = stored["pair"]
        return int(above), int(below)
    number = Fraction(stored["number"])
    return number.numerator if number.denominator == 1 else number
