"""One row of a sheet as it is typed: what the form shows, and what it writes.

The form's fields are ``answer0``, ``answer1`` ... (the row, or its counts), ``note``, ``proof`` and
``link`` (of the first proof; further ones stay as they are).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.row_merge import Merge, Seen, mark, merge
from clinic.assessments.arithmetic.typed_answers import read_answer
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet, SheetChange
from clinic.assessments.sheets import (
    EMPTY_ENTRY,
    Act,
    answer_text,
    from_json,
    rows_of,
    write_sheet,
)
from clinic.assessments.workbook.problems import SENTENCES
from clinic.lib.errors import Refused
from clinic.people.models import Account

NOTE, PROOF, LINK = "note", "proof", "link"


class RowChanged(Refused):
    """Fields that were typed say something else by now; ``details["fields"]`` names them."""

    code = "row_changed"
    status = 409


class AnswerUnreadable(Refused):
    """What was typed is no answer of the row; ``details["field"]`` names the field."""

    code = "answer_invalid"


@dataclass(frozen=True)
class SavedRow:
    """The sheet after a row was saved, and the fields in which others' changes were kept."""

    sheet: Sheet
    kept: tuple[str, ...]


@dataclass(frozen=True)
class FieldEdit:
    """Who changed a field last, and when; without an actor it came with no account's name."""

    actor: int | None
    at: datetime


def answer_field(number: int) -> str:
    """Return the name of the field that holds the answer of the row's n-th node."""
    return f"answer{number}"


def codes_of_row(framework: FrameworkFile, code: str) -> set[str]:
    """Return the nodes that are shown and typed with a row: itself and its counts."""
    return {code, *(node.code for node in framework.answered(code))}


def texts_of(rows: Mapping[str, RowEntry], framework: FrameworkFile, code: str) -> dict[str, str]:
    """Return what a row says now, by field of the form."""
    row = rows.get(code, EMPTY_ENTRY)
    proof, link = row.proofs[0] if row.proofs else ("", "")
    answers = {
        answer_field(number): answer_text(rows.get(node.code, EMPTY_ENTRY))
        for number, node in enumerate(framework.answered(code))
    }
    return {**answers, NOTE: row.note, PROOF: proof, LINK: link}


def save_row(
    sheet: Sheet,
    code: str,
    typed: Mapping[str, str],
    *,
    seen: Seen,
    actor: Account | None,
    choices: Mapping[str, str] | None = None,
) -> SavedRow:
    """Record a typed row: what was not touched stays as it is stored by now.

    Args:
        sheet: the sheet as shown.
        code: of a scored row.
        typed: the fields of the form; a missing one was not touched.
        seen: what the form was drawn with.
        actor: who types.
        choices: what was chosen for fields that both had changed.

    Raises:
        RowChanged: a field was changed here and by somebody else, and nobody chose yet (409).
        AnswerUnreadable: what was typed is no answer of the row.
    """
    framework = edition_file(sheet.edition)
    with transaction.atomic():
        current = Sheet.objects.select_for_update().get(pk=sheet.pk)
        current.unit, current.edition = sheet.unit, sheet.edition
        before = rows_of(current)
        stored = texts_of(before, framework, code)
        merged = merge(seen, stored, typed, choices or {})
        if merged.conflicts:
            raise RowChanged(
                _("This row has changed since you opened it. Choose what to keep."),
                details={"fields": list(merged.conflicts)},
            )
        after = {**before, **_put_together(framework, code, before, stored=stored, merged=merged)}
        act = Act(SheetChange.Kind.ROW, actor)
        write_sheet(current, before, after, act=act, reading=current.reading)
    return SavedRow(current, merged.kept)


def _put_together(
    framework: FrameworkFile,
    code: str,
    before: Mapping[str, RowEntry],
    *,
    stored: Mapping[str, str],
    merged: Merge,
) -> dict[str, RowEntry]:
    """Return the entries of the row and its counts; what is unchanged keeps its exact form."""
    texts = merged.texts
    changed = {name for name, text in texts.items() if mark(text) != mark(stored[name])}
    entries = {each: before.get(each, EMPTY_ENTRY) for each in codes_of_row(framework, code)}
    for number, node in enumerate(framework.answered(code)):
        name, entry = answer_field(number), entries[node.code]
        if name in changed:
            value = _read_typed(framework, node, texts[name], field=name)
            entries[node.code] = RowEntry(value, texts[name].strip(), entry.note, entry.proofs)
    row = entries[code]
    note = texts[NOTE] if NOTE in changed else row.note
    proofs = row.proofs
    if changed & {PROOF, LINK}:
        first = (texts[PROOF], texts[LINK])
        proofs = ((first,) if any(first) else ()) + row.proofs[1:]
    entries[code] = RowEntry(row.value, row.text, note, proofs)
    return entries


def _read_typed(framework: FrameworkFile, node: EditionNode, text: str, *, field: str) -> Any:
    scale = framework.by_scale[node.scale]
    read = read_answer(scale, text.strip() or None)
    if read.rejected:
        message = _(SENTENCES[read.code]) % {"value": text.strip()[:40], "allowed": scale.label}
        raise AnswerUnreadable(message, details={"field": field})
    return read.value


def last_changes(
    sheet: Sheet, code: str, rows: Mapping[str, RowEntry], *, since: int
) -> dict[str, FieldEdit]:
    """Return who changed which field of a row last, of the changes after the number ``since``.

    ``rows`` is what the row says now; each change says what it found.
    """
    framework = edition_file(sheet.edition)
    codes = codes_of_row(framework, code)
    after = {each: rows[each] for each in codes & rows.keys()}
    found: dict[str, FieldEdit] = {}
    later = SheetChange.objects.filter(sheet=sheet, rev__gt=since).order_by("-rev")
    for change in later.iterator(chunk_size=20):
        stood = change.rows["before"]
        touched = codes & stood.keys()
        if not touched:
            continue
        kept = {each: entry for each, entry in after.items() if each not in touched}
        before = kept | from_json({each: stood[each] for each in touched if stood[each]})
        texts = texts_of(before, framework, code)
        for name, text in texts_of(after, framework, code).items():
            if mark(text) != mark(texts[name]):
                found.setdefault(name, FieldEdit(change.actor, change.at))
        after = before
    return found
