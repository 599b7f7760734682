"""Rule vectors that hold for the server and for the scanner's own copy of the rules.

Clock times stand for the day and offset named in each file; windows are given in seconds.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from attendance.arithmetic.folding import (
    Correction,
    CorrectionKind,
    Direction,
    Scan,
    ScanKind,
    Session,
    Standing,
    Windows,
)

FOLDER = Path(__file__).parent


class Vectors:
    """One file of vectors and the reading of its rows."""

    def __init__(self, name):
        raw = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        self.day, self.offset, self.rows = raw["day"], raw["offset"], raw["vectors"]

    def moment(self, clock):
        return clock and datetime.fromisoformat(f"{self.day}T{clock}{self.offset}")

    def session(self, row):
        windows = {
            name: timedelta(seconds=seconds) for name, seconds in row.get("windows", {}).items()
        }
        return Session(
            id=row["id"],
            group=row["group"],
            starts_at=self.moment(row["starts_at"]),
            ends_at=self.moment(row["ends_at"]),
            cancelled=row.get("cancelled", False),
            windows=Windows(**windows),
        )

    def scan(self, row):
        return Scan(
            uid=row.get("uid", row["at"]),
            group=row["group"],
            direction=Direction(row["direction"]),
            at=self.moment(row["at"]),
            kind=ScanKind(row.get("kind", "badge")),
            standing=Standing(row.get("standing", "counts")),
        )

    def correction(self, row):
        return Correction(
            uid=row["uid"],
            kind=CorrectionKind(row["kind"]),
            target=row["target"],
            created_at=self.moment(row["created_at"]),
            at=self.moment(row.get("at")),
            direction=Direction(row["direction"]) if "direction" in row else None,
        )
