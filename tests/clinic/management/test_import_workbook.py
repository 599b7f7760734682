import pytest

from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.people.models import Unit
from clinic.records.audit import AuditEntry
from tests.clinic.assessments.made_workbooks import SAMPLE, changed_sample
from tests.clinic.management.test_import_lists import run

pytestmark = pytest.mark.django_db

WHERE = ("--unit", "puskesmas", "--period", "2022")


@pytest.fixture(autouse=True)
def unit():
    return Unit.add_root(slug="puskesmas", name="Puskesmas Uji", kind="kabupaten")


def test_a_dry_run_reports_the_real_file_and_writes_nothing():
    code, report = run("import_workbook", SAMPLE, *WHERE)

    assert (code, report["ok"]) == (0, True)
    assert report["total"] == report["ceiling"] == pytest.approx(95.709524)
    assert report["workbook_total"] == pytest.approx(95.57619)
    assert report["points_without_proof"] == pytest.approx(65.743, abs=0.001)
    assert report["proof"] == {
        "without_link": pytest.approx(65.876, abs=0.001),
        "of": pytest.approx(95.709524),
    }
    assert len(report["areas"]) == 6
    assert set(report["distance"]) == {"wbk", "wbbm"}
    assert {"sum_leaves_rows_out", "marks_out_of_order"} <= set(report["traps"])
    assert all(set(check) == {"code", "where", "message", "points"} for check in report["checks"])
    assert {check["code"] for check in report["checks"]} == {
        "no_proof_link",
        "survey_at_maximum",
        "note_disagrees",
        "link_reused",
        "parts_do_not_add_up",
    }
    assert not Sheet.objects.exists()
    assert not FrameworkEdition.objects.exists()


def test_apply_records_the_sheet_and_the_second_apply_changes_nothing(capsys):
    code, _report = run("import_workbook", SAMPLE, *WHERE, "--apply")
    sheet = Sheet.objects.get()
    entries = AuditEntry.objects.count()

    again, _report = run("import_workbook", SAMPLE, *WHERE, "--apply")

    assert (code, again) == (0, 0)
    assert (sheet.period, float(sheet.total)) == (2022, pytest.approx(95.709524))
    assert sheet.proofs.exclude(link="").count() > 60
    sheet.refresh_from_db()
    assert sheet.rev == 1
    assert AuditEntry.objects.count() == entries


def test_a_rejected_row_is_exit_1_and_partial_writes_the_others(tmp_path):
    def spoil(sheet):
        sheet["K9"] = "Z"

    path = tmp_path / "lke.xlsx"
    path.write_bytes(changed_sample(spoil))

    code, report = run("import_workbook", path, *WHERE, "--apply")
    assert (code, report["ok"], Sheet.objects.exists()) == (1, False, False)
    errors = [(p["where"], p["code"]) for p in report["problems"] if p["level"] == "error"]
    assert ("K9", "letter_not_allowed") in errors

    code, report = run("import_workbook", path, *WHERE, "--apply", "--partial")
    assert code == 1
    assert Sheet.objects.get().unanswered >= 1


@pytest.mark.parametrize(
    ("content", "where", "expected"),
    [
        (b"not a workbook", WHERE, "file_not_xlsx"),
        (None, ("--unit", "tidak-ada", "--period", "2022"), "unit_unknown"),
        (None, (*WHERE, "--framework", "zi-1999"), "edition_unknown"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, content, where, expected):
    path = tmp_path / "lke.xlsx"
    path.write_bytes(content or SAMPLE.read_bytes())

    code, report = run("import_workbook", path, *where, "--apply")

    assert code == 1
    (problem,) = report["problems"]
    assert problem["code"] == expected
    assert "%(" not in problem["message"]
    assert not Sheet.objects.exists()
