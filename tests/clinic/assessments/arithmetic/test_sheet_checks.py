from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.sheet_checks import (
    SENTENCES,
    CheckedSheet,
    RowFacts,
    check_sheet,
    points_with_proof,
    points_without_proof,
    says_done,
)
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import build_report
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI, full_answers

COMPLAINTS = "A.II.5.ii.a"


def sheet_of(answers=None, **facts):
    answers = full_answers() | (answers or {})
    stated = {
        node.code: RowFacts(
            links=(f"https://bukti.example/{node.code}",),
            cells={"answer": f"K-{node.code}", "link": f"Q-{node.code}"},
        )
        for node in ZI.nodes
        if node.scale
    }
    stated |= {code.replace("_", "."): fact for code, fact in facts.items()}
    return CheckedSheet(ZI, answers, score_sheet(ZI, answers), stated)


def found(sheet, code):
    return [(check.nodes, check.points) for check in check_sheet(sheet) if check.code == code]


def test_a_proven_sheet_has_nothing_to_look_at_but_its_surveys():
    sheet = sheet_of()
    assert {check.code for check in check_sheet(sheet)} == {"survey_at_maximum"}
    assert (points_with_proof(sheet), points_without_proof(sheet)) == (100, 0)


def test_a_survey_below_the_maximum_is_no_check():
    sheet = sheet_of({"B.I.a": Fraction("3.9"), "B.II.a": Fraction("3.9")})
    assert found(sheet, "survey_at_maximum") == []


def test_a_row_without_link_counts_with_its_points_of_today():
    sheet = sheet_of({"A.I.1.i.b": "B"}, A_I_1_i_b=RowFacts(), A_I_1_i_a=RowFacts())
    points = Fraction(1, 4) + Fraction(1, 8)
    assert points_without_proof(sheet) == points
    assert sum(points for _, points in found(sheet, "no_proof_link")) == points


def test_a_row_worth_nothing_needs_no_proof():
    sheet = sheet_of({"A.I.1.i.b": "C"}, A_I_1_i_b=RowFacts())
    assert found(sheet, "no_proof_link") == []


def test_a_link_beside_a_count_proves_its_percentage():
    facts = {COMPLAINTS.replace(".", "_"): RowFacts()}
    assert found(sheet_of(**facts), "no_proof_link") == []


def test_a_link_given_twice_names_both_rows_whatever_its_last_stroke():
    sheet = sheet_of(
        A_I_1_i_a=RowFacts(links=("https://x.example/1/",)),
        A_I_1_i_b=RowFacts(links=("https://x.example/1",)),
    )
    assert found(sheet, "link_reused") == [(("A.I.1.i.a", "A.I.1.i.b"), Fraction(1, 2))]


def test_more_finished_than_received_is_a_check():
    sheet = sheet_of({f"{COMPLAINTS}.1": 2, f"{COMPLAINTS}.3": 5})
    assert [nodes for nodes, _ in found(sheet, "count_disagrees")] == [(COMPLAINTS,)]
    assert [nodes for nodes, _ in found(sheet, "parts_do_not_add_up")] == [(COMPLAINTS,)]


def test_parts_below_the_sum_are_fine_where_the_rest_may_be_open():
    sheet = sheet_of({f"{COMPLAINTS}.1": 6, f"{COMPLAINTS}.2": 1, f"{COMPLAINTS}.3": 1})
    assert found(sheet, "parts_do_not_add_up") == []


def test_parts_that_differ_from_a_typed_sum_are_a_check():
    sheet = sheet_of({"A.II.5.iii.b.a.4": 5})
    assert found(sheet, "parts_do_not_add_up") == [(("A.II.5.iii.b.a",), 1)]


def test_a_percentage_unlike_its_counts_is_a_check():
    facts = {COMPLAINTS.replace(".", "_"): RowFacts(own_share=Fraction(1, 2))}
    assert found(sheet_of(**facts), "count_disagrees") == [((COMPLAINTS,), 3)]


def test_none_said_beside_a_count_is_a_check():
    sheet = sheet_of(A_II_5_ii_a_1=RowFacts(note="Tidak ada pengaduan"))
    assert found(sheet, "note_disagrees") == [((f"{COMPLAINTS}.1", COMPLAINTS), 3)]


def test_another_amount_said_beside_a_count_is_a_check():
    sheet = sheet_of(A_II_5_ii_a_1=RowFacts(note="Terdapat 6 pengaduan"))
    assert found(sheet, "note_disagrees") == [((f"{COMPLAINTS}.1", COMPLAINTS), 3)]
    agreeing = sheet_of(A_II_5_ii_a_1=RowFacts(note="Terdapat 4 pengaduan"))
    assert found(agreeing, "note_disagrees") == []


def test_another_percentage_said_beside_a_survey_is_a_check():
    sheet = sheet_of(B_II_a=RowFacts(note="Nilai IKM = 87,65%"))
    assert found(sheet, "note_disagrees") == [(("B.II.a",), Fraction("17.5"))]
    agreeing = sheet_of({"B.II.a": Fraction("3.506")}, B_II_a=RowFacts(note="Nilai IKM = 87,65%"))
    assert found(agreeing, "note_disagrees") == []


def test_a_blank_row_is_never_checked():
    answers = dict.fromkeys(full_answers())
    sheet = sheet_of(answers, A_I_1_i_a=RowFacts(note="belum"), B_II_a=RowFacts(note="90%"))
    assert check_sheet(sheet) == ()


def test_checks_change_no_score():
    sheet = sheet_of(A_I_1_i_b=RowFacts(note="Jika tidak di seleksi."))
    before = score_sheet(ZI, full_answers())
    check_sheet(sheet)
    assert sheet.score == before


GOOGLE_FILE = "1AbC-dEf_GhIjKlMnOp"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Bukti.Example/sk", "https://bukti.example/sk/#page=2"),
        (
            "https://bukti.example/sk?no=1",
            "https://bukti.example/sk?utm_source=wa&no=1&usp=sharing",
        ),
        (
            f"https://drive.google.com/file/d/{GOOGLE_FILE}/view?usp=sharing",
            f"https://drive.google.com/open?id={GOOGLE_FILE}&usp=drive_copy",
        ),
        (
            f"https://drive.google.com/drive/u/0/folders/{GOOGLE_FILE}",
            f"https://drive.google.com/drive/folders/{GOOGLE_FILE}?usp=sharing",
        ),
        (
            f"https://docs.google.com/document/d/{GOOGLE_FILE}/edit#heading=h.1",
            f"https://drive.google.com/file/d/{GOOGLE_FILE}/view",
        ),
    ],
)
def test_a_link_is_the_same_however_it_is_written(one, other):
    sheet = sheet_of(A_I_1_i_a=RowFacts(links=(one,)), A_I_1_i_b=RowFacts(links=(other,)))
    assert found(sheet, "link_reused") == [(("A.I.1.i.a", "A.I.1.i.b"), Fraction(1, 2))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://bukti.example/sk?no=1", "https://bukti.example/sk?no=2"),
        ("https://bukti.example/SK", "https://bukti.example/sk"),
        (
            f"https://drive.google.com/file/d/{GOOGLE_FILE}/view",
            f"https://drive.google.com/file/d/{GOOGLE_FILE}x/view",
        ),
        ("https://[bukti", "https://[bukti2"),
    ],
)
def test_links_to_two_places_are_not_the_same(one, other):
    sheet = sheet_of(A_I_1_i_a=RowFacts(links=(one,)), A_I_1_i_b=RowFacts(links=(other,)))
    assert found(sheet, "link_reused") == []


def test_one_row_that_links_twice_to_a_place_reuses_nothing():
    twice = ("https://bukti.example/sk#1", "https://bukti.example/sk#2")
    assert found(sheet_of(A_I_1_i_a=RowFacts(links=twice)), "link_reused") == []


ACT = "Jumlah pengaduan masyarakat yang selesai ditindaklanjuti"


@pytest.mark.parametrize(
    ("remark", "done"),
    [
        ("Terdapat 6 pengaduan masyarakat yang sudah ditindaklanjuti", True),
        ("6 pengaduan telah ditindaklanjuti", True),
        ("6 pengaduan belum ditindaklanjuti", False),
        ("6 pengaduan, sebagian sudah ditindaklanjuti", False),
        ("Sudah ditetapkan 6 petugas pengaduan", False),
        ("Terdapat 6 pengaduan", False),
    ],
)
def test_a_remark_says_done_only_of_the_act_that_is_counted(remark, done):
    assert says_done(remark, ACT) == done


def test_a_remark_that_says_more_is_done_is_worth_what_the_row_would_gain():
    reading = read_workbook(SAMPLE, ZI)
    checks = build_report(ZI, reading).checks
    (check,) = [each for each in checks if each.message.sentence == SENTENCES["note_says_done"]]

    assert (check.where, check.points) == ("K174, O172", Fraction(5, 2))
    assert check.nodes[0] == "A.II.5.ii.a"
    assert dict(check.message.params) == {"said": 6, "count": 1, "below": 6}
