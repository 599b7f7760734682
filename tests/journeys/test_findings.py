"""The Sekretariat RB goes from the map to a unit's profile and on to "why?"."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from pypdf import PdfReader

from tests.attendance import made as event_made
from tests.clinic.insights import made
from tests.journeys.conftest import faults, overflow
from tests.replaying import Recording

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def staff(cast, regencies):
    home = regencies[0]
    FINDINGS.play(cast, home, ground=(cast.author.pk, home.root.pk, made.this_hour()))
    return cast.regency_official


def _findings(cast, home):
    edition = made.zi()
    made.sheet(home.district, edition, strength=0.2)
    made.sheet(home.health, edition, strength=0.9)
    made.sheet(home.clinic, edition, strength=0.5)
    quiz = made.quiz(cast)
    for person in (cast.participant, cast.colleague, cast.other_unit_official):
        made.answer(quiz, person, right=1, blank=1)
    event = event_made.event_of(cast.organiser)
    event_made.moved(event, to=made.this_hour() + timedelta(days=10))
    made.run_jobs()


FINDINGS = Recording(_findings)


HINTS = {
    "/pemetaan/": ".heat a.fold-link[href*=buka]",
    "/pemetaan/unit/kecamatan-hulu-contoh/": ".next .facts a[href^='/kegiatan/']",
}


def test_from_the_map_to_why(staff, enter):
    for width, scheme in ((1280, "light"), (360, "dark")):
        page = enter(staff, "/pemetaan/", width=width, color_scheme=scheme)
        for address in (
            "/pemetaan/",
            "/pemetaan/?urut=poin&buka=dinas-kesehatan-contoh",
            "/pemetaan/bidang/pengawasan/",
            "/pemetaan/unit/kecamatan-hulu-contoh/",
            "/pemetaan/hasil/kecamatan-hulu-contoh/pengawasan/zi-2021/2026/",
        ):
            page.goto(address)
            assert faults(page) == [], address
            assert overflow(page) <= 0, address
            assert address not in HINTS or page.locator(HINTS[address]).count(), address
            name = address.strip("/").split("/")[1:2] or ["peta"]
            folder = Path(settings.DATA_DIR) / "gambar"
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name[0]}-{width}.png", full_page=True)
    assert "pemahaman pegawai masih perlu diperkuat" in page.locator("h1").inner_text()
    assert "Perlu pembelajaran" in page.locator("main").inner_text()


@pytest.mark.parametrize(
    "address",
    [
        "/pemetaan/unit/kecamatan-hulu-contoh/",
        "/pemetaan/hasil/kecamatan-hulu-contoh/pengawasan/zi-2021/2026/",
        "/pemetaan/bidang/pengawasan/",
    ],
)
def test_a_page_begins_with_its_answer(staff, enter, address):
    page = enter(staff, address)
    said = page.locator("h1, .say, .claim p, .page-head .lead").all()
    assert len(said) > 1
    for each in said:
        box = each.bounding_box()
        assert box["y"] + box["height"] < 300, each.inner_text()


def test_no_half_of_a_profile_is_empty_on_a_wide_screen(staff, enter):
    page = enter(staff, "/pemetaan/unit/kecamatan-hulu-contoh/")
    left, right = (page.locator(each).bounding_box() for each in (".evidence", ".rail"))
    assert left["x"] + left["width"] < right["x"]
    assert left["width"] > 800
    assert right["width"] > 280


def test_u23_a_profile_prints_on_one_page_with_its_tables_open_and_a_line_to_sign(staff, enter):
    page = enter(staff, "/pemetaan/unit/kecamatan-hulu-contoh/")
    page.emulate_media(media="print")
    assert page.locator(".signature").is_visible()
    assert page.locator(".aligned").is_visible()
    assert "Tautan ini membuka" not in page.locator("body").inner_text()
    assert not page.locator(".site-header").is_visible()
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == 1
    width, height = (round(float(each) / 72 * 25.4) for each in printed.pages[0].mediabox[2:])
    assert (width, height) == (210, 297)


@pytest.mark.parametrize(
    "unit", ["kecamatan-hulu-contoh", "dinas-kesehatan-contoh", "puskesmas-kota-contoh"]
)
def test_u23_every_unit_with_a_sheet_prints_on_one_page(staff, enter, unit):
    page = enter(staff, f"/pemetaan/unit/{unit}/")
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == 1


def test_every_sheet_of_paper_says_what_it_is_and_from_when(staff, enter):
    why = "/pemetaan/hasil/kecamatan-hulu-contoh/pengawasan/zi-2021/2026/"
    for address, title in (
        (why, "Mengapa? Penguatan Pengawasan"),
        ("/pemetaan/?urut=poin", "Peta kebutuhan unit"),
    ):
        page = enter(staff, address)
        printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
        for sheet in printed:
            text = "".join(sheet.extract_text().split())
            for said in (title, "Dicetak", "Data sampai", address, "Perlu pendampingan"):
                assert said.replace(" ", "") in text, (address, said)
        assert address != why or len(printed) > 1


def test_a_profile_without_findings_prints_on_one_page_too(staff, cast, enter):
    page = enter(cast.operator, "/pemetaan/unit/dinas-kesehatan-contoh/")
    assert "Hasil kuis tidak ditampilkan untuk peran Anda." in page.locator("main").inner_text()
    assert len(PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1


def test_what_the_signs_of_the_map_mean_stands_on_screen_phone_and_paper(staff, enter):
    for width, media in ((1280, "screen"), (360, "screen"), (1280, "print")):
        page = enter(staff, "/pemetaan/", width=width)
        page.emulate_media(media=media)
        legend = page.locator(".legend" if media == "screen" else ".signs-line")
        if media == "screen":
            page.locator("summary", has_text="Arti tanda").click()
        assert legend.is_visible(), (width, media)
        assert "Perlu pendampingan" in legend.inner_text()
        assert legend.locator(".sign svg").count() == 5


def test_u26_the_map_prints_across_with_letters_on_every_ground(staff, enter):
    page = enter(staff, "/pemetaan/", width=1280)
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    width, height = (round(float(each) / 72 * 25.4) for each in printed.pages[0].mediabox[2:])
    assert (width, height) == (297, 210)
    text = printed.pages[0].extract_text()
    assert "Kecamatan Hulu Contoh" in " ".join(text.split())
    page.emulate_media(media="print")
    inks = page.eval_on_selector_all(
        "a.cell", "cells => cells.map(cell => [cell.className, getComputedStyle(cell).color])"
    )
    assert len({ink for _tone, ink in inks}) > 1


def test_the_map_begins_within_the_first_320_pixels(staff, enter):
    page = enter(staff, "/pemetaan/", width=1280)
    assert page.locator(".heat").bounding_box()["y"] < 320
    heights = page.locator(".heat .cell").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert max(heights) == 44


def test_the_head_and_the_first_column_of_the_map_stay_in_sight(staff, enter):
    page = enter(staff, "/pemetaan/", width=1280)
    sticky = "element => getComputedStyle(element).position"
    assert page.locator(".heat thead th").first.evaluate(sticky) == "sticky"
    assert page.locator(".heat tbody th").first.evaluate(sticky) == "sticky"
