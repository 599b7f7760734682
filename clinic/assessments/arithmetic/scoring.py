"""The score of a sheet: what it is worth today, what it could still be worth, and where.

Every figure is an exact fraction. A blank row has no points yet; it stays in the mean, its points
stand in the ceiling and it is counted, never left out as in the ministry's workbook.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from clinic.assessments.arithmetic.answers import (
    ANSWERED,
    BLANK,
    UNDECIDED,
    Answers,
    RowWorth,
    worth_of,
)
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile

ZERO = Fraction(0)


@dataclass(frozen=True)
class Points:
    """Points of a row, a node, a change area or the sheet.

    Attributes:
        score: what it is worth today.
        ceiling: the score if every blank and undecided row were answered in full.
        maximum: the points it carries; ``answered_maximum`` those of its answered rows.
        answered, unanswered, undecided: how many scored rows.
    """

    score: Fraction = ZERO
    ceiling: Fraction = ZERO
    maximum: Fraction = ZERO
    answered_maximum: Fraction = ZERO
    answered: int = 0
    unanswered: int = 0
    undecided: int = 0

    @property
    def share(self) -> Fraction | None:
        """Return score / maximum, or None where there is nothing to reach."""
        return self.score / self.maximum if self.maximum else None

    @property
    def not_reached(self) -> Fraction:
        return self.maximum - self.score


@dataclass(frozen=True)
class SheetScore:
    """The score of a whole sheet.

    Attributes:
        nodes: points of every node that carries points, by code.
        areas: points of every change area that the edition assesses, all parts together, by slug.
        blank, undecided: codes of the scored rows without points of their own yet.
    """

    total: Points
    nodes: dict[str, Points]
    areas: dict[str, Points]
    blank: tuple[str, ...]
    undecided: tuple[str, ...]
    states: dict[str, str] = field(default_factory=dict)


def points_per_row(framework: FrameworkFile) -> dict[str, Fraction]:
    """Return the points that each scored row carries, by code.

    Rows whose weight no source gives are left out.
    """
    carried = points_per_node(framework)
    return {node.code: carried[node.code] for node in framework.scored if node.code in carried}


def points_per_node(framework: FrameworkFile) -> dict[str, Fraction]:
    """Return the points that each node carries, by code; nodes of unknown weight are left out."""
    carried: dict[str, Fraction] = {}
    for root in framework.children(""):
        _hand_down(framework, root, root.weight, carried)
    return carried


def score_sheet(framework: FrameworkFile, answers: Answers) -> SheetScore:
    """Score a sheet.

    Answers are by node code: a letter, a pair of integers, a count, a survey value, or None for a
    blank row. Ratio rows are computed from the counts of their input rows.

    Raises:
        AnswerRefused: for an answer that its row cannot take.
    """
    carried = points_per_node(framework)
    worths = {
        node.code: worth_of(framework, node, answers)
        for node in framework.scored
        if node.code in carried
    }
    nodes: dict[str, Points] = {}
    for node in reversed(framework.nodes):
        if node.code in worths:
            nodes[node.code] = _score_row(carried[node.code], worths[node.code])
        elif node.code in carried:
            children = framework.children(node.code)
            below = _add_up(nodes[child.code] for child in children if child.code in nodes)
            # Points that no known child carries stay in maximum and ceiling.
            maximum = carried[node.code]
            ceiling = below.ceiling + maximum - below.maximum
            nodes[node.code] = replace(below, ceiling=ceiling, maximum=maximum)
    return SheetScore(
        total=_add_up(nodes[root.code] for root in framework.children("") if root.code in nodes),
        nodes={node.code: nodes[node.code] for node in framework.nodes if node.code in nodes},
        areas=_score_areas(framework, {code: nodes[code] for code in worths}),
        blank=tuple(code for code, worth in worths.items() if worth.state == BLANK),
        undecided=tuple(code for code, worth in worths.items() if worth.state == UNDECIDED),
        states={code: worth.state for code, worth in worths.items()},
    )


def _hand_down(
    framework: FrameworkFile,
    node: EditionNode,
    points: Fraction | None,
    carried: dict[str, Fraction],
) -> None:
    if points is None:
        return
    carried[node.code] = points
    if framework.is_scored(node):
        return
    counted = [c for c in framework.children(node.code) if c.kind not in {"input", "criterion"}]
    for child in counted:
        _hand_down(framework, child, _compute_portion(node, points, child, counted), carried)


def _compute_portion(
    node: EditionNode, points: Fraction, child: EditionNode, counted: list[EditionNode]
) -> Fraction | None:
    """Return the share of a node's points that a child carries."""
    if node.aggregate == "mean":
        return points / len(counted)
    if node.aggregate == "weight" and child.weight is not None:
        whole = sum((c.weight for c in counted if c.weight is not None), ZERO)
        return points * child.weight / whole if whole else ZERO
    return child.weight


def _score_row(maximum: Fraction, worth: RowWorth) -> Points:
    return Points(
        score=maximum * worth.share,
        ceiling=maximum * worth.ceiling,
        maximum=maximum,
        answered_maximum=maximum if worth.state == ANSWERED else ZERO,
        answered=int(worth.state == ANSWERED),
        unanswered=int(worth.state == BLANK),
        undecided=int(worth.state == UNDECIDED),
    )


def _add_up(parts: Iterable[Points]) -> Points:
    items = list(parts)
    return Points(
        score=sum((part.score for part in items), ZERO),
        ceiling=sum((part.ceiling for part in items), ZERO),
        maximum=sum((part.maximum for part in items), ZERO),
        answered_maximum=sum((part.answered_maximum for part in items), ZERO),
        answered=sum(part.answered for part in items),
        unanswered=sum(part.unanswered for part in items),
        undecided=sum(part.undecided for part in items),
    )


def _score_areas(framework: FrameworkFile, rows: dict[str, Points]) -> dict[str, Points]:
    by_area: dict[str, list[Points]] = {}
    for code, points in rows.items():
        area = framework.by_code[code].area
        if area:
            by_area.setdefault(area, []).append(points)
    return {area: _add_up(points) for area, points in by_area.items()}
