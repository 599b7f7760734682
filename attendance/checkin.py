"""The one way to record scans: list, name search, typed code and QR all end in ``record_scans``.

Every scan is stored once, by its uid, whatever the verdict. A batch is one transaction: resolve
tokens, lock the registrations it touches in the order of their ids, insert with ON CONFLICT DO
NOTHING and read the losers again, fold, write presences. A stored verdict is what was said then
and never changes; a presence is what holds now.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from attendance import presence
from attendance.badges import TokenUnreadable, read_token, token_digest
from attendance.folding import CorrectedEntry, apply_corrections
from attendance.models import (
    Badge,
    Correction,
    Direction,
    Event,
    Registration,
    RejectedItem,
    Scan,
)
from attendance.registration import add_again, add_walk_in, lock_event, take_back_walk_in
from attendance.verdicts import Verdict, judge
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account, Unit

MOST_ITEMS = 100
LONGEST_RAW = 2048
LONGEST_GROUP = 20
UNDO_SECONDS = 60
FIELDS = frozenset({"uid", "kind", "token", "registration", "group", "direction", "wall", "shown"})
BY_REGISTRATION = (Scan.Kind.MANUAL, Scan.Kind.WALK_IN, Scan.Kind.PAPER, Scan.Kind.IMPORT)
COLOURS = ("", "green", "amber", "red")
MALFORMED, ID_REUSE = "malformed", "id_reuse"


@dataclass(frozen=True, kw_only=True)
class ScanAnswer:
    """What is answered to one item.

    Attributes:
        verdict: a ``Verdict``, or ``malformed`` or ``id_reuse``.
        level: ok, warn, review, stop, or error for what became no scan.
    """

    uid: str
    verdict: str
    level: str
    replayed: bool = False
    registration: Registration | None = None


def record_scans(
    event: Event, raws: Sequence[Any], *, by: Account | None, now: datetime | None = None
) -> list[ScanAnswer]:
    """Store a batch and answer each item, in the order of the items (I9).

    Args:
        event: at whose entrance it was.
        raws: up to a hundred mappings with ``uid``, ``kind``, ``group``, ``direction``, ``token``
            or ``registration``, ``wall``, ``shown``; one that cannot be read spoils no other.
        by: who recorded them; None only for the loading of past scans.
        now: moment of receipt; for the loading of past scans.
    """
    if by is not None:
        require(by, "record-scan", event)
    if len(raws) > MOST_ITEMS:
        raise Refused(_("At most 100 scans at a time."), code="too_large", status=413)
    now, receipt = now or timezone.now(), uuid4()
    items = [_read_item(raw) for raw in raws]
    for item in items:
        if item is not None:
            scan, _picked = item
            scan.event, scan.steward, scan.received_at, scan.receipt = event, by, now, receipt
            scan.effective_at = min(scan.wall, now) if scan.wall else now
    with transaction.atomic():
        stored, rows = _store_scans(event, [item for item in items if item is not None])
        answers: list[ScanAnswer] = []
        rejected: list[RejectedItem] = []
        answered: set[UUID] = set()
        for raw, item in zip(raws, items, strict=True):
            if item is None:
                uid = str(raw.get("uid", "")) if isinstance(raw, Mapping) else ""
                answers.append(ScanAnswer(uid=uid, verdict=MALFORMED, level="error"))
                rejected.append(_reject(event, raw, MALFORMED, now))
                continue
            sent, row = item[0], stored[item[0].uid]
            if row.payload_digest != sent.payload_digest or row.event_id != event.pk:
                answers.append(ScanAnswer(uid=str(sent.uid), verdict=ID_REUSE, level="error"))
                rejected.append(_reject(event, raw, ID_REUSE, now))
                continue
            is_new = row.receipt == receipt and row.uid not in answered
            answered.add(row.uid)
            verdict = Verdict(row.verdict)
            answers.append(
                ScanAnswer(
                    uid=str(row.uid),
                    verdict=verdict.value,
                    level=verdict.level.value,
                    replayed=not is_new,
                    registration=row.registration,
                )
            )
        RejectedItem.objects.bulk_create(rejected)
        own = [row.registration for row in stored.values() if row.receipt == receipt]
        touched = {row.pk: row for row in own if row is not None}
        if touched:
            changed = presence.refold(event, touched, rows=rows)
            presence.refresh_units_of(touched[key].person_id for key in changed)
    return answers


def _read_item(raw: Any) -> tuple[Scan, UUID | None] | None:
    """Read one item into a scan that is not judged yet, and the registration that was picked."""
    if not isinstance(raw, Mapping) or not set(raw) <= FIELDS:
        return None
    try:
        kind = Scan.Kind(raw.get("kind", Scan.Kind.BADGE))
        is_picked = kind in BY_REGISTRATION
        wall = datetime.fromisoformat(raw["wall"]) if raw.get("wall") else None
        group, shown = raw["group"], raw.get("shown", "")
        if not isinstance(group, str) or not 0 < len(group) <= LONGEST_GROUP:
            return None
        if shown not in COLOURS or (wall is not None and wall.tzinfo is None):
            return None
        plain = {key: str(value) for key, value in raw.items()}
        scan = Scan(
            uid=UUID(str(raw["uid"])),
            kind=kind,
            scan_group=group,
            direction=Direction(raw.get("direction", Direction.IN)),
            token_digest="" if is_picked else _digest_token(raw["token"]),
            wall=wall,
            shown=shown,
            # Of everything the item says, so that a resend is told from a reused uid.
            payload_digest=hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest(),
        )
        return scan, UUID(str(raw["registration"])) if is_picked else None
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _reject(event: Event, raw: Any, code: str, now: datetime) -> RejectedItem:
    text = json.dumps(raw, default=str, ensure_ascii=False)[:LONGEST_RAW].replace("\x00", "")
    return RejectedItem(event=event, raw=text, code=code, received_at=now)


def _digest_token(token: str) -> str:
    """Return the token's digest; text that is no token is stored by its digest all the same."""
    try:
        return token_digest(read_token(token))
    except TokenUnreadable:
        return token_digest(token.strip()[:200])


def _store_scans(
    event: Event, items: Sequence[tuple[Scan, UUID | None]]
) -> tuple[dict[UUID, Scan], presence.EventRows]:
    """Judge and insert what is new; return the row that stands for each uid, a rival's included.

    The registrations that the items speak of stay locked, in the order of their ids.
    """
    digests = {scan.token_digest for scan, _picked in items if scan.token_digest}
    badges = {
        badge.token_digest: badge
        for badge in Badge.objects.filter(token_digest__in=digests).select_related("registration")
    }
    wanted = {picked for _scan, picked in items if picked}
    wanted |= {
        badge.registration.uuid
        for badge in badges.values()
        if badge.registration.event_id == event.pk
    }
    locked = Registration.objects.select_for_update(of=("self",)).select_related("person")
    registrations = {
        row.uuid: row for row in locked.filter(event=event, uuid__in=wanted).order_by("pk")
    }
    keys = [row.pk for row in registrations.values()]
    uids = {scan.uid for scan, _picked in items}
    known = _read_scans(keys, uids)
    stored = {row.uid: row for row in known if row.uid in uids}
    rows = presence.EventRows.read(event, keys, scans=known)

    new: dict[UUID, Scan] = {}
    for scan, picked in items:
        if scan.uid in stored or scan.uid in new:
            continue
        new[scan.uid] = scan
        badge = badges.get(scan.token_digest) if picked is None else None
        uuid = badge.registration.uuid if badge else picked
        scan.registration = registration = registrations.get(uuid) if uuid else None
        verdict = judge(
            scan,
            badge,
            registration,
            sessions=[
                session
                for session in rows.sessions
                if session.scan_group == scan.scan_group and not session.is_cancelled
            ],
            earlier=_list_counted_before(scan, rows),
        )
        scan.verdict, scan.standing = verdict.value, verdict.standing
        if registration is not None:
            rows.scans.setdefault(registration.pk, []).append(scan)
    if not new:
        return stored, rows
    Scan.objects.bulk_create(new.values(), ignore_conflicts=True)
    # Where another batch was quicker, its row stands; the fold rests on what is stored.
    touched = {scan.registration_id for scan in new.values() if scan.registration_id}
    final = _read_scans(list(touched), set(new))
    stored |= {row.uid: row for row in final if row.uid in new}
    rows.scans.update(presence.scans_by_registration(final))
    return stored, rows


def _read_scans(registrations: Sequence[int], uids: set[UUID]) -> list[Scan]:
    rows = Scan.objects.filter(Q(registration__in=registrations) | Q(uid__in=uids))
    return list(rows.select_related("registration__person"))


def _list_counted_before(scan: Scan, rows: presence.EventRows) -> list[CorrectedEntry]:
    """Return what counts of this person up to the scan, as corrected."""
    key = scan.registration_id or 0
    entries, _void = apply_corrections(rows.scans.get(key, ()), rows.corrections.get(key, ()))
    at = (scan.effective_at, str(scan.uid))
    return [
        entry
        for entry in entries
        if entry.standing == Scan.Standing.COUNTS and (entry.at, entry.uid) <= at
    ]


def came_before(scan: Scan) -> datetime | None:
    """Return when somebody came who was recorded before."""
    if scan.verdict != Verdict.ALREADY_IN:
        return None
    rows = Scan.objects.filter(
        registration=scan.registration_id,
        scan_group=scan.scan_group,
        effective_at__lte=scan.effective_at,
    ).exclude(uid=scan.uid)
    return rows.order_by("effective_at").values_list("effective_at", flat=True).first()


def record_walk_in(
    event: Event,
    raw: Mapping[str, Any],
    *,
    name: str,
    unit: Unit,
    nip: str = "",
    is_other: bool = False,
    by: Account,
) -> ScanAnswer:
    """Add somebody who is not on the list and record them, as one act.

    A form sent twice adds nobody twice: the scan's uid is known. Where the name or NIP is on the
    list nothing happens until somebody has looked (``ListedAlready``).
    """
    with transaction.atomic():
        lock_event(event)
        known = event.scans.filter(uid=raw["uid"], kind=Scan.Kind.WALK_IN).first()
        row = known.registration if known else None
        row = row or add_walk_in(event, name=name, unit=unit, nip=nip, is_other=is_other, actor=by)
        return _record_at_the_desk(event, raw, row, by=by)


def record_listed(
    event: Event, raw: Mapping[str, Any], registration: Registration, *, by: Account
) -> ScanAnswer:
    """Record the person on the list whom a walk-in turned out to be, as one act."""
    with transaction.atomic():
        lock_event(event)
        known = event.scans.filter(uid=raw["uid"], kind=Scan.Kind.WALK_IN).first()
        row = known.registration if known else None
        return _record_at_the_desk(event, raw, row or add_again(registration, actor=by), by=by)


def _record_at_the_desk(
    event: Event, raw: Mapping[str, Any], row: Registration, *, by: Account
) -> ScanAnswer:
    item = {**raw, "kind": Scan.Kind.WALK_IN.value, "registration": str(row.uuid)}
    return record_scans(event, [item], by=by)[0]


def undo(event: Event, uid: UUID, *, by: Account, now: datetime | None = None) -> None:
    """Take back one's own scan within a minute: a void beside it, nothing is erased.

    A registration that this very scan brought with it, a walk-in of whom nothing else is recorded,
    is cancelled too.
    """
    require(by, "record-scan", event)
    now = now or timezone.now()
    row = Scan.objects.filter(event=event, uid=uid, steward=by, registration__isnull=False).first()
    if row is None or now - row.received_at > timedelta(seconds=UNDO_SECONDS):
        raise Refused(
            _("The minute to undo is over. Ask an organiser to correct the entry."),
            code="undo_too_late",
            status=409,
        )
    registration = row.registration
    voids = Correction.objects.filter(kind=Correction.Kind.VOID, target=str(uid))
    if registration is None or voids.filter(registration=registration).exists():
        return
    void = Correction(
        kind=Correction.Kind.VOID, target=str(uid), reason=_("Undone at once at the desk")
    )
    came_with_the_scan = (
        row.kind == Scan.Kind.WALK_IN
        and registration.state == Registration.State.WALK_IN
        and registration.created_by_id == row.steward_id
        and not registration.scans.exclude(uid=uid).exists()
        and not registration.corrections.exists()
    )
    with transaction.atomic():
        if came_with_the_scan:
            take_back_walk_in(registration, actor=by)
        presence.add_correction(registration, void, by=by)
