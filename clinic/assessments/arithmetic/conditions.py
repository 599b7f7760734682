"""What must hold before a unit may be proposed, by version of the rule, beside what was stated.

A condition is either one of ordered choices, from least to most, or a whole number with its unit.
Nothing that nobody stated counts as fulfilled or as not fulfilled.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

AGENCY, UNIT = "agency", "unit"
PREDICATES = ("WBK", "WBBM")
MET, NOT_MET, NOT_STATED = "met", "not_met", "not_stated"
EXCEPTED = "excepted-service"


@dataclass(frozen=True)
class Condition:
    """One condition of a version.

    Attributes:
        level: ``agency`` or ``unit``, who states it.
        choices: possible values from least to most; none where the value is a number.
        unit: of a number, such as ``persen``.
        most: the highest number.
        required: the least value by predicate.
    """

    code: str
    level: str
    name: str
    name_en: str
    choices: tuple[str, ...]
    unit: str
    most: int
    required: Mapping[str, str]

    def accepts(self, value: str) -> bool:
        """Say whether the value can be stated at all."""
        if self.choices:
            return value in self.choices
        return value.isascii() and value.isdigit() and int(value) <= self.most

    def is_greatest(self, value: str) -> bool:
        """Say whether no greater value can be stated."""
        return value == (self.choices[-1] if self.choices else str(self.most))

    def state(self, predicate: str, value: str) -> str:
        """Judge a stated value; an empty one was not stated."""
        if not value:
            return NOT_STATED
        required = self.required[predicate]
        rank = self.choices.index if self.choices else int
        return MET if rank(value) >= rank(required) else NOT_MET


@dataclass(frozen=True)
class Proposal:
    """The last day for proposals; ``or_announced``: or the day that is announced for the year."""

    month: int
    day: int
    or_announced: bool
    source: str


@dataclass(frozen=True)
class Affirmation:
    """How excepted services are proposed in practice: name of the way, and for which predicates."""

    name: str
    predicates: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class RuleVersion:
    """The conditions of one version, in force from a day.

    Attributes:
        exceptions: services of a region that may be proposed while still meeting the conditions.
        affirmation: the way their proposals take; none where nothing is excepted.
    """

    id: str
    rule: str
    valid_from: date
    source: str
    exceptions: tuple[str, ...]
    affirmation: Affirmation | None
    proposal: Proposal | None
    conditions: tuple[Condition, ...]

    def asked_for(self, predicate: str) -> tuple[Condition, ...]:
        return tuple(each for each in self.conditions if predicate in each.required)

    @property
    def exception(self) -> Condition | None:
        """The question whether the unit is one of the excepted services; it is no condition."""
        if not self.exceptions:
            return None
        choices = ("Tidak termasuk", *self.exceptions)
        name, name_en = "Layanan daerah yang dikecualikan", "Excepted service of a region"
        return Condition(EXCEPTED, UNIT, name, name_en, choices, "", 0, {})

    def of_level(self, level: str) -> tuple[Condition, ...]:
        """What is stated at a level; of a unit also whether it is an excepted service."""
        own = tuple(each for each in self.conditions if each.level == level)
        return (*own, self.exception) if level == UNIT and self.exception else own

    def is_excepted(self, stated: Mapping[str, str]) -> bool:
        """Say whether the unit may be proposed while it still works to meet the conditions."""
        return stated.get(EXCEPTED, "") in self.exceptions


@dataclass(frozen=True)
class Judged:
    """A condition of one predicate beside what was stated."""

    condition: Condition
    required: str
    value: str
    state: str


@cache
def shipped_versions() -> tuple[RuleVersion, ...]:
    """Return the versions that the product knows."""
    return read_versions(files("clinic.assessments").joinpath("conditions.toml").read_text("utf-8"))


def read_versions(text: str) -> tuple[RuleVersion, ...]:
    """Read the versions of a TOML text, the oldest first."""
    versions = (_read_version(entry) for entry in tomllib.loads(text)["version"])
    return tuple(sorted(versions, key=lambda version: version.valid_from))


def _read_version(entry: Mapping[str, Any]) -> RuleVersion:
    return RuleVersion(
        id=entry["id"],
        rule=entry["rule"],
        valid_from=entry["valid_from"],
        source=entry["source"],
        exceptions=tuple(entry["exceptions"]),
        affirmation=_read_affirmation(entry.get("affirmation")),
        proposal=Proposal(**entry["proposal"]) if "proposal" in entry else None,
        conditions=tuple(
            Condition(
                code=row["code"],
                level=row["level"],
                name=row["name"],
                name_en=row["name_en"],
                choices=tuple(row.get("choices", ())),
                unit=row.get("unit", ""),
                most=row.get("most", 0),
                required=row["required"],
            )
            for row in entry["condition"]
        ),
    )


def _read_affirmation(entry: Mapping[str, Any] | None) -> Affirmation | None:
    if entry is None:
        return None
    return Affirmation(entry["name"], tuple(entry["predicates"]), entry["source"])


def version_of_year(versions: Iterable[RuleVersion], year: int) -> RuleVersion:
    """Return the version in force at the end of a year; the oldest one before any was."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    in_force = [version for version in ordered if version.valid_from <= date(year, 12, 31)]
    return in_force[-1] if in_force else ordered[0]


def judge(version: RuleVersion, predicate: str, stated: Mapping[str, str]) -> tuple[Judged, ...]:
    """Hold what was stated, by code, against every condition of a predicate.

    A value that this version does not know, as of another version, counts as not stated.
    """
    judged = []
    for condition in version.asked_for(predicate):
        value = stated.get(condition.code, "")
        value = value if condition.accepts(value) else ""
        state = condition.state(predicate, value)
        judged.append(Judged(condition, condition.required[predicate], value, state))
    return tuple(judged)
