"""The pool curve of an area: expected credit on the area's pool for a given ability.

Doubt about an item's difficulty flattens its curve; an item nobody answered enters with its prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.grid import HIGHEST_CHANCE, curve
from clinic.insights.arithmetic.normal import quadrature

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

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


def _cubics() -> tuple[Floats, Floats]:
    """Weights of two neighbouring rows' values and slopes at the rows between, and derivatives."""
    t, width = np.arange(_PER_ROW)[:, None] / _PER_ROW, _PER_ROW * _STEP
    powers = np.hstack([t**0, t, t**2, t**3])
    derived = np.hstack([0 * t, t**0, 2 * t, 3 * t**2]) / width
    ends = np.array([[1, 0, -3, 2], [0, 0, 3, -2], [0, 1, -2, 1], [0, 0, -1, 1]], dtype=float)
    scaled = (ends * np.array([1, 1, width, width])[:, None]).T
    return powers @ scaled, derived @ scaled


_CUBIC, _CUBIC_SLOPE = _cubics()


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
        return _between(self.credit, self._place(ability))

    def slope_at(self, ability: Floats) -> Floats:
        """Derivative of the expected credit at each ability."""
        return _between(self.slope, self._place(ability))

    def _place(self, ability: Floats) -> tuple[Integers, Floats]:
        """Row of the table below each ability, and how far it lies above that row."""
        position = (ability - _FINE[0]) / _STEP
        position = np.minimum(np.maximum(position, 0.0), len(_FINE) - 1.000001)
        lower = position.astype(np.int64)
        return lower + self.start, position - lower

    def ability(self, credit: Floats) -> Floats:
        """The ability with this expected credit; infinite where no ability has it."""
        if not self.start.ndim:
            return _inverse(self.credit, credit)
        tables = self.credit.reshape(len(self.start), -1)
        return np.stack([_inverse(row, credit[..., a]) for a, row in enumerate(tables)], axis=-1)

    def moments(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean and variance of the credit, and mean slope, for normal abilities."""
        place = self._place(_spread_out(mean, np.sqrt(variance)))
        credit = _between(self.credit, place)
        expected = _averaged(credit)
        spread = _averaged((credit - expected) ** 2)
        return expected, spread, _averaged(_between(self.slope, place))

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
            centre, spread = self._newton(centre, spread, (inside, deviation))
            moves = (np.abs(centre - before[0]), np.abs(spread - before[1]))
            if max(np.max(move, initial=0.0) for move in moves) < _STILL:
                break
        return centre, spread

    def _newton(
        self, centre: Floats, spread: Floats, target: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        place = self._place(_spread_out(centre, spread))
        credit, slope = _between(self.credit, place), _between(self.slope, place)
        mean = _averaged(credit)
        away = credit - mean
        deviation = np.maximum(np.sqrt(_averaged(away**2)), 1e-9)
        rising, leaning = slope * _nodes(slope.ndim), away * slope
        mean_by_centre, mean_by_spread = _averaged(slope), _averaged(rising)
        by_centre = _averaged(leaning) / deviation
        by_spread = _averaged(away * rising) / deviation
        fault_mean, fault_deviation = target[0] - mean, target[1] - deviation
        determinant = mean_by_centre * by_spread - mean_by_spread * by_centre
        determinant = np.maximum(determinant, 1e-9)
        move = (fault_mean * by_spread - mean_by_spread * fault_deviation) / determinant
        widen = (mean_by_centre * fault_deviation - by_centre * fault_mean) / determinant
        move = np.minimum(np.maximum(move, -1.0), 1.0)
        centre = np.minimum(np.maximum(centre + move, -_FARTHEST), _FARTHEST)
        grown = np.minimum(np.maximum(spread + widen, spread / 2), spread * 2)
        return centre, np.minimum(np.maximum(grown, 1e-4), _LARGEST_SPREAD)


def _nodes(dimensions: int) -> Floats:
    return _NODES.reshape(-1, *[1] * (dimensions - 1))


def _spread_out(mean: Floats, deviation: Floats) -> Floats:
    """The quadrature's points of each normal, points first."""
    return mean + deviation * _nodes(np.ndim(mean) + 1)


def _averaged(values: Floats) -> Floats:
    """Mean over the quadrature's points."""
    return (_WEIGHTS @ values.reshape(len(_WEIGHTS), -1)).reshape(values.shape[1:])


def _between(table: Floats, place: tuple[Integers, Floats]) -> Floats:
    lower, above = place
    below = table[lower]
    return below + above * (table[lower + 1] - below)


def _inverse(table: Floats, credit: Floats) -> Floats:
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
    return _refined(credit.mean(axis=0), (slope * steepness[:, None]).mean(axis=0))


def _refined(credit: Floats, slope: Floats) -> PoolCurve:
    """Fill in between a coarse table's rows with the cubics that its slopes define (Hermite)."""
    ends = np.stack([credit[:-1], credit[1:], slope[:-1], slope[1:]])
    fine_credit = np.append((_CUBIC @ ends).T.ravel(), credit[-1])
    fine_slope = np.append((_CUBIC_SLOPE @ ends).T.ravel(), slope[-1])
    return PoolCurve(credit=fine_credit, slope=fine_slope, start=np.array(0))
