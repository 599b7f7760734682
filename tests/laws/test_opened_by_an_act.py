"""No act of an organiser opens a finding to that organiser (S17): the attacks, one by one.

Each begins where the organiser reads nothing of the district, of whom one person has answered.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from attendance import checkin, registration
from attendance.models import Registration
from clinic.people import granting
from clinic.people.granting import Scope
from clinic.people.models import Grant
from tests.attendance import made as events_made
from tests.clinic.insights import made
from tests.clinic.insights.made import address, answered_by, seen_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_factor")]


@pytest.fixture
def world(cast, regencies):
    world = made.weak_district(cast, regencies[0])
    answered_by(world, cast, 1)
    return world


@pytest.fixture
def event(cast):
    """Under way, so that whoever is recorded counts as present."""
    planned = events_made.event_of(cast.organiser, code="gladi")
    return events_made.moved(planned, to=timezone.now() - timedelta(hours=1))


def scan(event, row, by):
    return checkin.record_scans(event, [events_made.picked(row)], by=by)


def invite(event, person, by):
    return registration.invite(event, person, actor=by)


def walk_in(event, cast, browser):
    """As at the door: a guest of the unit, recorded at once."""
    unit = cast.participant.memberships.get().unit
    sent = {"name": "Tamu Uji contoh", "unit": unit.slug, "uid": str(uuid4()), "kelompok": "d1"}
    browser.post(f"/panitia/{event.code}/absen/tamu", sent)
    assert event.registrations.get().unit == unit


def invite_alone(event, cast, browser):
    browser.post(f"/panitia/{event.code}/undang", {"orang": [str(cast.participant.uuid)]})
    invite(event, cast.participant, cast.organiser.account)


def invite_and_approve(event, cast, browser):
    seat = invite(event, cast.participant, cast.organiser.account)
    events_made.decided(event, "approve", [seat], by=cast.organiser.account)


def invite_and_scan(event, cast, browser):
    seat = invite(event, cast.participant, cast.organiser.account)
    scan(event, seat, cast.organiser.account)
    seat.refresh_from_db()
    assert seat.state == "confirmed"


def invite_and_scan_the_badge(event, cast, browser):
    seat = invite(event, cast.participant, cast.organiser.account)
    checkin.record_scans(event, [events_made.badge(seat)], by=cast.organiser.account)


def walk_in_by_nip(event, cast, browser):
    person = cast.participant
    checkin.record_walk_in(
        event,
        events_made.picked(Registration(uuid=uuid4())),
        name=person.name,
        nip=person.nip,
        unit=person.memberships.get().unit,
        by=cast.organiser.account,
    )


def revoke_and_restore(event, cast, browser):
    seat = invite(event, cast.participant, cast.organiser.account)
    for act in ("revoke", "restore"):
        events_made.decided(event, act, [seat], by=cast.organiser.account)


def replace_somebody_who_came_by_themselves(event, cast, browser):
    seat = events_made.joined(event, cast.stranger)
    registration.replace(
        seat, cast.participant, actor=cast.organiser.account, reason="Berhalangan hadir"
    )


def propose_by_a_fellow_organiser(event, cast, browser):
    """Who runs another event may register people of the regency; that is no word of the unit."""
    fellow = cast.stranger
    events_made.event_of(fellow, code="lain")
    seat = registration.register(event, cast.participant, actor=fellow.account)
    events_made.decided(event, "approve", [seat], by=cast.organiser.account)


ATTACKS = [
    walk_in,
    invite_alone,
    invite_and_approve,
    invite_and_scan,
    invite_and_scan_the_badge,
    walk_in_by_nip,
    revoke_and_restore,
    replace_somebody_who_came_by_themselves,
    propose_by_a_fellow_organiser,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_s17_what_an_organiser_enters_opens_nothing(world, cast, event, signed_in, attack):
    browser = signed_in(cast.organiser.account)
    attack(event, cast, browser)

    assert seen_by(world, cast.organiser) is None
    assert browser.get(address(world[2].district)).status_code == 404
    profile = browser.get(f"/pemetaan/{world[2].district.slug}/")
    assert "Perlu pembelajaran" not in profile.content.decode()


def test_s17_an_organisers_own_seat_opens_no_unit(world, cast):
    """Whoever runs an event and works in a unit would else read it from one person on."""
    own = cast.colleague
    assert own.memberships.get().unit == world[2].district
    event = events_made.event_of(own, code="sendiri")
    events_made.joined(event, own)
    assert seen_by(world, own) is None
    granting.grant(cast.participant, Grant.Role.ORGANISER, actor=None, scope=Scope(event=event))
    events_made.joined(event, cast.participant)
    assert seen_by(world, own) is None


def test_s17_a_word_of_the_person_or_the_unit_opens(world, cast, event):
    seat = invite(event, cast.participant, cast.organiser.account)
    assert seen_by(world, cast.organiser) is None
    events_made.joined(event, cast.participant)
    seat.refresh_from_db()
    assert (seat.state, seat.source) == ("confirmed", "self")
    assert seen_by(world, cast.organiser).answering == 1


def test_s17_the_proposal_of_the_unit_opens_once_it_is_approved(world, cast, event):
    seat = registration.register(event, cast.participant, actor=cast.other_unit_official.account)
    assert seat.source == "unit"
    assert seen_by(world, cast.organiser) is None
    events_made.decided(event, "approve", [seat], by=cast.organiser.account)
    assert seen_by(world, cast.organiser).answering == 1
