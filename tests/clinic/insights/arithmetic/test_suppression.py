import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clinic.insights.arithmetic.suppression import (
    USUAL_MINIMA,
    Audience,
    State,
    raw_minimum,
    state,
    tells_apart,
)
from clinic.insights.arithmetic.tables import suppress

tables = arrays(
    np.int64, st.tuples(st.integers(1, 7), st.integers(1, 5)), elements=st.integers(0, 14)
)
minima = st.sampled_from([1, 3, 5, 10])


@pytest.mark.parametrize(
    ("people", "audience", "alone", "expected"),
    [
        (0, Audience.PUBLIC, False, State.UNKNOWN),
        (1, Audience.PROGRAMME, False, State.LIMITED),
        (2, Audience.PROGRAMME, False, State.LIMITED),
        (3, Audience.PROGRAMME, False, State.SHOWN),
        (2, Audience.UNIT, False, State.HIDDEN),
        (3, Audience.UNIT, False, State.SHOWN),
        (1, Audience.UNIT, True, State.LIMITED),
        (2, Audience.UNIT, True, State.HIDDEN),
        (4, Audience.OTHERS, False, State.HIDDEN),
        (9, Audience.PUBLIC, False, State.HIDDEN),
        (10, Audience.PUBLIC, False, State.SHOWN),
    ],
)
def test_each_audience_has_its_minimum(people, audience, alone, expected):
    assert state(people, minimum=USUAL_MINIMA[audience], alone=alone) == expected


@pytest.mark.parametrize(("minimum", "raw"), [(1, 5), (3, 5), (5, 5), (10, 10)])
def test_raw_figures_need_five_people_at_least(minimum, raw):
    assert raw_minimum(minimum) == raw


@given(tables, minima)
def test_every_small_cell_is_hidden_and_no_empty_one(people, minimum):
    hidden = suppress(people, minimum=minimum).cells

    assert hidden[(people > 0) & (people < minimum)].all()
    assert not hidden[people == 0].any()


@given(tables, minima)
def test_a_shown_total_never_gives_a_hidden_cell_away(people, minimum):
    result = suppress(people, minimum=minimum)

    for row in range(people.shape[0]):
        gone = people[row][result.cells[row]]
        assert not len(gone) or result.row_totals[row] or (len(gone) >= 2 and gone.max() >= minimum)
    for column in range(people.shape[1]):
        gone = people[:, column][result.cells[:, column]]
        assert (
            not len(gone)
            or result.column_totals[column]
            or (len(gone) >= 2 and gone.sum() >= minimum)
        )


@given(tables, minima)
def test_without_totals_only_small_cells_go(people, minimum):
    result = suppress(people, minimum=minimum, row_totals=False, column_totals=False)

    assert (result.cells == ((people > 0) & (people < minimum))).all()
    assert not result.row_totals.any()
    assert not result.column_totals.any()


@given(tables, minima)
def test_a_table_without_small_cells_stays_whole(people, minimum):
    large = np.where(people > 0, people + minimum, 0)

    assert not suppress(large, minimum=minimum).cells.any()


def test_the_next_smallest_cell_goes_with_a_single_hidden_one():
    people = np.array([[2], [9], [6], [30]])

    assert suppress(people, minimum=5, row_totals=False).cells[:, 0].tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_two_hidden_cells_of_too_few_people_take_a_third():
    people = np.array([[1], [1], [7], [30]])

    assert suppress(people, minimum=5, row_totals=False).cells[:, 0].tolist() == [
        True,
        True,
        True,
        False,
    ]


def test_a_total_with_nothing_left_to_hide_goes_itself():
    result = suppress(np.array([[2], [0]]), minimum=5, row_totals=False)

    assert result.column_totals.tolist() == [True]


@pytest.mark.parametrize(
    ("second", "apart"),
    [
        ({"a": 10, "b": 8}, True),
        ({"a": 10, "b": 8, "c": 4}, False),
        ({"a": 10, "b": 8, "c": 5}, True),
        ({"a": 10}, False),
        ({"a": 10, "b": 8, "d": 6}, True),
    ],
    ids=["one small unit less", "the same", "one new person", "large difference", "swapped"],
)
def test_two_totals_must_not_differ_by_a_small_group(second, apart):
    first = {"a": 10, "b": 8, "c": 4}

    assert tells_apart(first, second, minimum=5) is apart
