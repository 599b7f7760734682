from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinic.people.arithmetic.lineage import leads_to
from clinic.people.models import Unit
from clinic.people.unit_names import find_carriers

DAY = date(2022, 1, 1)
OPEN = Unit()


def ended(day):
    return Unit(valid_to=day)


def begun(day):
    return Unit(valid_from=day)


def test_a_unit_that_exists_on_the_day_carries_itself():
    assert find_carriers(1, DAY, units={1: OPEN}, successors={1: [2]}) == [1]


def test_a_chain_of_mergers_leads_to_the_last_one():
    units = {1: ended(date(2019, 12, 31)), 2: ended(date(2021, 6, 30)), 3: OPEN}

    assert find_carriers(1, DAY, units=units, successors={1: [2], 2: [3]}) == [3]


def test_the_answer_depends_on_the_day():
    units = {
        1: ended(date(2019, 12, 31)),
        2: Unit(valid_from=date(2020, 1, 1), valid_to=date(2021, 6, 30)),
        3: begun(date(2021, 7, 1)),
    }
    successors = {1: [2], 2: [3]}

    found = [
        find_carriers(1, day, units=units, successors=successors)
        for day in (date(2019, 5, 1), date(2020, 5, 1), DAY)
    ]

    assert found == [[1], [2], [3]]


def test_a_split_leads_to_all_its_parts_in_order():
    units = {1: ended(date(2021, 1, 1)), 2: OPEN, 3: OPEN}

    assert find_carriers(1, DAY, units=units, successors={1: [3, 2]}) == [3, 2]


def test_one_that_ended_without_a_successor_has_no_carrier():
    assert find_carriers(1, DAY, units={1: ended(date(2020, 1, 1))}, successors={}) == []


def test_one_that_has_not_begun_carries_nothing():
    assert find_carriers(1, DAY, units={1: begun(date(2023, 1, 1))}, successors={1: [2]}) == []


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 7))
    keys = range(size)
    units = {
        key: Unit(valid_to=draw(st.none() | st.dates(DAY - timedelta(3), DAY + timedelta(3))))
        for key in keys
    }
    edges = st.lists(st.sampled_from(list(keys)), max_size=3, unique=True)
    return units, {key: draw(edges) for key in keys}


@given(graphs())
def test_carriers_exist_on_the_day_are_reached_and_come_once_even_in_circles(graph):
    units, successors = graph

    found = find_carriers(0, DAY, units=units, successors=successors)

    assert len(found) == len(set(found))
    assert all(units[key].exists_on(DAY) and leads_to(0, key, successors) for key in found)
