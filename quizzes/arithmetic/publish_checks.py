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
    found = []
    if not content.stem:
        found.append(PublishProblem("stem_missing", "stem"))
    if not content.explanation:
        found.append(PublishProblem("explanation_missing", "explanation"))
    found += [*_check_ids(content), *_CHECKS[type(content)](content)]
    if not any(problem.level is ProblemLevel.BLOCK for problem in found):
        found += [
            PublishProblem("self_test", field)
            for field, raw in _list_key_responses(content)
            if not _earns_everything(content, raw)
        ]
    return sorted(found, key=lambda problem: problem.level)


def _check_ids(content: Content) -> Iterator[PublishProblem]:
    seen: set[str] = set()
    for name in ("options", "answers", "prompts", "targets"):
        for index, row in enumerate(getattr(content, name, ())):
            if not _is_uuid4(row.id):
                yield PublishProblem("id_not_uuid4", f"{name}.{index}.id")
            if row.id in seen:
                yield PublishProblem("id_repeated", f"{name}.{index}.id")
            seen.add(row.id)


def _is_uuid4(raw: str) -> bool:
    try:
        parsed = uuid.UUID(raw)
    except ValueError:
        return False
    return str(parsed) == raw and parsed.version == 4  # noqa: PLR2004


def _check_single(content: SingleChoice) -> Iterator[PublishProblem]:
    yield from _check_options(content)
    yield from _check_one_full_credit(content)


def _check_true_false(content: TrueFalse) -> Iterator[PublishProblem]:
    yield from _check_options(content)
    yield from _check_one_full_credit(content)
    labels = tuple(option.text.id.strip().casefold() for option in content.options)
    if labels not in LABELS:
        yield PublishProblem("labels_unknown", "options")
    if any(option.credit not in (NOTHING, FULL) for option in content.options):
        yield PublishProblem("credit_neither_0_nor_1", "options")


def _check_multiple(content: MultipleChoice) -> Iterator[PublishProblem]:
    yield from _check_options(content)
    keys = sum(option.credit == FULL for option in content.options)
    if any(option.credit not in (NOTHING, FULL) for option in content.options):
        yield PublishProblem("credit_neither_0_nor_1", "options")
    if keys == 0:
        yield PublishProblem("key_needed", "options")
    if keys == len(content.options):
        yield PublishProblem("wrong_option_needed", "options")
    if content.max_select is not None and content.max_select < keys:
        yield PublishProblem("max_select_below_key", "max_select")


def _check_options(content: ChoiceQuestion) -> Iterator[PublishProblem]:
    if len(content.options) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_options", "options")
    yield from _check_wordings((option.text for option in content.options), "options")
    for index, option in enumerate(content.options):
        if not NOTHING <= option.credit <= FULL:
            yield PublishProblem("credit_out_of_range", f"options.{index}.credit")
        if _ALL_ABOVE.search(option.text.id.casefold()) and not option.pinned:
            yield PublishProblem("all_above_not_pinned", f"options.{index}.pinned")
        if option.credit < FULL and not option.feedback:
            yield PublishProblem("feedback_missing", f"options.{index}.feedback", ProblemLevel.HINT)


def _check_one_full_credit(content: ChoiceQuestion) -> Iterator[PublishProblem]:
    if sum(option.credit == FULL for option in content.options) != 1:
        yield PublishProblem("one_full_credit_needed", "options")


def _check_wordings(texts: Iterable[Text], field: str) -> Iterator[PublishProblem]:
    """Find empty wordings, and those that a reader of either language cannot tell apart."""
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(texts):
        if not text:
            yield PublishProblem("text_missing", f"{field}.{index}.text")
            continue
        wordings = {("id", _fold(text.id)), ("en", _fold(text.wording("en").text))}
        if wordings & seen:
            yield PublishProblem("text_repeated", f"{field}.{index}.text")
        seen |= wordings


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _check_numeric(content: Numeric) -> Iterator[PublishProblem]:
    if not any(answer.credit == FULL for answer in content.answers):
        yield PublishProblem("key_needed", "answers")
    for index, answer in enumerate(content.answers):
        field = f"answers.{index}"
        if not NOTHING < answer.credit <= FULL:
            yield PublishProblem("credit_out_of_range", f"{field}.credit")
        yield from _check_interval(answer, field)
        # Typed with a decimal point, 3.142 is read as 3142.
        if any(parse_number(f"{value:f}") != value for value in _list_typed_values(answer)):
            yield PublishProblem("three_decimals", f"{field}.value", ProblemLevel.HINT)
    if content.ratio_ok and "%" not in content.units():
        yield PublishProblem("ratio_without_percent", "ratio_ok")


def _check_interval(answer: NumericAnswer, field: str) -> Iterator[PublishProblem]:
    if answer.tolerance is Tolerance.RANGE:
        if answer.margin < answer.value:
            yield PublishProblem("range_reversed", f"{field}.margin")
        return
    if answer.margin < 0:
        yield PublishProblem("tolerance_negative", f"{field}.margin")
    if answer.tolerance is Tolerance.RELATIVE and answer.value == 0:
        yield PublishProblem("relative_to_zero", f"{field}.tolerance")


def _list_typed_values(answer: NumericAnswer) -> list[Any]:
    is_range = answer.tolerance is Tolerance.RANGE
    return [answer.value, answer.margin] if is_range else [answer.value]


def _check_matching(content: Matching) -> Iterator[PublishProblem]:
    if len(content.prompts) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_prompts", "prompts")
    if len(content.targets) < FEWEST_OPTIONS:
        yield PublishProblem("too_few_targets", "targets")
    yield from _check_wordings((prompt.text for prompt in content.prompts), "prompts")
    yield from _check_wordings((target.text for target in content.targets), "targets")
    known = {target.id for target in content.targets}
    used: set[str] = set()
    for index, prompt in enumerate(content.prompts):
        if prompt.target not in known:
            yield PublishProblem("target_unknown", f"prompts.{index}.target")
        if prompt.target in used and not content.reuse:
            yield PublishProblem("target_used_twice", f"prompts.{index}.target")
        used.add(prompt.target)


def _earns_everything(content: Content, raw: Any) -> bool:
    try:
        return credit(content, parse_value(content, raw)) == FULL
    except Refused:
        return False


def _list_key_responses(content: Content) -> Iterator[tuple[str, Any]]:
    """Yield each response that the key promises full credit, as a taker would send it."""
    if isinstance(content, Matching):
        yield "prompts", {prompt.id: prompt.target for prompt in content.prompts}
    elif isinstance(content, Numeric):
        for index, answer in enumerate(content.answers):
            if answer.credit == FULL:
                for value in _list_typed_values(answer):
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
