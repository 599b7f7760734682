"""What the product brings along, beside what a region has made of it.

Content comes again with every release. A thing that stands as the last loading wrote it follows the
new text; one that somebody has changed since is kept (U122). What a loading wrote is remembered by
its digest in the audit log, in the same transaction.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clinic.records import audit
from clinic.records.audit import AuditDetail
from clinic.records.seals import canonical

VERB = "content.load"


class Settled(StrEnum):
    """What becomes of one thing when its shipped text is loaded."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass
class Tally:
    """How many things of each kind were settled which way, and the names of those kept."""

    numbers: Counter[tuple[str, Settled]] = field(default_factory=Counter)
    kept: list[tuple[str, str]] = field(default_factory=list)

    def count(self, kind: str, name: str, settled: Settled) -> None:
        """Count one thing under its kind."""
        self.numbers[kind, settled] += 1
        if settled is Settled.KEPT:
            self.kept.append((kind, name))

    @property
    def changes(self) -> int:
        """How many things were written."""
        written = (Settled.ADDED, Settled.CHANGED)
        return sum(number for (_kind, how), number in self.numbers.items() if how in written)


def digest_of(values: Any) -> str:
    """Return the SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(canonical({"values": values})).hexdigest()


def settle(*, shipped: str, current: str | None, written: str | None) -> Settled:
    """Say what to do, by the digests of the shipped text, of what stands, and of what was written.

    Args:
        shipped: of the text that comes with this release.
        current: of what stands; None where nothing does.
        written: of what the last loading wrote; None where it wrote nothing.
    """
    if current is None:
        return Settled.ADDED
    if current == shipped:
        return Settled.UNCHANGED
    return Settled.CHANGED if current == written else Settled.KEPT


def last_written(kind: str) -> dict[str, str]:
    """Return the digests of what the last loading wrote, by the thing's id in the audit log."""
    details = AuditDetail.objects.filter(entry__verb=VERB, entry__thing_type=kind)
    rows = details.order_by("entry_id").values_list("entry__thing_id", "values")
    return {thing: values.get("digest", "") for thing, values in rows}


def remember(thing: Any, digest: str, *, actor: Any = None) -> None:
    """Keep the digest of what was just written."""
    audit.record(VERB, actor=actor, thing=thing, values={"digest": digest})
