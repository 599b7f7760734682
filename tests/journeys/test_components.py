"""Every component and every error page in a real browser, by eye of axe and by hand."""

import gzip

import pytest

from clinic.desks import navigation
from clinic.lib.problems import BY_STATUS
from tests.journeys.conftest import faults, follow, overflow, signed_in_cookie

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

PUBLIC = ["/", "/tentang/", "/privasi/", "/aksesibilitas/", "/bantuan/", "/api/docs/"]
ERRORS = [*(f"/status/{status}/" for status in sorted(BY_STATUS)), "/csrf/", "/isian/"]
LOOKS = [("light", "id", 360), ("dark", "en", 1280)]
# Each theme with each language and each width, each language with each width.
PAIRS = [
    ("light", "id", 360),
    ("dark", "en", 360),
    ("light", "en", 1280),
    ("dark", "id", 1280),
]


@pytest.fixture
def faulty(settings):
    settings.ROOT_URLCONF = "tests.clinic.lib.faulty_urls"


def test_the_eye_of_axe_is_open(page):
    page.evaluate("document.querySelector('main').innerHTML = '<img src=x><input>'")
    assert {line.split(":")[0] for line in faults(page)} >= {"image-alt", "label"}


@pytest.mark.parametrize(("scheme", "language", "width"), PAIRS)
def test_axe_finds_nothing_in_any_component(visit, scheme, language, width):
    page = visit("/komponen/", width=width, language=language, color_scheme=scheme)
    assert faults(page) == []


@pytest.mark.parametrize(("scheme", "language", "width"), LOOKS)
def test_axe_finds_nothing_on_public_pages(visit, scheme, language, width):
    page = visit("/", width=width, language=language, color_scheme=scheme)
    for address in [*PUBLIC, "/akun/masuk/"]:
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize(("scheme", "language", "width"), LOOKS)
def test_axe_finds_nothing_on_error_pages(visit, scheme, language, width):
    page = visit("/", width=width, language=language, color_scheme=scheme)
    for address in ERRORS:
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.usefixtures("faulty")
def test_no_page_scrolls_sideways_at_320_pixels_and_double_text(visit):
    page = visit("/", width=320)
    for address in [*PUBLIC, *ERRORS, "/komponen/"]:
        page.goto(address)
        assert overflow(page) <= 0, address
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflow(page) <= 0, f"{address} with text at 200%"


def test_text_spacing_of_1_4_12_cuts_nothing_off(visit):
    page = visit("/komponen/", width=360)
    page.evaluate(
        """for (const one of document.body.querySelectorAll('*')) {
             one.style.lineHeight = '1.5'; one.style.letterSpacing = '0.12em';
             one.style.wordSpacing = '0.16em';
           }"""
    )
    assert overflow(page) <= 0


def test_one_heading_and_at_most_one_main_button(visit):
    page = visit("/")
    for address in PUBLIC:
        page.goto(address)
        heading = page.locator("h1")
        assert heading.count() == 1
        assert page.title().startswith(heading.inner_text())
        main_buttons = page.locator("main .button:not(.secondary, .quiet, .danger)")
        assert main_buttons.count() <= 1


def test_the_first_view_weighs_under_100_kb(visit):
    page = visit("/bantuan/")
    weights = {}
    page.on("response", lambda answer: weights.update({answer.url: answer.body()}))
    page.context.clear_cookies()
    page.goto("/", wait_until="networkidle")
    assert any(url.endswith("sprite.svg") for url in weights)
    assert sum(len(gzip.compress(body)) for body in weights.values()) <= 100 * 1024


def test_keyboard_reaches_the_content_first(page):
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.get_attribute("href") == "#isi"
    assert focused.bounding_box()["y"] >= 0
    assert focused.evaluate("one => getComputedStyle(one).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "isi"


def test_every_stop_of_the_keyboard_shows_its_focus(visit):
    page = visit("/komponen/")
    stops = 0
    for _ in range(600):
        page.keyboard.press("Tab")
        look = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one);
                 const again = one === document.body || "stop" in one.dataset;
                 one.dataset.stop = "";
                 return [again, style.outlineStyle, style.outlineWidth, one.outerHTML]; }"""
        )
        if look[0]:
            break
        stops += 1
        assert look[1:3] == ["solid", "3px"], look[3][:200]
    assert stops > 40


@pytest.mark.parametrize("scripts", [True, False])
def test_language_and_theme_switch_with_and_without_scripts(visit, scripts):
    page = visit("/bantuan/", java_script_enabled=scripts)
    follow(page.get_by_role("button", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.url.endswith("/bantuan/")
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    ground = page.locator("html").evaluate("one => getComputedStyle(one).backgroundColor")
    assert ground == "rgb(16, 23, 26)"
    page.get_by_role("button", name="As the device").click()
    assert page.locator("html").get_attribute("data-theme") is None


@pytest.mark.usefixtures("faulty")
def test_a_faulty_form_takes_the_reader_to_its_first_entry(visit):
    page = visit("/isian/")
    assert page.title().startswith("Isian")
    page.get_by_label("Catatan").fill("ditulis sebelum kirim")
    page.get_by_role("button", name="Simpan").click()
    page.locator("#ringkasan:focus").wait_for()
    assert page.title().startswith("Perlu diperbaiki:")
    assert page.evaluate("document.activeElement.id") == "ringkasan"
    assert page.get_by_label("Catatan").input_value() == "ditulis sebelum kirim"
    page.locator("#ringkasan a").first.click()
    assert page.evaluate("document.activeElement.name") == "name"
    page.locator("#ringkasan a").nth(1).click()
    assert page.evaluate("document.activeElement.name") == "letter"
    entry = page.locator("[name=name]")
    described = entry.get_attribute("aria-describedby")
    assert page.locator(f"#{described}").inner_text().strip() != ""


@pytest.mark.usefixtures("faulty")
def test_a_refused_act_lands_in_the_region_for_messages(visit):
    page = visit("/isian/")
    page.get_by_role("button", name="Coba").click()
    region = page.locator("#pesan")
    region.get_by_text("Kegiatan sudah penuh.").wait_for()
    assert page.get_by_role("button", name="Simpan").is_visible()
    assert faults(page) == []


def test_paper_carries_its_source_and_no_navigation(visit, settings):
    settings.IS_DEMO = True
    page = visit("/tentang/")
    assert page.locator(".demo-ribbon").is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".site-nav, .site-header, .site-footer").first.is_visible()
    header = page.locator(".print-header")
    assert "Data contoh" in header.inner_text()
    assert "/tentang/" in header.inner_text()


def test_paper_is_light_whatever_the_screen_is(visit):
    page = visit("/komponen/", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).color") == "rgb(26, 35, 43)"


def test_forced_colours_and_calm_motion_lose_nothing(visit):
    page = visit("/komponen/", forced_colors="active", reduced_motion="reduce")
    tag = page.locator(".diagnosis").first
    assert tag.evaluate("one => getComputedStyle(one).borderTopWidth") == "1px"
    assert page.locator(".diagnosis .shape").first.is_visible()
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].filter(one =>
             parseFloat(getComputedStyle(one).transitionDuration) > 0).length"""
    )
    assert moving == 0
    assert faults(page) == []


def test_a_map_cell_reads_unit_area_state_and_points(visit):
    page = visit("/komponen/")
    cell = page.locator("a.cell.tone-b").first
    assert cell.get_attribute("aria-label") == (
        "Dinas Contoh, pengawasan, Perlu pembelajaran, 4.1 poin belum diraih"
    )
    assert "B" in cell.inner_text()


@pytest.mark.parametrize(("scheme", "language", "width"), LOOKS)
def test_the_menu_of_who_is_signed_in(enter, cast, monkeypatch, scheme, language, width):
    monkeypatch.setattr(navigation, "MENU", (("help", "Bantuan"), ("about", "Tentang")))
    page = enter(cast.participant, "/bantuan/", width=width, language=language, color_scheme=scheme)
    # First, since the open menu of the account lies over it.
    if (folded := page.locator(".site-nav summary")).is_visible():
        folded.click()
    page.locator(".account summary").click()
    assert page.locator(".site-nav [aria-current=page]:visible").inner_text() == "Bantuan"
    assert faults(page) == []
    assert overflow(page) <= 0


def test_the_editor_runs_under_its_own_policy(enter, cast):
    page = enter(cast.reviewer, "/bantuan/")
    for address in ("/admin/", "/admin/pages/", "/admin/images/"):
        answered = page.goto(address)
        assert answered.status == 200, address
        assert "'unsafe-inline'" in answered.headers["content-security-policy"]


def test_the_head_of_a_page_leaves_room_on_a_small_screen(visit, cast, live_server):
    page = visit("/bantuan/", width=360)
    for account in (None, cast.participant.account):
        if account:
            page.context.add_cookies([signed_in_cookie(account, live_server.url)])
            page.reload()
        head = page.locator("main").bounding_box()
        assert head["y"] <= 61
        menu = page.locator(".site-nav summary")
        assert menu.bounding_box()["height"] >= 44
        menu.focus()
        page.keyboard.press("Enter")
        assert page.locator(".site-nav a:visible").count() > 2
    page.locator(".account summary").click()
    follow(page.get_by_role("button", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
