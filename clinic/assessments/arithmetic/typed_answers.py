"""What people type into the answer column, read with care and never guessed."""

import datetime
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.arithmetic.editions import AnswerScale
from clinic.lib.arithmetic.numbers import NotANumber, parse_number

_PLACEHOLDERS = {"", "-", "–", "—", "blm diisi", "belum diisi", "n/a", "kosong"}
_YES_NO = {"ya": "Ya", "y": "Ya", "tidak": "Tidak", "tdk": "Tidak", "t": "Tidak"}
LARGEST_COUNT = 10**12
_FINEST = Decimal("1e-15")  # an answer is stored as two integers of 64 bits (D11)
_SHARES = AnswerScale(id="share", label="%", kind="value", maximum=Fraction(1))
_PERCENTAGES = AnswerScale(id="percentage", label="%", kind="value", maximum=Fraction(100))
_AROUND = " \t\r\n\xa0.,;:()[]'\"`"


@dataclass(frozen=True)
class TypedAnswer:
    """An answer as read.

    Attributes:
        value: None where the cell counts as blank.
        code: empty, or what was odd about the cell; with ``rejected`` the answer is not used.
    """

    value: AnswerValue = None
    code: str = ""
    rejected: bool = False


def read_answer(scale: AnswerScale, raw: object) -> TypedAnswer:
    """Read an answer cell of a row with this scale."""
    if raw is None:
        return TypedAnswer()
    if isinstance(raw, datetime.date | datetime.time):
        return TypedAnswer(code="date_instead_of_answer", rejected=True)
    if isinstance(raw, str) and raw.strip().casefold() in _PLACEHOLDERS:
        return TypedAnswer(code="placeholder_answer" if raw.strip() else "blank_only_cell")
    readers = {"letters": _read_letter, "count": _read_count}
    return readers.get(scale.kind, _read_value)(scale, raw)


def _read_letter(scale: AnswerScale, raw: object) -> TypedAnswer:
    if not isinstance(raw, str):
        return TypedAnswer(code="letter_not_allowed", rejected=True)
    trimmed = raw.strip(_AROUND)
    letters = {letter.casefold(): letter for letter in scale.letters}
    if set(scale.letters) == {"Ya", "Tidak"}:
        letters = _YES_NO
    letter = letters.get(trimmed.casefold())
    if letter is None:
        return TypedAnswer(code="letter_not_allowed", rejected=True)
    return TypedAnswer(letter, "" if raw == letter else "answer_written_differently")


def _read_number(raw: object) -> tuple[Decimal, str] | None:
    """Read a number and say how it was written, or return None."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float | Decimal):
        number = Decimal(str(raw))
        return (number, "") if number.is_finite() else None
    try:
        return parse_number(str(raw)), "number_typed_as_text"
    except NotANumber:
        return None


def _read_count(_scale: AnswerScale, raw: object) -> TypedAnswer:
    read = _read_number(raw)
    if read is None:
        return TypedAnswer(code="not_a_number", rejected=True)
    number, code = read
    if number < 0 or number != number.to_integral_value():
        return TypedAnswer(code="count_not_whole", rejected=True)
    if number > LARGEST_COUNT:
        return TypedAnswer(code="value_out_of_range", rejected=True)
    return TypedAnswer(int(number), code)


def _read_value(scale: AnswerScale, raw: object) -> TypedAnswer:
    read = _read_number(raw)
    if read is None:
        return TypedAnswer(code="not_a_number", rejected=True)
    number, code = read
    maximum = scale.maximum or Fraction(1)
    if Fraction(number) > maximum and isinstance(raw, str):
        number = _read_with_decimal_point(raw) or number
    if not 0 <= Fraction(number) <= maximum:
        return TypedAnswer(code="value_out_of_range", rejected=True)
    return TypedAnswer(storable(number), code)


def read_share(raw: object) -> TypedAnswer:
    """Read a percentage typed over its formula: a share, or a text such as ``87,5%``."""
    if raw is None or (isinstance(raw, str) and raw.strip().casefold() in _PLACEHOLDERS):
        return TypedAnswer()
    if isinstance(raw, datetime.date | datetime.time):
        return TypedAnswer(code="date_instead_of_answer", rejected=True)
    if not isinstance(raw, str) or "%" not in raw:
        return _read_value(_SHARES, raw)
    bare = raw.strip().removesuffix("%").rstrip()
    in_percent = _read_value(_PERCENTAGES, bare)
    if in_percent.rejected:
        return in_percent
    return TypedAnswer(storable(Decimal(str(in_percent.value)) / 100), in_percent.code)


def storable(number: Decimal) -> Decimal:
    """Return the number with at most 15 decimals, as many as a cell of Excel can mean."""
    rounded = number.quantize(_FINEST)
    return number if number == rounded else rounded


def _read_with_decimal_point(raw: str) -> Decimal | None:
    """Read ``3.125`` as a decimal where its reading as 3125 is beyond the scale."""
    try:
        return Decimal(raw.strip())
    except InvalidOperation:
        return None
