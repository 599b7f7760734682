"""The knowledge model's parameters and the weak priors they start from.

Group, unit, person and item effects lie on one logistic scale per change area. Pseudo-counts are
judged; they sit on the large side because variances plugged in as if known make intervals too
narrow.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.observations import KINDS

Floats = NDArray[np.float64]

MEMORY = (0.3, 0.3)
"""Prior mean and standard deviation of the gain from having met an item before."""
GROWTH = (0.1, 0.14)
"""The same for what an event attended later has added."""
KEENNESS = (0.4, 0.3)
"""The same for the effect of the share of events attended."""
PERSON_SHARED, PERSON_OWN, PSEUDO_PEOPLE = 0.45, 0.22, 12
UNIT_SHARED, UNIT_OWN, PSEUDO_UNITS, UNIT_SHRINK = 0.22, 0.15, 6, 40
GROUP_SHARED, GROUP_OWN, PSEUDO_GROUPS = 0.05, 0.02, 6
ITEM_SPREAD, PSEUDO_ITEMS = 0.7, 20
START_LEVEL, START_KEENNESS = 0.5, 0.2
SMALLEST_VARIANCE = 0.005
SMALLEST_DISPERSION, PSEUDO_VARIANCE = 0.2, 4.0
"""Partial credit is judged as steady as an all-or-nothing answer until about 20 answers tell."""


@dataclass(frozen=True)
class Parameters:
    """One state of the model's parameters, areas and items by position.

    Attributes:
        level: mean of the units in each area (mu).
        group_spread: covariance of groups around the level (S_R).
        unit_spread: covariance of units around their group (S_U).
        shared: variance of a person that all areas share (c).
        own: variance of a person in each area alone (d).
        keenness: effect of the centred share of events attended (gamma).
        memory: gain from having met the item before (delta).
        growth: what each event attended after an answer has added (lambda).
        difficulty: one per item (b), mean zero within an area.
        information: one per item (h), the inverse of the difficulty's variance.
        item_spread: variance of difficulties (s_b squared).
        dispersion: of each kind of item, the variance of its credits as a share of what
            all-or-nothing credits would have; 1 where no credit is partial.
    """

    level: Floats
    group_spread: Floats
    unit_spread: Floats
    shared: float
    own: float
    keenness: float
    memory: float
    growth: float
    difficulty: Floats
    information: Floats
    item_spread: float
    dispersion: Floats


def compound(areas: int, shared: float, own: float) -> Floats:
    """Covariance with ``own`` on the diagonal and ``shared`` everywhere."""
    return shared * np.ones((areas, areas)) + own * np.eye(areas)


def starting_parameters(areas: int, items: int) -> Parameters:
    """The values from which the fit starts, and all there is without answers."""
    return Parameters(
        level=np.full(areas, START_LEVEL),
        group_spread=compound(areas, GROUP_SHARED, GROUP_OWN),
        unit_spread=compound(areas, UNIT_SHARED, UNIT_OWN),
        shared=PERSON_SHARED,
        own=PERSON_OWN,
        keenness=START_KEENNESS,
        memory=MEMORY[0],
        growth=GROWTH[0],
        difficulty=np.zeros(items),
        information=np.full(items, 1 / ITEM_SPREAD),
        item_spread=ITEM_SPREAD,
        dispersion=np.ones(len(KINDS) + 1),
    )


def largest_move(before: Parameters, after: Parameters) -> float:
    """The largest change of any parameter between two rounds of the fit."""
    moves = [
        np.max(np.abs(np.asarray(getattr(after, f.name)) - getattr(before, f.name)), initial=0.0)
        for f in fields(Parameters)
        if f.name != "information"
    ]
    return float(max(moves))
