"""What the tests of the desks share."""

import pytest


@pytest.fixture
def browser(cast, signed_in):
    """The administrator's."""
    return signed_in(cast.admin.account)
