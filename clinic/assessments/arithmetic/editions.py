"""The plain shape of one framework edition, as it stands in a file and in rows.

Weights, steps and limits are exact fractions; what is unverified is named, never guessed.
"""

import datetime
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from clinic.assessments.arithmetic.wording import NameIndex

CHANGE_AREAS = (
    "manajemen-perubahan",
    "deregulasi-kebijakan",
    "organisasi",
    "tatalaksana",
    "sdm",
    "akuntabilitas",
    "pengawasan",
    "pelayanan-publik",
)


@dataclass(frozen=True)
class SourceStamp:
    """Where an edition was read, and who compared it with the signed text (nobody: empty)."""

    regulation: str
    annex: str
    replaces: tuple[str, ...]
    seen_at: tuple[str, ...]
    retrieved: str
    checked_by: str
    checked_on: datetime.date | None


@dataclass(frozen=True)
class ScaleStep:
    """One letter of a scale: what it is worth (0..1) and what it means, if the rule says so."""

    letter: str
    value: Fraction
    meaning: str = ""


@dataclass(frozen=True)
class AnswerScale:
    """How a row is answered.

    Attributes:
        kind: ``letters`` (one of the steps), ``value`` (a number from 0 to ``maximum``), ``ratio``
            (computed from counts by the node's formula) or ``count`` (a whole number, not scored).
    """

    id: str
    label: str
    kind: str
    steps: tuple[ScaleStep, ...] = ()
    maximum: Fraction | None = None

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(step.letter for step in self.steps)

    @property
    def is_scored(self) -> bool:
        return self.kind != "count"

    def value_of(self, letter: str) -> Fraction | None:
        """Return what a letter is worth, or None if the scale has no such letter."""
        return next((step.value for step in self.steps if step.letter == letter), None)


@dataclass(frozen=True)
class Formula:
    """How counts become a share of the row's points.

    Attributes:
        kind: ``ratio`` is numerator / denominator, ``decrease`` is (denominator - numerator) /
            denominator; both are capped to 0..1.
        numerator: codes of the inputs whose sum stands above.
        denominator: codes of the inputs whose sum stands below.
        parts: inputs that make up the denominator; they replace it where it is blank.
        parts_rule: ``equal`` or ``at_most``: how the parts must relate to the typed denominator.
        zero_zero: what 0/0 means: ``unknown`` (no points today, full in the ceiling), ``full`` or
            ``none``.
        zero_denominator: what n/0 with n above 0 means; same words.
    """

    kind: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    parts: tuple[str, ...] = ()
    parts_rule: str = "equal"
    zero_zero: str = "unknown"
    zero_denominator: str = "unknown"


@dataclass(frozen=True)
class RubricLine:
    """What a letter of one row asks for."""

    letter: str
    text: str


@dataclass(frozen=True)
class EditionNode:
    """One node of an edition's tree, in document order.

    Attributes:
        weight: points; None where the row shares its parent's points or where no source was seen.
        aggregate: how children's points add up: ``sum``, ``mean`` or ``weight``; empty on leaves.
        area: slug of the change area the row tells about, apart from the tree; empty for none.
        same_as: code of another input that holds the same quantity.
        unverified: what of this node was not seen in a source.
    """

    code: str
    parent: str
    kind: str
    position: int
    name: str
    name_en: str
    weight: Fraction | None = None
    aggregate: str = ""
    area: str = ""
    scale: str = ""
    formula: Formula | None = None
    rubric: tuple[RubricLine, ...] = ()
    guidance: str = ""
    same_as: str = ""
    unverified: tuple[str, ...] = ()


@dataclass(frozen=True)
class ThresholdLine:
    """One minimum of a test.

    Attributes:
        measure: ``total`` or ``node`` (points), or ``each_area`` (share of the points of every
            change area that the edition assesses, all parts together).
    """

    code: str
    measure: str
    minimum: Fraction
    node: str = ""


@dataclass(frozen=True)
class Threshold:
    """A test with a name, such as WBK, and its lines."""

    id: str
    name: str
    lines: tuple[ThresholdLine, ...]


@dataclass(frozen=True)
class Category:
    """A band of the total; the first band that fits, from the top, is the category."""

    code: str
    name: str
    minimum: Fraction
    inclusive: bool = False
    condition: str = ""


@dataclass(frozen=True)
class FrameworkFile:
    """One edition of a framework with everything that scoring needs."""

    id: str
    name: str
    name_en: str
    level: str
    maximum: Fraction
    valid_from: datetime.date
    valid_to: datetime.date | None
    status: str
    source: SourceStamp
    unverified: tuple[str, ...]
    scales: tuple[AnswerScale, ...]
    nodes: tuple[EditionNode, ...]
    thresholds: tuple[Threshold, ...] = ()
    categories: tuple[Category, ...] = ()
    by_code: dict[str, EditionNode] = field(init=False, repr=False, compare=False, hash=False)
    by_scale: dict[str, AnswerScale] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {node.code: node for node in self.nodes})
        object.__setattr__(self, "by_scale", {scale.id: scale for scale in self.scales})

    @cached_property
    def _nodes_by_parent(self) -> dict[str, tuple[EditionNode, ...]]:
        by_parent: dict[str, list[EditionNode]] = {}
        for node in self.nodes:
            by_parent.setdefault(node.parent, []).append(node)
        return {code: tuple(nodes) for code, nodes in by_parent.items()}

    def children(self, code: str) -> tuple[EditionNode, ...]:
        """Return the nodes directly below ``code`` (``""``: the roots), in document order."""
        return self._nodes_by_parent.get(code, ())

    def answered(self, code: str) -> tuple[EditionNode, ...]:
        """Return the nodes that are filled in for a scored row: its counts, or the row itself."""
        counts = tuple(child for child in self.children(code) if child.kind == "input")
        return counts or (self.by_code[code],)

    def row_of(self, code: str) -> str:
        """Return the row that a node is shown and typed with: a count belongs to its ratio."""
        node = self.by_code[code]
        return node.parent if node.kind == "input" else code

    def path(self, code: str) -> list[EditionNode]:
        """Return the node and all above it, from the root down."""
        nodes: list[EditionNode] = []
        while code:
            nodes.insert(0, self.by_code[code])
            code = nodes[0].parent
        return nodes

    def scale_of(self, node: EditionNode) -> AnswerScale | None:
        return self.by_scale.get(node.scale)

    def is_scored(self, node: EditionNode) -> bool:
        """Tell whether the node is a row that is answered and earns points."""
        scale = self.scale_of(node)
        return scale is not None and scale.is_scored

    @cached_property
    def names(self) -> NameIndex:
        """The nodes to look up by wording; whoever reads many sheets compares a wording once."""
        return NameIndex((node.code, node.name) for node in self.nodes)

    @cached_property
    def scored(self) -> tuple[EditionNode, ...]:
        """The rows that are answered and earn points, in document order."""
        return tuple(node for node in self.nodes if self.is_scored(node))
