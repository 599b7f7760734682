"""What stops a publication, and what only hints."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from quizzes.arithmetic.publish_checks import ProblemLevel, PublishProblem, problems
from quizzes.arithmetic.question_types import NO_TEXT, Text, Tolerance
from tests.quizzes.arithmetic import questions
from tests.quizzes.arithmetic.questions import uid


def blocks(content):
    return {(one.code, one.field) for one in problems(content) if one.level is ProblemLevel.BLOCK}


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_a_whole_question_has_no_problems(content):
    assert problems(content) == []


def with_option(content, index, **changes):
    options = list(content.options)
    options[index] = replace(options[index], **changes)
    return replace(content, options=tuple(options))


CASES = [
    (replace(questions.single(), stem=NO_TEXT), "stem_missing", "stem"),
    (replace(questions.single(), explanation=Text(" ")), "explanation_missing", "explanation"),
    (questions.single("1"), "too_few_options", "options"),
    (questions.single("0", "1/2"), "one_full_credit_needed", "options"),
    (questions.single("1", "1", "0"), "one_full_credit_needed", "options"),
    (questions.single("1", "3/2"), "credit_out_of_range", "options.1.credit"),
    (questions.single("1", "-1"), "credit_out_of_range", "options.1.credit"),
    (with_option(questions.single(), 1, text=NO_TEXT), "text_missing", "options.1.text"),
    (
        with_option(questions.single(), 1, text=Text(" pilihan  1 ")),
        "text_repeated",
        "options.1.text",
    ),
    (
        with_option(questions.single(), 1, text=Text("Berbeda", "Option 1")),
        "text_repeated",
        "options.1.text",
    ),
    (with_option(questions.single(), 1, id=uid(1)), "id_repeated", "options.1.id"),
    (with_option(questions.single(), 1, id="b"), "id_not_uuid4", "options.1.id"),
    (
        with_option(questions.single(), 1, id="c232ab00-9414-11ec-b3c8-9f6bdeced846"),
        "id_not_uuid4",
        "options.1.id",
    ),
    (
        with_option(questions.single(), 2, text=Text("Semua jawaban di atas benar")),
        "all_above_not_pinned",
        "options.2.pinned",
    ),
    (
        with_option(questions.true_false(), 0, text=Text("Mungkin")),
        "labels_unknown",
        "options",
    ),
    (
        with_option(questions.true_false(), 1, credit=Fraction(1, 2)),
        "credit_neither_0_nor_1",
        "options",
    ),
    (questions.multiple(0, 3), "key_needed", "options"),
    (questions.multiple(3, 0), "wrong_option_needed", "options"),
    (questions.multiple(max_select=1), "max_select_below_key", "max_select"),
    (
        with_option(questions.multiple(), 0, credit=Fraction(1, 2)),
        "credit_neither_0_nor_1",
        "options",
    ),
    (with_option(questions.multiple(), 0, exclusive=True), "self_test", "options"),
    (replace(questions.numeric(), answers=()), "key_needed", "answers"),
    (questions.numeric("5", "-1"), "tolerance_negative", "answers.0.margin"),
    (
        questions.numeric("5", "4", tolerance=Tolerance.RANGE),
        "range_reversed",
        "answers.0.margin",
    ),
    (
        questions.numeric("0", "0.1", tolerance=Tolerance.RELATIVE),
        "relative_to_zero",
        "answers.0.tolerance",
    ),
    (questions.numeric("80", ratio_ok=True), "ratio_without_percent", "ratio_ok"),
    (questions.matching(1, 2), "too_few_prompts", "prompts"),
    (questions.matching(3, 2), "target_unknown", "prompts.2.target"),
]


@pytest.mark.parametrize(("content", "code", "field"), CASES)
def test_a_fault_blocks_and_names_its_field(content, code, field):
    assert (code, field) in blocks(content)


def test_a_pinned_all_of_the_above_is_allowed():
    content = with_option(questions.single(), 2, text=Text("Semua di atas benar"), pinned=True)

    assert blocks(content) == set()


def test_two_equal_targets_are_refused():
    content = questions.matching()
    same = replace(content.targets[3], text=Text("BUKTI 1"))
    content = replace(content, targets=(*content.targets[:3], same))

    assert blocks(content) == {("text_repeated", "targets.3.text")}


def test_one_target_for_two_prompts_needs_reuse():
    content = questions.matching()
    twice = replace(content.prompts[1], target=content.prompts[0].target)
    prompts = (content.prompts[0], twice, content.prompts[2])

    assert blocks(replace(content, prompts=prompts)) == {("target_used_twice", "prompts.1.target")}
    assert blocks(replace(content, prompts=prompts, reuse=True)) == set()


@pytest.mark.parametrize(
    ("value", "warns"),
    [("3.142", True), ("12.500", True), ("0.125", False), ("3.14", False), ("1234.567", False)],
)
def test_a_key_that_a_point_would_turn_into_thousands_is_hinted_at(value, warns):
    found = problems(questions.numeric(value))

    assert found == (
        [PublishProblem("three_decimals", "answers.0.value", ProblemLevel.HINT)] if warns else []
    )


def test_an_accepted_answer_that_earns_nothing_is_refused():
    content = questions.numeric()
    idle = replace(content.answers[0], id=uid(2), value=Decimal(3), credit=Fraction(0))
    content = replace(content, answers=(*content.answers, idle))

    assert blocks(content) == {("credit_out_of_range", "answers.1.credit")}


def test_a_wrong_option_without_feedback_is_only_a_hint_and_comes_last():
    content = with_option(questions.single(), 0, feedback=NO_TEXT)
    content = replace(content, stem=NO_TEXT)

    assert [(one.code, one.level) for one in problems(content)] == [
        ("stem_missing", ProblemLevel.BLOCK),
        ("feedback_missing", ProblemLevel.HINT),
    ]
