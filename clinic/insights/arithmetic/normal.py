"""The normal distribution on arrays, with the standard library's error function."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z90 = NormalDist().inv_cdf(0.95)
"""Half width, in standard deviations, of a central 90% interval."""

_erfc = np.frompyfunc(math.erfc, 1, 1)


def cumulative(z: Floats) -> Floats:
    """Phi(z), elementwise; infinite and missing values pass through as 0, 1 and NaN."""
    scaled = np.asarray(z, dtype=np.float64) / -math.sqrt(2.0)
    return 0.5 * np.asarray(_erfc(scaled), dtype=np.float64)


def quadrature(points: int) -> tuple[Floats, Floats]:
    """Nodes and weights (summing to 1) of Gauss-Hermite for a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return nodes, weights / weights.sum()
