"""Events for tests, made through the services."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

from attendance import badges, checkin, decisions, events, invariants, registration
from attendance.models import Event, Registration, Session
from clinic.people import granting
from clinic.people.access import remembering_grants
from clinic.people.granting import Scope
from clinic.people.models import Grant, Membership, Person
from clinic.records.jobs import Job
from quizzes.models import Assignment, Quiz
from tests.replaying import Recording

DAY = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
MORNING = (DAY + timedelta(hours=1), DAY + timedelta(hours=4))
AFTERNOON = (DAY + timedelta(hours=5), DAY + timedelta(hours=8))
WHY = "Keputusan kepala bagian"


def event_of(organiser, *, code="klinik-uji", capacity=None, is_open=True):
    """An event with two sessions of one day, organised and opened by the person."""
    given = (code, capacity, is_open)
    return EVENT.play(organiser, *given, ground=(*_who(organiser), *given))


def _event_of(organiser, code, capacity, is_open):
    unit = organiser.memberships.get().unit
    draft = Event(code=code, title="Klinik Uji", unit=unit, capacity=capacity, place="Aula Uji")
    if not organiser.grants.filter(role=Grant.Role.ORGANISER).exists():
        granting.grant(organiser, Grant.Role.ORGANISER, actor=None, scope=Scope())
    with remembering_grants():  # as in a request
        event = events.draft_event(draft, actor=organiser.account)
        for title, (starts_at, ends_at) in {"Pagi": MORNING, "Siang": AFTERNOON}.items():
            events.add_session(
                event,
                Session(title=title, scan_group="d1", starts_at=starts_at, ends_at=ends_at),
                actor=organiser.account,
            )
        if is_open:
            event = events.step(event, "open", actor=organiser.account)
    return event


EVENT = Recording(_event_of)


def _who(person):
    """What a recording with the person in it stands on: this very row, in this unit."""
    return person.uuid, person.memberships.get().unit_id


def led(event, *states, by):
    """The event after these steps, as its organiser takes them."""
    for state in states:
        event = events.step(event, state, actor=by.account, reason=WHY)
    return event


def moved(event, *, to):
    """The event, with its sessions laid so that the first begins at the moment."""
    by = to - MORNING[0]
    for session in event.sessions.all():
        session.starts_at, session.ends_at = session.starts_at + by, session.ends_at + by
        session.save()
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


def guests(event, unit, count, *, by, name="Peserta"):
    """So many people of the unit, invited to the event by the account or by the system."""
    ground = (event.uuid, unit.uuid, count, by and by.pk, name)
    return GUESTS.play(event, unit, count, by, name, ground=ground)


def _guests(event, unit, count, by, name):
    with remembering_grants():  # as in a request
        return [registration.invite(event, one, actor=by) for one in people(unit, count, name=name)]


GUESTS = Recording(_guests)


def decided(event, act, rows, *, by, reason=WHY, key=None):
    """One act on many registrations, as the organisers' list sends it."""
    return decisions.decide(
        event, act, [row.uuid for row in rows], reason=reason, key=key or uuid4(), actor=by
    )


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
    ground = (*_who(cast.organiser), *_who(cast.participant), *fields.items())
    event, row = SEAT.play(cast.organiser, cast.participant, fields, ground=ground)
    return SimpleNamespace(event=event, row=row, steward=cast.organiser.account)


def _seat(organiser, person, fields):
    event = event_of(organiser, **fields)
    return event, joined(event, person)


SEAT = Recording(_seat)


def markup(response):
    """The page with its white space taken together, and none beside a tag."""
    page = re.sub(r"\s+", " ", response.content.decode())
    return re.sub(r" ?(<|>) ?", r"\1", page)


def fresh(event):
    return Event.objects.get(pk=event.pk)


def takers(event):
    """Whom a quiz that is given to the event's participants reaches, of all people."""
    quiz, _made = Quiz.objects.get_or_create(slug=f"kuis-{event.code}")
    given, _made = Assignment.objects.get_or_create(quiz=quiz, event=event)
    return {one for one in Person.objects.all() if given in Assignment.objects.of_person(one, DAY)}


def refreshed_units():
    """The units whose findings wait for their refresh, one for each job."""
    rows = Job.objects.filter(name="insights.refresh_unit", state=Job.State.QUEUED)
    return sorted(map(int, rows.values_list("key", flat=True)))


def states(rows):
    """The states of the registrations as they are kept, in the order of the rows."""
    kept = dict(Registration.objects.values_list("pk", "state"))
    return [kept[row.pk] for row in rows]


def seats_are_right():
    """Say whether every event counts as many seats as are held (I10)."""
    return list(dict(invariants.INVARIANTS)["I10"]()) == []


def seat_of(official):
    """The official's own seat in an event of their regency, which they organise."""
    code = f"klinik-{official.pk}"
    return SEAT.play(official, official, {"code": code}, ground=(*_who(official), code))[1]
