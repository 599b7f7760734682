"""What becomes of one save: the decision alone, so that the service only reads, asks and stores.

Two tabs or devices may write the same item. Each numbers its own saves (``seq``) and says which
revision it last saw (``base_rev``). Nothing is overwritten unseen: a save that does not know what
somebody else wrote is a conflict, and both copies are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from clinic.lib.errors import Refused
from quizzes.arithmetic.answers import (
    TypedNumber,
    is_storable,
    parse_value,
    value_to_json,
)
from quizzes.arithmetic.deadlines import Timing
from quizzes.arithmetic.question_types import Content


class SaveOutcome(StrEnum):
    """What became of a save; all but ``refused`` are stored in the event log."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    CONFLICT = "conflict"
    LATE = "late"
    REFUSED = "refused"


_STATUS = {
    SaveOutcome.APPLIED: 200,
    SaveOutcome.SUPERSEDED: 200,
    SaveOutcome.CONFLICT: 409,
    SaveOutcome.LATE: 410,
    SaveOutcome.REFUSED: 422,
}
_CODE = {SaveOutcome.CONFLICT: "stale", SaveOutcome.LATE: "attempt_closed"}


@dataclass(frozen=True, kw_only=True)
class SaveEvent:
    """One save as it came in; ``clear`` says that emptying the answer is meant."""

    client_id: str
    seq: int
    base_rev: int
    value: Any
    clear: bool = False


@dataclass(frozen=True, kw_only=True)
class SaveDecision:
    """What to store and answer.

    Attributes:
        rev: revision of the item after this save.
        value: what stands on the server after this save, as JSON.
        sent: what this save brought, canonical where it could be read; kept in the log.
        repeated: the same save was decided before and nothing is to be stored.
        code: stable word of a refusal, empty when the save was taken.
        number: how a typed number was read, of a save that was applied just now.
    """

    outcome: SaveOutcome
    rev: int
    value: Any
    sent: Any
    repeated: bool = False
    code: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    number: Fraction | None = field(default=None, compare=False)

    @property
    def status(self) -> int:
        return _STATUS[self.outcome]

    @property
    def is_stored(self) -> bool:
        return self.outcome is not SaveOutcome.REFUSED and not self.repeated


@dataclass(frozen=True, kw_only=True)
class ItemState:
    """What the rule needs to know of the item and its attempt.

    On the usual path (``base_rev`` equals ``rev``) the last three may be left at their defaults
    without asking the database: a repeat or an overtaken save never carries the current revision,
    and the unique key of the log guards.

    Attributes:
        in_progress: the attempt is neither submitted nor expired.
        earlier: what was decided for this very (client_id, seq), if it was seen before.
        highest_seq: highest seq of this client that is in the log.
        writers_since: clients whose saves were applied after ``base_rev``.
    """

    in_progress: bool
    timing: Timing
    rev: int
    value: Any
    earlier: SaveDecision | None = None
    highest_seq: int = 0
    writers_since: frozenset[str] = frozenset()


def decide(state: ItemState, event: SaveEvent, *, content: Content) -> SaveDecision:
    """Decide one save; the order of the steps is part of the rule."""
    if not is_storable(event.value):
        return _refuse(state, event, "invalid_value", {"reason": "not_storable"})
    if state.earlier is not None:
        return state.earlier
    if not state.in_progress or state.timing is Timing.LATE:
        return _keep(state, SaveOutcome.LATE, event.value)
    try:
        value = parse_value(content, event.value)
    except Refused as refusal:
        return _refuse(state, event, refusal.code, refusal.details)
    if value is None and state.value is not None and not event.clear:
        return _refuse(state, event, "blank_without_clear", {})
    sent = value_to_json(value)
    if event.seq < state.highest_seq:
        return _keep(state, SaveOutcome.SUPERSEDED, sent)
    own_alone = event.base_rev < state.rev and state.writers_since <= {event.client_id}
    if event.base_rev == state.rev or own_alone:
        number = value.number if isinstance(value, TypedNumber) else None
        return SaveDecision(
            outcome=SaveOutcome.APPLIED, rev=state.rev + 1, value=sent, sent=sent, number=number
        )
    return _keep(state, SaveOutcome.CONFLICT, sent)


def _keep(state: ItemState, outcome: SaveOutcome, sent: Any) -> SaveDecision:
    return SaveDecision(
        outcome=outcome,
        rev=state.rev,
        value=state.value,
        sent=sent,
        code=_CODE.get(outcome, ""),
    )


def _refuse(state: ItemState, event: SaveEvent, code: str, details: dict[str, Any]) -> SaveDecision:
    return SaveDecision(
        outcome=SaveOutcome.REFUSED,
        rev=state.rev,
        value=state.value,
        sent=event.value,
        code=code,
        details=details,
    )


@dataclass(frozen=True, kw_only=True)
class LoggedSave:
    """One row of the event log; ``rev`` is that after an applied save, else None."""

    client_id: str
    seq: int
    base_rev: int
    rev: int | None
    value: Any
    outcome: SaveOutcome


def state_from_log(
    log: Sequence[LoggedSave], event: SaveEvent, *, in_progress: bool, timing: Timing
) -> ItemState:
    """Read from the item's whole log, in the order received, what ``decide`` asks for."""
    applied = [row for row in log if row.outcome is SaveOutcome.APPLIED]
    rev = len(applied)
    value = applied[-1].value if applied else None
    same = [row for row in log if (row.client_id, row.seq) == (event.client_id, event.seq)]
    return ItemState(
        in_progress=in_progress,
        timing=timing,
        rev=rev,
        value=value,
        earlier=earlier_decision(same[0], rev=rev, value=value) if same else None,
        highest_seq=max((row.seq for row in log if row.client_id == event.client_id), default=0),
        writers_since=frozenset(
            row.client_id for row in applied if row.rev and row.rev > event.base_rev
        ),
    )


def earlier_decision(row: LoggedSave, *, rev: int, value: Any) -> SaveDecision:
    """Answer a repeated save with its stored outcome, beside the item's current state.

    An applied save is answered with the revision it made.
    """
    return SaveDecision(
        outcome=row.outcome,
        rev=row.rev or rev,
        value=row.value if row.outcome is SaveOutcome.APPLIED else value,
        sent=row.value,
        repeated=True,
        code=_CODE.get(row.outcome, ""),
    )


def may_submit(pending: Iterable[SaveDecision], *, timed_out: bool) -> bool:
    """Tell whether a hand-in with these last saves goes through.

    A conflict or an unreadable answer among them stops it, so that the person can choose or repair;
    at time-out the server's copy stands and the result page lists what did not count.
    """
    stopping = {SaveOutcome.CONFLICT, SaveOutcome.REFUSED}
    return timed_out or not any(decision.outcome in stopping for decision in pending)
