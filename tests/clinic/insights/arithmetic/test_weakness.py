import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.arithmetic.weakness import weakness

AREAS = ("pengawasan", "sdm")
UNITS = ("u0", "u1", "u2")


def row(unit="u0", area="sdm", **points) -> dict:
    usual = {
        "unit_id": unit,
        "area": area,
        "max_points": 10.0,
        "answered_points": 10.0,
        "self_points": 6.0,
        "reviewed_points": 0.0,
        "reviewer_points": 0.0,
        "self_scored": 1,
    }
    return {**usual, **points}


COLUMNS = list(row())


def believed(*rows: dict):
    sheet = {name: np.array([row[name] for row in rows]) for name in COLUMNS}
    sheet["unit"] = np.array([UNITS.index(row["unit_id"]) for row in rows])
    sheet["area"] = np.array([AREAS.index(row["area"]) for row in rows])
    return weakness(sheet, units=UNITS, areas=AREAS, threshold=0.60)


def test_no_row_and_no_answered_row_have_no_chance_of_weakness():
    result = believed(row(answered_points=0.0, self_points=0.0))

    assert math.isnan(result.weak[0, 1])
    assert result.coverage[0, 1] == 0
    assert np.isnan(result.coverage[1:]).all()
    assert np.isnan(result.weak[1:]).all()


def test_blank_rows_are_neither_zero_nor_full():
    half = believed(row(answered_points=5.0, self_points=3.0))
    whole = believed(row())

    assert half.share[0, 1] == pytest.approx(whole.share[0, 1])
    assert half.deviation[0, 1] > whole.deviation[0, 1]
    assert half.coverage[0, 1] == 0.5


def test_a_review_is_believed_more_than_a_claim():
    neighbours = [row("u1", self_points=5.0), row("u2", self_points=7.0)]
    claimed = believed(row(), *neighbours)
    reviewed = believed(row(reviewed_points=10.0, reviewer_points=4.0), *neighbours)

    assert reviewed.share[0, 1] < claimed.share[0, 1]
    assert reviewed.deviation[0, 1] < claimed.deviation[0, 1]


def test_a_unit_that_was_found_to_claim_too_much_is_believed_less_elsewhere():
    other_area = row("u0", "pengawasan", self_points=9.0, reviewed_points=10.0)
    honest = believed(row(), {**other_area, "reviewer_points": 9.0})
    inflated = believed(row(), {**other_area, "reviewer_points": 5.0})

    assert inflated.share[0, 1] < honest.share[0, 1]


def test_a_sheet_scored_by_an_evaluator_alone_tells_nothing_of_inflation():
    scored = {"reviewed_points": 10.0, "reviewer_points": 6.0}
    claimed_elsewhere = row("u0", "pengawasan", self_points=9.0)

    with_it = believed(claimed_elsewhere, row(**scored, self_scored=0))
    without = believed(claimed_elsewhere)

    assert with_it.share[0, 0] == pytest.approx(without.share[0, 0])


def test_a_part_reviewed_cell_lies_between_review_and_claim():
    neighbours = [row("u1", self_points=5.0), row("u2", self_points=7.0)]
    shares = [
        believed(row(reviewed_points=part, reviewer_points=part * 0.3), *neighbours).share[0, 1]
        for part in (10.0, 5.0, 0.0)
    ]

    assert shares[0] < shares[1] < shares[2]


@given(
    maximum=st.floats(0.1, 50),
    answered=st.floats(0, 1),
    claimed=st.floats(0, 1),
    reviewed=st.floats(0, 1),
    found=st.floats(0, 1),
)
def test_any_sheet_gives_a_chance_and_a_share(maximum, answered, claimed, reviewed, found):
    points = maximum * answered
    result = believed(
        row(
            max_points=maximum,
            answered_points=points,
            self_points=points * claimed,
            reviewed_points=points * reviewed,
            reviewer_points=points * reviewed * found,
        ),
        row("u1"),
    )

    assert (0 <= result.coverage[0, 1] <= 1) or maximum == 0
    if points > 0:
        assert 0 <= result.weak[0, 1] <= 1
        assert 0 <= result.share[0, 1] <= 1
        assert result.deviation[0, 1] > 0


@given(st.floats(0, 9.5), st.floats(0.1, 0.5))
def test_more_points_make_weakness_less_likely(points, more):
    lower = believed(row(self_points=points), row("u1"), row("u2"))
    higher = believed(row(self_points=points + more), row("u1"), row("u2"))

    assert higher.weak[0, 1] <= lower.weak[0, 1]
