"""Where a value lies in a drawing: plain numbers in, places in the drawing's own units out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A stretch along one axis, from its lesser end."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """The greater end."""
        return self.start + self.length


@dataclass(frozen=True)
class Scale:
    """A straight scale from values to places; what lies outside is drawn at the edge.

    Attributes:
        low: value drawn at ``start``.
        high: value drawn at ``end``; at or below ``low`` everything is drawn at ``start``.
        start: place of the lowest value; above ``end`` where the axis points upwards.
        end: place of the highest value.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Place of a value."""
        if self.high <= self.low:
            return self.start
        kept = min(max(value, self.low), self.high)
        return self.start + (self.end - self.start) * (kept - self.low) / (self.high - self.low)

    def span(self, first: float, second: float) -> Span:
        """The stretch between two values, in whichever order they come."""
        ends = sorted((self.at(first), self.at(second)))
        return Span(ends[0], ends[1] - ends[0])


def stack(scale: Scale, parts: Sequence[float]) -> list[Span]:
    """Stretches of parts laid end to end from the scale's low; together as long as their sum."""
    spans, reached = [], scale.low
    for part in parts:
        spans.append(scale.span(reached, reached + part))
        reached += part
    return spans


def bands(minima: Sequence[float], *, top: float) -> list[tuple[float, float]]:
    """Least and greatest value of each band; ``minima`` come from the highest band downwards.

    A band that begins where the one above it begins is empty and has equal ends.
    """
    ends = [top, *minima]
    return [(low, max(low, high)) for low, high in zip(minima, ends, strict=False)]
