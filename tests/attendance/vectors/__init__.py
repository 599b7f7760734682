"""Rule vectors that hold for the server and for the scanner's own copy of the rules.

Clock times stand for the day and offset named in each file; windows are given in seconds.
"""

import json
from datetime import datetime
from pathlib import Path

from attendance.models import Correction, Event, Scan, Session

FOLDER = Path(__file__).parent
SECONDS_A_MINUTE = 60


class Vectors:
    """One file of vectors and the reading of its rows as rows of the database, not saved."""

    def __init__(self, name):
        raw = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        self.day, self.offset, self.rows = raw["day"], raw["offset"], raw["vectors"]

    def moment(self, clock):
        return clock and datetime.fromisoformat(f"{self.day}T{clock}{self.offset}")

    def event(self, sessions, **policies):
        windows = [row["windows"] for row in sessions if "windows" in row]
        assert len(windows) in (0, len(sessions)), "windows are those of the event"
        for one in windows:
            policies |= {name: seconds / SECONDS_A_MINUTE for name, seconds in one.items()}
        return Event(pk=1, policies=policies)

    def sessions(self, rows):
        return [
            Session(
                pk=number,
                title=row["id"],
                scan_group=row["group"],
                starts_at=self.moment(row["starts_at"]),
                ends_at=self.moment(row["ends_at"]),
                is_cancelled=row.get("cancelled", False),
            )
            for number, row in enumerate(rows, start=1)
        ]

    def scan(self, row, **fields):
        return Scan(
            uid=row.get("uid", row["at"]),
            scan_group=row["group"],
            direction=row["direction"],
            effective_at=self.moment(row["at"]),
            kind=row.get("kind", "badge"),
            standing=row.get("standing", "counts"),
            **fields,
        )

    def correction(self, row):
        return Correction(
            uid=row["uid"],
            kind=row["kind"],
            target=row["target"],
            created_at=self.moment(row["created_at"]),
            at=self.moment(row.get("at")),
            direction=row.get("direction", ""),
        )
