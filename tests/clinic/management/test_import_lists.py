import io
import json

import pytest
from django.core.management import CommandError, call_command

from clinic.people.models import Membership, Person, Unit
from clinic.records.audit import AuditEntry
from tests.clinic.people.lists import PERSON_HEADER, SAMPLES, UNIT_HEADER, as_csv, as_xlsx

CONTOH = SAMPLES / "units-contoh.csv"
NOBODY_AT = ["", "Wati", "Dinas Antariksa"]
BUDI = ["196608011988031001", "Budi Santoso", "Kabupaten Uji", "Kasubag"]


def run(command, path, *flags):
    """Return exit code, the JSON object of the last line, and all lines."""
    out = io.StringIO()
    code = 0
    try:
        call_command(command, path, "--json", *flags, stdout=out)
    except CommandError as error:
        code = error.returncode
    lines = out.getvalue().strip().splitlines()
    return code, json.loads(lines[-1])


@pytest.fixture
def file(tmp_path):
    def write(rows, name="daftar.csv"):
        path = tmp_path / name
        path.write_bytes(as_xlsx(rows) if name.endswith(".xlsx") else as_csv(rows))
        return path

    return write


@pytest.fixture
def root(db):
    return Unit.add_root(slug="kab", name="Kabupaten Uji", kind="kabupaten")


@pytest.mark.django_db
def test_a_dry_run_writes_nothing_and_counts_what_it_would():
    code, report = run("import_units", CONTOH)

    assert (code, report["ok"], report["counts"]["created"]) == (0, True, 48)
    assert not Unit.objects.exists()


@pytest.mark.django_db
def test_apply_writes_and_the_second_apply_changes_nothing():
    run("import_units", CONTOH, "--apply")
    entries = AuditEntry.objects.count()

    code, report = run("import_units", CONTOH, "--apply")

    assert (code, report["counts"]["created"], report["counts"]["unchanged"]) == (0, 0, 48)
    assert Unit.objects.count() == 48
    assert AuditEntry.objects.count() == entries


@pytest.mark.django_db
def test_the_second_apply_says_that_nothing_changed():
    run("import_units", CONTOH, "--apply")
    out = io.StringIO()

    call_command("import_units", CONTOH, "--apply", stdout=out)

    assert out.getvalue().strip().splitlines()[-1].startswith(("Nothing to change", "Tidak ada"))


def test_partial_a_second_time_says_that_the_good_rows_stand_already(file, root):
    path = file([PERSON_HEADER, BUDI, NOBODY_AT])
    told = []
    for _turn in range(2):
        out = io.StringIO()
        with pytest.raises(CommandError) as closing:
            call_command("import_people", path, "--apply", "--partial", stdout=out)
        told.append((str(closing.value), out.getvalue().strip().splitlines()[-1]))

    assert [closing for closing, _last in told] == [
        "Sebagian baris ditolak; baris lainnya disimpan.",
        "Sebagian baris ditolak; baris lainnya sudah sama dengan berkas.",
    ]
    assert [last == "Telah diterapkan." for _closing, last in told] == [True, False]
    assert "semua" not in told[1][1]


def test_a_rejected_row_is_exit_1_and_nothing_is_written(file, root):
    path = file([PERSON_HEADER, BUDI, NOBODY_AT])

    code, report = run("import_people", path, "--apply")

    assert (code, report["ok"]) == (1, False)
    assert [(p["code"], p["level"]) for p in report["problems"]] == [("unit_unknown", "error")]
    assert set(report["problems"][0]) >= {"where", "code", "message"}
    assert not Person.objects.exists()


def test_partial_writes_the_good_rows_and_is_still_exit_1(file, root):
    path = file([PERSON_HEADER, BUDI, NOBODY_AT])

    code, report = run("import_people", path, "--apply", "--partial")

    assert (code, report["counts"]["created"], report["counts"]["refused"]) == (1, 1, 1)
    assert Membership.objects.get().person.name == "Budi Santoso"


def test_a_warning_rejects_nothing(file, root):
    path = file([PERSON_HEADER, ["131234567", *BUDI[1:]]])

    code, report = run("import_people", path, "--apply")

    assert (code, report["ok"], report["counts"]["warnings"]) == (0, True, 1)


def test_people_of_a_workbook_come_in_and_a_second_time_nothing_changes(file, root):
    path = file([PERSON_HEADER, BUDI], "daftar.xlsx")
    run("import_people", path, "--apply")

    code, report = run("import_people", path, "--apply")

    assert (code, report["counts"]["unchanged"], Person.objects.count()) == (0, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["import_units", "import_people"])
def test_a_file_that_is_no_list_is_refused_in_words(command, tmp_path):
    path = tmp_path / "daftar.xlsx"
    path.write_bytes(b"bukan xlsx")

    code, report = run(command, path)

    assert (code, report["ok"]) == (1, False)
    assert report["problems"][0]["code"] == "file_not_xlsx"
    assert "%(" not in report["problems"][0]["message"]


@pytest.mark.parametrize("path", ["tidak-ada.csv", "."])
def test_a_file_that_cannot_be_opened_is_bad_usage(path):
    with pytest.raises(CommandError) as error:
        call_command("import_units", path)

    assert error.value.returncode == 2


def test_a_list_without_its_header_is_refused(file, root):
    code, report = run("import_people", file([["a", "b"], ["1", "2"]]))

    assert (code, report["problems"][0]["code"]) == (1, "columns_missing")


def test_the_unit_header_alone_has_no_rows(file, root):
    code, report = run("import_units", file([UNIT_HEADER]))

    assert (code, report["problems"][0]["code"]) == (1, "no_rows")
