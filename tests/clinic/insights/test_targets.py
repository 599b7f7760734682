"""The targets of the method, on worlds with known truth."""

import pytest

from tests.clinic.insights.measuring import LIMITS, measure, missed


@pytest.mark.parametrize(("size", "seeds"), [("clinic", 20), ("year", 8)])
def test_estimates_meet_every_target(tmp_path, size, seeds):
    measured = measure(size, range(seeds), tmp_path)

    assert missed(size, measured) == {}


def test_the_targets_can_be_missed(tmp_path):
    """Beliefs that are too sure fail: the limits are no formality."""
    measured = measure("clinic", range(2), tmp_path, sharpened=3.0)

    assert {"brier", "ece"} <= set(missed("clinic", measured))


@pytest.mark.parametrize("size", LIMITS)
def test_a_measure_without_a_base_misses_its_target(size):
    limits = LIMITS[size]
    met = {name: high if low is None else low for name, (low, high) in limits.items()}

    assert missed(size, met) == {}
    assert set(missed(size, dict.fromkeys(limits, float("nan")))) == set(limits)
