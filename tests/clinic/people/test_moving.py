from datetime import date, timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from clinic.lib.errors import Refused
from clinic.people import granting
from clinic.people.access import grants_of
from clinic.people.models import Grant
from clinic.people.moving import move_person
from clinic.people.restructuring import end_unit
from clinic.records.audit import AuditEntry
from tests.given import Role, make_person

DAY = date(2026, 1, 1)
EVE = date(2025, 12, 31)
WHY = "Perda susunan perangkat daerah"


@pytest.fixture
def home(regencies):
    return regencies[0]


def memberships_of(person):
    found = person.memberships.order_by("start").values_list("unit", "start", "end", "position")
    return list(found)


def test_a_person_moves_on_a_day_and_the_second_time_nothing_happens(home):
    person = make_person("Budi", home.health)

    for _ in range(2):
        move_person(
            person, home.district, today=DAY, actor=None, start=DAY, position="Camat",
            position_kind="administrator",
        )  # fmt: skip

    assert memberships_of(person) == [
        (home.health.pk, date(2020, 1, 1), EVE, ""),
        (home.district.pk, DAY, None, "Camat"),
    ]
    assert AuditEntry.objects.filter(verb="person.moved").count() == 1


def test_nobody_moves_into_a_unit_that_has_ended(home):
    person = make_person("Budi", home.health)
    end_unit(home.district, last_day=EVE, actor=None, reason=WHY)

    with pytest.raises(Refused) as refusal:
        move_person(person, home.district, today=DAY, actor=None, start=DAY)

    assert refusal.value.code == "unit_not_valid"


def test_nobody_moves_to_a_day_before_the_last_move(home):
    person = make_person("Budi", home.health)

    with pytest.raises(Refused) as refusal:
        move_person(person, home.district, today=DAY, actor=None, start=date(2019, 1, 1))

    assert refusal.value.code == "start_before_last"


def test_who_leaves_a_unit_loses_the_roles_in_units_at_once(home, cast):
    today = timezone.localdate()
    granting.grant(cast.operator, Role.AUTHOR, actor=None)

    move_person(cast.operator, home.district, today=today, actor=cast.admin.account, reason=WHY)

    assert [given.role for given in grants_of(cast.operator)] == [Role.AUTHOR]
    assert AuditEntry.objects.filter(verb="grant.ended", subject=cast.operator.pk).count() == 1


def test_a_move_that_lies_ahead_ends_the_roles_with_the_last_day_in_the_old_unit(home, cast):
    today = timezone.localdate()
    start = today + timedelta(days=5)

    move_person(cast.operator, home.district, today=today, actor=None, start=start)

    given = Grant.objects.get(person=cast.operator)
    assert (given.ended_at, given.ends_on) == (None, start - timedelta(days=1))


def test_another_post_in_the_same_unit_leaves_the_roles(home, cast):
    today = timezone.localdate()

    move_person(cast.operator, home.health, today=today, actor=None, position="Kasubag")

    assert [given.role for given in grants_of(cast.operator)] == [Role.OPERATOR]


def test_nobody_but_the_administrator_moves_anybody(home, cast):
    with pytest.raises(Http404):
        move_person(
            cast.participant, home.health, today=DAY, actor=cast.other_regency_official.account
        )
