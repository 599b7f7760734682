"""The stored constants of one calibration, and their form as JSON.

A refresh of one unit reads nothing else, so a page printed a year ago can be computed again from
the calibration in the audit log and from append-only answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.insights.arithmetic.observations import KINDS, Observations
from clinic.insights.arithmetic.parameters import Parameters
from clinic.insights.arithmetic.tree import Anchor
from clinic.lib.errors import Refused

Floats = NDArray[np.float64]

SCHEMA = 2
BEFORE_DISPERSION = 1
"""The schema in which a partial credit counted as steady as an all-or-nothing one."""


class CalibrationUnreadable(Refused):
    """Stored constants of a schema that this release does not know."""

    code = "calibration_unreadable"


@dataclass(frozen=True)
class CalibratedItem:
    """What a calibration knows of one question."""

    area: str
    chance: float
    in_pool: bool
    difficulty: float
    information: float


@dataclass(frozen=True)
class Constants:
    """The constants under which single units are refreshed.

    Attributes:
        areas: slugs in display order.
        items: by item id.
        parameters: with empty item arrays; items are kept by id.
        centre: mean share of events attended among the answering people.
        groups: belief about each group that had a unit, by group id: mean and covariance.
        level_covariance: doubt about the level where groups have no effect of their own.
        gap_threshold: mastery below which there is a gap.
        as_of: day of the evidence, as an ordinal.
        package: hash of the evidence, or empty.
    """

    areas: tuple[str, ...]
    items: Mapping[str, CalibratedItem]
    parameters: Parameters
    centre: float
    groups: Mapping[str, tuple[Floats, Floats]]
    level_covariance: Floats | None
    gap_threshold: float
    as_of: int
    package: str = ""

    @property
    def grouped(self) -> bool:
        return self.level_covariance is None

    def anchor(self, groups: tuple[str, ...]) -> Anchor:
        """Beliefs about these groups; one the calibration never met is as likely as any."""
        unknown = (self.parameters.level, self.parameters.group_spread)
        if not self.grouped:
            unknown = (self.parameters.level, np.zeros_like(self.parameters.group_spread))
        beliefs = [self.groups.get(group, unknown) for group in groups]
        return Anchor(
            mean=np.stack([mean for mean, _ in beliefs]),
            covariance=np.stack([covariance for _, covariance in beliefs]),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; ``from_json`` gives back an equal calibration."""
        p = self.parameters
        return {
            "schema": SCHEMA,
            "as_of": self.as_of,
            "package": self.package,
            "gap_threshold": self.gap_threshold,
            "areas": list(self.areas),
            "level": p.level.tolist(),
            "group_spread": p.group_spread.tolist(),
            "unit_spread": p.unit_spread.tolist(),
            "shared": p.shared,
            "own": p.own,
            "keenness": p.keenness,
            "memory": p.memory,
            "growth": p.growth,
            "item_spread": p.item_spread,
            "dispersion": p.dispersion.tolist(),
            "centre": self.centre,
            "level_covariance": (
                None if self.level_covariance is None else self.level_covariance.tolist()
            ),
            "groups": {
                group: {"mean": mean.tolist(), "covariance": covariance.tolist()}
                for group, (mean, covariance) in self.groups.items()
            },
            "items": {
                name: [item.area, item.chance, item.in_pool, item.difficulty, item.information]
                for name, item in self.items.items()
            },
        }


def from_json(stored: Mapping[str, Any]) -> Constants:
    """Read what ``to_json`` wrote, by this release or an older one.

    Raises:
        CalibrationUnreadable: for a schema that this release does not know.
    """
    known = [BEFORE_DISPERSION, SCHEMA]
    if stored.get("schema") not in known:
        raise CalibrationUnreadable(details={"schema": stored.get("schema"), "known": known})
    level_covariance = stored["level_covariance"]
    return Constants(
        areas=tuple(stored["areas"]),
        items={name: CalibratedItem(*values) for name, values in stored["items"].items()},
        parameters=_read_parameters(stored),
        centre=stored["centre"],
        groups={
            group: (np.array(belief["mean"]), np.array(belief["covariance"]))
            for group, belief in stored["groups"].items()
        },
        level_covariance=None if level_covariance is None else np.array(level_covariance),
        gap_threshold=stored["gap_threshold"],
        as_of=stored["as_of"],
        package=stored["package"],
    )


def _read_parameters(stored: Mapping[str, Any]) -> Parameters:
    return Parameters(
        level=np.array(stored["level"]),
        group_spread=np.array(stored["group_spread"]),
        unit_spread=np.array(stored["unit_spread"]),
        shared=stored["shared"],
        own=stored["own"],
        keenness=stored["keenness"],
        memory=stored["memory"],
        growth=stored["growth"],
        difficulty=np.zeros(0),
        information=np.zeros(0),
        item_spread=stored["item_spread"],
        dispersion=np.array(stored.get("dispersion", np.ones(len(KINDS) + 1))),
    )


def items_of(seen: Observations, parameters: Parameters) -> Mapping[str, CalibratedItem]:
    """The items of a package with their calibrated difficulty, by id."""
    return {
        name: CalibratedItem(
            area=seen.areas[seen.item_area[i]],
            chance=float(seen.item_chance[i]),
            in_pool=bool(seen.item_in_pool[i]),
            difficulty=float(parameters.difficulty[i]),
            information=float(parameters.information[i]),
        )
        for i, name in enumerate(seen.items)
    }
