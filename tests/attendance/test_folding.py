"""Each fold vector, named by its check-in rule, and what time alone changes."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance.folding import fold, shown_state
from attendance.models import Event, Presence, Scan, Session
from tests.attendance.vectors import Vectors

VECTORS = Vectors("folds.json")
START = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
EVENT = Event(pk=1)
MORNING = Session(
    pk=1, title="s1", scan_group="d1", starts_at=START, ends_at=START + timedelta(hours=4)
)
State = Presence.State


def presence_of(raw):
    return {
        "session": raw["session"],
        "state": raw["state"],
        "assurance": raw["assurance"] or "",
        "first_in": VECTORS.moment(raw["first_in"]),
        "last_out": VECTORS.moment(raw["last_out"]),
        "minutes": raw["minutes"],
        "spans": [tuple(map(VECTORS.moment, pair)) for pair in raw["intervals"]],
        "flags": sorted(raw["flags"]),
    }


@pytest.mark.parametrize("row", VECTORS.rows, ids=lambda row: row["name"])
def test_scans_fold_as_their_vector_says(row):
    corrections = [VECTORS.correction(one) for one in row["corrections"]]
    folded = fold(
        VECTORS.event(row["sessions"], **row["rules"]),
        VECTORS.sessions(row["sessions"]),
        [VECTORS.scan(one) for one in row["scans"]],
        corrections,
    )

    names = ("state", "assurance", "first_in", "last_out", "minutes", "spans", "flags")
    assert [
        {"session": one.session.title} | {name: getattr(one, name) for name in names}
        for one in folded.presences
    ] == [presence_of(one) for one in row["presences"]]
    assert {uid: sorted(flags) for uid, flags in folded.entry_flags.items()} == row["scan_flags"]
    count = len(row["scans"]) + len(corrections)
    assert {one.built_count for one in folded.presences} <= {count}


def scanned(uid, hours):
    at = START + timedelta(hours=hours)
    return Scan(
        uid=uid,
        scan_group="d1",
        direction="in",
        effective_at=at,
        kind="badge",
        standing="counts",
    )


def test_who_did_not_come_is_absent_once_the_session_is_over():
    presence = fold(EVENT, [MORNING], []).presences[0]

    assert shown_state(presence, MORNING, MORNING.ends_at - timedelta(seconds=1)) == State.EXPECTED
    assert shown_state(presence, MORNING, MORNING.ends_at) == State.ABSENT


def test_who_never_scanned_out_where_that_is_asked_is_for_review_afterwards():
    strict = Event(pk=1, policies={"closing": "zero"})
    presence = fold(strict, [MORNING], [scanned("a", 0)]).presences[0]

    assert shown_state(presence, MORNING, START + timedelta(hours=1)) == State.PRESENT
    assert shown_state(presence, MORNING, MORNING.ends_at) == State.REVIEW


def test_who_came_stays_present_afterwards():
    presence = fold(EVENT, [MORNING], [scanned("a", 0)]).presences[0]

    assert shown_state(presence, MORNING, MORNING.ends_at) == State.PRESENT


def test_the_digest_tells_other_rows_apart():
    first = fold(EVENT, [MORNING], [scanned("a", 0)]).presences[0]
    second = fold(EVENT, [MORNING], [scanned("b", 0)]).presences[0]

    assert first.built_count == second.built_count == 1
    assert first.built_digest != second.built_digest


def test_sessions_come_in_the_order_of_the_day():
    next_day = START + timedelta(days=1)
    later = Session(
        pk=0,
        title="s0",
        scan_group="d2",
        starts_at=next_day,
        ends_at=next_day + timedelta(hours=1),
    )
    presences = fold(EVENT, [later, MORNING], []).presences

    assert [one.session.title for one in presences] == ["s1", "s0"]
