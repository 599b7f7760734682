"""The Gaussian tree of groups, units and people, solved in closed form.

People are eliminated, then units, then groups, and the beliefs come back down. With the person
covariance T = cJ + dI no matrix is inverted per person: Sherman and Morrison. Sums of rows by group
are deterministic and need no loop over rows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.parameters import Parameters

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


@dataclass(frozen=True)
class Hierarchy:
    """Who belongs where, among those with answers.

    Attributes:
        unit: the unit of each respondent, as a position among the units with answers.
        group: the group of each of these units.
        keen: each respondent's centred share of events attended.
        groups: number of groups.
        grouped: whether groups have an effect of their own.
    """

    unit: Integers
    group: Integers
    keen: Floats
    groups: int
    grouped: bool


@dataclass(frozen=True)
class Sites:
    """Gaussian stand-ins for the likelihood of each respondent and area; zero without answers."""

    precision: Floats
    shift: Floats


@dataclass(frozen=True)
class Anchor:
    """What is believed of the groups: mean and covariance of each."""

    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class Units:
    """Beliefs about the units with answers.

    Attributes:
        alone: covariance given the group's mean (C_u).
        gain: how a unit's mean follows its group's (G_u).
        evidence: precision that the unit's answers bring (J_u).
        mean, covariance: the belief (M_u, V_u).
        anchor: the belief about the groups.
    """

    alone: Floats
    gain: Floats
    evidence: Floats
    mean: Floats
    covariance: Floats
    anchor: Anchor


@dataclass(frozen=True)
class Tree:
    """Marginal beliefs about every respondent, and the factors from which they were made.

    With ``width`` D = 1 / (lambda + 1/d) and ``pull`` = lambda D: C_p = diag(D) + bend D D' and
    G_p = diag(1 - pull) - bend D pull'.

    Attributes:
        spread: diagonal of G_p V_u G_p', what the unit's doubt adds to the person's.
        doubt: diagonal of (G_p - I) V_u (G_p - I)', the doubt about the person within the unit.
        doubt_whole: 1'(G_p - I) V_u (G_p - I)' 1.
        mean, variance: the marginals.
    """

    width: Floats
    bend: Floats
    pull: Floats
    spread: Floats
    doubt: Floats
    doubt_whole: Floats
    mean: Floats
    variance: Floats
    units: Units


@dataclass(frozen=True)
class _Factors:
    width: Floats
    bend: Floats
    pull: Floats
    centre: Floats


def solve(
    hierarchy: Hierarchy, sites: Sites, parameters: Parameters, anchor: Anchor | None = None
) -> Tree:
    """Solve the tree for the marginal of every respondent and area.

    Args:
        hierarchy: who belongs where.
        sites: Gaussian evidence per respondent and area.
        parameters: the variances and means of the model.
        anchor: fixed beliefs about the groups, for a refresh under a stored calibration.
    """
    factors = _compute_factors(sites, parameters)
    units = _believe_units(
        hierarchy, _pass_up(hierarchy, sites, parameters, factors), parameters, anchor
    )
    return _pass_down(hierarchy, factors, parameters, units)


def _compute_factors(sites: Sites, parameters: Parameters) -> _Factors:
    areas = sites.precision.shape[1]
    shared, own = parameters.shared, parameters.own
    kappa = shared / (own * (own + areas * shared))
    width = 1 / (sites.precision + 1 / own)
    bend = kappa / (1 - kappa * width.sum(axis=1))
    along = (width * sites.shift).sum(axis=1)
    centre = width * (sites.shift + (bend * along)[:, None])
    return _Factors(width=width, bend=bend, pull=width * sites.precision, centre=centre)


def _pass_up(
    hierarchy: Hierarchy, sites: Sites, parameters: Parameters, factors: _Factors
) -> tuple[Floats, Floats]:
    """Precision and shift that the people of each unit say about the unit's mean."""
    pull, bend = factors.pull, factors.bend
    size, areas = len(hierarchy.group), pull.shape[1]
    straight = pull / parameters.own
    precision = -sum_rows(
        hierarchy.unit, (bend[:, None] * pull)[:, :, None] * pull[:, None, :], size
    )
    precision[:, np.arange(areas), np.arange(areas)] += sum_rows(hierarchy.unit, straight, size)
    whole = straight - (bend * pull.sum(axis=1))[:, None] * pull
    residual = sites.shift - sites.precision * factors.centre
    shift = sum_rows(
        hierarchy.unit, residual - parameters.keenness * hierarchy.keen[:, None] * whole, size
    )
    return precision, shift


def _believe_units(
    hierarchy: Hierarchy,
    message: tuple[Floats, Floats],
    parameters: Parameters,
    anchor: Anchor | None,
) -> Units:
    precision, shift = message
    prior = np.linalg.inv(parameters.unit_spread)
    alone = np.linalg.inv(prior + precision)
    gain = alone @ prior
    evidence = prior - prior @ gain
    if anchor is None:
        upward = np.einsum("uji,uj->ui", gain, shift)
        anchor = _believe_groups(hierarchy, evidence, upward, parameters)
    mean = np.einsum("uij,uj->ui", alone, shift)
    mean += np.einsum("uij,uj->ui", gain, anchor.mean[hierarchy.group])
    covariance = alone
    if hierarchy.grouped:
        covariance = alone + gain @ anchor.covariance[hierarchy.group] @ gain.transpose(0, 2, 1)
    return Units(
        alone=alone, gain=gain, evidence=evidence, mean=mean, covariance=covariance, anchor=anchor
    )


def _believe_groups(
    hierarchy: Hierarchy, evidence: Floats, shift: Floats, parameters: Parameters
) -> Anchor:
    areas = len(parameters.level)
    if not hierarchy.grouped:
        level = np.broadcast_to(parameters.level, (hierarchy.groups, areas))
        return Anchor(mean=level, covariance=np.zeros((hierarchy.groups, areas, areas)))
    prior = np.linalg.inv(parameters.group_spread)
    covariance = np.linalg.inv(prior + sum_rows(hierarchy.group, evidence, hierarchy.groups))
    total = prior @ parameters.level + sum_rows(hierarchy.group, shift, hierarchy.groups)
    return Anchor(mean=np.einsum("gij,gj->gi", covariance, total), covariance=covariance)


def _pass_down(
    hierarchy: Hierarchy, factors: _Factors, parameters: Parameters, units: Units
) -> Tree:
    width, bend, pull = factors.width, factors.bend, factors.pull
    above = units.covariance[hierarchy.unit]
    through = np.einsum("sij,sj->si", above, pull)
    through_all = (pull * through).sum(axis=1)
    diagonal = np.diagonal(units.covariance, axis1=1, axis2=2)[hierarchy.unit]
    free, bent = 1 - pull, bend[:, None] * width
    common = bent**2 * through_all[:, None]
    spread = free**2 * diagonal - 2 * bent * free * through + common
    expected = units.mean[hierarchy.unit] + parameters.keenness * hierarchy.keen[:, None]
    along = (pull * expected).sum(axis=1)
    return Tree(
        width=width,
        bend=bend,
        pull=pull,
        spread=spread,
        doubt=pull**2 * diagonal + 2 * bent * pull * through + common,
        doubt_whole=(1 + bent.sum(axis=1)) ** 2 * through_all,
        mean=factors.centre + free * expected - bent * along[:, None],
        variance=width + bent * width + spread,
        units=units,
    )
