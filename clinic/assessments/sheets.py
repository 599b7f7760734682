"""Recording a unit's sheet: answers, notes and proof in, scores computed, one transaction.

The rows of a workbook as a sheet records them, and as JSON between preview and apply.

One row of a sheet typed on a page: read, compared with what stood there, and recorded.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import (
    AnswerRefused,
    AnswerValue,
    Pair,
    pair_of_letter,
    pair_of_value,
)
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.links import web_address
from clinic.assessments.arithmetic.scoring import Points, SheetScore, score_sheet
from clinic.assessments.arithmetic.typed_answers import read_answer
from clinic.assessments.frameworks import edition_file, lock
from clinic.assessments.models import Answer, AreaScore, FrameworkEdition, Node, Proof, Score, Sheet
from clinic.assessments.workbook.problems import SENTENCES, RowReading, SheetReading
from clinic.lib.arithmetic.numbers import to_scale
from clinic.lib.errors import Refused
from clinic.people.models import Account, Unit
from clinic.records import audit, jobs


class LinkRefused(Refused):
    """A link to proof that is no http or https address."""

    code = "link_not_to_the_web"


@dataclass(frozen=True)
class RowEntry:
    """What one row of a sheet says.

    Attributes:
        value: the answer as scoring takes it: letter, count, survey value, pair, or None.
        text: the answer as it was written.
        proofs: (document text, link) pairs; either may be empty.
    """

    value: AnswerValue = None
    text: str = ""
    note: str = ""
    proofs: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.value is None and not (self.text or self.note or self.proofs)


@dataclass(frozen=True)
class RecordedSheet:
    """The sheet, its exact score, and whether anything changed."""

    sheet: Sheet
    score: SheetScore
    changed: bool
    values: dict[str, Any] = field(default_factory=dict)


def record_sheet(
    *,
    unit: Unit,
    edition: FrameworkEdition,
    period: int,
    rows: Mapping[str, RowEntry],
    actor: Any = None,
    reading: dict[str, Any] | None = None,
) -> RecordedSheet:
    """Make ``rows`` the unit's sheet of that edition and year; the same rows again change nothing.

    Raises:
        AnswerRefused: for an answer that its row cannot take, or a row the edition does not have.
        LinkRefused: for a link to proof with another scheme than http or https.
    """
    framework_file = edition_file(edition)
    _refuse_unknown_rows(framework_file, rows)
    _refuse_other_links(rows)
    score = score_sheet(framework_file, {code: row.value for code, row in rows.items()})
    with transaction.atomic():
        sheet, created = Sheet.objects.select_for_update().get_or_create(
            unit=unit, edition=edition, period=period, defaults={"unit_name": unit.name}
        )
        changed = _write_rows(sheet, framework_file, rows) or created
        if changed:
            lock(edition)
            _write_scores(sheet, score)
            _finish(sheet, score, actor=actor, reading=reading)
    return RecordedSheet(sheet, score, changed)


def rows_of(sheet: Sheet, *, with_proofs: bool = True) -> dict[str, RowEntry]:
    """Return what the sheet says now, by node code."""
    proofs: dict[int, list[tuple[str, str]]] = {}
    for proof in sheet.proofs.all() if with_proofs else ():
        proofs.setdefault(proof.node_id, []).append((proof.text, proof.link))
    rows = {}
    for answer in sheet.answers.select_related("node"):
        rows[answer.node.code] = RowEntry(
            value=_value_of(answer),
            text=answer.text,
            note=answer.note,
            proofs=tuple(proofs.get(answer.node_id, ())),
        )
    return rows


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


def _value_of(answer: Answer) -> AnswerValue:
    if answer.letter:
        return answer.letter
    if answer.numerator is None or answer.denominator is None:
        return None
    return answer.numerator, answer.denominator


def _refuse_unknown_rows(framework_file: FrameworkFile, rows: Mapping[str, RowEntry]) -> None:
    unknown = [code for code in rows if code not in framework_file.by_code]
    if unknown:
        raise AnswerRefused(
            _("The edition %(edition)s has no row %(row)s.")
            % {"edition": framework_file.id, "row": unknown[0]},
            code="row_unknown",
            details={"rows": unknown},
        )


def _refuse_other_links(rows: Mapping[str, RowEntry]) -> None:
    refused = [
        code
        for code, row in rows.items()
        if any(link and web_address(link) != link for _text, link in row.proofs)
    ]
    if refused:
        raise LinkRefused(
            _("The link to proof of row %(row)s is no web address (http or https).")
            % {"row": refused[0]},
            details={"rows": refused},
        )


def _write_rows(sheet: Sheet, framework_file: FrameworkFile, rows: Mapping[str, RowEntry]) -> bool:
    """Write answers and proofs; tell whether anything differs from what stood there."""
    before = rows_of(sheet)
    after = {code: _stored(framework_file, code, row) for code, row in rows.items()}
    after = {code: row for code, row in after.items() if not row.is_empty}
    if before == after:
        return False
    nodes = {node.code: node for node in sheet.edition.nodes.all()}
    sheet.answers.all().delete()
    sheet.proofs.all().delete()
    Answer.objects.bulk_create(_answer(sheet, nodes[code], row) for code, row in after.items())
    Proof.objects.bulk_create(
        Proof(sheet=sheet, node=nodes[code], text=text, link=link)
        for code, row in after.items()
        for text, link in row.proofs
    )
    return True


def _stored(framework_file: FrameworkFile, code: str, row: RowEntry) -> RowEntry:
    """Return the row in the form in which it comes back: letters stay, numbers become pairs."""
    value = row.value
    if value is not None and not isinstance(value, str):
        value = _pair(framework_file, framework_file.by_code[code], value)
    return RowEntry(value=value or None, text=row.text, note=row.note, proofs=row.proofs)


def _pair(framework_file: FrameworkFile, node: EditionNode, value: AnswerValue) -> Pair:
    if isinstance(value, tuple):
        return value
    scale = framework_file.scale_of(node)
    if scale is not None and scale.kind == "value":
        return pair_of_value(scale, Fraction(value))  # type: ignore[arg-type]
    exact = Fraction(value)  # type: ignore[arg-type]
    return exact.numerator, exact.denominator


def _answer(sheet: Sheet, node: Node, row: RowEntry) -> Answer:
    answer = Answer(sheet=sheet, node=node, text=row.text, note=row.note)
    if isinstance(row.value, str):
        scale = edition_file(sheet.edition).by_scale[node.definition["scale"]]
        answer.letter = row.value
        answer.numerator, answer.denominator = pair_of_letter(scale, row.value)
    elif isinstance(row.value, tuple):
        answer.numerator, answer.denominator = row.value
    return answer


def _write_scores(sheet: Sheet, score: SheetScore) -> None:
    nodes = dict(sheet.edition.nodes.values_list("code", "pk"))
    sheet.scores.all().delete()
    sheet.area_scores.all().delete()
    Score.objects.bulk_create(
        Score(sheet=sheet, node_id=nodes[code], **_figures(points))
        for code, points in score.nodes.items()
    )
    AreaScore.objects.bulk_create(
        AreaScore(
            sheet=sheet,
            area_id=area,
            answered_points=to_scale(points.answered_maximum),
            **_figures(points),
        )
        for area, points in score.areas.items()
    )


def _figures(points: Points) -> dict[str, Any]:
    return {
        "score": to_scale(points.score),
        "ceiling": to_scale(points.ceiling),
        "max_points": to_scale(points.maximum),
        "unanswered": points.unanswered + points.undecided,
    }


def _finish(sheet: Sheet, score: SheetScore, *, actor: Any, reading: dict[str, Any] | None) -> None:
    figures = _figures(score.total)
    sheet.total = figures["score"]
    sheet.ceiling = figures["ceiling"]
    sheet.max_points = figures["max_points"]
    sheet.unanswered = figures["unanswered"]
    sheet.unit_name = sheet.unit.name
    sheet.reading = reading
    sheet.recorded_by = actor
    sheet.rev += 1
    sheet.save()
    audit.record(
        "sheet.record",
        actor=actor,
        thing=sheet,
        scope=sheet.unit.slug,
        values={"total": str(sheet.total), "rev": sheet.rev},
    )
    jobs.enter("insights.refresh_unit", str(sheet.unit_id), "refresh")


LONGEST_LINK = 1000


def entries_of(reading: SheetReading) -> dict[str, RowEntry]:
    """Return what a workbook says, by node code; rows that say nothing are left out."""
    entries = {
        code: RowEntry(
            value=reading.answers.get(code),
            text=row.typed,
            note=row.note,
            proofs=_proofs(row),
        )
        for code, row in reading.rows.items()
    }
    return {code: entry for code, entry in entries.items() if not entry.is_empty}


def _proofs(row: RowReading) -> tuple[tuple[str, str], ...]:
    """Pair the text of the proof with its first link; further links stand alone."""
    links = [link for link in row.links if len(link) <= LONGEST_LINK]
    pairs = [(row.proof, links[0] if links else ""), *(("", link) for link in links[1:])]
    return tuple(pair for pair in pairs if any(pair))


def as_json(entries: Mapping[str, RowEntry]) -> dict[str, Any]:
    """Return the entries as plain JSON values; numbers as exact fractions in text."""
    return {
        code: {
            "value": _value_as_json(entry.value),
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
            value=_value_from_json(entry["value"]),
            text=entry["text"],
            note=entry["note"],
            proofs=tuple((text, link) for text, link in entry["proofs"]),
        )
        for code, entry in stored.items()
    }


def _value_as_json(value: AnswerValue) -> dict[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return {"letter": value}
    if isinstance(value, tuple):
        return {"pair": list(value)}
    return {"number": str(Fraction(value))}


def _value_from_json(stored: dict[str, Any] | None) -> AnswerValue:
    if stored is None:
        return None
    if "letter" in stored:
        return str(stored["letter"])
    if "pair" in stored:
        above, below = stored["pair"]
        return int(above), int(below)
    number = Fraction(stored["number"])
    return number.numerator if number.denominator == 1 else number


class RowChanged(Refused):
    """Somebody else changed the row since it was shown; both values are kept for the reader."""

    code = "row_changed"
    status = 409


class AnswerUnreadable(Refused):
    """What was typed is no answer of the row; ``details["node"]`` names the field."""

    code = "answer_invalid"


@dataclass(frozen=True)
class TypedRow:
    """What was typed for a row: answers by node code (counts included), remark and proof."""

    answers: Mapping[str, str]
    note: str = ""
    proof: str = ""
    link: str = ""


def answered_nodes(framework: FrameworkFile, code: str) -> list[EditionNode]:
    """Return the nodes that are typed for a row: its counts, or the row itself."""
    counts = [child for child in framework.children(code) if child.kind == "input"]
    return counts or [framework.by_code[code]]


def fingerprint(rows: Mapping[str, RowEntry], framework: FrameworkFile, code: str) -> str:
    """Return a short mark of what a row and its counts say, so that a change is noticed."""
    codes = {code, *(node.code for node in answered_nodes(framework, code))}
    shown = as_json({each: rows[each] for each in sorted(codes) if each in rows})
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def save_row(
    sheet: Sheet, code: str, typed: TypedRow, *, seen: str, actor: Account | None
) -> Sheet:
    """Record a typed row, unless somebody else changed it meanwhile.

    Args:
        sheet: the sheet as shown.
        code: of a scored row.
        typed: what the form holds.
        seen: the row's fingerprint when the form was drawn.
        actor: who types.

    Raises:
        RowChanged: the row says something else by now (409).
        AnswerUnreadable: what was typed is no answer of the row.
    """
    framework = edition_file(sheet.edition)
    entries = _entries(framework, code, typed)
    with transaction.atomic():
        current = Sheet.objects.select_for_update().get(pk=sheet.pk)
        rows = rows_of(current)
        if fingerprint(rows, framework, code) != seen:
            raise RowChanged(_("Somebody changed this row meanwhile. Compare both and save again."))
        kept = rows.get(code, RowEntry()).proofs[1:]
        main = entries.get(code, RowEntry(value=rows.get(code, RowEntry()).value))
        pair = (typed.proof, typed.link)
        proofs = (pair, *kept) if any(pair) else kept
        rows |= entries
        rows[code] = RowEntry(value=main.value, text=main.text, note=typed.note, proofs=proofs)
        return record_sheet(
            unit=sheet.unit,
            edition=sheet.edition,
            period=sheet.period,
            rows={each: row for each, row in rows.items() if not row.is_empty},
            actor=actor,
            reading=current.reading,
        ).sheet


def _entries(framework: FrameworkFile, code: str, typed: TypedRow) -> dict[str, RowEntry]:
    """Read the typed answers.

    Raises:
        AnswerUnreadable: as it says.
    """
    entries = {}
    for node in answered_nodes(framework, code):
        scale = framework.by_scale[node.scale]
        text = typed.answers.get(node.code, "").strip()
        read = read_answer(scale, text or None)
        if read.rejected:
            message = _(SENTENCES[read.code]) % {"value": text[:40], "allowed": scale.label}
            raise AnswerUnreadable(message, details={"node": node.code})
        entries[node.code] = RowEntry(value=read.value, text=text)
    return entries


def typed_now(rows: Mapping[str, RowEntry], framework: FrameworkFile, code: str) -> dict[str, Any]:
    """Return what a row says now in the shape of the form."""
    row = rows.get(code, RowEntry())
    proof, link = row.proofs[0] if row.proofs else ("", "")
    return {
        "answers": {
            node.code: answer_text(rows.get(node.code, RowEntry()))
            for node in answered_nodes(framework, code)
        },
        "note": row.note,
        "proof": proof,
        "link": link,
    }


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
