"""What the reading door hands over: plain rows, and the way back from their ids to ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clinic.insights.pseudonyms import Row


@dataclass(frozen=True)
class Asked:
    """One item of a finished attempt; ``is_answered`` tells an answer from a blank."""

    person: str
    item: str
    is_answered: bool
    in_room: bool
    is_full: bool = False


@dataclass(frozen=True)
class Gathered:
    """Rows by the package's file names, and what leads back from ids to our own rows.

    Attributes:
        units: package id of each unit, by primary key.
        persons: primary key of the kept row of each person, by package id.
        asked: every item of the finished attempts, answered or not.
        events_held: events held for each group, which a part of the region cannot count itself.
    """

    as_of: date
    rows: Mapping[str, list[Row]]
    units: Mapping[int, str]
    persons: Mapping[str, int]
    asked: tuple[Asked, ...]
    events_held: Mapping[str, int]
