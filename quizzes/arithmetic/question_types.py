"""The content of one question version, as values: no identity, no state, no database.

A question keeps its options by UUID, so that a new version may reword an option and still be
compared with the old one. Credits are exact fractions. These classes hold the key: what a taker may
see of it is decided by ``review_policy`` and built by ``public_items``.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

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
class Question:
    """What every type has: the stem and the worked explanation shown afterwards."""

    type_name: ClassVar[str]
    stem: Text
    explanation: Text = NO_TEXT


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """A question answered by choosing among options."""

    options: tuple[Option, ...]

    def option(self, option_id: str) -> Option | None:
        return next((option for option in self.options if option.id == option_id), None)


@dataclass(frozen=True, kw_only=True)
class SingleChoice(Choice):
    """Choose one; exactly one option earns everything, others may earn a part."""

    type_name: ClassVar[str] = "single"


@dataclass(frozen=True, kw_only=True)
class TrueFalse(Choice):
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
class MultipleChoice(Choice):
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
class Numeric(Question):
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
class Matching(Question):
    """Give each prompt its target; with ``reuse`` one target may serve several prompts."""

    type_name: ClassVar[str] = "matching"
    prompts: tuple[Prompt, ...]
    targets: tuple[Target, ...]
    reuse: bool = False


Content = SingleChoice | TrueFalse | MultipleChoice | Numeric | Matching


def movable_ids(content: Content) -> tuple[str, ...]:
    """List the ids whose display order an attempt stores: options, or the targets of a matching."""
    if isinstance(content, Choice):
        return tuple(option.id for option in content.options)
    if isinstance(content, Matching):
        return tuple(target.id for target in content.targets)
    return ()
