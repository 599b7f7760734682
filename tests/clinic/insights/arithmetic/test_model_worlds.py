"""The engine where its model is exactly true: as sure as it may be, and no surer."""

from dataclasses import replace

import numpy as np
import pytest

from clinic.insights.arithmetic.belief import (
    CAP,
    Estimates,
    Posterior,
    Propagation,
    arrange,
    believe,
    curve,
    empty_sites,
    log_likelihood,
    pool_curves,
)
from clinic.insights.arithmetic.mastery import fit
from clinic.insights.arithmetic.observations import Answers, Observations
from clinic.insights.arithmetic.parameters import Parameters, compound, starting_parameters
from clinic.insights.arithmetic.tree import Hierarchy
from tests.clinic.insights.model_worlds import MULTI, TRUTH, ModelWorld, model_world

BAR = 0.65
EXACT = 1e9
"""Information about an item whose difficulty is known."""


def estimated(seen: Observations, parameters: Parameters, centre: float) -> Estimates:
    """Estimates under given parameters; nothing is calibrated."""
    arranged = arrange(seen)
    units, unit = np.unique(seen.person_unit[arranged.respondents], return_inverse=True)
    grouped = len(seen.groups) > 1
    keen = seen.attended[arranged.respondents] - centre
    hierarchy = Hierarchy(unit, seen.unit_group[units], keen, len(seen.groups), grouped)
    work = Propagation(arranged, hierarchy)
    start = empty_sites(arranged, len(seen.areas))
    beliefs = work.sweep(
        start, log_likelihood(arranged, parameters), parameters, most=50, tolerance=1e-6
    )
    posterior = Posterior(seen, work, beliefs, parameters, centre, None)
    return believe(posterior, threshold=BAR)


def met(world: ModelWorld, told: Estimates) -> dict[str, float]:
    """Error, the error that was announced, bias and coverage over the cells with answers."""
    cells = told.answers > 0
    error = (told.mean - world.mastery)[cells]
    announced = ((told.high - told.low) / (2 * 1.645))[cells]
    inside = (told.low <= world.mastery) & (world.mastery <= told.high)
    return {
        "error": float((error**2).mean()),
        "announced": float((announced**2).mean()),
        "bias": float(error.mean()),
        "coverage": float(inside[cells].mean()),
    }


def over_worlds(size: str, seeds: int, estimate) -> dict[str, float]:
    worlds = [model_world(size, seed) for seed in range(seeds)]
    measured = [met(world, estimate(world)) for world in worlds]
    return {name: float(np.mean([each[name] for each in measured])) for name in measured[0]}


@pytest.mark.parametrize(("size", "seeds"), [("clinic", 12), ("district", 5), ("year", 5)])
def test_with_true_parameters_the_announced_error_is_the_true_error(size, seeds):
    told = over_worlds(size, seeds, lambda w: estimated(w.seen, w.parameters, w.centre))

    assert told["error"] == pytest.approx(told["announced"], rel=0.12)
    assert abs(told["bias"]) < 0.01
    assert 0.87 <= told["coverage"] <= 0.925


@pytest.mark.parametrize(("size", "seeds"), [("clinic", 8), ("year", 4)])
def test_calibration_costs_little_against_the_true_parameters(size, seeds):
    best = over_worlds(size, seeds, lambda w: estimated(w.seen, w.parameters, w.centre))
    told = over_worlds(size, seeds, lambda w: fit(w.seen, threshold=BAR).estimates)

    assert told["error"] < best["error"] * 1.25
    assert told["error"] == pytest.approx(told["announced"], rel=0.15)
    assert 0.86 <= told["coverage"] <= 0.94


def test_many_answers_find_the_parameters_again():
    world = model_world("regions", 1)
    constants = fit(world.seen, threshold=BAR).calibration
    found, areas = constants.parameters, len(world.seen.areas)
    between = found.unit_spread
    shared = (between.sum() - np.trace(between)) / (areas * (areas - 1))
    difficulty = [constants.items[item].difficulty for item in world.seen.items]

    assert found.memory == pytest.approx(TRUTH["memory"], abs=0.05)
    assert found.growth == pytest.approx(TRUTH["growth"], abs=0.06)
    assert found.keenness == pytest.approx(TRUTH["keenness"], abs=0.2)
    assert found.shared == pytest.approx(TRUTH["shared"], abs=0.06)
    assert found.own == pytest.approx(TRUTH["own"], abs=0.03)
    assert shared == pytest.approx(TRUTH["unit_shared"], abs=0.08)
    assert np.trace(between) / areas - shared == pytest.approx(TRUTH["unit_own"], abs=0.03)
    assert np.corrcoef(difficulty, world.parameters.difficulty)[0, 1] > 0.98
    assert found.dispersion[MULTI] == pytest.approx(1 / 3, abs=0.03)
    assert (np.delete(found.dispersion, MULTI) == 1).all()


def small_unit(silent: int = 0) -> tuple[Observations, Parameters]:
    """One unit in two areas: three people with a few answers, some of partial credit."""
    rng = np.random.default_rng(4)
    item_area, people = np.repeat([0, 1], 6), 3 + silent
    person = np.repeat([0, 0, 1, 2], [4, 2, 3, 5])
    item = np.array([0, 1, 2, 6, 7, 8, 1, 3, 6, 8, 9, 7, 0, 2])
    order = np.lexsort((item, person))
    later = np.zeros(len(item), dtype=np.int64)
    credit = np.array([1, 1, 0, 1, 1, 2 / 3, 1, 0, 0, 0, 1, 0, 1, 1 / 3])
    seen = Observations(
        areas=("a", "b"),
        units=("u",),
        groups=("g",),
        unit_group=np.zeros(1, dtype=np.int64),
        people=np.arange(people),
        person_unit=np.zeros(people, dtype=np.int64),
        attended=np.array([1.0, 0.5, 0.75] + [0.0] * silent),
        items=tuple(f"i{i:02}" for i in range(12)),
        item_area=item_area,
        item_kind=np.full(12, MULTI),
        item_chance=np.full(12, 0.2),
        item_in_pool=np.ones(12, dtype=bool),
        answers=Answers(person[order], item[order], later, later, credit[order]),
        skipped={},
    )
    start = starting_parameters(2, 12)
    unit_spread = compound(2, 0.25, 0.12)
    return seen, replace(
        start,
        unit_spread=unit_spread,
        keenness=0.5,
        difficulty=rng.normal(0, 0.7, 12),
        information=np.full(12, EXACT),
    )


def by_brute_force(seen: Observations, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of mastery: the unit's two means and each person's abilities on grids."""
    line = np.linspace(-4.5, 5.5, 41)
    place = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    outer = place[::3]
    belief = _log_normal(outer - p.level, p.unit_spread)
    total, variance = np.zeros((len(outer), 2)), np.zeros((len(outer), 2))
    items = np.arange(12).reshape(2, 6)
    credit = np.stack(
        [
            curve(place[:, a, None] - p.difficulty[items[a]], np.array(0.2))[0].mean(axis=1)
            for a in range(2)
        ],
        axis=1,
    )
    around = compound(2, p.shared, p.own)
    for person in range(len(seen.people)):
        shift = p.keenness * seen.attended[person]
        density = _log_normal((place - shift)[None] - outer[:, None], around)
        density += _log_likelihood(seen, p, person, place)
        top = density.max(axis=1, keepdims=True)
        weight = np.exp(density - top)
        whole = weight.sum(axis=1, keepdims=True)
        belief += (top + np.log(whole))[:, 0]
        mean = weight @ credit / whole
        total += mean
        variance += weight @ credit**2 / whole - mean**2
    weight = np.exp(belief - belief.max())
    weight /= weight.sum()
    number = len(seen.people)
    mean = weight @ total / number
    return mean, weight @ (variance + (total - number * mean) ** 2) / number**2


def _log_normal(away: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return -0.5 * np.einsum("...i,ij,...j->...", away, np.linalg.inv(covariance), away)


def _log_likelihood(seen, p: Parameters, person: int, place: np.ndarray) -> np.ndarray:
    total, answers = np.zeros(len(place)), seen.answers
    for row in np.flatnonzero(answers.person == person):
        item = answers.item[row]
        rise = 1 / (1 + np.exp(-(place[:, seen.item_area[item]] - p.difficulty[item])))
        chance = seen.item_chance[item]
        success = chance + (CAP - chance) * rise
        credit = answers.credit[row]
        said = credit * np.log(success) + (1 - credit) * np.log(1 - success)
        total += said / p.dispersion[seen.item_kind[item]]
    return total


@pytest.mark.parametrize("silent", [0, 2])
@pytest.mark.parametrize("dispersion", [1.0, 1 / 3])
def test_a_small_unit_agrees_with_brute_force(silent, dispersion):
    seen, parameters = small_unit(silent)
    parameters.dispersion[MULTI] = dispersion

    mean, variance = by_brute_force(seen, parameters)
    told = estimated(seen, parameters, 0.0)

    np.testing.assert_allclose(told.mean[0], mean, atol=0.004)
    curves = pool_curves(seen, parameters)
    centre, spread = curves.matched(mean, variance)
    np.testing.assert_allclose(told.low[0], curves.at(centre - 1.645 * spread), atol=0.01)
    np.testing.assert_allclose(told.high[0], curves.at(centre + 1.645 * spread), atol=0.01)


def test_items_that_a_unit_did_not_meet_mislead_nobody_about_its_silent_people():
    """The same answers on two of six like items tell less than on all six, by who answered."""

    def added(silent: int) -> np.ndarray:
        seen, known = small_unit(silent)
        alike = replace(known, difficulty=np.zeros(12), information=np.full(12, 4.0), keenness=0.0)
        widths = []
        for distinct in (2, 6):
            turn = np.array([0, 1, 2, 0, 1, 2, 3, 3, 4, 5, 4, 5, 0, 1]) % distinct
            item = 6 * seen.item_area[seen.answers.item] + turn
            asked = replace(seen, answers=replace(seen.answers, item=item))
            told = estimated(asked, alike, 0.0)
            widths.append((told.high - told.low)[0])
        return widths[0] ** 2 - widths[1] ** 2

    assert (added(0) > 0).all()
    assert (added(9) < added(0) / 8).all()
