"""Worlds drawn exactly from the knowledge model, parameters known.

Nothing here is harsher than the model: slopes are one, nobody slips beyond the cap, what people
know depends on nothing else. Whatever the engine misses in these worlds is the engine's own fault.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.observations import KINDS, Answers, Observations
from clinic.insights.arithmetic.parameters import Parameters, compound

AREAS, ITEMS_PER_AREA = 8, 12
CHANCES = np.array([0.25, 0.5, 0.2, 0.0])
"""Of the kinds in the order of ``KINDS``."""
MULTI = 2
CAP = 0.98
TRUTH = {
    "shared": 0.45,
    "own": 0.2,
    "unit_shared": 0.25,
    "unit_own": 0.12,
    "group_shared": 0.05,
    "group_own": 0.02,
    "keenness": 0.6,
    "memory": 0.35,
    "growth": 0.12,
    "item_spread": 0.7,
}


@dataclass(frozen=True)
class ModelSize:
    """How big a world is.

    Attributes:
        keen: how strongly the wish to come differs between people.
        parts: decisions that a question with several answers gives credit for, one by one.
    """

    groups: int
    units: int
    people: int
    events: int
    turnout: float
    keen: float
    parts: int = 1


MODEL_SIZES = {
    "clinic": ModelSize(groups=1, units=41, people=64, events=1, turnout=0.9, keen=1.0),
    "year": ModelSize(groups=1, units=41, people=600, events=6, turnout=0.2, keen=1.0, parts=3),
    "district": ModelSize(groups=1, units=41, people=600, events=6, turnout=0.2, keen=1.0),
    "regions": ModelSize(
        groups=8, units=160, people=3200, events=4, turnout=0.25, keen=1.0, parts=3
    ),
    "province": ModelSize(groups=12, units=492, people=10_000, events=4, turnout=0.13, keen=1.0),
}


@dataclass(frozen=True)
class ModelWorld:
    """What the engine sees, the parameters behind it, and the true mastery: units x areas.

    ``centre`` is the mean share attended of the answering people, which the model centres on.
    """

    seen: Observations
    parameters: Parameters
    mastery: NDArray[np.float64]
    centre: float


def model_world(size: str | ModelSize, seed: int) -> ModelWorld:
    """Draw people, attendance, answers and mastery of one seed from the model."""
    chosen = MODEL_SIZES[size] if isinstance(size, str) else size
    rng = np.random.default_rng([seed, chosen.people, 7])
    unit_mean, level = _unit_means(rng, chosen)
    home = _homes(rng, chosen)
    came = _came(rng, chosen)
    item_area = np.repeat(np.arange(AREAS), ITEMS_PER_AREA)
    kind = rng.integers(0, len(CHANCES), len(item_area))
    chance = CHANCES[kind]
    difficulty = rng.normal(0, np.sqrt(TRUTH["item_spread"]), len(item_area))
    difficulty -= np.repeat(difficulty.reshape(AREAS, -1).mean(axis=1), ITEMS_PER_AREA)
    asked = _asked(rng, chosen, came, item_area)
    share = came.mean(axis=1)
    centre = float(share[np.unique(asked["person"])].mean())
    around = compound(AREAS, TRUTH["shared"], TRUTH["own"])
    ability = unit_mean[home] + TRUTH["keenness"] * (share - centre)[:, None]
    ability = ability + rng.multivariate_normal(np.zeros(AREAS), around, len(home))
    logit = ability[asked["person"], item_area[asked["item"]]] - difficulty[asked["item"]]
    logit = logit + TRUTH["memory"] * asked["seen"] - TRUTH["growth"] * asked["later"]
    parts = np.where(kind == MULTI, chosen.parts, 1)[asked["item"]]
    right = rng.binomial(parts, _curve(logit, chance[asked["item"]]))
    seen = _observations(chosen, home, share, (item_area, kind))
    answers = Answers(**asked, credit=right / parts)
    return ModelWorld(
        seen=_with_answers(seen, answers),
        parameters=_parameters(level, difficulty, chosen.parts),
        mastery=_mastery(home, ability, (difficulty, chance), chosen.units),
        centre=centre,
    )


def _curve(logit: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return chance + (CAP - chance) / (1 + np.exp(-logit))


def _unit_means(rng: np.random.Generator, size: ModelSize) -> tuple[np.ndarray, np.ndarray]:
    level = rng.uniform(0.0, 1.0) + rng.normal(0, 0.3, AREAS)
    within = compound(AREAS, TRUTH["unit_shared"], TRUTH["unit_own"])
    mean = level + rng.multivariate_normal(np.zeros(AREAS), within, size.units)
    if size.groups > 1:
        between = compound(AREAS, TRUTH["group_shared"], TRUTH["group_own"])
        group = rng.multivariate_normal(np.zeros(AREAS), between, size.groups)
        mean = mean + group[_group_of(size)]
    return mean, level


def _group_of(size: ModelSize) -> np.ndarray:
    return np.arange(size.units) * size.groups // size.units


def _homes(rng: np.random.Generator, size: ModelSize) -> np.ndarray:
    weight = rng.lognormal(0, 0.5, size.units)
    more = rng.choice(size.units, size.people - size.units, p=weight / weight.sum())
    return np.sort(np.concatenate([np.arange(size.units), more]))


def _came(rng: np.random.Generator, size: ModelSize) -> np.ndarray:
    base = np.log(size.turnout / (1 - size.turnout))
    come = 1 / (1 + np.exp(-(base + size.keen * rng.normal(0, 1, (size.people, 1)))))
    return rng.random((size.people, size.events)) < come


def _asked(
    rng: np.random.Generator, size: ModelSize, came: np.ndarray, item_area: np.ndarray
) -> dict[str, np.ndarray]:
    """Who met which item, whether before, and how many events the answer does not reflect."""
    person, item, later, order = [], [], [], []
    for event in range(size.events):
        who = np.flatnonzero(came[:, event])
        for post in (0, 1):
            start = np.arange(AREAS) * ITEMS_PER_AREA
            forms = start + rng.integers(0, ITEMS_PER_AREA, (len(who), AREAS))
            missing = np.minimum(came[:, event + post :].sum(axis=1), 3)
            person.append(np.repeat(who, AREAS))
            item.append(forms.ravel())
            later.append(np.repeat(missing[who], AREAS))
            order.append(np.full(forms.size, 2 * event + post))
    person, item, later, order = map(np.concatenate, (person, item, later, order))
    sequence = np.lexsort((order, item, person))
    person, item, later = person[sequence], item[sequence], later[sequence]
    seen = np.zeros(len(person), dtype=np.int64)
    seen[1:] = (person[1:] == person[:-1]) & (item[1:] == item[:-1])
    return {"person": person, "item": item, "seen": seen, "later": later}


def _observations(
    size: ModelSize,
    home: np.ndarray,
    share: np.ndarray,
    items: tuple[np.ndarray, np.ndarray],
) -> Observations:
    item_area, kind = items
    none = np.zeros(0, dtype=np.int64)
    return Observations(
        areas=tuple(f"a{i}" for i in range(AREAS)),
        units=tuple(f"u{i:05}" for i in range(size.units)),
        groups=tuple(f"g{i:02}" for i in range(size.groups)),
        unit_group=_group_of(size),
        people=np.arange(len(home)),
        person_unit=home,
        attended=share,
        items=tuple(f"i{i:04}" for i in range(len(item_area))),
        item_area=item_area,
        item_kind=kind,
        item_chance=CHANCES[kind],
        item_in_pool=np.ones(len(item_area), dtype=bool),
        answers=Answers(none, none, none, none, none.astype(np.float64)),
        skipped={},
    )


def _with_answers(seen: Observations, answers: Answers) -> Observations:
    return Observations(**{**vars(seen), "answers": answers})


def _parameters(level: np.ndarray, difficulty: np.ndarray, parts: int) -> Parameters:
    dispersion = np.ones(len(KINDS) + 1)
    dispersion[MULTI] = 1 / parts
    return Parameters(
        level=level,
        group_spread=compound(AREAS, TRUTH["group_shared"], TRUTH["group_own"]),
        unit_spread=compound(AREAS, TRUTH["unit_shared"], TRUTH["unit_own"]),
        shared=TRUTH["shared"],
        own=TRUTH["own"],
        keenness=TRUTH["keenness"],
        memory=TRUTH["memory"],
        growth=TRUTH["growth"],
        difficulty=difficulty,
        information=np.full(len(difficulty), 1e9),
        item_spread=TRUTH["item_spread"],
        dispersion=dispersion,
    )


def _mastery(
    home: np.ndarray, ability: np.ndarray, items: tuple[np.ndarray, np.ndarray], units: int
) -> np.ndarray:
    difficulty, chance = items
    mastery = np.empty((units, AREAS))
    for area in range(AREAS):
        pool = slice(area * ITEMS_PER_AREA, (area + 1) * ITEMS_PER_AREA)
        logit = ability[:, area, None] - difficulty[pool]
        credit = _curve(logit, chance[pool]).mean(axis=1)
        mastery[:, area] = np.bincount(home, credit, units) / np.bincount(home, minlength=units)
    return mastery
