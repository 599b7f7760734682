from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.people.arithmetic.placement import (
    Place,
    StartsBeforeTheLast,
    Step,
    Wanted,
    place_person,
)

TODAY = date(2026, 6, 1)
JANUARY = date(2026, 1, 1)
MARCH = date(2026, 3, 1)


def test_somebody_new_begins_on_the_stated_day_else_today():
    assert place_person([], Wanted(1, MARCH, "Kasubag"), today=TODAY) == Step(
        "begin", Place(1, MARCH, None, "Kasubag")
    )
    assert place_person([], Wanted(1), today=TODAY).place.start == TODAY


def test_another_unit_ends_the_old_stay_the_day_before():
    old = Place(1, JANUARY, None, "Kasubag")

    step = place_person([old], Wanted(2, MARCH), today=TODAY)

    assert step == Step("move", Place(2, MARCH), old, last_ends=date(2026, 2, 28))


def test_a_wrong_unit_of_the_same_day_is_corrected_in_place():
    old = Place(1, JANUARY)

    assert place_person([old], Wanted(2, JANUARY), today=TODAY) == Step(
        "correct", Place(2, JANUARY), old
    )


def test_a_move_back_in_time_is_refused():
    with pytest.raises(StartsBeforeTheLast):
        place_person([Place(1, MARCH)], Wanted(2, JANUARY), today=TODAY)


def test_another_post_from_a_later_day_is_a_new_stay_in_the_same_unit():
    old = Place(1, JANUARY, None, "Staf")

    step = place_person([old], Wanted(1, MARCH, "Kasubag"), today=TODAY)

    assert (step.act, step.place) == ("move", Place(1, MARCH, None, "Kasubag"))


def test_another_post_without_a_day_is_a_correction():
    old = Place(1, JANUARY, None, "Staf")

    assert place_person([old], Wanted(1, None, "Kasubag"), today=TODAY) == Step(
        "correct", Place(1, JANUARY, None, "Kasubag"), old
    )


def test_a_later_start_of_the_same_post_is_not_taken_over():
    step = place_person([Place(1, JANUARY)], Wanted(1, MARCH), today=TODAY)

    assert (step.act, step.place.start, step.keeps_earlier_start) == ("none", JANUARY, True)


def test_an_earlier_start_of_the_same_post_is_a_correction():
    step = place_person([Place(1, MARCH)], Wanted(1, JANUARY), today=TODAY)

    assert (step.act, step.place.start) == ("correct", JANUARY)


def test_an_earlier_start_that_would_overlap_another_stay_is_refused():
    places = [Place(1, date(2025, 1, 1), date(2025, 12, 31)), Place(2, MARCH)]

    with pytest.raises(StartsBeforeTheLast):
        place_person(places, Wanted(2, date(2025, 6, 1)), today=TODAY)


def test_who_left_and_comes_back_begins_again():
    places = [Place(1, JANUARY, MARCH)]

    assert place_person(places, Wanted(1), today=TODAY).act == "begin"


def test_an_old_list_that_agrees_with_history_changes_nothing():
    places = [Place(1, date(2020, 1, 1), date(2025, 12, 31)), Place(2, JANUARY)]

    assert place_person(places, Wanted(1, date(2020, 1, 1)), today=TODAY).act == "none"


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
POSTS = st.sampled_from(["", "Staf", "Kasubag"])
WISHES = st.builds(Wanted, st.integers(1, 3), st.none() | DAYS, POSTS, st.just(""))


def carry_out(places, wanted, today):
    step = place_person(places, wanted, today=today)
    if step.act == "none":
        return places
    kept = [place for place in places if place is not step.last]
    if step.act == "move":
        last = step.last
        ended = Place(last.unit, last.start, step.last_ends, last.position, last.position_kind)
        return [*kept, ended, step.place]
    return [*places, step.place] if step.act == "begin" else [*kept, step.place]


def overlap(one, other):
    last = date.max
    return one.start <= (other.end or last) and other.start <= (one.end or last)


@given(wishes=st.lists(WISHES, max_size=8), today=DAYS)
def test_stays_never_overlap_and_the_same_wish_again_changes_nothing(wishes, today):
    places = []
    for wanted in wishes:
        try:
            places = carry_out(places, wanted, today)
        except StartsBeforeTheLast:
            continue
        assert carry_out(places, wanted, today) == places
        today += timedelta(days=1)

        assert all(place.end is None or place.start <= place.end for place in places)
        pairs = [(a, b) for a in places for b in places if a is not b]
        assert not any(overlap(a, b) for a, b in pairs)
