"""From abilities to what is believed of a unit's mastery: mean, interval, chance of a gap.

Mastery is the expected credit of all present people of the unit, answering or not, on the area's
pool. People of a unit hang together through the unit's mean (method page, section 5).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.grid import POINTS
from clinic.insights.arithmetic.normal import Z90, cumulative
from clinic.insights.arithmetic.observations import Observations
from clinic.insights.arithmetic.parameters import Parameters
from clinic.insights.arithmetic.pool import PoolCurve, pool_curve, together
from clinic.insights.arithmetic.propagation import Beliefs, Propagation
from clinic.insights.arithmetic.sums import count_rows, sum_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK = 4096
"""Rows handled at a time, to bound the memory of a nation."""


@dataclass(frozen=True)
class Estimates:
    """What is believed of every unit (rows) in every area (columns); NaN = no value.

    Attributes:
        mean, low, high: expected mastery and the ends of its 90% interval, 0 to 1.
        gap: chance that mastery lies below the threshold.
        centre, spread: mean and standard deviation of the unit's mastery on the ability scale.
        bar: ability that the threshold stands for, per area.
        people: present people of each unit.
        answering: people with counted answers, per unit and area.
        answers: counted answers, per unit and area.
    """

    units: tuple[str, ...]
    areas: tuple[str, ...]
    mean: Floats
    low: Floats
    high: Floats
    gap: Floats
    centre: Floats
    spread: Floats
    bar: Floats
    people: Integers
    answering: Integers
    answers: Integers


@dataclass(frozen=True)
class Scene:
    """What an estimate is made from.

    Attributes:
        seen: people, items and answers.
        work: the answers as arranged for propagation.
        beliefs: where propagation ended.
        parameters: under which it ran.
        centre: mean share of events attended among the answering people of the calibration.
        level_covariance: doubt about the level where groups have no effect of their own (V_mu).
    """

    seen: Observations
    work: Propagation
    beliefs: Beliefs
    parameters: Parameters
    centre: float
    level_covariance: Floats | None


@dataclass(frozen=True)
class _Room:
    """The present people of the units with answers: speakers and silent ones.

    Attributes:
        heard: position of each such unit among all units.
        person: position of each of their people among all people.
        unit: the unit of each, as a position in ``heard``.
        speaking: position of each speaker among these people.
        mean, variance: marginals of ability, people x areas.
        spread: the part of the variance that comes from the unit.
        free: how far each person's ability follows the unit's.
    """

    heard: Integers
    person: Integers
    unit: Integers
    speaking: Integers
    mean: Floats
    variance: Floats
    spread: Floats
    free: Floats


def believe(scene: Scene, *, threshold: float) -> Estimates:
    """Turn beliefs about people into estimates of units; a gap is mastery below ``threshold``."""
    room = _room(scene)
    curves = pool_curves(scene.seen, scene.parameters)
    credit, own, slope = _people(scene, room, curves)
    size = len(room.heard)
    headcount = count_rows(room.unit, size)[:, None]
    mean = sum_rows(room.unit, credit, size) / headcount
    variance = sum_rows(room.unit, own, size) + _shared_variance(scene, room, slope)
    heard_slope = sum_rows(room.unit[room.speaking], slope[room.speaking], size) / headcount
    error = _item_error(scene, room, heard_slope)
    variance = variance / headcount**2 + error
    return _stated(scene.seen, (room.heard, curves, threshold), mean, variance)


def pool_curves(seen: Observations, parameters: Parameters) -> PoolCurve:
    """The pool curves of all areas.

    That of an area without pool items is any curve: nothing is stated of the area.
    """
    curves = []
    for area in range(len(seen.areas)):
        pool = np.flatnonzero(seen.item_in_pool & (seen.item_area == area))
        variance, chance = 1 / parameters.information[pool], seen.item_chance[pool]
        difficulty = parameters.difficulty[pool]
        if not len(pool):
            difficulty = chance = np.zeros(1)
            variance = np.array([parameters.item_spread])
        curves.append(pool_curve(difficulty, variance, chance))
    return together(curves)


def _room(scene: Scene) -> _Room:
    seen, units = scene.seen, scene.beliefs.tree.units
    speakers = scene.work.book.speakers
    heard = np.unique(seen.person_unit[speakers])
    person = np.flatnonzero(np.isin(seen.person_unit, heard))
    unit = np.searchsorted(heard, seen.person_unit[person])
    keen = (seen.attended[person] - scene.centre)[:, None]
    speaking = np.searchsorted(person, speakers)
    tree = scene.beliefs.tree
    mean = units.mean[unit] + scene.parameters.keenness * keen
    spread = np.diagonal(units.covariance, axis1=1, axis2=2)[unit].copy()
    variance = spread + scene.parameters.shared + scene.parameters.own
    free = np.ones_like(mean)
    mean[speaking], variance[speaking] = tree.mean, tree.variance
    spread[speaking], free[speaking] = tree.spread, 1 - tree.pull
    return _Room(heard, person, unit, speaking, mean, variance, spread, free)


def _people(scene: Scene, room: _Room, curves: PoolCurve) -> tuple[Floats, Floats, Floats]:
    """Expected credit, variance beyond the unit's, and mean slope of every person and area."""
    book, weights = scene.work.book, scene.beliefs.tilted.weights
    credit, spread, slope = (np.empty_like(room.mean) for _ in range(3))
    for start in range(0, len(credit), BLOCK):
        rows = slice(start, start + BLOCK)
        moments = curves.moments(room.mean[rows], room.variance[rows])
        credit[rows], spread[rows], slope[rows] = moments
    who = (room.speaking[book.cell_speaker], book.cell_area)
    grid = np.repeat(POINTS[:, None], credit.shape[1], axis=1)
    on_grid, slope_on_grid = curves.at(grid), curves.slope_at(grid)
    credit[who] = _expected(on_grid, book.cell_area, weights)
    spread[who] = _expected(on_grid**2, book.cell_area, weights) - credit[who] ** 2
    slope[who] = _expected(slope_on_grid, book.cell_area, weights)
    return credit, np.maximum(spread - slope**2 * room.spread, 0.0), slope


def _expected(on_grid: Floats, area: Integers, weights: Floats) -> Floats:
    """Mean over each cell's weights (points x cells) of its area's values (points x areas)."""
    expected = np.empty(len(area))
    for start in range(0, len(area), BLOCK):
        cells = slice(start, start + BLOCK)
        expected[cells] = np.einsum("kc,kc->c", on_grid[:, area[cells]], weights[:, cells])
    return expected


def _shared_variance(scene: Scene, room: _Room, slope: Floats) -> Floats:
    """H V H' of every unit and area: what the doubt about the unit's mean adds to the sum."""
    tree, units = scene.beliefs.tree, scene.beliefs.tree.units
    size, areas = len(room.heard), slope.shape[1]
    bent = slope[room.speaking] * tree.bend[:, None] * tree.width
    by_area = -sum_rows(scene.work.kin.unit, bent[:, :, None] * tree.pull[:, None, :], size)
    diagonal = np.arange(areas)
    by_area[:, diagonal, diagonal] += sum_rows(room.unit, slope * room.free, size)
    covariance = units.covariance
    if scene.level_covariance is not None:
        covariance = covariance + units.gain @ scene.level_covariance @ units.gain.transpose(
            0, 2, 1
        )
    return np.einsum("uai,uij,uaj->ua", by_area, covariance, by_area)


def _item_error(scene: Scene, room: _Room, slope: Floats) -> Floats:
    """Variance from having met only some of the pool's items, of doubtful difficulty.

    ``slope`` is the mean over the unit's people, where silent ones count as zero: no item misled
    the unit about them.
    """
    seen, answers, parameters = scene.seen, scene.seen.answers, scene.parameters
    size, areas = slope.shape
    pooled = seen.item_in_pool[answers.item]
    unit = np.searchsorted(room.heard, seen.person_unit[answers.person[pooled]])
    met = np.unique(unit * len(seen.items) + answers.item[pooled])
    met_unit, met_item = met // len(seen.items), met % len(seen.items)
    cell = met_unit * areas + seen.item_area[met_item]
    number = np.bincount(cell, minlength=size * areas).reshape(size, areas)
    doubt = np.bincount(cell, 1 / parameters.information[met_item], minlength=size * areas)
    doubt = doubt.reshape(size, areas) / np.maximum(number, 1)
    pool = np.bincount(seen.item_area[seen.item_in_pool], minlength=areas)
    missing = np.maximum(1 / np.maximum(number, 1) - 1 / np.maximum(pool, 1), 0.0)
    weight = _own_weight(scene, size)
    return np.where(number > 0, (slope * weight) ** 2 * doubt * missing, 0.0)


def _own_weight(scene: Scene, size: int) -> Floats:
    """How far a unit's estimate rests on its own answers in the area, 0 to 1."""
    book, parameters = scene.work.book, scene.parameters
    units, sites = scene.beliefs.tree.units, scene.beliefs.sites
    prior = np.diagonal(parameters.unit_spread)
    learnt = 1 - np.diagonal(units.covariance, axis1=1, axis2=2) / prior
    precision = sites.precision[book.cell_speaker, book.cell_area]
    wide = 1 / (prior + parameters.shared + parameters.own)[book.cell_area]
    cell = scene.work.kin.unit[book.cell_speaker] * len(prior) + book.cell_area
    total = np.bincount(cell, precision / (precision + wide), minlength=size * len(prior))
    number = np.bincount(cell, minlength=size * len(prior))
    return np.maximum(learnt, (total / np.maximum(number, 1)).reshape(size, len(prior)))


def _stated(
    seen: Observations,
    told: tuple[Integers, PoolCurve, float],
    mean: Floats,
    variance: Floats,
) -> Estimates:
    """The estimates of all units, empty for units without answers and areas without a pool."""
    heard, curves, threshold = told
    z, s = curves.matched(mean, np.maximum(variance, 1e-9))
    bar = curves.ability(np.full(len(seen.areas), threshold))
    low, high = curves.at(z - Z90 * s), curves.at(z + Z90 * s)
    gap = cumulative((bar - z) / s)
    pooled = np.bincount(seen.item_area[seen.item_in_pool], minlength=len(seen.areas)) > 0
    mean, low, high, gap, z, s = (
        _placed(values, (heard, pooled), len(seen.units)) for values in (mean, low, high, gap, z, s)
    )
    people, answering, answers = _counted(seen)
    return Estimates(
        units=seen.units,
        areas=seen.areas,
        mean=mean,
        low=low,
        high=high,
        gap=gap,
        centre=z,
        spread=s,
        bar=np.where(pooled, bar, np.nan),
        people=people,
        answering=answering,
        answers=answers,
    )


def _placed(values: Floats, known: tuple[Integers, NDArray[np.bool_]], units: int) -> Floats:
    """Values of the units with answers among all units; NaN elsewhere and without a pool."""
    heard, pooled = known
    placed = np.full((units, len(pooled)), np.nan)
    placed[heard] = np.where(pooled, values, np.nan)
    return placed


def _counted(seen: Observations) -> tuple[Integers, Integers, Integers]:
    size, areas = len(seen.units), len(seen.areas)
    people = np.bincount(seen.person_unit, minlength=size)
    cell = seen.answers.person * areas + seen.item_area[seen.answers.item]
    answers = np.bincount(
        seen.person_unit[seen.answers.person] * areas + cell % areas, minlength=size * areas
    )
    distinct = np.unique(cell)
    answering = np.bincount(
        seen.person_unit[distinct // areas] * areas + distinct % areas, minlength=size * areas
    )
    return people, answering.reshape(size, areas), answers.reshape(size, areas)
