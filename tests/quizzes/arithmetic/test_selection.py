"""Orders of options, and forms."""

import pytest
from hypothesis import strategies as st

from quizzes.arithmetic.question_types import movable_ids
from quizzes.arithmetic.selection import (
    attempt_seed,
    common_missing,
    crosses,
    option_order,
)
from tests.quizzes.arithmetic import questions

SEED = attempt_seed(b"secret", "5e2a")


def test_another_secret_gives_another_seed():
    assert attempt_seed(b"one", "a") != attempt_seed(b"two", "a")


pools = st.lists(
    st.builds(
        lambda outcomes, enemy: (outcomes, enemy),
        st.sets(st.sampled_from("abc"), min_size=1, max_size=2),
        st.integers(0, 15),
    ),
    min_size=3,
    max_size=14,
)
counts = st.lists(st.integers(1, 2), min_size=1, max_size=3)


def test_options_are_shuffled_by_attempt_and_place():
    content = questions.single(*["1"] + ["0"] * 5)
    orders = {
        option_order(content, attempt_seed(b"secret", str(attempt)), place)
        for attempt in range(20)
        for place in range(2)
    }

    assert len(orders) > 30
    assert all(sorted(order) == sorted(movable_ids(content)) for order in orders)


def test_pinned_options_stay_last_in_the_order_written():
    pinned = tuple(questions.option(number, pinned=True) for number in (8, 9))
    content = questions.multiple(options=(pinned[0], *questions.multiple().options, pinned[1]))

    for place in range(20):
        assert option_order(content, SEED, place)[-2:] == (pinned[0].id, pinned[1].id)


def test_true_and_false_are_never_shuffled_and_a_number_has_no_order():
    for place in range(20):
        assert option_order(questions.true_false(), SEED, place) == movable_ids(
            questions.true_false()
        )
    assert option_order(questions.numeric(), SEED, 0) == ()


def test_the_targets_of_a_matching_are_shuffled():
    content = questions.matching(4, 6)
    orders = {option_order(content, SEED, place) for place in range(20)}

    assert len(orders) > 15
    assert {frozenset(order) for order in orders} == {frozenset(movable_ids(content))}


def test_half_of_the_persons_take_the_forms_in_reverse_and_quizzes_differ():
    persons = [str(number) for number in range(400)]
    reversed_here = [crosses(person=one, quiz="q") for one in persons]

    assert 150 < sum(reversed_here) < 250
    assert reversed_here == [crosses(person=one, quiz="q") for one in persons]
    assert reversed_here != [crosses(person=one, quiz="r") for one in persons]


@pytest.mark.parametrize(
    ("length", "common", "missing"), [(10, 5, 0), (10, 4, 1), (30, 5, 1), (30, 6, 0), (31, 6, 1)]
)
def test_two_forms_need_enough_in_common(length, common, missing):
    form_a = list(range(length))
    form_b = list(range(common)) + list(range(100, 100 + length - common))

    assert common_missing(form_a, form_b) == missing
