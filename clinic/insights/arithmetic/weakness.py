"""How likely the true practice share of a unit in an area is weak, from its assessment sheet.

Points decide, never the number of rows. Rows not answered are unknown: neither zero nor full.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.normal import cumulative
from clinic.insights.arithmetic.observations import Columns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INFLATION, PSEUDO_CELLS = 0.04, 8
WITHIN_SD, PSEUDO_WITHIN = 0.05, 10
BETWEEN_SD, PSEUDO_BETWEEN, SMALLEST_BETWEEN_SD = 0.06, 8, 0.02
REVIEW_SD = 0.03
SMALLEST_AREA_SD = 0.08
BLANK_SD = 0.10


@dataclass(frozen=True)
class Weakness:
    """The belief about one sheet's areas, units x areas; NaN = no sheet, or no row answered.

    Attributes:
        share: expected share of the points that true practice is worth, 0 to 1.
        deviation: standard deviation of that belief.
        weak: chance that the share lies below the threshold.
        coverage: answered points over all points; 0 for an empty sheet, NaN without one.
        printed: the sheet's own score over all points; NaN without a sheet.
    """

    share: Floats
    deviation: Floats
    weak: Floats
    coverage: Floats
    printed: Floats


@dataclass(frozen=True)
class _Cells:
    """Cells with answered points, one row each."""

    unit: Integers
    area: Integers
    coverage: Floats
    claimed: Floats
    reviewed: Floats
    part_reviewed: Floats
    self_scored: NDArray[np.bool_]


@dataclass(frozen=True)
class _Inflation:
    """How much units claim too much: each unit's mean and variance, and the spread within."""

    mean: Floats
    variance: Floats
    within: float


def weakness(
    sheet: Columns, *, units: tuple[str, ...], areas: tuple[str, ...], threshold: float
) -> Weakness:
    """Believe what the sheets say, after their inflation and their gaps.

    Args:
        sheet: columns of ``assessment.csv``, unit and area as positions in these:
        units: ids, in the order of the result's rows.
        areas: slugs, in the order of the result's columns.
        threshold: share of points below which practice is weak.
    """
    size = (len(units), len(areas))
    result = {each.name: np.full(size, np.nan) for each in fields(Weakness)}
    by_slug = np.argsort(np.argsort(np.array(areas, dtype=str)))
    scored = np.flatnonzero(sheet["max_points"] > 0)
    order = scored[np.lexsort((by_slug[sheet["area"][scored]], sheet["unit"][scored]))]
    rows = {name: column[order] for name, column in sheet.items()}
    coverage = rows["answered_points"] / rows["max_points"]
    result["coverage"][rows["unit"], rows["area"]] = np.minimum(coverage, 1.0)
    result["printed"][rows["unit"], rows["area"]] = rows["self_points"] / rows["max_points"]
    cells = _read_cells(rows)
    if len(cells.unit):
        share, variance, between = _believe_answered(
            cells, _estimate_inflation(cells, len(units)), size
        )
        blank = (1 - cells.coverage) ** 2 * (BLANK_SD**2 + between[cells.area] / 2)
        deviation = np.sqrt(variance + blank)
        where = (cells.unit, cells.area)
        result["share"][where] = np.clip(share, 0.0, 1.0)
        result["deviation"][where] = deviation
        result["weak"][where] = cumulative((threshold - share) / deviation)
    return Weakness(**result)


def _read_cells(rows: Columns) -> _Cells:
    maximum, answered, decided = (
        rows[name] for name in ("max_points", "answered_points", "reviewed_points")
    )
    some = answered > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        claimed = rows["self_points"] / answered
        reviewed = rows["reviewer_points"] / decided
        part = np.minimum(decided / answered, 1.0)
    return _Cells(
        unit=rows["unit"][some],
        area=rows["area"][some],
        coverage=np.minimum(answered / maximum, 1.0)[some],
        claimed=np.clip(claimed, 0.0, 1.0)[some],
        reviewed=np.where(decided > 0, reviewed, 0.0)[some],
        part_reviewed=part[some],
        self_scored=(rows["self_scored"] == 1)[some],
    )


def _estimate_inflation(cells: _Cells, units: int) -> _Inflation:
    """Claim minus review: population mean, spread within and between units, each unit's belief."""
    both = cells.self_scored & (cells.part_reviewed > 0)
    difference = (cells.claimed - cells.reviewed)[both]
    unit = cells.unit[both]
    number = np.bincount(unit, minlength=units).astype(np.float64)
    total = np.bincount(unit, difference, minlength=units)
    met = number > 0
    population = (total.sum() + PSEUDO_CELLS * INFLATION) / (number.sum() + PSEUDO_CELLS)
    own = total / np.maximum(number, 1)
    squares = float(((difference - own[unit]) ** 2).sum())
    freedom = number.sum() - met.sum()
    within = (squares + PSEUDO_WITHIN * WITHIN_SD**2) / (freedom + PSEUDO_WITHIN)
    moments = float(((own[met] - population) ** 2 - within / number[met]).sum())
    raw = (moments + PSEUDO_BETWEEN * BETWEEN_SD**2) / (met.sum() + PSEUDO_BETWEEN)
    between = max(float(raw), SMALLEST_BETWEEN_SD**2)
    precision = 1 / between + number / within
    mean = (population / between + total / within) / precision
    return _Inflation(mean=mean, variance=1 / precision, within=float(within))


def _believe_answered(
    cells: _Cells, inflation: _Inflation, size: tuple[int, int]
) -> tuple[Floats, Floats, Floats]:
    """Belief about the answered part, shrunk to the area: mean, variance, between-unit variance."""
    claim = cells.claimed - np.where(cells.self_scored, inflation.mean[cells.unit], 0.0)
    doubt = np.where(
        cells.self_scored, inflation.variance[cells.unit] + inflation.within, REVIEW_SD**2
    )
    part = cells.part_reviewed
    level = part * cells.reviewed + (1 - part) * claim
    noise = part**2 * REVIEW_SD**2 + (1 - part) ** 2 * doubt
    number = np.maximum(np.bincount(cells.area, minlength=size[1]), 1)
    mean = np.bincount(cells.area, level, minlength=size[1]) / number
    squares = np.bincount(cells.area, (level - mean[cells.area]) ** 2, minlength=size[1])
    average_noise = np.bincount(cells.area, noise, minlength=size[1]) / number
    between = squares / np.maximum(number - 1, 1) - average_noise
    between = np.maximum(between, SMALLEST_AREA_SD**2)
    precision = 1 / noise + 1 / between[cells.area]
    shrunk = (level / noise + (mean / between)[cells.area]) / precision
    return shrunk, 1 / precision, between
