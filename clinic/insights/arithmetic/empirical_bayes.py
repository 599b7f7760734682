"""One round of empirical Bayes: better parameters from the beliefs under the present ones.

Marginal maximum likelihood by EM (Bock and Aitkin 1981) with the weak priors of ``parameters``.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.belief import (
    ArrangedAnswers,
    Beliefs,
    Counts,
    Propagation,
    expected_counts,
    tabulate,
    weight,
)
from clinic.insights.arithmetic.observations import KINDS
from clinic.insights.arithmetic.parameters import (
    GROUP_OWN,
    GROUP_SHARED,
    GROWTH,
    ITEM_SPREAD,
    KEENNESS,
    MEMORY,
    PERSON_OWN,
    PERSON_SHARED,
    PSEUDO_GROUPS,
    PSEUDO_ITEMS,
    PSEUDO_PEOPLE,
    PSEUDO_UNITS,
    PSEUDO_VARIANCE,
    SMALLEST_DISPERSION,
    SMALLEST_VARIANCE,
    UNIT_OWN,
    UNIT_SHARED,
    UNIT_SHRINK,
    Parameters,
    compound,
)
from clinic.insights.arithmetic.tree import Hierarchy, Tree

Floats = NDArray[np.float64]

LONGEST_STEP = 0.7


def improve(
    work: Propagation,
    beliefs: Beliefs,
    parameters: Parameters,
    item_area: NDArray[np.int64],
    *,
    variances: bool,
) -> tuple[Parameters, Floats]:
    """Take one EM round.

    Gives the better parameters, and by how much each area's origin was lifted to keep the mean
    difficulty at zero: abilities are lower by as much.

    Args:
        work: the answers and who belongs where.
        beliefs: under ``parameters``.
        parameters: the present ones.
        item_area: the area of every item.
        variances: whether variances move too (from the second round on).
    """
    counts = expected_counts(work.arranged, beliefs.tilted.weights)
    better = _improve_items(work.arranged, counts, parameters, variances=variances)
    better = replace(better, level=_estimate_level(work.hierarchy, beliefs.tree))
    if variances:
        better = _improve_variances(work.hierarchy, beliefs.tree, better)
    return _recentre(work.arranged, better, item_area)


def _improve_items(
    arranged: ArrangedAnswers, counts: Counts, parameters: Parameters, *, variances: bool
) -> Parameters:
    """A Fisher step for difficulties, memory and growth."""
    success, slope = tabulate(arranged, parameters)
    risk = success * (1 - success)
    worth = weight(arranged, parameters)
    score = worth * ((counts.gained - counts.tried * success) * slope / risk).sum(axis=1)
    information = worth * (counts.tried * slope**2 / risk).sum(axis=1)
    size = len(parameters.difficulty)
    gradient = -np.bincount(arranged.exposure_item, score, minlength=size)
    gradient -= parameters.difficulty / parameters.item_spread
    curvature = np.bincount(arranged.exposure_item, information, minlength=size)
    curvature += 1 / parameters.item_spread
    difficulty = parameters.difficulty + np.clip(gradient / curvature, -LONGEST_STEP, LONGEST_STEP)
    met = np.unique(arranged.exposure_item)
    spread = parameters.item_spread
    if variances:
        squares = float((difficulty[met] ** 2 + 1 / curvature[met]).sum())
        spread = (squares + PSEUDO_ITEMS * ITEM_SPREAD) / (len(met) + PSEUDO_ITEMS)
    return replace(
        parameters,
        difficulty=difficulty,
        information=curvature,
        item_spread=spread,
        memory=_improve_effect(
            parameters.memory, MEMORY, arranged.exposure_seen, (score, information)
        ),
        dispersion=_estimate_dispersion(arranged, (counts.tried * risk).sum(axis=1)),
        growth=_improve_effect(
            parameters.growth, GROWTH, -arranged.exposure_later, (score, information)
        ),
    )


def _estimate_dispersion(arranged: ArrangedAnswers, risk: Floats) -> Floats:
    """How steady each kind's credits are: 1 - E y(1 - y) / E P(1 - P).

    It is exactly 1 without partial credit, and needs no residuals, which noise would inflate.
    """
    credit, kinds = arranged.mark_credit, len(KINDS) + 1
    answers = np.bincount(arranged.mark, minlength=len(credit))
    kind = arranged.exposure_kind
    partial = np.bincount(kind[arranged.mark_exposure], answers * credit * (1 - credit), kinds)
    whole = np.bincount(kind, risk, kinds) + PSEUDO_VARIANCE
    return np.maximum(1 - partial / whole, SMALLEST_DISPERSION)


def _improve_effect(
    value: float, prior: tuple[float, float], factor: Floats, evidence: tuple[Floats, Floats]
) -> float:
    """Fisher step for an effect that enters the logit times ``factor``."""
    score, information = evidence
    mean, sd = prior
    gradient = float((factor * score).sum()) - (value - mean) / sd**2
    curvature = float((factor**2 * information).sum()) + 1 / sd**2
    return value + float(np.clip(gradient / curvature, -LONGEST_STEP, LONGEST_STEP))


def _estimate_level(hierarchy: Hierarchy, tree: Tree) -> Floats:
    if hierarchy.grouped:
        return tree.units.anchor.mean[np.unique(hierarchy.group)].mean(axis=0)
    return tree.units.mean.mean(axis=0)


def _recentre(
    arranged: ArrangedAnswers, parameters: Parameters, item_area: NDArray[np.int64]
) -> tuple[Parameters, Floats]:
    """Put the mean difficulty of the items met in an area at zero; the level takes it up."""
    met = np.unique(arranged.exposure_item)
    areas = len(parameters.level)
    count = np.bincount(item_area[met], minlength=areas)
    total = np.bincount(item_area[met], parameters.difficulty[met], minlength=areas)
    mean = total / np.maximum(count, 1)
    difficulty = parameters.difficulty.copy()
    difficulty[met] -= mean[item_area[met]]
    return replace(parameters, difficulty=difficulty, level=parameters.level - mean), mean


def _improve_variances(hierarchy: Hierarchy, tree: Tree, parameters: Parameters) -> Parameters:
    areas = len(parameters.level)
    away = tree.mean - tree.units.mean[hierarchy.unit]
    weight = areas / (parameters.own + areas * parameters.shared)
    prior_mean, prior_sd = KEENNESS
    pull = weight * float((hierarchy.keen * away.mean(axis=1)).sum()) + prior_mean / prior_sd**2
    keenness = pull / (weight * float((hierarchy.keen**2).sum()) + 1 / prior_sd**2)
    shared, own = _estimate_person_spread(tree, away - keenness * hierarchy.keen[:, None])
    better = replace(
        parameters,
        keenness=keenness,
        shared=shared,
        own=own,
        unit_spread=_estimate_unit_spread(hierarchy, tree),
    )
    if hierarchy.grouped:
        better = replace(better, group_spread=_estimate_group_spread(hierarchy, tree, better.level))
    return better


def _estimate_person_spread(tree: Tree, residual: Floats) -> tuple[float, float]:
    """Shared and own variance of people around their unit, from residuals and their doubt."""
    width, bend = tree.width, tree.bend
    whole = width.sum(axis=1)
    total = whole + bend * whole**2 + tree.doubt_whole + residual.sum(axis=1) ** 2
    each = width + bend[:, None] * width**2 + tree.doubt + residual**2
    moments = _Moments(float(total.sum()), float(each.sum()), len(each), each.shape[1])
    return moments.split(PERSON_SHARED, PERSON_OWN, PSEUDO_PEOPLE)


def _estimate_unit_spread(hierarchy: Hierarchy, tree: Tree) -> Floats:
    units, anchor = tree.units, tree.units.anchor
    away = units.mean - anchor.mean[hierarchy.group]
    total = away.T @ away + units.alone.sum(axis=0)
    if hierarchy.grouped:
        back = units.gain - np.eye(away.shape[1])
        total += (back @ anchor.covariance[hierarchy.group] @ back.transpose(0, 2, 1)).sum(axis=0)
    number, areas = away.shape
    moments = _Moments(float(total.sum()), float(np.trace(total)), number, areas)
    target = compound(areas, *moments.split(UNIT_SHARED, UNIT_OWN, PSEUDO_UNITS))
    return (total + UNIT_SHRINK * target) / (number + UNIT_SHRINK)


def _estimate_group_spread(hierarchy: Hierarchy, tree: Tree, level: Floats) -> Floats:
    groups = np.unique(hierarchy.group)
    anchor = tree.units.anchor
    away = anchor.mean[groups] - level
    total = away.T @ away + anchor.covariance[groups].sum(axis=0)
    number, areas = away.shape
    moments = _Moments(float(total.sum()), float(np.trace(total)), number, areas)
    return compound(areas, *moments.split(GROUP_SHARED, GROUP_OWN, PSEUDO_GROUPS))


@dataclass(frozen=True)
class _Moments:
    """Sums over ``number`` things of all entries and of the trace of their second moments."""

    whole: float
    trace: float
    number: int
    areas: int

    def split(self, shared: float, own: float, pseudo: int) -> tuple[float, float]:
        """Compound-symmetric variances, pulled by ``pseudo`` things at ``shared`` and ``own``."""
        along = (self.whole / self.areas + pseudo * (own + self.areas * shared)) / (
            self.number + pseudo
        )
        if self.areas == 1:
            return max(along - own, SMALLEST_VARIANCE), own
        across = (self.trace - self.whole / self.areas) / (self.areas - 1)
        across = max((across + pseudo * own) / (self.number + pseudo), SMALLEST_VARIANCE)
        return max((along - across) / self.areas, SMALLEST_VARIANCE), across
