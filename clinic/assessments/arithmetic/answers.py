"""What a row's answer is worth, exactly.

An answer is kept as two integers (D11): a letter as the fraction the rule prints (0.67 is 67/100),
a value as value / maximum, a ratio as the two counts themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from clinic.assessments.arithmetic.editions import AnswerScale, EditionNode, Formula, FrameworkFile
from clinic.lib.errors import Refused

Pair = tuple[int, int]
AnswerValue = str | int | Decimal | Fraction | Pair | None
Answers = Mapping[str, AnswerValue]

ANSWERED, BLANK, UNDECIDED = "answered", "blank", "undecided"


class AnswerRefused(Refused):
    """An answer that its row cannot take."""

    code = "answer_invalid"


@dataclass(frozen=True)
class RowWorth:
    """What one scored row is worth, as a share (0..1) of its points.

    Attributes:
        share: today; a blank or undecided row is worth nothing yet.
        ceiling: if the row were answered in full; equal to ``share`` once it is answered.
        state: ``answered``, ``blank``, or ``undecided`` where the rule is silent, as on 0/0.
    """

    share: Fraction
    ceiling: Fraction
    state: str


@dataclass(frozen=True)
class RowEntry:
    """What one row of a sheet says.

    Attributes:
        value: the answer as scoring takes it: letter, count, survey value, pair, or None.
        text: the answer as it was written.
        proofs: (document text, link) pairs; either may be empty.
    """

    value: AnswerValue = None
    text: str = ""
    note: str = ""
    proofs: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.value is None and not (self.text or self.note or self.proofs)


_BLANK = RowWorth(Fraction(0), Fraction(1), BLANK)
_UNDECIDED = RowWorth(Fraction(0), Fraction(1), UNDECIDED)


def pair_of_letter(scale: AnswerScale, letter: str) -> Pair:
    """Turn a letter into two integers.

    Raises:
        AnswerRefused: if the scale has no such letter.
    """
    value = scale.value_of(letter)
    if value is None:
        raise AnswerRefused(code="letter_unknown", details={"scale": scale.id, "letter": letter})
    return value.numerator, value.denominator


def pair_of_value(scale: AnswerScale, value: Decimal | Fraction | int) -> Pair:
    """Turn a survey value from 0 to the scale's maximum into two integers.

    Raises:
        AnswerRefused: outside that range.
    """
    exact = Fraction(value)
    maximum = scale.maximum or Fraction(1)
    if not 0 <= exact <= maximum:
        raise AnswerRefused(code="value_out_of_range", details={"maximum": str(maximum)})
    share = exact / maximum
    return share.numerator, share.denominator


def pair_of_ratio(formula: Formula, answers: Answers) -> Pair | None:
    """Turn the counts of a ratio row into two integers, or None while a count is blank.

    A decrease is kept as (before - after, before); the pair is neither reduced nor capped.
    """
    below = _add_counts(formula.denominator, answers)
    if below is None and formula.parts and formula.parts_rule == "equal":
        below = _add_counts(formula.parts, answers)
    above = _add_counts(formula.numerator, answers)
    if above is None or below is None:
        return None
    return (below - above, below) if formula.kind == "decrease" else (above, below)


def worth_of(framework: FrameworkFile, node: EditionNode, answers: Answers) -> RowWorth:
    """Tell what a scored row is worth.

    Raises:
        AnswerRefused: for an answer that the row's scale cannot take; ``details["node"]`` names it.
    """
    scale, answer = framework.by_scale[node.scale], answers.get(node.code)
    try:
        pair = pair_of_ratio(node.formula, answers) if node.formula is not None else None
        if pair is None and answer is not None and answer != "":
            pair = pair_of_answer(scale, answer)
    except AnswerRefused as refusal:
        raise AnswerRefused(
            code=refusal.code, details={**refusal.details, "node": node.code}
        ) from refusal
    if pair is None:
        return _BLANK
    above, below = pair
    if below == 0:
        return _judge_zero_denominator(node.formula, above)
    share = min(Fraction(1), max(Fraction(0), Fraction(above, below)))
    return RowWorth(share, share, ANSWERED)


def pair_of_answer(scale: AnswerScale, answer: str | int | Decimal | Fraction | Pair) -> Pair:
    """Turn whatever a row was given into two integers.

    Raises:
        AnswerRefused: for a kind of answer that the scale does not take.
    """
    if isinstance(answer, tuple):
        if answer[1] < 0:
            raise AnswerRefused(code="value_out_of_range", details={"pair": answer})
        return answer
    if isinstance(answer, str) != (scale.kind == "letters"):
        raise AnswerRefused(code="answer_kind_wrong", details={"scale": scale.id})
    if isinstance(answer, str):
        return pair_of_letter(scale, answer)
    if scale.kind == "value":
        return pair_of_value(scale, answer)
    share = Fraction(answer)
    return share.numerator, share.denominator


def _judge_zero_denominator(formula: Formula | None, above: int) -> RowWorth:
    rule = "unknown"
    if formula is not None:
        both_zero = above == 0
        rule = formula.zero_zero if both_zero else formula.zero_denominator
    if rule == "unknown":
        return _UNDECIDED
    share = Fraction(1 if rule == "full" else 0)
    return RowWorth(share, share, ANSWERED)


def _add_counts(codes: tuple[str, ...], answers: Answers) -> int | None:
    counts = [count_of(answers, code) for code in codes]
    stated = [count for count in counts if count is not None]
    return sum(stated) if len(stated) == len(counts) else None


def count_of(answers: Answers, code: str) -> int | None:
    """Read the count of an input row, or None while it is blank.

    Raises:
        AnswerRefused: if it is no whole number from 0 up.
    """
    answer = answers.get(code)
    if answer is None or answer == "":
        return None
    if isinstance(answer, str):
        raise AnswerRefused(code="count_invalid", details={"node": code})
    exact = Fraction(*answer) if isinstance(answer, tuple) else Fraction(answer)
    if exact.denominator != 1 or exact < 0:
        raise AnswerRefused(code="count_invalid", details={"node": code})
    return exact.numerator
