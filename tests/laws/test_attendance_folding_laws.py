"""Invariants I3 to I8 of attendance, as far as the fold carries them.

Times are drawn from the edges of sessions and windows, since evenly random ones miss the cases that
matter.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from attendance.arithmetic.folding import (
    Closing,
    Correction,
    CorrectionKind,
    Direction,
    FoldRules,
    Scan,
    ScanKind,
    Session,
    Standing,
    Windows,
    fold,
)

DAY = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
WINDOWS = Windows()
STEPS = (
    timedelta(0),
    timedelta(seconds=1),
    timedelta(seconds=10),
    WINDOWS.late,
    WINDOWS.opens,
)


def session(name, group, start, end, **facts):
    return Session(
        id=name,
        group=group,
        starts_at=DAY + timedelta(minutes=start),
        ends_at=DAY + timedelta(minutes=end),
        **facts,
    )


ONE = (session("s1", "d1", 60, 180),)
SHARED = (session("s1", "d1", 60, 120), session("s2", "d1", 150, 240))
SEQUENTIAL = (
    session("s1", "a", 60, 120),
    session("s2", "b", 120, 200),
    session("s3", "c", 215, 260),
)
TIGHT = (session("s1", "a", 60, 120), session("s2", "b", 70, 75), session("s3", "a", 125, 180))
PARALLEL = (session("a1", "a", 60, 180), session("b1", "b", 60, 180), session("c1", "c", 90, 150))
MIXED = (
    session("a1", "a", 60, 120),
    session("a2", "a", 150, 240),
    session("b1", "b", 100, 200),
    session("c1", "c", 60, 90, cancelled=True),
)
APART = (ONE, SHARED, SEQUENTIAL)
ALL = (*APART, TIGHT, PARALLEL, MIXED)


def edges(sessions):
    """List each moment at a session's edge, and a second, ten seconds and a window beside it."""
    bounds = {moment for one in sessions for moment in (one.starts_at, one.ends_at)}
    return sorted({at + sign * step for at in bounds for step in STEPS for sign in (1, -1)})


def scans_in(sessions, **facts):
    groups = sorted({one.group for one in sessions})
    return st.builds(
        Scan,
        uid=st.uuids(version=4).map(str),
        group=st.sampled_from(groups),
        at=st.sampled_from(edges(sessions)),
        **{
            "direction": st.sampled_from(list(Direction)),
            "kind": st.sampled_from([ScanKind.BADGE, ScanKind.SELF, ScanKind.MANUAL]),
            "standing": st.sampled_from([Standing.COUNTS] * 4 + [Standing.WAITS, Standing.STOPPED]),
        }
        | facts,
    )


counting = {"standing": st.just(Standing.COUNTS)}


def corrections_on(sessions, uids):
    groups = sorted({one.group for one in sessions})
    times = st.sampled_from(edges(sessions))
    common = {
        "uid": st.uuids(version=4).map(str),
        "created_at": st.integers(0, 3).map(
            lambda minutes: DAY + timedelta(days=1, minutes=minutes)
        ),
        "direction": st.sampled_from(list(Direction)),
    }
    added = st.builds(
        Correction,
        kind=st.just(CorrectionKind.ADD),
        target=st.sampled_from(groups),
        at=times,
        **common,
    )
    if not uids:
        return added
    kinds = [kind for kind in CorrectionKind if kind is not CorrectionKind.ADD]
    about = st.builds(
        Correction,
        kind=st.sampled_from(kinds),
        target=st.sampled_from(uids),
        at=st.none() | times,
        **common,
    )
    return added | about


@st.composite
def days(draw_from, plans=ALL):
    """Draw sessions, scans, corrections and rules of one registration."""
    sessions = draw_from(st.sampled_from(plans))
    scans = draw_from(st.lists(scans_in(sessions), max_size=8, unique_by=lambda one: one.uid))
    uids = [scan.uid for scan in scans]
    corrections = draw_from(
        st.lists(corrections_on(sessions, uids), max_size=4, unique_by=lambda one: one.uid)
    )
    rules = FoldRules(
        closing=draw_from(st.sampled_from(list(Closing))),
        enrolled=draw_from(st.none() | st.just(frozenset({sessions[0].group}))),
        excused=draw_from(st.frozensets(st.sampled_from([one.id for one in sessions]))),
    )
    return sessions, scans, corrections, rules


def folded(day):
    sessions, scans, corrections, rules = day
    return fold(sessions, scans, corrections, rules=rules)


def total(day):
    """Sum whole seconds, which floors per session cannot hide."""
    spans = [span for one in folded(day).presences for span in one.intervals]
    return sum((end - start for start, end in spans), timedelta())


@given(days(), st.randoms())
def test_i3_a_presence_does_not_depend_on_the_order_of_its_rows(day, random):
    sessions, scans, corrections, rules = day
    turned = [list(part) for part in (sessions, scans, corrections)]
    for part in turned:
        random.shuffle(part)

    assert folded((*turned, rules)) == folded(day)


@given(days(), st.data())
def test_i3_each_batch_refolded_ends_where_one_fold_ends(day, data):
    sessions, scans, corrections, rules = day
    rows = data.draw(st.permutations([*scans, *corrections]))
    stored, last = [], fold(sessions, [], [], rules=rules)
    while rows:
        size = data.draw(st.integers(1, len(rows)))
        stored, rows = stored + rows[:size], rows[size:]
        last = fold(
            sessions,
            [row for row in stored if isinstance(row, Scan)],
            [row for row in stored if isinstance(row, Correction)],
            rules=rules,
        )

    assert last == folded(day)


@given(days(), st.data())
def test_i4_rows_that_come_again_change_nothing(day, data):
    sessions, scans, corrections, rules = day
    again = [data.draw(st.sampled_from(part)) for part in (scans, corrections) if part]
    more = (
        scans + [row for row in again if isinstance(row, Scan)],
        corrections + [row for row in again if isinstance(row, Correction)],
    )

    assert folded((sessions, *more, rules)) == folded(day)


@given(days())
def test_i5_minutes_never_exceed_what_was_scheduled(day):
    sessions, *_ = day
    by_id = {one.id: one for one in sessions}
    presences = folded(day).presences

    for one in presences:
        length = by_id[one.session].ends_at - by_id[one.session].starts_at
        assert 0 <= one.minutes <= length // timedelta(minutes=1)
    assert sum(one.minutes for one in presences) <= minutes_of_union(sessions)


def minutes_of_union(sessions):
    held = [one for one in sessions if not one.cancelled]
    moments = sorted({at for one in held for at in (one.starts_at, one.ends_at)})
    covered = (
        end - start
        for start, end in pairwise(moments)
        if any(one.starts_at <= start < one.ends_at for one in held)
    )
    return sum(covered, timedelta()) // timedelta(minutes=1)


@given(days())
def test_i6_intervals_are_sorted_apart_and_inside_their_sessions(day):
    sessions, *_ = day
    by_id = {one.id: one for one in sessions}
    presences = folded(day).presences

    for one in presences:
        assert list(one.intervals) == sorted(one.intervals)
        for start, end in one.intervals:
            assert by_id[one.session].starts_at <= start < end <= by_id[one.session].ends_at
    everywhere = sorted(span for one in presences for span in one.intervals)
    assert all(before[1] <= after[0] for before, after in pairwise(everywhere))


@given(days(APART), st.data())
def test_i7_without_parallel_groups_an_extra_in_never_lowers_minutes(day, data):
    sessions, scans, corrections, rules = day
    extra = data.draw(scans_in(sessions, direction=st.just(Direction.IN), **counting))

    assert total((sessions, [*scans, extra], corrections, rules)) >= total(day)


entries = scans_in(SEQUENTIAL, direction=st.just(Direction.IN), **counting)


@given(st.lists(entries, max_size=3, unique_by=lambda one: one.uid), entries)
def test_i7_an_early_in_to_the_next_group_takes_nothing_from_this_one(scans, extra):
    before = total((SEQUENTIAL, scans, [], FoldRules()))

    assert total((SEQUENTIAL, [*scans, extra], [], FoldRules())) >= before


@given(days(), st.data())
def test_i7_closing_at_the_end_an_extra_out_never_raises_minutes(day, data):
    sessions, scans, corrections, rules = day
    rules = FoldRules(enrolled=rules.enrolled, excused=rules.excused)
    extra = data.draw(scans_in(sessions, direction=st.just(Direction.OUT), **counting))

    after = total((sessions, [*scans, extra], corrections, rules))

    assert after <= total((sessions, scans, corrections, rules))


@given(days(), st.data())
def test_i8_void_then_unvoid_is_the_identity(day, data):
    sessions, scans, corrections, rules = day
    uids = [row.uid for row in scans]
    uids += [row.uid for row in corrections if row.kind is CorrectionKind.ADD]
    voided = set(folded(day).scan_flags) & void_uids(day)
    uids = [uid for uid in uids if uid not in voided]
    if not uids:
        return
    target = data.draw(st.sampled_from(uids))
    later = DAY + timedelta(days=2)
    undone = [
        Correction(uid="v", kind=CorrectionKind.VOID, target=target, created_at=later),
        Correction(
            uid="w",
            kind=CorrectionKind.UNVOID,
            target=target,
            created_at=later + timedelta(minutes=1),
        ),
    ]

    after = folded((sessions, scans, [*corrections, *undone], rules))

    assert (after.presences, after.scan_flags) == (
        folded(day).presences,
        folded(day).scan_flags,
    )


def void_uids(day):
    return {uid for uid, flags in folded(day).scan_flags.items() if "void" in flags}
