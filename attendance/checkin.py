"""The one door for scans: list, name search, typed code and QR all end in ``record_scans``.

Every scan is stored once, by its uid, whatever the verdict. A batch is one transaction: resolve
tokens, lock the registrations it touches in the order of their ids, insert with ON CONFLICT DO
NOTHING and read the losers again, fold, write presences. A stored verdict is what was said then
and never changes; a presence is what is held now.

One item of a batch, read from plain values: what a device or the desk says it saw.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from attendance import presence
from attendance.arithmetic import folding
from attendance.arithmetic.folding import CorrectionKind, Direction, ScanKind, Standing
from attendance.arithmetic.verdicts import AtTheDoor, Code, Seat, TokenFate, Verdict, judge
from attendance.badges import TokenUnreadable, read_token, token_digest
from attendance.models import Badge, Event, Registration, RejectedItem, Scan
from attendance.presence import plain_corrections, plain_scan, plain_sessions
from attendance.registration import WalkIn, add_walk_in, locked, take_back_walk_in
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account

FIELDS = frozenset({"uid", "kind", "token", "registration", "group", "direction", "wall", "shown"})
BY_REGISTRATION = frozenset({ScanKind.MANUAL, ScanKind.WALK_IN, ScanKind.PAPER, ScanKind.IMPORT})
SHOWN = frozenset({"", "green", "amber", "red"})
LONGEST_GROUP = 20


class Malformed(Refused):
    """An item that cannot be read; the others of its batch are not touched by it."""

    code = "malformed"


@dataclass(frozen=True, kw_only=True)
class Item:
    """What was seen: a token, or a registration picked by name.

    Attributes:
        digest: SHA-256 of the token; empty where a registration was picked or no token was read.
        payload_digest: of everything the item says, so that a resend is told from a reused uid.
    """

    uid: UUID
    kind: ScanKind
    group: str
    direction: Direction
    digest: str = ""
    registration: UUID | None = None
    wall: datetime | None = None
    shown: str = ""
    payload_digest: str = ""


def read_item(raw: Any) -> Item:
    """Read one item.

    Raises:
        Malformed: a field is missing, unknown or of the wrong form.
    """
    if not isinstance(raw, Mapping) or not set(raw) <= FIELDS:
        raise Malformed
    try:
        return _parse_item(raw)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Malformed from error


def _parse_item(raw: Mapping[str, Any]) -> Item:
    kind = ScanKind(raw.get("kind", ScanKind.BADGE))
    is_picked = kind in BY_REGISTRATION
    group = raw["group"]
    if not isinstance(group, str) or not 0 < len(group) <= LONGEST_GROUP:
        raise Malformed
    wall = datetime.fromisoformat(raw["wall"]) if raw.get("wall") else None
    if wall is not None and wall.tzinfo is None:
        raise Malformed
    shown = raw.get("shown", "")
    if shown not in SHOWN:
        raise Malformed
    return Item(
        uid=UUID(str(raw["uid"])),
        kind=kind,
        group=group,
        direction=Direction(raw.get("direction", Direction.IN)),
        digest="" if is_picked else _digest(raw["token"]),
        registration=UUID(str(raw["registration"])) if is_picked else None,
        wall=wall,
        shown=shown,
        payload_digest=_payload_digest(raw),
    )


def _digest(token: str) -> str:
    """Return the token's digest; text that is no token is kept by its digest all the same."""
    try:
        return token_digest(read_token(token))
    except TokenUnreadable:
        return token_digest(token.strip()[:200])


def _payload_digest(raw: Mapping[str, Any]) -> str:
    plain = {key: str(value) for key, value in raw.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


MOST_ITEMS = 100
LONGEST_RAW = 2048
UNDO_SECONDS = 60


class TooMany(Refused):
    """A batch holds at most a hundred scans."""

    code = "too_large"
    status = 413


class UndoTooLate(Refused):
    """The minute in which a steward may take a scan back is over, or it is not theirs."""

    code = "undo_too_late"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is said of one item.

    Attributes:
        verdict: a code of ``verdicts.Code``, or ``malformed`` or ``id_reuse``.
        level: ok, warn, review, stop, or error for what became no scan.
        earlier: when the person came in, where the verdict is ``already_in``.
    """

    uid: str
    verdict: str
    level: str
    replayed: bool = False
    registration: Registration | None = None
    earlier: datetime | None = None


@dataclass
class _Batch:
    """A batch at work: what is known before judging, and what comes of it."""

    event: Event
    steward: Account | None
    now: datetime
    receipt: UUID = field(default_factory=uuid4)
    at_hand: presence.AtHand = field(default_factory=lambda: presence.AtHand([], {}, {}))
    badges: dict[str, Badge] = field(default_factory=dict)
    registrations: dict[UUID, Registration] = field(default_factory=dict)
    made: dict[int, list[folding.Scan]] = field(default_factory=dict)
    said: dict[int, list[folding.Correction]] = field(default_factory=dict)
    rows: dict[UUID, Scan] = field(default_factory=dict)
    rejected: list[RejectedItem] = field(default_factory=list)
    answered: set[UUID] = field(default_factory=set)


def record_scans(
    event: Event,
    raws: Sequence[Any],
    *,
    by: Account | None,
    now: datetime | None = None,
) -> list[Answer]:
    """Store a batch and say one thing of each item, in the order of the items (I9).

    Args:
        event: whose door it is.
        raws: up to a hundred mappings as in attendance 6: ``uid``, ``kind``, ``group``,
            ``direction``, ``token`` or ``registration``, ``wall``, ``shown``.
        by: the steward; None only for the loading of past scans.
        now: moment of receipt; for the loading of past scans.

    Raises:
        TooMany: more than a hundred items; nothing is stored.
        PermissionDenied, Http404: the account does not run this event's door.
    """
    if by is not None:
        require(by, "record-scan", event)
    if len(raws) > MOST_ITEMS:
        raise TooMany(_("At most 100 scans at a time."))
    batch = _Batch(event=event, steward=by, now=now or timezone.now())
    items = [_read(batch, raw) for raw in raws]
    readable = [item for item in items if isinstance(item, Item)]
    with transaction.atomic():
        stored = _look_up(batch, readable)
        for item in readable:
            if item.uid not in stored and item.uid not in batch.rows:
                batch.rows[item.uid] = _judged(batch, item)
        final = _insert(batch, stored)
        answers = [_answer(batch, item, raw, final) for item, raw in zip(items, raws, strict=True)]
        RejectedItem.objects.bulk_create(batch.rejected)
        _fold(batch)
    return answers


def _read(batch: _Batch, raw: Any) -> Item | str:
    try:
        return read_item(raw)
    except Malformed:
        _reject(batch, raw, Malformed.code)
        return str(raw.get("uid", "")) if isinstance(raw, Mapping) else ""


def _reject(batch: _Batch, raw: Any, code: str) -> None:
    text = json.dumps(raw, default=str, ensure_ascii=False)[:LONGEST_RAW].replace("\x00", "")
    batch.rejected.append(
        RejectedItem(event=batch.event, raw=text, code=code, received_at=batch.now)
    )


def _look_up(batch: _Batch, items: Sequence[Item]) -> dict[UUID, Scan]:
    """Find whom the items speak of, lock them, and return the scans stored before by uid."""
    digests = {item.digest for item in items if item.digest}
    found = Badge.objects.filter(token_digest__in=digests).select_related("registration")
    batch.badges = {badge.token_digest: badge for badge in found}
    picked = {item.registration for item in items if item.registration}
    own = [
        badge.registration.uuid
        for badge in batch.badges.values()
        if badge.registration.event_id == batch.event.pk
    ]
    rows = Registration.objects.select_for_update(of=("self",)).filter(
        event=batch.event, uuid__in=[*picked, *own]
    )
    batch.registrations = {row.uuid: row for row in rows.select_related("person").order_by("pk")}
    own_keys = [row.pk for row in batch.registrations.values()]
    uids = [item.uid for item in items]
    earlier = _scans_of(own_keys, uids)
    batch.at_hand = presence.AtHand.read(batch.event, own_keys, made=earlier)
    batch.made = {
        key: [plain_scan(row) for row in rows] for key, rows in batch.at_hand.made.items()
    }
    batch.said = {key: plain_corrections(rows) for key, rows in batch.at_hand.said.items()}
    return {row.uid: row for row in earlier if row.uid in set(uids)}


def _scans_of(registrations: Sequence[int], uids: Iterable[UUID]) -> list[Scan]:
    rows = Scan.objects.filter(Q(registration__in=registrations) | Q(uid__in=list(uids)))
    return list(rows.select_related("registration__person"))


def _whom(batch: _Batch, item: Item) -> tuple[Registration | None, TokenFate]:
    if item.registration is not None:
        found = batch.registrations.get(item.registration)
        return found, TokenFate.KNOWN if found else TokenFate.UNKNOWN
    badge = batch.badges.get(item.digest)
    if badge is None:
        return None, TokenFate.UNKNOWN
    found = batch.registrations.get(badge.registration.uuid)
    if found is None:
        return None, TokenFate.OTHER_EVENT
    is_present = badge.version == found.token_version
    return found, TokenFate.KNOWN if is_present else TokenFate.SUPERSEDED


def _judged(batch: _Batch, item: Item) -> Scan:
    """Judge an item and make the row that tells of it; it counts for the items after it."""
    registration, fate = _whom(batch, item)
    at = min(item.wall, batch.now) if item.wall else batch.now
    plain = folding.Scan(
        uid=str(item.uid), group=item.group, direction=item.direction, at=at, kind=item.kind
    )
    verdict = judge(_door(batch, item, plain, registration, fate))
    if registration is not None:
        batch.made.setdefault(registration.pk, []).append(
            folding.Scan(**{**vars(plain), "standing": verdict.standing})
        )
    return Scan(
        uid=item.uid,
        event=batch.event,
        registration=registration,
        scan_group=item.group,
        token_digest=item.digest,
        kind=item.kind,
        direction=item.direction,
        steward=batch.steward,
        wall=item.wall,
        effective_at=at,
        received_at=batch.now,
        shown=item.shown,
        payload_digest=item.payload_digest,
        verdict=verdict.code,
        standing=verdict.standing,
        receipt=batch.receipt,
    )


def _door(  # noqa: PLR0917 - all that is known when a scan is judged
    batch: _Batch,
    item: Item,
    plain: folding.Scan,
    registration: Registration | None,
    fate: TokenFate,
) -> AtTheDoor:
    group = [
        one
        for one in plain_sessions(batch.event, batch.at_hand.sessions)
        if one.group == item.group and not one.cancelled
    ]
    return AtTheDoor(
        scan=plain,
        token=fate,
        seat=Registration.State(registration.state).seat if registration else Seat.HELD,
        shown_green=item.shown == "green",
        over_quota=registration.is_over_quota if registration else False,
        sessions=group,
        earlier=_earlier(batch, registration, plain) if registration else (),
    )


def _earlier(batch: _Batch, registration: Registration, plain: folding.Scan) -> list[folding.Scan]:
    """Return what counts of this person up to the scan, as corrected."""
    held, _void = folding.corrected(
        batch.made.get(registration.pk, ()), batch.said.get(registration.pk, ())
    )
    return [
        one
        for one in held
        if one.standing is Standing.COUNTS and (one.at, one.uid) <= (plain.at, plain.uid)
    ]


def _insert(batch: _Batch, stored: dict[UUID, Scan]) -> dict[UUID, Scan]:
    """Insert what is new and return the row that stands for each uid, a rival's included."""
    if not batch.rows:
        return stored
    Scan.objects.bulk_create(batch.rows.values(), ignore_conflicts=True)
    rows = _scans_of(_touched(batch), batch.rows)
    batch.at_hand = presence.AtHand(
        batch.at_hand.sessions, presence.by_registration(rows), batch.at_hand.said
    )
    return {**stored, **{row.uid: row for row in rows if row.uid in batch.rows}}


def _touched(batch: _Batch) -> list[int]:
    return sorted({row.registration_id for row in batch.rows.values() if row.registration_id})


def _fold(batch: _Batch) -> None:
    """Bring the presences in line; where one changed, the findings of its person's units follow."""
    if not batch.rows:
        return
    changed = presence.refold(batch.event, _touched(batch), at_hand=batch.at_hand)
    rows = [row for row in batch.registrations.values() if row.pk in changed]
    presence.refresh_units_of(row.person_id for row in rows)


def _answer(batch: _Batch, item: Item | str, raw: Any, final: dict[UUID, Scan]) -> Answer:
    if not isinstance(item, Item):
        return Answer(uid=item, verdict=Malformed.code, level="error")
    row = final[item.uid]
    if row.payload_digest != item.payload_digest or row.event_id != batch.event.pk:
        _reject(batch, raw, "id_reuse")
        return Answer(uid=str(item.uid), verdict="id_reuse", level="error")
    is_ours = row.receipt == batch.receipt and item.uid not in batch.answered
    batch.answered.add(item.uid)
    verdict = Verdict(Code(row.verdict))
    return Answer(
        uid=str(item.uid),
        verdict=row.verdict,
        level=verdict.level.value,
        replayed=not is_ours,
        registration=row.registration,
        earlier=_came_in(batch, row) if row.verdict == Code.ALREADY_IN else None,
    )


def _came_in(batch: _Batch, row: Scan) -> datetime | None:
    own = batch.made.get(row.registration_id or 0, ())
    before = [
        one.at
        for one in own
        if one.group == row.scan_group and one.uid != str(row.uid) and one.at <= row.effective_at
    ]
    return min(before, default=None)


def record_walk_in(event: Event, guest: WalkIn, raw: Mapping[str, Any], *, by: Account) -> Answer:
    """Add somebody who is not on the list and record them, as one act.

    A form sent twice adds nobody twice: the scan's uid is known.

    Raises:
        NameMissing, PermissionDenied, Http404: as ``registration.add_walk_in`` says.
    """
    with transaction.atomic():
        locked(event)
        known = event.scans.filter(uid=raw["uid"], kind=ScanKind.WALK_IN).first()
        row = known.registration if known else None
        row = row or add_walk_in(event, guest, actor=by)
        item = {**raw, "kind": ScanKind.WALK_IN.value, "registration": str(row.uuid)}
        return record_scans(event, [item], by=by)[0]


def undo(event: Event, uid: UUID, *, by: Account, now: datetime | None = None) -> None:
    """Take back one's own scan within a minute: a void beside it, nothing is erased.

    A registration that this very scan brought with it, a walk-in of whom nothing else is recorded,
    is cancelled too.

    Raises:
        UndoTooLate: the minute is over, or somebody else made the scan.
        PermissionDenied, Http404: the account does not run this event's door.
    """
    require(by, "record-scan", event)
    now = now or timezone.now()
    row = Scan.objects.filter(event=event, uid=uid, steward=by, registration__isnull=False).first()
    if row is None or now - row.received_at > timedelta(seconds=UNDO_SECONDS):
        raise UndoTooLate(_("The minute to undo is over. Ask an organiser to correct the entry."))
    held = row.registration
    if held is None or held.corrections.filter(kind=CorrectionKind.VOID, target=str(uid)).exists():
        return
    act = presence.Act(
        kind=CorrectionKind.VOID, target=str(uid), reason=_("Undone at once at the desk")
    )
    with transaction.atomic():
        if _came_with(row, held):
            take_back_walk_in(held, actor=by)
        presence.add_correction(held, act, by=by)


def _came_with(scan: Scan, held: Registration) -> bool:
    """Tell whether the act that made the scan made the registration, and nothing came since."""
    return (
        scan.kind == ScanKind.WALK_IN
        and held.state == Registration.State.WALK_IN
        and held.created_by_id == scan.steward_id
        and not held.scans.exclude(uid=scan.uid).exists()
        and not held.corrections.exists()
    )
