"""Who carries on for a unit: offices end, merge and split, their rows stay (D12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class Span:
    """First and last day of something; ``None`` is open."""

    first: date | None = None
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Say whether the day lies in the span, both ends included."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def is_over(self, day: date) -> bool:
        """Say whether the span ended before the day."""
        return self.last is not None and self.last < day


def carriers_on(
    unit: int,
    day: date,
    *,
    spans: Mapping[int, Span],
    successors: Mapping[int, Sequence[int]],
) -> list[int]:
    """Return the units that carry on for ``unit`` on ``day``, each once, in order of the splits.

    A unit that covers the day is its own carrier. From one that ended, the walk goes to its
    successors; one that has not begun yet carries nothing. A circle in the data ends the walk.
    """
    found: list[int] = []
    seen: set[int] = set()
    waiting = [unit]
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        span = spans[current]
        if span.covers(day):
            found.append(current)
        elif span.is_over(day):
            waiting.extend(successors.get(current, ()))
    return found


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
