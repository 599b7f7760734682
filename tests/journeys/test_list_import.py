"""The administrator brings in the staff list: template, check, a faulty row, apply, list."""

from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command

from clinic.people import accounts, granting
from clinic.people.models import Grant, Membership, Person, Unit
from clinic.records import jobs
from tests.clinic.people.lists import PERSON_HEADER, as_csv, as_xlsx
from tests.journeys.conftest import faults, follow, overflow

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

SAMPLES = Path(__file__).parent.parent / "clinic" / "people" / "samples"
GOOD = ["196608011988031001", "Budi Santoso, S.E.", "Dinas Kesehatan", "Kasubag", "L", "", "", ""]
SECOND = ["", "Siti Aminah", "Kecamatan Contoh Hulu", "Staf", "P", "081234567890", "", ""]
LOST = ["131234567", "Eko", "Dinas Antariksa", "Staf", "", "", "", "kemarin"]


@pytest.fixture
def desk(enter):
    """Return a function that opens an address as the administrator."""
    person = Person.objects.create(name="Contoh - Admin", email="admin@uji.test")
    accounts.create_account(person)
    granting.grant(person, Grant.Role.ADMINISTRATOR, actor=None)
    return partial(enter, person)


def send(page, content, name):
    page.set_input_files(
        "input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.click("main form button[type=submit]")
    page.wait_for_url("**/impor/**")


def test_a_region_and_its_people_come_in_by_hand(desk):
    page = desk("/admin/unit/")
    page.click(".empty a")
    send(page, (SAMPLES / "units-contoh.csv").read_bytes(), "units-contoh.csv")
    assert page.locator("progress").count() == 1
    jobs.run_due()
    page.wait_for_selector("#perubahan-judul")  # the page has asked again by itself
    assert not Unit.objects.exists()
    page.click("main form button[type=submit]")
    page.wait_for_selector(".notice.ok")
    assert Unit.objects.count() == 48

    page.goto("/admin/orang/impor/")
    send(page, as_xlsx([PERSON_HEADER, GOOD, SECOND, LOST]), "pegawai.xlsx")
    jobs.run_due()
    page.wait_for_selector("#masalah-judul")
    assert "Dinas Antariksa" in page.inner_text("#masalah-judul >> xpath=ancestor::table")
    with page.expect_download() as download:
        page.click("a[download]")
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    page.click("button[name=partial]")
    page.wait_for_selector(".notice.ok")

    page.goto("/admin/orang/?q=budi")
    row = page.inner_text("tbody tr")
    assert "Budi Santoso, S.E." in row
    assert "19********1001" in row
    assert Membership.objects.count() == 2


def test_the_same_without_script(desk):
    call_command("import_units", SAMPLES / "units-contoh.csv", "--apply", verbosity=0)
    page = desk("/admin/orang/impor/", java_script_enabled=False)

    send(page, as_csv([PERSON_HEADER, GOOD]), "orang.csv")
    jobs.run_due()
    page.reload()
    follow(page.locator("main form button[type=submit]"))

    assert page.locator(".notice.ok").count() == 1
    assert Person.objects.get(name="Budi Santoso, S.E.").memberships.count() == 1


@pytest.mark.parametrize(
    ("scheme", "language", "width"), [("light", "id", 360), ("dark", "en", 1280)]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(desk, scheme, language, width):
    call_command("import_units", SAMPLES / "units-contoh.csv", "--apply", verbosity=0)
    page = desk("/admin/orang/impor/", width=width, language=language, color_scheme=scheme)
    send(page, as_csv([PERSON_HEADER, GOOD, SECOND, LOST]), "orang.csv")
    checked = page.url
    seen = [("waiting", faults(page), overflow(page))]
    jobs.run_due()
    for address in (
        checked,
        "/admin/orang/",
        "/admin/orang/impor/",
        "/admin/unit/",
        "/admin/unit/impor/",
    ):
        page.goto(address)
        seen.append((address, faults(page), overflow(page)))
    page.goto("/admin/orang/impor/")
    follow(page.locator("main form button[type=submit]"))
    seen.append(("empty form", faults(page), overflow(page)))

    assert [(where, found, by) for where, found, by in seen if found or by > 0] == []
