"""How far a sheet is from a test such as WBK or WBBM, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import SheetScore
from clinic.lib.errors import Refused

MET, NOT_MET, NOT_STATED = "met", "not_met", "not_stated"


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
class PreconditionState:
    """What a person has stated about a precondition: ``met``, ``not_met`` or ``not_stated``."""

    code: str
    name: str
    name_en: str
    required: str
    state: str


@dataclass(frozen=True)
class Distance:
    """All lines of one test, and the preconditions without which it is never fulfilled."""

    threshold: str
    name: str
    lines: tuple[DistanceLine, ...]
    preconditions: tuple[PreconditionState, ...]

    @property
    def lines_met(self) -> bool:
        return all(line.is_met for line in self.lines)

    @property
    def unmet_preconditions(self) -> tuple[PreconditionState, ...]:
        return tuple(item for item in self.preconditions if item.state != MET)

    @property
    def is_fulfilled(self) -> bool:
        """Tell whether every line is met and every precondition is stated as met."""
        return self.lines_met and not self.unmet_preconditions


def distance(
    framework: FrameworkFile,
    score: SheetScore,
    threshold_id: str,
    *,
    stated: Mapping[str, bool] | None = None,
) -> Distance:
    """Measure a sheet against a test.

    Args:
        framework: the edition that holds the test.
        score: the sheet's score under that edition.
        threshold_id: such as ``WBK``.
        stated: what a person has declared, by precondition code; the rest is not stated.

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
    states = {True: MET, False: NOT_MET, None: NOT_STATED}
    return Distance(
        threshold=threshold.id,
        name=threshold.name,
        lines=tuple(lines),
        preconditions=tuple(
            PreconditionState(
                code=item.code,
                name=item.name,
                name_en=item.name_en,
                required=item.required,
                state=states[(stated or {}).get(item.code)],
            )
            for item in framework.preconditions
            if item.threshold == threshold.id
        ),
    )
