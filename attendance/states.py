"""The steps of an event's life as its organiser meets them: their names and what they do."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attendance import events
from attendance.models import Event
from clinic.people.models import Account

State = Event.State


@dataclass(frozen=True)
class Act:
    """One step: its word in the address, where it leads, its button and what follows from it.

    Attributes:
        done: the sentence once it is done.
        again: the button where the event was in that state before.
        is_final: cannot be taken back, so that a page asks first.
    """

    slug: str
    to: str
    label: Promise
    effect: Promise
    done: Promise
    again: Promise | None = None
    is_final: bool = False

    def label_for(self, event: Event) -> Promise:
        """Return the button for the event as it is."""
        return self.again if self.again and event.state == State.CLOSED else self.label


ACTS = (
    Act(
        "buka",
        State.OPEN,
        _("Open registration"),
        _("This announces the event: from then on people of the regency can register."),
        _("Registration is open now."),
        again=_("Open registration again"),
    ),
    Act(
        "tutup",
        State.CLOSED,
        _("Close registration"),
        _("From then on nobody can register. Who is registered stays registered."),
        _("Registration is closed now."),
    ),
    Act(
        "mulai",
        State.RUNNING,
        _("Begin the event"),
        _("From then on the event is shown as under way."),
        _("The event has begun."),
    ),
    Act(
        "akhiri",
        State.ENDED,
        _("End the event"),
        _("From then on the event is shown as over. Attendance can still be corrected."),
        _("The event has ended."),
        is_final=True,
    ),
    Act(
        "tetapkan",
        State.FINALISED,
        _("Finalise the event"),
        _("From then on nobody changes the plan, and no percentage changes whom it counts."),
        _("The event is finalised."),
        is_final=True,
    ),
    Act(
        "batalkan",
        State.CANCELLED,
        _("Cancel the event"),
        _("The event page and each participant's own page will say that it does not take place."),
        _("The event is cancelled."),
        is_final=True,
    ),
)
BY_SLUG = {act.slug: act for act in ACTS}
_VERBS: dict[str, Callable[..., Event]] = {
    State.OPEN: events.open_registration,
    State.CLOSED: events.close_registration,
    State.RUNNING: events.begin,
    State.ENDED: events.end,
    State.FINALISED: events.finalise,
}


def offered(event: Event) -> list[Act]:
    """Return the acts that the state table allows now, in the order of an event's life."""
    return [act for act in ACTS if act.to in events.STEPS.get(event.state, ())]


def carry_out(act: Act, event: Event, *, actor: Account, reason: str = "") -> Event:
    """Do the act.

    Raises:
        StepRefused, SessionsMissing, ReasonMissing: as the verbs of ``events`` say.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    if act.to == State.CANCELLED:
        return events.cancel(event, actor=actor, reason=reason)
    return _VERBS[act.to](event, actor=actor)
