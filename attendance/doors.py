"""What the desk sees: whom to record next, whom it has recorded, what is to be checked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from attendance.arithmetic.folding import State, is_in_window
from attendance.arithmetic.scans import Direction
from attendance.arithmetic.verdicts import Code
from attendance.boards import Line
from attendance.models import Event, Scan, Session
from attendance.plain import plain_sessions


@dataclass(frozen=True)
class DeskRow:
    """One person at the desk.

    Attributes:
        uid: of the scan that the row's button would make.
        recorded_at: when an entry that is to be checked was made.
        may_record: a press would say something new.
    """

    line: Line
    uid: UUID
    recorded_at: datetime | None
    may_record: bool


@dataclass(frozen=True)
class Lists:
    """Whom the desk waits for, and who is done; each by unit in official order, then by name."""

    ahead: list[DeskRow]
    done: list[DeskRow]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk of one scan group at one moment, for one direction."""

    event: Event
    sessions: Sequence[Session]
    direction: Direction
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether an entry made now lies in the hours of the group."""
        plain = plain_sessions(self.event, self.sessions)
        return is_in_window(self.now, [one for one in plain if not one.cancelled])

    def lists_of(self, lines: Iterable[Line]) -> Lists:
        """Part the lines into who is still to be recorded and who is done (one query)."""
        lines = list(lines)
        seen = self._seen([line for line in lines if line.state is State.REVIEW])
        is_open = self.is_open
        rows = [
            DeskRow(
                line,
                uuid4(),
                seen.get(line.registration.pk),
                may_record=is_open or line.registration.pk not in seen,
            )
            for line in lines
        ]
        done = [row for row in rows if self._is_done(row.line)]
        ahead = [row for row in rows if not self._is_done(row.line)]
        if self.direction is Direction.OUT:
            ahead.sort(key=lambda row: not row.line.is_there)
        return Lists(ahead, done)

    def _is_done(self, line: Line) -> bool:
        has_left = line.last_out is not None
        return line.is_there and (self.direction is Direction.IN or has_left)

    def _seen(self, lines: Sequence[Line]) -> dict[int, datetime]:
        """Return the last entry of those whose attendance is to be checked."""
        rows = Scan.objects.filter(
            event=self.event,
            scan_group__in={one.scan_group for one in self.sessions},
            registration__in=[line.registration.pk for line in lines],
        ).order_by("effective_at")
        return dict(rows.values_list("registration", "effective_at"))


def came_before(scan: Scan) -> datetime | None:
    """Return when somebody came who was recorded before."""
    if scan.verdict != Code.ALREADY_IN:
        return None
    rows = Scan.objects.filter(
        registration=scan.registration_id,
        scan_group=scan.scan_group,
        effective_at__lte=scan.effective_at,
    ).exclude(uid=scan.uid)
    return rows.order_by("effective_at").values_list("effective_at", flat=True).first()
