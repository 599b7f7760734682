"""The region's zone and the idle clock (R10)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from wagtail.users.models import UserProfile

from clinic.people.middleware import SEEN_EVERY, SEEN_KEY
from clinic.people.models import Unit
from clinic.people.zones import RegionZone, in_region_zone, zone_of
from courses.models import ModuleIndexPage
from tests.clinic.people.test_signin import attempt
from tests.courses import made


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


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_r10_the_late_zone_tells_the_same_hour_as_the_zone_itself(moment):
    for name in ("Asia/Makassar", "Asia/Jayapura", "Europe/Berlin"):
        late = RegionZone(lambda name=name: ZoneInfo(name))
        shown = moment.astimezone(late)
        assert shown.replace(tzinfo=None) == moment.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        assert shown == moment
        with timezone.override(late):
            assert timezone.get_current_timezone_name() == name


def test_r10_a_page_shows_the_hour_of_the_persons_regency(cast, settings):
    settings.KLINIK_SECOND_FACTOR = False
    browser = Client()
    attempt("sekretariat-sebelah@uji.test", browser=browser)

    assert "WIT," in browser.get("/akun/sesi/").content.decode()


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


class TestTheEditor:
    """It has a zone and a language of its own per profile; ours hold there as everywhere."""

    @pytest.fixture
    def browser(self, cast, signed_in, settings):
        settings.KLINIK_SECOND_FACTOR = False
        return signed_in(cast.author.account)

    @pytest.mark.parametrize("has_profile", [False, True])
    def test_r10_it_tells_the_hour_of_the_regency(self, cast, browser, has_profile):
        if has_profile:
            UserProfile.objects.create(user=cast.author.account)
        with time_machine.travel(datetime(2026, 11, 26, 10, 45, tzinfo=UTC), tick=False):
            made.small(cast)

        page = browser.get(f"/admin/pages/{ModuleIndexPage.objects.get().pk}/").content.decode()

        assert "18.45" in page
        assert "10.45" not in page

    @pytest.mark.parametrize("has_profile", [False, True])
    def test_u12_it_follows_the_language_switch(self, cast, browser, has_profile):
        if has_profile:
            UserProfile.objects.create(user=cast.author.account)

        browser.cookies["django_language"] = "en"
        assert 'lang="en"' in browser.get("/admin/account/").content.decode()
        browser.cookies["django_language"] = "id"
        assert 'lang="id"' in browser.get("/admin/account/").content.decode()

    def test_what_holds_for_a_request_is_not_kept(self, cast, browser):
        browser.get("/admin/")

        kept = UserProfile.objects.filter(user=cast.author.account)
        assert not kept.exclude(current_time_zone="", preferred_language="").exists()
