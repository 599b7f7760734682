"""The evidence package's files, columns and values."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from clinic.insights.arithmetic.observations import PHASES, STATES, STILL_THERE

FORMAT = "gap-evidence"
VERSION = 1
READABLE = (1, 0)
"""Versions that this release reads: its own and the one before.

Version 0 was the draft before regencies met: its ``units.csv`` has no ``group_id``, and all its
units are one group. Everything else is as in version 1.
"""
MANIFEST = "manifest.json"
GAP_THRESHOLD, WEAK_THRESHOLD = 0.65, 0.60

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_DAY = 0


@dataclass(frozen=True)
class Kind:
    """How the text of a column becomes values.

    Attributes:
        read: text series to an array of values; what cannot be read becomes NaN (or None).
        good: which of the values are allowed.
        fault: what is said of the others.
        whole: whether the values are whole numbers.
    """

    read: Callable[[pd.Series], Any]
    good: Callable[[Any], Any]
    fault: str
    whole: bool = False


def _read_text(text: pd.Series) -> pd.Series:
    return text


def _read_number(text: pd.Series) -> np.ndarray:
    return pd.to_numeric(text, errors="coerce").to_numpy(np.float64)


def _read_number_or_zero(text: pd.Series) -> np.ndarray:
    return np.where(text == "", 0.0, _read_number(text))


def _parse_day(text: str, blank: float) -> float:
    if not text:
        return blank
    if not _DAY.fullmatch(text):
        return np.nan
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return np.nan


def _make_day_reader(blank: float) -> Callable[[pd.Series], np.ndarray]:
    def read(text: pd.Series) -> np.ndarray:
        codes, distinct = pd.factorize(text)
        days = np.array([_parse_day(str(value), blank) for value in distinct], dtype=np.float64)
        return days[codes] if len(distinct) else np.zeros(0)

    return read


def _is_points(values: np.ndarray) -> np.ndarray:
    return np.isfinite(values) & (values >= 0)


def _make_word_kind(*allowed: str) -> Kind:
    return Kind(_read_text, lambda text: text.isin(allowed), f"is none of {', '.join(allowed)}")


TEXT = Kind(_read_text, lambda text: np.ones(len(text), dtype=bool), "")
ID = Kind(_read_text, lambda text: (text != "").to_numpy(), "is empty")
SHARE = Kind(_read_number, lambda v: (v >= 0) & (v <= 1), "is not a number from 0 to 1")
CHANCE = Kind(_read_number, lambda v: (v >= 0) & (v < 1), "is not a number from 0 to less than 1")
POINTS = Kind(_read_number, _is_points, "is not a number of points, 0 or more")
POINTS_OR_NONE = Kind(_read_number_or_zero, _is_points, "is not a number of points, 0 or more")
FLAG = Kind(_read_number, lambda v: np.isin(v, (0.0, 1.0)), "is neither 0 nor 1", whole=True)
WHOLE = Kind(
    _read_number,
    lambda v: np.isfinite(v) & (v >= 0) & (v == np.floor(np.nan_to_num(v))),
    "is not a whole number, 0 or more",
    whole=True,
)
DAY = Kind(
    _make_day_reader(np.nan), np.isfinite, "is not a date of the form YYYY-MM-DD", whole=True
)
DAY_OR_OPEN = Kind(_make_day_reader(STILL_THERE), np.isfinite, DAY.fault, whole=True)
DAY_OR_NONE = Kind(_make_day_reader(_NO_DAY), np.isfinite, DAY.fault, whole=True)


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        kind: how it is read.
        refers_to: file and column whose ids it names.
        default: value where the column may be absent; None makes it required.
    """

    name: str
    kind: Kind = TEXT
    refers_to: tuple[str, str] | None = None
    default: str | None = None


@dataclass(frozen=True)
class File:
    """One file of the package; ``key`` columns together are unique."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    may_be_empty: bool = False
    draft_lacks: dict[str, str] = field(default_factory=dict)

    @property
    def filename(self) -> str:
        return f"{self.name}.csv"


_AREA = Column("area", ID, ("areas", "area"))
_UNIT = Column("unit_id", ID, ("units", "unit_id"))
_PERSON = Column("person_id", ID, ("persons", "person_id"))
_ITEM = Column("item_id", ID, ("items", "item_id"))
_ATTEMPT = Column("attempt_id", ID, ("attempts", "attempt_id"))

FILES = (
    File(
        "areas",
        ("area",),
        (
            Column("area", ID),
            Column("name"),
            Column("max_points", POINTS),
            Column("link_share", SHARE, default="1"),
        ),
    ),
    File(
        "units",
        ("unit_id",),
        (Column("unit_id", ID), Column("name"), Column("kind"), Column("group_id")),
        draft_lacks={"group_id": ""},
    ),
    File(
        "items",
        ("item_id",),
        (
            Column("item_id", ID),
            _AREA,
            Column("kind"),
            Column("chance", CHANCE),
            Column("in_pool", FLAG),
        ),
    ),
    File("persons", ("person_id",), (Column("person_id", ID),)),
    File(
        "memberships",
        ("person_id", "unit_id", "start"),
        (_PERSON, _UNIT, Column("start", DAY), Column("end", DAY_OR_OPEN)),
    ),
    File(
        "attendance",
        ("event_id", "person_id"),
        (Column("event_id", ID), _PERSON, Column("date", DAY), Column("present", FLAG)),
        may_be_empty=True,
    ),
    File(
        "attempts",
        ("attempt_id",),
        (
            Column("attempt_id", ID),
            _PERSON,
            Column("quiz_id"),
            Column("number", WHOLE),
            Column("submitted", DAY_OR_NONE),
            Column("phase", _make_word_kind(*PHASES)),
            Column("state", _make_word_kind(*STATES)),
        ),
    ),
    File(
        "responses",
        ("attempt_id", "item_id"),
        (_ATTEMPT, _ITEM, Column("credit", SHARE)),
        may_be_empty=True,
    ),
    File(
        "assessment",
        ("unit_id", "area"),
        (
            _UNIT,
            _AREA,
            Column("max_points", POINTS),
            Column("answered_points", POINTS),
            Column("self_points", POINTS),
            Column("reviewed_points", POINTS_OR_NONE),
            Column("reviewer_points", POINTS_OR_NONE),
            Column("self_scored", FLAG, default="1"),
        ),
        may_be_empty=True,
    ),
)

ASSESSMENT = next(file for file in FILES if file.name == "assessment")

NO_MORE_THAN = (
    ("answered_points", "max_points"),
    ("self_points", "answered_points"),
    ("reviewed_points", "max_points"),
    ("reviewer_points", "reviewed_points"),
)
"""Pairs of ``assessment.csv``: the first is never above the second."""
ROUNDING = 1e-6
"""By how much rounded points may pass each other."""
