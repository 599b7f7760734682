"""Workbooks with rows that cannot be read: each costs its answer, and says so."""

import datetime
from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import as_plain, build_report
from tests.clinic.assessments.made_workbooks import (
    TRUE_TOTAL,
    ZI,
    changed_sample,
    row_of,
    total_of,
    with_answers,
)

FIRST_OF_FEBRUARY = datetime.date(2022, 2, 1)


def problems_of(content):
    return [(p.code, p.where, p.severity) for p in read_workbook(content, ZI).problems]


BAD_ANSWERS = {
    "K9": ("Ya", "letter_not_allowed"),
    "K11": ("A", "letter_not_allowed"),
    "K12": ("F", "letter_not_allowed"),
    "K13": ("D", "letter_not_allowed"),
    "K15": (1, "letter_not_allowed"),
    "K16": ("A/B", "letter_not_allowed"),
    "K17": (True, "letter_not_allowed"),
    "K20": (FIRST_OF_FEBRUARY, "date_instead_of_answer"),
    "K22": ("=K12", "formula_without_value"),
    "K129": (FIRST_OF_FEBRUARY, "date_instead_of_answer"),
    "K161": (1.5, "count_not_whole"),
    "K172": ("enam orang", "not_a_number"),
    "K189": (-1, "count_not_whole"),
    "K202": (4.5, "value_out_of_range"),
    "K205": ("bagus", "not_a_number"),
}


def test_answers_that_their_rows_cannot_take_are_rejected_by_cell():
    content = with_answers({cell: value for cell, (value, _code) in BAD_ANSWERS.items()})
    reading = read_workbook(content, ZI)
    assert {p.where: p.code for p in reading.rejects} == {
        cell: code for cell, (_value, code) in BAD_ANSWERS.items()
    }
    assert all(reading.answers[problem.node] is None for problem in reading.rejects)
    score = score_sheet(ZI, reading.answers)
    assert len(score.blank) == len(BAD_ANSWERS)


def test_an_error_in_an_answer_cell_is_rejected():
    content = with_answers({"K9": "#REF!"})
    assert ("cell_error", "K9", "rejects") in problems_of(content)


def test_cells_that_only_look_filled_count_as_blank():
    reading = read_workbook(with_answers({"K9": "  ", "K20": "-"}), ZI)
    found = [(p.code, p.where) for p in reading.problems if p.node in {"A.I.1.i.b", "A.I.1.iv.b"}]
    assert found == [("blank_only_cell", "K9"), ("placeholder_answer", "K20")]
    score = score_sheet(ZI, reading.answers)
    assert score.blank == ("A.I.1.i.b", "A.I.1.iv.b")
    assert score.total.score == TRUE_TOTAL - Fraction(1, 4) - Fraction(3, 8)
    assert score.total.ceiling == TRUE_TOTAL


def test_a_blank_row_that_the_file_leaves_out_of_its_mean_is_named():
    def change(sheet):
        sheet["K9"] = None
        sheet["L9"] = "Blm Diisi"
        sheet["L7"] = 0.5

    report = build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))
    assert ("blank_left_out_of_mean", "L9") in [(p.code, p.where) for p in report.problems]
    assert [d.where for d in report.differences] == ["L7", "L175"]
    assert report.score.areas["manajemen-perubahan"].unanswered == 1


def test_zero_complaints_are_named_and_leave_the_points_open():
    def change(sheet):
        for row in (172, 173, 174):
            sheet.cell(row, 11).value = 0
        sheet["K171"] = "#DIV/0!"
        sheet["K171"].data_type = "e"

    report = build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))
    assert ("division_by_zero", "K171") in [(p.code, p.where) for p in report.problems]
    assert [p.where for p in report.undecided] == ["K171"]
    assert report.score.total.score == TRUE_TOTAL - Fraction(1, 2)
    assert report.score.total.ceiling == TRUE_TOTAL + Fraction(5, 2)


def test_missing_rows_are_named_and_count_as_blank():
    def change(sheet):
        sheet.delete_rows(118)
        sheet.delete_rows(9)

    reading = read_workbook(changed_sample(change, values=True), ZI)
    missing = {p.node for p in reading.problems if p.code == "row_missing"}
    assert missing == {"A.I.1.i.b", "A.I.6.iv.a"}
    assert score_sheet(ZI, reading.answers).total.unanswered == 2


def test_questions_of_a_missing_heading_are_still_found():
    def change(sheet):
        sheet.delete_rows(row_of(sheet, "Pola Mutasi Internal"))

    reading = read_workbook(changed_sample(change, values=True), ZI)
    assert {"A.I.3.ii.a", "A.I.3.ii.b", "A.I.3.ii.c"} <= set(reading.rows)
    assert score_sheet(ZI, reading.answers).total.score == TRUE_TOTAL


def test_a_row_of_the_offices_own_is_named_and_not_counted():
    def change(sheet):
        sheet.insert_rows(10)
        sheet["G10"] = "Tersedia ruang laktasi dan kantin sehat bagi tamu"
        sheet["K10"] = "A"

    content = changed_sample(change, values=True)
    assert ("row_not_recognised", "K10", "rejects") in problems_of(content)
    assert total_of(content) == TRUE_TOTAL


def test_a_thousand_strange_rows_are_named_in_short():
    def change(sheet):
        sheet.insert_rows(10, 300)
        for row in range(10, 310):
            sheet.cell(row, 7).value = f"Kegiatan kantin sehat nomor {row}"
            sheet.cell(row, 11).value = "A"

    reading = read_workbook(changed_sample(change, values=True), ZI)
    strange = [p for p in reading.problems if p.code.endswith("not_recognised")]
    assert (len(strange), strange[-1].message.params["rows"]) == (41, 260)
    assert score_sheet(ZI, reading.answers).total.score == TRUE_TOTAL


def test_a_typed_percentage_that_its_counts_contradict_is_a_check():
    def change(sheet):
        sheet["K171"] = 1

    report = build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))
    found = [check for check in report.checks if check.code == "count_disagrees"]
    assert [check.where for check in found] == ["K171"]
    assert report.score.nodes["A.II.5.ii.a"].score == Fraction(1, 2)


def test_the_same_number_told_twice_differently_is_a_check():
    def change(sheet):
        sheet["K132"] = 9

    report = build_report(ZI, read_workbook(changed_sample(change), ZI))
    found = {check.where for check in report.checks if check.code == "count_disagrees"}
    assert found == {"K132"}


def with_total(value):
    def change(sheet):
        sheet["L208"] = value

    return build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))


def test_a_total_below_the_points_with_proof_tells_nothing_about_proof():
    report = with_total(10)

    assert (report.proof.by_file, report.proof.file_total) == (None, 10)
    assert report.proof.ours > 0
    assert as_plain(report)["points_without_proof"] == pytest.approx(float(report.proof.ours))


def differences_of(report):
    return [(d.code, d.where) for d in report.differences]


@pytest.mark.parametrize("value", [10, 100])
def test_a_total_that_its_own_parts_do_not_give_is_named_by_its_cell(value):
    report = with_total(value)

    assert differences_of(report) == [
        ("own_score_differs", "L175"),
        ("total_differs_from_parts", "L208"),
    ]
    assert str(report.differences[1].message.params["parts"]) == "95.5762"


def test_a_sum_beside_a_differing_part_is_named_too():
    def change(sheet):
        sheet["L200"] = 30
        sheet["L201"] = 12
        sheet["L202"] = 7
        sheet["L208"] = 85.57619047619048

    report = build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))

    assert differences_of(report) == [
        ("own_score_differs", "L175"),
        ("own_score_differs", "L200"),
        ("own_score_differs", "L202"),
    ]


def test_a_difference_that_no_cell_explains_is_stated():
    def change(sheet):
        sheet["L200"] = None
        sheet["L208"] = 90

    report = build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))

    assert differences_of(report)[-1] == ("difference_unexplained", "L208")
    assert str(report.differences[-1].message.params["rest"]) == "5.5762"
