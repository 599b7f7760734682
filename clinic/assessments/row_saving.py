"""One row of a sheet typed on a page: read, compared with what stood there, and recorded."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.typed_answers import read_answer
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.row_entries import as_json
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of
from clinic.assessments.workbook_problems import SENTENCES
from clinic.lib.errors import Refused
from clinic.people.models import Account


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
