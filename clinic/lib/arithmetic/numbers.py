"""Numbers as people in Indonesia write them, and the one rounding rule of the house.

Credits and scores are exact fractions until they are shown. What is shown is rounded half up on the
printed digit; a sum is rounded from its unrounded parts.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from clinic.lib.errors import Refused

Exact = Fraction | Decimal | int

_PLAIN = re.compile(r"[+-]?[0-9]+")
_POINT_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_COMMA_DECIMAL = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]+")
_POINT_DECIMAL = re.compile(r"[+-]?[0-9]+\.[0-9]+")


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
    if _PLAIN.fullmatch(text) or _POINT_DECIMAL.fullmatch(text) is not None:
        if _POINT_GROUPS.fullmatch(text):
            return Decimal(text.replace(".", ""))
        return Decimal(text)
    if _POINT_GROUPS.fullmatch(text):
        return Decimal(text.replace(".", ""))
    if _COMMA_DECIMAL.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    raise NotANumber(details={"raw": raw[:80]})


def round_half_up(value: Exact, digits: int) -> Decimal:
    """Round on the printed digit, half away from zero."""
    scaled = Fraction(value) * 10**digits
    sign = -1 if scaled < 0 else 1
    whole, rest = divmod(abs(scaled).numerator, abs(scaled).denominator)
    if 2 * rest >= scaled.denominator:
        whole += 1
    return Decimal(sign * whole).scaleb(-digits)


def format_number(value: Exact, digits: int) -> str:
    """Write ``1234.5`` as ``1.234,5`` with exactly ``digits`` decimals."""
    rounded = round_half_up(value, digits)
    english = f"{rounded:,.{digits}f}"
    return english.translate(str.maketrans({",": ".", ".": ","}))


def to_scale(value: Exact, digits: int = 6) -> Decimal:
    """Bring an exact value to the fixed scale in which rolled-up scores are stored (D11)."""
    fraction = Fraction(value)
    exact = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
