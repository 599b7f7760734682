"""Who comes: invited, proposed by the unit, registered by oneself, or come unlisted.

Seats are taken and given back under the event's lock, never beyond its capacity: by one conditional
UPDATE on the event, which makes two who take the last seat wait for each other (R3, I10). What the
person reads of it is a ``Notice``, written with the act.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import badges
from attendance.models import Event, Presence, Registration
from attendance.wording import PROOF_OF_TRAINING
from clinic.lib.errors import Refused
from clinic.people.access import can, grants_of, require, rows_of, visible
from clinic.people.arithmetic.matching import names_agree, names_share_a_word
from clinic.people.arithmetic.nip import clean_nip
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.records import audit, notices

State = Registration.State
Source = Registration.Source
UNIT_ROLES = frozenset({Grant.Role.UNIT_OFFICIAL, Grant.Role.OPERATOR})


class EventFull(Refused):
    """Every seat is taken."""

    code = "pool_full"
    status = 409


class ListedAlready(Refused):
    """Whoever is to be added stands on the list, as it seems; a person has to look."""

    code = "listed_already"
    status = 409

    def __init__(self, registrations: Sequence[Registration], *, by_nip: bool = False) -> None:
        super().__init__(_("This name or NIP is on the list."))
        self.registrations, self.by_nip = registrations, by_nip


class RegistrationClosed(Refused):
    """The event takes no registrations now."""

    code = "registration_closed"
    status = 409


def lock_event(event: Event) -> Event:
    """Read the event again and lock its row until the transaction ends."""
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)


def refuse_where_over(event: Event) -> None:
    """Let registrations change only before the event ends."""
    if event.is_over_or_cancelled:
        raise RegistrationClosed(_("The event is over; registrations no longer change."))


def take_seats(event: Event, count: int = 1) -> None:
    """Take so many seats at once, or none."""
    taken = Event.objects.filter(
        Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity") - count), pk=event.pk
    ).update(seats_taken=F("seats_taken") + count)
    if not taken:
        raise EventFull(_("%(event)s is full.") % {"event": event.title})


def give_back_seats(event: Event, count: int = 1) -> None:
    """Give back so many seats."""
    Event.objects.filter(pk=event.pk, seats_taken__gte=count).update(
        seats_taken=F("seats_taken") - count
    )


def raise_revision(event: Event) -> None:
    """Raise the event's ``rev``: what a scanner knows of its people is old."""
    Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)


def notify_person(
    registration: Registration,
    *,
    due_at: datetime | None = None,
    act: str = "",
    is_moved_up: bool = False,
) -> None:
    """Write the message to the person, in the language of the installation.

    Args:
        registration: as it stands after the act.
        due_at: not sent before; until then ``take_back_notices`` leaves no trace of it.
        act: key of an act that may happen to a registration more than once.
        is_moved_up: it has got the seat that it waited for.
    """
    person, event = registration.person, registration.event
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = _write_moved_up() if is_moved_up else _write_notice(registration)
        if registration.state == State.NOMINATED and event.trains_assessors:
            body += f"\n{PROOF_OF_TRAINING}\n"
    notices.notify(
        "registration",
        _make_notice_key(registration, act),
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
        due_at=due_at,
    )


def take_back_notices(registrations: Iterable[Registration], *, act: str) -> None:
    """Remove what ``notify_person`` wrote for this act and nobody has been given yet."""
    notices.take_back([_make_notice_key(row, act) for row in registrations])


def _make_notice_key(registration: Registration, act: str) -> str:
    key = f"registration:{registration.uuid}:{registration.state}"
    return f"{key}:{act}" if act else key


def _write_moved_up() -> tuple[str, str]:
    return _("A seat for you: %(event)s"), _(
        "Dear %(name)s,\n\nA seat at %(event)s has become free, and you are registered now. You"
        " need not confirm it. If you cannot come, withdraw here, so that the next person gets the"
        " seat; otherwise show this QR code when you arrive:\n%(address)s\n"
    )


def _write_notice(registration: Registration) -> tuple[str, str]:
    match registration.state:
        case State.NOMINATED:
            return _("Invitation: %(event)s"), _(
                "Dear %(name)s,\n\nA seat is kept for you at %(event)s. Confirm it here:\n"
                "%(address)s\n"
            )
        case State.WAITLISTED:
            return _("Waiting list: %(event)s"), _(
                "Dear %(name)s,\n\nYou are on the waiting list of %(event)s. You will be told when"
                " there is a seat for you.\n"
            )
        case State.DECLINED | State.REVOKED:
            return _("Change of your registration: %(event)s"), _(
                "Dear %(name)s,\n\nYour registration for %(event)s is no longer in force. The"
                " organisers of the event can tell you more.\n"
            )
        case State.REPLACED:
            return _("Somebody takes your place: %(event)s"), _(
                "Dear %(name)s,\n\nSomebody else takes your place at %(event)s. You need not"
                " come.\n"
            )
        case _state:
            return _("Registered: %(event)s"), _(
                "Dear %(name)s,\n\nYou are registered for %(event)s. Show this QR code when you"
                " arrive:\n%(address)s\n"
            )


def register(
    event: Event, person: Person, *, actor: Account, needs: str = "", waits: bool = False
) -> Registration:
    """Give the person a seat: their own click confirms, anybody else's act proposes.

    Registering twice returns the first registration; whoever was proposed or invited confirms by
    it, until the event begins. Where seats are short, and nobody passes those who wait,
    ``waits`` puts the person on the waiting list.
    """
    require(actor, "register", event)
    require(actor, "register", person)
    is_own = person.pk in rows_of(actor.person)
    with transaction.atomic():
        locked = lock_event(event)
        known = _find_active(locked, person)
        if known is not None:
            if is_own and known.state == State.NOMINATED:
                _confirm(locked, known, actor=actor, needs=needs)
            return known
        if locked.state != Event.State.OPEN:
            raise RegistrationClosed(_("Registration for this event is not open."))
        state = State.CONFIRMED if is_own else State.NOMINATED
        try:
            _take_seat_in_turn(locked)
        except EventFull:
            if not (waits and is_own):
                raise
            state = State.WAITLISTED
        registration = _create(
            event,
            person,
            state=state,
            source=Source.SELF if is_own else _choose_source(actor, event, person),
            needs=needs[:300],
            created_by=actor,
        )
        notify_person(registration)
    return registration


def may_confirm(event: Event, now: datetime) -> bool:
    """Whether an invited person may still say that they come."""
    is_closed = event.state == Event.State.CLOSED
    return event.state == Event.State.OPEN or (is_closed and not event.has_begun(now))


def _confirm(event: Event, registration: Registration, *, actor: Account, needs: str) -> None:
    if not may_confirm(event, timezone.now()):
        raise RegistrationClosed(
            _("The event has begun. Come to the door: that confirms your seat.")
        )
    registration.state = State.CONFIRMED
    if registration.source == Source.ORGANISER:
        registration.source = Source.SELF  # their own word now, no longer the organiser's alone
    registration.needs = needs[:300] or registration.needs
    registration.save(update_fields=["state", "source", "needs", "changed_at"])
    audit.record(
        "registration.confirm",
        actor=actor,
        thing=registration,
        subject=registration.person_id,
    )
    notify_person(registration)


def _take_seat_in_turn(event: Event) -> None:
    """Take a seat, unless somebody waits for one."""
    if event.capacity is not None and event.registrations.waiting().exists():
        raise EventFull(_("%(event)s is full.") % {"event": event.title})
    take_seats(event)


def promote_from_waiting(event: Event) -> list[Registration]:
    """Give free seats to those who wait, who asked first before the others, and tell them (U73).

    In the transaction of the act that freed them, until the event begins; from then on a person
    at the door is seated there. Who is moved up is registered at once and withdraws if they
    cannot come, which moves the next one up.
    """
    with transaction.atomic():
        event = lock_event(event)
        if event.state not in (Event.State.OPEN, Event.State.CLOSED) or event.has_begun(
            timezone.now()
        ):
            return []
        waiting = event.registrations.waiting().select_for_update(of=("self",))
        rows = list(waiting.select_related("person", "event"))
        if event.seats_left is not None:
            rows = rows[: max(event.seats_left, 0)]
        if not rows:
            return []
        take_seats(event, len(rows))
        for row in rows:
            row.state = State.CONFIRMED
            row.save(update_fields=["state", "changed_at"])
            notify_person(row, act=f"moved-up-{row.changed_at.isoformat()}", is_moved_up=True)
        raise_revision(event)
        notes = [audit.AuditNote(thing=row, subject=row.person_id, values={}) for row in rows]
        audit.record_each("registration.move_up", notes)
    return rows


def place_in_queue(registration: Registration) -> tuple[int, int]:
    """Return the place of somebody who waits, from 1, and how many wait."""
    waiting = list(registration.event.registrations.waiting().values_list("pk", flat=True))
    return waiting.index(registration.pk) + 1, len(waiting)


def invite(event: Event, person: Person, *, actor: Account | None) -> Registration:
    """Keep a seat for the person and tell them; they confirm by registering.

    ``actor`` None is the system itself, such as an accepted recommendation. A person who is
    registered already keeps that registration and is told nothing again.
    """
    if actor is not None:
        require(actor, "change-event", event)
    if event.state not in (Event.State.DRAFT, Event.State.OPEN, Event.State.CLOSED):
        raise RegistrationClosed(_("Registration for this event is not open."))
    with transaction.atomic():
        known = _find_active(lock_event(event), person)
        if known is not None:
            return known
        take_seats(event)
        registration = _create(
            event, person, state=State.NOMINATED, source=Source.ORGANISER, created_by=actor
        )
        notify_person(registration)
    return registration


def _choose_source(actor: Account, event: Event, person: Person) -> str:
    """Say whose word it is: the unit's only from its own official or operator.

    Whoever runs an event may register people of the whole regency, for the events of others too.
    """
    grants = grants_of(actor.person)
    if any(grant.event_id == event.pk for grant in grants):
        return Source.ORGANISER
    spoken_for = [
        grant.unit.path for grant in grants if grant.unit is not None and grant.role in UNIT_ROLES
    ]
    posts = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(person))
    paths = posts.values_list("unit__path", flat=True)
    is_theirs = any(path.startswith(above) for path in paths for above in spoken_for)
    return Source.UNIT if is_theirs else Source.ORGANISER


def _find_active(event: Event, person: Person) -> Registration | None:
    rows = event.registrations.active().filter(person__in=rows_of(person))
    return rows.select_related("person").first()


def _create(event: Event, person: Person, **fields: object) -> Registration:
    person = person.resolved
    memberships = Membership.objects.on(timezone.localdate()).filter(person=person)
    membership = memberships.select_related("unit").first()
    uuid = uuid4()
    fields.setdefault("unit", membership.unit if membership else None)
    unit = fields["unit"]
    registration = Registration.objects.create(
        uuid=uuid,
        event=event,
        person=person,
        unit_name=unit.name if isinstance(unit, Unit) else "",
        position=membership.position if membership else "",
        short_code=badges.short_code_of(event, uuid),
        **fields,
    )
    badges.issue(registration)
    raise_revision(event)
    audit.record(
        "registration.create",
        actor=registration.created_by,
        thing=registration,
        subject=person,
        values={
            "event": event.code,
            "state": str(registration.state),
            "source": str(registration.source),
        },
    )
    return registration


def withdraw(registration: Registration, *, actor: Account, reason: str = "") -> Registration:
    """Give the seat back; repeating it changes nothing. Scans and presences stay."""
    require(actor, "cancel-registration", registration)
    with transaction.atomic():
        event = lock_event(registration.event)
        locked = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if locked.is_active:
            refuse_where_over(event)
            _cancel(event, locked, "registration.withdraw", actor=actor, reason=reason)
    return locked


def _cancel(
    event: Event, registration: Registration, verb: str, *, actor: Account, reason: str
) -> None:
    held = registration.holds_seat
    if held:
        give_back_seats(event)
    registration.state, registration.reason = State.CANCELLED, reason[:300]
    registration.save(update_fields=["state", "reason", "changed_at"])
    raise_revision(event)
    audit.record(
        verb, actor=actor, thing=registration, subject=registration.person_id, reason=reason
    )
    if held:
        promote_from_waiting(event)


def withdraw_own(registration: Registration, *, actor: Account, now: datetime) -> Registration:
    """Give one's own seat back, as long as nobody has come to the event by it."""
    event = registration.event
    if event.is_past(now):
        raise RegistrationClosed(_("The event is over; registrations no longer change."))
    if registration.presences.filter(state__in=Presence.THERE).exists():
        raise RegistrationClosed(
            _("Your attendance is recorded, so that your registration stays as it is.")
        )
    return withdraw(registration, actor=actor)


def replace(
    registration: Registration, person: Person, *, actor: Account, reason: str
) -> Registration:
    """Let another person come instead; the seat stays taken, presences stay with their person.

    The code of who is replaced is refused from then on, and they leave every count of expected
    people. Naming the same substitute again changes nothing.
    """
    require(actor, "change-event", registration.event)
    require(actor, "register", person)
    if not reason.strip():
        raise Refused(_("Write why the person is replaced."), code="reason_missing")
    with transaction.atomic():
        event = lock_event(registration.event)
        refuse_where_over(event)
        rows = Registration.objects.select_for_update(of=("self",)).select_related("event")
        locked = rows.get(pk=registration.pk)
        known = _find_active(event, person)
        if known is not None and known.replaces_id == locked.pk:
            return known
        if known is not None:
            raise Refused(
                _("%(name)s is already registered for this event.") % {"name": person.name},
                code="already_registered",
                status=409,
            )
        if locked.state not in (State.NOMINATED, State.CONFIRMED):
            text = _("This registration holds no seat to pass on.")
            raise Refused(text, code="not_replaceable", status=409)
        before, locked.state, locked.reason = locked.state, State.REPLACED, reason[:300]
        locked.save(update_fields=["state", "reason", "changed_at"])
        audit.record(
            "registration.replace",
            actor=actor,
            thing=locked,
            subject=locked.person_id,
            reason=locked.reason,
            values={"before": str(before)},
        )
        substitute = _create(
            event,
            person,
            state=before,
            source=Source.ORGANISER,
            is_over_quota=locked.is_over_quota,
            replaces=locked,
            created_by=actor,
        )
        notify_person(locked)
        notify_person(substitute)
    return substitute


def add_walk_in(
    event: Event, *, name: str, unit: Unit, nip: str = "", is_other: bool = False, actor: Account
) -> Registration:
    """Register somebody who came unlisted; over quota is allowed and flagged.

    A NIP that is known leads to the registration that person may have already, else to the person
    where the actor may register them and typed their name too: a number alone names nobody, and
    they come from their own unit whatever was typed. Where the list has the NIP under another
    name, or such a name, nobody is added: a person has to look, who may say of a name that it is
    another person's (``is_other``). Else a person without account is made, for an administrator to
    merge later; a NIP that is somebody's already stays with that row alone.
    """
    require(actor, "add-walk-in", event)
    name, nip = " ".join(name.split())[:160], clean_nip(nip)[:24]
    if not name:
        raise Refused(_("Write the name of the person."), code="name_missing")
    with transaction.atomic():
        event = lock_event(event)
        holder = Person.objects.unmerged().filter(nip=nip).first() if nip else None
        known = _find_active(event, holder) if holder else None
        if known is not None:
            if not names_share_a_word(known.person.name, name):
                raise ListedAlready([known], by_nip=True)
            return known
        person = holder if holder and _may_be_named(event, holder, name, actor=actor) else None
        if not is_other and (alike := _find_alike(event, name, besides=person)):
            raise ListedAlready(alike)
        if person is not None:
            unit = _find_unit(person) or unit
        else:
            person = Person.objects.create(name=name, nip="" if holder else nip)
        row = _add_at_the_desk(event, person, unit, actor=actor)
        if holder is not None and holder != person:
            audit.record("registration.nip_taken", actor=actor, thing=row, subject=holder)
        return row


def _may_be_named(event: Event, holder: Person, name: str, *, actor: Account) -> bool:
    """Whether a typed NIP may lead to its holder: within the actor's reach, by the same name."""
    if not names_agree(holder.name, name):
        return False
    return (
        visible(actor, "register", Person.objects.filter(pk=holder.pk)).exists()
        or event.registrations.filter(person=holder).exists()
        or can(actor, "change-person", holder)
    )


def _find_unit(person: Person) -> Unit | None:
    posts = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(person))
    post = posts.select_related("unit").first()
    return post.unit if post else None


def add_again(registration: Registration, *, actor: Account) -> Registration:
    """Return the seat of a person on the list who has come; who had lost it is added anew."""
    require(actor, "add-walk-in", registration.event)
    with transaction.atomic():
        event = lock_event(registration.event)
        known = _find_active(event, registration.person)
        return known or _add_at_the_desk(event, registration.person, registration.unit, actor=actor)


def _find_alike(event: Event, name: str, *, besides: Person | None) -> list[Registration]:
    """Return the registrations whose name agrees, one a person: the one in force, else the last.

    ``besides``: whom the NIP has named already.
    """
    rows = event.registrations.exclude(person=besides) if besides else event.registrations.all()
    rows = rows.select_related("person", "unit").order_by("pk")
    alike = {row.person_id: row for row in rows if names_agree(row.person.name, name)}
    alike |= {key: row for row in rows if (key := row.person_id) in alike and row.is_active}
    return sorted(alike.values(), key=lambda row: row.official_place)


def _add_at_the_desk(
    event: Event, person: Person, unit: Unit | None, *, actor: Account
) -> Registration:
    try:
        take_seats(event)
    except EventFull:
        is_full = True
    else:
        is_full = False
    return _create(
        event,
        person,
        state=State.WALK_IN,
        source=Source.WALK_IN,
        unit=unit,
        is_over_quota=is_full,
        created_by=actor,
    )


def take_back_walk_in(registration: Registration, *, actor: Account) -> Registration:
    """Cancel what was added at the desk by mistake and give its seat back.

    For ``checkin.undo``, which knows that the very same act made it. Nothing is deleted: the
    registration stays with its reason, the person stays for an administrator. Repeating it
    changes nothing.
    """
    require(actor, "add-walk-in", registration.event)
    with transaction.atomic():
        event = lock_event(registration.event)
        locked = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if locked.state == State.WALK_IN:
            reason = _("Added at the desk and undone at once")
            _cancel(event, locked, "registration.undo", actor=actor, reason=reason)
    return locked
