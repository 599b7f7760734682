"""What was once stored as JSON stays readable: a golden file for each schema number (D12)."""

import json
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import JSONField

from attendance.models import POLICIES, Event
from clinic.assessments import frameworks, sheets
from clinic.assessments.arithmetic import frameworks as framework_files
from clinic.assessments.models import FrameworkEdition
from clinic.assessments.report_page import facts_of
from clinic.insights import findings
from clinic.insights.arithmetic import calibration
from clinic.insights.arithmetic.diagnosis import Reason
from clinic.insights.arithmetic.suppression import State
from clinic.insights.models import Finding
from clinic.insights.reading import _show_content
from clinic.people import importing, merging
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.models import PersonMerge
from courses import publishing, reading
from quizzes.arithmetic import question_types
from tests.given import make_person

GOLDEN = Path("tests/laws/golden")
FRAMEWORK_NODES = 50
FRAMEWORK_DIGEST = "4dcaa92fe50b96465908459a563d847c75b70c8860879de83e8fa931332b148e"
ELSEWHERE = {
    "content_schema": Path("tests/quizzes/arithmetic/golden"),
    "stored_rows": Path("tests/clinic/people/samples"),
}
# Each kind of stored JSON that a later release must still read, with its newest schema number.
KINDS = {
    "calibration": calibration.SCHEMA,
    "content_schema": question_types.SCHEMA,
    "event_policies": POLICIES["schema"],
    "finding_reasons": findings.REASONS_SCHEMA,
    "framework": framework_files.SCHEMA,
    "list_preview": importing.PREVIEW_SCHEMA,
    "merge_filled": 1,
    "sheet_change": sheets.CHANGE_SCHEMA,
    "module_edition": publishing.SCHEMA,
    "stored_rows": importing.ROWS_SCHEMA,
    "worksheet_report": 1,
}
# Every JSON column of ours: the kinds it holds, or why it needs no golden file.
COLUMNS = {
    "assessments.frameworkedition.definition": {"framework"},
    "assessments.frameworkedition.source": "the stamp of the same file, shown as it stands",
    "assessments.frameworkedition.unverified": "a list of sentences",
    "assessments.node.definition": "made again from the edition's own file at each load",
    "assessments.noderevision.rubric": "a list of texts",
    "assessments.sheet.reading": "where the sheet came from; carried on, read by no code",
    "assessments.sheetchange.rows": {"sheet_change"},
    "attendance.event.policies": {"event_policies"},
    "attendance.presence.flags": "a list of words, rebuilt from the scans",
    "attendance.presence.intervals": "pairs of moments, rebuilt from the scans",
    "courses.moduleedition.bodies": {"module_edition"},
    "courses.moduleedition.head": {"module_edition"},
    "insights.calibration.constants": {"calibration"},
    "insights.finding.reasons": {"finding_reasons"},
    "insights.rollup.reasons": {"finding_reasons"},
    "people.personmerge.filled": {"merge_filled"},
    "quizzes.attempt.context": "names the event; read by no code",
    "quizzes.attemptitem.option_order": "a list of ids",
    "quizzes.questionversion.content": {"content_schema"},
    "quizzes.questionversion.sources": "labels and codes, shown as they stand",
    "quizzes.quizversion.form_phases": "form letters by phase",
    "quizzes.response.value": "an answer, read by the type of its question",
    "quizzes.responseevent.value": "an answer, read by the type of its question",
    "records.auditdetail.values": "shown as it stands; the digest rests on it",
    "records.import.counts": "numbers by name, shown as they stand",
    "records.import.options": "for the hours until the file is read",
    "records.import.parsed": {"stored_rows"},
    "records.import.refusal_details": "what the sentence's placeholders stand for",
    "records.import.report": {"list_preview", "worksheet_report"},
    "records.job.payload": "for the time until the job is done",
}  # fmt: skip


def golden(kind, number=1):
    return json.loads((GOLDEN / f"{kind}_{number}.json").read_text(encoding="utf-8"))


def columns():
    """Return every JSON column of our own packages by its label."""
    ours = {"assessments", "attendance", "courses", "insights", "people", "quizzes", "records"}
    return {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in ours
        for field in model._meta.get_fields()
        if isinstance(field, JSONField)
    }


def test_d12_every_json_column_names_its_golden_files_or_why_it_needs_none():
    assert columns() == set(COLUMNS)
    named = {kind for held in COLUMNS.values() if isinstance(held, set) for kind in held}
    assert named == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_d12_each_schema_number_has_a_golden_file_for_ever(kind):
    folder = ELSEWHERE.get(kind, GOLDEN)
    for number in range(1, KINDS[kind] + 1):
        assert list(folder.glob(f"{kind}_{number}.*")), f"{kind} {number}"


def test_d12_a_calibration_of_schema_1_is_read_with_partial_credit_taken_whole():
    stored = golden("calibration")
    read = calibration.from_json(stored)

    assert set(read.parameters.dispersion) == {1.0}
    lifted = read.to_json()
    assert {**lifted, "schema": 1} == {**stored, "dispersion": lifted["dispersion"]}


def test_d12_a_calibration_of_schema_2_is_read():
    stored = golden("calibration", 2)
    read = calibration.from_json(stored)

    assert read.to_json() == stored
    assert read.anchor(("dinas", "baru")).mean.tolist() == [[0.5, -0.25], [0.25, -0.5]]
    assert read.items["soal-1"].difficulty == 0.5
    assert (read.grouped, read.gap_threshold) == (False, 0.65)


def test_d12_a_change_of_a_sheet_of_schema_1_is_read():
    before = golden("sheet_change")["before"]
    rows = sheets.from_json({code: row for code, row in before.items() if row})

    assert {code for code, row in before.items() if row is None} == {"A.I.1.i.b"}
    assert rows["A.I.1.i.a"] == sheets.RowEntry(
        value="B", text="B", note="Rapat bulanan", proofs=(("Notula", "https://bukti.example/1"),)
    )
    assert (rows["A.II.5.a"].value, rows["B.I.b"].value) == ((4, 9), Fraction(18, 5))


def test_d12_a_framework_of_schema_1_scores_as_it_did():
    text = (GOLDEN / "framework_1.toml").read_text(encoding="utf-8")
    edition = FrameworkEdition(definition={"schema": 1, "toml": text})
    read = frameworks.edition_file(edition)

    assert (read.id, len(read.nodes)) == ("rb-general-2023", FRAMEWORK_NODES)
    assert frameworks.structure_digest(read) == FRAMEWORK_DIGEST
    assert [scale.label for scale in read.scales] == ["Nilai (0-100)", "Nilai (0-5)"]
    names = [category.name for category in read.categories]
    assert names == ["AA", "A", "A-", "BB", "B", "CC", "C", "D"]


def test_d12_event_policies_of_schema_1_are_obeyed():
    event = Event(policies=golden("event_policies"))

    read = {name: event.minutes_of(name) for name in ("opens", "late", "early", "closes")}
    minutes = {"opens": 45, "late": 20, "early": 25, "closes": 60}
    assert read == {name: timedelta(minutes=number) for name, number in minutes.items()}


def test_d12_reasons_of_schema_1_are_told():
    finding = Finding(word="unknown", reasons=golden("finding_reasons"))

    assert _show_content(finding, State.SHOWN)["reasons"] == (
        Reason("no_answers", more_answers=8),
        Reason("no_sheet", coverage=0.5),
    )


def test_d12_the_preview_of_a_list_of_schema_1_is_read():
    stored = golden("list_preview")

    problem = ListProblem.from_json(stored["problems"][0])
    assert problem == ListProblem("not_a_day", 3, "start", {"typed": "kemarin"})
    assert stored["rows"][0].keys() == {"row", "label", "state", "changes"}


@pytest.mark.django_db
def test_d12_the_report_of_a_worksheet_of_schema_1_is_told():
    told = facts_of(golden("worksheet_report"))

    assert round(told["figures"]["total"], 3) == 95.71
    assert told["differs"]
    assert len(told["areas"]) == 6
    assert told["groups"]
    assert told["reasons"] + told["rejected"] + told["noticed"]


@pytest.mark.django_db
def test_d12_a_module_edition_of_schema_1_is_shown():
    stored = golden("module_edition")
    [section] = reading.shown_sections([stored["bodies"]["7"]])
    kinds = [
        "text", "rubric", "proof_example", "proof_checklist", "callout", "check", "compare",
        "steps", "worked_figure", "faq", "reference",
    ]  # fmt: skip

    assert [block.kind for block in section] == kinds
    assert len(reading.shown_references(stored["head"]["legal_basis"])) == 4
    assert reading.outcome_of(stored["head"]["sections"][0]) is None


def test_d12_a_merge_of_schema_1_is_undone(cast, regencies):
    twin = make_person("Rekan Kembar", regencies[0].health)
    twin.phone = "081234567890"
    twin.save()
    done = merging.merge(cast.colleague, twin, actor=cast.admin.account, reason="Satu orang")
    PersonMerge.objects.filter(pk=done.pk).update(filled=golden("merge_filled"))

    merging.undo_merge(twin, actor=cast.admin.account, reason="Ternyata dua orang")

    cast.colleague.refresh_from_db()
    assert (cast.colleague.phone, cast.colleague.name) == ("", "Rekan")
