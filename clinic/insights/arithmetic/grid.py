"""Answers on a grid of ability: curves, likelihoods of cells, expected counts.

A cell is a person and an area with answers. The chance of success depends only on the item as it
was met (an exposure: item, seen before, events since): curves are tabulated per exposure, then
gathered.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.observations import Observations
from clinic.insights.arithmetic.parameters import Parameters

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

POINTS = np.linspace(-4.2, 5.0, 25)
CAP = 0.98
"""The highest chance of success: one slip by an able person must not cost much (judged)."""
HIGHEST_CHANCE = 0.96


@dataclass(frozen=True)
class Book:
    """Answers arranged for gathering.

    Attributes:
        speakers: positions of the people with counted answers, in order.
        cell: the cell of each answer; ``cell_speaker`` and ``cell_area`` say which it is.
        mark: the exposure and credit of each answer, as a position in ``mark_exposure`` and
            ``mark_credit``.
        exposure_item, exposure_seen, exposure_later: what an exposure is.
        exposure_kind: the kind of its item.
    """

    speakers: Integers
    cell: Integers
    cell_speaker: Integers
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
        return len(self.cell_speaker)


@dataclass(frozen=True)
class Counts:
    """Expected answers (``tried``) and credits (``gained``) per exposure and grid point."""

    tried: Floats
    gained: Floats


def arrange(seen: Observations) -> Book:
    """Arrange the counted answers by cell and by exposure."""
    answers, areas = seen.answers, len(seen.areas)
    speakers, speaker = np.unique(answers.person, return_inverse=True)
    cells, cell = np.unique(speaker * areas + seen.item_area[answers.item], return_inverse=True)
    code = (answers.item * 2 + answers.seen) * 8 + answers.later
    exposures, exposure = np.unique(code, return_inverse=True)
    values, credit = np.unique(answers.credit, return_inverse=True)
    marks, mark = np.unique(exposure * len(values) + credit, return_inverse=True)
    item = exposures // 16
    return Book(
        speakers=speakers,
        cell=cell,
        cell_speaker=cells // areas,
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


def tabulate(book: Book, parameters: Parameters) -> tuple[Floats, Floats]:
    """The curve of every exposure on the grid, and its derivative: exposures x points."""
    offset = (
        parameters.memory * book.exposure_seen
        - parameters.growth * book.exposure_later
        - parameters.difficulty[book.exposure_item]
    )
    return curve(POINTS[None, :] + offset[:, None], book.exposure_chance[:, None])


def weight(book: Book, parameters: Parameters) -> Floats:
    """How many all-or-nothing answers one answer is worth, per exposure.

    Quasi-likelihood with a dispersion (Wedderburn 1974): a credit that varies a third as much about
    its mean says three times as much.
    """
    return 1 / parameters.dispersion[book.exposure_kind]


def log_likelihood(book: Book, parameters: Parameters) -> Floats:
    """Sum of the answers' log likelihoods per grid point and cell: points x cells."""
    success, _slope = tabulate(book, parameters)
    worth = weight(book, parameters)[:, None]
    failure = (worth * np.log1p(-success))[book.mark_exposure]
    gain = (worth * np.log(success))[book.mark_exposure] - failure
    per_mark = np.ascontiguousarray((failure + book.mark_credit[:, None] * gain).T)
    return np.stack(
        [np.bincount(book.cell, row[book.mark], minlength=book.cells) for row in per_mark]
    )


def expected_counts(book: Book, weights: Floats) -> Counts:
    """Expected answers and credits per exposure, given each cell's weights (points x cells)."""
    marks, exposures = len(book.mark_exposure), len(book.exposure_item)
    tried = np.empty((exposures, len(weights)))
    gained = np.empty_like(tried)
    for point, row in enumerate(weights):
        per_mark = np.bincount(book.mark, row[book.cell], minlength=marks)
        tried[:, point] = np.bincount(book.mark_exposure, per_mark, minlength=exposures)
        gained[:, point] = np.bincount(
            book.mark_exposure, per_mark * book.mark_credit, minlength=exposures
        )
    return Counts(tried=tried, gained=gained)
