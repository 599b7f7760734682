"""How well estimates meet the truth of a world: the measures of the method."""

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd

from clinic.insights.arithmetic.observations import observe
from clinic.insights.estimating import Estimated, estimate
from clinic.insights.package import Package, read_package
from tests.clinic.insights.worlds import GAP, WEAK, World, world

WORDS = {
    (True, True): "knowledge-gap",
    (False, True): "practice-gap",
    (True, False): "hidden-risk",
    (False, False): "sound",
}


@dataclass(frozen=True)
class Cells:
    """Cells with at least one counted answer: what is true, what was said."""

    mastery: np.ndarray
    practice: np.ndarray
    naive: np.ndarray
    rows: pd.DataFrame

    @property
    def gap(self) -> np.ndarray:
        return self.mastery < GAP

    @property
    def p_gap(self) -> np.ndarray:
        return self.rows["p_gap"].to_numpy(float)


def cells_of(made: World, package: Package, estimated: Estimated) -> Cells:
    rows = estimated.rows
    some = (rows["n_answers"] > 0).to_numpy()
    naive = _naive(package, rows)
    return Cells(
        mastery=made.mastery.ravel()[some],
        practice=made.practice.ravel()[some],
        naive=naive[some],
        rows=rows[some].reset_index(drop=True),
    )


def _naive(package: Package, rows: pd.DataFrame) -> np.ndarray:
    """Plain mean of the counted credits of each cell."""
    seen = observe(package.evidence)
    answers, areas = seen.answers, len(seen.areas)
    cell = seen.person_unit[answers.person] * areas + seen.item_area[answers.item]
    total = np.bincount(cell, answers.credit, minlength=len(rows))
    number = np.bincount(cell, minlength=len(rows))
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def ece(p: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error on ten equal bins."""
    bins = np.minimum((p * 10).astype(int), 9)
    error = 0.0
    for b in range(10):
        inside = bins == b
        if inside.any():
            error += inside.mean() * abs(p[inside].mean() - truth[inside].mean())
    return error


def one(cells: Cells) -> dict[str, float]:
    """The measures of one world; NaN where a share has no base."""
    p, gap, rows = cells.p_gap, cells.gap, cells.rows
    estimate = rows["estimate"].to_numpy(float)
    rmse = float(np.sqrt(np.mean((estimate - cells.mastery) ** 2)))
    naive_rmse = float(np.sqrt(np.mean((cells.naive - cells.mastery) ** 2)))
    inside = (rows["lo90"] <= cells.mastery) & (cells.mastery <= rows["hi90"])
    top = np.argsort(-p, kind="stable")[:10]
    high, low = p >= 0.8, p <= 0.2
    p_weak = rows["p_weak"].to_numpy(float)
    weak, sheet = cells.practice < WEAK, ~np.isnan(p_weak)
    named = (rows["diagnosis"] != "unknown").to_numpy()
    true_word = np.array([WORDS[bool(g), bool(w)] for g, w in zip(gap, weak, strict=True)])
    with np.errstate(invalid="ignore"):
        return {
            "rmse": rmse,
            "naive rmse": naive_rmse,
            "ratio": rmse / naive_rmse,
            "coverage": float(inside.mean()),
            "bias": float((estimate - cells.mastery).mean()),
            "precision@10": float(gap[top].mean()),
            "gaps": float(gap.mean()),
            "ece single": ece(p, gap),
            "brier": float(((p - gap) ** 2).mean()),
            "naive brier": float((((cells.naive < GAP) * 1.0 - gap) ** 2).mean()),
            "right high": _share(gap[high]),
            "decided": float((high | low).mean()),
            "decided right": _share((gap == high)[high | low]),
            "brier weak": float(((p_weak - weak)[sheet] ** 2).mean()),
            "named": float(named.mean()),
            "named right": _share((rows["diagnosis"].to_numpy() == true_word)[named]),
        }


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def sharper(rows: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The same estimates, believed too firmly by ``factor`` on the log odds."""
    odds = (rows["p_gap"] / (1 - rows["p_gap"])) ** factor
    return rows.assign(p_gap=odds / (1 + odds))


def measure(size: str, seeds: range, folder: Path, *, sharpened: float = 1.0) -> dict[str, float]:
    """Mean of the measures over seeds, and the calibration error of all seeds pooled."""
    singles, p, gap = [], [], []
    for seed in seeds:
        made = world(size, seed)
        place = folder / f"{size}-{seed}"
        made.write(place)
        package = read_package(place)
        estimated = estimate(package)
        if sharpened != 1:
            estimated = replace(estimated, rows=sharper(estimated.rows, sharpened))
        cells = cells_of(made, package, estimated)
        singles.append(one(cells))
        p.append(cells.p_gap)
        gap.append(cells.gap)
    result = {name: float(np.nanmean([single[name] for single in singles])) for name in singles[0]}
    return {**result, "ece": float(ece(np.concatenate(p), np.concatenate(gap)))}


LIMITS = {
    "clinic": {
        "rmse": (None, 0.110),
        "ratio": (None, 0.40),
        "coverage": (0.86, 0.95),
        "precision@10": (0.88, None),
        "ece": (None, 0.05),
        "ece single": (None, 0.08),
        "brier": (None, 0.165),
        "right high": (0.85, None),
        "decided": (0.42, None),
        "decided right": (0.87, None),
        "brier weak": (None, 0.09),
        "named": (0.27, None),
        "named right": (0.83, None),
    },
    "year": {
        "rmse": (None, 0.053),
        "ratio": (None, 0.58),
        "coverage": (0.86, 0.95),
        "precision@10": (0.92, None),
        "ece": (None, 0.04),
        "brier": (None, 0.102),
        "right high": (0.90, None),
        "decided": (0.64, None),
        "decided right": (0.93, None),
        "brier weak": (None, 0.09),
        "named": (0.40, None),
        "named right": (0.88, None),
    },
    "province": {
        "rmse": (None, 0.058),
        "ratio": (None, 0.46),
        "coverage": (0.87, 0.95),
        "precision@10": (0.95, None),
        "ece": (None, 0.025),
        "brier": (None, 0.118),
        "right high": (0.90, None),
        "decided": (0.56, None),
        "decided right": (0.92, None),
        "brier weak": (None, 0.09),
        "named right": (0.87, None),
    },
    "nation": {
        "rmse": (None, 0.086),
        "ratio": (None, 0.36),
        "coverage": (0.87, 0.95),
        "ece": (None, 0.035),
        "brier": (None, 0.162),
        "right high": (0.88, None),
        "decided right": (0.90, None),
        "brier weak": (None, 0.09),
        "named right": (0.85, None),
    },
}
"""Targets of the method: lowest and highest value of each measure."""


def missed(size: str, measured: dict[str, float]) -> dict[str, float]:
    """The measures that miss their target, NaN among them: what has no base shows nothing."""
    return {
        name: measured[name]
        for name, (low, high) in LIMITS[size].items()
        if not (-inf if low is None else low) <= measured[name] <= (inf if high is None else high)
    }
