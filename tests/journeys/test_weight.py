"""The first view of a page crosses a thin line: at most 100 KB, as transferred (U4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.assessments.models import FrameworkEdition
from quizzes import delivery
from tests.attendance import made as attendance_made
from tests.clinic.insights import made as insights_made
from tests.courses import made as courses_made
from tests.journeys.conftest import signed_in_cookie, visitors
from tests.quizzes import made as quizzes_made

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
MOST = 100 * 1024


@pytest.fixture
def filled(cast, regencies):
    """A published module, a quiz of it, and a sheet of two units."""
    courses_made.shipped(cast)
    _fill_sheets(regencies)
    return cast


@pytest.fixture
def clinic(cast):
    """An event of today with a registered person."""
    held = attendance_made.event_of(cast.organiser)
    attendance_made.moved(held, to=timezone.now() + timedelta(minutes=5))
    attendance_made.joined(held, cast.participant)
    return attendance_made.fresh(held)


@pytest.fixture
def finished(cast):
    """A quiz that was handed in, whose result shows everything."""
    version = quizzes_made.published_quiz(cast, minutes=20)
    given = quizzes_made.assigned(version, cast.participant)
    attempt = delivery.start(given, cast.participant.account)[0]
    delivery.submit(attempt.uuid)
    return attempt


def _fill_sheets(regencies):
    edition, home = FrameworkEdition.objects.get(slug="zi-2021"), regencies[0]
    insights_made.sheet(home.district, edition, strength=0.2)
    insights_made.sheet(home.health, edition, strength=0.9)


def transferred(page, address):
    """Return the bytes on the wire of a first visit, by address."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    names, sizes = {}, {}
    session.on(
        "Network.requestWillBeSent",
        lambda told: names.update({told["requestId"]: told["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}),
    )
    page.goto(address, wait_until="networkidle")
    session.detach()
    return {names.get(each, each): size for each, size in sizes.items()}  # a favicon has no name


def test_the_first_view_of_the_main_pages_weighs_under_100_kb(
    browser, server, filled, clinic, finished
):
    held = f"/panitia/{clinic.code}/"
    pages = {
        None: ["/", "/modul/", "/modul/pengawasan/", "/modul/pengawasan/gratifikasi/"],
        filled.participant: [
            "/belajar/",
            "/kuis/",
            f"/kuis/pengerjaan/{finished.uuid}/hasil/",
            f"/kegiatan/{clinic.code}/",
            f"/kegiatan/{clinic.code}/saya",
        ],
        filled.organiser: [held, f"{held}absen", f"{held}peserta"],
        filled.regency_official: ["/pemetaan/", "/pemetaan/unit/kecamatan-hulu-contoh/"],
    }
    with visitors(browser, server.url) as go:
        for person, addresses in pages.items():
            page = go("/tentang/")
            if person is not None:
                page.context.add_cookies([signed_in_cookie(person.account, server.url)])
            for address in addresses:
                sizes = transferred(page, address)
                assert len(sizes) > 1, address
                assert sum(sizes.values()) <= MOST, (address, sizes)


def test_a_phone_shows_the_page_soon(browser, server, filled, clinic):
    """The header takes 61 px at 360 px, the sample line not counted; the desk begins at 180."""
    with visitors(browser, server.url) as go:
        page = go("/tentang/", width=360)
        page.context.add_cookies([signed_in_cookie(filled.organiser.account, server.url)])
        page.goto(f"/panitia/{clinic.code}/absen")
        header = page.locator(".site-header").bounding_box()
        field = page.locator("main input:visible").first.bounding_box()
        ribbon = page.locator(".demo-ribbon").count() and 28
        assert header["height"] <= 61
        assert field["y"] - ribbon <= 180


def test_what_is_useful_can_be_read_on_a_phone(browser, server, filled):
    """The name of a section has the whole width, not what its points leave."""
    with visitors(browser, server.url) as go:
        page = go("/tentang/", width=360)
        page.context.add_cookies([signed_in_cookie(filled.participant.account, server.url)])
        page.goto("/belajar/")
        rows = page.locator(".useful li").all()
        assert rows
        for row in rows:
            assert row.locator("h3").bounding_box()["width"] >= 300
