"""Acts at one moment, each through its own connection (R2, R3)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from attendance import decisions, events, presence, registration
from attendance.models import Presence, Registration, Scan, Session
from attendance.registration import EventFull
from clinic.lib.errors import Refused
from tests.attendance import made

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts, hands=16):
    """Run the acts at once, a few hands at a time; a refusal is an answer."""
    gate = threading.Barrier(min(len(acts), hands))

    def run(place, act):
        try:
            if place < gate.parties:
                gate.wait(20)
            return act()
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(run, range(len(acts)), acts))


def test_twenty_seats_for_sixty_four_people_are_twenty_registrations(cast, regencies):
    event = made.event_of(cast.organiser, capacity=20)
    persons = made.people(regencies[0].clinic, 64)

    got = together(
        *[lambda one=one: registration.invite(event, one, actor=None) for one in persons]
    )

    assert got.count(EventFull.code) == 44
    assert Registration.objects.count() == made.fresh(event).seats_taken == 20


def test_bulk_approvals_and_invitations_share_the_last_seats(cast, regencies):
    event = made.event_of(cast.organiser, capacity=12)
    by = cast.organiser.account
    persons = made.people(regencies[0].clinic, 20)
    waiting = [registration.invite(event, one, actor=None) for one in persons[:12]]
    made.decided(event, "wait", waiting, by=by)

    together(
        *[lambda n=n: made.decided(event, "approve", waiting[n::3], by=by) for n in range(3)],
        *[lambda: made.decided(event, "approve", waiting, by=by)] * 2,
        *[lambda one=one: registration.invite(event, one, actor=None) for one in persons[12:]],
        hands=13,
    )

    assert made.fresh(event).seats_taken == 12
    assert Registration.objects.held().count() == 12
    assert made.seats_are_right()


def test_one_page_sent_sixteen_times_at_once_decides_once(cast, regencies):
    event, by, key = made.event_of(cast.organiser), cast.organiser.account, uuid4()
    persons = made.people(regencies[0].clinic, 3)
    rows = [registration.invite(event, one, actor=None) for one in persons]

    got = together(*[lambda: made.decided(event, "revoke", rows, by=by, key=key)] * 16)

    assert len({one.pk for one in got}) == 1
    assert made.fresh(event).seats_taken == 0
    assert [row.outcome for row in got[0].rows.all()] == ["done"] * 3


def test_undo_and_new_invitations_at_once_never_seat_one_too_many(cast, regencies):
    event, by = made.event_of(cast.organiser, capacity=1), cast.organiser.account
    persons = made.people(regencies[0].clinic, 6)
    row = registration.invite(event, persons[0], actor=None)
    decision = made.decided(event, "decline", [row], by=by)

    together(
        lambda: decisions.undo(decision, actor=by),
        *[lambda one=one: registration.invite(event, one, actor=None) for one in persons[1:]],
    )

    assert made.fresh(event).seats_taken == Registration.objects.held().count() == 1


def test_one_person_registering_twenty_times_at_once_keeps_one_seat(cast):
    event = made.event_of(cast.organiser)
    account = cast.participant.account

    got = together(*[lambda: registration.register(event, cast.participant, actor=account)] * 20)

    assert len({row.pk for row in got}) == 1
    assert made.fresh(event).seats_taken == 1


def test_one_uid_sent_sixteen_times_at_once_is_one_scan(cast):
    door = made.at_the_door(cast)
    item = made.badge(door.row)

    got = together(*[lambda: made.scanned(door.event, item)[0]] * 16)

    assert {one.verdict for one in got} == {"accepted"}
    assert [one.replayed for one in got].count(False) == 1
    assert Scan.objects.count() == 1


def test_one_uid_for_two_people_at_once_is_one_scan_and_one_reuse(cast):
    door = made.at_the_door(cast)
    other = made.joined(door.event, cast.colleague)
    first = made.badge(door.row)
    second = made.badge(other, uid=first["uid"])

    got = together(
        lambda: made.scanned(door.event, first)[0], lambda: made.scanned(door.event, second)[0]
    )

    assert sorted(one.verdict for one in got) == ["accepted", "id_reuse"]
    assert list(presence.differences()) == []


def test_four_doors_at_once_leave_presences_as_their_rows_say(cast, regencies):
    event = made.event_of(cast.organiser)
    rows = [
        registration.invite(event, one, actor=None) for one in made.people(regencies[0].clinic, 8)
    ]
    batches = []
    for door in range(4):
        order = rows if door % 2 else rows[::-1]
        batches += [[made.badge(row) for row in order] for _again in range(3)]

    together(*[lambda batch=batch: made.scanned(event, *batch) for batch in batches], hands=4)

    assert Scan.objects.count() == 96
    assert list(presence.differences()) == []
    assert {one.built_count for one in Presence.objects.all()} == {12}


def test_one_session_added_four_times_at_once_is_one_session(cast):
    event = made.event_of(cast.organiser, is_open=False)
    start = made.DAY + timedelta(hours=10)

    def add():
        ends_at = start + timedelta(hours=1)
        session = Session(title="Sore", starts_at=start, ends_at=ends_at, scan_group="d1")
        return events.add_session(event, session, actor=cast.organiser.account)

    got = together(*[add] * 4)

    assert got.count("sessions_overlap") == 3
    assert event.sessions.filter(title="Sore").count() == 1


def test_seats_are_never_fewer_than_the_people_who_take_them_meanwhile(cast, regencies):
    event = made.event_of(cast.organiser, capacity=20)
    persons = made.people(regencies[0].clinic, 12)
    invite = [lambda one=one: registration.invite(event, one, actor=None) for one in persons]
    fewer = lambda: events.change_event(event, {"capacity": 5}, actor=None)  # noqa: E731

    together(*invite[:6], fewer, *invite[6:])

    fresh = made.fresh(event)
    assert Registration.objects.count() == fresh.seats_taken <= fresh.capacity


def test_seats_given_back_at_once_go_to_who_waits_longest(cast, regencies):
    event = made.event_of(cast.organiser, capacity=6)
    made.moved(event, to=timezone.now() + timedelta(days=7))
    persons = made.people(regencies[0].clinic, 14)
    rows = [registration.invite(event, one, actor=None) for one in persons[:6]]
    waiting = []
    for one in persons[6:]:
        events.change_event(event, {"capacity": None}, actor=None)
        waiting.append(registration.invite(event, one, actor=None))
    by = cast.organiser.account
    made.decided(event, "wait", waiting, by=by)
    events.change_event(event, {"capacity": 6}, actor=None)
    gone = rows[:4]

    together(
        *[lambda row=row: registration.withdraw(row, actor=by) for row in gone],
        *[lambda row=row: registration.withdraw(row, actor=by) for row in gone],
    )

    assert made.states(waiting) == ["confirmed"] * 4 + ["waitlisted"] * 4
    assert made.fresh(event).seats_taken == 6
    assert made.seats_are_right()
