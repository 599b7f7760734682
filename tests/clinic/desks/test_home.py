"""Where a person lands (contract.md 3)."""

import pytest

from clinic.people import granting
from clinic.people.granting import Scope
from tests.given import Role, make_member


@pytest.fixture(autouse=True)
def without_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


def test_one_role_leads_to_its_first_screen(cast, signed_in):
    for person in (cast.author, cast.reviewer, cast.admin):
        assert signed_in(person.account).get("/beranda/").headers["Location"] == "/admin/"


def test_a_first_screen_that_is_not_built_yet_leaves_its_panel(cast, signed_in):
    page = signed_in(cast.assessor.account).get("/beranda/")

    assert page.status_code == 200
    assert [panel.scope for panel in page.context["panels"]] == ["Dinas Kesehatan Contoh"]
    assert not page.context["panels"][0].address


def test_several_roles_stay_on_one_page_with_a_panel_each(cast, regencies, signed_in):
    home, _ = regencies
    granting.grant(
        cast.author, Role.OPERATOR, actor=cast.admin.account, scope=Scope(unit=home.health)
    )

    page = signed_in(cast.author.account).get("/beranda/")

    assert page.status_code == 200
    assert len(page.context["panels"]) == 2


def test_somebody_without_a_role_is_told_so(cast, regencies, signed_in):
    home, _ = regencies
    person = make_member("Tanpa Peran", home.health, email="tanpa@uji.test")

    assert signed_in(person.account).get("/beranda/").status_code == 200
