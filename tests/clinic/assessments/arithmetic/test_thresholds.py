from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.lib.errors import Refused
from tests.clinic.assessments.made_workbooks import ZI, full_answers

STATED = {"sakip": True, "audit-follow-up": True, "wealth-reports": True}


def lines_of(answers, test="WBK"):
    measured = distance(ZI, score_sheet(ZI, answers), test)
    return {(line.code, line.subject): line for line in measured.lines}


def test_every_line_of_a_full_sheet_is_met():
    measured = distance(ZI, score_sheet(ZI, full_answers()), "WBBM")
    assert len(measured.lines) == 12
    assert measured.lines_met


def test_a_full_sheet_is_never_called_fulfilled_without_the_preconditions():
    score = score_sheet(ZI, full_answers())
    measured = distance(ZI, score, "WBK")
    assert {item.state for item in measured.preconditions} == {"not_stated"}
    assert not measured.is_fulfilled
    assert len(measured.unmet_preconditions) == 3


def test_stated_preconditions_fulfil_the_test():
    score = score_sheet(ZI, full_answers())
    assert distance(ZI, score, "WBK", stated=STATED).is_fulfilled
    denied = distance(ZI, score, "WBK", stated={**STATED, "sakip": False})
    assert not denied.is_fulfilled
    assert [item.state for item in denied.unmet_preconditions] == ["not_met"]


def test_wbk_asks_for_b_and_wbbm_for_bb():
    score = score_sheet(ZI, {})
    required = {
        test: distance(ZI, score, test).preconditions[0].required for test in ("WBK", "WBBM")
    }
    assert required == {"WBK": "B", "WBBM": "BB"}


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
        distance(ZI, score_sheet(ZI, {}), "WBX")
    assert caught.value.code == "threshold_unknown"
