"""What comes of one act on many registrations: the state table and the seats (attendance 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of one registration; the words shown are the model's."""

    DONE = "done"
    ALREADY = "already"
    FULL = "full"
    BLOCKED = "blocked"
    UNFIT = "unfit"


# Whoever waits may also be refused or lose the place: else nobody could take them off the list.
LEADS: dict[str, tuple[frozenset[str], str]] = {
    "approve": (frozenset({"nominated", "waitlisted"}), "confirmed"),
    "decline": (frozenset({"nominated", "waitlisted"}), "declined"),
    "wait": (frozenset({"nominated"}), "waitlisted"),
    "revoke": (frozenset({"nominated", "confirmed", "waitlisted"}), "revoked"),
    "restore": (frozenset({"revoked"}), "confirmed"),
}
SEATED = frozenset({"nominated", "confirmed"})


@dataclass(frozen=True)
class Row:
    """One registration before the act; ``is_blocked``: the person has another one in force."""

    key: int
    state: str
    takes_no_seat: bool = False
    is_blocked: bool = False


@dataclass(frozen=True)
class Settled:
    """One registration after the act; ``seats`` is what it takes (1) or gives back (-1)."""

    key: int
    outcome: Outcome
    before: str
    after: str
    seats: int = 0


def acts_on(state: str) -> list[str]:
    """Return the acts that the state table allows from this state."""
    return [act for act, (sources, _target) in LEADS.items() if state in sources]


def settle(act: str, rows: Iterable[Row], free: int | None) -> list[Settled]:
    """Decide row by row, in the order given: who asked first gets the seats that are left.

    Args:
        act: one of ``LEADS``.
        rows: the registrations, earliest first.
        free: seats left; None where there is no limit.
    """
    sources, target = LEADS[act]
    settled = []
    for row in rows:
        one = _settle_one(row, sources, target, free)
        if free is not None:
            free -= one.seats
        settled.append(one)
    return settled


def _settle_one(row: Row, sources: frozenset[str], target: str, free: int | None) -> Settled:
    seats = 0 if row.takes_no_seat else (target in SEATED) - (row.state in SEATED)
    stays = None
    if row.state == target:
        stays = Outcome.ALREADY
    elif row.state not in sources:
        stays = Outcome.UNFIT
    elif row.is_blocked:
        stays = Outcome.BLOCKED
    elif free is not None and seats > free and seats > 0:
        stays = Outcome.FULL
    if stays is not None:
        return Settled(row.key, stays, row.state, row.state)
    return Settled(row.key, Outcome.DONE, row.state, target, seats)
