"""Workbooks as they come, shifted, renamed, reordered, read as if nothing had happened."""

from fractions import Fraction

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import build_report
from tests.clinic.assessments.made_workbooks import (
    TRUE_TOTAL,
    ZI,
    changed_sample,
    full_answers,
    made_sheet,
    saved,
    total_of,
    with_answers,
)


def test_a_renamed_sheet_is_found():
    def change(sheet):
        sheet.title = "Sheet1 (2)"

    assert total_of(changed_sample(change)) == TRUE_TOTAL


def test_inserted_columns_and_rows_change_nothing():
    def change(sheet):
        sheet.insert_cols(1, 3)
        sheet.insert_rows(1, 7)

    assert total_of(changed_sample(change, values=True)) == TRUE_TOTAL


def test_a_column_inserted_before_the_answers_changes_nothing():
    def change(sheet):
        sheet.insert_cols(10)

    assert total_of(changed_sample(change, values=True)) == TRUE_TOTAL


def test_values_without_formulas_read_the_same():
    assert total_of(changed_sample(lambda sheet: None, values=True)) == TRUE_TOTAL


def test_formulas_without_stored_values_are_not_needed():
    content = changed_sample(lambda sheet: None)
    assert total_of(content) == TRUE_TOTAL
    assert build_report(ZI, read_workbook(content, ZI)).own.total is None


def test_a_sheet_without_heading_row_is_read_by_what_its_columns_hold():
    def change(sheet):
        sheet.delete_rows(1, 3)

    assert total_of(changed_sample(change, values=True)) == TRUE_TOTAL


def test_other_row_numbers_and_letters_change_nothing():
    def change(sheet):
        for row in range(4, 206):
            sheet.cell(row, 1).value = 7
            if sheet.cell(row, 7).value:
                sheet.cell(row, 6).value = "z."

    assert total_of(changed_sample(change)) == TRUE_TOTAL


def test_rows_reordered_inside_an_indicator_keep_their_answers():
    def order(nodes):
        turned = []
        for node in nodes:
            if node.kind in {"question", "input"}:
                continue
            turned.append(node)
            for question in reversed([n for n in nodes if n.parent == node.code]):
                if question.kind == "question":
                    turned += [question, *(n for n in nodes if n.parent == question.code)]
        return turned

    answers = full_answers()
    answers |= {"A.I.6.iv.a": "C", "A.II.2.ii.a": "B", "A.II.2.iii.b": "D", "A.II.1.i.b.2": 1}
    straight = read_workbook(saved(made_sheet(answers)), ZI)
    shuffled = read_workbook(saved(made_sheet(answers, order=order)), ZI)
    assert straight.answers == shuffled.answers
    assert straight.answers["A.II.2.ii.a"] == "B"
    assert not shuffled.rejects


def test_a_made_sheet_far_from_the_corner_reads_in_full():
    content = saved(made_sheet(full_answers(), title="x", rows_above=40, columns_before=9))
    assert total_of(content) == 100


def test_the_fuller_of_two_sheets_is_taken():
    workbook = made_sheet(full_answers())
    other = workbook.create_sheet("Petunjuk", 0)
    for row, node in enumerate(ZI.nodes[:12], 1):
        other.cell(row, 1, node.name)
    assert total_of(saved(workbook)) == 100


def test_the_assessors_column_is_not_read_for_the_units():
    def change(sheet):
        sheet.insert_cols(11)
        sheet["K2"] = "Jawaban TPI"
        sheet["L2"] = "Jawaban Unit"
        for row in range(8, 206):
            if sheet.cell(row, 10).value in {"A/B/C", "A/B/C/D", "A/B/C/D/E"}:
                sheet.cell(row, 11).value = "C"

    assert total_of(changed_sample(change, values=True)) == TRUE_TOTAL


def test_wording_with_slips_is_recognised():
    def change(sheet):
        for row in range(8, 198):
            cell = sheet.cell(row, 7)
            if isinstance(cell.value, str) and len(cell.value) > 30:
                cell.value = cell.value.replace("telah", "sudah", 1).replace("an ", "an  ", 1)

    reading = read_workbook(changed_sample(change), ZI)
    assert score_sheet(ZI, reading.answers).total.score == TRUE_TOTAL
    assert any(problem.code == "wording_differs" for problem in reading.problems)


def test_letters_are_read_however_they_are_written():
    typed = {"K9": " A", "K12": "a", "K13": "a.", "K20": "A )", "K21": "\xa0a\n", "K29": "(a)"}
    typed |= {"K11": "ya", "K19": "YA ", "K38": "Y"}
    reading = read_workbook(with_answers(typed), ZI)
    assert score_sheet(ZI, reading.answers).total.score == TRUE_TOTAL
    odd = {p.where for p in reading.problems if p.code == "answer_written_differently"}
    assert odd == set(typed)


def test_a_decimal_comma_is_read():
    reading = read_workbook(with_answers({"K202": "3,6", "K205": "3.125"}), ZI)
    assert Fraction(reading.answers["B.I.a"]) == Fraction("3.6")
    assert Fraction(reading.answers["B.II.a"]) == Fraction("3.125")
    assert {"K202", "K205"} == {
        p.where for p in reading.problems if p.code == "number_typed_as_text"
    }
