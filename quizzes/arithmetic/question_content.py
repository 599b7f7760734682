"""Question content to JSON and back, with its schema number.

What is stored is never rewritten: a row of an older schema is lifted to the newest at each read
(D12). The digest of a version is taken over canonical JSON, so it is equal on every machine.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from clinic.lib.errors import Refused
from quizzes.arithmetic.question_types import (
    FULL,
    NOTHING,
    Content,
    Matching,
    MultipleChoice,
    MultipleRule,
    Numeric,
    NumericAnswer,
    Option,
    Prompt,
    SingleChoice,
    Target,
    Text,
    Tolerance,
    TrueFalse,
)

SCHEMA = 1

# The lift at index n turns schema n + 1 into schema n + 2.
_LIFTS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()

_FRACTION = re.compile(r"-?[0-9]{1,9}(/[1-9][0-9]{0,8})?")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")

Json = Mapping[str, Any]
Kind = TypeVar("Kind", MultipleRule, Tolerance)


class ContentUnreadable(Refused):
    """Stored or uploaded content that is not of a known schema or type; details name the field."""

    code = "content_unreadable"


def from_json(raw: Json) -> Content:
    """Read content of any schema up to the newest.

    Raises:
        ContentUnreadable: naming the field that is missing, of a wrong kind or not known.
    """
    lifted = _lifted(raw)
    reader = _READERS.get(_string(lifted, "type"))
    if reader is None:
        raise ContentUnreadable(details={"field": "type"})
    return reader(lifted)


def to_json(content: Content) -> dict[str, Any]:
    """Write content as plain JSON values of the newest schema; empty parts are left out."""
    head = {
        "schema": SCHEMA,
        "type": content.type_name,
        "stem": _text_json(content.stem),
        "explanation": _text_json(content.explanation),
    }
    return _filled(head | _WRITERS[type(content)](content))


def content_digest(content: Content) -> str:
    """Give the SHA-256 of the canonical JSON: equal content, equal digest."""
    text = json.dumps(to_json(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _lifted(raw: Json) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ContentUnreadable(details={"field": ""})
    schema = raw.get("schema")
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise ContentUnreadable(details={"field": "schema"})
    lifted = dict(raw)
    for lift in _LIFTS[schema - 1 :]:
        lifted = lift(lifted)
    return lifted


def _read_single(raw: Json) -> SingleChoice:
    return SingleChoice(**_head(raw), options=_options(raw))


def _read_true_false(raw: Json) -> TrueFalse:
    return TrueFalse(**_head(raw), options=_options(raw))


def _read_multiple(raw: Json) -> MultipleChoice:
    limit = raw.get("max_select")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise ContentUnreadable(details={"field": "max_select"})
    return MultipleChoice(
        **_head(raw),
        options=_options(raw),
        rule=_member(MultipleRule, raw, "rule"),
        max_select=limit,
    )


def _read_numeric(raw: Json) -> Numeric:
    return Numeric(
        **_head(raw),
        answers=tuple(_answer(row) for row in _rows(raw, "answers")),
        unit=_text(raw, "unit"),
        fraction=_flag(raw, "fraction"),
        ratio_ok=_flag(raw, "ratio_ok"),
    )


def _read_matching(raw: Json) -> Matching:
    return Matching(
        **_head(raw),
        prompts=tuple(
            Prompt(
                id=_string(row, "id"),
                text=_text(row, "text"),
                target=_string(row, "target"),
                feedback=_text(row, "feedback"),
            )
            for row in _rows(raw, "prompts")
        ),
        targets=tuple(
            Target(id=_string(row, "id"), text=_text(row, "text")) for row in _rows(raw, "targets")
        ),
        reuse=_flag(raw, "reuse"),
    )


_READERS: dict[str, Callable[[Json], Content]] = {
    SingleChoice.type_name: _read_single,
    TrueFalse.type_name: _read_true_false,
    MultipleChoice.type_name: _read_multiple,
    Numeric.type_name: _read_numeric,
    Matching.type_name: _read_matching,
}


def _head(raw: Json) -> dict[str, Text]:
    return {"stem": _text(raw, "stem"), "explanation": _text(raw, "explanation")}


def _options(raw: Json) -> tuple[Option, ...]:
    return tuple(
        Option(
            id=_string(row, "id"),
            text=_text(row, "text"),
            credit=_fraction(row, "credit", default=NOTHING),
            feedback=_text(row, "feedback"),
            pinned=_flag(row, "pinned"),
            exclusive=_flag(row, "exclusive"),
        )
        for row in _rows(raw, "options")
    )


def _answer(row: Json) -> NumericAnswer:
    return NumericAnswer(
        id=_string(row, "id"),
        value=_decimal(row, "value"),
        tolerance=_member(Tolerance, row, "tolerance"),
        margin=_decimal(row, "margin", default="0"),
        credit=_fraction(row, "credit", default=FULL),
        feedback=_text(row, "feedback"),
    )


def _rows(raw: Json, name: str) -> list[Json]:
    rows = raw.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ContentUnreadable(details={"field": name})
    return rows


def _string(raw: Json, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise ContentUnreadable(details={"field": name})
    return value


def _flag(raw: Json, name: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise ContentUnreadable(details={"field": name})
    return value


def _text(raw: Json, name: str) -> Text:
    value = raw.get(name, "")
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, Mapping):
        return Text(_string(value, "id"), _string({"en": "", **value}, "en"))
    raise ContentUnreadable(details={"field": name})


def _member(kind: type[Kind], raw: Json, name: str) -> Kind:
    value = raw.get(name, next(iter(kind)))
    if value not in list(kind):
        raise ContentUnreadable(details={"field": name})
    return kind(value)


def _fraction(raw: Json, name: str, *, default: Fraction) -> Fraction:
    value = raw.get(name, str(default))
    if not isinstance(value, str) or not _FRACTION.fullmatch(value):
        raise ContentUnreadable(details={"field": name})
    return Fraction(value)


def _decimal(raw: Json, name: str, *, default: str | None = None) -> Decimal:
    value = raw.get(name, default)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ContentUnreadable(details={"field": name})
    return Decimal(value)


def _write_single(content: SingleChoice | TrueFalse) -> dict[str, Any]:
    return {"options": [_option_json(option) for option in content.options]}


def _write_multiple(content: MultipleChoice) -> dict[str, Any]:
    return {
        "options": [_option_json(option) for option in content.options],
        "rule": content.rule.value,
        "max_select": content.max_select,
    }


def _write_numeric(content: Numeric) -> dict[str, Any]:
    return {
        "answers": [_answer_json(answer) for answer in content.answers],
        "unit": _text_json(content.unit),
        "fraction": content.fraction,
        "ratio_ok": content.ratio_ok,
    }


def _write_matching(content: Matching) -> dict[str, Any]:
    return {
        "prompts": [
            _filled(
                {
                    "id": prompt.id,
                    "text": _text_json(prompt.text),
                    "target": prompt.target,
                    "feedback": _text_json(prompt.feedback),
                }
            )
            for prompt in content.prompts
        ],
        "targets": [
            {"id": target.id, "text": _text_json(target.text)} for target in content.targets
        ],
        "reuse": content.reuse,
    }


_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    SingleChoice: _write_single,
    TrueFalse: _write_single,
    MultipleChoice: _write_multiple,
    Numeric: _write_numeric,
    Matching: _write_matching,
}


def _option_json(option: Option) -> dict[str, Any]:
    return _filled(
        {
            "id": option.id,
            "text": _text_json(option.text),
            "credit": str(option.credit),
            "feedback": _text_json(option.feedback),
            "pinned": option.pinned,
            "exclusive": option.exclusive,
        }
    )


def _answer_json(answer: NumericAnswer) -> dict[str, Any]:
    return _filled(
        {
            "id": answer.id,
            "value": f"{answer.value:f}",
            "tolerance": answer.tolerance.value,
            "margin": f"{answer.margin:f}",
            "credit": str(answer.credit),
            "feedback": _text_json(answer.feedback),
        }
    )


def _text_json(text: Text) -> dict[str, str]:
    return _filled({"id": text.id, "en": text.en})


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", None, False, {})}
