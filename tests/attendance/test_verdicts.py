"""Each verdict vector, and that together they reach every code."""

import pytest

from attendance.folding import CorrectedEntry
from attendance.models import Badge, Registration
from attendance.verdicts import Verdict, judge
from tests.attendance.vectors import Vectors

VECTORS = Vectors("verdicts.json")
STATES = {"held": "confirmed", "waiting": "waitlisted", "lost": "cancelled"}


def judged(raw):
    """The verdict on the scan of a vector, whose badge is of version 1."""
    token = raw.get("token", "known")
    registration = Registration(
        state=STATES[raw.get("seat", "held")],
        is_over_quota=raw.get("over_quota", False),
        token_version=2 if token == "superseded" else 1,
    )
    return judge(
        VECTORS.scan(
            raw["scan"],
            event=VECTORS.event(raw["sessions"]),
            shown="green" if raw.get("shown_green") else "",
        ),
        None if token == "unknown" else Badge(version=1),
        None if token in ("unknown", "other_event") else registration,
        sessions=VECTORS.sessions(raw["sessions"]),
        earlier=[CorrectedEntry.of(VECTORS.scan(row)) for row in raw.get("earlier", [])],
    )


@pytest.mark.parametrize("row", VECTORS.rows, ids=lambda row: row["name"])
def test_a_scan_gets_the_verdict_of_its_vector(row):
    verdict = judged(row["door"])

    said = {"code": verdict, "level": verdict.level, "standing": verdict.standing}
    assert said == row["verdict"]


def test_the_vectors_reach_every_code():
    assert {row["verdict"]["code"] for row in VECTORS.rows} == set(Verdict)
