"""How long a section takes to read: computed when it is published, never typed."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

WORDS_A_MINUTE = 180
MINUTES_A_CHECK = Fraction(1, 2)
MINUTES_AN_EXAMPLE = 1

_MARK_UP = re.compile(r"<[^>]+>")
_NOT_READ = {"id", "type", "edition", "nodes", "question", "kind", "strength", "badge", "image"}


def words_in(value: Any) -> int:
    """Count the words that a reader meets anywhere below a plain value."""
    if isinstance(value, str):
        return len(_MARK_UP.sub(" ", value).split())
    if isinstance(value, dict):
        return sum(words_in(item) for key, item in value.items() if key not in _NOT_READ)
    if isinstance(value, list):
        return sum(words_in(item) for item in value)
    return 0


def minutes_of(lead: str, blocks: Iterable[dict[str, Any]]) -> int:
    """Return whole minutes, at least 1: words, half a minute a check, one an example of proof."""
    stream = list(blocks)
    minutes = Fraction(words_in(lead) + words_in(stream), WORDS_A_MINUTE)
    minutes += MINUTES_A_CHECK * sum(block["type"] == "check" for block in stream)
    minutes += MINUTES_AN_EXAMPLE * sum(block["type"] == "proof_example" for block in stream)
    return max(1, math.ceil(minutes))
