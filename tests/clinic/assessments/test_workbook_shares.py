"""A percentage typed over its formula counts where its counts are blank, or is told by cell."""

import datetime
from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.answers import worth_of
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import build_report
from tests.clinic.assessments.made_workbooks import ZI, changed_sample

ROW = "A.II.5.ii.a"


def report_with(typed: object, counts: object = None):
    def change(sheet):
        sheet["K171"] = typed
        for row in (172, 173, 174):
            sheet.cell(row, 11).value = counts

    return build_report(ZI, read_workbook(changed_sample(change, values=True), ZI))


def told_at(report, cell="K171"):
    return [(p.code, p.severity) for p in report.problems if p.where == cell]


@pytest.mark.parametrize(
    ("typed", "share"),
    [
        ("87,5%", Fraction(7, 8)),
        ("87.500 %", Fraction(7, 8)),
        ("0,875", Fraction(7, 8)),
        ("100%", 1),
        ("1.000", 1),
        ("0%", 0),
        (0.875, Fraction(7, 8)),
    ],
)
def test_a_percentage_typed_as_text_or_number_counts_where_counts_are_blank(typed, share):
    report = report_with(typed)

    assert told_at(report) == [("percentage_typed", "notes")]
    worth = worth_of(ZI, ZI.by_code[ROW], report.reading.answers)
    assert (worth.state, worth.share) == ("answered", share)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12/0", "not_a_number"),
        ("87,5%%", "not_a_number"),
        ("hampir semua", "not_a_number"),
        (True, "not_a_number"),
        (87.5, "value_out_of_range"),
        ("87,5", "value_out_of_range"),
        ("101%", "value_out_of_range"),
        (-0.1, "value_out_of_range"),
        (datetime.date(2022, 2, 1), "date_instead_of_answer"),
    ],
)
def test_a_percentage_that_cannot_be_read_is_told_by_its_cell(typed, code):
    report = report_with(typed)

    assert told_at(report) == [(code, "rejects")]
    assert report.score.blank == (ROW,)


@pytest.mark.parametrize("typed", ["12/0", 87.5])
def test_a_percentage_that_cannot_be_read_costs_nothing_where_counts_decide(typed):
    report = report_with(typed, counts=4)

    assert [severity for _code, severity in told_at(report)] == ["notes"]
    assert report.reading.rejects == []
    assert report.score.blank == ()


@pytest.mark.parametrize("typed", [None, "Blm Diisi", "-", " "])
def test_a_placeholder_on_a_percentage_stays_blank(typed):
    report = report_with(typed)

    assert "rejects" not in [severity for _code, severity in told_at(report)]
    assert report.score.blank == (ROW,)


def test_a_percentage_typed_as_text_is_held_against_its_counts():
    report = report_with("50%", counts=4)

    assert "K171" in [check.where for check in report.checks if check.code == "count_disagrees"]
