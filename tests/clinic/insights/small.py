"""A small package as plain rows, to be bent by each test."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from clinic.insights.estimating import estimate_package
from clinic.insights.package import Package, read_package, write_package

AREAS = ("pengawasan", "sdm")
MANIFEST = {
    "as_of": date(2026, 6, 30),
    "source": {"national_code": "99.01", "name": "Kabupaten Contoh", "release": "test"},
}


def rows(units: int = 6, people_per_unit: int = 3) -> dict[str, list[dict]]:
    """Six units, two areas, eight items; answers differ by unit, without any randomness."""
    unit_ids = [f"u{i}" for i in range(units)]
    people = [(f"p{u}{i}", u) for u in range(units) for i in range(people_per_unit)]
    items = [
        {"item_id": f"{a}-{i}", "area": a, "kind": "single", "chance": 0.25, "in_pool": 1}
        for a in AREAS
        for i in range(4)
    ]
    return {
        "areas": [
            {"area": a, "name": a.title(), "max_points": 10.0, "link_share": 1.0} for a in AREAS
        ],
        "units": [
            {"unit_id": u, "name": u, "kind": "dinas", "group_id": "99.01"} for u in unit_ids
        ],
        "items": items,
        "persons": [{"person_id": p} for p, _ in people],
        "memberships": [
            {"person_id": p, "unit_id": f"u{u}", "start": date(2024, 1, 1)} for p, u in people
        ],
        "attendance": [
            {"event_id": "e1", "person_id": p, "date": date(2026, 5, 5), "present": int(i % 3 > 0)}
            for i, (p, _) in enumerate(people)
        ],
        **_answers(people, items),
        "assessment": [
            {
                "unit_id": u,
                "area": a,
                "max_points": 10.0,
                "answered_points": 8.0,
                "self_points": 3.0 + i,
                "reviewed_points": 4.0,
                "reviewer_points": 2.0,
            }
            for i, u in enumerate(unit_ids)
            for a in AREAS
        ],
    }


def _answers(people: list[tuple[str, int]], items: list[dict]) -> dict[str, list[dict]]:
    attempt = {"quiz_id": "q", "number": 1, "phase": "pre", "state": "finished"}
    return {
        "attempts": [
            {"attempt_id": f"a-{p}", "person_id": p, "submitted": date(2026, 5, 5), **attempt}
            for p, _ in people
        ],
        "responses": [
            {
                "attempt_id": f"a-{p}",
                "item_id": item["item_id"],
                "credit": float((i * 7 + u * 3 + k * 5) % 10 < 4 + u),
            }
            for i, (p, u) in enumerate(people)
            for k, item in enumerate(items)
        ],
    }


def package(folder: Path) -> Path:
    """Put the package of the usual rows at the folder, as it is written."""
    folder.mkdir()
    for name, content in _files().items():
        (folder / name).write_bytes(content)
    return folder


@cache
def _files() -> dict[str, bytes]:
    with TemporaryDirectory() as place:
        folder = Path(place) / "p"
        write_package(folder, MANIFEST, rows())
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def read(given: dict[str, list[dict]]) -> Package:
    """Write the rows as a package and read it back."""
    with TemporaryDirectory() as place:
        write_package(Path(place) / "p", MANIFEST, given)
        return read_package(Path(place) / "p")


def estimates(folder: Path, given: dict[str, list[dict]]) -> pd.DataFrame:
    """Write the rows as a package and estimate it."""
    write_package(folder, MANIFEST, given)
    return estimate_package(folder).rows


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Change one text in one file of a package."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}), encoding="utf-8")


def column(table: pd.DataFrame, name: str) -> np.ndarray:
    return table[name].to_numpy(float)
