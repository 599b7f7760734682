"""Reading a framework file of our own schema into an edition, and the rules that it must keep.

The file is TOML. Weights and steps are strings (``"0.67"``, ``"1/3"``), so that they stay exact.
Nobody is scored by an edition that breaks a rule; each rule names the node.
"""

import datetime
import tomllib
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from clinic.assessments.arithmetic.editions import (
    CHANGE_AREAS,
    AnswerScale,
    Category,
    EditionNode,
    Formula,
    FrameworkFile,
    RubricLine,
    ScaleStep,
    SourceStamp,
    Threshold,
    ThresholdLine,
)
from clinic.lib.errors import Refused

KINDS = {
    "component",
    "part",
    "pillar",
    "theme",
    "indicator",
    "subindicator",
    "question",
    "input",
    "criterion",
    "result",
    "result-item",
}
UNSCORED_KINDS = {"input", "criterion"}
ZERO_RULES = {"unknown", "full", "none"}


class FrameworkFault(Refused):
    """A framework file that breaks a rule of the schema."""

    code = "framework_invalid"


def check_framework(framework: FrameworkFile) -> None:
    """Run every rule.

    Raises:
        FrameworkFault: at the first breach; ``details["node"]`` names the node, if one is to blame.
    """
    for rule in _RULES:
        rule(framework)


def _make_fault(code: str, node: str = "", **more: object) -> FrameworkFault:
    return FrameworkFault(code=code, details={"node": node, **more} if node else dict(more))


def _check_codes(framework: FrameworkFile) -> None:
    codes: set[str] = set()
    for node in framework.nodes:
        if node.code in codes:
            raise _make_fault("duplicate_code", node.code)
        if node.kind not in KINDS:
            raise _make_fault("kind_unknown", node.code, kind=node.kind)
        if node.parent and node.parent not in codes:
            raise _make_fault("parent_missing", node.code, parent=node.parent)
        codes.add(node.code)
    if not framework.nodes:
        raise _make_fault("tree_empty")


def _check_scales(framework: FrameworkFile) -> None:
    for scale in framework.scales:
        if not _is_sound(scale):
            raise _make_fault("scale_invalid", scale=scale.id)
    for node in framework.nodes:
        if node.scale and node.scale not in framework.by_scale:
            raise _make_fault("scale_missing", node.code, scale=node.scale)


def _is_sound(scale: AnswerScale) -> bool:
    if scale.kind == "letters":
        values = [step.value for step in scale.steps]
        return (
            bool(values)
            and values == sorted(values, reverse=True)
            and values[0] == 1
            and values[-1] == 0
        )
    if scale.kind == "value":
        return scale.maximum is not None and scale.maximum > 0
    return scale.kind in {"ratio", "count"}


def _check_scored_rows(framework: FrameworkFile) -> None:
    for node in framework.nodes:
        if node.kind in UNSCORED_KINDS:
            if framework.is_scored(node):
                raise _make_fault("input_is_scored", node.code)
        elif _earns_points(framework, node) and not framework.is_scored(node):
            raise _make_fault("scale_missing", node.code)


def _earns_points(framework: FrameworkFile, node: EditionNode) -> bool:
    """Tell whether a node is a leaf of the roll-up that must be answered."""
    if any(child.kind not in UNSCORED_KINDS for child in framework.children(node.code)):
        return False
    if node.kind == "question":
        return True
    return node.weight is not None and node.weight > 0


def _check_rubrics(framework: FrameworkFile) -> None:
    for node in framework.nodes:
        scale = framework.scale_of(node)
        letters = scale.letters if scale else ()
        for line in node.rubric:
            if line.letter not in letters:
                raise _make_fault("rubric_invalid", node.code, letter=line.letter)


def _check_formulas(framework: FrameworkFile) -> None:
    for node in framework.nodes:
        scale = framework.scale_of(node)
        needs = scale is not None and scale.kind == "ratio"
        if needs != (node.formula is not None):
            raise _make_fault("formula_invalid", node.code)
        if node.formula is not None and not _is_fitting(framework, node, node.formula):
            raise _make_fault("formula_invalid", node.code)
        if node.same_as and node.same_as not in framework.by_code:
            raise _make_fault("formula_invalid", node.code, same_as=node.same_as)


def _is_fitting(framework: FrameworkFile, node: EditionNode, formula: Formula) -> bool:
    inputs = {child.code for child in framework.children(node.code) if child.kind == "input"}
    named = {*formula.numerator, *formula.denominator, *formula.parts}
    return (
        formula.kind in {"ratio", "decrease"}
        and bool(formula.numerator)
        and bool(formula.denominator)
        and named <= inputs
        and formula.parts_rule in {"equal", "at_most"}
        and {formula.zero_zero, formula.zero_denominator} <= ZERO_RULES
    )


def _check_weights(framework: FrameworkFile) -> None:
    for node in framework.nodes:
        if node.weight is not None and node.weight < 0:
            raise _make_fault("weight_negative", node.code)
        counted = [c for c in framework.children(node.code) if c.kind not in UNSCORED_KINDS]
        if counted:
            _check_aggregate(node, counted)
    roots = sum((root.weight or Fraction(0) for root in framework.children("")), Fraction(0))
    if roots != framework.maximum:
        raise _make_fault("weights_do_not_sum", found=str(roots), expected=str(framework.maximum))


def _check_aggregate(node: EditionNode, counted: list[EditionNode]) -> None:
    if node.aggregate not in {"sum", "mean", "weight"}:
        raise _make_fault("aggregate_missing", node.code)
    if node.aggregate == "sum":
        _check_sum(node, counted)
    elif node.aggregate == "weight" and any(child.weight is None for child in counted):
        raise _make_fault("weights_do_not_sum", node.code)


def _check_sum(node: EditionNode, children: list[EditionNode]) -> None:
    known = sum((child.weight for child in children if child.weight is not None), Fraction(0))
    complete = all(child.weight is not None for child in children)
    if node.weight is None:
        fits = known == 0
    else:
        fits = known == node.weight if complete else known <= node.weight
    if not fits:
        raise _make_fault(
            "weights_do_not_sum", node.code, found=str(known), expected=str(node.weight)
        )


def _check_areas(framework: FrameworkFile) -> None:
    for node in framework.nodes:
        areas = set()
        step: EditionNode | None = node
        while step is not None:
            areas |= {step.area} if step.area else set()
            step = framework.by_code.get(step.parent)
        if len(areas) > 1:
            raise _make_fault("two_change_areas", node.code, areas=sorted(areas))
        if not areas <= set(CHANGE_AREAS):
            raise _make_fault("change_area_unknown", node.code, areas=sorted(areas))


def _check_thresholds(framework: FrameworkFile) -> None:
    for threshold in framework.thresholds:
        for line in threshold.lines:
            if line.measure not in {"total", "node", "each_area"}:
                raise _make_fault("threshold_invalid", threshold=threshold.id, line=line.code)
            if line.measure == "node" and line.node not in framework.by_code:
                raise _make_fault("threshold_invalid", line.node, threshold=threshold.id)


def _check_categories(framework: FrameworkFile) -> None:
    limits = [category.minimum for category in framework.categories]
    if limits != sorted(limits, reverse=True):
        raise _make_fault("categories_unordered")


_RULES: tuple[Callable[[FrameworkFile], None], ...] = (
    _check_codes,
    _check_scales,
    _check_scored_rows,
    _check_rubrics,
    _check_formulas,
    _check_weights,
    _check_areas,
    _check_thresholds,
    _check_categories,
)


SCHEMA = 1


def parse_framework(source: str | Mapping[str, Any]) -> FrameworkFile:
    """Read and check one edition from TOML text or from its parsed table.

    Raises:
        FrameworkFault: with a code and, where one is to blame, the node in ``details``.
    """
    try:
        table = tomllib.loads(source) if isinstance(source, str) else source
    except tomllib.TOMLDecodeError as fault:
        raise FrameworkFault(code="not_toml", details={"what": str(fault)}) from fault
    if table.get("schema") != SCHEMA:
        raise FrameworkFault(code="schema_unknown", details={"schema": table.get("schema")})
    try:
        framework = _read_framework(table)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, AttributeError) as fault:
        raise FrameworkFault(code="framework_malformed", details={"what": str(fault)}) from fault
    check_framework(framework)
    return framework


def _read_framework(table: Mapping[str, Any]) -> FrameworkFile:
    head = table["framework"]
    return FrameworkFile(
        id=head["id"],
        name=head["name"],
        name_en=head["name_en"],
        level=head["level"],
        maximum=_read_fraction(head["maximum"]),
        valid_from=head["valid_from"],
        valid_to=head.get("valid_to"),
        status=head["status"],
        source=_read_stamp(table.get("source", {})),
        unverified=tuple(table.get("unverified", ())),
        scales=tuple(_read_scale(entry) for entry in table.get("scale", ())),
        nodes=tuple(
            _read_node(entry, position) for position, entry in enumerate(table.get("node", ()), 1)
        ),
        thresholds=tuple(_read_threshold(entry) for entry in table.get("threshold", ())),
        categories=tuple(_read_category(entry) for entry in table.get("category", ())),
    )


def _read_fraction(value: str | int) -> Fraction:
    """Read an exact number; a binary float would already have lost it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"write {value!r} as a string")
    return Fraction(value)


def _read_stamp(entry: Mapping[str, Any]) -> SourceStamp:
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


def _read_scale(entry: Mapping[str, Any]) -> AnswerScale:
    meaning = entry.get("meaning", {})
    return AnswerScale(
        id=entry["id"],
        label=entry["label"],
        kind=entry["kind"],
        steps=tuple(
            ScaleStep(letter, _read_fraction(value), meaning.get(letter, ""))
            for letter, value in entry.get("steps", {}).items()
        ),
        maximum=_read_fraction(entry["maximum"]) if "maximum" in entry else None,
    )


def _read_node(entry: Mapping[str, Any], position: int) -> EditionNode:
    return EditionNode(
        code=entry["code"],
        parent=entry.get("parent", ""),
        kind=entry["kind"],
        position=position,
        name=entry["name"],
        name_en=entry["name_en"],
        weight=_read_fraction(entry["weight"]) if "weight" in entry else None,
        aggregate=entry.get("aggregate", ""),
        area=entry.get("area", ""),
        scale=entry.get("scale", ""),
        formula=_read_formula(entry["formula"]) if "formula" in entry else None,
        rubric=tuple(RubricLine(*line) for line in entry.get("rubric", {}).items()),
        guidance=entry.get("guidance", ""),
        same_as=entry.get("same_as", ""),
        unverified=tuple(entry.get("unverified", ())),
    )


def _read_formula(entry: Mapping[str, Any]) -> Formula:
    return Formula(
        kind=entry["kind"],
        numerator=tuple(entry["numerator"]),
        denominator=tuple(entry["denominator"]),
        parts=tuple(entry.get("parts", ())),
        parts_rule=entry.get("parts_rule", "equal"),
        zero_zero=entry.get("zero_zero", "unknown"),
        zero_denominator=entry.get("zero_denominator", "unknown"),
    )


def _read_threshold(entry: Mapping[str, Any]) -> Threshold:
    lines = tuple(
        ThresholdLine(
            code=line["code"],
            measure=line["measure"],
            minimum=_read_fraction(line["minimum"]),
            node=line.get("node", ""),
        )
        for line in entry["line"]
    )
    return Threshold(id=entry["id"], name=entry["name"], lines=lines)


def _read_category(entry: Mapping[str, Any]) -> Category:
    return Category(
        code=entry["code"],
        name=entry["name"],
        minimum=_read_fraction(entry["minimum"]),
        inclusive=entry.get("inclusive", False),
        condition=entry.get("condition", ""),
    )
