"""What an organiser does only after a password or factor of the last ten minutes."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance.models import Correction
from clinic.people import granting
from clinic.records.audit import AuditEntry
from tests.attendance import made
from tests.clinic.people.test_second_factor import code_now
from tests.given import PASSWORD, Role

AGAIN = "/akun/masuk/ulang/"


@pytest.fixture
def seat(cast):
    event = made.event_of(cast.organiser)
    row = made.joined(event, cast.participant)
    made.scanned(event, made.badge(row), by=cast.organiser.account)
    return row


def log_of(row):
    return f"/panitia/{row.event.code}/peserta/{row.uuid}"


def correction(row):
    return {"jenis": "void", "uid": str(row.scans.get().uid), "reason": "Salah tekan di meja depan"}


def added():
    return {"at": "2026-05-25T09:30", "direction": "in", "group": "d1", "reason": "Pindaian hilang"}


def test_a_correction_waits_for_the_password_and_comes_back_filled_in(cast, signed_in, seat):
    browser, log = signed_in(cast.organiser.account), log_of(seat)

    asked = browser.post(log, correction(seat)).headers["Location"]

    assert asked.startswith(AGAIN)
    assert not Correction.objects.exists()
    with translation.override("id"):
        told = _("Nothing has been done yet. After this, press the button of your step once more.")
    assert told in browser.get(asked).content.decode()
    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == log
    assert not Correction.objects.exists()
    assert "Salah tekan di meja depan" in browser.get(log).content.decode()
    assert "Salah tekan di meja depan" not in browser.get(log).content.decode()
    assert browser.post(log, correction(seat)).headers["Location"] == log
    assert Correction.objects.get().reason == "Salah tekan di meja depan"


def test_a_missing_entry_comes_back_filled_in_as_well(cast, signed_in, seat):
    browser, log = signed_in(cast.organiser.account), log_of(seat)

    asked = browser.post(log, added()).headers["Location"]
    browser.post(asked, {"password": PASSWORD})
    page = browser.get(log).content.decode()

    assert 'value="2026-05-25T09:30"' in page
    assert 'value="Pindaian hilang"' in page
    assert not Correction.objects.exists()


def test_a_wrong_password_is_no_confirmation(cast, signed_in, seat):
    browser, log = signed_in(cast.organiser.account), log_of(seat)
    asked = browser.post(log, correction(seat)).headers["Location"]

    browser.post(asked, {"password": "salah-sekali-2026"})

    assert browser.post(log, correction(seat)).headers["Location"].startswith(AGAIN)
    assert not Correction.objects.exists()


def test_after_eleven_minutes_it_is_asked_again(cast, signed_in, seat):
    browser, log, now = signed_in(cast.organiser.account), log_of(seat), timezone.now()
    browser.post(AGAIN, {"password": PASSWORD})
    assert browser.post(log, added()).headers["Location"] == log

    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        assert browser.post(log, added()).headers["Location"] == log
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        assert browser.post(log, added()).headers["Location"].startswith(AGAIN)


def test_a_code_of_the_app_confirms_as_well(cast, signed_in, seat):
    browser, log = signed_in(cast.organiser.account), log_of(seat)
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.organiser.account, secret)
    with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=False):
        asked = browser.post(log, correction(seat)).headers["Location"]
        other = asked.replace("masuk/ulang", "faktor/ulang")
        assert browser.post(other, {"code": code_now(secret)}).status_code == 302

        assert browser.post(log, correction(seat)).headers["Location"] == log
    assert Correction.objects.count() == 1


def test_whole_nips_wait_for_the_password_and_lead_back_to_the_board(cast, signed_in, seat):
    browser = signed_in(cast.organiser.account)
    board = f"/panitia/{seat.event.code}/"
    sheet = f"{board}daftar-hadir.pdf"
    assert browser.get(sheet).status_code == 200

    asked = browser.post(sheet, {"kelompok": "d1"}).headers["Location"]
    assert asked.startswith(AGAIN)
    assert not AuditEntry.objects.filter(verb="sheet.with_nip").exists()
    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == board

    page = browser.post(sheet, {"kelompok": "d1"})
    assert page.headers["Content-Type"] == "application/pdf"
    assert AuditEntry.objects.filter(verb="sheet.with_nip").count() == 1


def test_outside_ones_reach_it_is_404_before_any_question(cast, signed_in, seat):
    granting.grant(cast.colleague, Role.ORGANISER, actor=None)
    browser = signed_in(cast.colleague.account)

    assert browser.post(log_of(seat), correction(seat)).status_code == 404
    assert browser.post(f"/panitia/{seat.event.code}/daftar-hadir.pdf").status_code == 404
