"""The diagnosis engine on an evidence package alone: estimates of every unit and area as rows."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from clinic.insights.arithmetic.belief import Estimates
from clinic.insights.arithmetic.diagnosis import Cuts
from clinic.insights.arithmetic.mastery import fit
from clinic.insights.arithmetic.observations import DAYS_COUNTED, Observations, observe
from clinic.insights.arithmetic.tables import priority, words
from clinic.insights.arithmetic.weakness import Weakness, weakness
from clinic.insights.package import Package, read_package

COLUMNS = (
    "unit_id",
    "area",
    "estimate",
    "lo90",
    "hi90",
    "p_gap",
    "p_weak",
    "diagnosis",
    "n_people",
    "n_answering",
    "n_answers",
    "share",
    "coverage",
    "priority",
)


@dataclass(frozen=True)
class Estimated:
    """The rows of one package, what was left out of it, and how much there was.

    Attributes:
        rows: one for every unit and area, sorted by unit id, then in the areas' order.
        warnings: sentences for the operator.
        counts: units, people, answers, and cells by diagnosis.
    """

    rows: pd.DataFrame
    warnings: tuple[str, ...]
    counts: Mapping[str, int]


def estimate_package(folder: Path) -> Estimated:
    """Estimate every unit and area of a package.

    Raises:
        FaultyPackage: when the package cannot be read.
    """
    return estimate(read_package(folder))


def estimate(package: Package) -> Estimated:
    """Estimate every unit and area of a package that was read."""
    seen = observe(package.evidence)
    fitted = fit(
        seen,
        threshold=package.gap_threshold,
        as_of=package.evidence.as_of,
        package=seen.digest,
    )
    sheets = weakness(
        package.sheets, units=seen.units, areas=seen.areas, threshold=package.weak_threshold
    )
    rows = estimate_rows(package, fitted.estimates, sheets)
    counts = {
        "units": len(seen.units),
        "people": len(seen.people),
        "answers": len(seen.answers.person),
        "cells": len(rows),
        **{str(word): int(n) for word, n in sorted(rows["diagnosis"].value_counts().items())},
    }
    return Estimated(rows=rows, warnings=_warn(package, seen), counts=counts)


def estimate_rows(package: Package, estimates: Estimates, sheets: Weakness) -> pd.DataFrame:
    """Join knowing and doing to one row for every unit and area."""
    units, slugs = estimates.units, estimates.areas
    size = (len(units), len(slugs))
    diagnosis = words(
        gap=estimates.gap,
        weak=sheets.weak,
        answers=estimates.answers,
        coverage=sheets.coverage,
        estimate=estimates.mean,
        share=sheets.share,
        printed=sheets.printed,
        cuts=Cuts(gap_line=package.gap_threshold, weak_line=package.weak_threshold),
    )
    points = priority(
        max_points=package.max_points,
        link_share=package.link_share,
        share=sheets.share,
        gap=estimates.gap,
    )
    values = (
        np.repeat(np.array(units, dtype=object), size[1]),
        np.tile(np.array(slugs, dtype=object), size[0]),
        estimates.mean,
        estimates.low,
        estimates.high,
        estimates.gap,
        sheets.weak,
        diagnosis,
        np.repeat(estimates.people, size[1]),
        estimates.answering,
        estimates.answers,
        sheets.share,
        sheets.coverage,
        points,
    )
    return pd.DataFrame(
        {name: np.ravel(value) for name, value in zip(COLUMNS, values, strict=True)}
    )


def write_estimates(path: Path, rows: pd.DataFrame) -> None:
    """Write the rows as CSV; the file appears only when complete.

    Six decimals, line feeds, empty for no value; a value that rounds to zero has no sign.
    """
    decimals = [name for name in COLUMNS if rows[name].dtype.kind == "f"]
    rounded = rows.assign(**{name: rows[name].round(6) + 0.0 for name in decimals})
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            rounded.to_csv(stream, index=False, float_format="%.6f", lineterminator="\n")
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _warn(package: Package, seen: Observations) -> tuple[str, ...]:
    skipped = seen.skipped
    numbers = {
        "people without a unit on the day of the package": len(package.persons) - len(seen.people),
        "open attempts, skipped": skipped["attempts_open"],
        "attempts submitted after the day of the package, skipped": skipped["attempts_late"],
        f"attempts older than {DAYS_COUNTED:,} days, skipped": skipped["attempts_old"],
        "practice and live attempts, skipped": skipped["attempts_not_evidence"],
    }
    pooled = np.bincount(seen.item_area[seen.item_in_pool], minlength=len(seen.areas))
    bare = [area for area, items in zip(seen.areas, pooled, strict=True) if not items]
    lines = [f"{what}: {number}" for what, number in numbers.items() if number]
    return (*lines, *(f"area without pool items, its mastery is unknown: {area}" for area in bare))
