"""What the bench does with its numbers: spreads, ratios, percentiles, goals and the table."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

HEADINGS = ("", "min", "median", "max", "ratio min", "median", "max", "goal", "holds")


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of some values."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of one value or more."""
        found = list(values)
        return cls(min(found), median(found), max(found))

    def times(self, factor: float) -> "Spread":
        """Return the spread in another unit."""
        return Spread(self.least * factor, self.median * factor, self.greatest * factor)


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that so many per cent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        value: in ``unit``.
        ratio: the same as a multiple of a baseline of the same run, if it has one.
        goal: the most that the median of the ratio, or else of the value, may be.
    """

    key: str
    label: str
    unit: str
    value: Spread
    ratio: Spread | None = None
    goal: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None without one."""
        compared = self.ratio or self.value
        return None if self.goal is None else compared.median <= self.goal


def paired(
    key: str, label: str, pairs: Sequence[tuple[float, float]], goal: float | None = None
) -> Figure:
    """Return the figure of batches in CPU seconds, each beside the baseline's batch before it.

    A ratio is taken within each pair, so that a machine that slows down between pairs moves none.
    """
    value = Spread.of(own for own, _baseline in pairs).times(1000)
    ratio = Spread.of(own / baseline for own, baseline in pairs)
    return Figure(key, label, "ms CPU", value, ratio, goal)


def table(figures: Iterable[Figure], before: Mapping[str, Figure] | None = None) -> str:
    """Lay figures out in columns; with an earlier run, its ratio or value stands last."""
    before = before or {}
    rows = [[*HEADINGS, *(["before"] if before else [])]]
    for figure in figures:
        earlier = before.get(figure.key)
        rows.append([*_cells(figure), *([_compared(earlier)] if before else [])])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cells(figure: Figure) -> list[str]:
    return [
        f"{figure.label} [{figure.unit}]",
        *_three(figure.value),
        *(_three(figure.ratio) if figure.ratio else ["", "", ""]),
        "" if figure.goal is None else short(figure.goal),
        {True: "yes", False: "NO", None: ""}[figure.holds],
    ]


def _compared(figure: Figure | None) -> str:
    return short((figure.ratio or figure.value).median) if figure else ""


def _three(spread: Spread) -> list[str]:
    return [short(spread.least), short(spread.median), short(spread.greatest)]


def short(value: float) -> str:
    """Write a number with three figures, four at most before the point."""
    if abs(value) >= 100:  # noqa: PLR2004 three figures
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004


def to_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Return figures as JSON holds them."""
    return [{**asdict(figure), "holds": figure.holds} for figure in figures]


def from_json(rows: Iterable[Mapping[str, Any]]) -> dict[str, Figure]:
    """Return the figures of an earlier run by their keys."""
    return {
        row["key"]: Figure(
            row["key"],
            row["label"],
            row["unit"],
            Spread(**row["value"]),
            Spread(**row["ratio"]) if row["ratio"] else None,
            row["goal"],
        )
        for row in rows
    }
