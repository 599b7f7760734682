"""Taking a quiz in a real browser: saving, a lost network, a killed server, no script at all."""

import gzip
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from quizzes.models import Attempt, Response, ResponseEvent
from tests import processes
from tests.journeys.conftest import PATIENCE, faults, follow, overflow
from tests.quizzes import made

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
SCRIPTS = Path("quizzes/static/quizzes")


@pytest.fixture
def taker(cast):
    return cast.participant


@pytest.fixture
def opened(enter, taker):
    """Return a function that opens an address signed in as the taker."""
    return partial(enter, taker)


@pytest.fixture
def attempt(cast, taker):
    return made.delivery.start(
        made.assigned(made.published_quiz(cast, minutes=30), taker), taker.account
    )[0]


def item_path(attempt, number):
    return f"/kuis/pengerjaan/{attempt.uuid}/{number}/"


def stored(attempt, number):
    return Response.objects.get(item__attempt=attempt, item__index=number).value


def choose(page, place=0):
    page.locator(".choices label").nth(place).click()
    return page.locator('[name="jawaban"]').nth(place).get_attribute("value")


def hurry(page):
    """Let what the page gathers go at once, as a line does that is back."""
    page.evaluate("dispatchEvent(new Event('online'))")


def wait_saved(page, attempt, number, value):
    hurry(page)
    processes.wait_until(lambda: stored(attempt, number) == value, 10, what="a saved answer")


def test_a_typed_number_is_echoed_beside_its_field_once_it_is_saved(opened, attempt):
    item = attempt.items.get(question_version__question__type="numeric")
    page = opened(item_path(attempt, item.index))
    echo = page.locator("[data-reading]")
    assert echo.text_content() == ""

    page.locator("[name=jawaban]").fill("1.500")
    wait_saved(page, attempt, item.index, {"raw": "1.500"})
    expect(echo).to_have_text("Terbaca sebagai seribu lima ratus (1.500)", timeout=PATIENCE)
    page.locator("[name=jawaban]").fill("1.50")
    assert echo.text_content() == ""


def test_an_answer_given_before_the_script_has_come_is_kept(opened, attempt):
    page = opened("/kuis/")
    held = []
    page.route("**/attempt*.js", lambda route: held.append(route))
    page.goto(page.url.replace("/kuis/", item_path(attempt, 1)), wait_until="commit")
    page.wait_for_selector("[name=jawaban]")
    chosen = choose(page, 1)
    (script,) = held
    script.continue_()
    page.wait_for_load_state()
    page.locator("button[name=ke]").first.click()
    heading(page, 2)
    wait_saved(page, attempt, 1, chosen)


def test_answers_go_by_themselves_and_those_of_some_seconds_together(opened, attempt):
    page = opened(item_path(attempt, 1))
    saves = []
    page.on(
        "request", lambda request: saves.append(request.url) if "replay" in request.url else None
    )
    first = choose(page)
    page.locator("button[name=ke]").first.click()
    heading(page, 2)
    second = choose(page, 1)
    saved = page.locator("#soal").get_attribute("data-word-saved")
    page.wait_for_function("text => keadaan.textContent.startsWith(text)", arg=saved)

    assert (stored(attempt, 1), stored(attempt, 2), len(saves)) == (first, [second], 1)


def test_what_waits_goes_when_the_page_is_left(opened, attempt):
    page = opened(item_path(attempt, 1))
    value = choose(page)
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    processes.wait_until(lambda: stored(attempt, 1) == value, 10, what="a saved answer")


def test_u41_a_lost_network_keeps_the_answer_and_a_reload_still_shows_it(opened, attempt):
    page = opened(item_path(attempt, 1))
    words = page.locator("#soal").get_attribute("data-word-waiting").replace("{n}", "1")
    saved = page.locator("#soal").get_attribute("data-word-saved")
    page.route("**/api/**", lambda route: route.abort())
    value = choose(page, 1)
    hurry(page)
    page.wait_for_function(
        "text => document.querySelector('#keadaan').textContent === text", arg=words
    )
    assert stored(attempt, 1) is None

    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_function("() => document.querySelector('[name=jawaban]:checked')")
    assert page.locator("[name=jawaban]:checked").get_attribute("value") == value

    page.unroute("**/api/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_saved(page, attempt, 1, value)
    page.wait_for_function(
        "text => document.querySelector('#keadaan').textContent.startsWith(text)", arg=saved
    )


def test_two_tabs_of_two_devices_show_both_copies(opened, attempt):
    first, second = opened(item_path(attempt, 1)), opened(item_path(attempt, 1))
    kept = choose(first, 0)
    wait_saved(first, attempt, 1, kept)
    mine = choose(second, 1)
    hurry(second)

    assert not first.locator("#benturan").is_visible()
    second.wait_for_selector("#benturan:not([hidden]) button")
    assert stored(attempt, 1) == kept
    assert faults(second) == []
    second.locator("#benturan button").nth(1).click()
    wait_saved(second, attempt, 1, mine)
    assert not second.locator("#benturan").is_visible()


def test_a_server_that_says_nothing_is_told_and_asked_again(opened, attempt):
    page = opened(item_path(attempt, 1))
    words = page.locator("#soal").get_attribute("data-word-waiting").replace("{n}", "1")
    page.route("**/replay", lambda route: None, times=1)
    value = choose(page)
    hurry(page)
    state = "text => document.querySelector('#keadaan').textContent === text"
    page.wait_for_function(state, arg=words, timeout=20_000)
    page.locator("#ke-periksa").evaluate("link => link.click()")
    page.wait_for_timeout(3500)
    assert page.url.endswith("/1/")

    saved = page.locator("#soal").get_attribute("data-word-saved")
    begins = "text => document.querySelector('#keadaan').textContent.startsWith(text)"
    page.wait_for_function(begins, arg=saved, timeout=30_000)
    assert stored(attempt, 1) == value
    page.locator("#ke-periksa").evaluate("link => link.click()")
    page.wait_for_url("**/periksa/")


def heading(page, number):
    page.wait_for_function(
        "text => document.activeElement.id === 'judul' && judul.textContent.trim() === text",
        arg=f"Pertanyaan {number} dari 5",
    )


def test_the_next_question_costs_no_request_and_keeps_its_address(opened, attempt):
    page = opened(item_path(attempt, 1))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for number in (2, 3, 4):
        page.locator("button[name=ke]").first.click()
        heading(page, number)
        assert page.url.endswith(item_path(attempt, number))
        assert page.title().startswith(f"Pertanyaan {number} dari 5")
    page.locator("#kembali").click()
    heading(page, 3)
    page.go_back()
    heading(page, 4)
    page.go_back()
    heading(page, 3)
    page.locator("main summary").click()
    page.locator("#daftar a").nth(4).click()
    heading(page, 5)
    assert page.locator("#daftar a[aria-current=page]").count() == 1
    assert asked == []

    shown = page.locator("#isian").inner_text(), page.locator("#pokok").inner_text()
    page.reload()
    assert page.url.endswith(item_path(attempt, 5))
    assert (page.locator("#isian").inner_text(), page.locator("#pokok").inner_text()) == shown


def fill(page, content):
    """Answer the question on the page rightly, of whatever kind it is."""
    key = made.key_of(content)
    if isinstance(key, dict) and "raw" in key:
        page.locator("[name=jawaban]").fill(key["raw"])
    elif isinstance(key, dict):
        for prompt, target in key.items():
            page.locator(f'[name="jawaban-{prompt}"]').select_option(target)
    else:
        for one in [key] if isinstance(key, str) else key:
            page.locator(f'[value="{one}"]').check()
    return key


def test_answers_of_a_broken_line_wait_on_the_device_and_go_together(opened, attempt):
    """Every kind of question drawn by the script; one request brings all answers afterwards."""
    items = list(attempt.items.select_related("question_version"))
    page = opened(item_path(attempt, 5))
    saves = []
    page.on("response", lambda reply: saves.append(reply.url) if "replay" in reply.url else None)
    page.route("**/api/**", lambda route: route.abort())
    keys = {}
    for item in items:
        page.locator("#daftar a").nth(item.index - 1).evaluate("link => link.click()")
        heading(page, item.index)
        keys[item.index] = fill(page, item.question_version.parsed)
        assert faults(page) == []
    hurry(page)
    waiting = page.locator("#soal").get_attribute("data-word-waiting").replace("{n}", "5")
    page.wait_for_function("text => keadaan.textContent === text", arg=waiting)
    page.locator("#ke-periksa").evaluate("link => link.click()")
    page.wait_for_timeout(3500)
    assert page.url.endswith(item_path(attempt, 5))
    assert not ResponseEvent.objects.exists()

    page.unroute("**/api/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    for index, key in keys.items():
        wait_saved(page, attempt, index, key)
    saved = page.locator("#soal").get_attribute("data-word-saved")
    page.wait_for_function("text => keadaan.textContent.startsWith(text)", arg=saved)
    assert len(saves) == 1
    assert page.locator("#kemajuan").text_content() == "5 dari 5 terjawab"
    page.locator("#ke-periksa").evaluate("link => link.click()")
    page.wait_for_url("**/periksa/")
    follow(page.locator("main form button"))
    attempt.refresh_from_db()
    assert attempt.state == "submitted"


def test_a_refused_number_stops_the_way_to_the_hand_in(opened, attempt):
    number = attempt.items.get(question_version__question__type="numeric").index
    page = opened(item_path(attempt, number))
    page.locator("[name=jawaban]").fill("dua puluh")
    page.locator("#daftar a").nth(number % 5).evaluate("link => link.click()")
    hurry(page)
    page.wait_for_function("() => keadaan.textContent.includes('Pertanyaan')")
    page.locator("#ke-periksa").evaluate("link => link.click()")
    heading(page, number)
    assert page.locator("[name=jawaban]").input_value() == "dua puluh"
    assert "Tidak tersimpan" in page.locator("#keadaan").text_content()


def test_an_answer_is_cleared_and_a_question_marked_without_leaving(opened, attempt):
    page = opened(item_path(attempt, 1))
    value = choose(page)
    wait_saved(page, attempt, 1, value)
    page.locator("[name=hapus]").click()
    wait_saved(page, attempt, 1, None)
    assert page.locator("[name=jawaban]:checked").count() == 0
    page.locator("#tandai").click()
    page.wait_for_selector("#tandai[aria-pressed=true]")
    assert attempt.items.get(index=1).flagged
    assert "ditandai" in page.locator("#daftar li").first.text_content()


@pytest.mark.parametrize("days", [-1, 1])
def test_q20_a_jump_of_the_devices_clock_changes_nothing(opened, attempt, days):
    page = opened(item_path(attempt, 1))
    hour = page.locator("#soal").get_attribute("data-ends")
    page.clock.set_system_time(timezone.now() + timedelta(days=days))
    assert abs(page.evaluate("Date.now()") / 1000 - time.time()) > 80_000
    value = choose(page)
    wait_saved(page, attempt, 1, value)

    shown = "hour => /(29|30) menit/.test(waktu.textContent) && waktu.textContent.includes(hour)"
    page.wait_for_function(shown, arg=hour)
    page.wait_for_timeout(1500)
    page.wait_for_function(shown, arg=hour)
    now = Attempt.objects.get(pk=attempt.pk)
    assert (now.state, now.deadline_at) == ("in_progress", attempt.deadline_at)
    assert ResponseEvent.objects.get().outcome == "applied"


@pytest.mark.parametrize("has_script", [True, False])
def test_from_start_to_result(cast, opened, taker, has_script):
    made.assigned(made.published_quiz(cast), taker)
    page = opened("/kuis/", width=360, java_script_enabled=has_script)
    follow(page.locator("main .rows a").first)
    follow(page.locator("main form .button"))
    attempt = Attempt.objects.get()
    content = attempt.items.get(index=1).question_version.parsed
    page.locator(f'[value="{made.key_of(content)}"]').check()
    # A question takes longer than a save; without the script each has its own page.
    if has_script:
        wait_saved(page, attempt, 1, made.key_of(content))
    for following in ("2", "3", "4", "5", "periksa"):
        page.locator("button[name=ke]").first.click()
        page.wait_for_url(f"**/{following}/")
    page.locator("main form button").click()
    page.locator("main [name=yakin] ~ .actions button").click()
    page.wait_for_url("**/hasil/")

    attempt.refresh_from_db()
    assert attempt.state == "submitted"
    assert stored(attempt, 1) == made.key_of(content)
    assert ResponseEvent.objects.count() == 1
    page.goto(item_path(attempt, 1))
    page.wait_for_url("**/hasil/")


@pytest.mark.parametrize(
    ("scheme", "language", "width"), [("light", "id", 360), ("dark", "en", 1280)]
)
def test_axe_and_width_on_every_page(opened, attempt, scheme, language, width):
    page = opened("/kuis/", width=width, language=language, color_scheme=scheme)
    paths = ["/kuis/", "/kuis/kuis-uji/", f"/kuis/pengerjaan/{attempt.uuid}/periksa/"]
    for path in [*paths, *(item_path(attempt, n) for n in range(1, 6))]:
        page.goto(path)
        assert faults(page) == [], path
        assert overflow(page) <= 0, path
    page.goto(f"/kuis/pengerjaan/{attempt.uuid}/periksa/")
    page.locator("main form .button").click()
    page.wait_for_selector("main [name=yakin]", state="attached")
    assert faults(page) == []
    made.delivery.submit(attempt.uuid)
    page.goto(f"/kuis/pengerjaan/{attempt.uuid}/hasil/")
    assert faults(page) == []


def test_the_page_and_its_script_keep_their_weight(opened, attempt):
    page = opened(item_path(attempt, 1))
    html = page.request.get(item_path(attempt, 1)).body()
    scripts = b"".join(path.read_bytes() for path in SCRIPTS.glob("*.js"))
    assert len(gzip.compress(html)) <= 40_000
    assert len(gzip.compress(scripts)) <= 14_000
