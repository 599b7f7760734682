"""From answers to what is believed of a unit's mastery: mean, interval, chance of a gap.

Answers are tabulated on a grid of ability. A cell is a person and an area with answers; the chance
of success depends only on the item as it was met (an exposure: item, seen before, events since), so
curves are tabulated per exposure, then gathered.

Expectation propagation (Minka 2001; for mixed models Hall, Johnstone, Ormerod, Wand and Yu 2018)
puts a Gaussian in the place of each cell's likelihood; all cells move at once.

Mastery is the expected credit of all present people of the unit, answering or not, on the area's
pool. Doubt about an item's difficulty flattens its curve; an item nobody answered enters with its
prior. People of a unit hang together through the unit's mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.normal import Z90, cumulative, quadrature
from clinic.insights.arithmetic.observations import Observations
from clinic.insights.arithmetic.parameters import Parameters
from clinic.insights.arithmetic.tree import (
    Anchor,
    Hierarchy,
    Sites,
    Tree,
    count_rows,
    solve,
    sum_rows,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

POINTS = np.linspace(-4.2, 5.0, 25)
CAP = 0.98
"""The highest chance of success: one slip by an able person must not cost much (judged)."""
HIGHEST_CHANCE = 0.96


@dataclass(frozen=True)
class ArrangedAnswers:
    """Answers arranged for gathering.

    Attributes:
        respondents: positions of the people with counted answers, in order.
        cell: the cell of each answer; ``cell_respondent`` and ``cell_area`` say which it is.
        mark: the exposure and credit of each answer, as a position in ``mark_exposure`` and
            ``mark_credit``.
        exposure_item, exposure_seen, exposure_later: what an exposure is.
        exposure_kind: the kind of its item.
    """

    respondents: Integers
    cell: Integers
    cell_respondent: Integers
    cell_area: Integers
    mark: Integers
    mark_exposure: Integers
    mark_credit: Floats
    exposure_item: Integers
    exposure_seen: Floats
    exposure_later: Floats
    exposure_chance: Floats
    exposure_kind: Integers

    @property
    def cells(self) -> int:
        return len(self.cell_respondent)


@dataclass(frozen=True)
class Counts:
    """Expected answers (``tried``) and credits (``gained``) per exposure and grid point."""

    tried: Floats
    gained: Floats


def arrange(seen: Observations) -> ArrangedAnswers:
    """Arrange the counted answers by cell and by exposure."""
    answers, areas = seen.answers, len(seen.areas)
    respondents, respondent = np.unique(answers.person, return_inverse=True)
    cells, cell = np.unique(respondent * areas + seen.item_area[answers.item], return_inverse=True)
    code = (answers.item * 2 + answers.seen) * 8 + answers.later
    exposures, exposure = np.unique(code, return_inverse=True)
    values, credit = np.unique(answers.credit, return_inverse=True)
    marks, mark = np.unique(exposure * len(values) + credit, return_inverse=True)
    item = exposures // 16
    return ArrangedAnswers(
        respondents=respondents,
        cell=cell,
        cell_respondent=cells // areas,
        cell_area=cells % areas,
        mark=mark,
        mark_exposure=marks // max(len(values), 1),
        mark_credit=values[marks % max(len(values), 1)],
        exposure_item=item,
        exposure_seen=(exposures // 8 % 2).astype(np.float64),
        exposure_later=(exposures % 8).astype(np.float64),
        exposure_chance=np.minimum(seen.item_chance[item], HIGHEST_CHANCE),
        exposure_kind=seen.item_kind[item],
    )


def curve(x: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """Chance of success at logit ``x`` and its derivative, with floor ``chance`` and the cap."""
    rise = 1 / (1 + np.exp(-x))
    span = CAP - chance
    return chance + span * rise, span * rise * (1 - rise)


def tabulate(arranged: ArrangedAnswers, parameters: Parameters) -> tuple[Floats, Floats]:
    """The curve of every exposure on the grid, and its derivative: exposures x points."""
    offset = (
        parameters.memory * arranged.exposure_seen
        - parameters.growth * arranged.exposure_later
        - parameters.difficulty[arranged.exposure_item]
    )
    return curve(POINTS[None, :] + offset[:, None], arranged.exposure_chance[:, None])


def weight(arranged: ArrangedAnswers, parameters: Parameters) -> Floats:
    """How many all-or-nothing answers one answer is worth, per exposure.

    Quasi-likelihood with a dispersion (Wedderburn 1974): a credit that varies a third as much about
    its mean says three times as much.
    """
    return 1 / parameters.dispersion[arranged.exposure_kind]


def log_likelihood(arranged: ArrangedAnswers, parameters: Parameters) -> Floats:
    """Sum of the answers' log likelihoods per grid point and cell: points x cells."""
    success, _slope = tabulate(arranged, parameters)
    worth = weight(arranged, parameters)[:, None]
    failure = (worth * np.log1p(-success))[arranged.mark_exposure]
    gain = (worth * np.log(success))[arranged.mark_exposure] - failure
    per_mark = np.ascontiguousarray((failure + arranged.mark_credit[:, None] * gain).T)
    return np.stack(
        [
            np.bincount(arranged.cell, row[arranged.mark], minlength=arranged.cells)
            for row in per_mark
        ]
    )


def expected_counts(arranged: ArrangedAnswers, weights: Floats) -> Counts:
    """Expected answers and credits per exposure, given each cell's weights (points x cells)."""
    marks, exposures = len(arranged.mark_exposure), len(arranged.exposure_item)
    tried = np.empty((exposures, len(weights)))
    gained = np.empty_like(tried)
    for point, row in enumerate(weights):
        per_mark = np.bincount(arranged.mark, row[arranged.cell], minlength=marks)
        tried[:, point] = np.bincount(arranged.mark_exposure, per_mark, minlength=exposures)
        gained[:, point] = np.bincount(
            arranged.mark_exposure, per_mark * arranged.mark_credit, minlength=exposures
        )
    return Counts(tried=tried, gained=gained)


_FINE = np.linspace(-14.0, 14.0, 1401)
_STEP = _FINE[1] - _FINE[0]
_PER_ROW = 5
_COARSE = _FINE[::_PER_ROW]
_NODES, _WEIGHTS = quadrature(9)
_FLATTENING = 0.346
"""Makes a logistic curve averaged over a normal difficulty nearly a flatter logistic curve."""
_NEWTON_STEPS, _STILL = 12, 1e-7
_LARGEST_SPREAD = 4.0
_FARTHEST = 9.0


def _make_cubics() -> tuple[Floats, Floats]:
    """Weights of two neighbouring rows' values and slopes at the rows between, and derivatives."""
    t, width = np.arange(_PER_ROW)[:, None] / _PER_ROW, _PER_ROW * _STEP
    powers = np.hstack([t**0, t, t**2, t**3])
    derived = np.hstack([0 * t, t**0, 2 * t, 3 * t**2]) / width
    ends = np.array([[1, 0, -3, 2], [0, 0, 3, -2], [0, 1, -2, 1], [0, 0, -1, 1]], dtype=float)
    scaled = (ends * np.array([1, 1, width, width])[:, None]).T
    return powers @ scaled, derived @ scaled


_CUBIC, _CUBIC_SLOPE = _make_cubics()


@dataclass(frozen=True)
class PoolCurve:
    """Expected credit of a pool over ability; increasing, so it can be inverted.

    The curves of several areas are one object (``together``): arrays then have areas last, and one
    call serves all areas.

    Attributes:
        credit, slope: tables over ability, those of the areas one after another.
        start: where the table of each area begins; a plain 0 for a single curve.
    """

    credit: Floats
    slope: Floats
    start: Integers

    def at(self, ability: Floats) -> Floats:
        """Expected credit at each ability."""
        return _interpolate(self.credit, self._place(ability))

    def slope_at(self, ability: Floats) -> Floats:
        """Derivative of the expected credit at each ability."""
        return _interpolate(self.slope, self._place(ability))

    def _place(self, ability: Floats) -> tuple[Integers, Floats]:
        """Row of the table below each ability, and how far it lies above that row."""
        position = (ability - _FINE[0]) / _STEP
        position = np.minimum(np.maximum(position, 0.0), len(_FINE) - 1.000001)
        lower = position.astype(np.int64)
        return lower + self.start, position - lower

    def ability(self, credit: Floats) -> Floats:
        """The ability with this expected credit; infinite where no ability has it."""
        if not self.start.ndim:
            return _invert(self.credit, credit)
        tables = self.credit.reshape(len(self.start), -1)
        return np.stack([_invert(row, credit[..., a]) for a, row in enumerate(tables)], axis=-1)

    def moments(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean and variance of the credit, and mean slope, for normal abilities."""
        place = self._place(_spread_out(mean, np.sqrt(variance)))
        credit = _interpolate(self.credit, place)
        expected = _average(credit)
        spread = _average((credit - expected) ** 2)
        return expected, spread, _average(_interpolate(self.slope, place))

    def matched(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the ability whose credit has these moments.

        Newton steps on both moments, held within the range in which the curve tells anything.
        """
        lowest, highest = self.credit[self.start], self.credit[self.start + len(_FINE) - 1]
        inside = np.clip(mean, lowest + 1e-6, highest - 1e-6)
        centre = np.clip(self.ability(inside), -_FARTHEST, _FARTHEST)
        slope = np.maximum(self.slope_at(centre), 1e-3)
        deviation = np.sqrt(variance)
        spread = np.clip(deviation / slope, 1e-4, _LARGEST_SPREAD)
        for _ in range(_NEWTON_STEPS):
            before = centre, spread
            centre, spread = self._step_newton(centre, spread, (inside, deviation))
            moves = (np.abs(centre - before[0]), np.abs(spread - before[1]))
            if max(np.max(move, initial=0.0) for move in moves) < _STILL:
                break
        return centre, spread

    def _step_newton(
        self, centre: Floats, spread: Floats, target: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        place = self._place(_spread_out(centre, spread))
        credit, slope = _interpolate(self.credit, place), _interpolate(self.slope, place)
        mean = _average(credit)
        away = credit - mean
        deviation = np.maximum(np.sqrt(_average(away**2)), 1e-9)
        rising, leaning = slope * _shape_nodes(slope.ndim), away * slope
        mean_by_centre, mean_by_spread = _average(slope), _average(rising)
        by_centre = _average(leaning) / deviation
        by_spread = _average(away * rising) / deviation
        fault_mean, fault_deviation = target[0] - mean, target[1] - deviation
        determinant = mean_by_centre * by_spread - mean_by_spread * by_centre
        determinant = np.maximum(determinant, 1e-9)
        move = (fault_mean * by_spread - mean_by_spread * fault_deviation) / determinant
        widen = (mean_by_centre * fault_deviation - by_centre * fault_mean) / determinant
        move = np.minimum(np.maximum(move, -1.0), 1.0)
        centre = np.minimum(np.maximum(centre + move, -_FARTHEST), _FARTHEST)
        grown = np.minimum(np.maximum(spread + widen, spread / 2), spread * 2)
        return centre, np.minimum(np.maximum(grown, 1e-4), _LARGEST_SPREAD)


def _shape_nodes(dimensions: int) -> Floats:
    return _NODES.reshape(-1, *[1] * (dimensions - 1))


def _spread_out(mean: Floats, deviation: Floats) -> Floats:
    """The quadrature's points of each normal, points first."""
    return mean + deviation * _shape_nodes(np.ndim(mean) + 1)


def _average(values: Floats) -> Floats:
    """Mean over the quadrature's points."""
    return (_WEIGHTS @ values.reshape(len(_WEIGHTS), -1)).reshape(values.shape[1:])


def _interpolate(table: Floats, place: tuple[Integers, Floats]) -> Floats:
    lower, above = place
    below = table[lower]
    return below + above * (table[lower + 1] - below)


def _invert(table: Floats, credit: Floats) -> Floats:
    inside = np.interp(credit, table, _FINE)
    inside = np.where(credit <= table[0], -np.inf, inside)
    return np.where(credit >= table[-1], np.inf, inside)


def together(curves: Sequence[PoolCurve]) -> PoolCurve:
    """The curves of several areas as one object."""
    return PoolCurve(
        credit=np.concatenate([curve.credit for curve in curves]),
        slope=np.concatenate([curve.slope for curve in curves]),
        start=np.arange(len(curves)) * len(_FINE),
    )


def pool_curve(difficulty: Floats, variance: Floats, chance: Floats) -> PoolCurve:
    """The mean curve of the pool's items, each flattened by the doubt about its difficulty."""
    steepness = 1 / np.sqrt(1 + _FLATTENING * variance)
    logit = steepness[:, None] * (_COARSE[None, :] - difficulty[:, None])
    credit, slope = curve(logit, np.minimum(chance, HIGHEST_CHANCE)[:, None])
    credit, slope = credit.mean(axis=0), (slope * steepness[:, None]).mean(axis=0)
    # Between the coarse table's rows stand the cubics that its slopes define (Hermite).
    ends = np.stack([credit[:-1], credit[1:], slope[:-1], slope[1:]])
    fine_credit = np.append((_CUBIC @ ends).T.ravel(), credit[-1])
    fine_slope = np.append((_CUBIC_SLOPE @ ends).T.ravel(), slope[-1])
    return PoolCurve(credit=fine_credit, slope=fine_slope, start=np.array(0))


STEP = 0.8
SMALLEST = 0.001
STRONGEST_SITE = 60.0
CELLS_AT_A_TIME = 20_000


@dataclass(frozen=True)
class Tilted:
    """Beliefs of the cells under their exact likelihood.

    Attributes:
        weights: probability of each grid point, points x cells.
        mean, variance: of each cell.
        cavity_mean, cavity_variance: what the rest of the tree says of the cell.
    """

    weights: Floats
    mean: Floats
    variance: Floats
    cavity_mean: Floats
    cavity_variance: Floats


@dataclass(frozen=True)
class Beliefs:
    """Where propagation stands: sites, the tree they give, and the tilted cells."""

    sites: Sites
    tree: Tree
    tilted: Tilted


def empty_sites(arranged: ArrangedAnswers, areas: int) -> Sites:
    """Sites before any answer is taken in."""
    empty = np.zeros((len(arranged.respondents), areas))
    return Sites(precision=empty, shift=empty)


def tilt(arranged: ArrangedAnswers, tree: Tree, sites: Sites, likelihood: Floats) -> Tilted:
    """Replace each cell's stand-in by its exact likelihood."""
    where = (arranged.cell_respondent, arranged.cell_area)
    mean, variance = tree.mean[where], tree.variance[where]
    cavity_variance = 1 / np.maximum(1 / variance - sites.precision[where], SMALLEST)
    cavity_mean = cavity_variance * (mean / variance - sites.shift[where])
    weights = np.empty_like(likelihood)
    half = 0.5 / cavity_variance
    tilted_mean, squares = np.empty(arranged.cells), np.empty(arranged.cells)
    for start in range(0, arranged.cells, CELLS_AT_A_TIME):
        block = slice(start, start + CELLS_AT_A_TIME)
        density = POINTS[:, None] - cavity_mean[block]
        np.square(density, out=density)
        density *= half[block]
        np.subtract(likelihood[:, block], density, out=density)
        density -= density.max(axis=0)
        np.exp(density, out=density)
        density /= density.sum(axis=0)
        weights[:, block] = density
        tilted_mean[block], squares[block] = POINTS @ density, POINTS**2 @ density
    tilted_variance = np.maximum(squares - tilted_mean**2, SMALLEST)
    return Tilted(weights, tilted_mean, tilted_variance, cavity_mean, cavity_variance)


def move_sites(arranged: ArrangedAnswers, sites: Sites, tilted: Tilted) -> Sites:
    """Move the sites most of the way to those that match the tilted cells."""
    where = (arranged.cell_respondent, arranged.cell_area)
    outside = 1 / tilted.cavity_variance
    precision = np.clip(1 / tilted.variance - outside, SMALLEST, STRONGEST_SITE)
    shift = (precision + outside) * tilted.mean - outside * tilted.cavity_mean
    new = Sites(precision=sites.precision.copy(), shift=sites.shift.copy())
    new.precision[where] += STEP * (precision - sites.precision[where])
    new.shift[where] += STEP * (shift - sites.shift[where])
    return new


@dataclass(frozen=True)
class Propagation:
    """One package's (or unit's) answers, ready to be swept over."""

    arranged: ArrangedAnswers
    hierarchy: Hierarchy
    anchor: Anchor | None = None

    def sweep(
        self,
        sites: Sites,
        likelihood: Floats,
        parameters: Parameters,
        *,
        most: int,
        tolerance: float = 0.0,
    ) -> Beliefs:
        """Sweep until no cell's mean differs from the tree's by ``tolerance``.

        Args:
            sites: where to start.
            likelihood: of the cells on the grid.
            parameters: held fixed.
            most: sweeps at most.
            tolerance: 0 sweeps ``most`` times.
        """
        where = (self.arranged.cell_respondent, self.arranged.cell_area)
        tree = solve(self.hierarchy, sites, parameters, self.anchor)
        tilted = tilt(self.arranged, tree, sites, likelihood)
        for _ in range(most):
            if np.max(np.abs(tilted.mean - tree.mean[where]), initial=0.0) < tolerance:
                break
            sites = move_sites(self.arranged, sites, tilted)
            tree = solve(self.hierarchy, sites, parameters, self.anchor)
            tilted = tilt(self.arranged, tree, sites, likelihood)
        return Beliefs(sites=sites, tree=tree, tilted=tilted)


ROWS_AT_A_TIME = 4096
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
class Posterior:
    """Where the propagation of all answers ended, with what it was run on.

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
class _Present:
    """The present people of the units with answers, whether they answered or not.

    Attributes:
        units: position of each such unit among all units.
        person: position of each of their people among all people.
        unit: the unit of each, as a position in ``units``.
        respondent: position of each respondent among these people.
        mean, variance: marginals of ability, people x areas.
        spread: the part of the variance that comes from the unit.
        free: how far each person's ability follows the unit's.
    """

    units: Integers
    person: Integers
    unit: Integers
    respondent: Integers
    mean: Floats
    variance: Floats
    spread: Floats
    free: Floats


def believe(posterior: Posterior, *, threshold: float) -> Estimates:
    """Turn beliefs about people into estimates of units; a gap is mastery below ``threshold``."""
    present = _find_present(posterior)
    curves = pool_curves(posterior.seen, posterior.parameters)
    credit, own, slope = _compute_credit(posterior, present, curves)
    size, answered = len(present.units), present.respondent
    headcount = count_rows(present.unit, size)[:, None]
    mean = sum_rows(present.unit, credit, size) / headcount
    shared = _compute_shared_variance(posterior, present, slope)
    variance = sum_rows(present.unit, own, size) + shared
    answered_slope = sum_rows(present.unit[answered], slope[answered], size) / headcount
    variance = variance / headcount**2 + _compute_item_error(posterior, present, answered_slope)
    return _estimate_units(
        posterior.seen, present.units, mean, variance, curves=curves, threshold=threshold
    )


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


def _find_present(posterior: Posterior) -> _Present:
    seen, parameters, tree = posterior.seen, posterior.parameters, posterior.beliefs.tree
    respondents = posterior.work.arranged.respondents
    units = np.unique(seen.person_unit[respondents])
    person = np.flatnonzero(np.isin(seen.person_unit, units))
    unit = np.searchsorted(units, seen.person_unit[person])
    keen = (seen.attended[person] - posterior.centre)[:, None]
    respondent = np.searchsorted(person, respondents)
    mean = tree.units.mean[unit] + parameters.keenness * keen
    spread = np.diagonal(tree.units.covariance, axis1=1, axis2=2)[unit].copy()
    variance = spread + parameters.shared + parameters.own
    free = np.ones_like(mean)
    mean[respondent], variance[respondent] = tree.mean, tree.variance
    spread[respondent], free[respondent] = tree.spread, 1 - tree.pull
    return _Present(units, person, unit, respondent, mean, variance, spread, free)


def _compute_credit(
    posterior: Posterior, present: _Present, curves: PoolCurve
) -> tuple[Floats, Floats, Floats]:
    """Expected credit, variance beyond the unit's, and mean slope of every person and area."""
    arranged, weights = posterior.work.arranged, posterior.beliefs.tilted.weights
    credit, spread, slope = (np.empty_like(present.mean) for _ in range(3))
    for start in range(0, len(credit), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        moments = curves.moments(present.mean[rows], present.variance[rows])
        credit[rows], spread[rows], slope[rows] = moments
    who = (present.respondent[arranged.cell_respondent], arranged.cell_area)
    grid = np.repeat(POINTS[:, None], credit.shape[1], axis=1)
    on_grid, slope_on_grid = curves.at(grid), curves.slope_at(grid)
    credit[who] = _average_cells(on_grid, arranged.cell_area, weights)
    spread[who] = _average_cells(on_grid**2, arranged.cell_area, weights) - credit[who] ** 2
    slope[who] = _average_cells(slope_on_grid, arranged.cell_area, weights)
    return credit, np.maximum(spread - slope**2 * present.spread, 0.0), slope


def _average_cells(on_grid: Floats, area: Integers, weights: Floats) -> Floats:
    """Mean over each cell's weights (points x cells) of its area's values (points x areas)."""
    expected = np.empty(len(area))
    for start in range(0, len(area), ROWS_AT_A_TIME):
        cells = slice(start, start + ROWS_AT_A_TIME)
        expected[cells] = np.einsum("kc,kc->c", on_grid[:, area[cells]], weights[:, cells])
    return expected


def _compute_shared_variance(posterior: Posterior, present: _Present, slope: Floats) -> Floats:
    """H V H' of every unit and area: what the doubt about the unit's mean adds to the sum."""
    tree, units = posterior.beliefs.tree, posterior.beliefs.tree.units
    size, areas = len(present.units), slope.shape[1]
    bent = slope[present.respondent] * tree.bend[:, None] * tree.width
    by_area = -sum_rows(
        posterior.work.hierarchy.unit, bent[:, :, None] * tree.pull[:, None, :], size
    )
    diagonal = np.arange(areas)
    by_area[:, diagonal, diagonal] += sum_rows(present.unit, slope * present.free, size)
    covariance = units.covariance
    if posterior.level_covariance is not None:
        covariance = covariance + units.gain @ posterior.level_covariance @ units.gain.transpose(
            0, 2, 1
        )
    return np.einsum("uai,uij,uaj->ua", by_area, covariance, by_area)


def _compute_item_error(posterior: Posterior, present: _Present, slope: Floats) -> Floats:
    """Variance from having met only some of the pool's items, of doubtful difficulty.

    ``slope`` is the mean over the unit's people, where those without answers count as zero: no item
    misled the unit about them.
    """
    seen, answers, parameters = posterior.seen, posterior.seen.answers, posterior.parameters
    size, areas = slope.shape
    pooled = seen.item_in_pool[answers.item]
    unit = np.searchsorted(present.units, seen.person_unit[answers.person[pooled]])
    met = np.unique(unit * len(seen.items) + answers.item[pooled])
    met_unit, met_item = met // len(seen.items), met % len(seen.items)
    cell = met_unit * areas + seen.item_area[met_item]
    number = np.bincount(cell, minlength=size * areas).reshape(size, areas)
    doubt = np.bincount(cell, 1 / parameters.information[met_item], minlength=size * areas)
    doubt = doubt.reshape(size, areas) / np.maximum(number, 1)
    pool = np.bincount(seen.item_area[seen.item_in_pool], minlength=areas)
    missing = np.maximum(1 / np.maximum(number, 1) - 1 / np.maximum(pool, 1), 0.0)
    weight = _compute_own_weight(posterior, size)
    return np.where(number > 0, (slope * weight) ** 2 * doubt * missing, 0.0)


def _compute_own_weight(posterior: Posterior, size: int) -> Floats:
    """How far a unit's estimate rests on its own answers in the area, 0 to 1."""
    arranged, parameters = posterior.work.arranged, posterior.parameters
    units, sites = posterior.beliefs.tree.units, posterior.beliefs.sites
    prior = np.diagonal(parameters.unit_spread)
    learnt = 1 - np.diagonal(units.covariance, axis1=1, axis2=2) / prior
    precision = sites.precision[arranged.cell_respondent, arranged.cell_area]
    wide = 1 / (prior + parameters.shared + parameters.own)[arranged.cell_area]
    cell = posterior.work.hierarchy.unit[arranged.cell_respondent] * len(prior) + arranged.cell_area
    total = np.bincount(cell, precision / (precision + wide), minlength=size * len(prior))
    number = np.bincount(cell, minlength=size * len(prior))
    return np.maximum(learnt, (total / np.maximum(number, 1)).reshape(size, len(prior)))


def _estimate_units(
    seen: Observations,
    units: Integers,
    mean: Floats,
    variance: Floats,
    *,
    curves: PoolCurve,
    threshold: float,
) -> Estimates:
    """The estimates of all units, empty for units without answers and areas without a pool."""
    z, s = curves.matched(mean, np.maximum(variance, 1e-9))
    bar = curves.ability(np.full(len(seen.areas), threshold))
    low, high = curves.at(z - Z90 * s), curves.at(z + Z90 * s)
    gap = cumulative((bar - z) / s)
    pooled = np.bincount(seen.item_area[seen.item_in_pool], minlength=len(seen.areas)) > 0

    def place(values: Floats) -> Floats:
        placed = np.full((len(seen.units), len(pooled)), np.nan)
        placed[units] = np.where(pooled, values, np.nan)
        return placed

    mean, low, high, gap, z, s = map(place, (mean, low, high, gap, z, s))
    people, answering, answers = _count(seen)
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


def _count(seen: Observations) -> tuple[Integers, Integers, Integers]:
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
