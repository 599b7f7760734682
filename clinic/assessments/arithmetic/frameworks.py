"""Reading a framework file of our own schema into an edition.

The file is TOML. Weights and steps are strings (``"0.67"``, ``"1/3"``), so that they stay exact.
"""

import datetime
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from clinic.assessments.arithmetic.editions import (
    Category,
    EditionNode,
    Formula,
    FrameworkFile,
    Precondition,
    RubricLine,
    Scale,
    ScaleStep,
    SourceStamp,
    Threshold,
    ThresholdLine,
)
from clinic.assessments.arithmetic.framework_rules import FrameworkFault, check_framework

SCHEMA = 1


def parse_framework(source: str | Mapping[str, Any]) -> FrameworkFile:
    """Read and check one edition from TOML text or from its parsed table.

    Raises:
        FrameworkFault: with a code and, where one is to blame, the node in ``details``.
    """
    table = _table(source)
    if table.get("schema") != SCHEMA:
        raise FrameworkFault(code="schema_unknown", details={"schema": table.get("schema")})
    try:
        framework = _framework(table)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, AttributeError) as fault:
        raise FrameworkFault(code="framework_malformed", details={"what": str(fault)}) from fault
    check_framework(framework)
    return framework


def _table(source: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(source, str):
        return source
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as fault:
        raise FrameworkFault(code="not_toml", details={"what": str(fault)}) from fault


def _framework(table: Mapping[str, Any]) -> FrameworkFile:
    head = table["framework"]
    return FrameworkFile(
        id=head["id"],
        name=head["name"],
        name_en=head["name_en"],
        level=head["level"],
        maximum=_exact(head["maximum"]),
        valid_from=head["valid_from"],
        valid_to=head.get("valid_to"),
        status=head["status"],
        source=_stamp(table.get("source", {})),
        unverified=tuple(table.get("unverified", ())),
        scales=tuple(_scale(entry) for entry in table.get("scale", ())),
        nodes=tuple(_node(entry, place) for place, entry in enumerate(table.get("node", ()), 1)),
        thresholds=tuple(_threshold(entry) for entry in table.get("threshold", ())),
        preconditions=tuple(_precondition(entry) for entry in table.get("precondition", ())),
        categories=tuple(_category(entry) for entry in table.get("category", ())),
    )


def _exact(value: str | int) -> Fraction:
    """Read an exact number; a binary float would already have lost it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"write {value!r} as a string")
    return Fraction(value)


def _stamp(entry: Mapping[str, Any]) -> SourceStamp:
    missing = [key for key in ("regulation", "seen_at", "retrieved") if not entry.get(key)]
    missing += [key for key in ("checked_by", "checked_on") if key not in entry]
    if missing:
        raise FrameworkFault(code="source_missing", details={"fields": missing})
    checked_on = entry["checked_on"]
    return SourceStamp(
        regulation=entry["regulation"],
        annex=entry.get("annex", ""),
        replaces=tuple(entry.get("replaces", ())),
        seen_at=tuple(entry["seen_at"]),
        retrieved=entry["retrieved"],
        checked_by=entry["checked_by"],
        checked_on=checked_on if isinstance(checked_on, datetime.date) else None,
    )


def _scale(entry: Mapping[str, Any]) -> Scale:
    meaning = entry.get("meaning", {})
    return Scale(
        id=entry["id"],
        label=entry["label"],
        kind=entry["kind"],
        steps=tuple(
            ScaleStep(letter, _exact(value), meaning.get(letter, ""))
            for letter, value in entry.get("steps", {}).items()
        ),
        maximum=_exact(entry["maximum"]) if "maximum" in entry else None,
    )


def _node(entry: Mapping[str, Any], position: int) -> EditionNode:
    return EditionNode(
        code=entry["code"],
        parent=entry.get("parent", ""),
        kind=entry["kind"],
        position=position,
        name=entry["name"],
        name_en=entry["name_en"],
        weight=_exact(entry["weight"]) if "weight" in entry else None,
        aggregate=entry.get("aggregate", ""),
        area=entry.get("area", ""),
        scale=entry.get("scale", ""),
        formula=_formula(entry["formula"]) if "formula" in entry else None,
        rubric=tuple(RubricLine(*line) for line in entry.get("rubric", {}).items()),
        guidance=entry.get("guidance", ""),
        same_as=entry.get("same_as", ""),
        unverified=tuple(entry.get("unverified", ())),
    )


def _formula(entry: Mapping[str, Any]) -> Formula:
    return Formula(
        kind=entry["kind"],
        numerator=tuple(entry["numerator"]),
        denominator=tuple(entry["denominator"]),
        parts=tuple(entry.get("parts", ())),
        parts_rule=entry.get("parts_rule", "equal"),
        zero_zero=entry.get("zero_zero", "unknown"),
        zero_denominator=entry.get("zero_denominator", "unknown"),
    )


def _threshold(entry: Mapping[str, Any]) -> Threshold:
    lines = tuple(
        ThresholdLine(
            code=line["code"],
            measure=line["measure"],
            minimum=_exact(line["minimum"]),
            node=line.get("node", ""),
        )
        for line in entry["line"]
    )
    return Threshold(id=entry["id"], name=entry["name"], lines=lines)


def _precondition(entry: Mapping[str, Any]) -> Precondition:
    return Precondition(
        code=entry["code"],
        threshold=entry["threshold"],
        name=entry["name"],
        name_en=entry["name_en"],
        required=entry.get("required", ""),
        unverified=entry.get("unverified", True),
    )


def _category(entry: Mapping[str, Any]) -> Category:
    return Category(
        code=entry["code"],
        name=entry["name"],
        minimum=_exact(entry["minimum"]),
        inclusive=entry.get("inclusive", False),
        condition=entry.get("condition", ""),
    )
