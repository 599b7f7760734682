"""The board at a glance: the way of an event, its seats, what is to be done."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance import outlook, planning, registration
from tests.attendance import made

SEATS = 4


def way(event, now=None):
    now = now or timezone.now()
    event = made.fresh(event)
    given = planning.assignments_of(event)
    return [one.state for one in outlook.way_of(event, event.sessions.all(), given, now)]


def steps(event):
    event = made.fresh(event)
    return outlook.next_steps(
        event,
        event.sessions.all(),
        outlook.seats_of(event),
        to_approve=event.registrations.to_approve().count(),
        now=timezone.now(),
    )


@pytest.fixture
def ahead(event):
    return made.moved(event, to=timezone.now() + timedelta(days=7))


def test_the_way_follows_the_event(cast, ahead):
    assert way(ahead) == ["done", "doing", "todo", "todo"]
    made.led(ahead, "closed", by=cast.organiser)
    assert way(ahead) == ["done", "done", "todo", "todo"]
    assert way(ahead, timezone.now() + timedelta(days=7)) == ["done", "done", "doing", "todo"]
    made.led(made.fresh(ahead), "running", by=cast.organiser)
    assert way(ahead) == ["done", "done", "doing", "todo"]
    made.led(made.fresh(ahead), "ended", by=cast.organiser)
    assert way(ahead) == ["done", "done", "done", "doing"]
    made.led(made.fresh(ahead), "finalised", by=cast.organiser)
    assert way(ahead) == ["done", "done", "done", "done"]


def test_a_draft_begins_and_a_cancelled_event_has_no_way(cast, draft, ahead):
    assert way(draft) == ["doing", "todo", "todo", "todo"]
    made.led(ahead, "cancelled", by=cast.organiser)
    assert way(ahead) == []


def test_the_seats_add_up_and_the_steps_say_what_is_open(cast, ahead):
    made.joined(ahead, cast.participant)
    registration.invite(ahead, cast.colleague, actor=None)
    registration.register(ahead, cast.stranger, actor=cast.operator.account)

    seats = outlook.seats_of(made.fresh(ahead))

    assert (seats.registered, seats.unanswered, seats.free, seats.waiting) == (1, 2, 1, 0)
    assert seats.arcs == ("25.0 100", "75.0 100")
    place = f"/panitia/{ahead.code}/"
    assert [step.url for step in steps(ahead)] == [
        f"{place}peserta?status=nominated&semua=1",
        f"{place}peserta?status=invited",
        f"{place}undang",
    ]


def test_nothing_is_asked_for_once_it_has_begun(cast, today):
    registration.invite(today, cast.colleague, actor=None)
    assert steps(today) == []


def test_u104_until_the_day_a_unit_is_what_it_has_answered(cast, ahead, signed_in):
    made.joined(ahead, cast.participant)
    registration.invite(ahead, cast.colleague, actor=None)
    registration.invite(ahead, cast.stranger, actor=None)

    units = outlook.seats_by_unit(made.fresh(ahead))

    assert {(one.asked, one.registered, one.state) for one in units} >= {(1, 0, "todo")}
    assert sum(one.asked for one in units) == 3
    assert sum(one.registered for one in units) == 1
    assert [taken for one in units for _left, taken in one.squares].count(True) == 1
    page = signed_in(cast.organiser.account).get(f"/panitia/{ahead.code}/")
    text = page.content.decode()
    assert "Kursi menurut unit" in text
    assert "Kehadiran menurut unit" not in text


def test_from_the_day_on_a_unit_is_who_is_there(cast, today, signed_in):
    made.joined(today, cast.participant)
    text = signed_in(cast.organiser.account).get(f"/panitia/{today.code}/").content.decode()
    assert "Kehadiran menurut unit" in text
    assert "Kursi menurut unit" not in text


def test_a_large_unit_has_no_more_squares_than_a_line_holds():
    unit = outlook.UnitSeats("Dinas Contoh", asked=40, registered=12)
    assert len(unit.squares) == outlook.MOST_SQUARES
    assert (unit.state, unit.label) == ("doing", "28 belum menjawab")
