"""A district with a weak sheet and a quiz; how many of its people answer is up to the test."""

import pytest

from tests.clinic.insights import made


@pytest.fixture
def world(cast, regencies):
    """The district's sheet is weak; how many of its people answer is up to the test."""
    return made.weak_district(cast, regencies[0])
