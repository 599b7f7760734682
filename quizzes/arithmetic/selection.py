"""In which order the options of an attempt stand, and on which form it is: pure and repeatable.

Everything random comes from one seed, so that a stored seed gives the same order again.
"""

import hashlib
import hmac
from collections.abc import Collection
from fractions import Fraction

from quizzes.arithmetic.question_types import (
    ChoiceQuestion,
    Content,
    TrueFalse,
    movable_ids,
)

FEWEST_COMMON = 5
COMMON_SHARE = Fraction(1, 5)


def attempt_seed(secret: bytes, attempt_id: str) -> bytes:
    """Derive the seed of an attempt; without the secret nobody can foretell an order."""
    return hmac.digest(secret, f"attempt|{attempt_id}".encode(), "sha256")


def option_order(content: Content, seed: bytes, index: int) -> tuple[str, ...]:
    """Shuffle options, or the targets of a matching; pinned stay last, true/false as written."""
    ids = movable_ids(content)
    if isinstance(content, TrueFalse):
        return ids
    pinned: tuple[str, ...] = ()
    if isinstance(content, ChoiceQuestion):
        pinned = tuple(option.id for option in content.options if option.pinned)

    def draw(key: str) -> bytes:
        return hmac.digest(seed, f"order|{index}|{key}".encode(), hashlib.sha256)

    return (*sorted((key for key in ids if key not in pinned), key=draw), *pinned)


def crosses(*, person: str, quiz: str) -> bool:
    """Whether a person takes the forms of before and after in reverse, as half of them do.

    So a form that is the easier one raises no gain. It holds for good: whoever
    had one form before has the other after.
    """
    return hashlib.sha256(f"form|{quiz}|{person}".encode()).digest()[0] % 2 == 1


def common_missing(form_a: Collection[object], form_b: Collection[object]) -> int:
    """Count the common questions that two forms lack: at least five, and a fifth of the longer."""
    longer = max(len(form_a), len(form_b))
    needed = max(FEWEST_COMMON, -(-longer * COMMON_SHARE.numerator // COMMON_SHARE.denominator))
    return max(0, needed - len(set(form_a) & set(form_b)))
