"""Events from draft to archive: who opens them, which step follows which, and their sessions.

Also the steps as their organiser meets them, with their words, and taking a past event as the
pattern of a new one: what was planned, never who came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from attendance import presence, registration, telling
from attendance.models import SHORTEST_REASON, Event, Presence, Session
from clinic.lib.arithmetic.dates import local_day
from clinic.lib.errors import Refused
from clinic.people import granting
from clinic.people.access import can, require, rows_of
from clinic.people.models import Account, Membership, Person, Unit
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
ARCHIVED_AFTER = timedelta(days=90)
CHANGEABLE = {"code", "title", "kind", "unit", "about", "place", "capacity", "letter_number"}


def units_for(actor: Account) -> QuerySet[Unit]:
    """Return the units that may organise the actor's events: those of the regency they work in."""
    today = timezone.localdate()
    memberships = Membership.objects.on(today).filter(person__in=rows_of(actor.person))
    roots = {path[: Unit.steplen] for path in memberships.values_list("unit__path", flat=True)}
    return Unit.objects.under(*Unit.objects.filter(path__in=roots)).valid_on(today)


def draft_event(event: Event, *, actor: Account | None) -> Event:
    """Save a new event; who makes it becomes its organiser. ``actor`` None is the system itself."""
    if actor is not None and not can(actor, "create-event", Event):
        raise PermissionDenied
    _check_code(event.code)
    _check_unit(event.unit, actor)
    event.created_by = actor
    event.zone = event.zone or event.unit.get_root().zone or Event.Zone.WITA.value
    try:
        with transaction.atomic():
            event.save(force_insert=True)
            audit.record("event.draft", actor=actor, thing=event, values={"code": event.code})
            if actor is not None:
                granting.grant_drafted(actor.person, event)
    except IntegrityError as error:
        raise _make_code_refusal() from error
    return event


def add_organiser(event: Event, person: Person, *, actor: Account) -> None:
    """Let a colleague of the regency, who can log in, run the event as well."""
    require(actor, "change-event", event)
    require(actor, "register", person)
    if event.is_final:
        text = _("The event is final and takes no more changes.")
        raise Refused(text, code="event_final", status=409)
    if not Account.objects.filter(person__in=rows_of(person), is_active=True).exists():
        raise Refused(
            _("%(name)s cannot log in yet. An administrator makes the account first.")
            % {"name": person.name},
            code="account_missing",
            status=409,
        )
    granting.grant_beside(person, event, actor=actor)


def change_event(event: Event, changes: Mapping[str, Any], *, actor: Account | None) -> Event:
    """Give an event another title, kind, unit, text, place, letter number or number of seats.

    Only what differs is written, with one audit row; ``changes`` names fields of ``CHANGEABLE``.
    """
    with transaction.atomic():
        locked = lock_for_change(event, actor)
        wanted = {name: changes[name] for name in CHANGEABLE & changes.keys()}
        changed = {name: new for name, new in wanted.items() if getattr(locked, name) != new}
        if not changed:
            return locked
        _check_changes(locked, changed, actor=actor)
        before = {name: _describe_value(getattr(locked, name)) for name in changed}
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.rev += 1
        try:
            with transaction.atomic():
                locked.save(update_fields=[*changed, "rev"])
        except IntegrityError as error:
            raise _make_code_refusal() from error
        values = {
            "before": before,
            "after": {name: _describe_value(changed[name]) for name in changed},
        }
        audit.record("event.change", actor=actor, thing=locked, values=values)
        if "place" in changed:
            telling.enter_moved(locked)
        if "capacity" in changed:
            registration.promote_from_waiting(locked)
    return locked


def _describe_value(value: Any) -> str | int | None:
    return value.slug if isinstance(value, Unit) else value


def _check_changes(event: Event, changed: Mapping[str, Any], *, actor: Account | None) -> None:
    if "code" in changed:
        if event.state != State.DRAFT:
            raise Refused(
                _("The address is announced already and stays as it is."),
                code="address_fixed",
                status=409,
            )
        _check_code(changed["code"])
    if "unit" in changed:
        _check_unit(changed["unit"], actor)
    seats = changed.get("capacity")
    if seats is not None and seats < event.seats_taken:
        raise Refused(
            ngettext(
                "%(count)d person holds a seat. Write at least this number.",
                "%(count)d people hold a seat. Write at least this number.",
                event.seats_taken,
            )
            % {"count": event.seats_taken},
            code="seats_are_taken",
            status=409,
        )


def _check_code(code: str) -> None:
    if code in CODES_OF_PAGES:
        raise _make_code_refusal()


def _make_code_refusal() -> Refused:
    return Refused(
        _("Another event has this address. Choose another one."),
        code="event_code_taken",
        status=409,
    )


def _check_unit(unit: Unit, actor: Account | None) -> None:
    if actor is not None and not units_for(actor).filter(pk=unit.pk).exists():
        text = _("Choose a unit of the regency in which you work.")
        raise Refused(text, code="unit_outside")


def add_session(event: Event, session: Session, *, actor: Account | None) -> Session:
    """Save a new session of the event; presences are folded anew."""
    with transaction.atomic():
        locked = lock_for_change(event, actor)
        session.event = locked
        _check_times(session)
        session.save(force_insert=True)
        _finish_session_change(locked, "event.add_session", actor=actor, session=session)
    return session


def change_session(session: Session, *, actor: Account | None) -> Session:
    """Save a session with other words, another time or scan group; no scan is dropped.

    Scans that lie outside the new time are to be looked at.
    """
    with transaction.atomic():
        locked = lock_for_change(session.event, actor)
        before = locked.sessions.get(pk=session.pk)
        if session.scan_group != before.scan_group and has_entries(before):
            raise Refused(
                _("People were recorded for this session. Its scan group stays as it is."),
                code="session_in_use",
                status=409,
            )
        _check_times(session)
        session.save()
        _finish_session_change(locked, "event.change_session", actor=actor, session=session)
    return session


def cancel_session(session: Session, *, actor: Account | None) -> Session:
    """Say that a session does not take place; its scans stay, to be looked at."""
    with transaction.atomic():
        locked = lock_for_change(session.event, actor)
        session.is_cancelled = True
        session.save(update_fields=["is_cancelled"])
        _finish_session_change(locked, "event.cancel_session", actor=actor, session=session)
    return session


def remove_session(session: Session, *, actor: Account | None) -> None:
    """Take a session out of a draft, as if it had never been planned."""
    with transaction.atomic():
        locked = lock_for_change(session.event, actor)
        if locked.state != State.DRAFT or has_entries(session):
            raise Refused(
                _("This session is announced or has entries. Cancel it, so that people see it."),
                code="session_in_use",
                status=409,
            )
        _finish_session_change(locked, "event.remove_session", actor=actor, session=session)
        session.delete()


def has_entries(session: Session) -> bool:
    """Say whether anybody was recorded for the session, by a scan or a correction."""
    scans = session.event.scans.filter(scan_group=session.scan_group)
    return scans.exists() or Presence.objects.filter(session=session).exists()


def lock_for_change(event: Event, actor: Account | None) -> Event:
    """Lock the event for a change of its plan, inside the caller's transaction, or refuse."""
    if actor is not None:
        require(actor, "change-event", event)
    locked = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if locked.is_final:
        text = _("The event is final and takes no more changes.")
        raise Refused(text, code="event_final", status=409)
    telling.keep_told_plan(locked)
    return locked


def _check_times(session: Session) -> None:
    """Sessions of one scan group share scans, so that they must not overlap."""
    if session.ends_at <= session.starts_at:
        text = _("The session ends before it starts. Choose a later end.")
        raise Refused(text, code="times_reversed")
    rivals = session.event.sessions.filter(
        scan_group=session.scan_group,
        is_cancelled=False,
        starts_at__lt=session.ends_at,
        ends_at__gt=session.starts_at,
    ).exclude(pk=session.pk)
    if rivals.exists():
        raise Refused(
            _("Another session of the same scan group is at this time. Choose another group."),
            code="sessions_overlap",
        )


def _finish_session_change(
    event: Event, verb: str, *, actor: Account | None, session: Session
) -> None:
    Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)
    audit.record(verb, actor=actor, thing=event, values={"session": str(session.uuid)})
    telling.enter_moved(event)
    presence.refold_event(event)


def step(event: Event, to: str, *, actor: Account | None, reason: str = "") -> Event:
    """Lead the event one step further; repeating a step that was made changes nothing.

    Registration opens only where a session is planned, so that people know the time; who cancels
    says why. Once finalised, no percentage changes its denominator; once archived, nobody holds a
    role in the event any more.
    """
    if actor is not None:
        require(actor, "change-event", event)
    if to == State.OPEN and not event.sessions.filter(is_cancelled=False).exists():
        raise Refused(
            _("Add at least one session first, so that people know the time."),
            code="sessions_missing",
            status=409,
        )
    if to == State.CANCELLED and len(reason.strip()) < SHORTEST_REASON:
        raise Refused(_("Write why, in at least ten characters."), code="reason_missing")
    with transaction.atomic():
        locked = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
        if locked.state == to:
            return locked
        if to not in STEPS.get(locked.state, ()):
            raise Refused(
                _("This step does not follow from the present state."),
                code="step_refused",
                status=409,
            )
        audit.record(
            f"event.{to}", actor=actor, thing=locked, reason=reason, values={"before": locked.state}
        )
        if to == State.ENDED:
            _end_sessions(locked, timezone.now())
        locked.state = to
        locked.rev += 1
        if to == State.FINALISED:
            locked.finalised_at = timezone.now()
        locked.save(update_fields=["state", "rev", "finalised_at"])
        if to == State.CANCELLED:
            telling.enter_cancelled(locked, reason)
        if to == State.ARCHIVED:
            granting.end_grants_in(locked)
    return locked


def _end_sessions(event: Event, now: datetime) -> None:
    """Let what is under way end now, and what has not begun not take place: minutes stop here.

    An organiser who ended too early gives a session its end back; its entries are all there.
    """
    ahead = list(event.sessions.filter(is_cancelled=False, ends_at__gt=now))
    if not ahead:
        return
    planned = {str(session.uuid): session.ends_at.isoformat() for session in ahead}
    for session in ahead:
        if session.starts_at < now:
            session.ends_at = now
        else:
            session.is_cancelled = True
        session.save(update_fields=["ends_at", "is_cancelled"])
    audit.record("event.end_sessions", thing=event, values={"before": planned})
    presence.refold_event(event)


def archive_finalised(now: datetime) -> None:
    """Archive the events that were finalised so long ago that nobody works on them any more."""
    due = Event.objects.filter(state=State.FINALISED, finalised_at__lte=now - ARCHIVED_AFTER)
    for event in due:
        step(event, State.ARCHIVED, actor=None)


@dataclass(frozen=True)
class EventStep:
    """A step as organisers meet it: its word in the address, where it leads, button and effect.

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

    @property
    def is_cancelling(self) -> bool:
        """Whether the step says that the event does not take place."""
        return self.to == State.CANCELLED


SHOWN_STEPS = (
    EventStep(
        "buka",
        State.OPEN,
        gettext_lazy("Open registration"),
        gettext_lazy("This announces the event: from then on people of the regency can register."),
        gettext_lazy("Registration is open now."),
        again=gettext_lazy("Open registration again"),
    ),
    EventStep(
        "tutup",
        State.CLOSED,
        gettext_lazy("Close registration"),
        gettext_lazy("From then on nobody can register. Who is registered stays registered."),
        gettext_lazy("Registration is closed now."),
    ),
    EventStep(
        "mulai",
        State.RUNNING,
        gettext_lazy("Begin the event"),
        gettext_lazy("From then on the event is shown as under way."),
        gettext_lazy("The event has begun."),
    ),
    EventStep(
        "akhiri",
        State.ENDED,
        gettext_lazy("End the event"),
        gettext_lazy(
            "From then on the event is shown as over, and no more minutes are counted. Attendance"
            " can still be corrected."
        ),
        gettext_lazy("The event has ended."),
        is_final=True,
    ),
    EventStep(
        "tetapkan",
        State.FINALISED,
        gettext_lazy("Lock plan and counts"),
        gettext_lazy(
            "From then on nobody changes the plan, and no percentage changes whom it counts."
        ),
        gettext_lazy("Plan and counts are locked."),
        is_final=True,
    ),
    EventStep(
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
STEP_BY_SLUG = {shown.slug: shown for shown in SHOWN_STEPS}


def steps_offered(event: Event) -> list[EventStep]:
    """Return the steps that the state table allows now, in the order of an event's life."""
    return [shown for shown in SHOWN_STEPS if shown.to in STEPS.get(event.state, ())]


def copy_event(source: Event, *, code: str, first_day: date, actor: Account) -> Event:
    """Make a draft with title, kind, unit, text, place, seats, windows, sessions and quizzes.

    Sessions and the windows of quizzes are shifted by whole days, so that the first session falls
    on ``first_day``. Persons, scans and letters stay behind, and so do cancelled sessions and
    quizzes that are no longer published.
    """
    require(actor, "change-event", source)
    sessions = [session for session in source.sessions.all() if not session.is_cancelled]
    if not sessions:
        raise Refused(
            _("This event has no session to copy. Make a new event instead."),
            code="nothing_to_shift",
        )
    shift = first_day - local_day(sessions[0].starts_at, source.zone)
    names = ("title", "kind", "unit", "place", "about", "capacity", "zone", "policies")
    copied: dict[str, Any] = {name: getattr(source, name) for name in names}
    published = QuizVersion.objects.published().filter(quiz__retired_at__isnull=True)
    given = Assignment.objects.in_force().filter(event=source, quiz__in=published.values("quiz"))
    with transaction.atomic():
        event = draft_event(Event(code=code, **copied), actor=actor)
        for session in sessions:
            moved = Session(
                title=session.title,
                scan_group=session.scan_group,
                room=session.room,
                is_required=session.is_required,
                starts_at=session.starts_at + shift,
                ends_at=session.ends_at + shift,
            )
            add_session(event, moved, actor=actor)
        for assignment in given.select_related("quiz"):
            opens_at, closes_at = assignment.opens_at, assignment.closes_at
            assignments.assign(
                assignment.quiz,
                event,
                actor=actor,
                phase=assignment.phase,
                setting=assignment.setting,
                window=assignments.Window(
                    opens_at=opens_at + shift if opens_at else None,
                    closes_at=closes_at + shift if closes_at else None,
                ),
            )
    return event
