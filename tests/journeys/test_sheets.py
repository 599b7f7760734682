"""The real workbook through the real worker: without an account, then applied to a unit."""

import io
import zipfile

import pytest
from django.conf import settings as django_settings
from openpyxl import load_workbook

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, copy_of_sample
from tests.journeys.conftest import A4, F4, faults, overflow, papers

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
PICTURES = django_settings.BASE_DIR / "var" / "pictures"


def keep(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "language", "scripts"), [(1280, "id", True), (360, "id", False), (360, "en", True)]
)
def test_a_stranger_checks_the_real_workbook(visit, worker, width, language, scripts):
    page = visit("/periksa-lke/", width=width, language=language, java_script_enabled=scripts)
    page.set_input_files("input[type=file]", SAMPLE)
    page.click("main form button[type=submit]")

    page.wait_for_selector("#nilai", timeout=60_000)

    text = page.inner_text("main")
    for figure in ("95.7", "95.6", "65.9") if language == "en" else ("95,7", "95,6", "65,9"):
        assert figure in text
    assert "L175" in text
    assert overflow(page) <= 0
    assert page.evaluate("document.documentElement.scrollHeight") < 9000
    assert page.locator("[data-print]").is_visible() == scripts
    if scripts:
        assert faults(page) == []
        assert page.evaluate("document.activeElement.id") == "nilai"
    for fold in page.locator("main details > summary").all():
        fold.click()
    assert ("95.710" if language == "en" else "95,710") in page.inner_text("main")
    assert overflow(page) <= 0
    keep(page, f"periksa-lke-{width}-{language}")
    page.emulate_media(media="print")
    keep(page, f"periksa-lke-{width}-{language}-cetak")
    assert Import.objects.get().actor is None


def test_the_secretariat_checks_a_zip_of_twelve_files(enter, worker, cast):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("Dinas Kesehatan Contoh.xlsx", copy_of_sample(0))
        archive.writestr("LKE Inspektorat Contoh 2025.xlsx", copy_of_sample(1))
        for number in range(2, 11):
            archive.writestr(f"berkas {number}.xlsx", copy_of_sample(number))
        archive.writestr("dalam.zip", b"x")
    sent = {"name": "lke-2025.zip", "mimeType": "application/zip", "buffer": content.getvalue()}

    page = enter(cast.regency_official, "/periksa-lke/")
    page.click("main a[href$='/banyak/']")
    assert faults(page) == []
    page.set_input_files("input[type=file]", sent)
    page.click("main form button[type=submit]")
    page.wait_for_selector("#nilai", timeout=120_000)

    assert page.evaluate("document.activeElement.id") == "nilai"
    assert "11 dari 11" in page.inner_text("h1")
    assert page.locator(".many tbody tr").count() == 12
    assert faults(page) == []
    keep(page, "banyak-1280")
    with page.expect_download() as table:
        page.click("main a[href$='tabel.xlsx']")
    assert load_workbook(io.BytesIO(table.value.path().read_bytes())).active.max_row == 13
    page.set_viewport_size({"width": 360, "height": 740})
    assert overflow(page) <= 0
    assert faults(page) == []
    keep(page, "banyak-360")

    page.click("main a:text-is('Dinas Kesehatan Contoh')")
    assert "65,9" in page.inner_text("h1")
    assert overflow(page) <= 0
    assert faults(page) == []
    with page.expect_download() as remarks:
        page.click("main a[href$='catatan.xlsx']")
    assert (
        load_workbook(io.BytesIO(remarks.value.path().read_bytes())).worksheets[0]["L175"].comment
    )
    assert not Sheet.objects.exists()


def test_an_operator_applies_the_workbook_and_types_a_row(enter, worker, cast):
    find_edition("zi-2021")
    page = enter(cast.operator, "/penilaian/impor/", width=360)
    page.set_input_files("input[type=file]", SAMPLE)
    page.select_option("select[name=unit]", "dinas-kesehatan-contoh")
    page.fill("input[name=period]", "2026")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#nilai", timeout=60_000)
    assert not Sheet.objects.exists()
    assert faults(page) == []
    keep(page, "impor-360")
    page.click("main form button[type=submit]")
    page.wait_for_selector(".notice.ok")
    sheet = Sheet.objects.get()
    print_it(page, sheet)
    type_a_row(page, sheet)
    look_around(page, sheet)


def print_it(page, sheet):
    """All 113 rows fit on ten sheets of either paper; a rubric prints where it was opened."""
    page.goto(f"/penilaian/unit/{sheet.unit.slug}/zi-2021/2026/")
    for paper in (A4, F4):
        assert papers(page, **paper) <= 10
    before = papers(page, **A4)
    for each in range(12):
        page.locator(".sheet-part details summary").nth(each).click()
    assert before < papers(page, **A4) <= before + 6
    page.goto(f"/penilaian/unit/{sheet.unit.slug}/zi-2021/2026/?cetak=rubrik")
    assert papers(page, **A4) > 20


def type_a_row(page, sheet):
    page.goto(f"/penilaian/unit/{sheet.unit.slug}/zi-2021/2026/?saring=belum-diraih")
    assert overflow(page) <= 0
    assert faults(page) == []
    keep(page, "lembar-360")
    page.click("main article a[href*='/butir/']")
    page.fill("textarea[name=note]", "Dicek ulang")
    keep(page, "butir-360")
    assert faults(page) == []
    page.click("main form button[type=submit]")
    page.wait_for_url("**/2026/#*")
    sheet.refresh_from_db()
    assert sheet.rev == 2


def look_around(page, sheet):
    for address in ("/penilaian/", "/pemetaan/", f"/pemetaan/unit/{sheet.unit.slug}/"):
        page.goto(address)
        assert overflow(page) <= 0, address
        assert faults(page) == [], address
        keep(page, address.strip("/").replace("/", "-") + "-360")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/pemetaan/")
    assert faults(page) == []
    keep(page, "pemetaan-1280")
