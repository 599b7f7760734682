"""What a taker answered: from JSON to a typed value, or a refusal that names why.

A blank is None and is never the same as a wrong answer. What is stored is canonical JSON, with a
number kept as it was typed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from clinic.lib.arithmetic.numbers import NotANumber, parse_quantity
from clinic.lib.errors import Refused
from quizzes.arithmetic.question_types import (
    ChoiceQuestion,
    Content,
    Matching,
    MultipleChoice,
    Numeric,
    SingleChoice,
    TrueFalse,
)

LONGEST_NUMBER = 64


@dataclass(frozen=True)
class TypedNumber:
    """A number with the text it was typed as, which is what is stored."""

    raw: str
    number: Fraction


Value = str | frozenset[str] | TypedNumber | Mapping[str, str]


def parse_value(content: Content, raw: Any) -> Value | None:
    """Read an answer by the type of its question; None means blank.

    Raises:
        Refused: with the code ``invalid_value`` (of a wrong shape, too long, too many ticks, not a
            number, a target used twice: details give the reason as a word), ``unknown_option``
            (an option, prompt or target that the question does not have) or ``exclusive`` (an
            option that stands alone was ticked together with another).
    """
    return _PARSERS[type(content)](content, raw)


def is_storable(raw: Any) -> bool:
    """Whether a JSON value holds only characters that every database can keep."""
    text = json.dumps(raw, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def value_to_json(value: Value | None) -> Any:
    """Give the canonical JSON to store: equal answers are equal bytes, whatever their order."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, TypedNumber):
        return {"raw": value.raw}
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return value


def _parse_choice(content: ChoiceQuestion, raw: Any) -> str | None:
    if raw is None or raw == "":
        return None
    return _check_known(raw, {option.id for option in content.options})


def _parse_ticks(content: MultipleChoice, raw: Any) -> frozenset[str] | None:
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise Refused(code="invalid_value", details={"reason": "not_a_list"})
    ids = {option.id for option in content.options}
    ticked = frozenset(_check_known(key, ids) for key in raw)
    if content.max_select is not None and len(ticked) > content.max_select:
        raise Refused(
            code="invalid_value", details={"reason": "too_many", "limit": content.max_select}
        )
    alone = {option.id for option in content.options if option.exclusive}
    if ticked & alone and len(ticked) > 1:
        raise Refused(code="exclusive", details={"options": sorted(ticked & alone)})
    return ticked or None


def _parse_number(content: Numeric, raw: Any) -> TypedNumber | None:
    if raw is None:
        return None
    text = raw.get("raw") if isinstance(raw, Mapping) else None
    if not isinstance(text, str):
        raise Refused(code="invalid_value", details={"reason": "not_text"})
    if len(text) > LONGEST_NUMBER:
        raise Refused(code="invalid_value", details={"reason": "too_long", "limit": LONGEST_NUMBER})
    if not text.strip():
        return None
    try:
        number = parse_quantity(text, units=content.units(), fraction=content.fraction)
    except NotANumber as refusal:
        raise Refused(
            code="invalid_value", details={"reason": "not_a_number", **refusal.details}
        ) from refusal
    return TypedNumber(text, number)


def _parse_pairs(content: Matching, raw: Any) -> Mapping[str, str] | None:
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise Refused(code="invalid_value", details={"reason": "not_pairs"})
    prompts = {prompt.id for prompt in content.prompts}
    targets = {target.id for target in content.targets}
    pairs = {
        _check_known(prompt, prompts): _check_known(target, targets)
        for prompt, target in raw.items()
        if target not in (None, "") or prompt not in prompts
    }
    if not content.reuse and len(set(pairs.values())) < len(pairs):
        raise Refused(code="invalid_value", details={"reason": "target_used_twice"})
    return pairs or None


def _check_known(raw: Any, ids: set[str]) -> str:
    if not isinstance(raw, str):
        raise Refused(code="invalid_value", details={"reason": "not_an_id"})
    if raw not in ids:
        raise Refused(code="unknown_option", details={"id": raw[:80]})
    return raw


_PARSERS: dict[type, Callable[[Any, Any], Value | None]] = {
    SingleChoice: _parse_choice,
    TrueFalse: _parse_choice,
    MultipleChoice: _parse_ticks,
    Numeric: _parse_number,
    Matching: _parse_pairs,
}
