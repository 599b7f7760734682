import io
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from openpyxl.cell import MergedCell

from clinic.assessments import public_check
from clinic.assessments.frameworks import find_edition
from clinic.assessments.public_check import TooManyChecks, count_try
from clinic.records import imports, jobs
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, changed_sample, with_answers

pytestmark = pytest.mark.django_db

ADDRESS = "/periksa-lke/"


@pytest.fixture(autouse=True)
def often(settings):
    settings.KLINIK_PUBLIC_CHECK_PER_MINUTE = 50


@pytest.fixture
def new_files():
    """Return a function that lists the files that came into the private store meanwhile."""
    root = Path(Import._meta.get_field("file").storage.location)
    before = set(root.rglob("*"))
    return lambda: [path for path in set(root.rglob("*")) - before if path.is_file()]


@pytest.fixture
def browser():
    return Client()


def send(browser, content=None, name="lke.xlsx", **more):
    upload = SimpleUploadedFile(name, SAMPLE.read_bytes() if content is None else content)
    return browser.post(ADDRESS, {"file": upload, "framework": "zi-2021"}, **more)


def report_of(browser, content=None):
    address = send(browser, content).headers["Location"]
    jobs.run_due()
    return address, browser.get(address)


def test_the_real_file_is_reported_in_words(browser):
    _address, page = report_of(browser)
    text = page.content.decode()

    assert page.status_code == 200
    for said in (
        "95,710 poin",
        "95,576 poin",
        "L208",
        "L175",
        "65,7",
        "65,9",
        "Q122, Q123",
        "AVERAGE(L176:L179)",
    ):
        assert said in text, said
    assert "Wilayah Bebas dari Korupsi" in text
    assert "NaN" not in text


def test_while_it_is_read_the_page_polls_and_then_asks_for_itself(browser):
    address = send(browser).headers["Location"]
    waiting = browser.get(address).content.decode()
    bar = browser.get(address, headers={"HX-Request": "true"})
    jobs.run_due()

    assert "hx-get" in waiting
    assert "http-equiv" in waiting
    assert "<html" not in bar.content.decode()
    swapped = browser.get(address, headers={"HX-Request": "true"})
    assert swapped.headers["HX-Retarget"] == "#isi"
    assert 'id="nilai" tabindex="-1" autofocus' in swapped.content.decode()
    assert "autofocus" not in browser.get(address).content.decode()


def test_s25_nothing_is_kept_after_the_time_and_no_audit_row_is_written(
    browser, new_files, django_capture_on_commit_callbacks
):
    address, _page = report_of(browser)
    assert len(new_files()) == 1
    Import.objects.update(expires_at=timezone.now())
    assert browser.get(address).status_code == 404

    with django_capture_on_commit_callbacks(execute=True):
        imports.expire(str(Import.objects.get().uuid))
    assert not Import.objects.exists()
    assert not jobs.Job.objects.filter(name__startswith=public_check.PUBLIC_CHECK).exists()
    assert not AuditEntry.objects.exists()
    assert new_files() == []


def test_s25_the_purge_is_planned_when_the_file_comes_in(browser):
    send(browser)
    row = Import.objects.get()
    job = jobs.Job.objects.get(name=imports.EXPIRY_JOB)

    assert job.due_at == row.expires_at
    assert timedelta(minutes=59) < row.expires_at - timezone.now() <= timedelta(minutes=60)
    assert row.actor is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("LKE 198001012005011001.xlsx", "LKE ….xlsx"),
        ("LKE 19800101 200501 1 001 (2).xlsx", "LKE … (2).xlsx"),
        ("1234567.xlsx", "….xlsx"),
        ("LKE ZI 2026 v12.xlsx", "LKE ZI 2026 v12.xlsx"),
    ],
)
def test_s25_a_long_number_in_the_files_name_is_neither_shown_nor_stored(
    browser, new_files, name, kept
):
    address = send(browser, name=name).headers["Location"]
    jobs.run_due()
    page = browser.get(address).content.decode()

    row = Import.objects.get()
    assert row.original_name == kept
    assert kept in page
    stored = "".join([json.dumps([row.report, row.options]), *(str(path) for path in new_files())])
    if kept != name:
        assert name.removesuffix(".xlsx") not in page + stored


def test_s25_what_people_typed_is_neither_shown_nor_stored(browser):
    secrets = ["Budi Santoso", "196608011988031001", "https://rahasia.example/berkas"]

    def fill(sheet):
        sheet["K9"] = "Budi Santoso"
        sheet["K10"] = "196608011988031001"
        sheet["P9"] = "NIP 196608011988031001 Budi Santoso"
        sheet["Q9"] = "https://rahasia.example/berkas"
        sheet["Q10"] = "https://rahasia.example/berkas"
        sheet.title = "LKE Budi Santoso"

    _address, page = report_of(browser, changed_sample(fill))
    row = Import.objects.get()
    stored = json.dumps([row.report, row.parsed, row.counts])

    assert "K9" in page.content.decode()
    for secret in [*secrets, "https://bukti.example"]:
        assert secret not in page.content.decode()
        assert secret not in stored


def test_only_the_random_address_opens_a_report_and_imports_of_people_never_do(browser, cast):
    kept = imports.receive(
        "assessments.sheet",
        SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes()),
        actor=cast.operator.account,
    )

    assert browser.get(reverse("public_report", kwargs={"uuid": uuid4()})).status_code == 404
    assert browser.get(reverse("public_report", kwargs={"uuid": kept.uuid})).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"PK\x03\x04" + b"0" * (6 * 1024 * 1024), "lke.xlsx", 413),
        (b"<html>", "lke.html", 415),
        (b"MZ", "lke.xlsm", 415),
        (b"not a workbook", "lke.xlsx", 422),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "lke.xlsx", 422),
        (b"", "lke.xlsx", 422),
    ],
)
def test_s15_a_hostile_file_is_refused_at_once_and_nothing_is_left(
    browser, new_files, content, name, status
):
    answer = send(browser, content, name)

    assert answer.status_code == status
    assert "field-error" in answer.content.decode()
    assert "%(" not in answer.content.decode()
    assert not Import.objects.exists()
    assert not jobs.Job.objects.exists()
    assert new_files() == []


def test_a_broken_upload_is_400(browser):
    answer = browser.generic("POST", ADDRESS, b"x", content_type="multipart/form-data; boundary=")

    assert answer.status_code == 400
    assert not Import.objects.exists()


def test_a_workbook_that_is_no_lke_ends_as_a_refused_import(browser):
    workbook = io.BytesIO()
    Workbook().save(workbook)
    _address, page = report_of(browser, workbook.getvalue())

    assert Import.objects.get().state == Import.State.REFUSED
    assert "%(" not in page.content.decode()
    assert Import.objects.get().refusal in page.content.decode()


def test_too_many_files_are_told_when_to_come_back(browser, settings):
    settings.KLINIK_PUBLIC_CHECK_PER_MINUTE = 1
    send(browser, b"x")

    answer = send(browser, b"x")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "WI" in answer.content.decode()


def test_the_count_is_by_minute_and_hour_and_keeps_no_address(settings):
    settings.KLINIK_PUBLIC_CHECK_PER_MINUTE = 2
    settings.KLINIK_PUBLIC_CHECK_PER_HOUR = 3
    start = 1_800_000_000 // 3600 * 3600
    for moment in (0, 1, 70):
        count_try("203.0.113.7", now=start + moment)
    count_try("203.0.113.8", now=start)

    with pytest.raises(TooManyChecks) as refused:
        count_try("203.0.113.7", now=start + 130)
    assert refused.value.details["seconds"] == 3600 - 130
    count_try("203.0.113.7", now=start + 3601)
    keys = [key for key in _keys() if "public_check" in key]
    assert keys
    assert not [key for key in keys if "203.0.113" in key]


def _keys():
    if "DatabaseCache" not in type(cache._connections["default"]).__name__:
        return [key.decode() for key in cache._cache.get_client().scan_iter("*")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        return [row[0] for row in cursor.fetchall()]


def test_where_it_is_off_a_stranger_is_asked_to_sign_in(browser, settings):
    settings.KLINIK_PUBLIC_CHECK = False

    assert "/akun/masuk/" in browser.get(ADDRESS).headers["Location"]
    assert "/akun/masuk/" in send(browser).headers["Location"]
    assert not Import.objects.exists()


def test_a_stranger_s_report_is_named_after_its_file_and_not_stamped_as_sample(browser, settings):
    settings.IS_DEMO = True
    name = "LKE <b>Dinas<b> " + "x" * 70 + ".xlsx"
    address = send(browser, name=name).headers["Location"]
    jobs.run_due()
    page = browser.get(address).content.decode()

    assert "Data contoh" not in page
    assert "DATA CONTOH" not in page
    assert "LKE &lt;b&gt;Dinas&lt;b&gt;" in page
    assert "<b>Dinas" not in page
    assert "x" * 60 not in page
    assert "zi-2021" in page.split("print-header")[1][:900]


def test_a_remark_that_repeats_is_said_once_above_its_rows(browser):
    _address, page = report_of(browser)

    group = page.context["without_proof"]
    assert len(group.lines) == 27
    assert page.content.decode().count(group.remedy) == 1
    assert page.content.decode().count("Sertakan jumlah responden") == 1


def test_a_framework_is_recognised_or_the_fitting_one_is_named(browser):
    upload = SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes())
    address = browser.post(ADDRESS, {"file": upload, "framework": ""}).headers["Location"]
    jobs.run_due()
    assert Import.objects.get().options["framework"] == "zi-2021"
    assert "95,710 poin" in browser.get(address).content.decode()

    find_edition("akip-2021")
    upload = SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes())
    address = browser.post(ADDRESS, {"file": upload, "framework": "akip-2021"}).headers["Location"]
    jobs.run_due()
    page = browser.get(address)
    assert page.context["import"].state == Import.State.REFUSED
    assert "LKE ZI 2021" in page.content.decode()


def test_u88_the_report_begins_with_its_answer_and_three_things_to_do(browser):
    _address, page = report_of(browser)
    text = " ".join(page.content.decode().split())

    assert page.context["headline"] == "65,9 poin belum memiliki tautan bukti"
    assert "<b>95,7</b>" in text
    assert "Berkas salah hitung 0,133. LHKASN tidak terhitung." in text
    assert [piece.kind for piece in page.context["bar"]] == ["proven", "unproven", "open"]
    assert [round(piece.points, 1) for piece in page.context["bar"]] == [29.8, 65.9, 4.3]
    steps = page.context["today"]
    assert [round(step.points, 2) for step in steps] == [35.0, 2.5, 0.13]
    assert [step.where for step in steps] == ["Q202, Q205", "K174, O172", "L175"]


def test_the_four_rows_below_their_full_points_are_named_with_code_and_points(browser):
    _address, page = report_of(browser)
    rows = page.context["open_rows"]

    assert [(row.code, round(row.not_reached, 3)) for row in rows] == [
        ("A.II.5.ii.a", 2.5),
        ("A.II.1.i.b", 0.857),
        ("A.II.4.i.a", 0.8),
        ("A.II.5.iii.a.a", 0.133),
    ]
    assert rows[0].says == "Dihitung: 1 dari 6."
    assert "6 sudah selesai" in rows[0].remark
    for row in rows:
        assert f"{row.code}, sel {row.where}" in " ".join(page.content.decode().split())


def test_rows_without_proof_come_by_points(browser):
    _address, page = report_of(browser)
    points = [line.points for line in page.context["without_proof"].lines]

    assert points == sorted(points, reverse=True)
    assert points[:3] == [17.5, 17.5, 5]


def test_wbk_and_wbbm_stand_on_one_bar_a_line(browser):
    _address, page = report_of(browser)
    lines = page.context["goal_lines"].lines

    assert len(lines) == 12
    assert [mark.code for mark in lines[0].marks] == ["WBK", "WBBM"]
    assert (lines[0].marks[0].place, lines[0].marks[1].place) == ("75.00", "85.00")
    assert page.content.decode().count('class="goal-lines"') == 1


def test_what_is_not_filled_in_is_a_piece_of_its_own_and_never_nought(browser):
    _address, page = report_of(browser, with_answers({"K202": None}))

    bar = {piece.kind: round(piece.points, 1) for piece in page.context["bar"]}
    assert bar["blank"] == 17.5
    assert page.context["today"][0].where in {"K202", "Q205"}
    assert any("B.I.a" in row["code"] for row in page.context["blank"])
    assert "B.I.a" in page.content.decode()


def test_an_area_that_is_missing_whole_is_one_line_with_its_name(browser):
    def drop(sheet):
        for row in [*range(7, 26), *range(128, 139)]:
            for cell in sheet[row]:
                if cell.column <= 17 and not isinstance(cell, MergedCell):
                    cell.value = None

    _address, page = report_of(browser, changed_sample(drop))
    lines = page.context["unread"]
    whole = [line for line in lines if "Manajemen Perubahan" in line.text]

    assert len(whole) == 1
    assert len(lines) < len(page.context["rejected"])


def test_a_file_that_is_no_lke_is_not_taken_for_another_framework(browser):
    workbook = io.BytesIO()
    Workbook().save(workbook)
    upload = SimpleUploadedFile("lke.xlsx", workbook.getvalue())
    address = browser.post(ADDRESS, {"file": upload, "framework": ""}).headers["Location"]
    jobs.run_due()
    page = browser.get(address).content.decode()

    assert Import.objects.get().refusal_code == "sheet_unknown"
    assert "Zona Integritas" not in Import.objects.get().refusal
    assert "LKE yang dibaca di sini" in page


def test_a_csv_is_told_to_come_as_xlsx(browser):
    answer = send(browser, b"a;b", "lke.csv")

    assert answer.status_code == 415
    assert "simpan sebagai .xlsx" in answer.content.decode()


def test_u87_the_download_holds_remarks_at_their_cells_and_nothing_that_was_typed(browser):
    def fill(sheet):
        sheet["K9"] = "Budi Santoso"
        sheet["P9"] = "NIP 196608011988031001 Budi Santoso"

    address, _page = report_of(browser, changed_sample(fill, values=True))
    answer = browser.get(f"{address}catatan.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    rows, remarks = book.worksheets

    assert "belum memiliki tautan" in rows["Q202"].comment.text
    assert "6 sudah selesai" in rows["O172"].comment.text
    assert rows["E202"].value.startswith("B.I.a ")
    assert rows["L202"].value == 17.5
    assert rows["K202"].value is None
    assert remarks.max_row > 40
    everything = [str(cell.value) for sheet in book for row in sheet for cell in row]
    everything += [
        cell.comment.text for sheet in book for row in sheet for cell in row if cell.comment
    ]
    for typed in ("Budi", "19660801", "https://bukti.example"):
        assert not [text for text in everything if typed in text]


def test_u87_the_download_goes_with_the_report(browser):
    address, _page = report_of(browser)
    Import.objects.update(expires_at=timezone.now())

    assert browser.get(f"{address}catatan.xlsx").status_code == 404
