"""Places in a drawing: within it, in order, and as long as the values say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.charts import AxisScale, bands, stack

values = st.floats(-1000, 1000, allow_nan=False)
shares = st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=6)


@st.composite
def scales(draw):
    low = draw(st.floats(-500, 500))
    start = draw(st.floats(0, 300))
    end = draw(st.floats(0, 300))
    return AxisScale(low, low + draw(st.floats(1, 500)), start, end)


@given(scales(), values)
def test_no_value_is_drawn_outside(scale, value):
    least, most = sorted((scale.start, scale.end))
    assert least - 1e-9 <= scale.at(value) <= most + 1e-9


@given(scales(), values, values)
def test_the_greater_value_is_never_drawn_before_the_lesser(scale, one, other):
    less, more = sorted((one, other))
    way = 1 if scale.end >= scale.start else -1
    assert way * (scale.at(more) - scale.at(less)) >= -1e-9


@given(scales(), values, values)
def test_a_span_holds_both_ends_and_is_never_negative(scale, one, other):
    span = scale.span(one, other)
    assert span.length >= 0
    for value in (one, other):
        assert span.start - 1e-9 <= scale.at(value) <= span.end + 1e-9


@given(shares)
def test_stacked_parts_touch_and_fill_their_sum(parts):
    scale = AxisScale(0, max(sum(parts), 1), 0, 340)
    spans = stack(scale, parts)
    for before, after in pairwise(spans):
        assert after.start == pytest.approx(before.end, abs=1e-6)
    assert spans[-1].end == pytest.approx(scale.at(sum(parts)), abs=1e-6)


def test_a_scale_without_a_stretch_draws_everything_at_its_start():
    assert AxisScale(5, 5, 10, 90).at(7) == 10


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_bands_meet_and_cover_everything_up_to_the_top(minima):
    ordered = sorted(minima, reverse=True)
    found = bands(ordered, top=100)
    assert found[0][1] == 100
    assert [low for low, _high in found] == ordered
    assert all(low <= high for low, high in found)
    assert sum(high - low for low, high in found) == pytest.approx(100 - ordered[-1])


def test_an_edition_without_categories_has_no_bands():
    assert bands([], top=100) == []
