"""The real workbook through the real worker: without an account, then applied to a unit."""

import io
import zipfile
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from openpyxl import load_workbook

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.assessments.workbook.reading import read_workbook
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI, copy_of_sample
from tests.journeys.conftest import A4, F4, faults, follow, overflow, papers

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
    for each in range(4):
        page.locator(".row-group > summary").nth(each).click()
    for each in range(12):
        page.locator("article details summary").nth(each).click()
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
    page.get_by_role("button", name="Simpan", exact=True).click()
    page.wait_for_url("**/2026/?saring=belum-diraih&butir=*")
    sheet.refresh_from_db()
    assert sheet.rev == 2


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (360, False)])
def test_a_file_is_compared_confirmed_applied_and_taken_back(enter, worker, cast, width, scripts):
    """The score and what would be lost stand first; one press leads back."""
    lost = "https://bukti.example/akan-hilang"
    entries = read_workbook(SAMPLE, ZI).entries
    before = {**entries, "B.I.a": RowEntry(1, "1", "", (("Laporan", lost),))}
    unit, edition = cast.operator.memberships.get().unit, find_edition("zi-2021")
    record_sheet(unit=unit, edition=edition, period=2026, rows=before)
    page = enter(cast.operator, "/penilaian/impor/", width=width, java_script_enabled=scripts)
    page.set_input_files("input[type=file]", SAMPLE)
    page.select_option("select[name=unit]", unit.slug)
    page.fill("input[name=period]", "2026")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#perubahan", timeout=60_000)

    assert page.inner_text("h1") == "Nilai 82,6 → 95,7 (+13,1)"
    assert lost in page.inner_text("#perubahan")
    assert overflow(page) <= 0 if scripts else True
    if scripts:
        assert faults(page) == []
    keep(page, f"impor-perubahan-{width}")
    page.click("text=Bukti dihapus (1)")
    assert "1 bukti terhapus." in page.inner_text("main form")
    page.check("input[name=confirmed]")
    follow(page.get_by_role("button", name="Terapkan untuk"))
    page.wait_for_selector(".notice.ok")

    follow(page.get_by_role("link", name="Kembalikan versi sebelumnya"))
    assert "Nilai 95,7 → 82,6 (−13,1)" in page.inner_text("main")
    if scripts:
        assert faults(page) == []
    keep(page, f"kembalikan-{width}")
    follow(page.get_by_role("button", name="Kembalikan versi sebelumnya"))

    assert "Versi sebelumnya berlaku kembali." in page.inner_text("main")
    sheet = Sheet.objects.get()
    assert rows_of(sheet)["B.I.a"].proofs == (("Laporan", lost),)
    assert page.get_by_role("link", name="Kembalikan versi sebelumnya").count() == 0


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (360, False)])
def test_blank_rows_are_filled_one_after_the_other_and_a_conflict_is_chosen(
    enter, cast, width, scripts
):
    """What somebody else has stored meanwhile stays until the person says otherwise."""
    entries = read_workbook(SAMPLE, ZI).entries
    blank = ("A.I.1.i.a", "A.I.1.i.b", "A.I.5.i.a")
    rows = {code: row for code, row in entries.items() if code not in blank}
    unit, edition = cast.operator.memberships.get().unit, find_edition("zi-2021")
    sheet = record_sheet(unit=unit, edition=edition, period=2026, rows=rows).sheet
    page = enter(cast.operator, sheet_url(sheet), width=width, java_script_enabled=scripts)
    follow(page.get_by_role("link", name="Isi butir kosong"))
    page.check("input[name=answer0][value=Ya]")
    page.fill("input[name=link]", "bukti.example/sk")
    follow(page.get_by_role("button", name="Simpan dan butir kosong berikutnya"))
    assert page.url.endswith("/A.I.1.i.b/?saring=kosong")

    page.check("input[name=answer0][value=B]")
    page.fill("textarea[name=note]", "Catatan operator")
    address = urlsplit(page.url).path
    other = enter(cast.unit_official, address)
    other.fill("textarea[name=note]", "Catatan pejabat")
    other.fill("input[name=link]", "https://bukti.example/pejabat")
    follow(other.get_by_role("button", name="Simpan", exact=True))
    follow(page.get_by_role("button", name="Simpan dan butir kosong berikutnya"))

    assert page.title().startswith("Perlu diperbaiki:")
    assert page.locator("#ringkasan:focus").count() == 1
    assert "Diubah oleh Pejabat pukul" in page.inner_text("#ringkasan")
    assert page.input_value("input[name=link]") == "https://bukti.example/pejabat"
    if scripts:
        assert overflow(page) <= 0
        assert faults(page) == []
    keep(page, f"butir-dua-isian-{width}")
    page.check("input[name=pilih_note][value=tersimpan]")
    follow(page.get_by_role("button", name="Simpan dan butir kosong berikutnya"))

    assert page.url.endswith("/A.I.5.i.a/?saring=kosong")
    page.check("input[name=answer0][value=A]")
    follow(page.get_by_role("button", name="Simpan dan butir kosong berikutnya"))
    assert "Tidak ada butir kosong lainnya." in page.inner_text("main")
    assert page.locator("article[id='A.I.5.i.a']").is_visible()
    stored = rows_of(sheet)
    assert (stored[blank[1]].value, stored[blank[1]].note) == ("B", "Catatan pejabat")
    assert stored[blank[1]].proofs == (("", "https://bukti.example/pejabat"),)
    assert stored[blank[0]].proofs == (("", "https://bukti.example/sk"),)


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
