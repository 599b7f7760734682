"""An answer is read by its type, or refused with a word that says why."""

from fractions import Fraction

import pytest

from clinic.lib.errors import Refused
from quizzes.arithmetic.answers import TypedNumber, parse_value, value_to_json
from quizzes.arithmetic.question_types import Text
from tests.quizzes.arithmetic import questions
from tests.quizzes.arithmetic.questions import uid

BLANKS = [
    (questions.single(), None),
    (questions.single(), ""),
    (questions.true_false(), None),
    (questions.multiple(), None),
    (questions.multiple(), []),
    (questions.numeric(), None),
    (questions.numeric(), {"raw": "  "}),
    (questions.matching(), None),
    (questions.matching(), {}),
    (questions.matching(), {uid(1): "", uid(2): None}),
]

REFUSALS = [
    (questions.single(), uid(99), "unknown_option"),
    (questions.single(), 3, "invalid_value"),
    (questions.single(), [uid(1)], "invalid_value"),
    (questions.true_false(), uid(3), "unknown_option"),
    (questions.multiple(), uid(1), "invalid_value"),
    (questions.multiple(), [uid(1), uid(99)], "unknown_option"),
    (questions.multiple(), [None], "invalid_value"),
    (questions.multiple(max_select=2), [uid(1), uid(2), uid(3)], "invalid_value"),
    (questions.numeric(), "56,84", "invalid_value"),
    (questions.numeric(), {"raw": 56}, "invalid_value"),
    (questions.numeric(), {"raw": "1,234.5"}, "invalid_value"),
    (questions.numeric(), {"raw": "9" * 65}, "invalid_value"),
    (questions.numeric(), {"raw": "80%"}, "invalid_value"),
    (questions.numeric(), {"raw": "4/5"}, "invalid_value"),
    (questions.matching(), [uid(1)], "invalid_value"),
    (questions.matching(), {uid(50): uid(101)}, "unknown_option"),
    (questions.matching(), {uid(50): ""}, "unknown_option"),
    (questions.matching(), {uid(1): uid(1)}, "unknown_option"),
    (questions.matching(), {uid(1): [uid(101)]}, "invalid_value"),
    (questions.matching(), {uid(1): uid(101), uid(2): uid(101)}, "invalid_value"),
]


@pytest.mark.parametrize(("content", "raw"), BLANKS)
def test_a_blank_is_none_and_not_wrong(content, raw):
    assert parse_value(content, raw) is None


@pytest.mark.parametrize(("content", "raw", "code"), REFUSALS)
def test_an_answer_that_does_not_fit_is_refused(content, raw, code):
    with pytest.raises(Refused) as refusal:
        parse_value(content, raw)

    assert refusal.value.code == code


def test_an_exclusive_option_stands_alone():
    alone = questions.option(9, exclusive=True)
    content = questions.multiple(options=(*questions.multiple().options, alone))

    assert parse_value(content, [alone.id]) == {alone.id}
    with pytest.raises(Refused) as refusal:
        parse_value(content, [alone.id, uid(1)])
    assert refusal.value.code == "exclusive"


def test_what_was_typed_is_kept_beside_what_it_means():
    content = questions.numeric(unit=Text("%", "percent"), fraction=True)

    assert parse_value(content, {"raw": " 56,84 % "}) == TypedNumber(" 56,84 % ", Fraction("56.84"))
    assert parse_value(content, {"raw": "4/5 percent"}).number == Fraction(4, 5)


def test_a_target_may_serve_twice_only_where_reuse_is_allowed():
    raw = {uid(1): uid(101), uid(2): uid(101), uid(3): ""}

    assert parse_value(questions.matching(reuse=True), raw) == {uid(1): uid(101), uid(2): uid(101)}


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_a_stored_answer_reads_back_as_itself(content):
    value = parse_value(content, questions.key_of(content))

    assert parse_value(content, value_to_json(value)) == value


def test_equal_ticks_are_stored_equally_whatever_their_order():
    content = questions.multiple()
    there, back = [uid(1), uid(3)], [uid(3), uid(1), uid(3)]

    assert value_to_json(parse_value(content, there)) == value_to_json(parse_value(content, back))
