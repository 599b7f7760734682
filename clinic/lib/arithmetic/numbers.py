"""Numbers as people in Indonesia write them, and the one rounding rule.

Credits and scores are exact fractions until they are shown. What is shown is rounded half up on the
printed digit; a sum is rounded from its unrounded parts.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from clinic.lib.errors import Refused

Exact = Fraction | Decimal | int
Number = Exact | float

_PLAIN = re.compile(r"[+-]?[0-9]+")
_POINT_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_COMMA_DECIMAL = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]+")
_POINT_DECIMAL = re.compile(r"[+-]?[0-9]+\.[0-9]+")
_FRACTION = re.compile(r"([+-]?[0-9]+) ?/ ?([0-9]+)")

_UNDER_TWELVE = (
    "nol",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
    "sepuluh",
    "sebelas",
)
_POWERS = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"), (10**3, "ribu"))
LARGEST_IN_WORDS = 10**15 - 1


class NotANumber(Refused):
    """Text that the number grammar does not accept."""

    code = "not_a_number"


def parse_number(raw: str) -> Decimal:
    """Read a number typed by a person, Indonesian reading first.

    A comma is the decimal mark. A point groups thousands only where the whole form is a valid
    grouping (``1.500`` is 1500); elsewhere it is a decimal mark (``56.84``, ``0.125``).

    Raises:
        NotANumber: for anything else, among them ``1,234.5``, ``.5``, exponents, non-ASCII digits.
    """
    text = raw.strip()
    if _POINT_GROUPS.fullmatch(text):
        return Decimal(text.replace(".", ""))
    if _PLAIN.fullmatch(text) or _POINT_DECIMAL.fullmatch(text):
        return Decimal(text)
    if _COMMA_DECIMAL.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    raise NotANumber(details={"raw": raw[:80]})


def parse_quantity(raw: str, *, units: Sequence[str] = (), fraction: bool = False) -> Fraction:
    """Read a number that may be followed by its unit, or typed as ``4/5``.

    The grammar of the number itself is that of ``parse_number``. A unit is never needed and never
    converts: ``80%`` is 80 where ``%`` is the unit asked for, and is refused elsewhere.

    Args:
        raw: what was typed.
        units: names of the one unit the question asks for, compared without regard to case.
        fraction: whether ``4/5`` is read as four fifths.

    Raises:
        NotANumber: for anything else, a zero denominator included.
    """
    text = _strip_unit(raw.strip(), units)
    parts = _FRACTION.fullmatch(text) if fraction else None
    if parts is None:
        return Fraction(parse_number(text))
    if int(parts[2]) == 0:
        raise NotANumber(details={"raw": raw[:80]})
    return Fraction(int(parts[1]), int(parts[2]))


def _strip_unit(text: str, units: Sequence[str]) -> str:
    for unit in sorted(filter(None, units), key=len, reverse=True):
        if text[-len(unit) :].casefold() == unit.casefold():
            return text[: -len(unit)].rstrip()
    return text


def round_half_up(value: Number, digits: int) -> Decimal:
    """Round on the printed digit, half away from zero."""
    scaled = Fraction(value) * 10**digits
    sign = -1 if scaled < 0 else 1
    whole, rest = divmod(abs(scaled).numerator, abs(scaled).denominator)
    if 2 * rest >= scaled.denominator:
        whole += 1
    return Decimal(sign * whole).scaleb(-digits)


# English and Indonesian marks, each for the other.
SWAPPED_MARKS = str.maketrans(",.", ".,")


@lru_cache(maxsize=2000)
def format_number(value: Number, digits: int) -> str:
    """Write ``1234.5`` as ``1.234,5`` with exactly ``digits`` decimals."""
    rounded = round_half_up(value, digits)
    english = f"{rounded:,.{digits}f}"
    return english.translate(SWAPPED_MARKS)


def to_scale(value: Exact, digits: int = 6) -> Decimal:
    """Bring an exact value to the fixed scale in which rolled-up scores are stored (D11)."""
    fraction = Fraction(value)
    exact = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def format_id(value: Exact) -> str:
    """Write an exact value with all its digits: ``1.500``, ``56,84``; without an end, ``1/3``."""
    fraction = Fraction(value)
    digits = _count_decimals(fraction.denominator)
    if digits is None:
        return f"{fraction.numerator}/{fraction.denominator}"
    whole, rest = divmod(abs(fraction.numerator) * 10**digits // fraction.denominator, 10**digits)
    sign = "-" if fraction < 0 else ""
    decimals = f",{rest:0{digits}}" if digits else ""
    return f"{sign}{whole:,}".replace(",", ".") + decimals


def _count_decimals(denominator: int) -> int | None:
    """Count the decimals that a fraction with this denominator needs, None if they never end."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator //= prime
            count += 1
        counts.append(count)
    return max(counts) if denominator == 1 else None


def in_words_id(value: Exact) -> str:
    """Say a whole number in Indonesian, so that a reader sees how ``1.500`` was understood.

    Raises:
        ValueError: for a number with decimals or beyond ``LARGEST_IN_WORDS``.
    """
    number = Fraction(value)
    if number.denominator != 1 or abs(number) > LARGEST_IN_WORDS:
        raise ValueError(f"no words for {number}")
    words = _write_words(abs(number.numerator))
    return f"minus {words}" if number < 0 else words


def _write_words(number: int) -> str:
    for power, name in _POWERS:
        if number >= power:
            head = (
                "se"
                if power == 10**3 and number < 2 * power
                else f"{_write_words(number // power)} "
            )
            return _join_words(f"{head}{name}", number % power)
    return _write_words_under_thousand(number)


def _write_words_under_thousand(number: int) -> str:
    hundreds, below = divmod(number, 100)
    if hundreds:
        return _join_words(
            "seratus" if hundreds == 1 else f"{_UNDER_TWELVE[hundreds]} ratus", below
        )
    if below < len(_UNDER_TWELVE):
        return _UNDER_TWELVE[below]
    tens, ones = divmod(below, 10)
    if tens == 1:
        return f"{_UNDER_TWELVE[ones]} belas"
    return _join_words(f"{_UNDER_TWELVE[tens]} puluh", ones)


def _join_words(head: str, rest: int) -> str:
    return f"{head} {_write_words(rest)}" if rest else head
