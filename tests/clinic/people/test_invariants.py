from datetime import date

import pytest

from clinic.people.invariants import INVARIANTS
from clinic.people.merging import merge
from clinic.people.models import Person, Unit, UnitSuccession
from clinic.people.restructuring import merge_unit
from tests.given import make_person

DAY = date(2026, 1, 1)


def breaches():
    return [breach.message for _, check in INVARIANTS for breach in check()]


@pytest.fixture
def home(regencies):
    return regencies[0]


def test_what_the_services_write_breaks_nothing(home):
    person = make_person("Budi", home.health)
    merge(person, make_person("Budi S.", home.district), actor=None, reason="satu orang")
    merge_unit(home.inspectorate, home.section, day=DAY, actor=None, reason="Perda")

    assert breaches() == []


def test_each_breach_is_named(home):
    one, two = make_person("Budi", home.health), make_person("Siti", home.health)
    Person.objects.filter(pk=one.pk).update(merged_into=two)
    Person.objects.filter(pk=two.pk).update(merged_into=one)
    UnitSuccession.objects.create(before=home.health, after=home.district)
    UnitSuccession.objects.create(before=home.district, after=home.health)
    Unit.objects.filter(pk=home.health.pk).update(valid_to=DAY)

    found = breaches()

    assert found.count("a merged row leads back to itself") == 2
    assert found.count("a unit carries on for itself") == 2
    assert found.count("a unit has a successor but no last day") == 1
