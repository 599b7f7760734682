from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from clinic.lib.errors import Refused
from clinic.people.models import Membership, Unit, UnitSuccession
from clinic.people.restructuring import (
    end_unit,
    merge_unit,
    move_unit,
    predecessors_of,
    rename_unit,
    reopen_unit,
    split_unit,
    successors_on,
)
from clinic.people.unit_names import UnitNames
from clinic.records.audit import AuditEntry
from tests.given import make_person

DAY = date(2026, 1, 1)
EVE = date(2025, 12, 31)
OLD = date(2022, 5, 25)
WHY = "Perda susunan perangkat daerah"


@pytest.fixture
def home(regencies):
    return regencies[0]


def new_unit(home, slug, name, *, since=DAY):
    root = Unit.objects.get(pk=home.root.pk)
    return root.add_child(slug=slug, name=name, kind="dinas", order=9, valid_from=since)


def fresh(unit):
    return Unit.objects.get(pk=unit.pk)


def merge(units, into, **options):
    for unit in units:
        merge_unit(unit, into, **{"day": DAY, "actor": None, "reason": WHY, **options})


def memberships_of(person):
    found = person.memberships.order_by("start").values_list("unit", "start", "end", "position")
    return list(found)


def found_on(text, day):
    return UnitNames.load().find(text, day)


def test_an_old_sheet_still_finds_its_unit_after_a_merger(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")

    merge([home.health, home.inspectorate], into)

    on_the_sheet = found_on("DINAS KESEHATAN CONTOH", OLD)
    assert (on_the_sheet.how, on_the_sheet.unit) == ("found", home.health)
    today = found_on("Dinas Kesehatan Contoh", DAY)
    assert (today.how, today.unit) == ("carried", into)
    assert successors_on(fresh(home.health), OLD) == [home.health]
    assert successors_on(fresh(home.health), DAY) == [into]
    assert set(predecessors_of(into)) == {home.health, home.inspectorate}


def test_an_old_sheet_still_finds_its_unit_after_a_new_name(home):
    rename_unit(home.health, "Dinas Kesehatan dan KB", actor=None)
    rename_unit(fresh(home.health), "Dinas Kesehatan, KB dan Gizi", actor=None)

    for name in ("Dinas Kesehatan Contoh", "Dinas Kesehatan & KB", "dinas kesehatan kb dan gizi"):
        assert found_on(name, DAY).unit == home.health
    assert fresh(home.health).former_name_list == [
        "Dinas Kesehatan Contoh",
        "Dinas Kesehatan dan KB",
    ]


def test_an_old_sheet_finds_all_that_carry_on_after_a_split_and_again_after_a_merger(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")
    two = new_unit(home, "dinas-dua", "Dinas Dua")
    split_unit(home.health, [one, two], day=DAY, actor=None, reason=WHY)
    later = date(2027, 1, 1)
    three = new_unit(home, "dinas-tiga", "Dinas Tiga", since=later)
    merge([one], three, day=later)

    assert successors_on(fresh(home.health), DAY) == [one, two]
    assert successors_on(fresh(home.health), later) == [two, three]
    answer = found_on("Dinas Kesehatan Contoh", DAY)
    assert (answer.how, answer.options) == ("split", (one, two))


def test_a_merger_moves_people_and_parts_and_ends_the_day_before(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    person = make_person("Budi", home.health)
    person.memberships.update(position="Kasubag")

    merge([home.health], into)

    assert fresh(home.health).valid_to == EVE
    assert memberships_of(person) == [
        (home.health.pk, date(2020, 1, 1), EVE, "Kasubag"),
        (into.pk, DAY, None, "Kasubag"),
    ]
    assert fresh(home.clinic).get_parent() == into
    assert Unit.find_problems() == ([], [], [], [], [])
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"unit.merged", "person.moved"} <= verbs


def test_somebody_who_works_in_both_keeps_one_place(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan", since=None)
    person = make_person("Budi", home.health)
    Membership.objects.create(person=person, unit=into, start=date(2024, 1, 1))

    merge([home.health], into)

    assert [(unit, end) for unit, _, end, _ in memberships_of(person)] == [
        (home.health.pk, EVE),
        (into.pk, None),
    ]


def test_somebody_who_begins_later_begins_in_the_successor(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    person = make_person("Budi", home.health)
    person.memberships.update(start=date(2026, 3, 1))

    merge([home.health], into)

    assert memberships_of(person) == [(into.pk, date(2026, 3, 1), None, "")]


def test_a_split_parts_people_and_parts_as_told(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")
    two = new_unit(home, "dinas-dua", "Dinas Dua")
    budi, siti = (make_person(name, home.health) for name in ("Budi", "Siti"))

    split_unit(
        home.health, [one, two], day=DAY, actor=None, reason=WHY,
        persons={siti.pk: two}, parts={home.clinic.pk: two},
    )  # fmt: skip

    assert memberships_of(budi)[-1][0] == one.pk
    assert memberships_of(siti)[-1][0] == two.pk
    assert fresh(home.clinic).get_parent() == two


def test_people_of_a_split_only_go_to_who_carries_on(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")

    with pytest.raises(Refused) as refusal:
        split_unit(
            home.health, [one], day=DAY, actor=None, reason=WHY,
            parts={home.clinic.pk: home.district},
        )  # fmt: skip

    assert refusal.value.code == "not_a_successor"


def test_a_unit_without_successor_ends_with_its_memberships(home):
    person = make_person("Budi", home.district)

    end_unit(home.district, last_day=EVE, actor=None, reason=WHY)

    assert memberships_of(person)[-1][2] == EVE
    assert successors_on(fresh(home.district), DAY) == []
    assert found_on("Kecamatan Hulu Contoh", DAY).how == "ended"
    assert found_on("Kecamatan Hulu Contoh", OLD).unit == home.district


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda h: merge([h.root], h.health), "regency_does_not_end"),
        (lambda h: merge([h.health], h.clinic), "successor_lies_below"),
        (lambda h: merge([h.health], h.health), "successor_lies_below"),
        (
            lambda h: merge([h.health], new_unit(h, "x", "X", since=date(2027, 1, 1))),
            "unit_not_valid",
        ),
        (lambda h: end_unit(h.health, last_day=EVE, actor=None, reason=WHY), "unit_has_parts"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(home, act, code):
    with pytest.raises(Refused) as refusal:
        act(home)

    assert refusal.value.code == code
    assert not Unit.objects.filter(valid_to__isnull=False).exists()


def test_a_unit_ends_once(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    merge([home.health], into)

    with pytest.raises(Refused) as refusal:
        merge([fresh(home.health)], into)

    assert refusal.value.code == "unit_has_ended"


def test_a_unit_moves_below_another_with_all_its_parts_and_twice_is_once(home):
    for _ in range(2):
        move_unit(fresh(home.clinic), home.district, today=DAY, actor=None, reason=WHY)

    assert fresh(home.clinic).get_parent() == home.district
    assert Unit.find_problems() == ([], [], [], [], [])
    assert AuditEntry.objects.filter(verb="unit.moved").count() == 1


@pytest.mark.parametrize(
    ("unit", "parent", "code"),
    [
        ("root", "health", "regency_stays_root"),
        ("health", "clinic", "parent_lies_below"),
        ("health", "health", "parent_lies_below"),
        ("clinic", "district", "unit_not_valid"),
    ],
)
def test_a_unit_moves_only_below_one_that_can_hold_it(home, unit, parent, code):
    end_unit(home.district, last_day=EVE, actor=None, reason=WHY)
    before = list(Unit.objects.values_list("path", "slug"))

    with pytest.raises(Refused) as refusal:
        move_unit(
            fresh(getattr(home, unit)), fresh(getattr(home, parent)),
            today=DAY, actor=None, reason=WHY,
        )  # fmt: skip

    assert refusal.value.code == code
    assert list(Unit.objects.values_list("path", "slug")) == before


def test_an_end_is_taken_back_and_the_people_stay_where_they_are(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    person = make_person("Budi", home.health)
    merge([home.health], into)

    reopen_unit(fresh(home.health), today=DAY, actor=None, reason="salah unit")

    again = fresh(home.health)
    assert (again.valid_to, successors_on(again, DAY)) == (None, [again])
    assert not UnitSuccession.objects.exists()
    assert memberships_of(person)[-1][0] == into.pk
    assert AuditEntry.objects.filter(verb="unit.reopened").count() == 1


def test_only_what_has_ended_is_opened_and_not_below_an_ended_one(home):
    with pytest.raises(Refused) as refusal:
        reopen_unit(home.health, today=DAY, actor=None, reason=WHY)
    assert refusal.value.code == "unit_goes_on"

    end_unit(home.clinic, last_day=EVE, actor=None, reason=WHY)
    end_unit(fresh(home.health), last_day=EVE, actor=None, reason=WHY)
    with pytest.raises(Refused) as refusal:
        reopen_unit(fresh(home.clinic), today=DAY, actor=None, reason=WHY)
    assert refusal.value.code == "parent_has_ended"


def test_nobody_but_the_administrator_changes_a_unit(home, cast):
    with pytest.raises(PermissionDenied):
        rename_unit(home.health, "Dinas Lain", actor=cast.regency_official.account)
    with pytest.raises(Http404):
        rename_unit(home.health, "Dinas Lain", actor=cast.other_regency_official.account)
    rename_unit(home.health, "Dinas Lain", actor=cast.admin.account)

    assert fresh(home.health).name == "Dinas Lain"
