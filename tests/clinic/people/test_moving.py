from datetime import date

import pytest

from clinic.people.arithmetic.placement import Wanted
from clinic.people.models import Membership, Unit
from clinic.people.moving import (
    NotMovable,
    Split,
    end_unit,
    load_unit_names,
    merge_units,
    move_person,
    predecessors_of,
    rename_unit,
    split_unit,
    successors_on,
)
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
    merge_units(units, into, **{"day": DAY, "actor": None, "reason": WHY, **options})


def stays(person):
    found = person.memberships.order_by("start").values_list("unit", "start", "end", "position")
    return list(found)


def found_on(text, day):
    return load_unit_names().find(text, day)


def test_an_old_sheet_still_finds_its_unit_after_a_merger(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")

    merge([home.health, home.inspectorate], into)

    on_the_sheet = found_on("DINAS KESEHATAN CONTOH", OLD)
    assert (on_the_sheet.how, on_the_sheet.unit) == ("found", home.health.pk)
    today = found_on("Dinas Kesehatan Contoh", DAY)
    assert (today.how, today.unit) == ("carried", into.pk)
    assert successors_on(fresh(home.health), OLD) == [home.health]
    assert successors_on(fresh(home.health), DAY) == [into]
    assert set(predecessors_of(into)) == {home.health, home.inspectorate}


def test_an_old_sheet_still_finds_its_unit_after_a_new_name(home):
    rename_unit(home.health, "Dinas Kesehatan dan KB", actor=None)
    rename_unit(fresh(home.health), "Dinas Kesehatan, KB dan Gizi", actor=None)

    for name in ("Dinas Kesehatan Contoh", "Dinas Kesehatan & KB", "dinas kesehatan kb dan gizi"):
        assert found_on(name, DAY).unit == home.health.pk
    assert fresh(home.health).former_name_list == [
        "Dinas Kesehatan Contoh",
        "Dinas Kesehatan dan KB",
    ]


def test_an_old_sheet_finds_all_that_carry_on_after_a_split_and_again_after_a_merger(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")
    two = new_unit(home, "dinas-dua", "Dinas Dua")
    split = Split(into=[one, two], rest_to=one)
    split_unit(home.health, split, day=DAY, actor=None, reason=WHY)
    later = date(2027, 1, 1)
    three = new_unit(home, "dinas-tiga", "Dinas Tiga", since=later)
    merge([one], three, day=later)

    assert successors_on(fresh(home.health), DAY) == [one, two]
    assert successors_on(fresh(home.health), later) == [two, three]
    answer = found_on("Dinas Kesehatan Contoh", DAY)
    assert (answer.how, answer.options) == ("split", (one.pk, two.pk))


def test_a_merger_moves_people_and_parts_and_ends_the_day_before(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    person = make_person("Budi", home.health)
    person.memberships.update(position="Kasubag")

    merge([home.health], into)

    assert fresh(home.health).valid_to == EVE
    assert stays(person) == [
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

    assert [(unit, end) for unit, _, end, _ in stays(person)] == [
        (home.health.pk, EVE),
        (into.pk, None),
    ]


def test_somebody_who_begins_later_begins_in_the_successor(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    person = make_person("Budi", home.health)
    person.memberships.update(start=date(2026, 3, 1))

    merge([home.health], into)

    assert stays(person) == [(into.pk, date(2026, 3, 1), None, "")]


def test_a_split_parts_people_and_parts_as_told(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")
    two = new_unit(home, "dinas-dua", "Dinas Dua")
    budi, siti = (make_person(name, home.health) for name in ("Budi", "Siti"))
    split = Split([one, two], one, persons={siti.pk: two}, parts={home.clinic.pk: two})

    split_unit(home.health, split, day=DAY, actor=None, reason=WHY)

    assert stays(budi)[-1][0] == one.pk
    assert stays(siti)[-1][0] == two.pk
    assert fresh(home.clinic).get_parent() == two


def test_people_of_a_split_only_go_to_who_carries_on(home):
    one = new_unit(home, "dinas-satu", "Dinas Satu")

    with pytest.raises(NotMovable) as refusal:
        split_unit(home.health, Split([one], home.district), day=DAY, actor=None, reason=WHY)

    assert refusal.value.code == "not_a_successor"


def test_a_unit_without_successor_ends_with_its_memberships(home):
    person = make_person("Budi", home.district)

    end_unit(home.district, last_day=EVE, actor=None, reason=WHY)

    assert stays(person)[-1][2] == EVE
    assert successors_on(fresh(home.district), DAY) == []
    assert found_on("Kecamatan Hulu Contoh", DAY).how == "ended"
    assert found_on("Kecamatan Hulu Contoh", OLD).unit == home.district.pk


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
    with pytest.raises(NotMovable) as refusal:
        act(home)

    assert refusal.value.code == code
    assert not Unit.objects.filter(valid_to__isnull=False).exists()


def test_a_unit_ends_once(home):
    into = new_unit(home, "dinas-gabungan", "Dinas Gabungan")
    merge([home.health], into)

    with pytest.raises(NotMovable) as refusal:
        merge([fresh(home.health)], into)

    assert refusal.value.code == "unit_has_ended"


def test_a_person_moves_on_a_day_and_the_second_time_nothing_happens(home):
    person = make_person("Budi", home.health)
    wanted = Wanted(home.district.pk, DAY, "Camat", "administrator")

    for _ in range(2):
        move_person(person, wanted, today=DAY, actor=None)

    assert stays(person) == [
        (home.health.pk, date(2020, 1, 1), EVE, ""),
        (home.district.pk, DAY, None, "Camat"),
    ]
    assert AuditEntry.objects.filter(verb="person.moved").count() == 1


def test_nobody_moves_into_a_unit_that_has_ended(home):
    person = make_person("Budi", home.health)
    end_unit(home.district, last_day=EVE, actor=None, reason=WHY)

    with pytest.raises(NotMovable) as refusal:
        move_person(person, Wanted(home.district.pk, DAY), today=DAY, actor=None)

    assert refusal.value.code == "unit_not_valid"


def test_nobody_moves_to_a_day_before_the_last_move(home):
    person = make_person("Budi", home.health)

    with pytest.raises(NotMovable) as refusal:
        move_person(person, Wanted(home.district.pk, date(2019, 1, 1)), today=DAY, actor=None)

    assert refusal.value.code == "start_before_last"
