"""One item of a batch, read from plain values: what a device or the desk says it saw."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from attendance.arithmetic.scans import Direction, ScanKind
from attendance.arithmetic.tokens import TokenUnreadable, read_token, token_digest
from clinic.lib.errors import Refused

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
        return _read(raw)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Malformed from error


def _read(raw: Mapping[str, Any]) -> Item:
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
