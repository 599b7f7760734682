"""How far each letter of the matrix reaches."""

import pytest

from clinic.people.access import Reach
from clinic.people.models import Grant, Person, Unit
from tests.attendance import made
from tests.given import YEAR, Role


@pytest.fixture
def grants(cast):
    """The cast's grants stand for rows that have a unit, a year, an event and a person."""
    return Grant.objects.all()


def roles(grants, condition):
    return set(grants.filter(condition).values_list("role", flat=True))


def test_events_by_their_key(cast, grants):
    event = made.event_of(cast.organiser)
    other = made.event_of(cast.author, code="klinik-lain")
    theirs = Grant.objects.filter(person=cast.organiser)

    def granted(one):
        return roles(theirs, Reach(event_ids=frozenset({one.pk})).in_events("event"))

    assert granted(event) == {Role.ORGANISER}
    assert granted(other) == set()
    assert roles(grants, Reach().in_events("event")) == set()


def test_units_with_all_below_and_nothing_beside(cast, regencies):
    home, away = regencies
    reach = Reach(unit_paths=frozenset({home.health.path}))

    assert set(Unit.objects.filter(reach.in_units())) == {home.health, home.clinic}
    root = Reach(unit_paths=frozenset({home.root.path}))
    assert away.root not in Unit.objects.filter(root.in_units())


def test_assignments_hold_for_their_year_and_never_for_the_own_unit(grants, regencies):
    home, _ = regencies
    path = home.health.path

    assert roles(grants, Reach(assignments=frozenset({(path, YEAR)})).assigned("unit", year="year"))
    assert not roles(
        grants, Reach(assignments=frozenset({(path, YEAR - 1)})).assigned("unit", year="year")
    )
    own = Reach(assignments=frozenset({(path, YEAR)}), own_unit_paths=frozenset({path}))
    assert not roles(grants, own.assigned("unit", year="year"))


def test_own_and_written_rows(cast, grants):
    mine = frozenset({cast.operator.pk})

    assert roles(grants, Reach(person_ids=mine).own("person")) == {Role.OPERATOR}
    assert roles(grants, Reach(person_ids=mine).written("person")) == set()
    assert roles(grants, Reach(author_ids=mine).written("person")) == {Role.OPERATOR}


def test_content_belongs_to_the_whole_programme(cast):
    assert not Person.objects.filter(Reach().programme()).exists()
    assert Person.objects.filter(Reach(whole_programme=True).programme()).exists()


def test_everything_reaches_every_row_by_every_way(cast):
    reach = Reach(everything=True)
    everybody = Grant.objects.count()
    ways = [
        reach.own("person"), reach.written("person"), reach.in_units("unit"),
        reach.in_events("event"), reach.assigned("unit", year="year"), reach.programme(),
    ]  # fmt: skip
    assert [Grant.objects.filter(way).count() for way in ways] == [everybody] * len(ways)
