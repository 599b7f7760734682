"""A district with a weak sheet and a quiz; how many of its people answer is up to the test."""

import pytest

from tests.clinic.insights import made


@pytest.fixture
def world(cast, regencies):
    """The district's sheet is weak; how many of its people answer is up to the test."""
    edition = made.zi()
    home = regencies[0]
    made.sheet(home.district, edition, strength=0.2)
    made.sheet(home.health, edition, strength=0.9)
    return edition, made.quiz(cast), home
