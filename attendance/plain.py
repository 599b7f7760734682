"""Rows of the database as the values that the fold takes."""

from collections.abc import Iterable

from attendance.arithmetic import scans
from attendance.arithmetic.effects import History
from attendance.arithmetic.folding import FoldRules
from attendance.arithmetic.stays import Closing
from attendance.models import Correction, Event, Registration, Scan, Session


def plain_sessions(event: Event, sessions: Iterable[Session]) -> list[scans.Session]:
    """Return sessions as the fold takes them, with the windows of the event."""
    names = ("opens", "late", "early", "closes")
    windows = scans.Windows(**{name: event.minutes_of(name) for name in names})
    return [
        scans.Session(
            id=str(one.pk),
            group=one.scan_group,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            cancelled=one.is_cancelled,
            windows=windows,
        )
        for one in sessions
    ]


def plain_scan(row: Scan) -> scans.Scan:
    """Return a stored scan as the fold takes it."""
    return scans.Scan(
        uid=str(row.uid),
        group=row.scan_group,
        direction=scans.Direction(row.direction),
        at=row.effective_at,
        kind=scans.ScanKind(row.kind),
        standing=scans.Standing(row.standing),
    )


def plain_corrections(rows: Iterable[Correction]) -> list[scans.Correction]:
    """Return stored corrections as the fold takes them."""
    return [
        scans.Correction(
            uid=str(row.uid),
            kind=scans.CorrectionKind(row.kind),
            target=row.target,
            created_at=row.created_at,
            at=row.at,
            direction=scans.Direction(row.direction) if row.direction else None,
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
