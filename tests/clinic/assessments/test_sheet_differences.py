"""What a file changes: rows by points, what is lost, and other units that say the same."""

from fractions import Fraction

import pytest

from clinic.assessments.frameworks import find_edition
from clinic.assessments.sheet_differences import Differences, alike_sheets, compare
from clinic.assessments.sheets import RowEntry, as_stored_rows, record_sheet
from tests.clinic.assessments.made_workbooks import ZI, full_answers

LETTER, OTHER, COUNTED = "A.I.5.i.a", "A.I.5.i.b", "A.II.5.ii.a"
LINK = ("SK", "https://drive.google.com/file/d/abcdefghijklm/view")


def differences(before, after, **more):
    return compare(ZI, as_stored_rows(ZI, before), as_stored_rows(ZI, after), **more)


def only(before, after):
    (row,) = differences({LETTER: before}, {LETTER: after}).rows
    return row


def test_u80_rows_stand_by_points_with_the_total_before_and_after():
    before = {OTHER: RowEntry("B", "B"), LETTER: RowEntry("C", "C")}
    after = {OTHER: RowEntry("A", "A"), LETTER: RowEntry("A", "A"), "B.I.a": RowEntry(4, "4")}

    found = differences(before, after)

    assert [row.code for row in found.rows] == ["B.I.a", LETTER, OTHER]
    assert found.after - found.before == sum(row.gain for row in found.rows)
    assert found.rows[0].gain == Fraction(35, 2)


def test_u80_the_printed_numbers_of_the_headline_add_up():
    found = Differences([], Fraction(5594, 100), Fraction(9566, 100))
    assert found.headline == "Nilai 55,9 → 95,7 (+39,8)"
    assert Differences([], Fraction(3), Fraction(2)).headline == "Nilai 3,0 → 2,0 (−1,0)"
    assert Differences([], Fraction(0), Fraction(2), is_first=True).headline == (
        "Nilai 2,0, LKE pertama"
    )


def test_counts_stand_with_their_row():
    found = differences(
        {f"{COUNTED}.1": RowEntry(6, "6"), f"{COUNTED}.2": RowEntry(1, "1")},
        {f"{COUNTED}.1": RowEntry(6, "6"), f"{COUNTED}.2": RowEntry(5, "5")},
    )

    (row,) = found.rows
    ((name, old, new),) = row.answers
    assert (row.code, bool(name), old, new) == (COUNTED, True, "1", "5")


@pytest.mark.parametrize(
    ("before", "after", "fits"),
    [
        (RowEntry("B", "B"), RowEntry("A", "A"), {"semua", "naik"}),
        (RowEntry("A", "A"), RowEntry("B", "B"), {"semua", "turun"}),
        (RowEntry("A", "A"), RowEntry(note="n"), {"semua", "turun", "dikosongkan"}),
        (RowEntry("A", "A", "", (LINK,)), RowEntry("A", "A"), {"semua", "bukti-hilang"}),
        (RowEntry("A", "A"), RowEntry("A", "A", "catatan"), {"semua"}),
    ],
)
def test_a_filter_keeps_what_its_name_says(before, after, fits):
    row = only(before, after)

    names = ("semua", "naik", "turun", "bukti-hilang", "dikosongkan")
    assert {name for name in names if row.fits(name)} == fits


def test_the_same_document_under_another_link_is_not_lost():
    again = ("SK baru", f"{LINK[1]}?usp=sharing")
    row = only(RowEntry("A", "A", "", (LINK,)), RowEntry("A", "A", "", (again,)))
    assert row.proofs_lost == row.proofs_added == ()


def test_a_document_without_a_link_is_proof_too():
    row = only(RowEntry("A", "A", "", (("SK", ""),)), RowEntry("A", "A"))
    assert row.proofs_lost == (("SK", ""),)


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        (RowEntry("B", "B"), RowEntry("A", "A"), False),
        (RowEntry("A", "A"), RowEntry("B", "B"), True),
        (RowEntry("B", "B", "", (LINK,)), RowEntry("A", "A"), True),
    ],
)
def test_u81_a_loss_must_be_confirmed(before, after, needed):
    assert differences({LETTER: before}, {LETTER: after}).needs_confirming == needed


def rows_of_answers(answers):
    return {code: RowEntry(value, str(value)) for code, value in answers.items()}


@pytest.fixture
def rows(db):
    return as_stored_rows(ZI, rows_of_answers(full_answers()))


def record(unit, rows, period=2026):
    edition = find_edition("zi-2021")
    return record_sheet(unit=unit, edition=edition, period=period, rows=rows).sheet


def alike(unit, rows):
    return alike_sheets(unit, find_edition("zi-2021"), 2026, rows)


def test_u82_another_unit_with_the_same_content_is_named(regencies, rows):
    home, _away = regencies
    record(home.clinic, rows)

    (found,) = alike(home.health, rows)

    assert found.in_everything
    assert found.sentence == "Isi sama dengan LKE Puskesmas Kota Contoh 2026."
    other = {**rows, LETTER: RowEntry("A", "A", "catatan lain")}
    assert alike(home.health, other)[0].sentence.startswith("Semua jawaban sama")


def test_the_own_sheet_another_year_and_another_answer_are_not_alike(regencies, rows):
    home, away = regencies
    record(home.health, rows)
    record(home.clinic, rows, period=2025)
    record(home.district, {**rows, LETTER: RowEntry("B", "B")})
    record(away.health, rows)

    assert alike(home.health, rows) == []


def test_sheets_that_are_nearly_blank_are_not_called_alike(regencies, db):
    home, _away = regencies
    few = as_stored_rows(ZI, {LETTER: RowEntry("A", "A")})
    record(home.clinic, few)

    assert alike(home.health, few) == []


def test_one_look_for_alike_sheets_reads_no_other(regencies, rows, django_assert_max_num_queries):
    home, _away = regencies
    for unit in (home.clinic, home.district, home.inspectorate):
        record(unit, {LETTER: RowEntry("B", "B")})
    alike(home.health, rows)
    with django_assert_max_num_queries(3):
        assert alike(home.health, rows) == []
