"""Where a person lands."""

import pytest

from attendance.events import draft_event
from attendance.models import Event
from clinic.people import granting
from clinic.people.granting import Scope
from tests.given import YEAR, Role, make_member

pytestmark = pytest.mark.usefixtures("one_factor")


def test_one_role_leads_to_its_first_screen(cast, signed_in):
    for person in (cast.author, cast.reviewer, cast.admin):
        assert signed_in(person.account).get("/beranda/").headers["Location"] == "/admin/"


def test_an_assessor_begins_at_the_sheets_of_the_assigned_units(cast, regencies, signed_in):
    home, _ = regencies
    further = Scope(unit=home.district, year=YEAR)
    browser = signed_in(cast.assessor.account)
    assert browser.get("/beranda/").headers["Location"] == "/penilaian/"

    granting.grant(cast.assessor, Role.ASSESSOR, actor=cast.admin.account, scope=further)

    browser = signed_in(cast.assessor.account)
    assert browser.get("/beranda/").headers["Location"] == "/penilaian/"


def test_several_roles_stay_on_one_page_with_a_panel_each(cast, regencies, signed_in):
    home, _ = regencies
    granting.grant(
        cast.author, Role.OPERATOR, actor=cast.admin.account, scope=Scope(unit=home.health)
    )

    page = signed_in(cast.author.account).get("/beranda/")

    assert page.status_code == 200
    assert len(page.context["panels"]) == 2


def test_somebody_without_a_role_takes_part_and_learns(cast, regencies, signed_in):
    home, _ = regencies
    person = make_member("Tanpa Peran", home.health, email="tanpa@uji.test")

    answer = signed_in(person.account).get("/beranda/")

    assert answer.headers["Location"] == "/belajar/"


def test_an_organiser_begins_at_the_next_event(cast, regencies, signed_in):
    home, _ = regencies
    draft = Event(code="klinik-uji", title="Klinik uji", unit=home.section)
    organiser = make_member("Panitia Baru", home.section, email="panitia-baru@uji.test")
    granting.grant(organiser, Role.ORGANISER, actor=cast.admin.account)
    draft_event(draft, actor=organiser.account)

    answer = signed_in(organiser.account).get("/beranda/")

    assert answer.headers["Location"] == "/panitia/klinik-uji/"
