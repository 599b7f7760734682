"""Invariants I3 to I8 of attendance, as far as the fold carries them.

Times are drawn from the edges of sessions and windows, since evenly random ones miss the cases that
matter.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from attendance.folding import fold
from attendance.models import Correction, Direction, Event, Presence, Scan, Session

DAY = datetime(2026, 5, 25, 0, 0, tzinfo=UTC)
EVENT = Event(pk=1)
STRICT = Event(pk=1, policies={**EVENT.policies, "closing": Event.Closing.ZERO})
STEPS = (
    timedelta(0),
    timedelta(seconds=1),
    timedelta(seconds=10),
    EVENT.minutes_of("late"),
    EVENT.minutes_of("opens"),
)


def session(name, group, start, end, **facts):
    return Session(
        pk=sum(name.encode()),
        title=name,
        scan_group=group,
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
    session("c1", "c", 60, 90, is_cancelled=True),
)
APART = (ONE, SHARED, SEQUENTIAL)
ALL = (*APART, TIGHT, PARALLEL, MIXED)


def edges(sessions):
    """List each moment at a session's edge, and a second, ten seconds and a window beside it."""
    bounds = {moment for one in sessions for moment in (one.starts_at, one.ends_at)}
    return sorted({at + sign * step for at in bounds for step in STEPS for sign in (1, -1)})


def scans_in(sessions, **facts):
    groups = sorted({one.scan_group for one in sessions})
    return st.builds(
        Scan,
        uid=st.uuids(version=4).map(str),
        scan_group=st.sampled_from(groups),
        effective_at=st.sampled_from(edges(sessions)),
        **{
            "direction": st.sampled_from(list(Direction)),
            "kind": st.sampled_from([Scan.Kind.BADGE, Scan.Kind.SELF, Scan.Kind.MANUAL]),
            "standing": st.sampled_from(["counts"] * 4 + ["waits", "stopped"]),
        }
        | facts,
    )


counting = {"standing": st.just("counts")}


def corrections_on(sessions, uids):
    groups = sorted({one.scan_group for one in sessions})
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
        kind=st.just(Correction.Kind.ADD),
        target=st.sampled_from(groups),
        at=times,
        **common,
    )
    if not uids:
        return added
    kinds = [kind for kind in Correction.Kind if kind is not Correction.Kind.ADD]
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
    """Draw event, sessions, scans and corrections of one registration."""
    sessions = draw_from(st.sampled_from(plans))
    scans = draw_from(st.lists(scans_in(sessions), max_size=8, unique_by=lambda one: one.uid))
    uids = [scan.uid for scan in scans]
    corrections = draw_from(
        st.lists(corrections_on(sessions, uids), max_size=4, unique_by=lambda one: one.uid)
    )
    event = draw_from(st.sampled_from([EVENT, STRICT]))
    return event, sessions, scans, corrections


def said_of(presence):
    """What the fold says of a session; two rows are equal to Django by their key alone."""
    return {"session": presence.session.title, **presence.folded_fields()}


def folded(day):
    """What the fold of a day says of each session, and the flags of each entry."""
    result = fold(*day)
    return [said_of(one) for one in result.presences], result.entry_flags


def total(day):
    """Sum whole seconds, which floors per session cannot hide."""
    spans = [span for one in fold(*day).presences for span in one.spans]
    return sum((end - start for start, end in spans), timedelta())


@given(days(), st.randoms())
def test_i3_a_presence_does_not_depend_on_the_order_of_its_rows(day, random):
    event, *parts = day
    turned = [list(part) for part in parts]
    for part in turned:
        random.shuffle(part)

    assert folded((event, *turned)) == folded(day)


@given(days(), st.data())
def test_i3_each_batch_refolded_ends_where_one_fold_ends(day, data):
    event, sessions, scans, corrections = day
    rows = data.draw(st.permutations([*scans, *corrections]))
    stored, last = [], folded((event, sessions, [], []))
    while rows:
        size = data.draw(st.integers(1, len(rows)))
        stored, rows = stored + rows[:size], rows[size:]
        parts = [[row for row in stored if isinstance(row, model)] for model in (Scan, Correction)]
        last = folded((event, sessions, *parts))

    assert last == folded(day)


@given(days(), st.data())
def test_i4_rows_that_come_again_change_nothing(day, data):
    event, sessions, *parts = day
    more = [[*part, *([data.draw(st.sampled_from(part))] if part else [])] for part in parts]

    assert folded((event, sessions, *more)) == folded(day)


@given(days())
def test_i5_minutes_never_exceed_what_was_scheduled(day):
    _event, sessions, *_ = day
    presences = fold(*day).presences

    for one in presences:
        length = one.session.ends_at - one.session.starts_at
        assert 0 <= one.minutes <= length // timedelta(minutes=1)
    assert sum(one.minutes for one in presences) <= minutes_of_union(sessions)


def minutes_of_union(sessions):
    held = [one for one in sessions if not one.is_cancelled]
    moments = sorted({at for one in held for at in (one.starts_at, one.ends_at)})
    covered = (
        end - start
        for start, end in pairwise(moments)
        if any(one.starts_at <= start < one.ends_at for one in held)
    )
    return sum(covered, timedelta()) // timedelta(minutes=1)


@given(days())
def test_i6_intervals_are_sorted_apart_and_inside_their_sessions(day):
    presences = fold(*day).presences

    for one in presences:
        assert one.spans == sorted(one.spans)
        for start, end in one.spans:
            assert one.session.starts_at <= start < end <= one.session.ends_at
    everywhere = sorted(span for one in presences for span in one.spans)
    assert all(before[1] <= after[0] for before, after in pairwise(everywhere))


@given(days(APART), st.data())
def test_i7_without_parallel_groups_an_extra_in_never_lowers_minutes(day, data):
    event, sessions, scans, corrections = day
    extra = data.draw(scans_in(sessions, direction=st.just(Direction.IN), **counting))

    assert total((event, sessions, [*scans, extra], corrections)) >= total(day)


entries = scans_in(SEQUENTIAL, direction=st.just(Direction.IN), **counting)


@given(st.lists(entries, max_size=3, unique_by=lambda one: one.uid), entries)
def test_i7_an_early_in_to_the_next_group_takes_nothing_from_this_one(scans, extra):
    before = total((EVENT, SEQUENTIAL, scans, []))

    assert total((EVENT, SEQUENTIAL, [*scans, extra], [])) >= before


@given(days(), st.data())
def test_i7_closing_at_the_end_an_extra_out_never_raises_minutes(day, data):
    _event, sessions, scans, corrections = day
    extra = data.draw(scans_in(sessions, direction=st.just(Direction.OUT), **counting))

    after = total((EVENT, sessions, [*scans, extra], corrections))

    assert after <= total((EVENT, sessions, scans, corrections))


@given(days(), st.data())
def test_i8_void_then_unvoid_is_the_identity(day, data):
    event, sessions, scans, corrections = day
    uids = [row.uid for row in scans]
    uids += [row.uid for row in corrections if row.kind == Correction.Kind.ADD]
    voided = {uid for uid, flags in fold(*day).entry_flags.items() if "void" in flags}
    uids = [uid for uid in uids if uid not in voided]
    if not uids:
        return
    target = data.draw(st.sampled_from(uids))
    later = DAY + timedelta(days=2)
    undone = [
        Correction(uid="v", kind=Correction.Kind.VOID, target=target, created_at=later),
        Correction(
            uid="w",
            kind=Correction.Kind.UNVOID,
            target=target,
            created_at=later + timedelta(minutes=1),
        ),
    ]

    before, after = fold(*day), fold(event, sessions, scans, [*corrections, *undone])

    names = Presence.FOLDED[:-2]  # the rest counts the rows
    assert [[getattr(one, name) for name in names] for one in after.presences] == [
        [getattr(one, name) for name in names] for one in before.presences
    ]
    assert after.entry_flags == before.entry_flags
