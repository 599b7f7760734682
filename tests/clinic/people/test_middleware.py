"""The region's zone and the idle clock (R10, security.md 3)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import time_machine
from django.test import Client
from django.utils import timezone

from clinic.people.middleware import SEEN_EVERY, SEEN_KEY, in_region_zone, zone_of
from clinic.people.models import Unit
from tests.clinic.people.test_signin import attempt


def test_r10_everybody_lives_in_the_zone_of_their_regency(cast, anonymous):
    assert zone_of() == ZoneInfo("Asia/Makassar")
    assert zone_of(cast.regency_official.account) == ZoneInfo("Asia/Makassar")
    assert zone_of(cast.other_regency_official.account) == ZoneInfo("Asia/Jayapura")


def test_r10_without_units_the_usual_zone_holds(db):
    assert zone_of() == ZoneInfo("Asia/Makassar")


def test_r10_a_job_runs_in_the_zone_of_the_regency(cast):
    Unit.objects.filter(depth=1).update(zone="Asia/Jakarta")

    with in_region_zone():
        assert timezone.get_current_timezone() == ZoneInfo("Asia/Jakarta")
    assert timezone.get_current_timezone() == ZoneInfo("UTC")


def test_r10_a_grant_begins_at_the_regencys_midnight(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    cast.author.grants.update(starts_on="2026-12-01")

    with time_machine.travel(datetime(2026, 11, 30, 15, 59, tzinfo=UTC), tick=False):
        assert signed_in(cast.author.account).get("/admin/").status_code == 403
    with time_machine.travel(datetime(2026, 11, 30, 16, 1, tzinfo=UTC), tick=False):
        assert signed_in(cast.author.account).get("/admin/").status_code == 200


def test_a_session_in_use_does_not_run_out(cast):
    browser = Client()
    with time_machine.travel("2026-11-30T00:00:00Z", tick=False) as clock:
        attempt("operator@uji.test", browser=browser, data={"remember": "on"})
        for _hour in range(10):
            clock.shift(3600)
            assert browser.get("/akun/profil/").status_code == 200
        clock.shift(8 * 3600 + 1)
        assert browser.get("/akun/profil/").status_code == 302


def test_the_idle_clock_writes_at_most_every_five_minutes(cast):
    browser = Client()
    with time_machine.travel("2026-11-30T00:00:00Z", tick=False) as clock:
        attempt("operator@uji.test", browser=browser)
        browser.get("/akun/profil/")
        first = browser.session[SEEN_KEY]
        clock.shift(SEEN_EVERY - 1)
        browser.get("/akun/profil/")
        assert browser.session[SEEN_KEY] == first
        clock.shift(1)
        browser.get("/akun/profil/")
        assert browser.session[SEEN_KEY] == first + SEEN_EVERY
