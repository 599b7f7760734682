"""The pool curve of an area: expected credit on the area's pool for a given ability.

Doubt about an item's difficulty flattens its curve; an item nobody answered enters with its prior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.grid import HIGHEST_CHANCE, curve
from clinic.insights.arithmetic.normal import quadrature

Floats = NDArray[np.float64]

_FINE = np.linspace(-14.0, 14.0, 1401)
_STEP = _FINE[1] - _FINE[0]
_NODES, _WEIGHTS = quadrature(9)
_FLATTENING = 0.346
"""Makes a logistic curve averaged over a normal difficulty nearly a flatter logistic curve."""
_NEWTON_STEPS = 12
_LARGEST_SPREAD = 4.0
_FARTHEST = 9.0


@dataclass(frozen=True)
class PoolCurve:
    """Expected credit of the pool as a table over ability; increasing, so it can be inverted."""

    credit: Floats
    slope: Floats

    def at(self, ability: Floats) -> Floats:
        """Expected credit at each ability."""
        return _look_up(self.credit, ability)

    def slope_at(self, ability: Floats) -> Floats:
        """Derivative of the expected credit at each ability."""
        return _look_up(self.slope, ability)

    def ability(self, credit: Floats) -> Floats:
        """The ability with this expected credit; infinite where no ability has it."""
        inside = np.interp(credit, self.credit, _FINE)
        inside = np.where(credit <= self.credit[0], -np.inf, inside)
        return np.where(credit >= self.credit[-1], np.inf, inside)

    def moments(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean and variance of the credit, and mean slope, for normal abilities."""
        points = mean[..., None] + np.sqrt(variance)[..., None] * _NODES
        credit = self.at(points)
        expected = credit @ _WEIGHTS
        spread = (credit - expected[..., None]) ** 2 @ _WEIGHTS
        return expected, spread, self.slope_at(points) @ _WEIGHTS

    def matched(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the ability whose credit has these moments.

        Newton steps on both moments, held within the range in which the curve tells anything.
        """
        inside = np.clip(mean, self.credit[0] + 1e-6, self.credit[-1] - 1e-6)
        centre = np.clip(self.ability(inside), -_FARTHEST, _FARTHEST)
        slope = np.maximum(self.slope_at(centre), 1e-3)
        spread = np.clip(np.sqrt(variance) / slope, 1e-4, _LARGEST_SPREAD)
        for _ in range(_NEWTON_STEPS):
            centre, spread = self._newton(centre, spread, (inside, np.sqrt(variance)))
        return centre, spread

    def _newton(
        self, centre: Floats, spread: Floats, target: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        points = centre[..., None] + spread[..., None] * _NODES
        credit, slope = self.at(points), self.slope_at(points)
        mean = credit @ _WEIGHTS
        away = credit - mean[..., None]
        deviation = np.maximum(np.sqrt(away**2 @ _WEIGHTS), 1e-9)
        mean_by_centre, mean_by_spread = slope @ _WEIGHTS, (slope * _NODES) @ _WEIGHTS
        by_centre = (away * slope) @ _WEIGHTS / deviation
        by_spread = (away * slope * _NODES) @ _WEIGHTS / deviation
        fault_mean, fault_deviation = target[0] - mean, target[1] - deviation
        determinant = mean_by_centre * by_spread - mean_by_spread * by_centre
        determinant = np.maximum(determinant, 1e-9)
        move = (fault_mean * by_spread - mean_by_spread * fault_deviation) / determinant
        widen = (mean_by_centre * fault_deviation - by_centre * fault_mean) / determinant
        centre = np.clip(centre + np.clip(move, -1.0, 1.0), -_FARTHEST, _FARTHEST)
        grown = np.clip(spread + widen, spread / 2, spread * 2)
        return centre, np.clip(grown, 1e-4, _LARGEST_SPREAD)


def _look_up(table: Floats, ability: Floats) -> Floats:
    position = np.clip((ability - _FINE[0]) / _STEP, 0, len(_FINE) - 1.000001)
    lower = position.astype(np.int64)
    return table[lower] + (position - lower) * (table[lower + 1] - table[lower])


def pool_curve(difficulty: Floats, variance: Floats, chance: Floats) -> PoolCurve:
    """The mean curve of the pool's items, each flattened by the doubt about its difficulty."""
    steepness = 1 / np.sqrt(1 + _FLATTENING * variance)
    logit = steepness[:, None] * (_FINE[None, :] - difficulty[:, None])
    credit, slope = curve(logit, np.minimum(chance, HIGHEST_CHANCE)[:, None])
    return PoolCurve(credit=credit.mean(axis=0), slope=(slope * steepness[:, None]).mean(axis=0))
