"""What every test of attendance shares."""

import pytest


@pytest.fixture(autouse=True)
def one_factor(settings):
    """Staff enter with their password alone, as on the demo."""
    settings.KLINIK_SECOND_FACTOR = False
