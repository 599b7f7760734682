"""Events for tests, made through the services."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

from django.utils import timezone

from attendance import badges, checkin, events, registration
from attendance.models import Event, Registration
from clinic.people import granting
from clinic.people.granting import Scope
from clinic.people.models import Grant, Membership, Person

DAY = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
MORNING = (DAY + timedelta(hours=1), DAY + timedelta(hours=4))
AFTERNOON = (DAY + timedelta(hours=5), DAY + timedelta(hours=8))


def event_of(organiser, *, code="klinik-uji", capacity=None, is_open=True, **fields):
    """An event with two sessions of one day, organised and opened by the person."""
    unit = organiser.memberships.get().unit
    draft = events.EventDraft(
        code=code, title="Klinik Uji", unit=unit, capacity=capacity, place="Aula Uji", **fields
    )
    if not organiser.grants.filter(role=Grant.Role.ORGANISER).exists():
        granting.grant(organiser, Grant.Role.ORGANISER, actor=None, scope=Scope())
    event = events.draft_event(draft, actor=organiser.account)
    for title, (starts_at, ends_at) in {"Pagi": MORNING, "Siang": AFTERNOON}.items():
        events.add_session(
            event,
            events.SessionDraft(title=title, starts_at=starts_at, ends_at=ends_at),
            actor=organiser.account,
        )
    if is_open:
        event = events.open_registration(event, actor=organiser.account)
    return event


def joined(event, person):
    """The person registers on their own."""
    return registration.register(event, person, actor=person.account)


def people(unit, count, *, name="Peserta"):
    """Persons without account who work in the unit."""
    rows = Person.objects.bulk_create(Person(name=f"{name} {n:03}") for n in range(1, count + 1))
    Membership.objects.bulk_create(
        Membership(person=row, unit=unit, start=DAY.date() - timedelta(days=900)) for row in rows
    )
    return rows


def badge(row, *, uid=None, direction="in", **fields):
    """One item: the registration's badge was scanned."""
    token = badges.token_of(row) if isinstance(row, Registration) else row
    return {
        "uid": str(uid or uuid4()),
        "kind": "badge",
        "group": "d1",
        "direction": direction,
        "token": token,
        **fields,
    }


def picked(row, **fields):
    """One item: the registration was picked by name."""
    return {
        "uid": str(uuid4()),
        "kind": "manual",
        "group": "d1",
        "direction": "in",
        "registration": str(row.uuid),
        **fields,
    }


def scanned(event, *items, by=None, now=MORNING[0]):
    """The answers of a batch."""
    return checkin.record_scans(event, list(items), by=by, now=now)


def at_the_door(cast, **fields):
    """An event with one registered participant, and the organiser's account."""
    event = event_of(cast.organiser, **fields)
    row = joined(event, cast.participant)
    return SimpleNamespace(event=event, row=row, steward=cast.organiser.account)


def around_now(event):
    """Move the sessions to where the first began just now: what is done at the desk counts."""
    now = timezone.now()
    for session in event.sessions.all():
        moved = now + (session.starts_at - MORNING[0]) - timedelta(minutes=5)
        length = session.ends_at - session.starts_at
        session.starts_at, session.ends_at = moved, moved + length
        session.save()
    return event


def fresh(event):
    return Event.objects.get(pk=event.pk)


def seat_of(official):
    """The official's own seat in an event of their regency, which they organise."""
    event = event_of(official, code=f"klinik-{official.pk}")
    return joined(event, official)
