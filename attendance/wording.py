"""The sentences of the verdicts at the door, and of what organisers decide."""

from collections import Counter
from collections.abc import Iterable

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

DECIDED: dict[str, Promise] = {
    "approve": _("%(count)d approved."),
    "decline": _("%(count)d declined."),
    "wait": _("%(count)d moved to the waiting list."),
    "revoke": _("%(count)d revoked."),
    "restore": _("%(count)d in force again."),
}
UNCHANGED: dict[str, Promise] = {
    "already": _("%(count)d unchanged: it was so before."),
    "full": _("%(count)d without a seat: every seat is taken."),
    "blocked": _("%(count)d unchanged: the person has registered anew."),
    "unfit": _("%(count)d unchanged: not possible from the present state."),
}
STILL_WAITING = _("%(count)d on the waiting list still: every seat is taken.")
QUESTIONS: dict[str, Promise] = {
    "approve": _("Approve %(count)d registrations?"),
    "decline": _("Decline %(count)d registrations?"),
    "wait": _("Move %(count)d registrations to the waiting list?"),
    "revoke": _("Revoke %(count)d registrations?"),
    "restore": _("Put %(count)d registrations in force again?"),
}


def told_of(act: str, outcomes: Iterable[str]) -> list[str]:
    """Say what came of a decision, a sentence for each outcome, what was done first."""
    counts = Counter(outcomes)
    sentences = {"done": DECIDED[act], **UNCHANGED}
    if act == "approve":
        sentences["full"] = STILL_WAITING
    return [
        str(text) % {"count": counts[outcome]}
        for outcome, text in sentences.items()
        if counts[outcome] or outcome == "done"
    ]
