"""Each fold vector, named by its check-in rule, and what time alone changes."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance.arithmetic.folding import (
    Closing,
    Direction,
    Flag,
    FoldRules,
    Presence,
    Scan,
    Session,
    Standing,
    State,
    fold,
    state_at,
)
from tests.attendance.vectors import Vectors

VECTORS = Vectors("folds.json")
START = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
MORNING = Session(id="s1", group="d1", starts_at=START, ends_at=START + timedelta(hours=4))


def rules_of(raw):
    enrolled = raw.get("enrolled")
    return FoldRules(
        closing=Closing(raw.get("closing", "close_at_end")),
        enrolled=None if enrolled is None else frozenset(enrolled),
        excused=frozenset(raw.get("excused", ())),
    )


def presence_of(raw):
    return Presence(
        session=raw["session"],
        state=State(raw["state"]),
        assurance=raw["assurance"],
        first_in=VECTORS.moment(raw["first_in"]),
        last_out=VECTORS.moment(raw["last_out"]),
        minutes=raw["minutes"],
        intervals=tuple(tuple(map(VECTORS.moment, pair)) for pair in raw["intervals"]),
        flags=frozenset(map(Flag, raw["flags"])),
    )


@pytest.mark.parametrize("row", VECTORS.rows, ids=lambda row: row["name"])
def test_scans_fold_as_their_vector_says(row):
    folded = fold(
        [VECTORS.session(one) for one in row["sessions"]],
        [VECTORS.scan(one) for one in row["scans"]],
        [VECTORS.correction(one) for one in row["corrections"]],
        rules=rules_of(row["rules"]),
    )

    assert list(folded.presences) == [presence_of(one) for one in row["presences"]]
    assert {uid: sorted(flags) for uid, flags in folded.scan_flags.items()} == row["scan_flags"]
    assert folded.built_from.count == len(row["scans"]) + len(row["corrections"])


def scanned(uid, hours, direction=Direction.IN):
    return Scan(uid=uid, group="d1", direction=direction, at=START + timedelta(hours=hours))


def test_who_did_not_come_is_absent_once_the_session_is_over():
    presence = fold([MORNING], []).presences[0]

    assert state_at(presence, MORNING, MORNING.ends_at - timedelta(seconds=1)) is State.EXPECTED
    assert state_at(presence, MORNING, MORNING.ends_at) is State.ABSENT


def test_who_never_scanned_out_where_that_is_asked_is_for_review_afterwards():
    presence = fold([MORNING], [scanned("a", 0)], rules=FoldRules(closing=Closing.ZERO)).presences[
        0
    ]

    assert state_at(presence, MORNING, START + timedelta(hours=1)) is State.PRESENT
    assert state_at(presence, MORNING, MORNING.ends_at) is State.REVIEW


def test_who_came_stays_present_afterwards():
    presence = fold([MORNING], [scanned("a", 0)]).presences[0]

    assert state_at(presence, MORNING, MORNING.ends_at) is State.PRESENT


def test_the_digest_tells_other_rows_apart():
    first = fold([MORNING], [scanned("a", 0)]).built_from
    second = fold([MORNING], [scanned("b", 0)]).built_from

    assert first.count == second.count == 1
    assert first.digest != second.digest


def test_sessions_come_in_the_order_of_the_day():
    later = Session(
        id="s0",
        group="d2",
        starts_at=START + timedelta(days=1),
        ends_at=START + timedelta(days=1, hours=1),
    )

    assert [one.session for one in fold([later, MORNING], []).presences] == ["s1", "s0"]


def test_a_session_of_another_group_shows_only_what_was_scanned_of_it():
    other = Session(id="x", group="d9", starts_at=MORNING.starts_at, ends_at=MORNING.ends_at)
    stopped = Scan(uid="b", group="d9", direction=Direction.IN, at=START, standing=Standing.STOPPED)
    rules = FoldRules(enrolled=frozenset({"d1"}))

    assert [one.session for one in fold([MORNING, other], [stopped], rules=rules).presences] == [
        "s1"
    ]
