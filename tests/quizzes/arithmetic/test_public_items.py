"""A taker's page carries no key, and gains only what the policy allows."""

import json
from dataclasses import asdict, fields, replace
from fractions import Fraction

import pytest

from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.public_items import ItemReview, PublicItem, public_item, review_of
from quizzes.arithmetic.question_types import (
    FULL,
    NOTHING,
    ChoiceQuestion,
    Matching,
    Numeric,
    Text,
    movable_ids,
)
from quizzes.arithmetic.review_policy import EVERYTHING, Sight
from tests.quizzes.arithmetic import questions
from tests.quizzes.arithmetic.questions import uid

PLANT = Text("RAHASIA-7781", "SECRET-7781")


def shown(content, *, language="id"):
    return public_item(content, order=movable_ids(content), language=language)


def planted(content):
    """Give the same question with a token in every text that bears its key."""
    content = replace(content, explanation=PLANT)
    if isinstance(content, ChoiceQuestion):
        return replace(content, options=tuple(replace(o, feedback=PLANT) for o in content.options))
    if isinstance(content, Numeric):
        return replace(content, answers=tuple(replace(a, feedback=PLANT) for a in content.answers))
    return replace(content, prompts=tuple(replace(p, feedback=PLANT) for p in content.prompts))


def rekeyed(content):
    """Give the same question with another key."""
    if isinstance(content, ChoiceQuestion):
        turned = tuple(
            replace(o, credit=NOTHING if o.credit == FULL else FULL) for o in content.options
        )
        return replace(content, options=turned)
    if isinstance(content, Numeric):
        answers = tuple(replace(a, value=a.value + 5, margin=a.margin + 1) for a in content.answers)
        return replace(content, answers=answers)
    last = content.targets[-1].id
    return replace(content, prompts=tuple(replace(p, target=last) for p in content.prompts))


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
@pytest.mark.parametrize("language", ["id", "en"])
def test_two_questions_alike_but_for_the_key_look_the_same(content, language):
    assert rekeyed(content) != content

    assert shown(content, language=language) == shown(planted(rekeyed(content)), language=language)


def test_the_public_item_has_only_the_fields_of_its_allow_list():
    assert {field.name for field in fields(PublicItem)} == {
        "type_name",
        "stem",
        "options",
        "prompts",
        "targets",
        "unit",
        "fraction",
        "max_select",
        "reuse",
    }


def test_letters_follow_the_place_on_the_page():
    content = questions.single()
    order = [uid(3), uid(1), uid(2)]

    rows = public_item(content, order=order, language="id").options

    assert [(row.letter, row.id) for row in rows] == list(zip("ABC", order, strict=True))


def test_letters_go_on_after_z():
    content = questions.single(*["1"] + ["0"] * 27)

    assert [row.letter for row in shown(content).options][24:] == ["Y", "Z", "AA", "AB"]


@pytest.mark.parametrize("order", [[], [uid(1)], [uid(1), uid(2), uid(2)], [uid(9)] * 3])
def test_an_order_of_another_question_is_an_error(order):
    with pytest.raises(ValueError, match="order"):
        public_item(questions.single(), order=order, language="id")


def test_matching_shows_prompts_as_written_and_targets_in_their_order():
    content = questions.matching(2, 3)
    order = [uid(103), uid(101), uid(102)]

    item = public_item(content, order=order, language="id")

    assert [row.id for row in item.prompts] == [uid(1), uid(2)]
    assert [row.id for row in item.targets] == order


def test_a_number_shows_its_unit_in_the_language_asked_for():
    content = questions.numeric(unit=Text("orang", "people"), fraction=True)

    assert shown(content, language="en").unit.text == "people"
    assert shown(content).fraction
    assert shown(questions.numeric()).unit is None


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_nothing_is_added_when_nothing_is_allowed(content):
    value = parse_value(content, questions.key_of(content))

    assert review_of(content, value, sights=frozenset(), language="id") == ItemReview()


SIGHT_OF_FIELD = {
    "response": Sight.OWN_RESPONSE,
    "item_credit": Sight.ITEM_CREDIT,
    "correct": Sight.CORRECTNESS,
    "key": Sight.KEY,
    "feedback": Sight.OPTION_FEEDBACK,
    "explanation": Sight.EXPLANATION,
    "sources": Sight.EXPLANATION,
}


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
@pytest.mark.parametrize("sight", list(Sight))
def test_each_sight_adds_its_own_field_and_no_other(content, sight):
    content = planted(content)
    value = parse_value(content, questions.key_of(content))

    review = review_of(content, value, sights=frozenset({sight}), language="id")

    filled = {name for name, part in asdict(review).items() if part is not None}
    assert filled == {name for name, one in SIGHT_OF_FIELD.items() if one is sight}
    in_text = PLANT.id in json.dumps(asdict(review), default=str)
    assert in_text == (sight in (Sight.OPTION_FEEDBACK, Sight.EXPLANATION))


def test_a_full_review_shows_key_credit_and_the_feedback_of_what_was_chosen():
    content = questions.single("0", "1", "1/3")

    review = review_of(content, uid(3), sights=EVERYTHING, language="en")

    assert review.item_credit == Fraction(1, 3)
    assert review.correct is False
    assert review.key == [uid(2)]
    assert set(review.feedback) == {uid(3)}
    assert review.explanation.text == questions.EXPLANATION.en


def test_a_feedback_that_repeats_the_verdict_is_not_shown():
    content = questions.single("0", "1")
    bare, telling = (Text(text) for text in ("Benar.", "Benar. Cakupannya seluruh layanan."))
    options = tuple(
        replace(option, feedback=text)
        for option, text in zip(content.options, (bare, telling), strict=True)
    )
    content = replace(content, options=options)

    shown = [
        review_of(content, option.id, sights=EVERYTHING, language="id").feedback
        for option in options
    ]

    assert [len(feedback) for feedback in shown] == [0, 1]


def test_the_key_of_numbers_and_pairs_is_shown_as_such():
    number = review_of(questions.numeric("56.84", "1"), None, sights=EVERYTHING, language="id")
    pairs = review_of(questions.matching(2, 3), None, sights=EVERYTHING, language="id")

    assert number.key == [
        {"value": Fraction("56.84"), "low": Fraction("55.84"), "high": Fraction("57.84")}
    ]
    assert pairs.key == {uid(1): uid(101), uid(2): uid(102)}


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_a_blank_shows_no_feedback_and_is_its_own_response(content):
    review = review_of(content, None, sights=EVERYTHING, language="id")

    assert (review.response, review.feedback, review.correct) == ((None,), {}, False)


def test_feedback_of_a_matching_is_that_of_the_prompts_answered():
    content = questions.matching()
    assert isinstance(content, Matching)

    review = review_of(content, {uid(2): uid(101)}, sights=EVERYTHING, language="id")

    assert set(review.feedback) == {uid(2)}
