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
from clinic.insights import charts, evidence, explaining, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.charts import HUNDRED, AxisScale, Chart, share_of
from clinic.insights.evidence import Module
from clinic.insights.frames import FrameChoice
from clinic.insights.profile import finding_url, profile_url
from clinic.insights.reading import Place, Shown
from clinic.insights.unit_map import NEEDS, WordCount, count_words
from clinic.lib.templatetags.ui import decimals, points
from clinic.people.models import Unit

HEIGHT = 360
MOST_LISTED = 3
MOST_NAMED = 5
"""Drawn units that are named beside their mark, those with most points left; all have a number."""
PLANE, LINE, LETTER_WIDTH = 320, 15, 0.75
"""Height of the plane and of a label in pixels; width of a letter in percent of the plane."""
SHIFTS = (0, -15, 15, -30, 30, -45, 45, -60, 60)
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


@dataclass(frozen=True)
class UnitOfArea:
    """One unit on the page: its word, its points, and its place in the drawing.

    Attributes:
        number: its place among the drawn units; 0 where it has none.
        mark: its estimate, as ``charts.draw_understanding`` draws it; None where it has none.
    """

    unit: Unit
    shown: Shown | None
    score: AreaScore
    url: str
    number: int = 0
    mark: dict[str, Any] | None = None

    @property
    def missing(self) -> Decimal:
        return self.score.not_yet_reached

    @property
    def word(self) -> str:
        """The diagnosis; empty where the reader may see none."""
        return "" if self.shown is None or self.shown.is_hidden else self.shown.word

    @property
    def state(self) -> str:
        return wording.state_of(self.shown or wording.NOTHING_YET)

    @property
    def tag(self) -> str:
        return (self.shown or wording.NOTHING_YET).tag

    @property
    def cause(self) -> str:
        return wording.cause_of(self.shown or wording.NOTHING_YET)

    @property
    def share(self) -> float:
        """The printed score, in percent of the area."""
        whole = self.score.max_points
        return float(HUNDRED * self.score.score / whole) if whole else 0


def units_of(
    scores: Sequence[AreaScore], seen: Mapping[Place, Shown] | None, choice: FrameChoice
) -> list[UnitOfArea]:
    """Every unit with such a sheet, most points not yet reached first, the drawn ones numbered."""
    listed, number = [], 0
    for score in sorted(scores, key=lambda each: -each.not_yet_reached):
        unit = score.sheet.unit
        shown = None
        if seen is not None:
            shown = seen.get((unit.pk, score.area_id), wording.NOTHING_YET)
        is_placed = shown is not None and charts.is_drawn(shown)
        number += is_placed
        listed.append(
            UnitOfArea(
                unit,
                shown,
                score,
                finding_url(unit, score.area_id, edition=choice.edition, period=choice.period)
                if shown is not None
                else profile_url(unit),
                number if is_placed else 0,
                charts.draw_understanding(shown) if shown is not None and is_placed else None,
            )
        )
    return listed


def standing(units: Sequence[UnitOfArea]) -> str:
    """Say how many points of the area the units have not reached; empty where they have all."""
    below = [each.missing for each in units if each.missing > 0]
    if not below:
        return ""
    return ngettext(
        "%(number)d unit has not reached %(points)s in this area.",
        "%(number)d units have not reached %(points)s in this area.",
        len(below),
    ) % {"number": len(below), "points": points(sum(below, Decimal(0)), 1)}


def words_of(units: Sequence[UnitOfArea]) -> list[WordCount]:
    """Count the units by word, exactly as the map counts its cells."""
    return count_words((each.word, each.unit.pk, each.missing) for each in units if each.word)


def lists_of(units: Sequence[UnitOfArea]) -> list[dict[str, Any]]:
    """The units of each word that asks for an act, and the unknown ones with points to reach.

    What is unknown is not called weak: it stands apart, as data to complete.
    """
    found = []
    for word in (*NEEDS, Word.UNKNOWN.value):
        some = [each for each in units if each.word == word and each.missing > 0]
        if some:
            _tone, _letter, shape = wording.SIGNS[word]
            title = str(wording.NAMES[word])
            found.append({"title": title, "shape": shape, "units": some[:MOST_LISTED]})
    return found


def scatter(units: Sequence[UnitOfArea]) -> Chart | None:
    """Draw understanding across, the printed score upwards; None where nothing may be drawn.

    A unit of one or two people is its range without a mark, and an unknown one is a hollow ring: a
    place in the drawing is no diagnosis. What the reader may not see stands in words alone.
    """
    drawn = [each for each in units if each.mark]
    if not drawn:
        return None
    up = AxisScale(0, HUNDRED, HUNDRED, 0)
    weak_line = HUNDRED * settings.KLINIK_WEAK_THRESHOLD
    return Chart(
        title=_("Understanding and LKE score of %(number)d units") % {"number": len(drawn)}
        if len(drawn) > 1
        else _("Understanding and LKE score of one unit"),
        note=_("Across: estimated right answers of 100. Upwards: LKE score in percent."),
        rows=[
            {
                "number": each.number,
                "name": each.unit.display_short_name,
                "is_named": place < MOST_NAMED,
                "is_unknown": each.word == Word.UNKNOWN.value,
                "shape": ""
                if each.mark["is_limited"]
                else SHAPES.get(each.unit.kind, "circle"),
                "x": share_of(HUNDRED * (each.shown.estimate or 0)),
                "y": share_of(up.at(each.share)),
                "from": each.mark["from"],
                "to": each.mark["to"],
                **label,
            }
            for place, (each, label) in enumerate(zip(drawn, _place_labels(drawn), strict=True))
            if each.mark and each.shown
        ],
        height=HEIGHT,
        ticks=[{"at": share_of(value), "up": share_of(up.at(value)), "label": str(value)}
               for value in (0, 50, HUNDRED)],
        bands=[{**charts.gap_line(), "up": share_of(up.at(weak_line)),
                "weak": decimals(weak_line, 0)}],
        hidden=_describe_others([each for each in units if not each.mark]),
    )  # fmt: skip


def _place_labels(drawn: Sequence[UnitOfArea]) -> list[dict[str, Any]]:
    """Where each label stands: at an end of its range, moved until it covers no other and no line.

    Widths are those of a wide screen; a narrow one shows the numbers alone.
    """
    taken = [(*_ends(each), _height(each, 0), LINE / 2) for each in drawn]
    placed = []
    for place, each in enumerate(drawn):
        low, high = _ends(each)
        name = f"{each.number} {each.unit.display_short_name}" if place < MOST_NAMED else "00"
        width = LETTER_WIDTH * len(name)
        choices = [(shift, is_right) for shift in SHIFTS for is_right in (False, True)]
        shift, is_right = next(
            (
                (shift, is_right)
                for shift, is_right in choices
                if not _covers(
                    (low - width if is_right else high), width, _height(each, shift), taken
                )
            ),
            choices[0],
        )
        start = low - width if is_right else high
        taken.append((start, start + width, _height(each, shift), LINE))
        placed.append({"is_right": is_right, "shift": shift + 4})
    return placed


def _ends(each: UnitOfArea) -> tuple[float, float]:
    shown = each.shown or wording.NOTHING_YET
    return HUNDRED * (shown.low or 0), HUNDRED * (shown.high or 0)


def _covers(
    start: float, width: float, height: float, taken: Iterable[tuple[float, float, float, float]]
) -> bool:
    """Whether a label leaves the plane, or lies over what stands there already."""
    return (
        start < 0
        or start + width > HUNDRED
        or any(
            start < right and left < start + width and abs(height - y) < apart
            for left, right, y, apart in taken
        )
    )


def _height(each: UnitOfArea, shift: int) -> float:
    """Height of a label in pixels from the top of the plane."""
    return PLANE * (HUNDRED - each.share) / HUNDRED + shift


def _describe_others(units: Iterable[UnitOfArea]) -> list[str]:
    """Units without a place in the drawing, by why they have none."""
    by_state: dict[str, list[str]] = {}
    for each in units:
        by_state.setdefault(each.state, []).append(each.unit.display_short_name)
    return [
        _("%(state)s: %(units)s") % {"state": state, "units": ", ".join(names)}
        for state, names in by_state.items()
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
