"""Every page of the house for everybody, whatever the role and the colours."""

import pytest

from courses import importing, reviewing
from tests.courses import made
from tests.journeys.conftest import faults, overflow
from tests.replaying import Recording

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]


def _sent(cast):
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)
    reviewing.send_to_review(module, actor=cast.author.account)


SENT = Recording(_sent)


@pytest.mark.parametrize("role", ["author", "reviewer", "admin"])
def test_the_editors_first_screen_has_no_faults_by_day_and_by_night(cast, enter, role):
    SENT.play(cast, ground=cast.author.pk)
    page = enter(getattr(cast, role), "/admin/")
    assert page.locator(".desk").is_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == [], scheme
        assert overflow(page) <= 0, scheme
