"""A sentence for people that is translated later, where a language is known.

Arithmetic names what it saw as an English sentence with named placeholders and the plain values
that fill them. The edge translates the sentence and fills it; nothing is formatted before that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the message catalogue without translating it."""
    return sentence


@dataclass(frozen=True)
class Message:
    """An untranslated sentence with the values of its named placeholders."""

    sentence: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def in_english(self) -> str:
        """Fill the untranslated sentence."""
        return self.sentence % self.params
