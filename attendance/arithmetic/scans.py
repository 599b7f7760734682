"""What happened at the doors, and what people corrected about it, as values.

A scan is a record, not a request: it stays as it was, and corrections stand beside it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Direction(StrEnum):
    """In or out, from the mode of the device; never guessed from an earlier scan."""

    IN = "in"
    OUT = "out"


class Assurance(StrEnum):
    """How surely a presence is known, strongest first."""

    WITNESSED = "witnessed"
    COUNTERSIGNED = "countersigned"
    PAPER = "paper"
    MANUAL = "manual"
    SELF = "self"


class ScanKind(StrEnum):
    """How a scan came about."""

    BADGE = "badge"
    SELF = "self"
    MANUAL = "manual"
    KIOSK = "kiosk"
    WALK_IN = "walk_in"
    SUBSTITUTE = "substitute"
    PAPER = "paper"
    IMPORT = "import"


ASSURANCE_OF = {
    ScanKind.BADGE: Assurance.WITNESSED,
    ScanKind.WALK_IN: Assurance.WITNESSED,
    ScanKind.SUBSTITUTE: Assurance.WITNESSED,
    ScanKind.MANUAL: Assurance.MANUAL,
    ScanKind.IMPORT: Assurance.MANUAL,
    ScanKind.PAPER: Assurance.PAPER,
    ScanKind.SELF: Assurance.SELF,
    ScanKind.KIOSK: Assurance.SELF,
}


class Standing(StrEnum):
    """Whether a scan counts by itself; one that waits is shown for review, one stopped is not.

    A supervisor's acceptance makes either count.
    """

    COUNTS = "counts"
    WAITS = "waits"
    STOPPED = "stopped"


class CorrectionKind(StrEnum):
    """What a supervisor may say about a scan, or add where one is missing."""

    ADD = "add"
    VOID = "void"
    UNVOID = "unvoid"
    RETIME = "retime"
    ACCEPT = "accept"


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Times around a session: scans count from ``opens`` before to ``closes`` after it.

    Who comes more than ``late`` after the start is late; who goes more than ``early`` before the
    end has left early.
    """

    opens: timedelta = timedelta(minutes=30)
    late: timedelta = timedelta(minutes=15)
    early: timedelta = timedelta(minutes=15)
    closes: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as planned; sessions of one scan group share scans and do not overlap."""

    id: str
    group: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False
    windows: Windows = Windows()


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One scan of one registration, at its corrected time.

    Attributes:
        uid: given by the device; a scan is known by it, and it breaks ties of time.
        at: effective time, fixed at receipt.
        accepted: a supervisor let it count, or countersigned what the person claimed alone.
    """

    uid: str
    group: str
    direction: Direction
    at: datetime
    kind: ScanKind = ScanKind.BADGE
    standing: Standing = Standing.COUNTS
    accepted: bool = False

    @property
    def assurance(self) -> Assurance:
        own = ASSURANCE_OF[self.kind]
        return Assurance.COUNTERSIGNED if self.accepted and own is Assurance.SELF else own


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction; the last by (created_at, uid) of its kind wins.

    Attributes:
        target: uid of a scan, or of the correction that added one; for ``add`` the scan group.
        at: for ``add`` and ``retime`` the time that holds.
        direction: for ``add`` needed, for ``retime`` only if it was wrong.
    """

    uid: str
    kind: CorrectionKind
    target: str
    created_at: datetime
    at: datetime | None = None
    direction: Direction | None = None


def corrected(
    scans: Iterable[Scan], corrections: Iterable[Correction]
) -> tuple[list[Scan], set[str]]:
    """Apply corrections to scans, whatever order both come in.

    Returns:
        The scans that hold, those added included, sorted by (at, uid); and the uids voided.
    """
    once = {correction.uid: correction for correction in corrections}
    ordered = sorted(once.values(), key=lambda one: (one.created_at, one.uid))
    said: dict[str, list[Correction]] = {}
    for correction in ordered:
        said.setdefault(correction.target, []).append(correction)
    every = {scan.uid: scan for scan in [*scans, *_added(ordered)]}
    void = {uid for uid in every if _is_void(said.get(uid, ()))}
    held = [_restated(scan, said.get(uid, ())) for uid, scan in every.items() if uid not in void]
    return sorted(held, key=lambda scan: (scan.at, scan.uid)), void


def _added(corrections: Iterable[Correction]) -> Iterator[Scan]:
    for one in corrections:
        if one.kind is CorrectionKind.ADD and one.at and one.direction:
            yield Scan(
                uid=one.uid,
                group=one.target,
                direction=one.direction,
                at=one.at,
                kind=ScanKind.MANUAL,
                accepted=True,
            )


def _is_void(said: Iterable[Correction]) -> bool:
    void = False
    for one in said:
        if one.kind in (CorrectionKind.VOID, CorrectionKind.UNVOID):
            void = one.kind is CorrectionKind.VOID
    return void


def _restated(scan: Scan, said: Iterable[Correction]) -> Scan:
    for one in said:
        if one.kind is CorrectionKind.ACCEPT:
            scan = replace(scan, standing=Standing.COUNTS, accepted=True)
        elif one.kind is CorrectionKind.RETIME:
            scan = replace(scan, at=one.at or scan.at, direction=one.direction or scan.direction)
    return scan
