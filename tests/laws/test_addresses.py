"""What holds for every address (S2, S3, S5, S6, S11, D2, D8)."""

import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from clinic.people import granting
from clinic.people.access import SECOND_FACTOR_ROLES
from clinic.people.granting import Scope
from tests.clinic.insights import made as insights_made
from tests.given import Role
from tests.laws.addresses import CATCH_ALL, SAMPLES, SHARED, addresses, ours

LOGIN = "/akun/masuk/"
CHANGED_BY_READING = {"session", "usersession", "auditentry", "auditdetail", "seal"}
MATRIX = {
    row["verb"]: row
    for row in tomllib.loads(Path("clinic/people/access_matrix.toml").read_text())["rule"]
}


def is_declared(address):
    return address.policy or address.prefix_policy or address.name in CATCH_ALL


def is_shadowed(address):
    """A pattern of another package that one of ours, with a policy, answers first."""
    try:
        found = resolve("/" + re.sub(r"<[^>]*>", "1", address.route))
    except Resolver404:
        return False
    return getattr(found.func, "policy", None) is not None


def test_s03_every_address_declares_who_may_open_it():
    undeclared = [a.route for a in addresses() if not is_declared(a) and not is_shadowed(a)]

    assert undeclared == []


def test_s03_every_verb_of_an_address_stands_in_the_matrix():
    verbs = {a.policy for a in ours()} - {"public", "signed-in"}

    assert verbs <= set(MATRIX)


def test_s03_nobody_unknown_gets_past_the_log_in_page(db):
    for address in ours():
        if address.policy == "public":
            continue
        path = address.nobodys()
        page = Client().get(path)
        assert (page.status_code, page.headers["Location"]) == (302, f"{LOGIN}?next={path}")
        fragment = Client().get(path, headers={"HX-Request": "true"})
        assert fragment.status_code == 401, path
        assert fragment.headers["HX-Redirect"].startswith(LOGIN), path


def test_s03_each_role_opens_what_the_matrix_gives_it(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    for role, person in cast.by_role().items():
        browser = signed_in(person.account)
        for address in ours():
            if address.policy in {"public", "signed-in"}:
                continue
            may = {role, "peserta"} & MATRIX[address.policy]["who"].keys()
            status = browser.get(address.nobodys()).status_code
            if not may:
                assert status == (404 if address.arguments else 403), (role, address.name)
            elif not address.arguments:
                assert status != 403, (role, address.name)


def test_s11_no_staff_page_opens_without_the_second_factor(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = True
    own_pages = reverse("account_home")
    for role in SECOND_FACTOR_ROLES:
        browser = signed_in(cast.by_role()[role].account)
        for address in ours():
            path = address.nobodys()
            is_own_page = address.policy == "signed-in" and path.startswith(own_pages)
            if address.policy == "public" or is_own_page:
                continue
            assert browser.get(path).headers.get("Location") == "/akun/faktor/", (role, path)


def test_s06_no_unsafe_request_passes_without_a_token(cast):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.participant.account)
    for address in ours():
        path = address.nobodys()
        assert not getattr(address.pattern.callback, "csrf_exempt", False), path
        assert browser.post(path).status_code == 403, path


def rows_of_every_table():
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.model_name not in CHANGED_BY_READING and model._meta.managed
    }


@pytest.mark.parametrize("role", ["peserta", "admin"])
def test_s05_reading_changes_nothing(cast, signed_in, settings, role):
    settings.KLINIK_SECOND_FACTOR = False
    browser = signed_in(cast.by_role()[role].account)
    before = rows_of_every_table()
    for address in ours():
        path = address.nobodys()
        for method in (browser.get, browser.head, browser.options):
            assert method(path).status_code != 500, path

    assert rows_of_every_table() == before


@pytest.mark.parametrize("name", SAMPLES)
def test_s05_reading_a_thing_that_there_is_changes_nothing(cast, signed_in, settings, name):
    settings.KLINIK_SECOND_FACTOR = False
    owner = cast.regency_official
    for role in (Role.ORGANISER, Role.REVIEWER, Role.ADMINISTRATOR):
        granting.grant(owner, role, actor=None)
    home = Scope(unit=owner.memberships.get().unit.get_root())
    granting.grant(owner, Role.UNIT_OFFICIAL, actor=None, scope=home)
    path = reverse(name, kwargs=SAMPLES[name](owner))
    browser = signed_in(owner.account)
    before = rows_of_every_table()
    told = [method(path).status_code for method in (browser.get, browser.head, browser.options)]

    assert told[0] in {200, 302, 404}, "some pages lead on, some take a post only"
    assert told[1] == told[0]
    assert rows_of_every_table() == before


def test_d02_every_address_with_a_thing_in_it_has_a_sample():
    named = {a.name for a in ours() if a.arguments and a.policy != "public"}

    assert named == set(SAMPLES) | SHARED
    assert not SHARED & set(SAMPLES)


def test_d02_the_page_of_a_shared_thing_names_no_unit_of_the_other_regency(
    cast, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    assert {"change_area"} == SHARED
    path = reverse("change_area", kwargs={"slug": "pengawasan"})
    both = (cast.regency_official, cast.other_regency_official)
    names = {}
    for official in both:
        unit = official.memberships.get().unit
        insights_made.sheet(unit, insights_made.zi(), strength=0.3)
        names[official] = unit.name
    for owner, other in (both, both[::-1]):
        text = signed_in(other.account).get(path).content.decode()
        assert names[other] in text
        assert names[owner] not in text


@pytest.mark.parametrize("name", SAMPLES)
def test_d02_s02_what_is_of_one_regency_does_not_exist_for_the_other(
    cast, signed_in, settings, name
):
    settings.KLINIK_SECOND_FACTOR = False
    both = (cast.regency_official, cast.other_regency_official)
    for owner, other in (both, both[::-1]):
        path = reverse(name, kwargs=SAMPLES[name](owner))
        browser = signed_in(other.account)
        for method in (browser.get, browser.post, browser.put, browser.delete):
            assert method(path).status_code == 404, (name, method.__name__)


def test_d08_no_row_number_in_an_address_of_ours():
    modules = [
        path
        for package in ("clinic", "courses", "quizzes", "attendance")
        for path in Path(package).rglob("*.py")
        if {"urls", "api", "portal_api"} & {path.stem, path.parent.name}
    ]
    assert modules
    assert [str(path) for path in modules if "<int:" in path.read_text()] == []


def test_closed_doors_stand_before_the_editors_own():
    for path in ("/admin/login/", "/admin/users/1/", "/admin/groups/", "/_util/login/"):
        assert resolve(path).func.policy == "public", path
