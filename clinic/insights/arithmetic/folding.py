"""Rows of a table in tree order, with those below a closed row left out; plain values only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A thing among the rows.

    Attributes:
        key: its name in the address.
        path: its place in the tree; a path that begins with another's lies below it.
        order: official order among its siblings, then its name.
    """

    key: str
    path: str
    order: tuple[int, str]


@dataclass(frozen=True)
class Row:
    """A row that is shown.

    Attributes:
        depth: 0 for a row of the top, 1 for one below an open row.
        below: how many rows lie below it, shown or not.
    """

    key: str
    depth: int
    below: int
    is_open: bool


def in_order(places: Sequence[Place], *, step: int) -> list[Place]:
    """Sort by official order along the tree, a thing before what lies below it.

    Args:
        places: the things, in whatever order.
        step: length of one storey of a path. Where a place of the path is not among the things,
            its part of the path stands for it.
    """
    orders = {place.path: place.order for place in places}

    def along(place: Place) -> list[tuple[int, str]]:
        ends = range(step, len(place.path) + 1, step)
        parts = [place.path[:end] for end in ends]
        return [orders.get(part, (0, part)) for part in parts]

    return sorted(places, key=along)


def fold(
    ordered: Sequence[Place],
    *,
    opened: Collection[str],
    rank: Callable[[Place], Any] | None = None,
) -> list[Row]:
    """The rows to show: the top ones, and what lies below the opened ones.

    Args:
        ordered: things in official order, each after the one it lies below.
        opened: keys of the rows that are open.
        rank: another order; the rows below a row stay with it, and ties keep the official order.
    """
    tops: list[Place] = []
    below: dict[str, list[Place]] = {}
    for place in ordered:
        if tops and place.path.startswith(tops[-1].path):
            below.setdefault(tops[-1].key, []).append(place)
        else:
            tops.append(place)
    rows: list[Row] = []
    for top in _ranked(tops, rank):
        rows += _with_those_below(top, _ranked(below.get(top.key, []), rank), opened)
    return rows


def _ranked(places: list[Place], rank: Callable[[Place], Any] | None) -> list[Place]:
    return sorted(places, key=rank) if rank else places


def _with_those_below(top: Place, below: list[Place], opened: Collection[str]) -> list[Row]:
    is_open = bool(below) and top.key in opened
    first = Row(top.key, 0, len(below), is_open)
    return [first, *(Row(each.key, 1, 0, is_open=False) for each in below if is_open)]


def toggled(opened: Collection[str], key: str) -> list[str]:
    """The opened keys with this one turned over, in a fixed order."""
    return sorted(set(opened) ^ {key})


def ranks_of(order: Sequence[str]) -> Mapping[str, int]:
    """The place of each name in a list."""
    return {name: place for place, name in enumerate(order)}
