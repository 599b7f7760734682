from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.people.models import Membership
from clinic.people.moving import FACTS, StartsBeforeTheLast, place_person

TODAY = date(2026, 6, 1)
JANUARY = date(2026, 1, 1)
MARCH = date(2026, 3, 1)


def member(unit, start, end=None, position="", kind=""):
    return Membership(unit_id=unit, start=start, end=end, position=position, position_kind=kind)


def facts(membership):
    return tuple(getattr(membership, fact) for fact in FACTS)


def place(memberships, unit, start=None, position="", today=TODAY):
    return place_person(memberships, unit=unit, start=start, position=position, today=today)


def describe(placement):
    """Return what a placement does: act, the membership afterwards, the one it is about."""
    last = facts(placement.last) if placement.last else None
    return placement.act, facts(placement.after), last


def test_somebody_new_begins_on_the_stated_day_else_today():
    assert describe(place([], 1, MARCH, "Kasubag")) == (
        "begin",
        (1, MARCH, None, "Kasubag", ""),
        None,
    )
    assert place([], 1).after.start == TODAY


def test_another_unit_ends_the_old_membership_the_day_before():
    old = member(1, JANUARY, None, "Kasubag")

    placement = place([old], 2, MARCH)

    assert describe(placement) == ("move", (2, MARCH, None, "", ""), facts(old))
    assert placement.last is old


def test_a_wrong_unit_of_the_same_day_is_corrected_in_place():
    old = member(1, JANUARY)

    placement = place([old], 2, JANUARY)

    assert describe(placement) == ("correct", (2, JANUARY, None, "", ""), facts(old))


def test_a_move_back_in_time_is_refused():
    with pytest.raises(StartsBeforeTheLast):
        place([member(1, MARCH)], 2, JANUARY)


def test_another_post_from_a_later_day_is_a_new_membership_in_the_same_unit():
    old = member(1, JANUARY, None, "Staf")

    placement = place([old], 1, MARCH, "Kasubag")

    assert (placement.act, facts(placement.after)) == ("move", (1, MARCH, None, "Kasubag", ""))


def test_another_post_without_a_day_is_a_correction():
    old = member(1, JANUARY, None, "Staf")

    placement = place([old], 1, None, "Kasubag")

    assert describe(placement) == ("correct", (1, JANUARY, None, "Kasubag", ""), facts(old))


def test_a_later_start_of_the_same_post_is_not_taken_over():
    placement = place([member(1, JANUARY)], 1, MARCH)

    assert (placement.act, placement.after.start) == ("none", JANUARY)
    assert placement.keeps_earlier_start


def test_an_earlier_start_of_the_same_post_is_a_correction():
    placement = place([member(1, MARCH)], 1, JANUARY)

    assert (placement.act, placement.after.start) == ("correct", JANUARY)


def test_an_earlier_start_that_would_overlap_another_membership_is_refused():
    memberships = [member(1, date(2025, 1, 1), date(2025, 12, 31)), member(2, MARCH)]

    with pytest.raises(StartsBeforeTheLast):
        place(memberships, 2, date(2025, 6, 1))


def test_who_left_and_comes_back_begins_again():
    assert place([member(1, JANUARY, MARCH)], 1).act == "begin"


def test_an_old_list_that_agrees_with_history_changes_nothing():
    memberships = [member(1, date(2020, 1, 1), date(2025, 12, 31)), member(2, JANUARY)]

    assert place(memberships, 1, date(2020, 1, 1)).act == "none"


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
POSTS = st.sampled_from(["", "Staf", "Kasubag"])
ASKED = st.tuples(st.integers(1, 3), st.none() | DAYS, POSTS)


def carry_out(memberships, asked, today):
    placement = place(memberships, *asked, today=today)
    if placement.act == "none":
        return memberships
    others = [known for known in memberships if known is not placement.last]
    if placement.act == "move":
        unit, start, _end, position, kind = facts(placement.last)
        ended = member(unit, start, placement.after.start - timedelta(days=1), position, kind)
        return [*others, ended, placement.after]
    return [*others, placement.after]


def overlap(one, other):
    last = date.max
    return one.start <= (other.end or last) and other.start <= (one.end or last)


@given(asked_in_turn=st.lists(ASKED, max_size=8), today=DAYS)
def test_memberships_never_overlap_and_asking_again_changes_nothing(asked_in_turn, today):
    memberships = []
    for asked in asked_in_turn:
        try:
            memberships = carry_out(memberships, asked, today)
        except StartsBeforeTheLast:
            continue
        again = carry_out(memberships, asked, today)
        assert sorted(map(str, map(facts, again))) == sorted(map(str, map(facts, memberships)))
        today += timedelta(days=1)

        assert all(known.end is None or known.start <= known.end for known in memberships)
        pairs = [(a, b) for a in memberships for b in memberships if a is not b]
        assert not any(overlap(a, b) for a, b in pairs)
