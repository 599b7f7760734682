"""Taking an applied file back: the rows it changed say again what they said before.

Rows that were typed since then stay as they are: work of people is not lost by an undo, and a
file that was a mistake does not stand because of it (decision 0033).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet, SheetChange
from clinic.assessments.sheets import Act, RecordedSheet, from_json, rows_of, write_sheet
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import decimals, moment
from clinic.people import access

UNDO_DAYS = 7


class NothingToUndo(Refused):
    """No file was applied last, or not within the days."""

    code = "nothing_to_undo"
    status = 409


class SheetMoved(Refused):
    """The sheet has changed since the undo was shown."""

    code = "sheet_changed"
    status = 409


@dataclass(frozen=True)
class UndoPlan:
    """What an undo would do.

    Attributes:
        change: the applied file.
        until: the moment up to which it can be taken back.
        rows: the whole sheet after the undo.
        kept: codes of scored rows that were written since and stay.
    """

    change: SheetChange
    until: datetime
    rows: Mapping[str, RowEntry]
    kept: tuple[str, ...]


def find_undoable(sheet: Sheet) -> SheetChange | None:
    """Return the newest applied file, while it can be taken back: it once, within seven days."""
    kinds = [SheetChange.Kind.FILE, SheetChange.Kind.UNDO]
    changes = SheetChange.objects.filter(sheet=sheet, kind__in=kinds)
    newest = changes.defer("rows").order_by("-rev").first()  # pages ask for it, and show no row
    if newest is None or newest.kind == SheetChange.Kind.UNDO:
        return None
    return newest if timezone.now() < ends_at(newest) else None


def ends_at(change: SheetChange) -> datetime:
    """Return until when an applied file can be taken back."""
    return change.at + timedelta(days=UNDO_DAYS)


def undo_line(sheet: Sheet) -> dict[str, str]:
    """Return address and sentences for pages from which the last file can be taken back."""
    change = find_undoable(sheet)
    if change is None:
        return {}
    until = moment(ends_at(change))
    sentence = _(
        "A file was applied on %(at)s: score %(before)s → %(after)s. "
        "It can be taken back until %(until)s."
    )
    names = {
        "slug": sheet.unit.slug,
        "framework": sheet.edition.slug,
        "period": str(sheet.period),
    }
    return {
        "undo_url": reverse("sheet_undo", kwargs=names),
        "undo_limit": _("until %(until)s") % {"until": until},
        "undo_sentence": sentence
        % {
            "at": moment(change.at),
            "before": decimals(change.total_before, 1),
            "after": decimals(change.total, 1),
            "until": until,
        },
    }


def plan_undo(sheet: Sheet, before: Mapping[str, RowEntry]) -> UndoPlan:
    """Return what an undo makes of the rows ``before``.

    Raises:
        NothingToUndo: there is no such file.
    """
    change = find_undoable(sheet)
    if change is None:
        raise NothingToUndo(
            _("There is no earlier version: only the last file can be taken back, for %(n)s days.")
            % {"n": UNDO_DAYS}
        )
    framework = edition_file(sheet.edition)
    later = SheetChange.objects.filter(sheet=sheet, rev__gt=change.rev).order_by("rev")
    written = {framework.row_of(code) for each in later for code in each.rows["before"]}
    stood = change.rows["before"]
    going = {code for code in stood if framework.row_of(code) not in written}
    rows = {code: row for code, row in before.items() if code not in going}
    rows |= from_json({code: stood[code] for code in going if stood[code]})
    kept = written & {framework.row_of(code) for code in stood}
    return UndoPlan(
        change, ends_at(change), rows, tuple(n.code for n in framework.nodes if n.code in kept)
    )


def undo_file(sheet: Sheet, *, seen_rev: int, actor: Any) -> RecordedSheet:
    """Take the last applied file back, once, and write that down.

    Raises:
        Refused: the actor may not upload for the unit; there is nothing to take back
            (``NothingToUndo``); the sheet has another number than was shown (``SheetMoved``).
    """
    access.require(actor, "upload-sheet", sheet.unit)
    with transaction.atomic():
        current = Sheet.objects.select_for_update().get(pk=sheet.pk)
        current.unit, current.edition = sheet.unit, sheet.edition
        before = rows_of(current)
        plan = plan_undo(current, before)
        if current.rev != seen_rev:
            raise SheetMoved(
                _("The sheet has changed since this page was opened. Look at the page again.")
            )
        act = Act(SheetChange.Kind.UNDO, actor, undoes=plan.change)
        recorded = write_sheet(
            current, before, plan.rows, act=act, reading=plan.change.rows["reading"]
        )
        if not recorded.changed:
            raise NothingToUndo(
                _("Every row of that file was changed since then. There is nothing to take back.")
            )
    return recorded
