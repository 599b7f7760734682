"""Workbooks as they come: shifted, renamed, reordered, mistyped; nothing is misread silently."""

import datetime
import io
import zipfile
from fractions import Fraction

import openpyxl
import pytest

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.workbook import read_workbook
from clinic.assessments.workbook_grid import UnreadableWorkbook
from clinic.assessments.workbook_report import build_report
from clinic.lib.arithmetic.archives import UnsafeArchive
from tests.clinic.assessments.made_workbooks import (
    SAMPLE,
    ZI,
    changed_sample,
    full_answers,
    made_sheet,
    row_of,
    saved,
)

FIRST_OF_FEBRUARY = datetime.date(2022, 2, 1)
TRUE_TOTAL = Fraction(20099, 210)


def total_of(content):
    return score_sheet(ZI, read_workbook(content, ZI).answers).total.score


def problems_of(content):
    return [(p.code, p.where, p.severity) for p in read_workbook(content, ZI).problems]


def refusal(content):
    with pytest.raises((UnsafeArchive, UnreadableWorkbook)) as caught:
        read_workbook(content, ZI)
    assert caught.value.message % caught.value.details
    return caught.value.code


def with_answers(values):
    def change(sheet):
        for cell, value in values.items():
            sheet[cell].value = value

    return changed_sample(change)


# What must not change a thing ---------------------------------------------------------------


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


# What costs a row its answer, and says so ---------------------------------------------------


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


# What is not opened at all ------------------------------------------------------------------


def rezipped(change):
    """Copy the real workbook part by part; ``change`` may alter, drop or add parts."""
    parts = {}
    with zipfile.ZipFile(SAMPLE) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_part(name, content):
    return rezipped(lambda parts: parts.update({name: content}))


def hidden_only():
    def change(parts):
        book = parts["xl/workbook.xml"]
        assert b'name="LKE ZI"' in book
        parts["xl/workbook.xml"] = book.replace(
            b'name="LKE ZI"', b'name="LKE ZI" state="veryHidden"'
        )

    return rezipped(change)


def many_rows():
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("LKE ZI")
    for number in range(50_000):
        sheet.append([number, "Unit kerja telah membentuk tim", "A"])
    return saved(workbook)


def other_sheet():
    workbook = openpyxl.Workbook()
    for row in range(1, 50):
        workbook.active.cell(row, 1, f"Belanja {row}")
        workbook.active.cell(row, 2, row)
    return saved(workbook)


def with_entities():
    def change(parts):
        name = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
        entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        parts[name] = parts[name].replace(b"?>", b"?>" + entity, 1)

    return rezipped(change)


REFUSED = {
    "0 bytes": (lambda: b"", "file_empty"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "file_not_xlsx"),
    "a csv renamed": (lambda: b"a;b;c\n1;2;3\n", "file_not_xlsx"),
    "a page renamed": (lambda: b"<html><table></table></html>", "file_not_xlsx"),
    "old or encrypted": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "file_encrypted"),
    "too large": (lambda: b"PK\x03\x04" + bytes(6 * 1024 * 1024), "file_too_large"),
    "truncated": (lambda: SAMPLE.read_bytes()[:40_000], "file_damaged"),
    "a bit turned": (
        lambda: SAMPLE.read_bytes()[:9_000] + b"\xff" * 200 + SAMPLE.read_bytes()[9_200:],
        "file_damaged",
    ),
    "a bomb": (lambda: with_part("xl/media/a.xml", bytes(30_000_000)), "unpacks_too_large"),
    "many parts": (
        lambda: rezipped(lambda parts: parts.update({f"x/{n}.xml": b"x" for n in range(400)})),
        "too_many_parts",
    ),
    "no workbook": (lambda: rezipped(lambda parts: parts.pop("xl/workbook.xml")), "file_not_xlsx"),
    "climbing name": (lambda: with_part("../../etc/cron.d/x", b"x"), "unsafe_name"),
    "absolute name": (lambda: with_part("/etc/passwd", b"x"), "unsafe_name"),
    "drive name": (lambda: with_part("C:\\x.xml", b"x"), "unsafe_name"),
    "nested zip": (lambda: with_part("xl/media/a.bin", SAMPLE.read_bytes()), "holds_archive"),
    "nested by name": (lambda: with_part("xl/a.zip", b"x"), "holds_archive"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"x"), "holds_macros"),
    "external links": (
        lambda: with_part("xl/externalLinks/externalLink1.xml", b"<x/>"),
        "holds_external_links",
    ),
    "objects": (lambda: with_part("xl/embeddings/oleObject1.bin", b"x"), "holds_objects"),
    "entities": (with_entities, "holds_entities"),
    "hidden only": (hidden_only, "only_hidden_sheets"),
    "50,000 rows": (many_rows, "too_many_rows"),
    "another table": (other_sheet, "sheet_not_found"),
    "broken markup": (lambda: with_part("xl/workbook.xml", b"<workbook"), "workbook_unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_broken_file_is_refused_with_a_reason(name):
    make, code = REFUSED[name]
    assert refusal(make()) == code
