"""From stored scans and corrections to presences: read, folded, written; and rebuilt at will.

The fold decides everything (``attendance.folding``). A presence row exists for each session of a
registration that has any scan or correction.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext as _

from attendance.folding import Effect, History
from attendance.models import (
    SHORTEST_REASON,
    Correction,
    Direction,
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

Key = tuple[int, int]


@dataclass(frozen=True)
class EventRows:
    """The sessions of an event, with the scans and corrections of some of its registrations."""

    event: Event
    sessions: list[Session]
    scans: dict[int, list[Scan]]
    corrections: dict[int, list[Correction]]

    @classmethod
    def read(
        cls, event: Event, ids: Iterable[int], *, scans: Iterable[Scan] | None = None
    ) -> "EventRows":
        """Read them with one query each; ``scans`` are those that were read already."""
        ids = list(ids)
        rows = Scan.objects.filter(registration__in=ids) if scans is None else scans
        corrections: dict[int, list[Correction]] = defaultdict(list)
        for correction in Correction.objects.filter(registration__in=ids):
            corrections[correction.registration_id].append(correction)
        return cls(event, list(event.sessions.all()), scans_by_registration(rows), corrections)

    def history(self, key: int) -> History:
        """Return what is known of one registration, by its key."""
        return History(
            event=self.event,
            sessions=self.sessions,
            scans=self.scans.get(key, ()),
            corrections=self.corrections.get(key, ()),
        )

    def folded(self, ids: Iterable[int]) -> dict[Key, Presence]:
        """Fold each registration that has any row into presences that are not saved yet."""
        presences = {}
        for key in ids:
            history = self.history(key)
            if history.scans or history.corrections:
                for row in history.folded().presences:
                    row.registration_id = key
                    presences[key, row.session_id] = row
        return presences


def scans_by_registration(rows: Iterable[Scan]) -> dict[int, list[Scan]]:
    """Sort scans by whom they are of; those of nobody known are left out."""
    scans: dict[int, list[Scan]] = defaultdict(list)
    for scan in rows:
        if scan.registration_id is not None:
            scans[scan.registration_id].append(scan)
    return scans


def history_of(registration: Registration) -> History:
    """Read all that is known of one registration (three queries)."""
    return EventRows.read(registration.event, [registration.pk]).history(registration.pk)


def refold(event: Event, ids: Iterable[int], *, rows: EventRows | None = None) -> set[int]:
    """Fold these registrations anew inside the caller's transaction, which has locked them.

    What differs is written, what has no ground any more goes.

    Returns:
        The registrations whose presence in some session changed.
    """
    ids = sorted(set(ids))
    fresh = (rows or EventRows.read(event, ids)).folded(ids)
    stored = _map_stored(Presence.objects.filter(registration__in=ids))
    differing = [
        row
        for key, row in fresh.items()
        if key not in stored or stored[key].folded_fields() != row.folded_fields()
    ]
    gone = [row for key, row in stored.items() if key not in fresh]
    if differing:
        Presence.objects.bulk_create(
            differing,
            update_conflicts=True,
            unique_fields=["registration", "session"],
            update_fields=list(Presence.FOLDED),
            batch_size=500,
        )
    if gone:
        Presence.objects.filter(pk__in=[row.pk for row in gone]).delete()
    there = {key for (key, _session), row in fresh.items() if row.state in Presence.THERE}
    _confirm_by_coming(there, others=set(ids) - there)
    return {row.registration_id for row in [*differing, *gone]}


def _confirm_by_coming(there: set[int], *, others: set[int]) -> None:
    """Confirm the seats of those who are there, and take it back where they were not after all.

    Who waited for a seat has one beyond the quota: a person in the room is a fact (U72).
    """
    State, now = Registration.State, timezone.now()  # noqa: N806 - the class
    if there:
        Registration.objects.filter(
            pk__in=there, state__in=(State.NOMINATED, State.WAITLISTED)
        ).update(
            came_as=F("state"),
            state=State.CONFIRMED,
            is_over_quota=Case(When(state=State.WAITLISTED, then=True), default=F("is_over_quota")),
            changed_at=now,
        )
    if others:
        came = Registration.objects.filter(pk__in=others, state=State.CONFIRMED)
        came.exclude(came_as="").update(
            state=F("came_as"),
            came_as="",
            is_over_quota=Case(
                When(came_as=State.WAITLISTED, then=False), default=F("is_over_quota")
            ),
            changed_at=now,
        )


def _map_stored(rows: Iterable[Presence]) -> dict[Key, Presence]:
    return {(row.registration_id, row.session_id): row for row in rows}


def refresh_units_of(persons: Iterable[int]) -> None:
    """Enter the findings of the units where these people work today: who came has learnt."""
    units = Person.objects.units_of(persons, timezone.localdate())
    jobs.enter_each("insights.refresh_unit", units)


def refold_event(event: Event) -> int:
    """Fold a whole event anew, after its sessions changed; return how many people it touched."""
    with transaction.atomic():
        ids = lock_registrations(_find_with_rows().filter(event=event).values_list("pk", flat=True))
        changed = refold(event, ids)
        rows = Registration.objects.filter(pk__in=changed)
        refresh_units_of(rows.values_list("person", flat=True))
    return len(changed)


def lock_registrations(ids: Iterable[int]) -> list[int]:
    """Lock registrations in the order of their ids, so that two writers never wait in a ring."""
    rows = Registration.objects.select_for_update(of=("self",)).filter(pk__in=list(ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _find_with_rows() -> QuerySet[Registration]:
    """Return the registrations that any scan, correction or presence speaks of."""
    return Registration.objects.filter(
        Q(pk__in=Scan.objects.filter(registration__isnull=False).values("registration"))
        | Q(pk__in=Correction.objects.values("registration"))
        | Q(pk__in=Presence.objects.values("registration"))
    )


@dataclass(frozen=True)
class PresenceDifference:
    """One presence that does not rest on its rows: what is stored and what should be."""

    registration: UUID
    session: UUID
    stored: str
    folded: str


def differences() -> Iterator[PresenceDifference]:
    """Compare every stored presence with the fold of its rows (I3); changes nothing."""
    events = Event.objects.filter(registrations__in=_find_with_rows()).distinct().order_by("pk")
    for event in events.prefetch_related("sessions"):
        ids = list(_find_with_rows().filter(event=event).values_list("pk", flat=True))
        fresh = EventRows.read(event, ids).folded(ids)
        yield from _compare(fresh, _map_stored(Presence.objects.filter(registration__event=event)))


def _compare(
    fresh: Mapping[Key, Presence], stored: Mapping[Key, Presence]
) -> Iterator[PresenceDifference]:
    keys = sorted(fresh.keys() | stored.keys())
    registrations = dict(
        Registration.objects.filter(pk__in={key[0] for key in keys}).values_list("pk", "uuid")
    )
    sessions = dict(
        Session.objects.filter(pk__in={key[1] for key in keys}).values_list("pk", "uuid")
    )
    for key in keys:
        before, after = stored.get(key), fresh.get(key)
        if before and after and before.folded_fields() == after.folded_fields():
            continue
        texts = [
            f"{row.state} {row.minutes} min of {row.built_count} rows" if row else "nothing"
            for row in (before, after)
        ]
        yield PresenceDifference(registrations[key[0]], sessions[key[1]], *texts)


def rebuild() -> list[PresenceDifference]:
    """Write every presence anew from its rows; return what was different before."""
    before = list(differences())
    for event in Event.objects.filter(registrations__in=_find_with_rows()).distinct():
        refold_event(event)
    return before


def correct(registration: Registration, correction: Correction, *, by: Account) -> Correction:
    """Write a correction beside the scans and fold anew.

    ``correction`` is a new row with its kind, target and reason; for ``add`` with time and
    direction, for ``retime`` with the time.
    """
    require(by, "correct-presence", registration)
    if registration.person_id in rows_of(by.person):
        raise Refused(
            _("You cannot correct your own attendance. Ask a colleague to do it."),
            code="own_record",
            status=403,
        )
    if len(correction.reason.strip()) < SHORTEST_REASON:
        raise Refused(_("Write why, in at least ten characters."), code="reason_missing")
    Kind = Correction.Kind  # noqa: N806 - the class
    if correction.kind == Kind.ADD:
        groups = registration.event.sessions.filter(scan_group=correction.target)
        has_time = correction.at is not None and correction.direction in Direction.values
        is_known = has_time and groups.exists()
    else:
        uids = {str(uid) for uid in registration.scans.values_list("uid", flat=True)}
        uids |= {str(uid) for uid in registration.corrections.values_list("uid", flat=True)}
        is_known = correction.target in uids
    if not is_known:
        raise Refused(_("There is no such entry to correct."), code="not_found", status=404)
    if correction.kind == Kind.RETIME and correction.at is None:
        raise Refused(_("Write the day and the time."), code="time_missing")
    with transaction.atomic():
        lock_registrations([registration.pk])
        correction.uid, correction.created_at = uuid4(), timezone.now()
        effect = history_of(registration).effect_of(correction)
        if effect != Effect.CHANGES:
            text = str(WITHOUT_EFFECT[Kind(correction.kind), effect])
            raise Refused(text, code="no_effect", status=409)
        return add_correction(registration, correction, by=by)


def add_correction(
    registration: Registration, correction: Correction, *, by: Account | None
) -> Correction:
    """Store a correction that the caller has allowed, fold and refresh, in one transaction."""
    with transaction.atomic():
        lock_registrations([registration.pk])
        correction.uid, correction.created_at = uuid4(), timezone.now()
        correction.event_id, correction.registration = registration.event_id, registration
        correction.reason, correction.by = correction.reason.strip()[:300], by
        correction.save()
        audit.record(
            f"presence.{correction.kind}",
            actor=by,
            thing=registration,
            subject=registration.person_id,
            reason=correction.reason,
        )
        if refold(registration.event, [registration.pk]):
            refresh_units_of([registration.person_id])
    return correction
