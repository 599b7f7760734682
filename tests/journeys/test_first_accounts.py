"""From a list of people to somebody at work: account, role, slip, activation, log-in."""

import re

import pytest
from django.core.management import call_command

from clinic.people import accounts, granting
from clinic.people.models import Grant, Person
from clinic.records import jobs
from tests.clinic.people.lists import PERSON_HEADER, as_csv
from tests.given import PASSWORD
from tests.journeys.conftest import faults, follow, overflow
from tests.journeys.test_list_import import SAMPLES, send

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

NIP = "196608011988031001"
LIST = [PERSON_HEADER, [NIP, "Budi Santoso, S.E.", "Dinas Kesehatan", "Kasubag", "L", "", "", ""]]
OWN = "kalimat panjang milik Budi"


@pytest.fixture
def admin(transactional_db):
    person = Person.objects.create(name="Contoh - Admin", email="admin@uji.test")
    accounts.set_password(accounts.create_account(person), PASSWORD)
    granting.grant(person, Grant.Role.ADMINISTRATOR, actor=None)
    return person


@pytest.fixture
def regency(admin):
    call_command("import_units", SAMPLES / "units-contoh.csv", "--apply", verbosity=0)


def bring_in(page):
    send(page, as_csv(LIST), "orang.csv")
    jobs.run_due()
    page.reload()
    press(page)


def press(page):
    follow(page.locator("main form button[type=submit]").first)


def make_operator(page, unit):
    follow(page.get_by_role("link", name="Beri peran"))
    page.select_option("select[name=role]", "operator")
    page.select_option("select[name=unit]", unit.slug)
    press(page)
    page.fill("input[name=password]", PASSWORD)
    press(page)
    assert page.input_value("select[name=unit]") == unit.slug
    press(page)
    assert "Operator unit" in page.inner_text(".rows")


def print_slip(page):
    """Return the path on the slip of the person whose page it is."""
    follow(page.get_by_role("link", name="Cetak slip aktivasi"))
    assert page.locator("input[name=accounts]:checked").count() == 1
    press(page)
    return re.search(r"/akun/aktivasi/[\w-]+/", page.inner_text(".slip .code")).group()


def take_into_use(page):
    page.fill("input[name=nip]", NIP)
    page.fill("input[name=password1]", OWN)
    page.fill("input[name=password2]", OWN)
    press(page)
    page.fill("input[name=login]", NIP)
    page.fill("input[name=password]", OWN)
    press(page)


def test_who_came_by_a_list_gets_an_account_and_a_role_and_logs_in(enter, visit, admin, regency):
    page = enter(admin, "/admin/orang/impor/")
    bring_in(page)
    unit = Person.objects.get(nip=NIP).memberships.get().unit
    page.goto("/admin/orang/?akun=tanpa")
    follow(page.get_by_role("link", name="Budi Santoso, S.E."))
    follow(page.get_by_role("link", name="Buat akun"))
    press(page)
    make_operator(page, unit)

    own = visit(print_slip(page))
    take_into_use(own)

    assert "/penilaian/" in own.url, "where an operator works"
    own.goto("/akun/profil/")
    assert f"Operator unit, {unit.name}" in own.inner_text("main")


@pytest.mark.parametrize(
    ("scheme", "language", "width"), [("light", "id", 360), ("dark", "en", 1280)]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    enter, admin, regency, scheme, language, width
):
    person = Person.objects.create(name="Tamu tanpa NIP dan tanpa alamat surel")
    given = granting.grant(person, Grant.Role.AUTHOR, actor=None)
    page = enter(admin, "/admin/orang/", width=width, language=language, color_scheme=scheme)
    own = f"/admin/orang/{person.uuid}/"
    seen = []
    for address in (
        "/admin/orang/?akun=tanpa",
        own,
        f"{own}akun/",
        f"{own}peran/",
        f"{own}peran/{given.uuid}/cabut/",
        f"/admin/orang/{admin.uuid}/",
    ):
        page.goto(address)
        seen.append((address, faults(page), overflow(page)))
    page.goto(f"{own}akun/")
    follow(page.locator("main form button[type=submit]"))
    seen.append(("refused", faults(page), overflow(page)))

    assert [(where, found, by) for where, found, by in seen if found or by > 0] == []
