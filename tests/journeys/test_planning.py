"""The organiser plans an event with the keyboard alone, without scripts, in several sittings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance.models import Event
from quizzes.models import Assignment
from tests.attendance import made
from tests.journeys.conftest import faults, overflow
from tests.quizzes import made as quiz_made

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
CODE = "klinik-uji-rencana"
STEPS = ("apa", "waktu", "siapa", "kuis", "periksa")


def press_to(page, selector, most=60):
    """Tab on until the element has the focus, and see that the focus shows."""
    for _step in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            style = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'")
            return
    raise AssertionError(f"{selector} is not reached by the keyboard at {page.url}")


def type_into(page, selector, text):
    press_to(page, selector)
    page.keyboard.type(text)


def submit(page, selector):
    press_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def plan_what(page, _quiz):
    submit(page, "main a[href$='/panitia/baru/']")
    type_into(page, "#id_title", "Klinik Uji Rencana")
    submit(page, "main form button")
    assert page.url.endswith(f"/panitia/{CODE}/atur/waktu")


def plan_when(page, _quiz):
    type_into(page, "#id_title", "Pagi")
    page.locator("#id_day").fill(f"{timezone.localdate() + timedelta(days=9):%Y-%m-%d}")
    submit(page, "button[value=sesi]")
    assert "Pagi" in page.locator("main .rows").inner_text()


def plan_who(page, _quiz):
    type_into(page, "#id_capacity", "25")
    submit(page, "main form button")
    assert page.url.endswith("/atur/kuis")


def plan_quizzes(page, quiz):
    page.locator("#id_akhir-quiz").select_option(quiz.slug)
    submit(page, "button[value=akhir]")
    assert page.locator("main .rows li").count() == 1


def open_it(page, _quiz):
    submit(page, "form[action$='/keadaan/buka'] button")


@pytest.mark.parametrize("scripts", [True, False])
def test_each_step_by_keyboard_in_a_browser_of_its_own(enter, cast, scripts):
    """U7, U11, U35: whatever was saved is there when the next browser opens."""
    quiz = quiz_made.published_quiz(cast).quiz
    sittings = {
        "/panitia/": plan_what,
        f"/panitia/{CODE}/atur/waktu": plan_when,
        f"/panitia/{CODE}/atur/siapa": plan_who,
        f"/panitia/{CODE}/atur/kuis": plan_quizzes,
        f"/panitia/{CODE}/atur/periksa": open_it,
    }
    for address, plan in sittings.items():
        page = enter(cast.organiser, address, java_script_enabled=scripts)
        plan(page, quiz)
        page.context.close()

    event = Event.objects.get()
    assert (event.state, event.capacity, event.sessions.count()) == ("open", 25, 1)
    assert Assignment.objects.get().opens_at == event.sessions.get().ends_at


def test_a_wrong_entry_leads_to_its_field_and_keeps_the_rest(enter, cast):
    event = made.event_of(cast.organiser, is_open=False)
    page = enter(cast.organiser, f"/panitia/{event.code}/atur/waktu", width=360)
    page.locator("#id_title").fill("Malam")
    page.locator("#id_day").fill("2030-05-20")
    page.locator("#id_starts").fill("20:00")
    page.locator("#id_ends").fill("19:00")
    page.locator("button[value=sesi]").click()

    summary = page.locator("#ringkasan")
    summary.wait_for()
    assert page.evaluate("document.activeElement.id") == "ringkasan"
    summary.locator("a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_ends"
    assert page.locator("#id_title").input_value() == "Malam"
    assert page.locator("#id_starts").input_value().startswith("20:00")
    assert faults(page) == []


def test_a_cancelled_event_says_so_to_everybody(enter, cast):
    event = made.event_of(cast.organiser)
    made.joined(event, cast.participant)
    page = enter(cast.organiser, f"/panitia/{event.code}/")
    page.locator("main a[href$='/keadaan/batalkan']").click()
    page.locator("#id_reason").fill("Ditunda karena banjir besar")
    page.locator("main form button").click()
    page.wait_for_url(f"**/panitia/{event.code}/")
    page.goto(f"/kegiatan/{event.code}/")
    assert page.locator("main .notice.warn").count() == 1
    assert page.locator("main .button").count() == 0


def test_axe_finds_nothing_on_any_page_of_the_plan(enter, cast):
    quiz = quiz_made.published_quiz(cast)
    event = made.event_of(cast.organiser, is_open=False)
    quiz_made.assigned(quiz, event, phase="pre")
    session = event.sessions.first().uuid
    done = made.event_of(cast.organiser, code="sudah-batal")
    made.led(done, "cancelled", by=cast.organiser)
    pages = [
        "/panitia/",
        "/panitia/baru/",
        "/panitia/baru/salin",
        f"/panitia/{event.code}/",
        *(f"/panitia/{event.code}/atur/{step}" for step in STEPS),
        f"/panitia/{event.code}/atur/waktu/{session}",
        f"/panitia/{event.code}/keadaan/buka",
        f"/panitia/{event.code}/keadaan/batalkan",
        f"/panitia/{event.code}/keadaan/akhiri",
        f"/panitia/{done.code}/atur/periksa",
    ]
    looks = ({"width": 320}, {"width": 1280, "language": "en", "color_scheme": "dark"})
    for shown in [enter(cast.organiser, "/panitia/", **look) for look in looks]:
        for address in pages:
            assert shown.goto(address).status == 200, address
            assert faults(shown) == [], address
            assert overflow(shown) <= 0, address
            assert shown.locator("h1").count() == 1, address
            mains = shown.locator("main .button:not(.secondary, .quiet, .danger)")
            assert mains.count() <= 1, address
            title = shown.title().removeprefix("Perlu diperbaiki: ")
            assert title.startswith(shown.locator("h1").inner_text()), address
