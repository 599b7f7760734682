"""Approving, inviting and changing in a real browser: a phone, no scripts, the keyboard alone."""

from functools import partial

import pytest

from attendance import registration
from attendance.models import Registration
from clinic.people.models import Membership, Person
from quizzes.models.assignments import Phase
from tests.attendance import made
from tests.journeys.conftest import faults, follow, overflow
from tests.quizzes import made as quiz_made

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def event(cast, regencies):
    event = made.event_of(cast.organiser, capacity=20)
    for person in made.people(regencies[0].clinic, 3, name="Peserta Lain"):
        registration.register(event, person, actor=cast.operator.account)
    made.joined(event, cast.participant)
    Membership.objects.filter(unit=regencies[0].health).update(position="Sekretaris")
    return event


@pytest.fixture
def organiser(enter, cast, event):
    """Return a function that opens the board as the organiser."""
    return partial(enter, cast.organiser, f"/panitia/{event.code}/")


def states(event):
    return sorted(event.registrations.values_list("state", flat=True))


def to_be_approved(page):
    return page.locator("main a[href*='status=nominated']").first


@pytest.mark.parametrize("scripts", [True, False])
def test_u01_all_who_wait_are_approved_in_three_taps_and_the_act_undone(organiser, event, scripts):
    page = organiser(width=360, java_script_enabled=scripts)
    follow(to_be_approved(page))
    follow(page.locator("button[name=putusan][value=approve]"))
    assert "3" in page.locator("h1").inner_text()
    page.locator("main form button[type=submit]").click()
    page.locator("button[name=batal]").wait_for()
    assert states(event) == ["confirmed"] * 4

    page.locator("button[name=batal]").click()
    page.locator("#pesan .notice").wait_for()

    assert states(event) == ["confirmed", *["nominated"] * 3]


def press_until(page, wanted, key="Tab", most=80):
    """Press the key until the focus is on what is wanted, which must be seen there."""
    for _press in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", wanted):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", wanted
            return
    pytest.fail(f"The keyboard does not reach {wanted}.")


def test_u07_bulk_approve_with_the_keyboard_alone(organiser, event):
    page = organiser(width=1280)
    press_until(page, "main a[href*='status=nominated']")
    page.keyboard.press("Enter")
    page.wait_for_url("**status=nominated**")
    press_until(page, "input[name=semua]")
    assert page.locator("input[name=semua]").is_checked()
    press_until(page, "button[name=putusan][value=approve]")
    page.keyboard.press("Enter")
    page.locator("input[name=kunci]").wait_for(state="attached")
    press_until(page, "main form button[type=submit]")
    page.keyboard.press("Enter")
    page.locator("button[name=batal]").wait_for()

    assert states(event) == ["confirmed"] * 4


def test_a_unit_is_invited_by_post_and_a_substitute_comes(organiser, cast, event):
    page = organiser(width=360)
    page.locator("main a[href$='/undang']").click()
    page.locator("#id_semua_unit").check()
    page.locator("#id_memuat").fill("sekretaris")
    follow(page.locator("main form:has(#id_memuat) button"))
    assert cast.stranger.name in page.locator("main form").last.inner_text()
    follow(page.locator("main form:has([name=orang]) button"))
    follow(page.locator("main form:has([name=setuju]) button"))
    row = Registration.objects.get(person=cast.stranger)
    assert (row.state, row.source) == ("nominated", "organiser")

    page.goto(f"/panitia/{event.code}/peserta/{row.uuid}/ubah")
    page.locator("#q").fill("rekan")
    page.locator("form:has(#q) button").click()
    page.locator("input[name=orang]").check()
    page.locator("#alasan-ganti").fill("Bertugas ke luar daerah")
    page.locator("form:has(#alasan-ganti) button").click()
    page.locator("#pesan .notice").wait_for()

    row.refresh_from_db()
    assert row.state == "replaced"
    assert Registration.objects.get(replaces=row).person == cast.colleague


LINES_OF_TEXT = """button => {
    const text = document.createRange()
    text.selectNodeContents(button.firstChild)
    return text.getClientRects().length
}"""


def test_a_button_in_the_list_stays_on_one_line(organiser, cast, event):
    quiz_made.assigned(quiz_made.published_quiz(cast), event, phase=Phase.PRE)
    Person.objects.filter(registrations__event=event).update(
        name="Drs. Muhammad Peserta Lainnya, S.Sos., M.A.P."
    )
    long_name = "Dinas Pemberdayaan Masyarakat dan Pemerintahan Kelurahan Kabupaten"
    event.registrations.update(unit_name=long_name, position=f"Sekretaris {long_name}")
    page = organiser(width=1280)
    page.goto(f"/panitia/{event.code}/peserta")

    button = page.locator("button[name=pendaftaran]").first
    assert button.evaluate(LINES_OF_TEXT) == 1
    assert overflow(page) <= 0


def test_axe_finds_nothing_on_the_pages_of_participants(organiser, cast, event):
    row = event.registrations.get(person=cast.participant)
    people, invite = f"/panitia/{event.code}/peserta", f"/panitia/{event.code}/undang"
    addresses = [
        people,
        f"{people}?status=nominated&semua=1",
        f"{people}/{row.uuid}/ubah?q=rekan",
        invite,
        f"{invite}?q=rekan",
        f"{invite}?semua_unit=on&memuat=sekretaris",
        f"{invite}?memuat=",
    ]
    narrow = organiser(width=320)
    dark = organiser(width=1280, language="en", color_scheme="dark")
    for page in (narrow, dark):
        for address in addresses:
            page.goto(address)
            assert faults(page) == [], address
            assert overflow(page) <= 0, address
        page.goto(people)
        page.locator("input[name=semua]").check()
        follow(page.locator("button[value=revoke]"))
        assert faults(page) == []
        page.locator("main form button[type=submit]").click()
        page.locator("#ringkasan").wait_for()
        assert faults(page) == []
    narrow.goto(people)
    narrow.locator("button[name=pendaftaran]").first.click()
    narrow.locator("button[name=batal]").wait_for()
    assert faults(narrow) == []
