"""The table in which tries are counted; away from Redis: tests/laws/test_all_else_down.py."""

import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils.connection import ConnectionProxy


@pytest.fixture
def table(db) -> ConnectionProxy:
    return caches["spare" if "spare" in settings.CACHES else "default"]


def test_s09_a_crowd_of_strangers_does_not_wipe_what_was_counted(table):
    table.set("counted", 5, timeout=60)
    for number in range(400):
        table.set(f"stranger-{number}", 1, timeout=60)

    assert table.get("counted") == 5
