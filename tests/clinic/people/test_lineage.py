from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinic.people.arithmetic.lineage import Span, carriers_on, leads_to

DAY = date(2022, 1, 1)
OPEN = Span()


def ended(day):
    return Span(last=day)


def begun(day):
    return Span(first=day)


def test_a_unit_that_exists_on_the_day_carries_itself():
    assert carriers_on(1, DAY, spans={1: OPEN}, successors={1: [2]}) == [1]


def test_a_chain_of_mergers_leads_to_the_last_one():
    spans = {1: ended(date(2019, 12, 31)), 2: ended(date(2021, 6, 30)), 3: OPEN}

    assert carriers_on(1, DAY, spans=spans, successors={1: [2], 2: [3]}) == [3]


def test_the_answer_depends_on_the_day():
    spans = {
        1: ended(date(2019, 12, 31)),
        2: Span(date(2020, 1, 1), date(2021, 6, 30)),
        3: begun(date(2021, 7, 1)),
    }
    successors = {1: [2], 2: [3]}

    found = [
        carriers_on(1, day, spans=spans, successors=successors)
        for day in (date(2019, 5, 1), date(2020, 5, 1), DAY)
    ]

    assert found == [[1], [2], [3]]


def test_a_split_leads_to_all_its_parts_in_order():
    spans = {1: ended(date(2021, 1, 1)), 2: OPEN, 3: OPEN}

    assert carriers_on(1, DAY, spans=spans, successors={1: [3, 2]}) == [3, 2]


def test_one_that_ended_without_a_successor_has_no_carrier():
    assert carriers_on(1, DAY, spans={1: ended(date(2020, 1, 1))}, successors={}) == []


def test_one_that_has_not_begun_carries_nothing():
    assert carriers_on(1, DAY, spans={1: begun(date(2023, 1, 1))}, successors={1: [2]}) == []


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 7))
    keys = range(size)
    spans = {
        key: Span(last=draw(st.none() | st.dates(DAY - timedelta(3), DAY + timedelta(3))))
        for key in keys
    }
    edges = st.lists(st.sampled_from(list(keys)), max_size=3, unique=True)
    return spans, {key: draw(edges) for key in keys}


@given(graphs())
def test_carriers_exist_on_the_day_are_reached_and_come_once_even_in_circles(graph):
    spans, successors = graph

    found = carriers_on(0, DAY, spans=spans, successors=successors)

    assert len(found) == len(set(found))
    assert all(spans[key].covers(DAY) and leads_to(0, key, successors) for key in found)
