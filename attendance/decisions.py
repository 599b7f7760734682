"""What organisers decide on registrations: approve, decline, wait, revoke; many in one act.

One transaction an act, under the event's lock, with one outcome for each registration. Within half
a minute the same act can be undone as a whole; what the persons are told waits for that long.
"""

from collections.abc import Iterable
from datetime import timedelta
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
    give_back_seats,
    lock_event,
    notify_person,
    raise_revision,
    refuse_where_over,
    take_back_notices,
    take_seats,
)
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from clinic.records import audit, jobs

Act = Decision.Act
Outcome = DecidedRow.Outcome
State = Registration.State
WITH_REASON = frozenset({Act.REVOKE, Act.RESTORE})
AUDITED_AS = {
    Act.APPROVE: "registration.confirm",
    Act.DECLINE: "registration.decline",
    Act.WAIT: "registration.wait",
    Act.REVOKE: "registration.revoke",
    Act.RESTORE: "registration.restore",
}
# Whoever waits may also be refused or lose the place: else nobody could take them off the list.
LEADS: dict[str, tuple[frozenset[str], State]] = {
    Act.APPROVE: (frozenset({State.NOMINATED, State.WAITLISTED}), State.CONFIRMED),
    Act.DECLINE: (frozenset({State.NOMINATED, State.WAITLISTED}), State.DECLINED),
    Act.WAIT: (frozenset({State.NOMINATED}), State.WAITLISTED),
    Act.REVOKE: (frozenset({State.NOMINATED, State.CONFIRMED, State.WAITLISTED}), State.REVOKED),
    Act.RESTORE: (frozenset({State.REVOKED}), State.CONFIRMED),
}


def acts_on(state: str) -> list[str]:
    """Return the acts that the state table allows from this state."""
    return [act for act, (sources, _target) in LEADS.items() if state in sources]


def settle(act: str, rows: Iterable[Registration], free: int | None) -> list[DecidedRow]:
    """Decide row by row, in the order given: who asked first gets the seats that are left.

    Args:
        act: one of ``LEADS``.
        rows: the registrations, earliest first, each with ``is_blocked``: the person has another
            one in force.
        free: seats left; None where there is no limit.

    Returns:
        Rows of the decision, not saved.
    """
    sources, target = LEADS[act]
    settled = []
    for row in rows:
        seats = _count_seats(row, row.state, target)
        outcome, after = Outcome.DONE, target
        if row.state == target:
            outcome = Outcome.ALREADY
        elif row.state not in sources:
            outcome = Outcome.UNFIT
        elif row.is_blocked:
            outcome = Outcome.BLOCKED
        elif free is not None and seats > max(free, 0):
            outcome = Outcome.FULL
        if outcome != Outcome.DONE:
            after = State(row.state)
        elif free is not None:
            free -= seats
        settled.append(DecidedRow(registration=row, outcome=outcome, before=row.state, after=after))
    return settled


def _count_seats(row: Registration, before: str, after: str) -> int:
    """Return what the change of state takes (1) or gives back (-1)."""
    if row.is_over_quota:
        return 0
    return State(after).holds_seat - State(before).holds_seat


def decide(
    event: Event, act: str, chosen: Iterable[UUID], *, key: UUID, actor: Account, reason: str = ""
) -> Decision:
    """Do the act to every registration that it fits; the same key decides once.

    Where seats are short, who asked first gets them and the others stay as they are. ``key`` is
    the same whenever the same page is sent.
    """
    require(actor, "change-event", event)
    if act not in Act.values:
        raise Refused(_("Choose what is to be done."), code="unknown_act")
    if act in WITH_REASON and not reason.strip():
        raise Refused(_("Write the reason for this decision."), code="reason_missing")
    with transaction.atomic():
        event = lock_event(event)
        earlier = event.decisions.filter(uuid=key).first()
        if earlier is not None:
            return earlier
        refuse_where_over(event)
        settled = settle(act, _lock_chosen(event, chosen), event.seats_left)
        decision = Decision.objects.create(
            uuid=key, event=event, act=act, reason=reason.strip()[:300], by=actor
        )
        changed = _apply(event, settled, reason=decision.reason)
        for row in settled:
            row.decision, row.changed_at = decision, row.registration.changed_at
        DecidedRow.objects.bulk_create(settled, batch_size=500)
        if changed:
            # Scanners and the log know at once, the persons after the half minute.
            raise_revision(event)
            _audit(AUDITED_AS[Act(act)], decision, changed, actor=actor)
            due_at = decision.at + timedelta(seconds=UNDO_SECONDS + 1)
            if act in (Act.DECLINE, Act.REVOKE):
                once = jobs.Job.Kind.ONCE
                jobs.enter("attendance.promote", str(decision.uuid), once, due_at=due_at)
            for registration in changed:
                notify_person(registration, due_at=due_at, act=str(decision.uuid))
    return decision


def _lock_chosen(event: Event, wanted: Iterable[UUID]) -> list[Registration]:
    others = Registration.objects.active().filter(
        event=OuterRef("event"), person=OuterRef("person")
    )
    rows = event.registrations.filter(uuid__in=list(wanted)).select_for_update(of=("self",))
    rows = rows.annotate(  # type: ignore[no-redef]  # the class says what type it has
        is_blocked=Exists(others.exclude(pk=OuterRef("pk")))
    )
    return list(rows.select_related("event", "person").order_by("created_at", "pk"))


def _apply(event: Event, settled: Iterable[DecidedRow], *, reason: str) -> list[Registration]:
    """Write the new states and the seats; return the registrations that changed.

    Of who loses the seat the presence no longer counts, of who gets it back it does again.
    """
    done = [row for row in settled if row.outcome == Outcome.DONE]
    seats = sum(_count_seats(row.registration, row.before, row.after) for row in done)
    if seats > 0:
        take_seats(event, seats)
    elif seats < 0:
        give_back_seats(event, -seats)
    now = timezone.now()
    for after in sorted({row.after for row in done}):
        keys = [row.registration_id for row in done if row.after == after]
        Registration.objects.filter(pk__in=keys).update(state=after, reason=reason, changed_at=now)
    changed = [row.registration for row in done]
    for registration, row in zip(changed, done, strict=True):
        registration.state, registration.reason = row.after, reason
        registration.changed_at = now
    seen = Presence.objects.filter(state__in=Presence.THERE, registration__in=changed)
    refresh_units_of(seen.values_list("registration__person", flat=True))
    return changed


def _audit(verb: str, decision: Decision, rows: list[Registration], *, actor: Account) -> None:
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

    It is refused once the half minute is over, where one of the registrations has changed since,
    and where others have taken the seats that were given back.
    """
    require(actor, "change-event", decision.event)
    with transaction.atomic():
        event = lock_event(decision.event)
        locked = event.decisions.select_for_update(of=("self",)).get(pk=decision.pk)
        if locked.undone_at is not None:
            return locked
        if not locked.may_be_undone(timezone.now()):
            raise Refused(
                _("The time to undo this is over. Decide anew where it is needed."),
                code="undo_too_late",
                status=409,
            )
        decided = list(locked.rows.filter(outcome=Outcome.DONE).select_related("registration"))
        chosen = _lock_chosen(event, [row.registration.uuid for row in decided])
        registrations = {registration.pk: registration for registration in chosen}
        reversed_rows, moved = [], []
        for row in decided:
            registration = registrations[row.registration_id]
            if registration.changed_at != row.changed_at or registration.is_blocked:
                moved.append(registration.person.name)
                continue
            reversed_rows.append(
                DecidedRow(
                    registration=registration,
                    outcome=Outcome.DONE,
                    before=row.after,
                    after=row.before,
                )
            )
        if moved:
            raise Refused(
                _("Nothing was undone: the registration of %(names)s has changed since.")
                % {"names": ", ".join(moved)},
                code="moved_on",
                status=409,
            )
        take_back_notices(chosen, act=str(locked.uuid))
        _apply(event, reversed_rows, reason="")
        locked.undone_at = timezone.now()
        locked.save(update_fields=["undone_at"])
        raise_revision(event)
        _audit("registration.undo", locked, chosen, actor=actor)
    return locked
