"""Corrections stand beside scans; the last of a kind holds."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance.folding import CorrectedEntry, apply_corrections
from attendance.models import Correction, Presence, Scan

NOW = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
Assurance = Presence.Assurance


def scanned(uid="u", at=NOW, **fields):
    known = {"scan_group": "d1", "direction": "in", "kind": "badge", "standing": "counts"}
    return Scan(uid=uid, effective_at=at, **known | fields)


SCAN = scanned(kind="self")
ENTRY = CorrectedEntry.of(SCAN)


def said(uid, kind, *, after=0, target="u", **facts):
    moment = NOW + timedelta(minutes=after)
    return Correction(uid=uid, kind=kind, target=target, created_at=moment, **facts)


def test_a_scan_without_corrections_holds_as_it_is():
    assert apply_corrections([SCAN], []) == ([ENTRY], set())


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

    held, void = apply_corrections([SCAN], corrections)

    assert (void == {"u"}) == is_void
    assert len(held) == (0 if is_void else 1)


def test_corrections_of_one_moment_follow_their_uid():
    one, other = said("a", "void"), said("b", "unvoid")

    assert (
        apply_corrections([SCAN], [other, one])
        == apply_corrections([SCAN], [one, other])
        == ([ENTRY], set())
    )


def test_acceptance_countersigns_a_claim_and_lets_a_stopped_scan_count():
    stopped = scanned(standing="stopped")

    claim = apply_corrections([SCAN], [said("k", "accept")])[0][0]
    badge = apply_corrections([stopped], [said("k", "accept")])[0][0]

    assert claim.assurance == Assurance.COUNTERSIGNED
    assert (badge.standing, badge.assurance) == (Scan.Standing.COUNTS, Assurance.WITNESSED)


def test_an_added_scan_is_manual_and_may_itself_be_corrected():
    added = said("k1", "add", target="d1", at=NOW, direction="out")
    later = NOW + timedelta(hours=1)
    moved = said("k2", "retime", target="k1", at=later, after=1)

    (scan,), _ = apply_corrections([], [moved, added])

    assert (scan.uid, scan.at, scan.direction) == ("k1", later, "out")
    assert scan.assurance == Assurance.MANUAL


def test_a_correction_of_an_unknown_scan_changes_nothing():
    assert apply_corrections([SCAN], [said("k", "void", target="other")]) == ([ENTRY], set())


def test_scans_come_out_by_time_and_uid():
    early = scanned("z", NOW - timedelta(minutes=1))
    same = scanned("a", direction="out")

    assert [one.uid for one in apply_corrections([SCAN, same, early, SCAN], [])[0]] == [
        "z",
        "a",
        "u",
    ]
