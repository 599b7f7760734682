"""Expectation propagation: Gaussian stand-ins for the likelihood of every cell.

Minka 2001; for mixed models Hall, Johnstone, Ormerod, Wand and Yu 2018. All cells move at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.grid import POINTS, Book
from clinic.insights.arithmetic.parameters import Parameters
from clinic.insights.arithmetic.tree import Anchor, Kin, Sites, Tree, solve

Floats = NDArray[np.float64]

STEP = 0.8
SMALLEST = 0.001
STRONGEST_SITE = 60.0
BLOCK = 20_000


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


def silence(book: Book, areas: int) -> Sites:
    """Sites before any answer was heard."""
    empty = np.zeros((len(book.speakers), areas))
    return Sites(precision=empty, shift=empty)


def tilt(book: Book, tree: Tree, sites: Sites, likelihood: Floats) -> Tilted:
    """Replace each cell's stand-in by its exact likelihood."""
    where = (book.cell_speaker, book.cell_area)
    mean, variance = tree.mean[where], tree.variance[where]
    cavity_variance = 1 / np.maximum(1 / variance - sites.precision[where], SMALLEST)
    cavity_mean = cavity_variance * (mean / variance - sites.shift[where])
    weights = np.empty_like(likelihood)
    half = 0.5 / cavity_variance
    tilted_mean, squares = np.empty(book.cells), np.empty(book.cells)
    for start in range(0, book.cells, BLOCK):
        block = slice(start, start + BLOCK)
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


def moved(book: Book, sites: Sites, tilted: Tilted) -> Sites:
    """Move the sites most of the way to those that match the tilted cells."""
    where = (book.cell_speaker, book.cell_area)
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

    book: Book
    kin: Kin
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
        where = (self.book.cell_speaker, self.book.cell_area)
        tree = solve(self.kin, sites, parameters, self.anchor)
        tilted = tilt(self.book, tree, sites, likelihood)
        for _ in range(most):
            if np.max(np.abs(tilted.mean - tree.mean[where]), initial=0.0) < tolerance:
                break
            sites = moved(self.book, sites, tilted)
            tree = solve(self.kin, sites, parameters, self.anchor)
            tilted = tilt(self.book, tree, sites, likelihood)
        return Beliefs(sites=sites, tree=tree, tilted=tilted)
