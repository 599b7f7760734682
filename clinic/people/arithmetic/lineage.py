"""Following what leads on to something else: successors of units, parents, merged rows."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", int, str)


def leads_to(start: Key, goal: Key, successors: Mapping[Key, Sequence[Key]]) -> bool:
    """Say whether following successors from ``start`` ever reaches ``goal``."""
    seen: set[Key] = set()
    waiting = [start]
    while waiting:
        current = waiting.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            waiting.extend(successors.get(current, ()))
    return False
