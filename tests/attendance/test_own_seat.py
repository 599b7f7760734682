"""What a person meets of their own seat: before the event, while it runs, and once it is over."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import registration
from attendance.models import Registration
from tests.attendance import made

SEATS = 9


@pytest.fixture
def browser(cast, signed_in):
    """The participant's."""
    return signed_in(cast.participant.account)


@pytest.fixture
def ended(cast, event):
    """Over for half a year; one person was there."""
    row = made.joined(event, cast.participant)
    made.scanned(event, made.badge(row))
    made.led(event, "closed", "running", "ended", by=cast.organiser)
    return event


def shown(browser, event, page=""):
    return (
        browser.get(f"/kegiatan/{event.code}/{page}")
        .content.decode()
        .split("<main")[1]
        .split("</main")[0]
    )


def said(text):
    with translation.override("id"):
        return _(text)


@pytest.mark.parametrize("is_said", [True, False])
def test_an_event_that_is_over_offers_nothing_to_who_was_there(cast, browser, event, is_said):
    row = made.joined(event, cast.participant)
    made.scanned(event, made.badge(row))
    if is_said:
        made.led(event, "closed", "running", "ended", by=cast.organiser)

    page, own = shown(browser, event), shown(browser, event, "saya")

    assert "kursi tersisa" not in page
    assert f"/kegiatan/{event.code}/daftar" not in page
    assert said("Show the QR code") not in page
    assert said("You are registered for this event.") in page
    assert (said("This event is over.") in page) is is_said
    assert (said("All sessions of this event are over.") in page) is not is_said
    assert "saya.png" not in own
    assert "<form" not in own


def test_a_seat_is_not_given_back_once_the_event_is_over(cast, browser, ended):
    answer = browser.post(f"/kegiatan/{ended.code}/saya")

    assert answer.status_code == 409
    text = answer.content.decode()
    assert said("The event is over; registrations no longer change.") in text
    assert "KRB-409" not in text
    assert Registration.objects.get().state == "confirmed"


def test_who_is_recorded_no_longer_withdraws(cast, browser, today):
    row = made.joined(today, cast.participant)
    assert said("I cannot come") in shown(browser, today, "saya")
    made.scanned(today, made.badge(row), now=timezone.now())

    assert said("I cannot come") not in shown(browser, today, "saya")
    answer = browser.post(f"/kegiatan/{today.code}/saya")
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.is_active


def test_the_event_page_tells_who_is_registered(cast, browser, client, event):
    made.moved(event, to=timezone.now() + timedelta(days=3))
    made.joined(event, cast.participant)
    own = said("You have registered. You need not confirm anything; come on the day.")

    assert own in shown(browser, event)
    assert own not in shown(client, event)
    assert "8 kursi tersisa" in shown(browser, event)


def test_a_cancelled_event_asks_nobody_to_show_a_code(cast, browser, event):
    made.moved(event, to=timezone.now() + timedelta(days=3))
    registration.invite(event, cast.participant, actor=None)
    made.led(event, "cancelled", by=cast.organiser)

    own = shown(browser, event, "saya")

    assert "saya.png" not in own
    assert "<form" not in own
