"""Assessment sheets with known worth: claims that are too high, blanks, and reviews of some."""

import numpy as np
import pandas as pd


def sheets(
    rng: np.random.Generator, mastery: np.ndarray, units: list[str], slugs: tuple[str, ...]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Sheets by rows: true worth, claims with each unit's inflation, blanks, and reviews."""
    number, areas = mastery.shape
    knowing = np.nan_to_num(mastery, nan=0.6)
    level = rng.uniform(0.55, 0.7) + rng.normal(0, 0.05, areas)
    worth = level + 0.35 * (knowing - knowing.mean()) + rng.normal(0, 0.08, (number, 1))
    worth = worth + rng.normal(0, 0.12, (number, areas))
    rows = rng.integers(6, 16, areas)
    inflation = rng.normal(rng.uniform(0.02, 0.12), 0.06, number)
    practice, table = np.zeros_like(mastery), []
    for a in range(areas):
        points = rng.uniform(0.3, 1.2, rows[a])
        true = np.clip(worth[:, a, None] + rng.normal(0, 0.22, (number, rows[a])), 0, 1)
        practice[:, a] = true @ points / points.sum()
        filled = rng.random((number, rows[a])) < rng.choice(
            [0.35, 0.8, 1.0], (number, 1), p=[0.12, 0.33, 0.55]
        )
        claim = np.clip(true + inflation[:, None] + rng.normal(0, 0.1, true.shape), 0, 1)
        part = rng.choice([0.0, 0.5, 1.0], (number, 1), p=[0.6, 0.1, 0.3])
        decided = filled & (rng.random(true.shape) < part)
        reviewer = np.clip(true + rng.normal(0, 0.05, true.shape), 0, 1)
        table.append(
            pd.DataFrame(
                {
                    "unit_id": units,
                    "area": slugs[a],
                    "max_points": points.sum(),
                    "answered_points": filled @ points,
                    "self_points": (filled * claim) @ points,
                    "reviewed_points": decided @ points,
                    "reviewer_points": (decided * reviewer) @ points,
                }
            )
        )
    frame = pd.concat(table, ignore_index=True).round(6)
    has_sheet = dict(zip(units, rng.random(number) < 0.9, strict=True))
    return frame[frame["unit_id"].map(has_sheet)].reset_index(drop=True), practice
