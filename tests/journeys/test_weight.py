"""The first view of a page crosses a thin line: at most 100 KB, as transferred (U4)."""

import pytest

from clinic.assessments.models import FrameworkEdition
from tests.clinic.insights import made as insights_made
from tests.courses import made as courses_made
from tests.journeys.conftest import signed_in_cookie, visitors

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
MOST = 100 * 1024


@pytest.fixture
def filled(cast, regencies):
    """A published module, a quiz of it, and a sheet of two units."""
    courses_made.shipped(cast)
    edition, home = FrameworkEdition.objects.get(slug="zi-2021"), regencies[0]
    insights_made.sheet(home.district, edition, strength=0.2)
    insights_made.sheet(home.health, edition, strength=0.9)
    return cast


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


def test_the_first_view_of_the_main_pages_weighs_under_100_kb(browser, server, filled):
    pages = {
        None: ["/", "/modul/", "/modul/pengawasan/", "/modul/pengawasan/gratifikasi/"],
        filled.participant: ["/belajar/", "/kuis/"],
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
