"""Stays within a group, and what an entry elsewhere does to them."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance.folding import CorrectedEntry, End, stays_of
from attendance.models import Event, Session

START = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)


def at(minutes):
    return START + timedelta(minutes=minutes)


def session(group, start, end):
    return Session(scan_group=group, starts_at=at(start), ends_at=at(end))


def scans(*rows):
    return [
        CorrectedEntry(uid=str(n), group=group, direction=direction, at=at(minutes), kind="badge")
        for n, (group, direction, minutes) in enumerate(rows)
    ]


def spans(rows, *sessions):
    by_group = {}
    for one in sessions:
        by_group.setdefault(one.scan_group, []).append(one)
    stays, alone = stays_of(scans(*rows), by_group)
    return [(stay.group, stay.start, stay.end, stay.reason) for stay in stays], alone


A = session("a", 0, 60)


def test_an_out_ends_the_stay_and_a_further_in_does_not():
    stays, alone = spans([("a", "in", 0), ("a", "in", 5), ("a", "out", 50)], A)

    assert stays == [("a", at(0), at(50), End.OUT)]
    assert alone == []


def test_a_stay_that_is_not_left_lasts_to_the_end_of_its_group():
    stays, _ = spans([("a", "in", 0)], A, session("a", 90, 120))

    assert stays == [("a", at(0), at(120), End.OPEN)]


def test_an_out_that_no_in_came_before_stands_alone():
    _, alone = spans([("a", "out", 5), ("a", "in", 10), ("a", "out", 20), ("a", "out", 30)], A)

    assert [one.at for one in alone] == [at(5), at(30)]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (session("b", 0, 60), End.MOVED),
        (session("b", 59, 90), End.MOVED),
        (session("b", 60, 90), End.OPEN),
    ],
)
def test_an_in_elsewhere_ends_a_stay_only_where_sessions_overlap(other, expected):
    stays, _ = spans([("a", "in", 0), ("b", "in", 40)], A, other)

    assert [reason for *_, reason in stays] == [expected, End.OPEN]
    assert stays[0][2] == (at(40) if expected is End.MOVED else at(60))


def test_an_out_of_the_room_one_has_moved_from_stands_alone():
    _, alone = spans([("a", "in", 0), ("b", "in", 20), ("a", "out", 30)], A, session("b", 0, 60))

    assert [one.at for one in alone] == [at(30)]


def test_what_is_not_left_earns_nothing_under_zero():
    (left, stayed), _ = stays_of(
        scans(("a", "in", 0), ("a", "out", 10), ("a", "in", 20)), {"a": [A]}
    )

    assert left.earns(Event.Closing.ZERO)
    assert not stayed.earns(Event.Closing.ZERO)
    assert stayed.earns(Event.Closing.CLOSE_AT_END)


def test_a_stay_is_clipped_to_a_session_or_not_in_it_at_all():
    (stay,), _ = stays_of(scans(("a", "in", -10), ("a", "out", 30)), {"a": [A]})

    assert stay.inside(A) == (at(0), at(30))
    assert stay.inside(session("a", 30, 60)) is None
