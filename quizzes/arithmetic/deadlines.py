"""When an attempt ends. Server time only; what a client's clock says decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

GRACE = timedelta(seconds=30)

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class TimeRules:
    """Time rules of a quiz and its assignment; None means no limit, no closing."""

    limit: timedelta | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """More time or attempts than the rules give.

    Attributes:
        extra: added to the limit after the multiplier.
        multiplier: of the limit, at least 1.
        closes_at: a later closing, or None.
        extra_attempts: on top of the quiz's own.
    """

    extra: timedelta = timedelta(0)
    multiplier: Fraction = Fraction(1)
    closes_at: datetime | None = None
    extra_attempts: int = 0


NO_ALLOWANCE = Allowance()


class Timing(StrEnum):
    """How a moment stands to a deadline: grace is granted but never shown to the taker."""

    IN_TIME = "in_time"
    IN_GRACE = "in_grace"
    LATE = "late"


def most_generous(allowances: Iterable[Allowance]) -> Allowance:
    """Combine extensions field by field, the larger winning, so that none ever shortens."""
    granted = (NO_ALLOWANCE, *allowances)
    return Allowance(
        extra=max(each.extra for each in granted),
        multiplier=max(each.multiplier for each in granted),
        closes_at=max((each.closes_at for each in granted if each.closes_at), default=None),
        extra_attempts=max(each.extra_attempts for each in granted),
    )


def deadline(
    started_at: datetime, rules: TimeRules, allowance: Allowance = NO_ALLOWANCE
) -> datetime | None:
    """Give the end of an attempt: limit or closing, whichever comes first, or None without both.

    The closing cuts an extended limit too, unless the extension moves the closing as well.
    """
    ends = []
    if rules.limit is not None:
        granted = int(rules.limit // _TICK * allowance.multiplier) * _TICK
        ends.append(started_at + granted + allowance.extra)
    if rules.closes_at is not None:
        ends.append(max(filter(None, (rules.closes_at, allowance.closes_at))))
    return min(ends, default=None)


def timing(deadline_at: datetime | None, received_at: datetime) -> Timing:
    """Say whether something received then counts; the deadline and the end of grace still do."""
    if deadline_at is None or received_at <= deadline_at:
        return Timing.IN_TIME
    return Timing.IN_GRACE if received_at <= deadline_at + GRACE else Timing.LATE


def is_expired(deadline_at: datetime | None, now: datetime) -> bool:
    """Tell whether an attempt under way must be ended: not before its grace is over."""
    return timing(deadline_at, now) is Timing.LATE


def time_left(deadline_at: datetime | None, now: datetime) -> timedelta | None:
    """Give the time a taker has from now, never below zero, or None without a deadline."""
    return None if deadline_at is None else max(timedelta(0), deadline_at - now)
