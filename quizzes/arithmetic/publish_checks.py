"""What stands between a draft question and its publication.

A problem is a code and the field it concerns; a *block* must be repaired, a *hint* is shown and may
be left. Sources, outcomes and the reviewer are no part of the content: the service checks them.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinic.lib.arithmetic.numbers import format_id, parse_number
from clinic.lib.errors import Refused
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.grading import credit
from quizzes.arithmetic.question_types import (
    FULL,
    NOTHING,
    ChoiceQuestion,
    Content,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    SingleChoice,
    Text,
    Tolerance,
    TrueFalse,
)

FEWEST_OPTIONS = 2
LABELS = (("benar", "salah"), ("ya", "tidak"))

_ALL_ABOVE = re.compile(r"di atas (semua )?(benar|salah)|semua (jawaban |pilihan )?di atas")


class ProblemLevel(StrEnum):
    """Whether a problem stops the publication."""

    BLOCK = "block"
    HINT = "hint"


@dataclass(frozen=True)
class PublishProblem:
    """One thing to repair, in the field named as in the JSON (``options.2.text``)."""

    code: str
    field: str
    level: ProblemLevel = ProblemLevel.BLOCK


def problems(content: Content) -> list[PublishProblem]:
    """List all problems of a question, blocks first; publishable if none is a block.

    The self-test comes last and only for content that is otherwise whole: each answer that the key
    promises full credit must earn it through the same reading and grading as a taker's.
    """
    found = [*_text_problems(content), *_id_problems(content), *_CHECKS[type(content)](content)]
    if not any(problem.level is ProblemLevel.BLOCK for problem in found):
        found += _self_test(content)
    return sorted(found, key=lambda problem: problem.level)


def _text_problems(content: Content) -> Iterator[PublishProblem]:
    if not content.stem:
        yield PublishProblem("stem_missing", "stem")
    if not content.explanation:
        yield PublishProblem("explanation_missing", "explanation")


def _id_problems(content: Content) -> Iterator[PublishProblem]:
    seen: set[str] = set()
    for field, one in _identified(content):
        if not _is_uuid4(one):
            yield PublishProblem("id_not_uuid4", field)
        if one in seen:
            yield PublishProblem("id_repeated", field)
        seen.add(one)


def _identified(content: Content) -> Iterator[tuple[str, str]]:
    for name in ("options", "answers", "prompts", "targets"):
        for index, row in enumerate(getattr(content, name, ())):
            yield f"{name}.{index}.id", row.id


def _is_uuid4(raw: str) -> bool:
    try:
        parsed = uuid.UUID(raw)
    except ValueError:
        return False
    return str(parsed) == raw and parsed.version == 4  # noqa: PLR2004


def _check_single(content: SingleChoice) -> Iterator[PublishProblem]:
    yield from _option_problems(content)
    yield from _one_full_credit(content)


def _check_true_false(content: TrueFalse) -> Iterator[PublishProblem]:
    yield from _option_problems(content)
    yield from _one_full_credit(content)
    labels = tuple(option.text.id.strip().casefold() for option in content.options)
    if labels not in LABELS:
        yield PublishProblem("labels_unknown", "options")
    if any(option.credit not in (NOTHING, FULL) for option in content.options):
        yield PublishProblem("credit_neither_0_nor_1", "options")


def _check_multiple(content: MultipleChoice) -> Iterator[PublishProblem]:
    yield from _option_problems(content)
    keys = sum(option.credit == FULL for option in content.options)
    if any(option.credit not in (NOTHING, FULL) for option in content.options):
        yield PublishProblem("credit_neither_0_nor_1", "options")
    if keys == 0:
        yield PublishProblem("key_needed", "options")
    if keys == len(content.options):
        yield PublishProblem("wrong_option_needed", "options")
    if content.max_select is not None and content.max_select < keys:
        yield PublishProblem("max_select_below_key", "max_select")


def _option_problems(content: ChoiceQuestion) -> Iterator[PublishProblem]:
    if len(content.options) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_options", "options")
    yield from _wordings((option.text for option in content.options), "options")
    for index, option in enumerate(content.options):
        if not NOTHING <= option.credit <= FULL:
            yield PublishProblem("credit_out_of_range", f"options.{index}.credit")
        if _ALL_ABOVE.search(option.text.id.casefold()) and not option.pinned:
            yield PublishProblem("all_above_not_pinned", f"options.{index}.pinned")
        if option.credit < FULL and not option.feedback:
            yield PublishProblem("feedback_missing", f"options.{index}.feedback", ProblemLevel.HINT)


def _one_full_credit(content: ChoiceQuestion) -> Iterator[PublishProblem]:
    if sum(option.credit == FULL for option in content.options) != 1:
        yield PublishProblem("one_full_credit_needed", "options")


def _wordings(texts: Iterable[Text], field: str) -> Iterator[PublishProblem]:
    """Find empty wordings, and those that a reader of either language cannot tell apart."""
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(texts):
        if not text:
            yield PublishProblem("text_missing", f"{field}.{index}.text")
            continue
        wordings = {("id", _folded(text.id)), ("en", _folded(text.wording("en").text))}
        if wordings & seen:
            yield PublishProblem("text_repeated", f"{field}.{index}.text")
        seen |= wordings


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _check_numeric(content: Numeric) -> Iterator[PublishProblem]:
    if not any(answer.credit == FULL for answer in content.answers):
        yield PublishProblem("key_needed", "answers")
    for index, answer in enumerate(content.answers):
        field = f"answers.{index}"
        if not NOTHING < answer.credit <= FULL:
            yield PublishProblem("credit_out_of_range", f"{field}.credit")
        yield from _interval_problems(answer, field)
        if any(_misread(value) for value in _typed_values(answer)):
            yield PublishProblem("three_decimals", f"{field}.value", ProblemLevel.HINT)
    if content.ratio_ok and "%" not in content.units():
        yield PublishProblem("ratio_without_percent", "ratio_ok")


def _interval_problems(answer: NumericAnswer, field: str) -> Iterator[PublishProblem]:
    if answer.tolerance is Tolerance.RANGE:
        if answer.margin < answer.value:
            yield PublishProblem("range_reversed", f"{field}.margin")
        return
    if answer.margin < 0:
        yield PublishProblem("tolerance_negative", f"{field}.margin")
    if answer.tolerance is Tolerance.RELATIVE and answer.value == 0:
        yield PublishProblem("relative_to_zero", f"{field}.tolerance")


def _typed_values(answer: NumericAnswer) -> list[Any]:
    is_range = answer.tolerance is Tolerance.RANGE
    return [answer.value, answer.margin] if is_range else [answer.value]


def _misread(value: Any) -> bool:
    """Tell whether the number, typed with a decimal point, is read as another (3.142 as 3142)."""
    return parse_number(f"{value:f}") != value


def _check_matching(content: Matching) -> Iterator[PublishProblem]:
    if len(content.prompts) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_prompts", "prompts")
    if len(content.targets) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_targets", "targets")
    yield from _wordings((prompt.text for prompt in content.prompts), "prompts")
    yield from _wordings((target.text for target in content.targets), "targets")
    known = {target.id for target in content.targets}
    used: set[str] = set()
    for index, prompt in enumerate(content.prompts):
        if prompt.target not in known:
            yield PublishProblem("target_unknown", f"prompts.{index}.target")
        if prompt.target in used and not content.reuse:
            yield PublishProblem("target_used_twice", f"prompts.{index}.target")
        used.add(prompt.target)


def _self_test(content: Content) -> list[PublishProblem]:
    return [
        PublishProblem("self_test", field)
        for field, raw in _key_responses(content)
        if not _earns_everything(content, raw)
    ]


def _earns_everything(content: Content, raw: Any) -> bool:
    try:
        return credit(content, parse_value(content, raw)) == FULL
    except Refused:
        return False


def _key_responses(content: Content) -> Iterator[tuple[str, Any]]:
    """Yield each response that the key promises full credit, as a taker would send it."""
    if isinstance(content, Matching):
        yield "prompts", {prompt.id: prompt.target for prompt in content.prompts}
    elif isinstance(content, Numeric):
        for index, answer in enumerate(content.answers):
            if answer.credit == FULL:
                for value in _typed_values(answer):
                    yield f"answers.{index}", {"raw": format_id(value)}
    else:
        keys = [option.id for option in content.options if option.credit == FULL]
        yield "options", keys if isinstance(content, MultipleChoice) else keys[0]


_CHECKS: dict[type, Callable[[Any], Iterator[PublishProblem]]] = {
    SingleChoice: _check_single,
    TrueFalse: _check_true_false,
    MultipleChoice: _check_multiple,
    Numeric: _check_numeric,
    Matching: _check_matching,
}
