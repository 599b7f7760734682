"""Two administrators at one moment, each through a connection of their own (R3)."""

from datetime import date

import pytest

from clinic.people.models import Unit, UnitSuccession
from clinic.people.restructuring import end_unit, merge_unit
from tests.attendance.test_races import together
from tests.given import make_person

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 1, 1)
WHY = "Perda susunan perangkat daerah"


def test_a_unit_is_merged_once_though_many_press_at_once(regencies):
    home, _ = regencies
    person = make_person("Budi", home.health)
    targets = [home.district, home.section, home.inspectorate, home.district]

    got = together(
        *[
            lambda into=into: merge_unit(
                Unit.objects.get(pk=home.health.pk), into, day=DAY, actor=None, reason=WHY
            )
            for into in targets
        ],
        lambda: end_unit(Unit.objects.get(pk=home.health.pk), last_day=DAY, actor=None, reason=WHY),
    )

    assert got.count(None) == 1
    assert set(got) - {None} <= {"unit_has_ended", "unit_has_parts"}
    assert UnitSuccession.objects.filter(before=home.health).count() == 1
    assert person.memberships.count() == 2
    assert Unit.find_problems() == ([], [], [], [], [])
