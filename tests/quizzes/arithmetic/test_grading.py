"""Credits by hand-worked cases; the laws stand in tests/laws."""

from fractions import Fraction
from itertools import combinations, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.errors import Refused
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.grading import credit, guess_score
from quizzes.arithmetic.question_types import (
    MultipleChoice,
    MultipleRule,
    Numeric,
    Text,
    Tolerance,
)
from tests.quizzes.arithmetic import questions
from tests.quizzes.arithmetic.questions import uid


def earned(content, raw):
    return credit(content, parse_value(content, raw))


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_the_key_earns_everything_and_a_blank_nothing(content):
    assert earned(content, questions.key_of(content)) == 1
    assert credit(content, None) == 0


def test_a_partly_right_choice_earns_its_part():
    assert earned(questions.single("1", "1/3", "0"), uid(2)) == Fraction(1, 3)
    assert earned(questions.true_false(answer=False), uid(1)) == 0


@pytest.mark.parametrize(
    ("rule", "ticks", "share"),
    [
        ("balanced", [1], "1/2"),
        ("balanced", [1, 3], "1/6"),
        ("balanced", [1, 2, 3], "2/3"),
        ("balanced", [3, 4], "0"),
        ("net", [1, 2, 3], "1/2"),
        ("net", [1, 3, 4], "0"),
        ("all", [1, 2], "1"),
        ("all", [1], "0"),
        ("all", [1, 2, 3], "0"),
    ],
)
def test_ticks_are_paid_by_the_rule(rule, ticks, share):
    content = questions.multiple(rule=MultipleRule(rule))

    assert earned(content, [uid(number) for number in ticks]) == Fraction(share)


def test_ticking_all_pays_under_net_when_keys_outnumber_the_rest():
    content = questions.multiple(3, 2, rule=MultipleRule.NET)

    assert earned(content, [one.id for one in content.options]) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("tolerance", "margin", "right", "wrong"),
    [
        ("absolute", "0.5", ["56,34", "57.34", "56,84"], ["56,33", "57,35"]),
        ("relative", "0.1", ["51,156", "62,524"], ["51,155", "62,525"]),
        ("range", "60", ["56,84", "60", "58"], ["56,83", "60,01"]),
    ],
)
def test_an_interval_holds_both_its_ends(tolerance, margin, right, wrong):
    content = questions.numeric("56.84", margin, tolerance=Tolerance(tolerance))

    assert [earned(content, {"raw": raw}) for raw in right] == [1] * len(right)
    assert [earned(content, {"raw": raw}) for raw in wrong] == [0] * len(wrong)


def test_a_relative_tolerance_of_a_negative_key_is_a_distance():
    content = questions.numeric("-10", "0.1", tolerance=Tolerance.RELATIVE)

    assert earned(content, {"raw": "-11"}) == earned(content, {"raw": "-9"}) == 1


def test_the_best_of_several_accepted_answers_counts():
    near = questions.numeric("16", "2").answers[0]
    exact = questions.numeric("16").answers[0]
    half = type(near)(id=uid(2), value=near.value, margin=near.margin, credit=Fraction(1, 2))
    content = Numeric(stem=questions.STEM, answers=(half, exact))

    assert earned(content, {"raw": "16,000"}) == 1
    assert earned(content, {"raw": "17"}) == Fraction(1, 2)


def test_a_ratio_counts_as_per_cent_only_where_that_is_allowed():
    strict = questions.numeric("80", unit=Text("%"))
    lenient = questions.numeric("80", unit=Text("%"), ratio_ok=True)

    assert earned(strict, {"raw": "0,8"}) == 0
    assert earned(lenient, {"raw": "0,8"}) == earned(lenient, {"raw": "80 %"}) == 1
    assert earned(lenient, {"raw": "0,8%"}) == 0
    assert earned(questions.numeric("8000", unit=Text("%"), ratio_ok=True), {"raw": "80"}) == 0


def test_matching_pays_each_right_pair():
    content = questions.matching(4, 5)

    assert earned(content, {uid(1): uid(101), uid(2): uid(105)}) == Fraction(1, 4)


@pytest.mark.parametrize(
    ("rule", "expected"), [("balanced", "0.188"), ("net", "0.109"), ("all", "0.031")]
)
def test_the_guess_score_of_five_options_with_two_keys(rule, expected):
    content = questions.multiple(2, 3, rule=MultipleRule(rule))

    assert f"{float(guess_score(content)):.3f}" == expected


def test_the_guess_score_of_the_other_types():
    assert guess_score(questions.single("1", "0", "0", "0")) == Fraction(1, 4)
    assert guess_score(questions.single("1", "1/2", "0")) == Fraction(1, 2)
    assert guess_score(questions.true_false()) == Fraction(1, 2)
    assert guess_score(questions.numeric()) == 0
    assert guess_score(questions.multiple(options=())) == 0


@given(
    questions.multiples(),
    st.integers(1, 8),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_the_guess_score_equals_the_mean_over_all_permitted_ticks(content, limit, alone):
    options = tuple(
        questions.option(number, str(one.credit), exclusive=flag)
        for number, (one, flag) in enumerate(zip(content.options, alone, strict=False), 1)
    )
    content = MultipleChoice(
        stem=content.stem, options=options, rule=content.rule, max_select=limit
    )

    assert guess_score(content) == mean_credit(content, subsets(content))


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize(("prompts", "targets"), [(2, 2), (2, 4), (3, 4)])
def test_the_guess_score_of_matching_equals_the_mean_over_all_assignments(prompts, targets, reuse):
    content = questions.matching(prompts, targets, reuse=reuse)
    ids = [target.id for target in content.targets]
    rows = product(ids, repeat=prompts) if reuse else permutations(ids, prompts)
    answers = [
        dict(zip((prompt.id for prompt in content.prompts), row, strict=True)) for row in rows
    ]

    assert guess_score(content) == mean_credit(content, answers) == Fraction(1, targets)


def subsets(content):
    ids = [option.id for option in content.options]
    return [list(some) for size in range(len(ids) + 1) for some in combinations(ids, size)]


def mean_credit(content, raws):
    shares = []
    for raw in raws:
        try:
            shares.append(earned(content, raw))
        except Refused:
            continue
    return sum(shares, Fraction(0)) / len(shares)
