"""Each verdict vector, and that together they reach every code."""

import pytest

from attendance.arithmetic.verdicts import (
    AtTheDoor,
    Code,
    Seat,
    TokenFate,
    Verdict,
    judge,
)
from tests.attendance.vectors import Vectors

VECTORS = Vectors("verdicts.json")


def door_of(raw):
    return AtTheDoor(
        scan=VECTORS.scan(raw["scan"]),
        token=TokenFate(raw.get("token", "known")),
        seat=Seat(raw.get("seat", "held")),
        shown_green=raw.get("shown_green", False),
        is_enrolled=raw.get("is_enrolled", True),
        over_quota=raw.get("over_quota", False),
        sessions=[VECTORS.session(row) for row in raw["sessions"]],
        earlier=[VECTORS.scan(row) for row in raw.get("earlier", [])],
    )


@pytest.mark.parametrize("row", VECTORS.rows, ids=lambda row: row["name"])
def test_a_scan_gets_the_verdict_of_its_vector(row):
    verdict = judge(door_of(row["door"]))

    said = {"code": verdict.code, "level": verdict.level, "standing": verdict.standing}
    assert said == row["verdict"]


def test_the_vectors_reach_every_code():
    assert {row["verdict"]["code"] for row in VECTORS.rows} == set(Code)


def test_the_words_shown_are_named_by_the_code():
    assert Verdict(Code.ALREADY_IN).message == "checkin.already_in"
