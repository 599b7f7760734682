"""Corrections stand beside scans; the last of a kind holds."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance.arithmetic.folding import (
    Assurance,
    Correction,
    CorrectionKind,
    Direction,
    Scan,
    ScanKind,
    Standing,
    corrected,
)

NOW = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
SCAN = Scan(uid="u", group="d1", direction=Direction.IN, at=NOW, kind=ScanKind.SELF)


def said(uid, kind, *, after=0, target="u", **facts):
    return Correction(
        uid=uid,
        kind=CorrectionKind(kind),
        target=target,
        created_at=NOW + timedelta(minutes=after),
        **facts,
    )


def test_a_scan_without_corrections_holds_as_it_is():
    assert corrected([SCAN], []) == ([SCAN], set())


@pytest.mark.parametrize(
    ("kinds", "is_void"),
    [
        (["void"], True),
        (["unvoid"], False),
        (["void", "unvoid"], False),
        (["void", "unvoid", "void"], True),
        (["void", "retime", "accept"], True),
    ],
)
def test_the_last_word_on_validity_holds(kinds, is_void):
    corrections = [said(f"k{n}", kind, after=n) for n, kind in enumerate(kinds)]

    held, void = corrected([SCAN], corrections)

    assert (void == {"u"}) == is_void
    assert len(held) == (0 if is_void else 1)


def test_corrections_of_one_moment_follow_their_uid():
    one, other = said("a", "void"), said("b", "unvoid")

    assert corrected([SCAN], [other, one]) == corrected([SCAN], [one, other]) == ([SCAN], set())


def test_acceptance_countersigns_a_claim_and_lets_a_stopped_scan_count():
    stopped = Scan(uid="u", group="d1", direction=Direction.IN, at=NOW, standing=Standing.STOPPED)

    claim = corrected([SCAN], [said("k", "accept")])[0][0]
    badge = corrected([stopped], [said("k", "accept")])[0][0]

    assert claim.assurance is Assurance.COUNTERSIGNED
    assert (badge.standing, badge.assurance) == (Standing.COUNTS, Assurance.WITNESSED)


def test_an_added_scan_is_manual_and_may_itself_be_corrected():
    added = said("k1", "add", target="d1", at=NOW, direction=Direction.OUT)
    later = NOW + timedelta(hours=1)
    moved = said("k2", "retime", target="k1", at=later, after=1)

    (scan,), _ = corrected([], [moved, added])

    assert (scan.uid, scan.at, scan.direction) == ("k1", later, Direction.OUT)
    assert scan.assurance is Assurance.MANUAL


def test_a_correction_of_an_unknown_scan_changes_nothing():
    assert corrected([SCAN], [said("k", "void", target="other")]) == ([SCAN], set())


def test_scans_come_out_by_time_and_uid():
    early = Scan(uid="z", group="d1", direction=Direction.IN, at=NOW - timedelta(minutes=1))
    same = Scan(uid="a", group="d1", direction=Direction.OUT, at=NOW)

    assert [one.uid for one in corrected([SCAN, same, early, SCAN], [])[0]] == ["z", "a", "u"]
