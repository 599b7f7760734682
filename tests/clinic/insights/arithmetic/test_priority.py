import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.arithmetic.tables import priority

shares = st.floats(0, 1)


def points(maximum: float, link: float, share: float, gap: float) -> float:
    values = {"max_points": maximum, "link_share": link, "share": share, "gap": gap}
    return float(priority(**{name: np.array(value) for name, value in values.items()}))


def test_half_of_the_linked_lost_points_can_come_back_where_the_gap_is_sure():
    assert points(10.0, 0.8, 0.25, 1.0) == pytest.approx(3.0)


@pytest.mark.parametrize(("share", "gap"), [(math.nan, 0.9), (0.5, math.nan)])
def test_without_a_gap_or_a_sheet_there_is_no_priority(share, gap):
    assert math.isnan(points(10.0, 1.0, share, gap))


@given(st.floats(0, 100), shares, shares, shares)
def test_never_more_than_half_of_the_lost_points(maximum, link, share, gap):
    assert 0 <= points(maximum, link, share, gap) <= maximum * (1 - share) / 2 + 1e-9
