"""From stored scans and corrections to presences: read, folded, written; and rebuilt at will.

The fold decides everything (``arithmetic.folding``); here rows become values and values rows. A
presence row exists for each session of a registration that has any scan or correction.

Rows of the database as the values that the fold takes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from attendance.arithmetic import folding
from attendance.arithmetic.folding import Closing, Effect, FoldRules, History, State
from attendance.models import (
    SHORTEST_REASON,
    Correction,
    Event,
    Presence,
    Registration,
    Scan,
    Session,
)
from attendance.wording import WITHOUT_EFFECT
from clinic.lib.errors import Refused
from clinic.people.access import require, rows_of
from clinic.people.models import Account, Person
from clinic.records import audit, jobs


def plain_sessions(event: Event, sessions: Iterable[Session]) -> list[folding.Session]:
    """Return sessions as the fold takes them, with the windows of the event."""
    names = ("opens", "late", "early", "closes")
    windows = folding.Windows(**{name: event.minutes_of(name) for name in names})
    return [
        folding.Session(
            id=str(one.pk),
            group=one.scan_group,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            cancelled=one.is_cancelled,
            windows=windows,
        )
        for one in sessions
    ]


def plain_scan(row: Scan) -> folding.Scan:
    """Return a stored scan as the fold takes it."""
    return folding.Scan(
        uid=str(row.uid),
        group=row.scan_group,
        direction=folding.Direction(row.direction),
        at=row.effective_at,
        kind=folding.ScanKind(row.kind),
        standing=folding.Standing(row.standing),
    )


def plain_corrections(rows: Iterable[Correction]) -> list[folding.Correction]:
    """Return stored corrections as the fold takes them."""
    return [
        folding.Correction(
            uid=str(row.uid),
            kind=folding.CorrectionKind(row.kind),
            target=row.target,
            created_at=row.created_at,
            at=row.at,
            direction=folding.Direction(row.direction) if row.direction else None,
        )
        for row in rows
    ]


def rules_of(event: Event) -> FoldRules:
    """Return what the event adds to the scans."""
    return FoldRules(closing=Closing(event.policies.get("closing", Closing.CLOSE_AT_END)))


def history_of(registration: Registration) -> History:
    """Read all that is known of one registration (three queries)."""
    event = registration.event
    return History(
        sessions=plain_sessions(event, event.sessions.all()),
        scans=[plain_scan(row) for row in registration.scans.all()],
        corrections=plain_corrections(registration.corrections.all()),
        rules=rules_of(event),
    )


KEPT = (
    "state",
    "assurance",
    "first_in",
    "last_out",
    "minutes",
    "intervals",
    "flags",
    "built_count",
    "built_digest",
)
Key = tuple[int, int]


class OwnRecord(Refused):
    """Nobody corrects their own presence (security.md 2, rule 2)."""

    code = "own_record"
    status = 403


class ReasonMissing(Refused):
    """A correction says why, in at least ten characters."""

    code = "reason_missing"


class NoEffect(Refused):
    """The correction would leave everything as it is; the message says what to do instead."""

    code = "no_effect"
    status = 409


@dataclass(frozen=True)
class Difference:
    """One presence that does not rest on its rows: what is stored and what should be."""

    registration: UUID
    session: UUID
    stored: str
    folded: str


@dataclass(frozen=True, kw_only=True)
class Act:
    """A correction as asked for."""

    kind: str
    target: str
    reason: str
    at: datetime | None = None
    direction: str = ""


@dataclass(frozen=True)
class AtHand:
    """The sessions of an event, with the scans and corrections of some of its registrations."""

    sessions: list[Session]
    made: dict[int, list[Scan]]
    said: dict[int, list[Correction]]

    @classmethod
    def read(
        cls, event: Event, ids: Iterable[int], *, made: Iterable[Scan] | None = None
    ) -> "AtHand":
        """Read them with one query each; ``made`` are scans that were read already."""
        ids = list(ids)
        rows = Scan.objects.filter(registration__in=ids) if made is None else made
        said: dict[int, list[Correction]] = defaultdict(list)
        for correction in Correction.objects.filter(registration__in=ids):
            said[correction.registration_id].append(correction)
        return cls(list(event.sessions.all()), by_registration(rows), said)

    def folded(self, event: Event, ids: Iterable[int]) -> list[Presence]:
        """Fold each registration into presences that are not saved yet."""
        return [
            row
            for key in ids
            for row in fold_rows(
                event, self.sessions, self.made.get(key, ()), self.said.get(key, ())
            )
        ]


def by_registration(rows: Iterable[Scan]) -> dict[int, list[Scan]]:
    """Sort scans by whom they are of; those of nobody known are left out."""
    made: dict[int, list[Scan]] = defaultdict(list)
    for scan in rows:
        if scan.registration_id is not None:
            made[scan.registration_id].append(scan)
    return made


def fold_rows(
    event: Event,
    sessions: Sequence[Session],
    made: Sequence[Scan],
    said: Sequence[Correction],
) -> list[Presence]:
    """Fold the rows of one registration into presences that are not saved yet."""
    if not made and not said:
        return []
    folded = folding.fold(
        plain_sessions(event, sessions),
        [plain_scan(row) for row in made],
        plain_corrections(said),
        rules=rules_of(event),
    )
    registration = (made[0] if made else said[0]).registration_id
    return [_row(registration, one, folded.built_from) for one in folded.presences]


def _row(registration: int, one: folding.Presence, built: folding.BuiltFrom) -> Presence:
    return Presence(
        registration_id=registration,
        session_id=int(one.session),
        state=one.state.value,
        assurance=one.assurance.value if one.assurance else "",
        first_in=one.first_in,
        last_out=one.last_out,
        minutes=one.minutes,
        intervals=[[start.isoformat(), end.isoformat()] for start, end in one.intervals],
        flags=sorted(flag.value for flag in one.flags),
        built_count=built.count,
        built_digest=built.digest,
    )


def refold(event: Event, ids: Iterable[int], *, at_hand: AtHand | None = None) -> set[int]:
    """Fold these registrations anew inside the caller's transaction, which has locked them.

    Returns:
        The registrations whose presence in some session changed.
    """
    ids = sorted(set(ids))
    at_hand = at_hand or AtHand.read(event, ids)
    stored = {_key(row): row for row in Presence.objects.filter(registration__in=ids)}
    return _write(at_hand.folded(event, ids), stored)


def _key(row: Presence) -> Key:
    return row.registration_id, row.session_id


def _told(row: Presence) -> dict[str, Any]:
    return {name: getattr(row, name) for name in KEPT}


def _write(fresh: Sequence[Presence], stored: Mapping[Key, Presence]) -> set[int]:
    """Write what differs and drop what has no ground any more."""
    differs = [
        row for row in fresh if _key(row) not in stored or _told(stored[_key(row)]) != _told(row)
    ]
    gone = [row for key, row in stored.items() if key not in {_key(one) for one in fresh}]
    if differs:
        Presence.objects.bulk_create(
            differs,
            update_conflicts=True,
            unique_fields=["registration", "session"],
            update_fields=list(KEPT),
            batch_size=500,
        )
    if gone:
        Presence.objects.filter(pk__in=[row.pk for row in gone]).delete()
    return {row.registration_id for row in [*differs, *gone]}


def refresh_units_of(persons: Iterable[int]) -> None:
    """Enter the findings of the units where these people work today: who came has learnt."""
    units = Person.objects.units_of(persons, timezone.localdate())
    jobs.enter_each("insights.refresh_unit", units)


def refold_event(event: Event) -> int:
    """Fold a whole event anew, after its sessions changed; return how many people it touched."""
    with transaction.atomic():
        ids = locked(_with_rows().filter(event=event).values_list("pk", flat=True))
        changed = refold(event, ids)
        rows = Registration.objects.filter(pk__in=changed)
        refresh_units_of(rows.values_list("person", flat=True))
    return len(changed)


def locked(ids: Iterable[int]) -> list[int]:
    """Lock registrations in the order of their ids, so that two writers never wait in a ring."""
    rows = Registration.objects.select_for_update(of=("self",)).filter(pk__in=list(ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _with_rows() -> Any:
    """Registrations that any scan, correction or presence speaks of."""
    return Registration.objects.filter(
        Q(pk__in=Scan.objects.filter(registration__isnull=False).values("registration"))
        | Q(pk__in=Correction.objects.values("registration"))
        | Q(pk__in=Presence.objects.values("registration"))
    )


def differences() -> Iterator[Difference]:
    """Compare every stored presence with the fold of its rows (I3); changes nothing."""
    events = Event.objects.filter(registrations__in=_with_rows()).distinct().order_by("pk")
    for event in events.prefetch_related("sessions"):
        ids = list(_with_rows().filter(event=event).values_list("pk", flat=True))
        fresh = {_key(row): row for row in AtHand.read(event, ids).folded(event, ids)}
        rows = Presence.objects.filter(registration__event=event)
        yield from _compared(fresh, {_key(row): row for row in rows})


def _compared(
    fresh: Mapping[Key, Presence], stored: Mapping[Key, Presence]
) -> Iterator[Difference]:
    names = dict(
        Registration.objects.filter(pk__in={key[0] for key in [*fresh, *stored]}).values_list(
            "pk", "uuid"
        )
    )
    sessions = dict(
        Session.objects.filter(pk__in={key[1] for key in [*fresh, *stored]}).values_list(
            "pk", "uuid"
        )
    )
    for key in sorted(fresh.keys() | stored.keys()):
        before, after = _brief(stored.get(key)), _brief(fresh.get(key))
        if (key in fresh) != (key in stored) or _told(fresh[key]) != _told(stored[key]):
            yield Difference(names[key[0]], sessions[key[1]], before, after)


def _brief(row: Presence | None) -> str:
    return f"{row.state} {row.minutes} min of {row.built_count} rows" if row else "nothing"


def rebuild() -> list[Difference]:
    """Write every presence anew from its rows; return what was different before."""
    found = list(differences())
    for event in Event.objects.filter(registrations__in=_with_rows()).distinct():
        refold_event(event)
    return found


def shown_state(row: Presence | None, session: Session, now: datetime) -> State:
    """Return the state to show: who was only expected is absent once the session is over."""
    plain = folding.Presence(
        session=str(session.pk),
        state=State(row.state) if row else State.EXPECTED,
        flags=frozenset(folding.Flag(flag) for flag in row.flags) if row else frozenset(),
    )
    return folding.state_at(plain, plain_sessions(session.event, [session])[0], now)


def spans_of(row: Presence) -> list[tuple[datetime, datetime]]:
    """Return the stored stretches of a presence as moments."""
    return [(parse_datetime(start), parse_datetime(end)) for start, end in row.intervals]  # type: ignore[misc]


def correct(registration: Registration, act: Act, *, by: Account) -> Correction:
    """Write a correction beside the scans and fold anew.

    Raises:
        OwnRecord: it is the corrector's own presence.
        ReasonMissing: the reason is shorter than ten characters.
        NoEffect: it is so already, or the entry cannot count at this time.
        Refused: ``not_found`` where the target is no scan or correction of this registration,
            ``time_missing`` where a new time is not given.
        PermissionDenied, Http404: the account may not correct here.
    """
    require(by, "correct-presence", registration)
    if registration.person_id in rows_of(by.person):
        raise OwnRecord(_("You cannot correct your own attendance. Ask a colleague to do it."))
    if len(act.reason.strip()) < SHORTEST_REASON:
        raise ReasonMissing(_("Write why, in at least ten characters."))
    _check_target(registration, act)
    with transaction.atomic():
        locked([registration.pk])
        _refuse_without_effect(registration, act)
        return add_correction(registration, act, by=by)


def _check_target(registration: Registration, act: Act) -> None:
    if act.kind == folding.CorrectionKind.ADD:
        is_known = registration.event.sessions.filter(scan_group=act.target).exists()
        is_known = is_known and act.at is not None and act.direction in ("in", "out")
    else:
        uids = {str(uid) for uid in registration.scans.values_list("uid", flat=True)}
        uids |= {str(uid) for uid in registration.corrections.values_list("uid", flat=True)}
        is_known = act.target in uids
    if not is_known:
        raise Refused(_("There is no such entry to correct."), code="not_found", status=404)
    if act.kind == folding.CorrectionKind.RETIME and act.at is None:
        raise Refused(_("Write the day and the time."), code="time_missing")


def _refuse_without_effect(registration: Registration, act: Act) -> None:
    kind = folding.CorrectionKind(act.kind)
    asked = folding.Correction(
        uid=str(uuid4()),
        kind=kind,
        target=act.target,
        created_at=timezone.now(),
        at=act.at,
        direction=folding.Direction(act.direction) if act.direction else None,
    )
    effect = history_of(registration).effect_of(asked)
    if effect is not Effect.CHANGES:
        raise NoEffect(str(WITHOUT_EFFECT[kind, effect]))


def add_correction(registration: Registration, act: Act, *, by: Account | None) -> Correction:
    """Store a correction that the caller has allowed, fold and refresh, in one transaction."""
    with transaction.atomic():
        locked([registration.pk])
        row = Correction.objects.create(
            uid=uuid4(),
            event_id=registration.event_id,
            registration=registration,
            kind=act.kind,
            target=act.target,
            at=act.at,
            direction=act.direction,
            reason=act.reason.strip()[:300],
            by=by,
            created_at=timezone.now(),
        )
        audit.record(
            f"presence.{act.kind}",
            actor=by,
            thing=registration,
            subject=registration.person_id,
            reason=row.reason,
        )
        if refold(registration.event, [registration.pk]):
            refresh_units_of([registration.person_id])
    return row
