from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.assessments.arithmetic.answers import (
    AnswerRefused,
    pair_of_letter,
    pair_of_ratio,
    pair_of_value,
)
from clinic.assessments.arithmetic.scoring import score_sheet
from tests.clinic.assessments.made_workbooks import ZI, full_answers, shipped

AKIP = shipped("akip-2021")
GENERAL = shipped("rb-general-2023")
COMPLAINTS = "A.II.5.ii.a"
DISCIPLINE = "A.II.3.iii.a"


def answer_of(node):
    scale = ZI.scale_of(node)
    if scale.kind == "letters":
        return st.sampled_from([None, *scale.letters])
    if scale.kind == "value":
        return st.none() | st.fractions(0, scale.maximum, max_denominator=100)
    return st.none() | st.integers(0, 997)


SHEETS = st.fixed_dictionaries(
    {node.code: answer_of(node) for node in ZI.nodes if node.scale and node.scale != "percent"}
)


def test_letters_become_the_printed_fractions():
    abcd = ZI.by_scale["abcd"]
    pairs = [pair_of_letter(abcd, letter) for letter in "ABCD"]
    assert pairs == [(1, 1), (67, 100), (33, 100), (0, 1)]


def test_a_letter_outside_the_scale_is_refused_with_its_node():
    with pytest.raises(AnswerRefused) as caught:
        score_sheet(ZI, {"A.I.1.i.b": "D"})
    assert caught.value.code == "letter_unknown"
    assert caught.value.details["node"] == "A.I.1.i.b"


@pytest.mark.parametrize("value", [-1, Fraction(401, 100)])
def test_a_survey_value_outside_the_scale_is_refused(value):
    with pytest.raises(AnswerRefused) as caught:
        pair_of_value(ZI.by_scale["scale4"], value)
    assert caught.value.code == "value_out_of_range"


@pytest.mark.parametrize("count", [-1, "7", Fraction(1, 2)])
def test_a_count_that_is_no_whole_number_is_refused(count):
    with pytest.raises(AnswerRefused) as caught:
        score_sheet(ZI, {f"{COMPLAINTS}.1": count, f"{COMPLAINTS}.3": 1})
    assert caught.value.code == "count_invalid"


def test_a_blank_sheet_is_worth_nothing_and_could_be_worth_everything():
    score = score_sheet(ZI, {})
    assert (score.total.score, score.total.ceiling, score.total.maximum) == (0, 100, 100)
    assert (score.total.answered, score.total.unanswered) == (0, 113)
    assert len(score.blank) == 113


def test_a_full_sheet_is_worth_everything():
    score = score_sheet(ZI, full_answers())
    assert score.total.score == score.total.ceiling == score.total.answered_maximum == 100
    assert score.blank == score.undecided == ()


def test_a_blank_row_stays_in_the_mean():
    score = score_sheet(ZI, {"A.I.1.i.a": "Ya"})
    indicator = score.nodes["A.I.1.i"]
    assert indicator.score == Fraction(1, 4)
    assert indicator.ceiling == indicator.maximum == Fraction(1, 2)
    assert indicator.not_reached == Fraction(1, 4)
    assert (indicator.answered, indicator.unanswered) == (1, 1)
    assert indicator.answered_maximum == Fraction(1, 4)


def test_a_change_area_sums_both_parts():
    answers = {"A.I.5.i.a": "A", "A.II.5.i.a": "A"}
    area = score_sheet(ZI, answers).areas["pengawasan"]
    assert area.score == Fraction(3, 4) + Fraction(5, 2)
    assert area.maximum == 15
    assert area.share == Fraction(13, 60)


def test_complaints_count_finished_of_those_to_follow_up():
    answers = {f"{COMPLAINTS}.1": 6, f"{COMPLAINTS}.2": 1, f"{COMPLAINTS}.3": 1}
    assert score_sheet(ZI, answers).nodes[COMPLAINTS].score == Fraction(1, 2)


def test_a_ratio_above_one_is_capped():
    answers = {f"{COMPLAINTS}.1": 2, f"{COMPLAINTS}.3": 5}
    assert score_sheet(ZI, answers).nodes[COMPLAINTS].score == 3


def test_a_ratio_with_a_blank_count_is_blank():
    score = score_sheet(ZI, {f"{COMPLAINTS}.1": 2})
    assert COMPLAINTS in score.blank


@pytest.mark.parametrize("finished", [0, 3])
def test_zero_complaints_are_undecided_not_zero_and_not_full(finished):
    score = score_sheet(ZI, {f"{COMPLAINTS}.1": 0, f"{COMPLAINTS}.3": finished})
    row = score.nodes[COMPLAINTS]
    assert (row.score, row.ceiling) == (0, 3)
    assert score.undecided == (COMPLAINTS,)
    assert (row.answered, row.unanswered, row.undecided) == (0, 0, 1)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [(0, 0, 1), (4, 1, Fraction(3, 4)), (4, 0, 1), (4, 4, 0), (2, 5, 0)],
)
def test_discipline_counts_the_decrease(before, after, share):
    answers = {f"{DISCIPLINE}.1": before, f"{DISCIPLINE}.2": after}
    assert score_sheet(ZI, answers).nodes[DISCIPLINE].score == 2 * share


def test_a_rise_from_zero_is_undecided():
    answers = {f"{DISCIPLINE}.1": 0, f"{DISCIPLINE}.2": 2}
    assert score_sheet(ZI, answers).undecided == (DISCIPLINE,)


def test_a_sum_left_blank_is_the_sum_of_its_parts():
    lhkpn = ZI.by_code["A.II.5.iii.a.a"]
    answers = {
        f"{lhkpn.code}.{place}": count for place, count in ((2, 1), (3, 1), (4, 13), (5, 13))
    }
    assert pair_of_ratio(lhkpn.formula, answers) == (13, 15)


def test_a_typed_sum_is_used_even_if_its_parts_say_otherwise():
    lhkasn = ZI.by_code["A.II.5.iii.b.a"]
    counts = ((1, 12), (2, 0), (3, 1), (4, 12), (5, 12))
    answers = {f"{lhkasn.code}.{place}": count for place, count in counts}
    assert pair_of_ratio(lhkasn.formula, answers) == (12, 12)


def test_two_integers_survive_whatever_the_primes():
    for above, below in ((991, 997), (1, 997), (0, 0)):
        assert score_sheet(ZI, {COMPLAINTS: (above, below)}).nodes[COMPLAINTS].score == (
            3 * Fraction(above, below) if below else 0
        )


def test_a_survey_of_3_60_earns_15_75():
    assert score_sheet(ZI, {"B.I.a": Fraction("3.6")}).nodes["B.I.a"].score == Fraction("15.75")


def test_akip_weighs_letters():
    score = score_sheet(AKIP, {"1.a": "BB", "1.b": "A", "1.c": "CC"})
    assert score.nodes["1"].score == 6 * Fraction("0.8") + 9 * Fraction("0.9") + 15 * Fraction(
        "0.6"
    )


def test_points_of_unknown_weights_stay_in_the_ceiling():
    score = score_sheet(GENERAL, {"G.A.1": 100, "G.A.2": 50, "G.B.1": 100, "G.B.2": 5})
    assert score.total.score == 3 + Fraction(7, 2) + 4
    assert score.nodes["G.B"].ceiling == 40
    assert score.areas == {}


@settings(max_examples=60, deadline=None)
@given(SHEETS)
def test_scores_lie_between_nothing_and_ceiling_and_maximum(answers):
    score = score_sheet(ZI, answers)
    for points in [score.total, *score.nodes.values(), *score.areas.values()]:
        assert 0 <= points.score <= points.ceiling <= points.maximum
    assert score.total.answered + score.total.unanswered + score.total.undecided == 113
    rows = [score.nodes[node.code] for node in ZI.scored]
    assert score.total.score == sum(row.score for row in rows)
    assert score.total.not_reached == sum(row.not_reached for row in rows)


@settings(max_examples=60, deadline=None)
@given(SHEETS, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(answers, random):
    items = list(answers.items())
    random.shuffle(items)
    assert score_sheet(ZI, dict(items)) == score_sheet(ZI, answers)


@settings(max_examples=60, deadline=None)
@given(SHEETS, st.data())
def test_filling_a_blank_row_never_lowers_the_score_nor_raises_the_ceiling(answers, data):
    rows = [n for n in ZI.scored if n.formula is None and answers[n.code] is None]
    if not rows:
        return
    node = data.draw(st.sampled_from(rows))
    value = data.draw(answer_of(node).filter(lambda answer: answer is not None))
    before, after = score_sheet(ZI, answers), score_sheet(ZI, {**answers, node.code: value})
    assert after.total.score >= before.total.score
    assert after.total.ceiling <= before.total.ceiling
    assert after.total.unanswered == before.total.unanswered - 1


@settings(max_examples=60, deadline=None)
@given(SHEETS, st.data())
def test_a_better_letter_never_lowers_any_figure(answers, data):
    rows = [n for n in ZI.scored if n.rubric and answers[n.code] is not None]
    if not rows:
        return
    node = data.draw(st.sampled_from(rows))
    letters = ZI.scale_of(node).letters
    better = letters[max(0, letters.index(answers[node.code]) - 1)]
    before, after = score_sheet(ZI, answers), score_sheet(ZI, {**answers, node.code: better})
    assert all(after.nodes[code].score >= points.score for code, points in before.nodes.items())
    assert after.total.ceiling >= before.total.ceiling
