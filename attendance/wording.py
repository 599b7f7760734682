"""The sentences of the verdicts at the desk, and of what organisers decide."""

from collections import Counter
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from attendance.folding import Effect
from attendance.models import Correction

SENTENCES: dict[str, Promise] = {
    "accepted": _("Present"),
    "late": _("Present, late"),
    "already_in": _("Recorded before"),
    "debounced": _("Recorded a moment ago"),
    "out": _("Gone out"),
    "outside_window": _("Outside the hours of this session; kept for an organiser to check"),
    "unknown_token": _("This code is not known here. Search by name."),
    "waitlisted": _("On the waiting list; recorded"),
    "over_quota": _("Present, beyond the seats"),
    "revoked_seen_offline": _("Registration was withdrawn; to be checked"),
    "revoked": _("Registration was withdrawn. Ask the person and add them again."),
    "superseded_token": _("An old card. Use the new one."),
    "wrong_event": _("This code is for another event. Search by name."),
    "malformed": _("This entry cannot be read."),
    "id_reuse": _("This entry cannot be read."),
}
KINDS = {"ok": "ok", "warn": "warn", "review": "warn", "stop": "err", "error": "err"}

_COUNTS_ALREADY = _("Nothing has changed: this entry counts already.")
_IS_VOID = _("Nothing has changed: this entry was set aside before.")
_CANNOT_COUNT = _(
    "Nothing has changed: this entry lies outside the hours of the event, so it cannot count."
    " Change its time, or add a missing entry with the true time."
)
_HAS_THIS_TIME = _("Nothing has changed: the entry has this time already.")
_OUTSIDE = _(
    "Nothing has changed: this time lies outside the hours of the event. Write the time at which"
    " the person really came or went."
)
WITHOUT_EFFECT: dict[tuple[Correction.Kind, Effect], Promise] = {
    (Correction.Kind.VOID, Effect.SAME): _IS_VOID,
    (Correction.Kind.UNVOID, Effect.SAME): _COUNTS_ALREADY,
    (Correction.Kind.ACCEPT, Effect.SAME): _COUNTS_ALREADY,
    (Correction.Kind.ACCEPT, Effect.IDLE): _CANNOT_COUNT,
    (Correction.Kind.RETIME, Effect.SAME): _HAS_THIS_TIME,
    (Correction.Kind.RETIME, Effect.IDLE): _OUTSIDE,
    (Correction.Kind.ADD, Effect.IDLE): _OUTSIDE,
}
CORRECTED: dict[str, Promise] = {
    "add": _("The entry is added."),
    "void": _("The entry no longer counts."),
    "unvoid": _("The entry counts again."),
    "accept": _("The entry is accepted."),
    "retime": _("The time of the entry is changed."),
}

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
    "approve": ngettext_lazy(
        "Approve %(count)d registration?", "Approve %(count)d registrations?", "count"
    ),
    "decline": ngettext_lazy(
        "Decline %(count)d registration?", "Decline %(count)d registrations?", "count"
    ),
    "wait": ngettext_lazy(
        "Move %(count)d registration to the waiting list?",
        "Move %(count)d registrations to the waiting list?",
        "count",
    ),
    "revoke": ngettext_lazy(
        "Revoke %(count)d registration?", "Revoke %(count)d registrations?", "count"
    ),
    "restore": ngettext_lazy(
        "Put %(count)d registration in force again?",
        "Put %(count)d registrations in force again?",
        "count",
    ),
}


def describe_outcomes(act: str, outcomes: Iterable[str]) -> list[str]:
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


# Of an event that ``trains_assessors``; Permenpan RB 90/2021, annex II, page 39.
PROOF_OF_TRAINING = _(
    "In this clinic filling the LKE is practised. For assessors (TPI) who take part, the attendance"
    " list and the results of the quizzes can serve as proof that they were trained in filling the"
    " LKE before they evaluate, as Permenpan RB 90/2021, annex II, page 39, asks."
)

_OWN: dict[str, Promise] = {
    "self": _("You have registered. You need not confirm anything; come on the day."),
    "unit": _("Your unit has registered you. You need not confirm anything; come on the day."),
    "organiser": _(
        "You were invited and are registered. You need not confirm anything; come on the day."
    ),
    "walk_in": _("You were registered when you came. You need not do anything."),
}
_INVITED: dict[str, Promise] = {
    "unit": _("Your unit has proposed you, and a seat is kept for you. Confirm that you come."),
    "organiser": _("You are invited, and a seat is kept for you. Confirm that you come."),
}
_WAITS = _("You are on the waiting list. You need not do anything; you are told if you get a seat.")
_NOT_IN_FORCE = _("Your registration is not in force; nothing is expected of you.")


def describe_registration(state: str, source: str, *, is_over: bool) -> str:
    """Say to a person how they stand with an event, and whether they have to do something."""
    if is_over:
        return ""
    if state == "nominated":
        return str(_INVITED.get(source, _INVITED["organiser"]))
    if state in ("confirmed", "walk_in"):
        return str(_OWN[source])
    return str(_WAITS if state == "waitlisted" else _NOT_IN_FORCE)
