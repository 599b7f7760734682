import io
import time
from fractions import Fraction

import pytest
from openpyxl import load_workbook

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import as_plain, build_report
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI


@pytest.fixture(scope="module")
def reading():
    return read_workbook(SAMPLE, ZI)


@pytest.fixture(scope="module")
def report(reading):
    return build_report(ZI, reading)


def cells(problems, code):
    return [problem.where for problem in problems if problem.code == code]


def seconds_of_work(act):
    """The least of three measurements, in seconds of the processor."""
    taken = []
    for _turn in range(3):
        start = time.process_time()
        act()
        taken.append(time.process_time() - start)
    return min(taken)


def test_reading_and_reporting_costs_little_more_than_opening_the_workbook():
    content = SAMPLE.read_bytes()

    opening = seconds_of_work(lambda: load_workbook(io.BytesIO(content)))
    reporting = seconds_of_work(lambda: build_report(ZI, read_workbook(content, ZI)))

    assert reporting < 4 * opening


def test_every_node_of_the_edition_is_found(reading):
    assert set(reading.rows) == {node.code for node in ZI.nodes}
    rows = [reading.rows[node.code].row for node in ZI.nodes]
    assert rows == sorted(rows)
    assert reading.sheet == "LKE ZI"
    assert reading.rejects == []


def test_our_total_stands_beside_the_workbooks_own(report):
    assert report.score.total.score == Fraction(20099, 210)
    assert report.score.nodes["A"].score == Fraction(11699, 210)
    assert float(report.own.total) == pytest.approx(95.576190476)
    assert report.own.total_cell == "L208"


def test_the_difference_is_named_by_its_cell(report):
    (difference,) = report.differences
    assert (difference.code, difference.where) == ("sum_leaves_rows_out", "L175")
    assert difference.message.params["cells"] == "L183"
    assert difference.node == "A.II.5.iii"
    assert report.score.total.score - report.own.total == pytest.approx(2 / 15)


def test_every_trap_of_the_ministrys_sheet_is_named_by_cell(report):
    traps = report.traps
    assert cells(traps, "sum_leaves_rows_out") == ["L175"]
    assert cells(traps, "answer_type_differs") == ["J8"]
    assert cells(traps, "row_left_out_of_mean") == ["L8"]
    assert cells(traps, "marks_out_of_order") == ["F123", "F124"]
    assert cells(traps, "type_on_heading_row") == ["J170", "J175"]
    assert cells(traps, "heading_mark_repeated") == ["E176"]
    assert cells(traps, "heading_without_mark") == ["E183"]
    assert cells(traps, "blank_only_cell") == ["I52"]
    assert cells(traps, "hidden_sheet_ignored") == ["Utama", "Ctt Eval"]
    assert cells(traps, "row_id_repeated") == [
        "A6, A126",
        "A113, A117",
        "A114, A118",
        "A115, A119",
        "A116, A120",
        "A170, A175",
    ]
    assert {"G32", "G40", "G70", "G86", "G187"} <= set(cells(traps, "wording_differs"))
    (marks,) = cells(traps, "mark_written_differently")
    assert marks.split(", ")[:3] == ["F32", "F74", "F135"]


def test_every_sentence_can_be_filled(report):
    for item in (*report.problems, *report.checks):
        assert item.message.in_english()


def test_answers_notes_proof_and_links_are_kept(reading):
    row = reading.rows["A.I.1.i.a"]
    assert (row.row, row.entry.value, row.entry.text) == (8, "Ya", "Ya")
    assert row.entry.note.startswith("Terdapat Pembentukan Penunjukan Unit Kerja")
    assert row.entry.proofs[0][0].startswith("SK Kepala OPD Ttg Tim Kerja")
    assert row.links == ("https://bukti.example/dokumen/1",)
    assert reading.rows["A.I.4.ii.g"].links == (
        "https://bukti.example/dokumen/49",
        "https://e-sakip.contoh.example",
    )


def test_percentages_are_recomputed_and_sums_of_formulas_too(reading):
    assert reading.answers["A.II.1.i.b"] is None
    assert reading.answers["A.II.1.i.b.2"] == 1
    assert reading.answers["A.II.5.iii.a.a.1"] == 15
    assert reading.answers["A.II.5.iii.b.a.1"] == 12


def test_the_checks_name_their_cells(report):
    assert cells(report.checks, "survey_at_maximum") == ["K202", "K205"]
    assert cells(report.checks, "link_reused") == ["Q122, Q123"]
    assert cells(report.checks, "parts_do_not_add_up") == ["K185"]
    assert cells(report.checks, "count_disagrees") == []
    without = cells(report.checks, "no_proof_link")
    assert (len(without), without[0], without[-1]) == (27, "Q110", "Q205")


def test_remarks_that_contradict_their_row_are_named(report):
    found = {c.where: c for c in report.checks if c.code == "note_disagrees"}
    assert {"K118", "K173", "K174", "K205", "K91"} <= set(found)
    assert found["K118"].message.params["letter"] == "C"
    assert found["K118"].points == Fraction(1, 3)
    assert str(found["K205"].message.params["said"]) == "87.65"
    assert not {"K112", "K114", "K60", "K65", "K172", "K202"} & set(found)


def test_points_without_proof_are_told_for_the_files_total_and_for_ours(report):
    proof = report.proof
    assert (round(float(proof.by_file), 1), round(float(proof.file_total), 1)) == (65.7, 95.6)
    assert (round(float(proof.ours), 1), round(float(proof.total), 1)) == (65.9, 95.7)
    listed = [check.points for check in report.checks if check.code == "no_proof_link"]
    assert sum(listed) == proof.ours


def test_the_plain_form_holds_the_figures(report):
    plain = as_plain(report)
    assert plain["total"] == plain["ceiling"] == 95.709524
    assert plain["workbook_total"] == 95.57619
    assert set(plain["areas"]) == {
        "manajemen-perubahan",
        "tatalaksana",
        "sdm",
        "akuntabilitas",
        "pengawasan",
        "pelayanan-publik",
    }
    assert plain["areas"]["akuntabilitas"] == {
        "score": 9.2,
        "ceiling": 9.2,
        "max": 10.0,
        "unanswered": 0,
    }
    assert set(plain["distance"]) == {"wbk", "wbbm"}
    assert plain["distance"]["wbk"]["fulfilled"] is False
    assert all(line["met"] for line in plain["distance"]["wbbm"]["lines"])


def test_reading_twice_gives_the_same(reading):
    again = read_workbook(SAMPLE, ZI)
    assert again.answers == reading.answers
    assert score_sheet(ZI, again.answers) == score_sheet(ZI, reading.answers)
