from datetime import date

import pytest
from django.http import Http404

from clinic.lib.errors import Refused
from clinic.people import accounts, granting
from clinic.people.importing_people import apply_people, read_people
from clinic.people.merging import merge, undo_merge
from clinic.people.models import Person, PersonMerge
from clinic.records.audit import AuditEntry
from tests.clinic.people.lists import PERSON_HEADER, table
from tests.given import Role, make_member, make_person

NIP = "196608011988031001"
WHY = "satu orang, dua baris"


@pytest.fixture
def two(regencies):
    home, _ = regencies
    keep = make_person("Budi Santoso", home.health, email="budi@uji.test")
    other = make_person("Budi Santoso, S.E.", home.district, nip=NIP, email="lain@uji.test")
    return keep, other


def again(person):
    return Person.objects.get(pk=person.pk)


def test_readers_reach_the_kept_row_and_history_stays_where_it_was(two):
    keep, other = two

    merge(keep, other, actor=None, reason=WHY)

    assert again(other).resolved == keep
    assert set(Person.objects.rows_of(keep)) == set(Person.objects.rows_of(other)) == {keep, other}
    assert [p.memberships.count() for p in (again(keep), again(other))] == [1, 1]
    assert list(Person.objects.unmerged().filter(pk__in=[keep.pk, other.pk])) == [keep]


def test_units_of_today_are_found_by_whatever_row(two, regencies, django_assert_num_queries):
    keep, other = two
    home = regencies[0]
    ended = make_person("Budi S.", home.section)
    ended.memberships.update(end=date(2024, 12, 31))
    alone = make_person("Sendiri", home.clinic)
    both = sorted([home.health.pk, home.district.pk])
    for row, kept in ((other, keep), (ended, other)):
        Person.objects.filter(pk=row.pk).update(merged_into=kept)

    for row in (keep, other, ended):
        assert Person.objects.units_of([row.pk], date(2026, 5, 25)) == both
    assert Person.objects.units_of([ended.pk], date(2024, 12, 31)) == sorted(
        [*both, home.section.pk]
    )
    with django_assert_num_queries(1):
        assert Person.objects.units_of([alone.pk], date(2026, 5, 25)) == [home.clinic.pk]
    assert Person.objects.units_of([alone.pk], date(2019, 5, 25)) == []
    assert Person.objects.units_of([], date(2026, 5, 25)) == []


def test_blanks_are_filled_and_nothing_is_overwritten(two):
    keep, other = two

    merge(keep, other, actor=None, reason=WHY)

    assert (again(keep).nip, again(keep).email) == (NIP, "budi@uji.test")


def test_undo_gives_back_what_was_filled_and_keeps_what_changed_since(two):
    keep, other = two
    other.phone = "0811111111"
    other.save()
    merge(keep, other, actor=None, reason=WHY)
    Person.objects.filter(pk=keep.pk).update(phone="0822222222")

    undo_merge(other, actor=None, reason="ternyata dua orang")

    assert (again(keep).nip, again(keep).phone) == ("", "0822222222")
    assert (again(other).nip, again(other).resolved) == (NIP, other)
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["person.merged", "person.merge_undone"]


def test_merging_twice_is_one_merge(two):
    keep, other = two

    first = merge(keep, other, actor=None, reason=WHY)
    second = merge(keep, again(other), actor=None, reason=WHY)

    assert first == second
    assert PersonMerge.objects.count() == 1


def test_a_chain_leads_to_the_last_row_and_comes_apart_link_by_link(two, regencies):
    keep, other = two
    third = make_person("Budi S.", regencies[0].health)
    merge(keep, other, actor=None, reason=WHY)
    merge(third, again(keep), actor=None, reason=WHY)

    assert again(other).resolved == third
    assert set(Person.objects.rows_of(other)) == {keep, other, third}

    undo_merge(again(keep), actor=None, reason=WHY)

    assert again(other).resolved == keep
    assert again(third).nip == ""


def test_merging_into_a_merged_row_merges_into_the_kept_one(two, regencies):
    keep, other = two
    third = make_person("Budi S.", regencies[0].health)
    merge(keep, other, actor=None, reason=WHY)

    merge(again(other), third, actor=None, reason=WHY)

    assert again(third).merged_into == keep


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_merge_needs_a_reason(two, reason):
    with pytest.raises(Refused) as refusal:
        merge(*two, actor=None, reason=reason)

    assert refusal.value.code == "reason_missing"


def test_one_row_is_not_merged_with_itself(two):
    with pytest.raises(Refused) as refusal:
        merge(two[0], two[0], actor=None, reason=WHY)

    assert refusal.value.code == "same_person"


def test_a_row_given_up_is_not_given_up_again_elsewhere(two, regencies):
    keep, other = two
    third = make_person("Budi S.", regencies[0].health)
    merge(keep, other, actor=None, reason=WHY)

    with pytest.raises(Refused) as refusal:
        merge(third, again(other), actor=None, reason=WHY)

    assert refusal.value.code == "already_merged"


def test_no_account_is_left_behind(two, regencies, cast):
    keep, other = two
    member = make_member("Budi", regencies[0].health, email="budi.s@uji.test")

    with pytest.raises(Refused) as refusal:
        merge(keep, member, actor=None, reason=WHY)
    assert refusal.value.code == "keep_the_one_with_the_account"

    second = accounts.create_account(other)
    with pytest.raises(Refused) as refusal:
        merge(member, other, actor=None, reason=WHY)
    assert refusal.value.code == "both_have_accounts"

    accounts.retire(second, actor=cast.admin.account, reason="dua akun")
    merge(member, other, actor=None, reason=WHY)
    assert again(other).resolved == member


def test_what_is_not_merged_is_not_undone(two):
    with pytest.raises(Refused) as refusal:
        undo_merge(two[1], actor=None, reason=WHY)

    assert refusal.value.code == "not_merged"


def test_undo_stops_when_a_third_row_has_the_nip(two, regencies):
    keep, other = two
    merge(keep, other, actor=None, reason=WHY)
    Person.objects.filter(pk=keep.pk).update(nip="")
    make_person("Budi lain", regencies[0].health, nip=NIP)

    with pytest.raises(Refused) as refusal:
        undo_merge(again(other), actor=None, reason=WHY)

    assert refusal.value.code == "nip_taken"


def test_a_list_that_knows_only_the_merged_number_finds_the_kept_row(two):
    keep, other = two
    Person.objects.filter(pk=keep.pk).update(nip="198005052005011003")
    merge(again(keep), other, actor=None, reason=WHY)
    today = date(2026, 6, 1)
    rows = [PERSON_HEADER, [NIP, "Budi Santoso", "Dinas Kesehatan Contoh", "Kasubag"]]

    plan = apply_people(*read_people(table(rows)), actor=None, today=today)

    assert [problem.code for problem in plan.problems] == ["nip_differs"]
    assert plan.rows[0].target == keep.pk
    assert again(keep).nip == "198005052005011003"
    assert keep.memberships.get().position == "Kasubag"


def test_nobody_gets_a_role_by_merging_its_holder_into_their_own_row(cast, regencies):
    admin = cast.admin.account
    holder = make_person("Admin, S.E.", regencies[0].section)
    granting.grant(holder, Role.AUTHOR, actor=None)

    with pytest.raises(Refused) as refusal:
        merge(cast.admin, holder, actor=admin, reason=WHY)
    assert refusal.value.code == "own_grant"

    granting.end_grant(holder.grants.get(), actor=admin)
    merge(cast.admin, holder, actor=admin, reason=WHY)
    assert again(holder).resolved == cast.admin


def test_nobody_but_the_administrator_merges(two, cast):
    with pytest.raises(Http404):
        merge(*two, actor=cast.other_regency_official.account, reason=WHY)
    assert not PersonMerge.objects.exists()
