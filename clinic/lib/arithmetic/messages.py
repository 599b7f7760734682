"""A sentence for people that is translated later, where a language is known.

Arithmetic names what it saw as an English sentence with named placeholders and the plain values
that fill them. The edge translates the sentence and fills it; nothing is formatted before that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from clinic.lib.arithmetic.numbers import round_half_up


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the message catalogue without translating it."""
    return sentence


@dataclass(frozen=True)
class Number:
    """A number within a sentence, to be written with the reader's marks.

    Attributes:
        digits: decimals that are shown at most; zeros at the end never are.
    """

    value: Fraction
    digits: int

    def __str__(self) -> str:
        text = f"{round_half_up(self.value, self.digits):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Message:
    """An untranslated sentence with the values of its named placeholders."""

    sentence: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def in_english(self) -> str:
        """Fill the untranslated sentence."""
        return self.sentence % self.params
