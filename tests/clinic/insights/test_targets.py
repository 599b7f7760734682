"""The targets of the method page, on worlds with known truth."""

import pytest

from tests.clinic.insights.measuring import measure, missed


@pytest.mark.parametrize(("size", "seeds"), [("clinic", 20), ("year", 8)])
def test_estimates_meet_every_target(tmp_path, size, seeds):
    measured = measure(size, range(seeds), tmp_path)

    assert missed(size, measured) == {}


def test_the_targets_can_be_missed(tmp_path):
    """Beliefs that are too sure fail: the limits are no formality."""
    measured = measure("clinic", range(2), tmp_path, sharpened=3.0)

    assert {"brier", "ece"} <= set(missed("clinic", measured))
