"""Sums of rows by group, deterministic and without a loop over rows."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def sum_rows(index: Integers, values: Floats, size: int) -> Floats:
    """Add up ``values[r]`` into row ``index[r]`` of an array of ``size`` rows."""
    width = math.prod(values.shape[1:])
    flat = values.reshape(len(values), width)
    position = index[:, None] * width + np.arange(width)
    total = np.bincount(position.ravel(), weights=flat.ravel(), minlength=size * width)
    return total.reshape(size, *values.shape[1:])


def count_rows(index: Integers, size: int) -> Floats:
    """How many rows fall into each of ``size`` groups."""
    return np.bincount(index, minlength=size).astype(np.float64)
