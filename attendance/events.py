"""Events from draft to archive: who opens them, which step follows which, and their sessions.

The steps of an event's life as its organiser meets them: their names and what they do.

Taking a past event as the pattern of a new one: what was planned, never who came.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attendance import presence
from attendance.models import SHORTEST_REASON, Event, Presence, Session, default_policies
from clinic.lib.arithmetic.dates import local_day
from clinic.lib.errors import Refused
from clinic.people import granting
from clinic.people.access import can, require, rows_of
from clinic.people.models import Account, Membership, Unit
from clinic.records import audit
from quizzes import assignments
from quizzes.models import Assignment, QuizVersion

State = Event.State
STEPS: dict[str, tuple[str, ...]] = {
    State.DRAFT: (State.OPEN, State.CANCELLED),
    State.OPEN: (State.CLOSED, State.CANCELLED),
    State.CLOSED: (State.OPEN, State.RUNNING, State.CANCELLED),
    State.RUNNING: (State.ENDED,),
    State.ENDED: (State.FINALISED,),
    State.FINALISED: (State.ARCHIVED,),
}
# ``/panitia/baru/`` is where events are made.
CODES_OF_PAGES = frozenset({"baru"})
CHANGEABLE = {"code", "title", "kind", "unit", "about", "place", "capacity", "letter_number"}


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


class TimesReversed(Refused):
    """A session ends before it starts."""

    code = "times_reversed"


class SessionInUse(Refused):
    """People know of the session or were recorded in it: its rows stay."""

    code = "session_in_use"
    status = 409


class SessionsMissing(Refused):
    """Nobody can register for an event without a time."""

    code = "sessions_missing"
    status = 409


class AddressFixed(Refused):
    """The address was announced and stands in messages that were sent."""

    code = "address_fixed"
    status = 409


class SeatsAreTaken(Refused):
    """More people hold a seat than the wanted number of seats."""

    code = "seats_are_taken"
    status = 409


class UnitOutside(Refused):
    """The organising unit lies in a regency where the organiser does not work."""

    code = "unit_outside"


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
    policies: dict[str, Any] = field(default_factory=default_policies)


@dataclass(frozen=True, kw_only=True)
class SessionDraft:
    """What a session is made from; times are aware."""

    title: str
    starts_at: datetime
    ends_at: datetime
    scan_group: str = "d1"
    room: str = ""
    is_required: bool = True


def units_for(actor: Account) -> QuerySet[Unit]:
    """Return the units that may organise the actor's events: those of the regency they work in."""
    today = timezone.localdate()
    posts = Membership.objects.on(today).filter(person__in=rows_of(actor.person))
    roots = {path[: Unit.steplen] for path in posts.values_list("unit__path", flat=True)}
    return Unit.objects.under(*Unit.objects.filter(path__in=roots)).valid_on(today)


def draft_event(draft: EventDraft, *, actor: Account | None) -> Event:
    """Make an event; who makes it becomes its organiser. ``actor`` None is the system itself.

    Raises:
        PermissionDenied: the actor is no organiser.
        EventCodeTaken: the address is in use.
        UnitOutside: the unit is of another regency.
    """
    if actor is not None and not can(actor, "create-event", Event):
        raise PermissionDenied
    _check_code(draft.code)
    _check_unit(draft.unit, actor)
    fields: dict[str, Any] = {**vars(draft), "created_by": actor}
    fields["zone"] = draft.zone or draft.unit.get_root().zone or Event.Zone.WITA.value
    try:
        with transaction.atomic():
            event = Event.objects.create(**fields)
            audit.record("event.draft", actor=actor, thing=event, values={"code": event.code})
            if actor is not None:
                granting.grant_drafted(actor.person, event)
    except IntegrityError as error:
        raise _code_taken() from error
    return event


def change_event(event: Event, changes: Mapping[str, Any], *, actor: Account | None) -> Event:
    """Give an event another title, kind, unit, text, place, letter number or number of seats.

    Only what differs is written, with one audit row; ``changes`` names fields of ``CHANGEABLE``.

    Raises:
        EventCodeTaken, UnitOutside: as for ``draft_event``.
        AddressFixed: the event is no draft any more.
        SeatsAreTaken: fewer seats than people who hold one.
        EventFinal: the event takes no more changes.
    """
    with transaction.atomic():
        held = held_for_change(event, actor)
        wanted = {name: changes[name] for name in CHANGEABLE & changes.keys()}
        changed = {name: new for name, new in wanted.items() if getattr(held, name) != new}
        if not changed:
            return held
        _check_changes(held, changed, actor=actor)
        before = {name: _told(getattr(held, name)) for name in changed}
        for name, value in changed.items():
            setattr(held, name, value)
        held.rev += 1
        try:
            with transaction.atomic():
                held.save(update_fields=[*changed, "rev"])
        except IntegrityError as error:
            raise _code_taken() from error
        values = {"before": before, "after": {name: _told(changed[name]) for name in changed}}
        audit.record("event.change", actor=actor, thing=held, values=values)
    return held


def _told(value: Any) -> str | int | None:
    return value.slug if isinstance(value, Unit) else value


def _check_changes(event: Event, changed: Mapping[str, Any], *, actor: Account | None) -> None:
    if "code" in changed:
        if event.state != State.DRAFT:
            raise AddressFixed(_("The address is announced already and stays as it is."))
        _check_code(changed["code"])
    if "unit" in changed:
        _check_unit(changed["unit"], actor)
    seats = changed.get("capacity")
    if seats is not None and seats < event.seats_taken:
        raise SeatsAreTaken(
            _("%(count)d people hold a seat. Write at least this number.")
            % {"count": event.seats_taken}
        )


def _check_code(code: str) -> None:
    if code in CODES_OF_PAGES:
        raise _code_taken()


def _code_taken() -> EventCodeTaken:
    return EventCodeTaken(_("Another event has this address. Choose another one."))


def _check_unit(unit: Unit, actor: Account | None) -> None:
    if actor is not None and not units_for(actor).filter(pk=unit.pk).exists():
        raise UnitOutside(_("Choose a unit of the regency in which you work."))


def add_session(event: Event, draft: SessionDraft, *, actor: Account | None) -> Session:
    """Add a session; presences are folded anew.

    Raises:
        TimesReversed: it ends before it starts.
        SessionsOverlap: another session of its scan group lies at the same time.
        EventFinal: the event takes no more changes.
    """
    with transaction.atomic():
        held = held_for_change(event, actor)
        _check_apart(held, draft)
        session = Session.objects.create(event=held, **vars(draft))
        _changed(held, "event.add_session", actor=actor, session=session)
    return session


def change_session(session: Session, draft: SessionDraft, *, actor: Account | None) -> Session:
    """Give a session other words, another time or scan group; no scan is dropped.

    Scans that lie outside the new time are to be looked at.

    Raises:
        SessionInUse: another scan group, though people were recorded in the present one.
        TimesReversed, SessionsOverlap, EventFinal: as for ``add_session``.
    """
    with transaction.atomic():
        held = held_for_change(session.event, actor)
        if draft.scan_group != session.scan_group and has_entries(session):
            raise SessionInUse(
                _("People were recorded for this session. Its scan group stays as it is.")
            )
        _check_apart(held, draft, besides=session)
        for name, value in vars(draft).items():
            setattr(session, name, value)
        session.save()
        _changed(held, "event.change_session", actor=actor, session=session)
    return session


def cancel_session(session: Session, *, actor: Account | None) -> Session:
    """Say that a session does not take place; its scans stay, to be looked at."""
    with transaction.atomic():
        held = held_for_change(session.event, actor)
        session.is_cancelled = True
        session.save(update_fields=["is_cancelled"])
        _changed(held, "event.cancel_session", actor=actor, session=session)
    return session


def remove_session(session: Session, *, actor: Account | None) -> None:
    """Take a session out of a draft, as if it had never been planned.

    Raises:
        SessionInUse: the event is no draft any more, or people were recorded; cancel it instead.
        EventFinal: the event takes no more changes.
    """
    with transaction.atomic():
        held = held_for_change(session.event, actor)
        if held.state != State.DRAFT or has_entries(session):
            raise SessionInUse(
                _("This session is announced or has entries. Cancel it, so that people see it.")
            )
        _changed(held, "event.remove_session", actor=actor, session=session)
        session.delete()


def has_entries(session: Session) -> bool:
    """Say whether anybody was recorded for the session, by a scan or a correction."""
    scans = session.event.scans.filter(scan_group=session.scan_group)
    return scans.exists() or Presence.objects.filter(session=session).exists()


def held_for_change(event: Event, actor: Account | None) -> Event:
    """Lock the event for a change of its plan, inside the caller's transaction, or refuse."""
    if actor is not None:
        require(actor, "change-event", event)
    held = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if held.is_final:
        raise EventFinal(_("The event is final and takes no more changes."))
    return held


def _check_apart(event: Event, draft: SessionDraft, *, besides: Session | None = None) -> None:
    if draft.ends_at <= draft.starts_at:
        raise TimesReversed(_("The session ends before it starts. Choose a later end."))
    rivals = event.sessions.filter(
        scan_group=draft.scan_group,
        is_cancelled=False,
        starts_at__lt=draft.ends_at,
        ends_at__gt=draft.starts_at,
    ).exclude(pk=besides.pk if besides else None)
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
    """Let people register, from now on.

    Raises:
        SessionsMissing: no session is planned.
        StepRefused, PermissionDenied, Http404: as for ``step``.
    """
    if not event.sessions.filter(is_cancelled=False).exists():
        raise SessionsMissing(_("Add at least one session first, so that people know the time."))
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
    """Say that the event does not take place.

    Raises:
        ReasonMissing: the reason is shorter than ten characters.
        StepRefused, PermissionDenied, Http404: as for ``step``.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise presence.ReasonMissing(_("Write why, in at least ten characters."))
    return step(event, State.CANCELLED, actor=actor, reason=reason)


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
        gettext_lazy("Open registration"),
        gettext_lazy("This announces the event: from then on people of the regency can register."),
        gettext_lazy("Registration is open now."),
        again=gettext_lazy("Open registration again"),
    ),
    Act(
        "tutup",
        State.CLOSED,
        gettext_lazy("Close registration"),
        gettext_lazy("From then on nobody can register. Who is registered stays registered."),
        gettext_lazy("Registration is closed now."),
    ),
    Act(
        "mulai",
        State.RUNNING,
        gettext_lazy("Begin the event"),
        gettext_lazy("From then on the event is shown as under way."),
        gettext_lazy("The event has begun."),
    ),
    Act(
        "akhiri",
        State.ENDED,
        gettext_lazy("End the event"),
        gettext_lazy("From then on the event is shown as over. Attendance can still be corrected."),
        gettext_lazy("The event has ended."),
        is_final=True,
    ),
    Act(
        "tetapkan",
        State.FINALISED,
        gettext_lazy("Finalise the event"),
        gettext_lazy(
            "From then on nobody changes the plan, and no percentage changes whom it counts."
        ),
        gettext_lazy("The event is finalised."),
        is_final=True,
    ),
    Act(
        "batalkan",
        State.CANCELLED,
        gettext_lazy("Cancel the event"),
        gettext_lazy(
            "The event page and each participant's own page will say that it does not take place."
        ),
        gettext_lazy("The event is cancelled."),
        is_final=True,
    ),
)
BY_SLUG = {act.slug: act for act in ACTS}
_VERBS: dict[str, Callable[..., Event]] = {
    State.OPEN: open_registration,
    State.CLOSED: close_registration,
    State.RUNNING: begin,
    State.ENDED: end,
    State.FINALISED: finalise,
}


def offered(event: Event) -> list[Act]:
    """Return the acts that the state table allows now, in the order of an event's life."""
    return [act for act in ACTS if act.to in STEPS.get(event.state, ())]


def carry_out(act: Act, event: Event, *, actor: Account, reason: str = "") -> Event:
    """Do the act.

    Raises:
        StepRefused, SessionsMissing, ReasonMissing: as the verbs of ``events`` say.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    if act.to == State.CANCELLED:
        return cancel(event, actor=actor, reason=reason)
    return _VERBS[act.to](event, actor=actor)


class NothingToShift(Refused):
    """The pattern has no session, so that its days cannot be counted from the new first day."""

    code = "nothing_to_shift"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The event to copy, with the first day and the address of the new one."""

    source: Event
    first_day: date
    code: str


def copy_event(pattern: Pattern, *, actor: Account) -> Event:
    """Make a draft with title, kind, unit, text, place, seats, windows, sessions and quizzes.

    Sessions and the windows of quizzes are shifted by whole days, so that the first session falls
    on ``first_day``. Persons, scans and letters stay behind, and so do cancelled sessions and
    quizzes that are no longer published.

    Raises:
        NothingToShift: the source has no session.
        EventCodeTaken, UnitOutside: as for ``events.draft_event``.
        PermissionDenied, Http404: the actor does not organise the source.
    """
    source = pattern.source
    require(actor, "change-event", source)
    sessions = [one for one in source.sessions.all() if not one.is_cancelled]
    if not sessions:
        raise NothingToShift(_("This event has no session to copy. Make a new event instead."))
    shift = pattern.first_day - local_day(sessions[0].starts_at, source.zone)
    names = ("title", "kind", "unit", "place", "about", "capacity", "zone")
    kept: dict[str, Any] = {name: getattr(source, name) for name in names}
    with transaction.atomic():
        draft = EventDraft(code=pattern.code, policies=source.policies, **kept)
        made = draft_event(draft, actor=actor)
        for session in sessions:
            add_session(made, _shifted(session, shift), actor=actor)
        for given in _given(source):
            _give(given, made, shift, actor=actor)
    return made


def _shifted(session: Session, shift: timedelta) -> SessionDraft:
    names = ("title", "scan_group", "room", "is_required")
    kept: dict[str, Any] = {name: getattr(session, name) for name in names}
    return SessionDraft(
        starts_at=session.starts_at + shift, ends_at=session.ends_at + shift, **kept
    )


def _given(source: Event) -> list[Assignment]:
    published = QuizVersion.objects.published().filter(quiz__retired_at__isnull=True)
    rows = Assignment.objects.in_force().filter(event=source)
    return list(rows.filter(quiz__in=published.values("quiz")).select_related("quiz"))


def _give(given: Assignment, made: Event, shift: timedelta, *, actor: Account) -> None:
    moments = (given.opens_at, given.closes_at)
    opens_at, closes_at = (moment + shift if moment else None for moment in moments)
    assignments.assign(
        given.quiz,
        made,
        actor=actor,
        phase=given.phase,
        setting=given.setting,
        window=assignments.Window(opens_at=opens_at, closes_at=closes_at),
    )
