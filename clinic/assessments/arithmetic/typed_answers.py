"""What people type into the answer column, read with care and never guessed."""

import datetime
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.arithmetic.editions import Scale
from clinic.lib.arithmetic.numbers import NotANumber, parse_number

_PLACEHOLDERS = {"", "-", "–", "—", "blm diisi", "belum diisi", "n/a", "kosong"}
_YES_NO = {"ya": "Ya", "y": "Ya", "tidak": "Tidak", "tdk": "Tidak", "t": "Tidak"}
LARGEST_COUNT = 10**12
_FINEST = Decimal("1e-15")  # an answer is stored as two integers of 64 bits (D11)
_SHARES = Scale(id="share", label="%", kind="value", maximum=Fraction(1))
_PERCENTAGES = Scale(id="percentage", label="%", kind="value", maximum=Fraction(100))
_AROUND = " \t\r\n\xa0.,;:()[]'\"`"


@dataclass(frozen=True)
class Typed:
    """An answer as read.

    Attributes:
        value: None where the cell counts as blank.
        code: empty, or what was odd about the cell; with ``rejected`` the answer is not used.
    """

    value: AnswerValue = None
    code: str = ""
    rejected: bool = False


def read_answer(scale: Scale, raw: object) -> Typed:
    """Read an answer cell of a row with this scale."""
    if raw is None:
        return Typed()
    if isinstance(raw, datetime.date | datetime.time):
        return Typed(code="date_instead_of_answer", rejected=True)
    if isinstance(raw, str) and raw.strip().casefold() in _PLACEHOLDERS:
        return Typed(code="placeholder_answer" if raw.strip() else "blank_only_cell")
    readers = {"letters": _letter, "count": _count}
    return readers.get(scale.kind, _value)(scale, raw)


def _letter(scale: Scale, raw: object) -> Typed:
    if not isinstance(raw, str):
        return Typed(code="letter_not_allowed", rejected=True)
    trimmed = raw.strip(_AROUND)
    wanted = trimmed.casefold()
    known = {letter.casefold(): letter for letter in scale.letters}
    if set(scale.letters) == {"Ya", "Tidak"}:
        known = _YES_NO
    if wanted not in known:
        return Typed(code="letter_not_allowed", rejected=True)
    letter = known[wanted]
    return Typed(letter, "" if raw == letter else "answer_written_differently")


def _number(raw: object) -> tuple[Decimal, str] | None:
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


def _count(_scale: Scale, raw: object) -> Typed:
    read = _number(raw)
    if read is None:
        return Typed(code="not_a_number", rejected=True)
    number, code = read
    if number < 0 or number != number.to_integral_value():
        return Typed(code="count_not_whole", rejected=True)
    if number > LARGEST_COUNT:
        return Typed(code="value_out_of_range", rejected=True)
    return Typed(int(number), code)


def _value(scale: Scale, raw: object) -> Typed:
    read = _number(raw)
    if read is None:
        return Typed(code="not_a_number", rejected=True)
    number, code = read
    maximum = scale.maximum or Fraction(1)
    if Fraction(number) > maximum and isinstance(raw, str):
        number = _with_decimal_point(raw) or number
    if not 0 <= Fraction(number) <= maximum:
        return Typed(code="value_out_of_range", rejected=True)
    return Typed(storable(number), code)


def read_share(raw: object) -> Typed:
    """Read a percentage typed over its formula: a share, or a text such as ``87,5%``."""
    if raw is None or (isinstance(raw, str) and raw.strip().casefold() in _PLACEHOLDERS):
        return Typed()
    if isinstance(raw, datetime.date | datetime.time):
        return Typed(code="date_instead_of_answer", rejected=True)
    if not isinstance(raw, str) or "%" not in raw:
        return _value(_SHARES, raw)
    bare = raw.strip().removesuffix("%").rstrip()
    in_percent = _value(_PERCENTAGES, bare)
    if in_percent.rejected:
        return in_percent
    return Typed(storable(Decimal(str(in_percent.value)) / 100), in_percent.code)


def storable(number: Decimal) -> Decimal:
    """Return the number with at most 15 decimals, as many as a cell of Excel can mean."""
    rounded = number.quantize(_FINEST)
    return number if number == rounded else rounded


def _with_decimal_point(raw: str) -> Decimal | None:
    """Read ``3.125`` as a decimal where its reading as 3125 is beyond the scale."""
    try:
        return Decimal(raw.strip())
    except InvalidOperation:
        return None
