"""The content of one question version, as values: no identity, no state, no database.

A question keeps its options by UUID, so that a new version may reword an option and still be
compared with the old one. Credits are exact fractions. These classes hold the key: what a taker may
see of it is decided by ``review_policy`` and built by ``public_items``.

Content goes to JSON and back with its schema number. What is stored is never rewritten: a row of an
older schema is lifted to the newest at each read (D12). The digest of a version is taken over
canonical JSON, so it is equal on every machine.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, TypeVar

from clinic.lib.errors import Refused

FULL = Fraction(1)
NOTHING = Fraction(0)


@dataclass(frozen=True)
class Wording:
    """Text as shown, with the language it really is in, which may differ from the one asked for."""

    text: str
    language: str


@dataclass(frozen=True)
class Text:
    """Indonesian and English wording side by side; English may be missing and then falls back."""

    id: str
    en: str = ""

    def wording(self, language: str) -> Wording:
        if language == "en" and self.en:
            return Wording(self.en, "en")
        return Wording(self.id, "id")

    def __bool__(self) -> bool:
        return bool(self.id.strip())


NO_TEXT = Text("")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One row to choose.

    Attributes:
        id: UUIDv4; kept by the next version while the meaning is the same.
        credit: for single choice what choosing it earns, for multiple choice 1 for a key, else 0.
        pinned: stays last when options are shuffled.
        exclusive: may not be ticked together with another ("none of these").
    """

    id: str
    text: Text
    credit: Fraction = NOTHING
    feedback: Text = NO_TEXT
    pinned: bool = False
    exclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class QuestionContent:
    """What every type has: the stem and the worked explanation shown afterwards."""

    type_name: ClassVar[str]
    stem: Text
    explanation: Text = NO_TEXT


@dataclass(frozen=True, kw_only=True)
class ChoiceQuestion(QuestionContent):
    """A question answered by choosing among options."""

    options: tuple[Option, ...]

    def option(self, option_id: str) -> Option | None:
        return next((option for option in self.options if option.id == option_id), None)


@dataclass(frozen=True, kw_only=True)
class SingleChoice(ChoiceQuestion):
    """Choose one; exactly one option earns everything, others may earn a part."""

    type_name: ClassVar[str] = "single"


@dataclass(frozen=True, kw_only=True)
class TrueFalse(ChoiceQuestion):
    """A statement to judge, with the labels Benar/Salah or Ya/Tidak, never shuffled."""

    type_name: ClassVar[str] = "true_false"


class MultipleRule(StrEnum):
    """How ticks become credit, with t of K keys and w of W wrong options ticked.

    ``balanced`` pays max(0, t/K - w/W), so that ticking all earns nothing; ``net`` pays
    max(0, (t - w)/K); ``all`` pays only the exact set.
    """

    BALANCED = "balanced"
    NET = "net"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class MultipleChoice(ChoiceQuestion):
    """Tick all that are right; ``max_select`` limits how many may be ticked."""

    type_name: ClassVar[str] = "multiple"
    rule: MultipleRule = MultipleRule.BALANCED
    max_select: int | None = None


class Tolerance(StrEnum):
    """How far from the key an answer may lie: a distance, a share of it, or from low to high."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    RANGE = "range"


@dataclass(frozen=True, kw_only=True)
class NumericAnswer:
    """One accepted interval, both ends included.

    Attributes:
        value: the key; for a range its low end.
        margin: distance (absolute) or share of the key (relative); for a range its high end.
    """

    id: str
    value: Decimal
    tolerance: Tolerance = Tolerance.ABSOLUTE
    margin: Decimal = Decimal(0)
    credit: Fraction = FULL
    feedback: Text = NO_TEXT

    def interval(self) -> tuple[Fraction, Fraction]:
        low, margin = Fraction(self.value), Fraction(self.margin)
        if self.tolerance is Tolerance.RANGE:
            return low, margin
        if self.tolerance is Tolerance.RELATIVE:
            margin *= abs(low)
        return low - margin, low + margin

    def holds(self, number: Fraction) -> bool:
        low, high = self.interval()
        return low <= number <= high


@dataclass(frozen=True, kw_only=True)
class Numeric(QuestionContent):
    """A number to type.

    Attributes:
        unit: shown beside the box; may be typed, is never needed.
        fraction: whether ``4/5`` is read.
        ratio_ok: where the unit is per cent, 0,8 is also taken as 80.
    """

    type_name: ClassVar[str] = "numeric"
    answers: tuple[NumericAnswer, ...]
    unit: Text = NO_TEXT
    fraction: bool = False
    ratio_ok: bool = False

    def units(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.unit.id.strip(), self.unit.en.strip()))))


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing that a prompt may be matched with; a target may belong to no prompt."""

    id: str
    text: Text


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One thing to match, with the id of its target."""

    id: str
    text: Text
    target: str
    feedback: Text = NO_TEXT


@dataclass(frozen=True, kw_only=True)
class Matching(QuestionContent):
    """Give each prompt its target; with ``reuse`` one target may serve several prompts."""

    type_name: ClassVar[str] = "matching"
    prompts: tuple[Prompt, ...]
    targets: tuple[Target, ...]
    reuse: bool = False


Content = SingleChoice | TrueFalse | MultipleChoice | Numeric | Matching


def movable_ids(content: Content) -> tuple[str, ...]:
    """List the ids whose display order an attempt stores: options, or the targets of a matching."""
    if isinstance(content, ChoiceQuestion):
        return tuple(option.id for option in content.options)
    if isinstance(content, Matching):
        return tuple(target.id for target in content.targets)
    return ()


SCHEMA = 1

# The lift at index n turns schema n + 1 into schema n + 2.
_LIFTS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()

_FRACTION = re.compile(r"-?[0-9]{1,9}(/[1-9][0-9]{0,8})?")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")

Json = Mapping[str, Any]
Kind = TypeVar("Kind", MultipleRule, Tolerance)


def from_json(raw: Json) -> Content:
    """Read content of any schema up to the newest.

    Raises:
        Refused: naming the field that is missing, of a wrong kind or not known.
    """
    lifted = _lift(raw)
    reader = _READERS.get(_read_string(lifted, "type"))
    if reader is None:
        raise Refused(code="content_unreadable", details={"field": "type"})
    return reader(lifted)


def to_json(content: Content) -> dict[str, Any]:
    """Write content as plain JSON values of the newest schema; empty parts are left out."""
    head = {
        "schema": SCHEMA,
        "type": content.type_name,
        "stem": _write_text(content.stem),
        "explanation": _write_text(content.explanation),
    }
    return _drop_empty(head | _WRITERS[type(content)](content))


def content_digest(content: Content) -> str:
    """Give the SHA-256 of the canonical JSON: equal content, equal digest."""
    text = json.dumps(to_json(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _lift(raw: Json) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise Refused(code="content_unreadable", details={"field": ""})
    schema = raw.get("schema")
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise Refused(code="content_unreadable", details={"field": "schema"})
    lifted = dict(raw)
    for lift in _LIFTS[schema - 1 :]:
        lifted = lift(lifted)
    return lifted


def _read_multiple(raw: Json) -> MultipleChoice:
    limit = raw.get("max_select")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise Refused(code="content_unreadable", details={"field": "max_select"})
    return MultipleChoice(
        **_read_head(raw),
        options=_read_options(raw),
        rule=_read_member(MultipleRule, raw, "rule"),
        max_select=limit,
    )


def _read_numeric(raw: Json) -> Numeric:
    return Numeric(
        **_read_head(raw),
        answers=tuple(_read_answer(row) for row in _read_rows(raw, "answers")),
        unit=_read_text(raw, "unit"),
        fraction=_read_flag(raw, "fraction"),
        ratio_ok=_read_flag(raw, "ratio_ok"),
    )


def _read_matching(raw: Json) -> Matching:
    return Matching(
        **_read_head(raw),
        prompts=tuple(
            Prompt(
                id=_read_string(row, "id"),
                text=_read_text(row, "text"),
                target=_read_string(row, "target"),
                feedback=_read_text(row, "feedback"),
            )
            for row in _read_rows(raw, "prompts")
        ),
        targets=tuple(
            Target(id=_read_string(row, "id"), text=_read_text(row, "text"))
            for row in _read_rows(raw, "targets")
        ),
        reuse=_read_flag(raw, "reuse"),
    )


_READERS: dict[str, Callable[[Json], Content]] = {
    SingleChoice.type_name: lambda raw: SingleChoice(**_read_head(raw), options=_read_options(raw)),
    TrueFalse.type_name: lambda raw: TrueFalse(**_read_head(raw), options=_read_options(raw)),
    MultipleChoice.type_name: _read_multiple,
    Numeric.type_name: _read_numeric,
    Matching.type_name: _read_matching,
}


def _read_head(raw: Json) -> dict[str, Text]:
    return {"stem": _read_text(raw, "stem"), "explanation": _read_text(raw, "explanation")}


def _read_options(raw: Json) -> tuple[Option, ...]:
    return tuple(
        Option(
            id=_read_string(row, "id"),
            text=_read_text(row, "text"),
            credit=_read_fraction(row, "credit", default=NOTHING),
            feedback=_read_text(row, "feedback"),
            pinned=_read_flag(row, "pinned"),
            exclusive=_read_flag(row, "exclusive"),
        )
        for row in _read_rows(raw, "options")
    )


def _read_answer(row: Json) -> NumericAnswer:
    return NumericAnswer(
        id=_read_string(row, "id"),
        value=_read_decimal(row, "value"),
        tolerance=_read_member(Tolerance, row, "tolerance"),
        margin=_read_decimal(row, "margin", default="0"),
        credit=_read_fraction(row, "credit", default=FULL),
        feedback=_read_text(row, "feedback"),
    )


def _read_rows(raw: Json, name: str) -> list[Json]:
    rows = raw.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Refused(code="content_unreadable", details={"field": name})
    return rows


def _read_string(raw: Json, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise Refused(code="content_unreadable", details={"field": name})
    return value


def _read_flag(raw: Json, name: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise Refused(code="content_unreadable", details={"field": name})
    return value


def _read_text(raw: Json, name: str) -> Text:
    value = raw.get(name, "")
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, Mapping):
        return Text(_read_string(value, "id"), _read_string({"en": "", **value}, "en"))
    raise Refused(code="content_unreadable", details={"field": name})


def _read_member(kind: type[Kind], raw: Json, name: str) -> Kind:
    value = raw.get(name, next(iter(kind)))
    if value not in list(kind):
        raise Refused(code="content_unreadable", details={"field": name})
    return kind(value)


def _read_fraction(raw: Json, name: str, *, default: Fraction) -> Fraction:
    value = raw.get(name, str(default))
    if not isinstance(value, str) or not _FRACTION.fullmatch(value):
        raise Refused(code="content_unreadable", details={"field": name})
    return Fraction(value)


def _read_decimal(raw: Json, name: str, *, default: str | None = None) -> Decimal:
    value = raw.get(name, default)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise Refused(code="content_unreadable", details={"field": name})
    return Decimal(value)


def _write_single(content: SingleChoice | TrueFalse) -> dict[str, Any]:
    return {"options": [_write_option(option) for option in content.options]}


def _write_multiple(content: MultipleChoice) -> dict[str, Any]:
    return {
        "options": [_write_option(option) for option in content.options],
        "rule": content.rule.value,
        "max_select": content.max_select,
    }


def _write_numeric(content: Numeric) -> dict[str, Any]:
    return {
        "answers": [_write_answer(answer) for answer in content.answers],
        "unit": _write_text(content.unit),
        "fraction": content.fraction,
        "ratio_ok": content.ratio_ok,
    }


def _write_matching(content: Matching) -> dict[str, Any]:
    return {
        "prompts": [
            _drop_empty(
                {
                    "id": prompt.id,
                    "text": _write_text(prompt.text),
                    "target": prompt.target,
                    "feedback": _write_text(prompt.feedback),
                }
            )
            for prompt in content.prompts
        ],
        "targets": [
            {"id": target.id, "text": _write_text(target.text)} for target in content.targets
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


def _write_option(option: Option) -> dict[str, Any]:
    return _drop_empty(
        {
            "id": option.id,
            "text": _write_text(option.text),
            "credit": str(option.credit),
            "feedback": _write_text(option.feedback),
            "pinned": option.pinned,
            "exclusive": option.exclusive,
        }
    )


def _write_answer(answer: NumericAnswer) -> dict[str, Any]:
    return _drop_empty(
        {
            "id": answer.id,
            "value": f"{answer.value:f}",
            "tolerance": answer.tolerance.value,
            "margin": f"{answer.margin:f}",
            "credit": str(answer.credit),
            "feedback": _write_text(answer.feedback),
        }
    )


def _write_text(text: Text) -> dict[str, str]:
    return _drop_empty({"id": text.id, "en": text.en})


def _drop_empty(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", None, False, {})}
