"""A file is looked at, applied and taken back; two windows type one row and nothing is lost."""

import pytest

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.people.models import Unit
from tests.clinic.assessments.made_workbooks import SAMPLE
from tests.journeys.conftest import faults, overflow

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
ROW = "A.I.1.i.a"
OWN_LINK = "https://bukti.example/semula"


@pytest.fixture
def sheet(cast):
    """A sheet with one answer, a remark and a link to proof that no file knows of."""
    return record_sheet(
        unit=Unit.objects.get(slug="dinas-kesehatan-contoh"),
        edition=find_edition("zi-2021"),
        period=2026,
        rows={ROW: RowEntry("Tidak", "Tidak", "Semula", (("SK", OWN_LINK),))},
    ).sheet


def test_a_file_is_looked_at_applied_and_taken_back(enter, worker, cast, sheet):
    stood = rows_of(sheet)
    page = enter(cast.operator, "/penilaian/impor/?unit=dinas-kesehatan-contoh", width=360)
    page.set_input_files("input[type=file]", SAMPLE)
    page.fill("input[name=period]", "2026")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#perubahan", timeout=60_000)

    assert "95,7" in page.inner_text("h1")
    assert rows_of(sheet) == stood
    assert faults(page) == []
    assert overflow(page) <= 0
    page.click("#perubahan nav a[href*='bukti-hilang']")
    page.wait_for_url("**saring=bukti-hilang**")
    assert OWN_LINK in page.inner_text("#perubahan")
    page.click("main form button[type=submit]")  # a loss has to be confirmed
    assert rows_of(sheet) == stood
    page.check("input[name=confirmed]")
    page.click("main form button[type=submit]")
    page.wait_for_selector(".notice.ok")
    assert Sheet.objects.get().total > 95
    assert faults(page) == []

    page.goto(sheet_url(sheet))
    page.click("main a[href$='/kembalikan/']")
    assert faults(page) == []
    assert overflow(page) <= 0
    page.click("main form button[type=submit]")
    page.wait_for_url(f"**{sheet_url(sheet)}")
    assert rows_of(sheet) == stood
    assert page.locator("a[href$='/kembalikan/']").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_two_windows_type_one_row_and_no_proof_is_lost(enter, cast, sheet, scripts):
    address = f"{sheet_url(sheet)}butir/{ROW}/"
    first, second = (
        enter(cast.operator, address, width=360, java_script_enabled=scripts) for _each in range(2)
    )
    first.fill("[name=link]", "https://bukti.example/baru")
    first.fill("[name=note]", "Dari jendela pertama")
    first.click("main form button:not([name])")
    first.wait_for_url("**#A.I.1.i.a")

    second.fill("[name=note]", "Dari jendela kedua")
    second.click("main form button:not([name])")
    second.wait_for_selector("#ringkasan")

    assert second.title().startswith("Perlu diperbaiki")
    assert "Anda mengubahnya di jendela lain" in second.inner_text("#ringkasan")
    assert second.input_value("[name=link]") == "https://bukti.example/baru"
    assert rows_of(sheet)[ROW].note == "Dari jendela pertama"
    if scripts:
        assert second.evaluate("document.activeElement.id") == "ringkasan"
        assert faults(second) == []
    assert overflow(second) <= 0
    second.check("[name=pilih_note][value=saya]")
    second.click("main form button:not([name])")
    second.wait_for_url("**#A.I.1.i.a")
    row = rows_of(sheet)[ROW]
    assert (row.note, row.proofs) == (
        "Dari jendela kedua",
        (("SK", "https://bukti.example/baru"),),
    )
    assert second.locator(f"[id='{ROW}']").is_visible()
