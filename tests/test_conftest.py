"""A flush between tests leaves what the migrations had put in."""

import pytest
from django.contrib.contenttypes.models import ContentType

from clinic.records import seals


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_with_a_flush_finds_the_first_rows_and_the_triggers(turn):
    assert ContentType.objects.filter(app_label="people", model="account").count() == 1
    assert seals.missing_triggers() == []
