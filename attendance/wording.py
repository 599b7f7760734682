"""The sentences of the verdicts, in the language of whoever stands at the door."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "accepted": _("Present"),
    "late": _("Present, late"),
    "already_in": _("Recorded before"),
    "debounced": _("Recorded a moment ago"),
    "out": _("Gone out"),
    "wrong_session": _("Registered for another session"),
    "outside_window": _("Outside the hours of this session; kept for an organiser to look at"),
    "unknown_token": _("This code is not known. Search by name."),
    "waitlisted": _("On the waiting list; recorded"),
    "over_quota": _("Present, beyond the seats"),
    "revoked_seen_offline": _("Registration was withdrawn; to be looked at"),
    "revoked": _("Registration was withdrawn. Ask the person and add them again."),
    "superseded_token": _("An old card. Use the new one."),
    "wrong_event": _("Not a participant of this event"),
    "malformed": _("This entry cannot be read."),
    "id_reuse": _("This entry cannot be read."),
}
KINDS = {"ok": "ok", "warn": "warn", "review": "warn", "stop": "err", "error": "err"}
