"""One person's entries as an organiser reads them: what each is now, and what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attendance.folding import CorrectedEntry, Effect, Flag, History, is_in_window, shown_state
from attendance.models import Correction, Direction, Presence, Registration
from attendance.presence import history_of
from attendance.wording import SENTENCES
from clinic.lib.arithmetic import dates

ACTS = {
    Correction.Kind.ACCEPT: gettext_lazy("Let it count"),
    Correction.Kind.VOID: gettext_lazy("Does not count"),
    Correction.Kind.UNVOID: gettext_lazy("Counts again"),
}
OUTSIDE = gettext_lazy(
    "Outside the hours of the event, so it cannot count. Change its time, or add a missing entry"
    " with the true time."
)
OPEN_TO_ACCEPT = gettext_lazy(
    "Outside the hours of the event; counts only where an organiser lets it."
)
# What holds of an entry, the most telling first.
STANDINGS: dict[Flag, Promise] = {
    Flag.VOID: gettext_lazy("Does not count"),
    Flag.OUTSIDE_WINDOW: OUTSIDE,
    Flag.WAITS: gettext_lazy("Waits for an organiser to decide"),
    Flag.STOPPED: gettext_lazy("Does not count by itself"),
    Flag.OUT_WITHOUT_IN: gettext_lazy("The entry of coming in is missing; add it."),
    Flag.NO_MINUTES: gettext_lazy("Gives no minutes; the entry of going out may be missing."),
    Flag.DEBOUNCED: gettext_lazy("Counts once, with the entry before it"),
    Flag.ALREADY_IN: gettext_lazy("Counts once, with the entry before it"),
}


@dataclass(frozen=True)
class PersonEntry:
    """A scan, or an entry that an organiser added, as it stands.

    Attributes:
        origin: what was said of it when it was made.
        status: what holds of it now.
        acts: kinds of corrections that would change something, with their words.
        may_retime: its time can be changed; of a voided entry it cannot.
    """

    uid: str
    at: datetime
    direction: str
    origin: str
    status: str
    acts: list[tuple[str, str]]
    may_retime: bool


def entries_of(registration: Registration) -> list[PersonEntry]:
    """Return the person's entries by time, each with what would change it (three queries)."""
    history = history_of(registration)
    verdicts = {str(row.uid): row.verdict for row in history.scans}
    all_flags = history.folded().entry_flags
    entries = []
    for entry in history.entries():
        flags = all_flags.get(entry.uid, frozenset())
        acts = [(kind, label) for kind, label in ACTS.items() if _helps(kind, entry, history)]
        is_added = entry.uid not in verdicts
        entries.append(
            PersonEntry(
                uid=entry.uid,
                at=entry.at,
                direction=str(Direction(entry.direction).label),
                origin=_("Added by an organiser")
                if is_added
                else str(SENTENCES[verdicts[entry.uid]]),
                status=_describe_entry(entry, history, flags),
                acts=[(kind.value, str(label)) for kind, label in acts],
                may_retime=Flag.VOID not in flags,
            )
        )
    return entries


def _describe_entry(entry: CorrectedEntry, history: History, flags: frozenset[Flag]) -> str:
    if Flag.OUTSIDE_WINDOW in flags and _helps(Correction.Kind.ACCEPT, entry, history):
        return str(OPEN_TO_ACCEPT)
    own = [
        session
        for session in history.sessions
        if session.scan_group == entry.group and not session.is_cancelled
    ]
    if Flag.NO_MINUTES in flags and not is_in_window(history.event, entry.at, own):
        return str(OUTSIDE)
    return str(next((text for flag, text in STANDINGS.items() if flag in flags), _("Counts")))


def _helps(kind: Correction.Kind, entry: CorrectedEntry, history: History) -> bool:
    act = Correction(uid=uuid4(), kind=kind, target=entry.uid, created_at=timezone.now())
    return history.effect_of(act) == Effect.CHANGES


def describe_presences(registration: Registration) -> dict[str, str]:
    """Say in words what holds of each session, by the title of the session."""
    now, zone = timezone.now(), registration.event.zone
    rows = registration.presences.select_related("session")
    return {row.session.title: _describe_presence(row, now, zone) for row in rows}


def _describe_presence(row: Presence, now: datetime, zone: str) -> str:
    word = str(shown_state(row, row.session, now).label)
    if row.first_in is None:
        return word
    start = dates.format_time(row.first_in, zone)
    if row.last_out is None:
        if row.state == Presence.State.PRESENT:
            return _("present since %(start)s") % {"start": start}
        return _("%(state)s, in at %(start)s") % {"state": word, "start": start}
    end = dates.format_time(row.last_out, zone)
    times = {"state": word, "start": start.split(" ")[0], "end": end}
    return _("%(state)s, %(start)s to %(end)s") % times


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Say what holds now where it was something else before, or that nothing else changed."""
    changed = {title: words for title, words in after.items() if before.get(title) != words}
    if not changed:
        return _("The attendance stays as it was.")
    if len(set(changed.values())) == 1 and len(changed) == len(after):
        return _("Now: %(state)s.") % {"state": next(iter(changed.values()))}
    states = "; ".join(f"{title}: {words}" for title, words in changed.items())
    return _("Now: %(state)s.") % {"state": states}
