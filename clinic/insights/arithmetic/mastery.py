"""Belief about the mastery of every unit in every area: the whole fit, and one unit's refresh."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.belief import (
    ArrangedAnswers,
    Beliefs,
    Estimates,
    Posterior,
    Propagation,
    arrange,
    believe,
    empty_sites,
    log_likelihood,
)
from clinic.insights.arithmetic.calibration import CalibrationUnreadable, Constants, items_of
from clinic.insights.arithmetic.empirical_bayes import improve
from clinic.insights.arithmetic.observations import KINDS, Observations
from clinic.insights.arithmetic.parameters import (
    Parameters,
    largest_move,
    starting_parameters,
)
from clinic.insights.arithmetic.tree import Hierarchy, Sites

Floats = NDArray[np.float64]

FEWEST_GROUPS = 5
ROUNDS, ROUNDS_LARGE, LARGE = 40, 14, 50_000
SWEEPS_PER_ROUND = 2
STILL = 0.002
LAST_SWEEPS, SETTLED = 24, 1e-5
"""Sweeps under fixed parameters go on until the whole fit and a unit's refresh say the same."""


@dataclass(frozen=True)
class Fit:
    """A calibration and the estimates of all units under it."""

    calibration: Constants
    estimates: Estimates


def fit(seen: Observations, *, threshold: float, as_of: int = 0, package: str = "") -> Fit:
    """Calibrate the model on all answers and estimate every unit.

    Args:
        seen: of a complete package.
        threshold: mastery below which there is a gap, 0 to 1.
        as_of: day of the evidence, kept with the calibration.
        package: hash of the evidence, kept with the calibration.
    """
    parameters = starting_parameters(len(seen.areas), len(seen.items))
    arranged = arrange(seen)
    centre = float(seen.attended[arranged.respondents].mean()) if arranged.cells else 0.0
    work = Propagation(
        arranged,
        _build_hierarchy(seen, arranged, centre, grouped=len(seen.groups) >= FEWEST_GROUPS),
    )
    if arranged.cells:
        parameters, sites = _calibrate(work, parameters, seen.item_area)
        beliefs = _settle(work, sites, parameters)
    else:
        beliefs = _settle(work, empty_sites(arranged, len(seen.areas)), parameters)
    posterior = Posterior(
        seen, work, beliefs, parameters, centre, _compute_level_covariance(work, beliefs)
    )
    calibration = _make_constants(posterior, threshold=threshold, as_of=as_of, package=package)
    return Fit(calibration, believe(posterior, threshold=threshold))


def refresh_unit(calibration: Constants, seen: Observations) -> Estimates:
    """Estimate the units of ``seen`` under stored constants; nothing is calibrated.

    ``seen`` holds all people, attendance and answers of the unit (or units) and the items they met;
    pool items that nobody of them met come from the calibration. An item newer than the calibration
    enters with its prior.
    """
    if seen.areas != calibration.areas:
        raise CalibrationUnreadable(details={"areas": calibration.areas})
    seen, parameters = _add_items(seen, calibration)
    arranged = arrange(seen)
    hierarchy = _build_hierarchy(seen, arranged, calibration.centre, grouped=calibration.grouped)
    work = Propagation(arranged, hierarchy, calibration.anchor(seen.groups))
    start = empty_sites(arranged, len(seen.areas))
    beliefs = _settle(work, start, parameters)
    posterior = Posterior(
        seen, work, beliefs, parameters, calibration.centre, calibration.level_covariance
    )
    return believe(posterior, threshold=calibration.gap_threshold)


def _build_hierarchy(
    seen: Observations, arranged: ArrangedAnswers, centre: float, *, grouped: bool
) -> Hierarchy:
    home = seen.person_unit[arranged.respondents]
    units, unit = np.unique(home, return_inverse=True)
    return Hierarchy(
        unit=unit,
        group=seen.unit_group[units],
        keen=seen.attended[arranged.respondents] - centre,
        groups=len(seen.groups),
        grouped=grouped,
    )


def _calibrate(
    work: Propagation, parameters: Parameters, item_area: NDArray[np.int64]
) -> tuple[Parameters, Sites]:
    """Rounds of two sweeps and one empirical Bayes step, until no parameter moves."""
    sites = empty_sites(work.arranged, len(parameters.level))
    for number in range(ROUNDS_LARGE if work.arranged.cells > LARGE else ROUNDS):
        likelihood = log_likelihood(work.arranged, parameters)
        beliefs = work.sweep(sites, likelihood, parameters, most=SWEEPS_PER_ROUND)
        better, lifted = improve(work, beliefs, parameters, item_area, variances=number > 0)
        shift = beliefs.sites.shift - beliefs.sites.precision * lifted
        sites = replace(beliefs.sites, shift=shift)
        move = largest_move(parameters, better)
        parameters = better
        if number > 0 and move < STILL:
            break
    return parameters, sites


def _settle(work: Propagation, sites: Sites, parameters: Parameters) -> Beliefs:
    likelihood = log_likelihood(work.arranged, parameters)
    return work.sweep(sites, likelihood, parameters, most=LAST_SWEEPS, tolerance=SETTLED)


def _compute_level_covariance(work: Propagation, beliefs: Beliefs) -> Floats | None:
    """Doubt about the level (V_mu), the g2 term of small area theory (Rao and Molina 2015)."""
    if work.hierarchy.grouped:
        return None
    evidence = beliefs.tree.units.evidence.sum(axis=0)
    return np.linalg.inv(evidence + np.eye(len(evidence)) / 2)


def _make_constants(
    posterior: Posterior, *, threshold: float, as_of: int, package: str
) -> Constants:
    anchor, groups = posterior.beliefs.tree.units.anchor, posterior.seen.groups
    known = {group: (anchor.mean[i], anchor.covariance[i]) for i, group in enumerate(groups)}
    nothing = np.zeros(0)
    return Constants(
        areas=posterior.seen.areas,
        items=items_of(posterior.seen, posterior.parameters),
        parameters=replace(posterior.parameters, difficulty=nothing, information=nothing),
        centre=posterior.centre,
        groups=known if posterior.work.hierarchy.grouped else {},
        level_covariance=posterior.level_covariance,
        gap_threshold=threshold,
        as_of=as_of,
        package=package,
    )


def _add_items(seen: Observations, calibration: Constants) -> tuple[Observations, Parameters]:
    """Add the calibration's items to those of ``seen``, and give each its difficulty.

    They stand in the order of their ids, as in the fit, whichever of them somebody met.
    """
    met = set(seen.items)
    more = {name: item for name, item in calibration.items.items() if name not in met}
    place = {area: i for i, area in enumerate(seen.areas)}
    names = [*seen.items, *more]
    order = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    area = [place[item.area] for item in more.values()]
    chance = [item.chance for item in more.values()]
    pooled = [item.in_pool for item in more.values()]
    extended = replace(
        seen,
        items=tuple(names[number] for number in order),
        item_area=np.append(seen.item_area, np.array(area, dtype=np.int64))[order],
        item_kind=np.append(seen.item_kind, np.full(len(more), len(KINDS)))[order],
        item_chance=np.append(seen.item_chance, np.array(chance, dtype=np.float64))[order],
        item_in_pool=np.append(seen.item_in_pool, np.array(pooled, dtype=bool))[order],
        answers=replace(seen.answers, item=position[seen.answers.item]),
    )
    prior = (0.0, 1 / calibration.parameters.item_spread)
    known = [
        (item.difficulty, item.information) if (item := calibration.items.get(name)) else prior
        for name in extended.items
    ]
    table = np.array(known, dtype=np.float64).reshape(-1, 2)
    parameters = replace(calibration.parameters, difficulty=table[:, 0], information=table[:, 1])
    return extended, parameters
