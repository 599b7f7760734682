"""One deadline, the earliest that applies, and a grace that nobody sees."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from quizzes.arithmetic.deadlines import (
    Allowance,
    TimeRules,
    Timing,
    deadline,
    is_expired,
    most_generous,
    time_left,
    timing,
)

START = datetime(2026, 5, 25, 1, 0, tzinfo=UTC)


def minutes(number):
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("limit", "closes", "allowance", "expected"),
    [
        (None, None, Allowance(), None),
        (30, None, Allowance(), 30),
        (None, 60, Allowance(), 60),
        (30, 60, Allowance(), 30),
        (30, 10, Allowance(), 10),
        (30, 60, Allowance(extra=minutes(10)), 40),
        (30, 60, Allowance(multiplier=Fraction(3, 2)), 45),
        (30, 60, Allowance(multiplier=Fraction(3, 2), extra=minutes(5)), 50),
        (30, 35, Allowance(extra=minutes(10)), 35),
        (30, 35, Allowance(extra=minutes(10), closes_at=START + minutes(90)), 40),
        (30, 35, Allowance(closes_at=START + minutes(20)), 30),
        (None, None, Allowance(closes_at=START + minutes(20)), None),
    ],
)
def test_the_earliest_end_is_the_deadline(limit, closes, allowance, expected):
    rules = TimeRules(
        limit=None if limit is None else minutes(limit),
        closes_at=None if closes is None else START + minutes(closes),
    )

    assert deadline(START, rules, allowance) == (
        None if expected is None else START + minutes(expected)
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, Timing.IN_TIME),
        (0, Timing.IN_TIME),
        (0.001, Timing.IN_GRACE),
        (30, Timing.IN_GRACE),
        (30.001, Timing.LATE),
    ],
)
def test_the_deadline_and_the_end_of_grace_still_count(seconds, expected):
    received = START + timedelta(seconds=seconds)

    assert timing(START, received) is expected
    assert is_expired(START, received) == (expected is Timing.LATE)


def test_without_a_deadline_nothing_is_ever_late():
    assert timing(None, START) is Timing.IN_TIME
    assert not is_expired(None, START)
    assert time_left(None, START) is None


def test_time_left_never_goes_below_zero():
    assert time_left(START + minutes(3), START) == minutes(3)
    assert time_left(START, START + minutes(3)) == timedelta(0)


def test_no_extension_is_the_plain_rule():
    assert most_generous([]) == Allowance()
