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
from openpyxl import Workbook

from clinic.assessments import public_check
from clinic.assessments.frameworks import find_edition
from clinic.assessments.public_check import TooManyChecks, count_try
from clinic.records import imports, jobs
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, changed_sample

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
    assert browser.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


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

    group = next(one for one in page.context["groups"] if one.code == "no_proof_link")
    assert len(group.lines) == 27
    assert page.content.decode().count(group.shared_text) == 1


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
