"""The lines of a test such as WBK as people read them."""

from fractions import Fraction

import pytest
from django.template.loader import render_to_string

from clinic.assessments.arithmetic.conditions import judge, shipped_versions
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.assessments.report_page import goals_of
from clinic.assessments.workbook.report import distance_as_plain, threshold_as_plain
from tests.clinic.assessments.made_workbooks import ZI, full_answers


def steps_of(answers, *, without=()):
    """Return the lines of WBK; ``without`` are figures that an older stored report lacks."""
    measured = distance_as_plain(distance(ZI, score_sheet(ZI, answers), "WBK", ()))
    lines = [
        {name: value for name, value in line.items() if name not in without}
        for line in measured["lines"]
    ]
    (goal,) = goals_of(
        ZI,
        thresholds=[threshold_as_plain(ZI, "WBK")],
        distances={"wbk": {**measured, "lines": lines}},
    )
    return {line["subject"]: step for line, step in zip(lines, goal.steps, strict=True)}


@pytest.mark.django_db
def test_a_line_without_any_answer_is_never_written_as_nought():
    answers = {code: answer for code, answer in full_answers().items() if code != "B.I.a"}
    step = steps_of(answers)["B.I.a"]
    assert (step.score_words, step.state_label, step.state) == (
        "sampai 17,5",
        "belum diisi",
        "todo",
    )


@pytest.mark.django_db
def test_an_answered_line_shows_its_score_and_what_it_lacks():
    step = steps_of({**full_answers(), "B.I.a": Fraction("3.5")})["B.I.a"]
    assert (step.score_words, step.state) == ("15,313", "late")
    assert "0,438" in step.state_label


@pytest.mark.django_db
def test_a_report_that_was_stored_before_tells_the_score_alone():
    answers = {code: answer for code, answer in full_answers().items() if code != "B.I.a"}
    step = steps_of(answers, without=("ceiling", "blank"))["B.I.a"]
    assert (step.score_words, step.state) == ("0", "late")


@pytest.mark.django_db
def test_a_condition_is_shown_with_what_is_asked_stated_and_missing():
    stated = judge(shipped_versions()[-1], "WBK", {"sakip": "CC"})
    measured = distance(ZI, score_sheet(ZI, full_answers()), "WBK", stated)
    goals = goals_of(
        ZI,
        thresholds=[threshold_as_plain(ZI, "WBK")],
        distances={"wbk": distance_as_plain(measured)},
    )
    page = " ".join(render_to_string("assessments/_tests.html", {"tests": goals}).split())
    assert "Predikat SAKIP instansi (instansi), diminta: B; dinyatakan: CC <span" in page
    assert "Tingkat maturitas SPIP (instansi), diminta: 3; <span" in page
    assert page.count(">Belum dinyatakan<") == goals[0].not_declared == 9
    assert page.count(">Belum terpenuhi<") == goals[0].not_met == 1
