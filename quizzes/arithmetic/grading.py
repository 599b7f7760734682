"""From an answer to its credit: an exact fraction between nothing and everything.

A change that gives any answer another credit raises ``GRADING_RELEASE``; stored credits name the
release they were computed under, and are recomputed only under that one.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import comb
from typing import Any

from quizzes.arithmetic.answers import TypedNumber, Value
from quizzes.arithmetic.question_types import (
    FULL,
    NOTHING,
    ChoiceQuestion,
    Content,
    Matching,
    MultipleChoice,
    MultipleRule,
    Numeric,
    SingleChoice,
    TrueFalse,
    movable_ids,
)

GRADING_RELEASE = 1

_PER_CENT = 100


def credit(content: Content, value: Value | None) -> Fraction:
    """Give the credit of an answer that ``parse_value`` read for this question; a blank earns 0."""
    if value is None:
        return NOTHING
    return max(NOTHING, min(FULL, _GRADERS[type(content)](content, value)))


def guess_score(content: Content) -> Fraction:
    """Give the expected credit of a uniformly random valid answer, exactly.

    For multiple choice every permitted set of ticks counts alike, the empty one included; for
    matching every complete assignment. A number cannot be guessed: 0, as for a draft with nothing
    to choose.
    """
    if isinstance(content, Numeric) or not movable_ids(content):
        return NOTHING
    if isinstance(content, Matching):
        return Fraction(1, len(content.targets))
    if isinstance(content, MultipleChoice):
        outcomes = list(_list_tick_outcomes(content))
        earned = sum((ways * credit for ways, credit in outcomes), NOTHING)
        return earned / sum(ways for ways, _ in outcomes)
    return sum((option.credit for option in content.options), NOTHING) / len(content.options)


def _grade_choice(content: ChoiceQuestion, value: str) -> Fraction:
    option = content.option(value)
    return option.credit if option else NOTHING


def _grade_ticks(content: MultipleChoice, value: frozenset[str]) -> Fraction:
    keys = {option.id for option in content.options if option.credit == FULL}
    wrong = {option.id for option in content.options} - keys
    return _compute_share(
        content.rule,
        ticked=(len(value & keys), len(value & wrong)),
        existing=(len(keys), len(wrong)),
    )


def _compute_share(
    rule: MultipleRule, *, ticked: tuple[int, int], existing: tuple[int, int]
) -> Fraction:
    """Turn (right, wrong) ticks out of (right, wrong) options into a share."""
    (right, wrong), (keys, decoys) = ticked, existing
    if keys == 0:
        return NOTHING
    if rule is MultipleRule.ALL:
        return FULL if (right, wrong) == (keys, 0) else NOTHING
    if rule is MultipleRule.NET:
        return max(NOTHING, Fraction(right - wrong, keys))
    lost = Fraction(wrong, decoys) if decoys else NOTHING
    return max(NOTHING, Fraction(right, keys) - lost)


def _list_tick_outcomes(content: MultipleChoice) -> Iterator[tuple[int, Fraction]]:
    """Yield (number of permitted sets, their credit) for each count of right and wrong ticks."""
    existing = _count_options(content, exclusive=None)
    free = _count_options(content, exclusive=False)
    limit = content.max_select or sum(existing)
    for right in range(free[0] + 1):
        for wrong in range(min(free[1], limit - right) + 1):
            ways = comb(free[0], right) * comb(free[1], wrong)
            ticked = (right, wrong)
            yield ways, _compute_share(content.rule, ticked=ticked, existing=existing)
    alone = _count_options(content, exclusive=True)
    for ways, ticked in zip(alone, ((1, 0), (0, 1)), strict=True):
        if ways:
            yield ways, _compute_share(content.rule, ticked=ticked, existing=existing)


def _count_options(content: MultipleChoice, *, exclusive: bool | None) -> tuple[int, int]:
    options = [row for row in content.options if exclusive is None or row.exclusive is exclusive]
    keys = sum(option.credit == FULL for option in options)
    return keys, len(options) - keys


def _grade_number(content: Numeric, value: TypedNumber) -> Fraction:
    readings = [value.number]
    if content.ratio_ok and "%" in content.units() and abs(value.number) <= 1:
        readings += [] if "%" in value.raw else [value.number * _PER_CENT]
    return max(
        (
            answer.credit
            for answer in content.answers
            if any(answer.holds(number) for number in readings)
        ),
        default=NOTHING,
    )


def _grade_pairs(content: Matching, value: Mapping[str, str]) -> Fraction:
    right = sum(value.get(prompt.id) == prompt.target for prompt in content.prompts)
    return Fraction(right, len(content.prompts))


_GRADERS: dict[type, Callable[[Any, Any], Fraction]] = {
    SingleChoice: _grade_choice,
    TrueFalse: _grade_choice,
    MultipleChoice: _grade_ticks,
    Numeric: _grade_number,
    Matching: _grade_pairs,
}
