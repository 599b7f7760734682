"""The closed-form tree against the same model solved as one dense Gaussian."""

from dataclasses import replace

import numpy as np
import pytest

from clinic.insights.arithmetic.parameters import Parameters, starting_parameters
from clinic.insights.arithmetic.tree import Anchor, Hierarchy, Sites, solve

AREAS, GROUPS, UNITS = 3, 6, 12


class Dense:
    """All groups, units and people in one precision matrix."""

    def __init__(self, hierarchy: Hierarchy, sites: Sites, p: Parameters) -> None:
        self.size = GROUPS + UNITS + len(hierarchy.unit)
        self.precision = np.zeros((self.size * AREAS, self.size * AREAS))
        self.shift = np.zeros(self.size * AREAS)
        for group in range(GROUPS):
            self._hang(group, None, np.linalg.inv(p.group_spread), p.level)
        for unit in range(UNITS):
            self._hang(
                GROUPS + unit, hierarchy.group[unit], np.linalg.inv(p.unit_spread), np.zeros(AREAS)
            )
        person = p.shared * np.ones((AREAS, AREAS)) + p.own * np.eye(AREAS)
        for respondent, unit in enumerate(hierarchy.unit):
            keen = np.full(AREAS, p.keenness * hierarchy.keen[respondent])
            me = GROUPS + UNITS + respondent
            self._hang(me, GROUPS + unit, np.linalg.inv(person), keen)
            self.precision[self.at(me), self.at(me)] += np.diag(sites.precision[respondent])
            self.shift[self.at(me)] += sites.shift[respondent]
        self.covariance = np.linalg.inv(self.precision)
        self.mean = self.covariance @ self.shift

    @staticmethod
    def at(node: int) -> slice:
        return slice(node * AREAS, (node + 1) * AREAS)

    def _hang(self, node: int, parent: int | None, tie: np.ndarray, offset: np.ndarray) -> None:
        me = self.at(node)
        self.precision[me, me] += tie
        self.shift[me] += tie @ offset
        if parent is not None:
            up = self.at(parent)
            self.precision[up, up] += tie
            self.precision[me, up] -= tie
            self.precision[up, me] -= tie
            self.shift[up] -= tie @ offset

    def between(self, node: int, other: int) -> np.ndarray:
        a, b, c = self.at(node), self.at(other), self.covariance
        return c[a, a] + c[b, b] - c[a, b] - c[b, a]


@pytest.fixture(scope="module")
def family() -> tuple[Hierarchy, Sites, Parameters]:
    rng = np.random.default_rng(1)
    unit = np.sort(np.concatenate([np.arange(UNITS), rng.integers(0, UNITS, 15)]))
    root = rng.normal(size=(AREAS, AREAS))
    parameters = replace(
        starting_parameters(AREAS, 0),
        unit_spread=root @ root.T / 5 + 0.2 * np.eye(AREAS),
        level=rng.normal(size=AREAS),
        keenness=0.4,
    )
    precision = rng.gamma(1, 1, (len(unit), AREAS)) * (rng.random((len(unit), AREAS)) < 0.7)
    shift = rng.normal(size=precision.shape) * (precision > 0)
    hierarchy = Hierarchy(
        unit, np.repeat(np.arange(GROUPS), 2), rng.normal(size=len(unit)), GROUPS, True
    )
    return hierarchy, Sites(precision, shift), parameters


def test_marginals_of_people_are_those_of_the_whole_model(family):
    hierarchy, sites, parameters = family
    dense, tree = Dense(hierarchy, sites, parameters), solve(hierarchy, sites, parameters)
    start = (GROUPS + UNITS) * AREAS

    np.testing.assert_allclose(tree.mean.ravel(), dense.mean[start:], atol=1e-10)
    np.testing.assert_allclose(tree.variance.ravel(), np.diag(dense.covariance)[start:], atol=1e-10)


def test_marginals_of_units_are_those_of_the_whole_model(family):
    hierarchy, sites, parameters = family
    dense, units = Dense(hierarchy, sites, parameters), solve(hierarchy, sites, parameters).units

    for unit in range(UNITS):
        node = dense.at(GROUPS + unit)
        np.testing.assert_allclose(units.mean[unit], dense.mean[node], atol=1e-10)
        np.testing.assert_allclose(units.covariance[unit], dense.covariance[node, node], atol=1e-10)


def test_doubt_within_a_unit_is_that_of_the_whole_model(family):
    hierarchy, sites, parameters = family
    dense, tree = Dense(hierarchy, sites, parameters), solve(hierarchy, sites, parameters)

    for respondent, unit in enumerate(hierarchy.unit):
        exact = dense.between(GROUPS + UNITS + respondent, GROUPS + unit)
        width, bend = tree.width[respondent], tree.bend[respondent]
        diagonal = width + bend * width**2 + tree.doubt[respondent]
        whole = width.sum() + bend * width.sum() ** 2 + tree.doubt_whole[respondent]
        np.testing.assert_allclose(diagonal, np.diag(exact), atol=1e-10)
        np.testing.assert_allclose(whole, exact.sum(), atol=1e-10)


def test_groups_held_at_their_belief_change_no_unit(family):
    hierarchy, sites, parameters = family
    free = solve(hierarchy, sites, parameters).units
    held = solve(
        hierarchy, sites, parameters, Anchor(free.anchor.mean, free.anchor.covariance)
    ).units

    np.testing.assert_allclose(held.mean, free.mean, atol=1e-12)
    np.testing.assert_allclose(held.covariance, free.covariance, atol=1e-12)
