"""Broken and hostile files: each is refused or listed with its problems, never half-saved (S15)."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clinic.lib.errors import Refused
from clinic.people.list_imports import PERSONS
from clinic.people.models import Membership, Person
from clinic.records import imports, jobs
from clinic.records.imports import Import
from tests.clinic.people.lists import PERSON_HEADER, as_csv, as_xlsx

GOOD = ["", "Budi Santoso", "Dinas Kesehatan Contoh", "Kasubag", "L", "", "", ""]
UTF8_NAME = ["", "José Ximenes", "Dinas Kesehatan Contoh"]


def repacked(change):
    """Return a good workbook with its parts changed."""
    parts = {}
    with zipfile.ZipFile(io.BytesIO(as_xlsx([PERSON_HEADER, GOOD]))) as book:
        for name in book.namelist():
            parts[name] = book.read(name)
    change(parts)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return content.getvalue()


def with_part(name, part):
    return repacked(lambda parts: parts.update({name: part}))


def with_entity():
    def declare(parts):
        sheet = parts["xl/worksheets/sheet1.xml"]
        parts["xl/worksheets/sheet1.xml"] = (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sheet
        )

    return repacked(declare)


def many_rows(number):
    rows = [PERSON_HEADER, *([["", "Budi", "Dinas", ""]] * number)]
    return as_csv(rows)


REFUSED = {
    "0 bytes": (b"", "o.csv"),
    "blanks only": (b"  \n \n", "o.csv"),
    "not an xlsx": (b"bukan xlsx", "o.xlsx"),
    "a csv called xlsx": (as_csv([PERSON_HEADER, GOOD]), "o.xlsx"),
    "an xlsx called csv": (as_xlsx([PERSON_HEADER, GOOD]), "o.csv"),
    "another kind": (b"%PDF-1.7", "o.pdf"),
    "cut in the middle": (as_xlsx([PERSON_HEADER, GOOD])[:2000], "o.xlsx"),
    "the old Excel format": (bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "o.xlsx"),
    "zip bomb": (with_part("xl/media/bomb.bin", b"0" * 70_000_000), "o.xlsx"),
    "external entity": (with_entity(), "o.xlsx"),
    "macros": (with_part("xl/vbaProject.bin", b"x"), "o.xlsx"),
    "external links": (with_part("xl/externalLinks/externalLink1.xml", b"<x/>"), "o.xlsx"),
    "an archive inside": (with_part("xl/embeddings/x.zip", b"PK\x03\x04"), "o.xlsx"),
    "a part outside": (with_part("../../etc/cron.d/x", b"x"), "o.xlsx"),
    "no sheet": (repacked(lambda parts: parts.pop("xl/worksheets/sheet1.xml")), "o.xlsx"),
    "50,000 rows": (many_rows(50_000), "o.csv"),
    "zero characters": (b"Nama,Unit kerja\x00\nBudi,Dinas", "o.csv"),
    "UTF-16": ("Nama;Unit kerja\nBudi;Dinas".encode("utf-16"), "o.csv"),
    "an open quote": (b'Nama,Unit kerja\n"Budi,Dinas', "o.csv"),
    "a cell of 6,000 letters": (as_csv([PERSON_HEADER, ["", "B" * 6000, "Dinas"]]), "o.csv"),
    "no header": (as_csv([GOOD, GOOD]), "o.csv"),
    "other columns": (as_csv([["Barang", "Harga"], ["Meja", "100"]]), "o.csv"),
    "a cell far away": (
        repacked(
            lambda parts: parts.update(
                {
                    "xl/worksheets/sheet1.xml": parts["xl/worksheets/sheet1.xml"].replace(
                        b'r="A2"', b'r="XFD1048576"'
                    )
                }
            )
        ),
        "o.xlsx",
    ),
}

PROBLEMS = {
    "shifted columns": ([["Budi", "Dinas Kesehatan Contoh", "Kasubag", "L"]], "unit_unknown"),
    "shifted the other way": ([["", "196608011988031001", "Budi", "Kasubag"]], "name_form"),
    "a formula as name": ([["", "=HYPERLINK(1)", GOOD[2]]], "cell_holds_error"),
    "a look-up that failed as NIP": ([["#N/A", "Budi", GOOD[2]]], "cell_holds_error"),
    "a numeric NIP": ([[196608011988031001, "Budi", GOOD[2]]], "nip_broken_by_spreadsheet"),
    "a truth value as sex": ([["", "Budi", GOOD[2], "", True]], "sex_unknown"),
    "a day as name": ([["", 44706, GOOD[2]]], "name_form"),
    "an error value as unit": ([["", "Budi", "#DIV/0!"]], "cell_holds_error"),
    "two persons in one cell": ([["1" * 30, "Budi", GOOD[2]]], "nip_too_long"),
    "header alone": ([], "no_rows"),
}


@pytest.fixture
def before(cast):
    return Person.objects.count(), Membership.objects.count()


def sent(cast, content, name):
    upload = SimpleUploadedFile(name, content)
    return imports.receive(PERSONS, upload, actor=cast.admin.account)


def stored_files(settings):
    return [path for path in settings.PRIVATE_ROOT.glob("imports/*") if path.is_file()]


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_a_list_is_refused_and_leaves_nothing(
    cast, before, settings, tmp_path, case, django_capture_on_commit_callbacks
):
    settings.PRIVATE_ROOT = tmp_path
    refused, row = None, None
    try:
        with django_capture_on_commit_callbacks(execute=True):
            row = sent(cast, *REFUSED[case])
            jobs.run_due()
    except Refused as at_once:
        refused = at_once

    if row is None:
        assert (bool(refused.message), 400 <= refused.status < 500) == (True, True)
        assert not Import.objects.exists()
    else:
        row.refresh_from_db()
        assert (row.state, row.parsed) == (Import.State.REFUSED, {})
        assert row.refusal_message
        assert "%(" not in row.refusal_message
    assert stored_files(settings) == []
    assert (Person.objects.count(), Membership.objects.count()) == before


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_list_with_faults_names_them_and_saves_nothing(cast, before, case):
    rows, code = PROBLEMS[case]
    row = sent(cast, as_xlsx([PERSON_HEADER, *rows]), "o.xlsx")

    jobs.run_due()

    row.refresh_from_db()
    assert row.state == Import.State.READY
    assert code in [problem["code"] for problem in row.report["problems"]]
    assert row.counts["created"] == 0
    assert (Person.objects.count(), Membership.objects.count()) == before


@pytest.mark.parametrize(
    ("encoding", "delimiter", "warnings"),
    [
        ("utf-8", ",", []),
        ("utf-8-sig", ";", []),
        ("utf-8", "\t", []),
        ("cp1252", ";", ["encoding_guessed"]),
    ],
)
def test_the_usual_ways_to_save_a_csv_are_read(cast, encoding, delimiter, warnings):
    content = as_csv([PERSON_HEADER, UTF8_NAME], delimiter=delimiter, encoding=encoding)
    row = sent(cast, content, "o.csv")

    jobs.run_due()

    row.refresh_from_db()
    assert [problem["code"] for problem in row.report["problems"]] == warnings
    assert row.report["rows"][0]["label"] == "José Ximenes"


def test_a_file_beyond_the_workers_limits_is_refused_without_retry(cast, before, settings):
    settings.KLINIK_FILE_SECONDS = 0.000001
    row = sent(cast, as_xlsx([PERSON_HEADER, *([GOOD] * 3000)]), "o.xlsx")

    jobs.run_due()

    row.refresh_from_db()
    assert (row.state, row.refusal_code) == (Import.State.REFUSED, "file_too_heavy")
    assert jobs.Job.objects.get(name=f"{PERSONS}.read").attempts == 1
    assert (Person.objects.count(), Membership.objects.count()) == before
