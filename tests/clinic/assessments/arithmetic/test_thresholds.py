from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.conditions import judge, shipped_versions
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.lib.errors import Refused
from tests.clinic.assessments.made_workbooks import ZI, full_answers

NEWEST = shipped_versions()[-1]


def asked(test, stated=None):
    return judge(NEWEST, test, stated or {})


def least(test):
    return {condition.code: condition.required[test] for condition in NEWEST.asked_for(test)}


def lines_of(answers, test="WBK"):
    measured = distance(ZI, score_sheet(ZI, answers), test, asked(test))
    return {(line.code, line.subject): line for line in measured.lines}


def test_every_line_of_a_full_sheet_is_met():
    measured = distance(ZI, score_sheet(ZI, full_answers()), "WBBM", asked("WBBM"))
    assert len(measured.lines) == 12
    assert measured.lines_met


def test_a_full_sheet_is_never_called_fulfilled_without_the_conditions():
    score = score_sheet(ZI, full_answers())
    measured = distance(ZI, score, "WBK", asked("WBK"))
    assert {item.state for item in measured.conditions} == {"not_stated"}
    assert not measured.is_fulfilled
    assert len(measured.unmet_conditions) == 10


def test_stated_conditions_fulfil_the_test_and_one_below_does_not():
    score = score_sheet(ZI, full_answers())
    assert distance(ZI, score, "WBK", asked("WBK", least("WBK"))).is_fulfilled
    denied = distance(ZI, score, "WBK", asked("WBK", {**least("WBK"), "sakip": "CC"}))
    assert not denied.is_fulfilled
    assert [item.state for item in denied.unmet_conditions] == ["not_met"]


def test_two_sums_of_minima_fall_short_of_a_greater_one():
    sums = {
        test: {
            (each.kind, each.total, each.asked)
            for each in distance(ZI, score_sheet(ZI, {}), test, ()).minima
        }
        for test in ("WBK", "WBBM")
    }
    assert sums == {
        "WBK": {("areas", 36, 40), ("parts", Fraction("72.25"), 75)},
        "WBBM": {("areas", 45, 48), ("parts", Fraction("83.25"), 85)},
    }


def test_a_survey_below_3_60_is_short_by_the_rest():
    answers = {**full_answers(), "B.I.a": Fraction("3.5")}
    lines = lines_of(answers)
    assert lines["corruption-survey", "B.I.a"].short_by == Fraction("0.4375")
    assert not lines["corruption-survey", "B.I.a"].is_met
    assert lines["clean-and-accountable", "B.I"].short_by == 0


def test_a_line_without_any_answer_is_blank_and_knows_what_it_may_bring():
    answers = {code: answer for code, answer in full_answers().items() if code != "B.I.a"}
    lines = lines_of(answers)
    survey, above = lines["corruption-survey", "B.I.a"], lines["clean-and-accountable", "B.I"]
    assert (survey.score, survey.ceiling, survey.is_blank) == (0, Fraction("17.5"), True)
    assert not above.is_blank
    assert above.ceiling == above.maximum


def test_an_area_is_measured_over_both_parts():
    answers = {code: a for code, a in full_answers().items() if not code.startswith("A.I.5.")}
    line = lines_of(answers)["each-area", "pengawasan"]
    assert (line.score, line.maximum, line.minimum) == (Fraction(15, 2), 15, 9)
    assert line.short_by == Fraction(3, 2)


def test_exactly_the_minimum_is_met():
    answers = {**full_answers(), "B.I.a": Fraction("3.6"), "B.II.a": Fraction("3.6")}
    lines = lines_of(answers, "WBBM")
    assert lines["corruption-survey", "B.I.a"].is_met
    assert lines["public-service", "B.II"].short_by == 0


def test_an_unknown_test_is_refused():
    with pytest.raises(Refused) as caught:
        distance(ZI, score_sheet(ZI, {}), "WBX", ())
    assert caught.value.code == "threshold_unknown"
