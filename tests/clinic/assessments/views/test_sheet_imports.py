"""A workbook is looked at as differences, applied, and taken back."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.assessments.workbook.reading import read_workbook
from clinic.lib.templatetags.ui import decimals
from clinic.records import jobs
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI

pytestmark = pytest.mark.django_db
ROW, UNPROVEN = "A.I.1.i.a", "B.I.a"
LINK = "https://bukti.example/akan-hilang"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture(scope="module")
def entries():
    return read_workbook(SAMPLE, ZI).entries


@pytest.fixture
def unit(cast, regencies):
    return regencies[0].health


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator.account)


def record(unit, rows):
    return record_sheet(unit=unit, edition=find_edition("zi-2021"), period=2026, rows=rows).sheet


def check(browser, unit):
    """Send the sample in and have it read; return the address of its page."""
    upload = SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes())
    fields = {"unit": unit.slug, "period": "2026", "framework": "zi-2021", "file": upload}
    address = browser.post(reverse("sheet_import"), fields).headers["Location"]
    jobs.run_due()
    return address


def text(answer):
    return answer.content.decode()


@pytest.fixture
def losing(unit, entries):
    """A sheet in whose place the sample would remove a link."""
    lower = {**entries, ROW: RowEntry("Tidak", "Tidak")}
    return record(unit, {**lower, UNPROVEN: RowEntry(1, "1", "", (("Laporan", LINK),))})


def test_u80_the_title_is_the_score_before_and_after_and_rows_stand_by_points(
    operator, unit, losing
):
    page = operator.get(check(operator, unit))

    before = decimals(losing.total, 1)
    assert re.search(rf"<h1\s*>Nilai {before} → 95,7 \(\+\d+,\d\)</h1>", text(page))
    rows = page.context["difference_rows"]
    assert [row.code for row in rows] == [UNPROVEN, ROW]
    assert LINK in text(page)
    assert Sheet.objects.get().rev == 1
    lost = operator.get(f"{page.request['PATH_INFO']}?saring=bukti-hilang")
    assert [row.code for row in lost.context["difference_rows"]] == [UNPROVEN]


def test_u81_a_loss_is_applied_only_when_confirmed(operator, unit, losing):
    address = check(operator, unit)
    assert 'name="confirmed"' in text(operator.get(address))

    refused = operator.post(address)

    assert refused.status_code == 409
    assert "Nyatakan bahwa hal ini memang dimaksudkan." in text(refused)
    assert rows_of(losing)[UNPROVEN].proofs[0][1] == LINK
    assert Import.objects.get().state == Import.State.READY
    assert operator.post(address, {"confirmed": "1"}).status_code == 302
    assert rows_of(losing)[UNPROVEN].proofs == ()


def test_where_nothing_is_lost_nothing_must_be_confirmed(operator, unit, entries):
    record(unit, {**entries, ROW: RowEntry("Tidak", "Tidak")})
    address = check(operator, unit)

    assert 'name="confirmed"' not in text(operator.get(address))
    assert operator.post(address).status_code == 302


def test_u82_a_file_that_another_unit_holds_already_is_pointed_out(
    operator, unit, entries, regencies
):
    record(regencies[0].clinic, entries)

    page = text(operator.get(check(operator, unit)))

    assert "Isi sama dengan LKE Puskesmas Kota Contoh 2026." in page


def test_many_changes_show_the_heaviest_first_and_the_rest_behind_a_link(operator, unit):
    address = check(operator, unit)
    page = operator.get(address)

    assert len(page.context["difference_rows"]) == 25
    more = page.context["hidden_differences"]
    assert f"Tampilkan {more} butir lagi" in text(page)
    every = operator.get(f"{address}?saring=semua&tampil=semua")
    assert len(every.context["difference_rows"]) == 25 + more


def test_u84_an_applied_file_is_taken_back_from_the_sheet_and_its_page_says_so(
    operator, unit, losing
):
    address = check(operator, unit)
    operator.post(address, {"confirmed": "1"})
    undo = f"{sheet_url(losing)}kembalikan/"
    assert undo in text(operator.get(sheet_url(losing)))
    applied = operator.get(address)
    assert undo in text(applied)
    assert [row.code for row in applied.context["difference_rows"]] == [UNPROVEN, ROW]

    page = operator.get(undo)
    assert f"Nilai 95,7 → {decimals(losing.total, 1)} (−" in text(page)
    done = operator.post(undo, {"rev": page.context["sheet"].rev}, follow=True)

    assert "Versi sebelumnya berlaku kembali." in text(done)
    assert rows_of(losing)[UNPROVEN].proofs == (("Laporan", LINK),)
    assert undo not in text(done)
    assert "lalu dikembalikan pada" in text(operator.get(address))
    again = operator.post(undo, {"rev": "3"})
    assert again.status_code == 409
    assert "Tidak ada versi sebelumnya" in text(again)


def test_u85_the_undo_names_the_rows_that_stay(operator, unit, losing):
    operator.post(check(operator, unit), {"confirmed": "1"})
    address = f"{sheet_url(losing)}butir/{ROW}/"
    form = operator.get(address).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    operator.post(address, {**fields, "note": "Diisi setelah berkas"})
    undo = f"{sheet_url(losing)}kembalikan/"

    stale = operator.post(undo, {"rev": "2"})

    assert stale.status_code == 409
    page = operator.get(undo)
    assert [code for code, _name in page.context["kept"]] == [ROW]
    assert "1 butir diubah setelah berkas itu dan tetap seperti sekarang" in text(page)
    operator.post(undo, {"rev": page.context["sheet"].rev})
    assert rows_of(losing)[ROW].note == "Diisi setelah berkas"
    assert rows_of(losing)[UNPROVEN].proofs == (("Laporan", LINK),)


def test_u84_only_who_may_upload_finds_the_way_back(operator, unit, losing, cast, signed_in):
    operator.post(check(operator, unit), {"confirmed": "1"})
    undo = f"{sheet_url(losing)}kembalikan/"
    expected = {
        "operator": 200,
        "unit_official": 200,
        "regency_official": 200,
        "assessor": 404,
        "participant": 404,
        "other_unit_official": 404,
    }

    found = {
        name: signed_in(getattr(cast, name).account).get(undo).status_code for name in expected
    }

    assert found == expected
    assert undo not in text(signed_in(cast.assessor.account).get(sheet_url(losing)))


def test_a_first_sheet_that_is_taken_back_is_blank_and_says_so_before(operator, unit):
    operator.post(check(operator, unit))
    sheet = Sheet.objects.get()
    undo = f"{sheet_url(sheet)}kembalikan/"

    page = operator.get(undo)

    assert "semua butir akan menjadi kosong" in text(page)
    operator.post(undo, {"rev": sheet.rev})
    assert rows_of(sheet) == {}
    assert Sheet.objects.get().total == 0
