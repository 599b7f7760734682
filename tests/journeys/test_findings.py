"""The Sekretariat RB goes from the map to a unit's profile and on to "why?"."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.clinic.insights import made
from tests.journeys.conftest import faults, overflow, signed_in_cookie

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def staff(cast, regencies, settings):
    settings.KLINIK_SECOND_FACTOR = False
    edition, home = made.zi(), regencies[0]
    made.sheet(home.district, edition, strength=0.2)
    made.sheet(home.health, edition, strength=0.9)
    quiz = made.quiz(cast)
    for person in (cast.participant, cast.colleague, cast.other_unit_official):
        made.answer(quiz, person, right=1, blank=1)
    made.run_jobs()
    return cast.regency_official.account


def test_from_the_map_to_why(staff, visit, live_server):
    for width, scheme in ((1280, "light"), (360, "dark")):
        page = visit("/", width=width, color_scheme=scheme)
        page.context.add_cookies([signed_in_cookie(staff, live_server.url)])
        for address in (
            "/pemetaan/",
            "/pemetaan/unit/kecamatan-hulu-contoh/",
            "/pemetaan/hasil/kecamatan-hulu-contoh/pengawasan/zi-2021/2026/",
        ):
            page.goto(address)
            assert faults(page) == [], address
            assert overflow(page) <= 0, address
            name = address.strip("/").split("/")[1:2] or ["peta"]
            folder = Path(settings.DATA_DIR) / "gambar"
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name[0]}-{width}.png", full_page=True)
    assert page.locator("h1").inner_text().startswith("Mengapa?")
    assert "Perlu pembelajaran" in page.locator("main").inner_text()
