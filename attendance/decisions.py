"""What organisers decide on registrations: approve, decline, wait, revoke; many in one act.

One transaction an act, under the event's lock, with one outcome for each registration. Within half
a minute the same act can be undone as a whole; what the persons are told waits for that long.

What comes of one act on many registrations: the state table and the seats (attendance 3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from attendance.models import (
    UNDO_SECONDS,
    DecidedRow,
    Decision,
    Event,
    Presence,
    Registration,
)
from attendance.presence import refresh_units_of
from attendance.registration import (
    ReasonMissing,
    give_back_seats,
    locked,
    refuse_where_over,
    take_back,
    take_seats,
    tell,
    tell_scanners,
)
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from clinic.records import audit


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


def _seats_between(before: str, after: str) -> int:
    return State(after).holds_seat - State(before).holds_seat


def _settle_one(row: Row, sources: frozenset[str], target: str, free: int | None) -> Settled:
    seats = 0 if row.takes_no_seat else _seats_between(row.state, target)
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


Act = Decision.Act
State = Registration.State
WITH_REASON = frozenset({Act.REVOKE, Act.RESTORE})
AUDITED_AS = {
    Act.APPROVE: "registration.confirm",
    Act.DECLINE: "registration.decline",
    Act.WAIT: "registration.wait",
    Act.REVOKE: "registration.revoke",
    Act.RESTORE: "registration.restore",
}


class UnknownAct(Refused):
    """An act that the state table does not have."""

    code = "unknown_act"


class UndoTooLate(Refused):
    """The half minute in which a decision can be undone is over."""

    code = "undo_too_late"
    status = 409


class MovedOn(Refused):
    """A registration of the decision has changed since."""

    code = "moved_on"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A decision as asked for; ``key`` is the same whenever the same page is sent."""

    act: str
    rows: Sequence[UUID]
    key: UUID
    reason: str = ""


def decide(event: Event, wish: Wish, *, actor: Account) -> Decision:
    """Do the act to every registration that it fits; the same key decides once.

    Where seats are short, who asked first gets them and the others stay as they are.

    Raises:
        UnknownAct, ReasonMissing: as they say.
        RegistrationClosed: the event is over.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    require(actor, "change-event", event)
    if wish.act not in Act.values:
        raise UnknownAct(_("Choose what is to be done."))
    if wish.act in WITH_REASON and not wish.reason.strip():
        raise ReasonMissing(_("Write the reason for this decision."))
    with transaction.atomic():
        event = locked(event)
        earlier = event.decisions.filter(uuid=wish.key).first()
        if earlier is not None:
            return earlier
        refuse_where_over(event)
        rows = {row.pk: row for row in _chosen(event, wish.rows)}
        settled = settle(wish.act, map(_plain, rows.values()), event.seats_left)
        decision = Decision.objects.create(
            uuid=wish.key, event=event, act=wish.act, reason=wish.reason.strip()[:300], by=actor
        )
        changed = _move(event, rows, settled, reason=decision.reason)
        _keep(decision, settled, rows)
        if changed:
            _follow(decision, changed)
    return decision


def _chosen(event: Event, wanted: Iterable[UUID]) -> list[Registration]:
    others = Registration.objects.active().filter(
        event=OuterRef("event"), person=OuterRef("person")
    )
    rows = event.registrations.filter(uuid__in=list(wanted)).select_for_update(of=("self",))
    rows = rows.annotate(is_blocked=Exists(others.exclude(pk=OuterRef("pk"))))
    return list(rows.select_related("event", "person").order_by("created_at", "pk"))


def _plain(row: Registration) -> Row:
    return Row(row.pk, str(row.state), takes_no_seat=row.is_over_quota, is_blocked=row.is_blocked)


def _move(
    event: Event, rows: dict[int, Registration], settled: list[Settled], *, reason: str
) -> list[Registration]:
    """Write the new states and the seats; return the registrations that changed.

    Of who loses the seat the presence no longer counts, of who gets it back it does again.
    """
    done = [one for one in settled if one.outcome is Outcome.DONE]
    _exchange_seats(event, sum(one.seats for one in done))
    now = timezone.now()
    for after in sorted({one.after for one in done}):
        keys = [one.key for one in done if one.after == after]
        Registration.objects.filter(pk__in=keys).update(state=after, reason=reason, changed_at=now)
    for one in done:
        row = rows[one.key]
        row.state, row.reason, row.changed_at = one.after, reason, now
    seen = Presence.objects.filter(state__in=Presence.THERE)
    seen = seen.filter(registration__in=[one.key for one in done])
    refresh_units_of(seen.values_list("registration__person", flat=True))
    return [rows[one.key] for one in done]


def _exchange_seats(event: Event, count: int) -> None:
    if count > 0:
        take_seats(event, count)
    elif count < 0:
        give_back_seats(event, -count)


def _keep(decision: Decision, settled: list[Settled], rows: dict[int, Registration]) -> None:
    DecidedRow.objects.bulk_create(
        [
            DecidedRow(
                decision=decision,
                registration_id=one.key,
                outcome=one.outcome.value,
                before=one.before,
                after=one.after,
                changed_at=rows[one.key].changed_at,
            )
            for one in settled
        ],
        batch_size=500,
    )


def _follow(decision: Decision, changed: list[Registration]) -> None:
    """Let scanners, the log and the persons know; the persons after the half minute."""
    tell_scanners(decision.event)
    _note(AUDITED_AS[Act(decision.act)], decision, changed, actor=decision.by)
    due_at = decision.at + timedelta(seconds=UNDO_SECONDS + 1)
    for row in changed:
        tell(row, due_at=due_at, act=str(decision.uuid))


def _note(verb: str, decision: Decision, rows: list[Registration], *, actor: Account) -> None:
    values = {"decision": str(decision.uuid), "reason": decision.reason}
    notes = [
        audit.AuditNote(
            thing=row, subject=row.person_id, values={**values, "after": str(row.state)}
        )
        for row in rows
    ]
    audit.record_each(verb, notes, actor=actor)


def undo(decision: Decision, *, actor: Account) -> Decision:
    """Give every registration of the decision its former state again; twice changes nothing.

    Raises:
        UndoTooLate: the half minute is over.
        MovedOn: one of them has changed since.
        EventFull: others have taken the seats that were given back.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    require(actor, "change-event", decision.event)
    with transaction.atomic():
        event = locked(decision.event)
        held = event.decisions.select_for_update(of=("self",)).get(pk=decision.pk)
        if held.undone_at is not None:
            return held
        if not held.may_be_undone(timezone.now()):
            raise UndoTooLate(_("The time to undo this is over. Decide anew where it is needed."))
        kept = {one.registration_id: one for one in held.rows.filter(outcome=Outcome.DONE.value)}
        rows = {row.pk: row for row in _chosen(event, _uuids(kept))}
        _refuse_where_moved_on(kept, rows)
        take_back(rows.values(), act=str(held.uuid))
        _move(event, rows, [_reversed(one, rows) for one in kept.values()], reason="")
        held.undone_at = timezone.now()
        held.save(update_fields=["undone_at"])
        tell_scanners(event)
        _note("registration.undo", held, list(rows.values()), actor=actor)
    return held


def _uuids(kept: dict[int, DecidedRow]) -> list[UUID]:
    return list(Registration.objects.filter(pk__in=kept).values_list("uuid", flat=True))


def _refuse_where_moved_on(kept: dict[int, DecidedRow], rows: dict[int, Registration]) -> None:
    moved = [
        row.person.name
        for row in rows.values()
        if row.changed_at != kept[row.pk].changed_at or row.is_blocked
    ]
    if moved:
        raise MovedOn(
            _("Nothing was undone: the registration of %(names)s has changed since.")
            % {"names": ", ".join(moved)}
        )


def _reversed(one: DecidedRow, rows: dict[int, Registration]) -> Settled:
    seats = 0
    if not rows[one.registration_id].is_over_quota:
        seats = _seats_between(one.after, one.before)
    return Settled(one.registration_id, Outcome.DONE, one.after, one.before, seats)
