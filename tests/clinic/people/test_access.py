"""Who reaches what."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from clinic.people import access, granting
from clinic.people.access import can, grants_of, require, roles_of, visible
from clinic.people.granting import Scope
from clinic.people.merging import merge
from clinic.people.models import Account, Grant, Person
from tests.given import Role, make_member


def seen_by(person: Person) -> set[str]:
    return {p.name for p in visible(person.account, "see-person", Person.objects.all())}


def test_a_participant_sees_only_themselves(cast):
    assert seen_by(cast.participant) == {"Peserta"}


def test_an_operator_sees_the_unit_and_its_parts(cast):
    assert seen_by(cast.operator) == {"Orang Lain", "Pejabat", "Operator", "Tamu tanpa akun"}


def test_d02_each_regency_is_out_of_sight_of_the_other(cast):
    home, away = seen_by(cast.regency_official), seen_by(cast.other_regency_official)

    assert "Sekretariat Sebelah" not in home
    assert "Peserta" in home
    assert away == {"Sekretariat Sebelah"}


def test_an_assessor_sees_assigned_units_but_never_the_own(cast):
    assert seen_by(cast.assessor) >= {"Operator", "Tamu tanpa akun", "Penilai"}
    assert "Peserta" not in seen_by(cast.assessor)


def test_nobody_unknown_or_inactive_sees_anybody(cast, anonymous):
    cast.operator.account.is_active = False

    assert not visible(anonymous, "see-person", Person.objects.all()).exists()
    assert not visible(cast.operator.account, "see-person", Person.objects.all()).exists()
    assert roles_of(anonymous) == {"publik"}


def test_a_person_of_two_units_is_listed_once(cast, regencies):
    home, _ = regencies
    cast.stranger.memberships.create(unit=home.clinic, start=date(2021, 1, 1))

    rows = visible(cast.operator.account, "see-person", Person.objects.all())

    assert [p.name for p in rows].count("Orang Lain") == 1


def test_somebody_who_left_the_unit_is_no_longer_seen(cast):
    cast.stranger.memberships.update(end=timezone.localdate() - timedelta(days=1))

    assert "Orang Lain" not in seen_by(cast.operator)


def test_require_tells_what_may_be_seen_from_what_may_not(cast):
    with pytest.raises(PermissionDenied):
        require(cast.operator.account, "reveal-person", cast.stranger)
    with pytest.raises(Http404):
        require(cast.operator.account, "reveal-person", cast.participant)
    require(cast.admin.account, "reveal-person", cast.participant)


def test_a_class_asks_whether_to_any_at_all(cast, anonymous):
    assert can(cast.admin.account, "grant-role", Grant)
    assert not can(cast.operator.account, "grant-role", Grant)
    assert not can(anonymous, "see-person", Person)


def test_an_unknown_verb_is_a_fault_of_ours(cast):
    with pytest.raises(LookupError):
        can(cast.admin.account, "fly", Person)


def test_a_rule_names_known_roles_and_letters_once():
    with pytest.raises(ValueError, match="tamu"):
        access.rule("see-person", Account, "tamu:o")
    with pytest.raises(ValueError, match="x"):
        access.rule("see-person", Account, "admin:x")
    with pytest.raises(ValueError, match="admin"):
        access.rule("see-person", Person, "admin:*")


def test_s24_an_ended_grant_is_gone_at_the_next_request(cast):
    given = grants_of(cast.operator)[0]

    granting.end_grant(given, actor=cast.admin.account)

    assert seen_by(cast.operator) == {"Operator"}


def test_a_grant_counts_from_its_first_to_its_last_day(cast, regencies):
    home, _ = regencies
    today = timezone.localdate()
    person = make_member("Sementara", home.health, email="sementara@uji.test")
    granting.grant(
        person, Role.OPERATOR, actor=None, scope=granting.Scope(unit=home.health),
        starts_on=today + timedelta(days=1), ends_on=today + timedelta(days=3),
    )  # fmt: skip

    days = [bool(grants_of(person, today + timedelta(days=n))) for n in range(5)]

    assert days == [False, True, True, True, False]


def test_grants_are_read_once_within_a_request(cast, django_assert_num_queries):
    with access.remembering_grants(), django_assert_num_queries(2):
        assert grants_of(cast.operator) == grants_of(cast.operator)


def test_d12_what_was_a_merged_rows_is_the_persons(cast, regencies):
    home, _ = regencies
    granting.grant(cast.walk_in, Role.OPERATOR, actor=None, scope=Scope(unit=home.clinic))
    merge(cast.colleague, cast.walk_in, actor=None, reason="orang yang sama")

    assert Role.OPERATOR in roles_of(cast.colleague.account)
    assert can(cast.colleague.account, "reveal-person", cast.walk_in)


def test_the_reach_is_asked_of_the_rows_themselves_and_not_of_the_whole_table(cast):
    sql = str(visible(cast.operator.account, "see-person", Person.objects.filter(pk=1)).query)
    assert sql.count('FROM "people_person"') == 1


def test_a_reach_over_many_rows_doubles_none_and_asks_about_the_row_at_hand(cast, regencies):
    """No rule of ours crosses such a relation today; one that does must not double a row."""
    home, _ = regencies
    cast.stranger.memberships.create(unit=home.clinic, start=date(2021, 1, 1))
    over_many = Q(memberships__unit__path__startswith=home.health.path)

    def reached(_actor, _verb, _model):
        return over_many

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "condition_of", reached)
        rows = visible(cast.operator.account, "see-person", Person.objects.all())
        assert len(rows) == len(set(rows))
        assert cast.stranger in rows
        assert "EXISTS" in str(rows.query)
