"""Roles given and taken back."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied

from clinic.people import granting
from clinic.people.access import grants_of
from clinic.people.granting import Scope
from clinic.people.models import Grant
from clinic.records.audit import AuditEntry
from tests.attendance import made
from tests.given import YEAR, Role


def refused(code, person, role, *, actor, **scope):
    with pytest.raises(granting.Refused) as caught:
        granting.grant(person, role, actor=actor, scope=Scope(**scope))
    return caught.value.code == code


def test_nobody_grants_a_role_to_themselves(cast):
    assert refused("own_grant", cast.admin, Role.AUTHOR, actor=cast.admin.account)


def test_only_the_administrator_grants_and_takes_back(cast):
    for role, person in cast.by_role().items():
        if role == Role.ADMINISTRATOR:
            continue
        with pytest.raises(PermissionDenied):
            granting.grant(cast.walk_in, Role.AUTHOR, actor=person.account)
        with pytest.raises(PermissionDenied):
            granting.end_grant(grants_of(cast.operator)[0], actor=person.account)


def test_each_role_takes_its_own_kind_of_scope(cast, regencies):
    home, _ = regencies
    wrong = [
        (Role.OPERATOR, {}),
        (Role.OPERATOR, {"event": made.event_of(cast.organiser)}),
        (Role.REGENCY_OFFICIAL, {"unit": home.health}),
        (Role.ASSESSOR, {"unit": home.health}),
        (Role.AUTHOR, {"unit": home.health}),
        (Role.ORGANISER, {"unit": home.health}),
        ("raja", {}),
    ]
    for role, scope in wrong:
        assert refused("scope_does_not_fit", cast.walk_in, role, actor=None, **scope), role


def test_nobody_reviews_the_own_unit(cast, regencies):
    home, _ = regencies

    assert refused(
        "own_unit", cast.assessor, Role.ASSESSOR, actor=None, unit=home.inspectorate, year=YEAR
    )


def test_granting_twice_keeps_one_grant(cast, regencies):
    home, _ = regencies
    again = granting.grant(
        cast.operator, Role.OPERATOR, actor=cast.admin.account, scope=Scope(unit=home.health)
    )

    assert again == grants_of(cast.operator)[0]
    assert Grant.objects.filter(person=cast.operator).count() == 1


def test_an_ended_role_can_be_given_again_the_same_day(cast, regencies):
    home, _ = regencies
    granting.end_grant(grants_of(cast.operator)[0], actor=cast.admin.account)
    granting.grant(
        cast.operator, Role.OPERATOR, actor=cast.admin.account, scope=Scope(unit=home.health)
    )

    assert [given.role for given in grants_of(cast.operator)] == [Role.OPERATOR]
    assert Grant.objects.filter(person=cast.operator).count() == 2


def test_the_editor_groups_follow_the_roles(cast):
    def groups(person):
        return set(person.account.groups.values_list("name", flat=True))

    assert groups(cast.author) == {"Penyusun"}
    assert groups(cast.reviewer) == {"Pengulas"}
    assert groups(cast.admin) == {"Admin"}
    assert groups(cast.organiser) == set()
    granting.end_grant(grants_of(cast.author)[0], actor=cast.admin.account)
    assert groups(cast.author) == set()


def test_only_three_groups_hold_access_to_the_editor(db):
    holders = Group.objects.filter(permissions__codename="access_admin")

    assert set(holders.values_list("name", flat=True)) == {"Penyusun", "Pengulas", "Admin"}


def test_given_and_ended_roles_are_audited(cast):
    granting.end_grant(grants_of(cast.operator)[0], actor=cast.admin.account)

    rows = AuditEntry.objects.filter(subject=cast.operator.pk, verb__startswith="grant.")
    assert [row.verb for row in rows.order_by("pk")] == ["grant.given", "grant.ended"]
    assert rows.first().detail.values["role"] == Role.OPERATOR
