"""A sentence about a workbook in the reader's language, its numbers with the reader's marks."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clinic.lib.arithmetic.messages import Number
from clinic.lib.templatetags.ui import decimals

STORED = "number"


def number_as_plain(number: Number) -> dict[str, str]:
    """Return a number as JSON keeps it; ``say`` reads it back."""
    return {STORED: str(number)}


def say(sentence: str, params: Mapping[str, Any]) -> str:
    """Translate a sentence and fill it with values, stored or not.

    Numbers that an earlier report has stored as text stay as they were written then.
    """
    return _(sentence) % {name: _written(value) for name, value in params.items()}


def _written(value: Any) -> Any:
    if isinstance(value, Number):
        value = number_as_plain(value)
    if not isinstance(value, Mapping):
        return value
    number = Decimal(value[STORED])
    return decimals(number, max(0, -int(number.as_tuple().exponent)))
