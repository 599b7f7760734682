"""What a taker's page is made of: built up from an allow-list, never cut down from the whole.

``PublicItem`` has no field that could hold a key. What the review policy allows beside it is added
as ``ItemReview``; a field that it does not allow is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from string import ascii_uppercase
from typing import Any

from quizzes.arithmetic.answers import Value, value_to_json
from quizzes.arithmetic.grading import credit
from quizzes.arithmetic.question_types import (
    FULL,
    ChoiceQuestion,
    Content,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    Tolerance,
    Wording,
    movable_ids,
)
from quizzes.arithmetic.review_policy import Sight

# Feedback that is a verdict alone: the review says right or wrong already.
VERDICTS = frozenset({"Benar.", "Tepat."})


@dataclass(frozen=True)
class PublicRow:
    """An option, prompt or target as shown; the letter is that of its place on the page."""

    id: str
    letter: str
    text: Wording


@dataclass(frozen=True, kw_only=True)
class PublicItem:
    """A question as its taker sees it before any key may be seen."""

    type_name: str
    stem: Wording
    options: tuple[PublicRow, ...] = ()
    prompts: tuple[PublicRow, ...] = ()
    targets: tuple[PublicRow, ...] = ()
    unit: Wording | None = None
    fraction: bool = False
    max_select: int | None = None
    reuse: bool = False

    @property
    def input_type(self) -> str:
        """The kind of HTML field of an option."""
        return "checkbox" if self.type_name == "multiple" else "radio"


@dataclass(frozen=True, kw_only=True)
class ItemReview:
    """What the review policy allows beside the public item; None is "not allowed".

    Attributes:
        response: the taker's own value as JSON, in a one-tuple, since a blank is None itself.
        key: ids or figures with which everything is earned.
        feedback: by option, answer or prompt id, for what the taker chose.
        sources: the labels of what the question rests on; they stand with the explanation.
    """

    response: tuple[Any] | None = None
    item_credit: Fraction | None = None
    correct: bool | None = None
    key: Any = None
    feedback: dict[str, Wording] | None = None
    explanation: Wording | None = None
    sources: tuple[str, ...] | None = None


def public_item(content: Content, *, order: Sequence[str], language: str) -> PublicItem:
    """Show a question with its options, or targets, in the order stored with the attempt.

    Raises:
        ValueError: when the order is no permutation of the question's movable ids.
    """
    if sorted(order) != sorted(movable_ids(content)):
        raise ValueError("the stored order does not belong to this question")
    stem = content.stem.wording(language)
    shown: dict[str, Any] = {}
    if isinstance(content, ChoiceQuestion):
        shown["options"] = _make_rows(content.options, language, order=order)
    if isinstance(content, MultipleChoice):
        shown["max_select"] = content.max_select
    if isinstance(content, Numeric):
        shown["unit"] = content.unit.wording(language) if content.unit else None
        shown["fraction"] = content.fraction
    if isinstance(content, Matching):
        prompts = [prompt.id for prompt in content.prompts]
        shown["prompts"] = _make_rows(content.prompts, language, order=prompts)
        shown["targets"] = _make_rows(content.targets, language, order=order)
        shown["reuse"] = content.reuse
    return PublicItem(type_name=content.type_name, stem=stem, **shown)


def review_of(
    content: Content,
    value: Value | None,
    *,
    sights: frozenset[Sight],
    language: str,
    sources: Sequence[str] = (),
) -> ItemReview:
    """Build what may be shown beside the item, each part only if its sight is in the set."""
    earned = credit(content, value)
    shown: dict[str, Any] = {}
    if Sight.OWN_RESPONSE in sights:
        shown["response"] = (value_to_json(value),)
    if Sight.ITEM_CREDIT in sights:
        shown["item_credit"] = earned
    if Sight.CORRECTNESS in sights:
        shown["correct"] = earned == FULL
    if Sight.KEY in sights:
        shown["key"] = _find_key(content)
    if Sight.OPTION_FEEDBACK in sights:
        shown["feedback"] = _find_feedback(content, value, language)
    if Sight.EXPLANATION in sights:
        shown["explanation"] = content.explanation.wording(language)
        shown["sources"] = tuple(sources)
    return ItemReview(**shown)


def _make_rows(
    rows: Sequence[Any], language: str, *, order: Sequence[str]
) -> tuple[PublicRow, ...]:
    by_id = {row.id: row for row in rows}
    return tuple(
        PublicRow(key, _make_letter(index), by_id[key].text.wording(language))
        for index, key in enumerate(order)
    )


def _make_letter(index: int) -> str:
    """Name a place A to Z, then AA, AB and so on."""
    head, last = divmod(index, len(ascii_uppercase))
    return (_make_letter(head - 1) if head else "") + ascii_uppercase[last]


def _find_key(content: Content) -> Any:
    if isinstance(content, Matching):
        return {prompt.id: prompt.target for prompt in content.prompts}
    if isinstance(content, Numeric):
        return [_describe_accepted(answer) for answer in content.answers if answer.credit == FULL]
    return [option.id for option in content.options if option.credit == FULL]


def _describe_accepted(answer: NumericAnswer) -> dict[str, Any]:
    low, high = answer.interval()
    value = None if answer.tolerance is Tolerance.RANGE else Fraction(answer.value)
    return {"value": value, "low": low, "high": high}


def _find_feedback(content: Content, value: Any, language: str) -> dict[str, Wording]:
    if value is None:
        return {}
    reached: Sequence[Any]
    if isinstance(content, Numeric):
        reached = [answer for answer in content.answers if answer.holds(value.number)]
    elif isinstance(content, Matching):
        reached = [prompt for prompt in content.prompts if prompt.id in value]
    else:
        chosen = value if isinstance(value, frozenset) else {value}
        reached = [option for option in content.options if option.id in chosen]
    told = [row for row in reached if row.feedback and row.feedback.id not in VERDICTS]
    return {row.id: row.feedback.wording(language) for row in told}
