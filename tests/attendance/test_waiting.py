"""The waiting list: joining it, moving up by itself, and its order (U73)."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from attendance import decisions, events, registration
from attendance.handlers import give_free_seats
from attendance.models import Registration
from attendance.registration import EventFull, RegistrationClosed
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from tests.attendance import made

SEATS = 1
WEEK = timedelta(days=7)


@pytest.fixture
def ahead(event):
    """It takes place in a week."""
    return made.moved(event, to=timezone.now() + WEEK)


@pytest.fixture
def seat(cast, ahead):
    return made.joined(ahead, cast.participant)


def waits(event, person):
    return registration.register(event, person, actor=person.account, waits=True)


@pytest.fixture
def queue(cast, ahead, seat):
    return [waits(ahead, person) for person in (cast.colleague, cast.stranger)]


def test_who_comes_too_late_waits_and_who_may_have_a_seat_has_it(cast, ahead):
    assert waits(ahead, cast.participant).state == "confirmed"
    row = waits(ahead, cast.colleague)
    assert (row.state, waits(ahead, cast.colleague).pk) == ("waitlisted", row.pk)
    assert registration.place_in_queue(row) == (1, 1)
    assert made.fresh(ahead).seats_taken == 1


def test_u73_a_seat_that_is_given_back_goes_to_who_waits_longest(cast, ahead, seat, queue):
    registration.withdraw(seat, actor=cast.participant.account)

    assert made.states(queue) == ["confirmed", "waitlisted"]
    assert made.seats_are_right()
    told = Notice.objects.filter(person=cast.colleague.pk).order_by("pk")
    assert [notice.kind for notice in told] == ["registration"] * 2
    assert f"/kegiatan/{ahead.code}/saya" in told[1].body


def test_nobody_passes_those_who_wait(cast, ahead, seat, queue):
    by = cast.organiser.account
    made.decided(ahead, "revoke", [seat], by=by)
    assert made.fresh(ahead).seats_left == 1
    with pytest.raises(EventFull) as refused:
        made.joined(ahead, cast.participant)
    assert refused.value.code == "pool_full"


def test_a_decision_moves_up_once_it_cannot_be_undone(cast, ahead, seat, queue):
    by = cast.organiser.account
    first = made.decided(ahead, "revoke", [seat], by=by)
    job = Job.objects.get(name="attendance.promote", key=str(first.uuid))
    assert job.due_at > timezone.now() + timedelta(seconds=decisions.UNDO_SECONDS - 5)
    decisions.undo(first, actor=by)
    give_free_seats(job)()
    assert made.states([seat, *queue]) == ["confirmed", "waitlisted", "waitlisted"]

    second = made.decided(ahead, "revoke", [seat], by=by)
    give_free_seats(Job.objects.get(name="attendance.promote", key=str(second.uuid)))()
    assert made.states(queue) == ["confirmed", "waitlisted"]


def test_more_seats_move_up_as_many(cast, ahead, queue):
    events.change_event(ahead, {"capacity": 3}, actor=cast.organiser.account)
    assert made.states(queue) == ["confirmed", "confirmed"]
    assert made.fresh(ahead).seats_taken == 3


def test_no_limit_moves_everybody_up(cast, ahead, queue):
    events.change_event(ahead, {"capacity": None}, actor=cast.organiser.account)
    assert made.states(queue) == ["confirmed", "confirmed"]


@pytest.mark.parametrize("state", ["closed", "running"])
def test_a_closed_list_moves_up_still_and_a_begun_event_no_more(cast, ahead, seat, queue, state):
    steps = ["closed", "running"][: 1 + (state == "running")]
    made.led(ahead, *steps, by=cast.organiser)
    registration.withdraw(seat, actor=cast.participant.account)
    assert made.states(queue)[0] == ("confirmed" if state == "closed" else "waitlisted")


def test_once_the_first_session_has_begun_seats_stay_free(cast, ahead, seat, queue):
    begun = WEEK + timedelta(minutes=5)
    ahead.sessions.update(starts_at=F("starts_at") - begun, ends_at=F("ends_at") - begun)
    registration.withdraw(seat, actor=cast.participant.account)
    assert made.states(queue) == ["waitlisted", "waitlisted"]


class TestConfirming:
    """An invited person may confirm until the event begins."""

    @pytest.fixture
    def invited(self, cast, ahead):
        return registration.invite(ahead, cast.participant, actor=None)

    def test_after_registration_has_closed(self, cast, signed_in, ahead, invited):
        made.led(ahead, "closed", by=cast.organiser)
        browser, place = signed_in(cast.participant.account), f"/kegiatan/{ahead.code}/"
        for page in ("", "saya"):
            assert f'href="{place}daftar"' in browser.get(f"{place}{page}").content.decode()
        browser.post(f"{place}daftar", {"needs": ""})
        assert made.states([invited]) == ["confirmed"]

    def test_not_once_it_has_begun(self, cast, signed_in, ahead, invited):
        made.led(ahead, "closed", "running", by=cast.organiser)
        with pytest.raises(RegistrationClosed):
            made.joined(made.fresh(ahead), cast.participant)
        browser, place = signed_in(cast.participant.account), f"/kegiatan/{ahead.code}/"
        for page in ("", "saya"):
            assert f'href="{place}daftar"' not in browser.get(f"{place}{page}").content.decode()
        assert made.states([invited]) == ["nominated"]


class TestPages:
    """What somebody meets who comes too late."""

    def test_the_page_offers_the_list_and_then_shows_the_place(self, cast, signed_in, ahead, seat):
        browser, place = signed_in(cast.colleague.account), f"/kegiatan/{ahead.code}/"
        assert browser.get(place).context["is_full"]
        page = browser.get(f"{place}daftar").content.decode()
        assert 'name="tunggu"' in page
        browser.post(f"{place}daftar", {"needs": "", "tunggu": "1"})

        own = browser.get(f"{place}saya")
        assert own.context["place"] == (1, 1)
        assert "saya.png" not in own.content.decode()
        browser.post(f"{place}saya")
        assert Registration.objects.get(person=cast.colleague).state == "cancelled"

    def test_a_seat_lost_meanwhile_leads_to_the_list(self, cast, signed_in, ahead, seat):
        browser, place = signed_in(cast.colleague.account), f"/kegiatan/{ahead.code}/daftar"
        answer = browser.post(place, {"needs": ""})
        assert answer.status_code == 409
        assert 'name="tunggu"' in answer.content.decode()
