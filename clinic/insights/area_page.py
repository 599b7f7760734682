"""The page of one change area: units by understanding and by their sheet, and its heaviest rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.assessments import sheet_page
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Outcome,
    Proof,
    Score,
    Sheet,
)
from clinic.insights import evidence, explaining, wording
from clinic.insights.charts import HUNDRED, AxisScale, Chart, is_drawn, place_of
from clinic.insights.evidence import Module
from clinic.insights.frames import FrameChoice
from clinic.insights.profile import finding_url
from clinic.insights.reading import Place, Shown
from clinic.lib.templatetags.ui import decimals
from clinic.people.models import Unit

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 34, 322, 10, 252
HEAVIEST = 8
SHAPES = {
    Unit.Kind.DISTRICT.value: "square",
    Unit.Kind.VILLAGE.value: "square",
    Unit.Kind.PUSKESMAS.value: "triangle",
    Unit.Kind.HOSPITAL.value: "triangle",
    Unit.Kind.TECHNICAL.value: "triangle",
    Unit.Kind.SCHOOL.value: "triangle",
}
"""Shape by kind of unit; offices, agencies and sections are circles."""


@dataclass(frozen=True)
class HeavyRow:
    """One scored row of the sheet, over all units that the reader may see.

    Attributes:
        missing: points not yet reached, summed over the units.
        below: units that have not reached all its points.
        unproven: units whose sheet names no proof for it.
    """

    code: str
    wording: str
    missing: Decimal
    below: int
    unproven: int
    outcomes: tuple[Outcome, ...]
    modules: tuple[Module, ...]


def scores_of(sheets: QuerySet[Sheet], area: ChangeArea) -> list[AreaScore]:
    """What these sheets say of the area, by unit in official order."""
    scores = AreaScore.objects.filter(sheet__in=sheets, area=area)
    return list(
        scores.select_related("sheet__unit")
        .defer("sheet__reading", "sheet__unit__former_names", "sheet__unit__note")
        .order_by("sheet__unit__path")
    )


def scatter(
    scores: Sequence[AreaScore], seen: Mapping[Place, Shown], choice: FrameChoice
) -> Chart | None:
    """Draw understanding across, the sheet upwards; None where nothing may be drawn.

    Under the minimum of the unit's own official a unit is its interval, without a mark; what the
    reader may not see stands in words and has no place in the drawing.
    """
    cells = [(score, seen.get((score.sheet.unit_id, score.area_id))) for score in scores]
    drawn = [(score, shown) for score, shown in cells if shown is not None and is_drawn(shown)]
    if not drawn:
        return None
    across, up = AxisScale(0, HUNDRED, LEFT, RIGHT), AxisScale(0, HUNDRED, BOTTOM, TOP)
    rows = [
        {"number": number, **_draw_mark(score, shown, choice, (across, up))}
        for number, (score, shown) in enumerate(drawn, start=1)
    ]
    knowing_from, doing_from = _find_lines()
    weak = sum(row["knowing"] < knowing_from and row["doing"] < doing_from for row in rows)
    return Chart(
        title=ngettext(
            "In %(weak)d of %(drawn)d unit both understanding and LKE score can still rise",
            "In %(weak)d of %(drawn)d units both understanding and LKE score can still rise",
            len(rows),
        )
        % {"weak": weak, "drawn": len(rows)},
        note=_("Across: estimated right answers of 100. Upwards: LKE score in percent."),
        height=HEIGHT,
        rows=rows,
        ticks=[
            {
                "across": place_of(across.at(value)),
                "up": place_of(up.at(value)),
                "label": str(value),
            }
            for value in (0, 50, HUNDRED)
        ],
        bands=_draw_quadrants(across, up),
        hidden=_describe_others(cells),
    )


def _draw_mark(
    score: AreaScore,
    shown: Shown,
    choice: FrameChoice,
    scales: tuple[AxisScale, AxisScale],
) -> dict[str, Any]:
    across, up = scales
    low, mean, high = (HUNDRED * (each or 0) for each in (shown.low, shown.estimate, shown.high))
    doing = float(HUNDRED * score.score / score.max_points) if score.max_points else 0
    unit = score.sheet.unit
    return {
        "unit": unit.display_short_name,
        "url": finding_url(unit, score.area_id, edition=choice.edition, period=choice.period),
        "kind": unit.get_kind_display(),
        "shape": "" if shown.is_limited else SHAPES.get(unit.kind, "circle"),
        "x": place_of(across.at(mean)),
        "y": place_of(up.at(doing)),
        "from": place_of(across.at(low)),
        "to": place_of(across.at(high)),
        "knowing": mean,
        "doing": doing,
        "mean": decimals(mean, 0),
        "low": decimals(low, 0),
        "high": decimals(high, 0),
        "share": decimals(doing, 0),
        "people": shown.answering,
        "is_limited": shown.is_limited,
        "state": wording.state_of(shown),
    }


def _find_lines() -> tuple[float, float]:
    """Where the quadrants part: the lines of understanding and of practice, in percent."""
    return HUNDRED * settings.KLINIK_GAP_THRESHOLD, HUNDRED * settings.KLINIK_WEAK_THRESHOLD


def _draw_quadrants(across: AxisScale, up: AxisScale) -> list[dict[str, Any]]:
    """The four corners with the words that a cell in them may get."""
    names = wording.NAMES
    knowing_from, doing_from = _find_lines()
    corners = {
        "knowledge-gap": (0, 0, "start"),
        "hidden-risk": (0, HUNDRED, "start"),
        "practice-gap": (HUNDRED, 0, "end"),
        "sound": (HUNDRED, HUNDRED, "end"),
    }
    return [
        {
            "name": str(names[word]),
            "x": place_of(across.at(x) + (4 if anchor == "start" else -4)),
            "y": place_of(up.at(y) + (14 if y else -6)),
            "anchor": anchor,
            "cut_x": place_of(across.at(knowing_from)),
            "cut_y": place_of(up.at(doing_from)),
        }
        for word, (x, y, anchor) in corners.items()
    ]


def _describe_others(cells: Sequence[tuple[AreaScore, Shown | None]]) -> list[str]:
    """Units without a place in the drawing, by why they have none."""
    by_state: dict[str, list[str]] = {}
    for score, shown in cells:
        if shown is None or not is_drawn(shown):
            state = wording.state_of(shown or wording.NOTHING_YET)
            by_state.setdefault(state, []).append(score.sheet.unit.display_short_name)
    return [
        _("%(state)s: %(units)s") % {"state": state, "units": ", ".join(units)}
        for state, units in by_state.items()
    ]


def heaviest(
    sheets: QuerySet[Sheet], area: ChangeArea, edition: FrameworkEdition
) -> list[HeavyRow]:
    """Scored rows with most points not yet reached over these sheets, and what teaches them.

    Args:
        sheets: of one edition and year, as many as the reader may see.
        area: whose rows are asked for.
        edition: of the sheets.
    """
    keys = list(sheets.order_by().values_list("pk", flat=True))
    framework_file = edition_file(edition)
    scored = [node.code for node in framework_file.scored if node.area == area.slug]
    below = Score.objects.filter(
        sheet__in=keys, node__edition=edition, node__code__in=scored, score__lt=F("max_points")
    )
    ranked = list(
        below.order_by()
        .values("node", code=F("node__code"))
        .annotate(missing=Sum(F("max_points") - F("score")), units=Count("sheet", distinct=True))
        .order_by("-missing", "code")[:HEAVIEST]
    )
    proven = dict(
        Proof.objects.filter(sheet__in=keys, node__in=[row["node"] for row in ranked])
        .order_by()
        .values_list("node")
        .annotate(units=Count("sheet", distinct=True))
    )
    outcomes = explaining.outcomes_of_rows(edition, area, [row["code"] for row in ranked])
    modules = evidence.modules_for(each.slug for some in outcomes.values() for each in some)
    return [
        HeavyRow(
            code=row["code"],
            wording=sheet_page.wording(framework_file.by_code[row["code"]]),
            missing=row["missing"],
            below=row["units"],
            unproven=len(keys) - proven.get(row["node"], 0),
            outcomes=outcomes[row["code"]],
            modules=_list_modules(outcomes[row["code"]], modules),
        )
        for row in ranked
    ]


def _list_modules(outcomes: Iterable[Outcome], modules: Mapping[str, Module]) -> tuple[Module, ...]:
    """Each module once, in the order of the outcomes."""
    listed = [modules[each.slug] for each in outcomes if each.slug in modules]
    return tuple({module.slug: module for module in listed}.values())
