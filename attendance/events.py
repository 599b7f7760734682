"""Events from draft to archive: who opens them, which step follows which, and their sessions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from attendance import presence
from attendance.models import Event, Session
from clinic.lib.errors import Refused
from clinic.people import granting
from clinic.people.access import can, require
from clinic.people.granting import Scope
from clinic.people.models import Account, Grant, Unit
from clinic.records import audit

State = Event.State
STEPS: dict[str, tuple[str, ...]] = {
    State.DRAFT: (State.OPEN, State.CANCELLED),
    State.OPEN: (State.CLOSED, State.CANCELLED),
    State.CLOSED: (State.OPEN, State.RUNNING, State.CANCELLED),
    State.RUNNING: (State.ENDED,),
    State.ENDED: (State.FINALISED,),
    State.FINALISED: (State.ARCHIVED,),
}


class EventCodeTaken(Refused):
    """Another event has this address."""

    code = "event_code_taken"
    status = 409


class StepRefused(Refused):
    """The event's state does not lead to the wanted one."""

    code = "step_refused"
    status = 409


class EventFinal(Refused):
    """The event is finalised or cancelled and takes no more changes."""

    code = "event_final"
    status = 409


class SessionsOverlap(Refused):
    """Sessions of one scan group share scans, so that they must not overlap."""

    code = "sessions_overlap"


@dataclass(frozen=True, kw_only=True)
class EventDraft:
    """What an event is made from; ``unit`` organises it, ``capacity`` None is without limit."""

    code: str
    title: str
    unit: Unit
    zone: str = ""
    kind: str = Event.Kind.CLINIC
    place: str = ""
    about: str = ""
    capacity: int | None = None
    letter_number: str = ""


@dataclass(frozen=True, kw_only=True)
class SessionDraft:
    """What a session is made from; times are aware."""

    title: str
    starts_at: datetime
    ends_at: datetime
    scan_group: str = "d1"
    room: str = ""
    is_required: bool = True


def draft_event(draft: EventDraft, *, actor: Account | None) -> Event:
    """Make an event; who makes it becomes its organiser. ``actor`` None is the system itself.

    Raises:
        PermissionDenied: the actor is no organiser.
        EventCodeTaken: the address is in use.
    """
    if actor is not None and not can(actor, "create-event", Event):
        raise PermissionDenied
    fields: dict[str, Any] = {**vars(draft), "created_by": actor}
    fields["zone"] = draft.zone or draft.unit.get_root().zone or Event.Zone.WITA.value
    try:
        with transaction.atomic():
            event = Event.objects.create(**fields)
            audit.record("event.draft", actor=actor, thing=event, values={"code": event.code})
            if actor is not None:
                granting.grant(
                    actor.person, Grant.Role.ORGANISER, actor=None, scope=Scope(event=event.uuid)
                )
    except IntegrityError as error:
        raise EventCodeTaken(_("Another event has this address. Choose another one.")) from error
    return event


def add_session(event: Event, draft: SessionDraft, *, actor: Account | None) -> Session:
    """Add a session; presences are folded anew.

    Raises:
        SessionsOverlap: another session of its scan group lies at the same time.
        EventFinal: the event takes no more changes.
    """
    _may_change(event, actor)
    with transaction.atomic():
        _check_apart(event, draft.starts_at, draft.ends_at, group=draft.scan_group)
        session = Session.objects.create(event=event, **vars(draft))
        _changed(event, "event.add_session", actor=actor, session=session)
    return session


def move_session(
    session: Session, *, starts_at: datetime, ends_at: datetime, actor: Account | None
) -> Session:
    """Give a session another time; no scan is dropped, those now outside are to be looked at.

    Raises:
        SessionsOverlap, EventFinal: as for ``add_session``.
    """
    _may_change(session.event, actor)
    with transaction.atomic():
        _check_apart(session.event, starts_at, ends_at, group=session.scan_group, besides=session)
        session.starts_at, session.ends_at = starts_at, ends_at
        session.save(update_fields=["starts_at", "ends_at"])
        _changed(session.event, "event.move_session", actor=actor, session=session)
    return session


def cancel_session(session: Session, *, actor: Account | None) -> Session:
    """Say that a session does not take place; its scans stay, to be looked at."""
    _may_change(session.event, actor)
    with transaction.atomic():
        session.is_cancelled = True
        session.save(update_fields=["is_cancelled"])
        _changed(session.event, "event.cancel_session", actor=actor, session=session)
    return session


def _may_change(event: Event, actor: Account | None) -> None:
    if actor is not None:
        require(actor, "change-event", event)
    if event.state in (State.FINALISED, State.ARCHIVED, State.CANCELLED):
        raise EventFinal(_("The event is final and takes no more changes."))


def _check_apart(
    event: Event,
    starts_at: datetime,
    ends_at: datetime,
    *,
    group: str,
    besides: Session | None = None,
) -> None:
    rivals = event.sessions.filter(
        scan_group=group, is_cancelled=False, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if besides is not None:
        rivals = rivals.exclude(pk=besides.pk)
    if rivals.exists():
        raise SessionsOverlap(
            _("Another session of the same scan group is at this time. Choose another group.")
        )


def _changed(event: Event, verb: str, *, actor: Account | None, session: Session) -> None:
    Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)
    audit.record(verb, actor=actor, thing=event, values={"session": str(session.uuid)})
    presence.refold_event(event)


def step(event: Event, to: str, *, actor: Account | None, reason: str = "") -> Event:
    """Lead the event one step further; repeating a step that was made changes nothing.

    Raises:
        StepRefused: the state table (attendance 3) has no such step.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    if actor is not None:
        require(actor, "change-event", event)
    with transaction.atomic():
        held = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
        if held.state == to:
            return held
        if to not in STEPS.get(held.state, ()):
            raise StepRefused(_("This step does not follow from the present state."))
        audit.record(
            f"event.{to}", actor=actor, thing=held, reason=reason, values={"before": held.state}
        )
        held.state = to
        held.rev += 1
        held.save(update_fields=["state", "rev"])
    return held


def open_registration(event: Event, *, actor: Account | None) -> Event:
    """Let people register, from now on."""
    return step(event, State.OPEN, actor=actor)


def close_registration(event: Event, *, actor: Account | None) -> Event:
    """Take no more registrations."""
    return step(event, State.CLOSED, actor=actor)


def begin(event: Event, *, actor: Account | None) -> Event:
    """Say that the event is under way."""
    return step(event, State.RUNNING, actor=actor)


def end(event: Event, *, actor: Account | None) -> Event:
    """Say that the event is over."""
    return step(event, State.ENDED, actor=actor)


def finalise(event: Event, *, actor: Account | None) -> Event:
    """Freeze who was expected: from now on no percentage changes its denominator."""
    return step(event, State.FINALISED, actor=actor)


def cancel(event: Event, *, actor: Account | None, reason: str) -> Event:
    """Say that the event does not take place."""
    return step(event, State.CANCELLED, actor=actor, reason=reason)
