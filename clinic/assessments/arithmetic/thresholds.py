"""How far a sheet is from a test such as WBK or WBBM, line by line."""

from dataclasses import dataclass
from fractions import Fraction

from clinic.assessments.arithmetic.conditions import MET, Judged
from clinic.assessments.arithmetic.editions import FrameworkFile, Threshold
from clinic.assessments.arithmetic.scoring import SheetScore
from clinic.lib.errors import Refused


@dataclass(frozen=True)
class DistanceLine:
    """One minimum beside what the sheet reaches, in points.

    Attributes:
        subject: code of a node, slug of a change area, or empty for the total.
        ceiling: the score if every row not filled in were answered in full.
        is_blank: no row is filled in, so that the score says nothing.
    """

    code: str
    subject: str
    score: Fraction
    minimum: Fraction
    maximum: Fraction
    ceiling: Fraction
    is_blank: bool

    @property
    def short_by(self) -> Fraction:
        return max(Fraction(0), self.minimum - self.score)

    @property
    def is_met(self) -> bool:
        return self.score >= self.minimum


@dataclass(frozen=True)
class Shortfall:
    """Minima that are all met exactly and still fall short of another one.

    Attributes:
        kind: ``areas`` (the change areas against the part they make up) or ``parts`` (against the
            total).
        total: the minima added up.
        asked: the minimum that they fall short of.
    """

    kind: str
    total: Fraction
    asked: Fraction


@dataclass(frozen=True)
class Distance:
    """All lines of one test, and the conditions without which it is never fulfilled."""

    threshold: str
    name: str
    lines: tuple[DistanceLine, ...]
    conditions: tuple[Judged, ...]
    minima: tuple[Shortfall, ...]

    @property
    def lines_met(self) -> bool:
        return all(line.is_met for line in self.lines)

    @property
    def unmet_conditions(self) -> tuple[Judged, ...]:
        return tuple(item for item in self.conditions if item.state != MET)

    @property
    def is_fulfilled(self) -> bool:
        """Tell whether every line is met and every condition is stated as met."""
        return self.lines_met and not self.unmet_conditions


def distance(
    framework: FrameworkFile,
    score: SheetScore,
    threshold_id: str,
    conditions: tuple[Judged, ...],
) -> Distance:
    """Measure a sheet against a test.

    Args:
        framework: the edition that holds the test.
        score: the sheet's score under that edition.
        threshold_id: such as ``WBK``.
        conditions: what is asked before a proposal, beside what was stated.

    Raises:
        Refused: if the edition has no test of that id.
    """
    threshold = next((item for item in framework.thresholds if item.id == threshold_id), None)
    if threshold is None:
        raise Refused(code="threshold_unknown", details={"threshold": threshold_id})
    lines: list[DistanceLine] = []
    for line in threshold.lines:
        if line.measure == "each_area":
            measured = [(area, points, line.minimum * points.maximum)
                        for area, points in score.areas.items()]  # fmt: skip
        elif line.measure == "node":
            measured = [(line.node, score.nodes[line.node], line.minimum)]
        else:
            measured = [("", score.total, line.minimum)]
        lines += [
            DistanceLine(
                code=line.code,
                subject=subject,
                score=points.score,
                minimum=minimum,
                maximum=points.maximum,
                ceiling=points.ceiling,
                is_blank=points.unanswered > 0 and not points.answered,
            )
            for subject, points, minimum in measured
        ]
    return Distance(
        threshold=threshold.id,
        name=threshold.name,
        lines=tuple(lines),
        conditions=conditions,
        minima=find_shortfalls(framework, score, threshold),
    )


def find_shortfalls(
    framework: FrameworkFile, score: SheetScore, threshold: Threshold
) -> tuple[Shortfall, ...]:
    """Return where every smaller minimum, met exactly, adds up to less than a greater one.

    Two sums are looked at: the minima of the areas against that of the part which the areas make
    up, and the minima of the parts against that of the total.
    """
    minima = {line.node: line.minimum for line in threshold.lines if line.measure == "node"}
    tops = [
        code
        for code in minima
        if not any(node.code in minima for node in framework.path(code)[:-1])
    ]
    in_areas = sum((points.maximum for points in score.areas.values()), Fraction(0))
    found = []
    for line in threshold.lines:
        if line.measure == "each_area":
            found += [
                Shortfall("areas", line.minimum * in_areas, minima[top])
                for top in tops
                if score.nodes[top].maximum == in_areas
            ]
        elif line.measure == "total":
            found.append(Shortfall("parts", sum((minima[top] for top in tops), Fraction(0)),
                                   line.minimum))  # fmt: skip
    return tuple(each for each in found if each.total < each.asked)
