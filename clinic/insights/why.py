"""The assessed side behind a finding: rows with points not yet reached, and their outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Outcome,
    OutcomeLink,
    Score,
    Sheet,
)
from clinic.assessments.sheet_page import Row, make_row
from clinic.assessments.sheets import rows_of
from clinic.insights.frames import EVALUATED
from clinic.people.models import Unit


@dataclass(frozen=True)
class SheetRow:
    """One scored row that has not reached all its points.

    Attributes:
        answer: as written in the sheet; counts as "name: number", one after the other.
        rubric: what the present letter stands for, where the edition says so.
        points: points not yet reached.
        is_blank: counted among the rows not filled in, as the sheet's own page counts.
        outcomes: what people can learn that bears on the row.
    """

    code: str
    wording: str
    answer: str
    rubric: str
    points: Decimal
    is_blank: bool
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Assessed:
    """One area of a unit's sheet: what it is worth today, and which rows are below their points.

    Attributes:
        outcomes: what people can learn on the area; None for who does not read its rows.
    """

    figures: AreaScore
    rows: tuple[SheetRow, ...]
    outcomes: tuple[Outcome, ...] | None = None

    @property
    def not_yet(self) -> Decimal:
        """Points not yet reached; the sum over the rows (ux U30)."""
        return self.figures.not_yet_reached

    @property
    def blank(self) -> int:
        """How many rows are not filled in."""
        return self.figures.unanswered

    @property
    def share(self) -> Decimal | None:
        """The printed score as a share of the area's points; rows not filled in earn nothing."""
        maximum = self.figures.max_points
        return self.figures.score / maximum if maximum else None

    @property
    def is_self_scored(self) -> bool:
        """Whether the unit scored itself; AKIP is scored by an evaluator alone."""
        return self.figures.sheet.edition.framework.slug not in EVALUATED

    @property
    def still_open(self) -> Decimal:
        """Points that the blank rows may still add."""
        return self.figures.ceiling - self.figures.score


def assessed(
    unit: Unit, area: ChangeArea, edition: FrameworkEdition, period: int, *, with_rows: bool
) -> Assessed | None:
    """Read the area of the unit's sheet; None without a sheet.

    Single rows belong to the unit's own people and the programme's staff: ``with_rows`` says
    whether the reader is one of them.
    """
    figures = (
        AreaScore.objects.filter(
            sheet__unit=unit, sheet__edition=edition, sheet__period=period, area=area
        )
        .select_related("sheet__edition__framework", "sheet__unit")
        .first()
    )
    if figures is None:
        return None
    if not with_rows:
        return Assessed(figures, ())
    linked = _outcomes_by_node(edition, area)
    rows = _rows(figures.sheet, area, linked)
    return Assessed(figures, rows, _in_order(linked))


def _in_order(linked: dict[str, tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
    """Each outcome that is still taught, once, in its own order."""
    found = {each.pk: each for some in linked.values() for each in some if not each.retired_at}
    return tuple(sorted(found.values(), key=lambda outcome: (outcome.order, outcome.slug)))


def is_scored(edition: FrameworkEdition, area: ChangeArea) -> bool:
    """Whether a page on the area says anything of this edition."""
    return any(node.area == area.slug for node in edition_file(edition).scored)


def outcomes_of(edition: FrameworkEdition, areas: Iterable[str]) -> dict[str, list[Outcome]]:
    """Outcomes that bear on rows of the edition, by change area, in their own order."""
    links = OutcomeLink.objects.filter(
        node__edition=edition, node__area__in=list(areas), outcome__retired_at__isnull=True
    )
    found: dict[str, dict[int, Outcome]] = {}
    ordered = links.select_related("outcome", "node").order_by("outcome__order", "outcome__slug")
    for link in ordered:
        found.setdefault(link.node.area_id, {})[link.outcome_id] = link.outcome
    return {area: list(outcomes.values()) for area, outcomes in found.items()}


def outcomes_of_area(
    known: Assessed | None, area: ChangeArea, edition: FrameworkEdition
) -> tuple[Outcome, ...]:
    """What people can learn on one area; as already read, where the reader reads rows."""
    if known is not None and known.outcomes is not None:
        return known.outcomes
    return tuple(outcomes_of(edition, [area.slug]).get(area.slug, ()))


def outcomes_of_rows(
    edition: FrameworkEdition, area: ChangeArea, codes: Iterable[str]
) -> dict[str, tuple[Outcome, ...]]:
    """What people can learn that bears on each of these rows of the area."""
    framework_file = edition_file(edition)
    linked = _outcomes_by_node(edition, area)
    return {code: _outcomes(framework_file, code, linked) for code in codes}


def _rows(
    sheet: Sheet, area: ChangeArea, linked: dict[str, tuple[Outcome, ...]]
) -> tuple[SheetRow, ...]:
    """Scored rows of the area with points left, the heaviest first, then in the sheet's order."""
    framework_file = edition_file(sheet.edition)
    scored = {node.code for node in framework_file.scored if node.area == area.slug}
    scores = Score.objects.filter(sheet=sheet, node__code__in=scored).select_related("node")
    below = scores.filter(score__lt=F("max_points")).order_by("node__position")
    entries = rows_of(sheet, with_proofs=False)
    rows = [
        _row(
            make_row(framework_file, framework_file.by_code[score.node.code], entries, score),
            _outcomes(framework_file, score.node.code, linked),
        )
        for score in below
    ]
    return tuple(sorted(rows, key=lambda row: -row.points))


def _row(row: Row, outcomes: tuple[Outcome, ...]) -> SheetRow:
    counts = "; ".join(f"{name}: {number}" for name, number in row.counts if number)
    return SheetRow(
        code=row.code,
        wording=row.name,
        answer=row.answer or counts,
        rubric=next((text for _letter, text, is_own in row.rubric if is_own), ""),
        points=row.not_reached,
        is_blank=row.unanswered,
        outcomes=outcomes,
    )


def _outcomes_by_node(
    edition: FrameworkEdition, area: ChangeArea
) -> dict[str, tuple[Outcome, ...]]:
    found: dict[str, tuple[Outcome, ...]] = {}
    links = OutcomeLink.objects.filter(node__edition=edition, node__area=area)
    for link in links.select_related("outcome", "node").order_by("outcome__order"):
        found[link.node.code] = (*found.get(link.node.code, ()), link.outcome)
    return found


def _outcomes(
    framework_file: FrameworkFile, code: str, linked: dict[str, tuple[Outcome, ...]]
) -> tuple[Outcome, ...]:
    """Outcomes linked to the row or to the indicator above it."""
    found: dict[int, Outcome] = {}
    while code:
        found |= {outcome.pk: outcome for outcome in linked.get(code, ())}
        code = framework_file.by_code[code].parent
    return tuple(found.values())
