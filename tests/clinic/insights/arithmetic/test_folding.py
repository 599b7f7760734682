"""Rows in tree order: nothing lost, nothing twice, closed rows closed."""

from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.unit_map import RowPlace, fold, in_order, toggled

STEP = 1


@st.composite
def trees(draw):
    """Places whose paths are words over a, b, c; one place a path."""
    paths = draw(st.sets(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=12))
    return [RowPlace(path, path, (draw(st.integers(0, 9)), path)) for path in sorted(paths)]


@given(trees(), st.randoms())
def test_order_loses_nothing_and_puts_a_thing_before_what_lies_below(places, chance):
    mixed = list(places)
    chance.shuffle(mixed)
    ordered = in_order(mixed, step=STEP)
    assert sorted(place.key for place in ordered) == sorted(place.key for place in places)
    at = {place.path: index for index, place in enumerate(ordered)}
    for path in at:
        for end in range(1, len(path)):
            assert at.get(path[:end], -1) < at[path]


@given(trees())
def test_siblings_stand_in_their_own_order(places):
    ordered = [place for place in in_order(places, step=STEP) if len(place.path) == 1]
    assert [place.order for place in ordered] == sorted(place.order for place in ordered)


@given(trees(), st.sets(st.text("abc", min_size=1, max_size=3)))
def test_every_row_is_shown_once_or_lies_below_a_closed_one(places, opened):
    ordered = in_order(places, step=STEP)
    rows = fold(ordered, opened=opened)
    keys = [row.key for row in rows]
    assert len(keys) == len(set(keys))
    closed = sum(row.below for row in rows if not row.is_open)
    assert len(rows) + closed == len(places)
    assert all(row.key in opened for row in rows if row.is_open)


@given(trees())
def test_another_order_keeps_rows_with_the_one_above(places):
    ordered = in_order(places, step=STEP)
    opened = {place.key for place in places}
    rows = fold(ordered, opened=opened, rank=lambda place: place.path[::-1])
    top = ""
    for row in rows:
        if row.depth == 0:
            top = row.key
        assert row.key.startswith(top)


def test_turning_a_key_over_twice_changes_nothing():
    assert toggled(["b"], "a") == ["a", "b"]
    assert toggled(toggled(["b"], "a"), "a") == ["b"]
