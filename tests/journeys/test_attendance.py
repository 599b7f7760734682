"""From registering to the door in a real browser, with and without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance import badges, registration
from attendance.models import Presence, Registration, Scan
from tests.attendance import made
from tests.journeys.conftest import faults, follow, overflow

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def event(cast, regencies):
    event = made.event_of(cast.organiser, capacity=20)
    made.moved(event, to=timezone.now() - timedelta(minutes=5))
    for person in made.people(regencies[0].clinic, 3, name="Peserta Lain"):
        registration.invite(event, person, actor=None)
    return event


@pytest.mark.parametrize("scripts", [True, False])
def test_register_show_the_code_be_recorded_undo(enter, cast, event, scripts):
    phone = {"width": 360, "java_script_enabled": scripts}
    page = enter(cast.participant, f"/kegiatan/{event.code}/", **phone)
    follow(page.locator("main .button"))
    follow(page.locator("main form .button"))
    assert page.url.endswith(f"/kegiatan/{event.code}/saya")
    row = Registration.objects.get(person=cast.participant)
    assert badges.shown_short_code(row.short_code) in page.locator(".qr").inner_text()
    assert page.locator(".qr svg").bounding_box()["width"] >= 60 / 25.4 * 96

    page = enter(cast.organiser, f"/panitia/{event.code}/absen", **phone)
    page.locator("#kode").fill(badges.token_of(row))
    page.locator("#kode").press("Enter")
    told = page.locator("#hasil")
    told.wait_for()
    assert cast.participant.name in told.inner_text()
    assert Presence.objects.filter(registration=row, state="present").exists()

    told.locator("button").click()
    page.locator("#hasil button").wait_for(state="detached")
    assert not Presence.objects.filter(registration=row, state="present").exists()
    page.locator("#q").fill("peserta lain 002")
    assert page.locator("form[role=search] button").is_visible() is not scripts
    page.locator("#q").press("Enter")
    page.wait_for_url("**q=peserta*")
    page.locator("main .rows form button").click()
    page.locator("#hasil").wait_for()
    assert Scan.objects.count() == 2


def test_the_list_narrows_while_a_name_is_typed_and_enter_searches(enter, cast, event):
    row = made.joined(event, cast.participant)
    made.scanned(event, made.badge(row), by=cast.organiser.account, now=timezone.now())
    page = enter(cast.organiser, f"/panitia/{event.code}/absen", width=360)
    shown = page.locator("[data-words]:visible")
    assert shown.count() == 3

    page.locator("#q").fill("LÁIN 002")
    assert shown.count() == 1
    page.locator("#q").fill("zzz")
    assert page.locator("#tiada").is_visible()
    page.locator("#q").fill(cast.participant.name[:5])
    assert page.locator("#sudah").evaluate("fold => fold.open")
    page.locator("#q").fill("lain 003")
    page.locator("#q").press("Enter")
    page.wait_for_url("**q=lain*")
    assert page.locator("[data-words]").count() == 1


def test_axe_finds_nothing_on_any_page_of_the_events(enter, cast, event):
    row = made.joined(event, cast.participant)
    made.scanned(event, made.badge(row), by=cast.organiser.account, now=timezone.now())
    own = [f"/kegiatan/{event.code}/{page}" for page in ("", "saya", "usulan")]
    run = ["/panitia/", *(f"/panitia/{event.code}/{page}" for page in ("", "peserta", "absen"))]
    run.append(f"/panitia/{event.code}/peserta/{row.uuid}")
    looks = ({"width": 360}, {"width": 1280, "language": "en", "color_scheme": "dark"})
    visits = [(cast.participant, [*own, "/kegiatan/"]), (cast.organiser, run)]
    visits.append((cast.colleague, [f"/kegiatan/{event.code}/daftar"]))
    for look in looks:
        for person, addresses in visits:
            shown = enter(person, "/kegiatan/", **look)
            for address in addresses:
                assert shown.goto(address).status == 200, address
                assert faults(shown) == [], address
                assert overflow(shown) <= 0, address
