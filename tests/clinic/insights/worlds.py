"""Evidence packages with known truth, each seed a world of its own.

A world has more in it than the model knows: item slopes vary, able people slip, people guess, keen
people come and know more, retakes are remembered, events teach, people move with what they know,
and units claim more than they have. Levels and spreads are drawn per world, so that tuning to one
package does not pay.

They are harsh in one way, on purpose: keen people come so much more often that leaving keenness out
of the model biases a year by 0.021 and a province by 0.025. What each ingredient costs stands in
docs/decisions/0011; worlds in which the model is exactly true are those of ``model_worlds``.
"""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests.clinic.insights.sheets import sheets

AREAS = (
    "manajemen-perubahan",
    "deregulasi",
    "organisasi",
    "tata-laksana",
    "sdm",
    "akuntabilitas",
    "pengawasan",
    "pelayanan-publik",
)
AS_OF = date(2026, 6, 30)
CHANCE = {"single": 0.25, "truefalse": 0.5, "multi": 0.2, "short": 0.0}
GAP, WEAK = 0.65, 0.60
MANIFEST = {
    "format": "gap-evidence",
    "version": 1,
    "as_of": AS_OF.isoformat(),
    "gap_threshold": GAP,
    "weak_threshold": WEAK,
    "source": {"national_code": "99.01", "name": "Kabupaten Contoh", "release": "test"},
}


@dataclass(frozen=True)
class Size:
    """How big a world is."""

    groups: int
    units: int
    people: int
    events: int
    per_quiz: int
    turnout: float
    keenness: float = 1.0


SIZES = {
    "clinic": Size(groups=1, units=41, people=64, events=1, per_quiz=8, turnout=0.9),
    "year": Size(groups=1, units=41, people=600, events=6, per_quiz=8, turnout=0.15, keenness=1.8),
    "province": Size(
        groups=24, units=984, people=20_000, events=4, per_quiz=8, turnout=0.11, keenness=1.4
    ),
    "nation": Size(groups=500, units=20_500, people=60_000, events=1, per_quiz=8, turnout=0.85),
}


@dataclass
class World:
    """The tables of one package, as text-ready frames, and the truth behind them."""

    tables: dict[str, pd.DataFrame]
    manifest: dict
    mastery: np.ndarray
    practice: np.ndarray
    units: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write the package as another program might: unsorted, with its own columns beside."""
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps(self.manifest), encoding="utf-8")
        for name, table in self.tables.items():
            table.to_csv(folder / f"{name}.csv", index=False)


@dataclass
class _Nature:
    """What is drawn once per world."""

    rng: np.random.Generator
    size: Size
    level: np.ndarray
    unit_mean: np.ndarray
    keen_effect: float
    learning: float
    memory: float
    slip: float
    items: pd.DataFrame


def world(size: str | Size, seed: int) -> World:
    """Make the world of one seed."""
    chosen = SIZES[size] if isinstance(size, str) else size
    nature = _nature(np.random.default_rng([seed, chosen.people]), chosen)
    people = _people(nature)
    attendance, attended = _attendance(nature, people)
    attempts, responses = _answers(nature, people, attended)
    now = people["ability"] + nature.learning * attended.sum(axis=1)[:, None]
    mastery = _mastery(nature, people, now)
    units = _unit_ids(chosen)
    assessment, practice = sheets(nature.rng, mastery, units, AREAS)
    tables = {
        "areas": _areas(),
        "units": _units(units),
        "items": nature.items[["item_id", "area", "kind", "chance", "in_pool"]],
        "persons": pd.DataFrame({"person_id": people["id"]}),
        "memberships": _memberships(nature, people, units),
        "attendance": attendance,
        "attempts": attempts,
        "responses": responses,
        "assessment": assessment,
    }
    return World(tables, dict(MANIFEST), mastery, practice, units)


def _areas() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": AREAS,
            "name": [a.replace("-", " ").title() for a in AREAS],
            "max_points": [8.0, 7.5, 6.0, 6.5, 7.0, 10.0, 9.0, 10.0],
            "link_share": [1.0, 0.8, 0.9, 1.0, 0.7, 1.0, 0.95, 1.0],
        }
    )


def _units(ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ids,
            "name": [f"Unit {u}" for u in ids],
            "kind": ["dinas" if i % 41 < 26 else "kecamatan" for i in range(len(ids))],
            "group_id": [u.split("-")[0] for u in ids],
        }
    )


def _unit_ids(size: Size) -> list[str]:
    per_group = size.units // size.groups
    return [f"{99000 + i // per_group}-u{i % per_group:02d}" for i in range(size.units)]


def _nature(rng: np.random.Generator, size: Size) -> _Nature:
    areas = len(AREAS)
    level = rng.uniform(-0.8, 0.9) + rng.normal(0, 0.35, areas)
    group = rng.normal(0, 1, (size.groups, 1)) * rng.uniform(0.1, 0.3)
    group = group + rng.normal(0, rng.uniform(0.08, 0.2), (size.groups, areas))
    shared, own = rng.uniform(0.12, 0.35), rng.uniform(0.08, 0.22)
    unit = rng.normal(0, np.sqrt(shared), (size.units, 1))
    unit = unit + rng.normal(0, np.sqrt(own), (size.units, areas))
    of_group = np.arange(size.units) // (size.units // size.groups)
    return _Nature(
        rng=rng,
        size=size,
        level=level,
        unit_mean=level + unit + (group[of_group] if size.groups > 1 else 0.0),
        keen_effect=rng.uniform(0.1, 0.4),
        learning=rng.uniform(0.0, 0.2),
        memory=rng.uniform(0.1, 0.5),
        slip=rng.uniform(0.01, 0.04),
        items=_items(rng),
    )


def _items(rng: np.random.Generator) -> pd.DataFrame:
    spread, steep = rng.uniform(0.6, 1.0), rng.uniform(0.1, 0.25)
    rows = []
    for number, area in enumerate(AREAS):
        for i in range(int(rng.integers(9, 17))):
            kind = str(
                rng.choice(["single", "truefalse", "multi", "short"], p=[0.48, 0.1, 0.32, 0.1])
            )
            rows.append(
                {
                    "item_id": f"q{rng.integers(16**8):08x}-{number}-{i}",
                    "area": area,
                    "kind": kind,
                    "chance": CHANCE[kind],
                    "in_pool": int(i < 8 or rng.random() < 0.9),
                    "difficulty": rng.normal(0, spread),
                    "slope": float(np.exp(rng.normal(0, steep))),
                    "area_number": number,
                }
            )
    return pd.DataFrame(rows)


def _people(nature: _Nature) -> dict[str, np.ndarray]:
    rng, size = nature.rng, nature.size
    weight = rng.lognormal(0, 0.5, size.units)
    home = np.concatenate(
        [
            np.arange(size.units) if size.people >= size.units else np.zeros(0, int),
            rng.choice(size.units, size.people - size.units, p=weight / weight.sum()),
        ]
    )
    home.sort()
    keen = rng.normal(0, 1, size.people)
    shared, own = rng.uniform(0.3, 0.6), rng.uniform(0.12, 0.3)
    ability = nature.unit_mean[home] + nature.keen_effect * keen[:, None]
    ability = ability + rng.normal(0, np.sqrt(shared), (size.people, 1))
    ability = ability + rng.normal(0, np.sqrt(own), ability.shape)
    unit = home.copy()
    moving = rng.random(size.people) < (0.03 if size.people > 100 else 0.0)
    per_group = size.units // size.groups
    unit[moving] = home[moving] // per_group * per_group + rng.integers(0, per_group, moving.sum())
    ids = np.array([f"p{i:05x}" for i in rng.permutation(16**5)[: size.people]])
    return {"id": ids, "home": home, "unit": unit, "keen": keen, "ability": ability}


def _memberships(nature: _Nature, people: dict, units: list[str]) -> pd.DataFrame:
    rows = []
    names = np.array(units)
    moved = people["home"] != people["unit"]
    day = AS_OF - timedelta(days=100)
    rows.append(
        pd.DataFrame(
            {
                "person_id": people["id"],
                "unit_id": names[people["home"]],
                "start": "2024-01-01",
                "end": np.where(moved, (day - timedelta(days=1)).isoformat(), ""),
            }
        )
    )
    rows.append(
        pd.DataFrame(
            {
                "person_id": people["id"][moved],
                "unit_id": names[people["unit"][moved]],
                "start": day.isoformat(),
                "end": "",
            }
        )
    )
    return pd.concat(rows, ignore_index=True)


def event_day(number: int, size: Size) -> date:
    return AS_OF - timedelta(days=30 + 60 * (size.events - 1 - int(number)))


def _attendance(nature: _Nature, people: dict) -> tuple[pd.DataFrame, np.ndarray]:
    rng, size = nature.rng, nature.size
    base = np.log(size.turnout / (1 - size.turnout))
    come = 1 / (1 + np.exp(-(base + size.keenness * people["keen"][:, None])))
    attended = rng.random((size.people, size.events)) < come
    registered = attended | (rng.random(attended.shape) < 0.5)
    if size.events == 1 and size.groups == 1:
        registered[:] = True
    person, event = np.nonzero(registered)
    group = people["home"] // (size.units // size.groups)
    frame = pd.DataFrame(
        {
            "event_id": [f"e{g:03d}-{e}" for g, e in zip(group[person], event, strict=True)],
            "person_id": people["id"][person],
            "date": [event_day(e, size).isoformat() for e in event],
            "present": attended[person, event].astype(int),
        }
    )
    return frame, attended


def _answers(
    nature: _Nature, people: dict, attended: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each event has a pre and a post quiz, one item an area; absent people rarely take them."""
    size, rng = nature.size, nature.rng
    attempts, responses = [], []
    met = np.zeros((size.people, len(nature.items)), dtype=bool)
    for event in range(size.events):
        for phase in ("pre", "post"):
            quiz = _form(nature)
            taking = attended[:, event] & (rng.random(size.people) < 0.93)
            taking |= rng.random(size.people) < 0.02
            known = attended[:, : event + (phase == "post")].sum(axis=1)
            who = np.flatnonzero(taking)
            ability = people["ability"][who] + nature.learning * known[who][:, None]
            rows = _taken(nature, who, ability, met, quiz)
            day = event_day(event, size).isoformat()
            name = f"{event}-{phase}"
            attempts.append(_attempts(nature, people["id"][who], name, day, phase))
            rows["attempt_id"] = [f"a{name}-{people['id'][p]}" for p in rows.pop("person")]
            responses.append(rows)
    attempts, responses = pd.concat(attempts), pd.concat(responses)
    extra = _stray(nature, people, responses)
    attempts = pd.concat([attempts, extra[0]], ignore_index=True)
    responses = pd.concat([responses, extra[1]], ignore_index=True)
    return attempts, responses[["attempt_id", "item_id", "credit"]]


def _form(nature: _Nature) -> np.ndarray:
    """Items of one quiz, spread over the areas."""
    items, rng = nature.items, nature.rng
    chosen = [
        rng.choice(np.flatnonzero(items["area_number"] == a % len(AREAS)), 1)[0]
        for a in range(nature.size.per_quiz)
    ]
    return np.array(sorted(set(chosen)))


def _taken(
    nature: _Nature, who: np.ndarray, ability: np.ndarray, met: np.ndarray, quiz: np.ndarray
) -> pd.DataFrame:
    """Answers of everybody to the quiz; three quarters of the people get forms drawn for them."""
    rng, items = nature.rng, nature.items
    areas = items["area_number"].to_numpy()
    forms = np.tile(quiz, (len(who), 1))
    drawn = rng.random(len(who)) < 0.75
    for column, item in enumerate(quiz):
        same = np.flatnonzero(areas == areas[item])
        forms[drawn, column] = rng.choice(same, drawn.sum())
    answered = rng.random(forms.shape) < 0.96
    person, column = np.nonzero(answered)
    item = forms[person, column]
    x = ability[person, areas[item]] + nature.memory * met[who[person], item]
    x = items["slope"].to_numpy()[item] * (x - items["difficulty"].to_numpy()[item])
    chance = items["chance"].to_numpy()[item]
    p = chance + (1 - nature.slip - chance) / (1 + np.exp(-x))
    partial = items["kind"].to_numpy()[item] == "multi"
    credit = (rng.random(len(p)) < p).astype(float)
    thirds = rng.binomial(3, p) / 3
    credit = np.where(partial, np.round(thirds, 6), credit)
    met[who[person], item] = True
    frame = pd.DataFrame(
        {"person": who[person], "item_id": items["item_id"].to_numpy()[item], "credit": credit}
    )
    return frame.drop_duplicates(["person", "item_id"])


def _attempts(nature: _Nature, ids: np.ndarray, name: str, day: str, phase: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "attempt_id": [f"a{name}-{i}" for i in ids],
            "person_id": ids,
            "quiz_id": f"quiz-{name}",
            "number": 1,
            "submitted": day,
            "phase": phase,
            "state": "finished",
        }
    )


def _stray(
    nature: _Nature, people: dict, responses: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Open, void and late attempts, all answered wrong: whoever counts them is misled."""
    rng = nature.rng
    some = rng.choice(people["id"], max(3, len(people["id"]) // 40), replace=False)
    attempts = pd.DataFrame(
        {
            "attempt_id": [f"x-{p}" for p in some],
            "person_id": some,
            "quiz_id": "quiz-stray",
            "number": 1,
            "submitted": "",
            "phase": "single",
            "state": "open",
        }
    )
    attempts.loc[attempts.index % 3 == 1, ["state", "submitted"]] = ["void", "2026-06-01"]
    attempts.loc[attempts.index % 3 == 2, ["state", "submitted"]] = ["finished", "2026-07-01"]
    items = nature.items["item_id"].to_numpy()[:6]
    rows = [{"attempt_id": f"x-{p}", "item_id": i, "credit": 0.0} for p in some for i in items]
    return attempts, pd.DataFrame(rows)


def _mastery(nature: _Nature, people: dict, now: np.ndarray) -> np.ndarray:
    """Expected credit on the pool over the present people of each unit, first exposure."""
    areas = len(AREAS)
    mastery = np.full((nature.size.units, areas), np.nan)
    number = np.bincount(people["unit"], minlength=nature.size.units)
    for area in range(areas):
        items = nature.items
        pool = items[(items["area_number"] == area) & (items["in_pool"] == 1)]
        x = now[:, area, None] - pool["difficulty"].to_numpy()
        chance = pool["chance"].to_numpy()
        rise = 1 / (1 + np.exp(-pool["slope"].to_numpy() * x))
        credit = (chance + (1 - nature.slip - chance) * rise).mean(axis=1)
        total = np.bincount(people["unit"], credit, minlength=nature.size.units)
        mastery[:, area] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return mastery
