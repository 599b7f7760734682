"""Where an outcome stands after a quiz, with and without the key."""

from fractions import Fraction
from itertools import product

import pytest

from quizzes.arithmetic.lanes import (
    LEAST_WITHOUT_KEY,
    Lane,
    find_lane,
    find_lane_without_key,
    join_thin,
)

RIGHT, WRONG, BLANK = Fraction(1), Fraction(0), None


@pytest.mark.parametrize(
    ("earned", "expected"),
    [
        ([], Lane.UNMEASURED),
        ([RIGHT], Lane.UNDERSTOOD),
        ([WRONG], Lane.AGAIN),
        ([RIGHT, WRONG], Lane.AGAIN),
        ([RIGHT, RIGHT, WRONG], Lane.UNDERSTOOD),
        ([RIGHT, Fraction(3, 4), WRONG], Lane.AGAIN),
    ],
)
def test_two_thirds_are_understood(earned, expected):
    assert find_lane(earned) is expected


@pytest.mark.parametrize("length", range(1, 8))
def test_u75_a_lane_without_key_fits_each_answer_right_and_wrong(length):
    """Whatever was left blank, no lane tells of any answer that it was right, or was not."""
    seen: dict[tuple, set] = {}
    for answers in product((RIGHT, WRONG, BLANK), repeat=length):
        shown = find_lane_without_key(answers)
        blanks = tuple(credit is BLANK for credit in answers)
        for place, credit in enumerate(answers):
            if credit is not BLANK:
                seen.setdefault((blanks, shown, place), set()).add(credit)

    assert all(fitting == {RIGHT, WRONG} for fitting in seen.values())


def test_a_lane_without_key_still_tells_strong_from_weak():
    for length in range(LEAST_WITHOUT_KEY, 8):
        assert find_lane_without_key([RIGHT] * length) is Lane.UNDERSTOOD
        assert find_lane_without_key([WRONG] * length) is Lane.AGAIN
    assert find_lane_without_key([RIGHT, RIGHT]) is Lane.UNMEASURED


@pytest.mark.parametrize(
    ("counts", "groups"),
    [
        ([], []),
        ([1], [[0]]),
        ([1, 1, 1], [[0, 1, 2]]),
        ([3, 2, 2], [[0], [1, 2]]),
        ([2, 2, 1], [[0, 1, 2]]),
    ],
)
def test_thin_outcomes_are_joined_until_there_are_enough_questions(counts, groups):
    assert join_thin(counts) == groups
