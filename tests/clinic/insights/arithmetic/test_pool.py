import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.arithmetic.belief import curve, pool_curve, together

DIFFICULTY = np.array([-1.0, -0.3, 0.2, 1.1])
CHANCE = np.array([0.25, 0.0, 0.5, 0.25])
POOL = pool_curve(DIFFICULTY, np.full(4, 0.1), CHANCE)


@given(st.floats(-8, 8), st.floats(0.001, 2))
def test_the_curve_rises_between_guessing_and_the_cap(ability, more):
    low, high = POOL.at(np.array([ability, ability + more]))

    assert CHANCE.mean() <= low < high <= 0.98


@given(st.floats(-4, 4))
def test_the_inverse_finds_the_ability_again(ability):
    found = POOL.ability(POOL.at(np.array(ability)))

    assert abs(found - ability) < 1e-3


def test_a_credit_that_no_ability_has_lies_at_infinity():
    assert POOL.ability(np.array(0.1)) == -np.inf
    assert POOL.ability(np.array(0.99)) == np.inf


@given(st.floats(-2.5, 2.5), st.floats(0.05, 1.2))
def test_matching_finds_the_normal_behind_the_moments(centre, spread):
    mean, variance, _ = POOL.moments(np.array([centre]), np.array([spread**2]))

    found_centre, found_spread = POOL.matched(mean, variance)

    assert abs(found_centre[0] - centre) < 0.01
    assert abs(found_spread[0] - spread) < 0.01


def test_doubt_about_items_flattens_the_curve():
    sure = pool_curve(DIFFICULTY, np.zeros(4), CHANCE)
    doubtful = pool_curve(DIFFICULTY, np.full(4, 0.7), CHANCE)

    assert doubtful.slope_at(np.array(0.0)) < sure.slope_at(np.array(0.0))


def test_the_table_keeps_the_curve_between_its_rows():
    ability = np.linspace(-5, 5, 777)
    sure = pool_curve(DIFFICULTY, np.zeros(4), CHANCE)

    credit, slope = curve(ability[:, None] - DIFFICULTY, CHANCE)

    np.testing.assert_allclose(sure.at(ability), credit.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(sure.slope_at(ability), slope.mean(axis=1), atol=1e-4)


def test_curves_of_several_areas_say_what_each_says_alone():
    other = pool_curve(DIFFICULTY + 1, np.full(4, 0.7), CHANCE / 2)
    both = together([POOL, other])
    mean, variance = np.array([[0.3, -0.4], [1.0, 2.0]]), np.array([[0.2, 0.5], [0.7, 0.1]])

    expected, spread, _slope = both.moments(mean, variance)
    for area, alone in enumerate((POOL, other)):
        own = alone.moments(mean[:, area], variance[:, area])
        np.testing.assert_allclose(expected[:, area], own[0])
        np.testing.assert_allclose(spread[:, area], own[1])
    for found, true in zip(both.matched(expected, spread), (mean, variance**0.5), strict=True):
        np.testing.assert_allclose(found, true, atol=1e-5)
    np.testing.assert_allclose(both.ability(both.at(mean)), mean, atol=1e-3)
