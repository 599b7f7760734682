"""Who comes: invited, proposed by the unit, registered by oneself, or found at the door.

A seat is taken by one conditional UPDATE on the event; the same statement makes two who take the
last seat wait for each other. What a person is told is a ``Notice`` written with the act.
"""

from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import badges
from attendance.models import Event, Registration
from attendance.signals import invited, registered
from clinic.lib.errors import Refused
from clinic.people.access import require, rows_of
from clinic.people.arithmetic.nip import clean_nip
from clinic.people.models import Account, Membership, Person, Unit
from clinic.records import audit, notices
from quizzes import assignments

State = Registration.State
Source = Registration.Source


class EventFull(Refused):
    """Every seat is taken."""

    code = "pool_full"
    status = 409


class RegistrationClosed(Refused):
    """The event takes no registrations now."""

    code = "registration_closed"
    status = 409


class NameMissing(Refused):
    """Nobody can be added without a name and a unit."""

    code = "name_missing"


@dataclass(frozen=True, kw_only=True)
class WalkIn:
    """Somebody who stands at the door without being on the list; the NIP may stay open."""

    name: str
    unit: Unit
    nip: str = ""


def register(
    event: Event, person: Person, *, actor: Account, needs: str = "", role: str = ""
) -> Registration:
    """Give the person a seat: their own click confirms, anybody else's act proposes.

    Registering twice returns the first registration; whoever was proposed or invited confirms by
    it.

    Raises:
        EventFull, RegistrationClosed: as they say.
        PermissionDenied, Http404: the actor may not register this person here.
    """
    require(actor, "register", event)
    require(actor, "register", person)
    if event.state != Event.State.OPEN:
        raise RegistrationClosed(_("Registration for this event is not open."))
    is_own = person.pk in rows_of(actor.person)
    with transaction.atomic():
        held = _earlier(_locked(event), person)
        if held is not None:
            return _confirmed(held, actor=actor, needs=needs) if is_own else held
        _take_seat(event)
        made = _create(
            event,
            person,
            state=State.CONFIRMED if is_own else State.NOMINATED,
            source=Source.SELF if is_own else _source(actor, event),
            needs=needs[:300],
            role=role or Registration.Role.PARTICIPANT,
            created_by=actor,
        )
        _tell(made)
    return made


def invite(event: Event, person: Person, *, actor: Account | None) -> Registration:
    """Keep a seat for the person and tell them; they confirm by registering.

    ``actor`` None is the system itself, such as an accepted recommendation. A person who is
    registered already keeps that registration and is told nothing again.

    Raises:
        EventFull, RegistrationClosed: as they say.
    """
    if actor is not None:
        require(actor, "change-event", event)
    if event.state not in (Event.State.DRAFT, Event.State.OPEN, Event.State.CLOSED):
        raise RegistrationClosed(_("Registration for this event is not open."))
    with transaction.atomic():
        held = _earlier(_locked(event), person)
        if held is not None:
            return held
        _take_seat(event)
        made = _create(
            event, person, state=State.NOMINATED, source=Source.ORGANISER, created_by=actor
        )
        _tell(made)
    return made


def _source(actor: Account, event: Event) -> str:
    from_event = any(grant.event == event.uuid for grant in actor.person.grants.all())
    return Source.ORGANISER if from_event else Source.UNIT


def _locked(event: Event) -> Event:
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)


def _earlier(event: Event, person: Person) -> Registration | None:
    rows = event.registrations.active().filter(person__in=rows_of(person))
    return rows.select_related("event", "person").first()


def _take_seat(event: Event) -> None:
    """Take one seat, or refuse: the one statement that guards the capacity (R3, I10)."""
    taken = Event.objects.filter(
        Q(capacity__isnull=True) | Q(seats_taken__lt=F("capacity")), pk=event.pk
    ).update(seats_taken=F("seats_taken") + 1)
    if not taken:
        raise EventFull(_("%(event)s is full.") % {"event": event.title})


def _give_back_seat(registration: Registration) -> None:
    if registration.holds_seat:
        Event.objects.filter(pk=registration.event_id, seats_taken__gt=0).update(
            seats_taken=F("seats_taken") - 1
        )


def _create(event: Event, person: Person, **fields: object) -> Registration:
    person = person.resolved
    place = _place_of(person, timezone.localdate())
    uuid = uuid4()
    fields.setdefault("unit", place.unit if place else None)
    unit = fields["unit"]
    made = Registration.objects.create(
        uuid=uuid,
        event=event,
        person=person,
        unit_name=unit.name if isinstance(unit, Unit) else "",
        position=place.position if place else "",
        short_code=badges.short_code_of(event, uuid),
        **fields,
    )
    badges.issue(made)
    assignments.admit(event.uuid, person)
    Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)
    audit.record(
        "registration.create",
        actor=made.created_by,
        thing=made,
        subject=person,
        values={"event": event.code, "state": str(made.state), "source": str(made.source)},
    )
    signal = invited if made.state == State.NOMINATED else registered
    signal.send(sender=None, registration=made)
    return made


def _place_of(person: Person, day: date) -> Membership | None:
    return Membership.objects.on(day).filter(person=person).select_related("unit").first()


def _confirmed(held: Registration, *, actor: Account, needs: str) -> Registration:
    if held.state != State.NOMINATED:
        return held
    held.state, held.needs = State.CONFIRMED, needs[:300] or held.needs
    held.save(update_fields=["state", "needs", "changed_at"])
    audit.record("registration.confirm", actor=actor, thing=held, subject=held.person_id)
    registered.send(sender=None, registration=held)
    _tell(held)
    return held


def approve(registration: Registration, *, actor: Account) -> Registration:
    """Accept a unit's proposal; repeating it changes nothing.

    Raises:
        PermissionDenied, Http404: the actor does not organise the event.
    """
    require(actor, "change-event", registration.event)
    with transaction.atomic():
        rows = Registration.objects.select_for_update(of=("self",)).select_related(
            "event", "person"
        )
        return _confirmed(rows.get(pk=registration.pk), actor=actor, needs="")


def withdraw(registration: Registration, *, actor: Account, reason: str = "") -> Registration:
    """Give the seat back; repeating it changes nothing. Scans and presences stay.

    Raises:
        RegistrationClosed: the event is over.
        PermissionDenied, Http404: the actor may not withdraw it.
    """
    require(actor, "cancel-registration", registration)
    with transaction.atomic():
        event = _locked(registration.event)
        held = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if not held.is_active:
            return held
        if event.state not in Event.ACTIVE_STATES or event.state == Event.State.ENDED:
            raise RegistrationClosed(_("The event is over; registrations no longer change."))
        _give_back_seat(held)
        held.state, held.reason = State.CANCELLED, reason[:300]
        held.save(update_fields=["state", "reason", "changed_at"])
        assignments.dismiss(event.uuid, held.person)
        Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)
        audit.record(
            "registration.withdraw", actor=actor, thing=held, subject=held.person_id, reason=reason
        )
    return held


def add_walk_in(event: Event, walk_in: WalkIn, *, actor: Account) -> Registration:
    """Register somebody who stands at the door; over quota is allowed and flagged.

    A NIP that is known leads to that person, and to the registration they may have already. Else a
    person without account is made, for an administrator to merge later.

    Raises:
        NameMissing: the name is blank.
        PermissionDenied, Http404: the actor does not run this event's door.
    """
    require(actor, "add-walk-in", event)
    name, nip = " ".join(walk_in.name.split())[:160], clean_nip(walk_in.nip)[:24]
    if not name:
        raise NameMissing(_("Write the name of the person."))
    with transaction.atomic():
        locked = _locked(event)
        known = Person.objects.unmerged().filter(nip=nip).first() if nip else None
        held = _earlier(locked, known) if known else None
        if held is not None:
            return held
        person = known or Person.objects.create(name=name, nip=nip)
        return _create(
            locked,
            person,
            state=State.WALK_IN,
            source=Source.WALK_IN,
            unit=walk_in.unit,
            is_over_quota=_is_full_now(locked),
            created_by=actor,
        )


def _is_full_now(event: Event) -> bool:
    try:
        _take_seat(event)
    except EventFull:
        return True
    return False


def _tell(registration: Registration) -> None:
    """Write the message to the person, in the language of the house."""
    person, event = registration.person, registration.event
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = _words(registration)
    notices.notify(
        "registration",
        f"registration:{registration.uuid}:{registration.state}",
        locale=settings.LANGUAGE_CODE,
        subject=subject % {"event": event.title},
        body=body
        % {
            "name": person.name,
            "event": event.title,
            "address": f"{settings.BASE_URL}/kegiatan/{event.code}/saya",
        },
        person=person.pk,
        to_name=person.name,
        to_email=person.email,
    )


def _words(registration: Registration) -> tuple[str, str]:
    if registration.state == State.NOMINATED:
        return _("Invitation: %(event)s"), _(
            "Dear %(name)s,\n\nA seat is kept for you at %(event)s. Confirm it here:\n%(address)s\n"
        )
    return _("Registered: %(event)s"), _(
        "Dear %(name)s,\n\nYou are registered for %(event)s. Your QR code for the door is here:\n"
        "%(address)s\n"
    )
