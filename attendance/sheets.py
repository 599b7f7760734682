"""The daftar hadir as PDF: to sign before the day, as recorded after it.

Same rows, same bytes: Typst draws it with the OFL-1.1 faces that its package ships.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from attendance.folding import shown_state
from attendance.models import Event, Presence, Session
from attendance.wording import PROOF_OF_TRAINING
from clinic.lib.arithmetic import dates
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.models import Account
from clinic.records import audit

FOLDER = Path(__file__).resolve().parent / "typst"
PAPERS = {"a4": (210, 297), "f4": (215, 330)}
BLANK_ROWS = 5
# So many names stand on the page of the signature, which is never alone with empty rows.
NAMES_WITH_SIGNATURE = 3
HOW_COUNTED = {
    Event.Closing.CLOSE_AT_END: gettext_noop(
        "Minutes run from the entry in to the entry out; without an entry out, to the end of the"
        " last session, at the latest to the moment when the event was ended. Breaks between"
        " sessions are not counted."
    ),
    Event.Closing.ZERO: gettext_noop(
        "Minutes run from the entry in to the entry out; without an entry out, none are counted."
        " Breaks between sessions are not counted."
    ),
}


def attendance_list(
    event: Event,
    sessions: Sequence[Session],
    *,
    is_recorded: bool = False,
    paper: str = "a4",
    has_whole_nip: bool = False,
    by: Account,
    now: datetime,
) -> bytes:
    """Draw the list of one session or of a day's group as PDF; one with whole NIPs is audited."""
    import typst  # here, so that only a process that draws one holds its fonts in memory

    if has_whole_nip:
        audit.record("sheet.with_nip", actor=by, thing=event)
    with translation.override(settings.LANGUAGE_CODE):
        registrations = event.registrations.held().select_related("person", "unit")
        rows = sorted(registrations, key=lambda row: row.official_place)
        presences: dict[int, dict[int, Presence]] = {row.pk: {} for row in rows}
        for presence in Presence.objects.filter(registration__in=rows, session__in=sessions):
            presences[presence.registration_id][presence.session_id] = presence
        lines: list[dict[str, Any]] = []
        for number, row in enumerate(rows, start=1):
            person = row.person
            line = {
                "number": number,
                "name": person.name,
                "nip": person.nip if has_whole_nip else mask_nip(person.nip),
                "rank": person.rank,
                "position": row.position,
                "unit": row.unit_name,
                "sex": person.sex,
            }
            if is_recorded:
                line |= _describe_times(presences[row.pk], sessions, event=event, now=now)
            lines.append(line)
        columns = _list_columns(lines, is_recorded=is_recorded)
        width, height = PAPERS[paper]
        if is_recorded:
            width, height = height, width
        else:
            lines += [{"number": len(lines) + more} for more in range(1, BLANK_ROWS + 1)]
        names = ngettext("%(count)d name on the list", "%(count)d names on the list", len(rows))
        notes = [names % {"count": len(rows)}]
        if is_recorded:
            notes.append(_(HOW_COUNTED[event.closing]))
            if not event.is_over_or_past(now):
                notes.append(_("Minutes are counted once the event has ended."))
        if event.trains_assessors:
            notes.append(str(PROOF_OF_TRAINING))
        signed_on = dates.format_date(dates.local_day(sessions[-1].starts_at, event.zone))
        printed = _("Printed %(moment)s") % {"moment": dates.format_moment(now, event.zone)}
        data = {
            "recorded": is_recorded,
            "title": event.title,
            "width": width,
            "height": height,
            "mark": "CONTOH" if settings.IS_DEMO else "",
            "facts": _list_facts(event, sessions),
            "columns": columns,
            "rows": lines,
            "kept": min(len(rows), NAMES_WITH_SIGNATURE) + len(lines) - len(rows),
            "notes": notes,
            # Above the signature: place and date, and the office that signs.
            "signer": [
                f"{event.unit.get_root().name}, {signed_on}",
                _("Noted by"),
                event.unit.name,
            ],
            "words": {
                "sheet": _("Attendance list"),
                "page": _("Page {page} of {pages}"),
                "printed": printed,
                "rank": _("Rank/grade"),
            },
        }
    return typst.compile(
        FOLDER / "sheet.typ",
        root=FOLDER,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


def _list_facts(event: Event, sessions: Sequence[Session]) -> list[tuple[str, str]]:
    first, last = sessions[0], sessions[-1]
    day = dates.format_weekday(dates.local_day(first.starts_at, event.zone))
    start = dates.format_time(first.starts_at, event.zone).split(" ")[0]
    facts = [
        (_("Day and date"), day),
        (_("Time"), f"{start}–{dates.format_time(last.ends_at, event.zone)}"),
        (_("Place"), first.room or event.place),
        (_("Session"), ", ".join(session.title for session in sessions)),
        (_("Letter number"), event.letter_number),
    ]
    return [(name, value) for name, value in facts if value]


def _list_columns(
    lines: Sequence[Mapping[str, Any]], *, is_recorded: bool
) -> list[tuple[str, str]]:
    """Return key and heading of each column; what nobody has a value for is left out."""
    has = {key for key in ("rank", "sex") if any(line[key] for line in lines)}
    first = [
        ("number", _("No.")),
        ("name", _("Name")),
        ("nip", "NIP"),
        ("rank", _("Rank/grade")),
        ("position", _("Position")),
        ("unit", _("Unit")),
        ("sex", _("M/F")),
    ]
    shown = [(key, text) for key, text in first if key in has or key not in ("rank", "sex")]
    if not is_recorded:
        return [*shown, ("signature", _("Signature"))]
    return [
        *shown,
        ("came", _("In")),
        ("left", _("Out")),
        ("minutes", _("Minutes")),
        ("state", _("Status")),
    ]


def _describe_times(
    presences: Mapping[int, Presence], sessions: Sequence[Session], *, event: Event, now: datetime
) -> dict[str, Any]:
    """Return the columns of what is recorded; minutes are counted once nobody gains any more."""
    zone, is_over = event.zone, event.is_over_or_past(now)
    rows = presences.values()
    came = [row.first_in for row in rows if row.first_in]
    left = [row.last_out for row in rows if row.last_out]
    states = [shown_state(presences.get(session.pk), session, now) for session in sessions]
    return {
        "came": dates.format_time(min(came), zone).split(" ")[0] if came else "",
        "left": dates.format_time(max(left), zone).split(" ")[0] if left else "",
        "minutes": str(sum(row.minutes for row in rows)) if is_over else "–",
        "state": ", ".join(dict.fromkeys(str(state.label) for state in states)),
    }
