"""Taking a quiz in a real browser: saving, a lost network, a killed server, no script at all."""

import gzip
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from quizzes.models import Attempt, Response, ResponseEvent
from tests import processes
from tests.journeys.conftest import faults, follow, overflow
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


def wait_saved(page, attempt, number, value):
    processes.wait_until(lambda: stored(attempt, number) == value, 10, what="a saved answer")


def test_a_typed_number_is_echoed_beside_its_field_once_it_is_saved(opened, attempt):
    item = attempt.items.get(question_version__question__type="numeric")
    page = opened(item_path(attempt, item.index))
    echo = page.locator("[data-reading]")
    assert echo.text_content() == ""

    page.locator("[name=jawaban]").fill("1.500")
    wait_saved(page, attempt, item.index, {"raw": "1.500"})
    page.wait_for_function("document.querySelector('[data-reading]').textContent.includes('1.500')")
    assert echo.text_content() == "dibaca: seribu lima ratus (1.500)"
    page.locator("[name=jawaban]").fill("1.50")
    assert echo.text_content() == ""


def test_u41_a_lost_network_keeps_the_answer_and_a_reload_still_shows_it(opened, attempt):
    page = opened(item_path(attempt, 1))
    words = page.locator("#soal").get_attribute("data-word-waiting").replace("{n}", "1")
    saved = page.locator("#soal").get_attribute("data-word-saved")
    page.route("**/api/**", lambda route: route.abort())
    value = choose(page, 1)
    page.wait_for_function(
        "text => document.querySelector('#keadaan').textContent === text", arg=words
    )
    assert stored(attempt, 1) is None

    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_function("document.querySelector('[name=jawaban]:checked')")
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
    page.route("**/items/1", lambda route: None, times=1)
    value = choose(page)
    state = "text => document.querySelector('#keadaan').textContent === text"
    page.wait_for_function(state, arg=words, timeout=6000)
    page.locator("button[name=ke]").first.click()
    assert page.url.endswith("/1/")

    saved = page.locator("#soal").get_attribute("data-word-saved")
    begins = "text => document.querySelector('#keadaan').textContent.startsWith(text)"
    page.wait_for_function(begins, arg=saved, timeout=30_000)
    assert stored(attempt, 1) == value
    page.locator("button[name=ke]").first.click()
    page.wait_for_url("**/2/")


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
    made.delivery.submit(attempt.uuid, among=Attempt.objects.all())
    page.goto(f"/kuis/pengerjaan/{attempt.uuid}/hasil/")
    assert faults(page) == []


def test_the_page_and_its_script_keep_their_weight(opened, attempt):
    page = opened(item_path(attempt, 1))
    html = page.request.get(item_path(attempt, 1)).body()
    scripts = b"".join(path.read_bytes() for path in SCRIPTS.glob("*.js"))
    assert len(gzip.compress(html)) <= 40_000
    assert len(gzip.compress(scripts)) <= 14_000
