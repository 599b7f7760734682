"""Charts of the officials' pages as plain figures for their templates; each has a table as twin.

A drawing is 340 units wide and grows with its rows; a scale turns a value into a place in these
units. Numbers that become attributes are texts with a decimal point, in every language.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import AreaScore, Sheet
from clinic.insights import wording
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import decimals, points


@dataclass(frozen=True)
class Span:
    """A stretch along one axis, from its lesser end."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """The greater end."""
        return self.start + self.length


@dataclass(frozen=True)
class AxisScale:
    """A straight scale from values to places; what lies outside is drawn at the edge.

    Attributes:
        low: value drawn at ``start``.
        high: value drawn at ``end``; at or below ``low`` everything is drawn at ``start``.
        start: place of the lowest value; above ``end`` where the axis points upwards.
        end: place of the highest value.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Place of a value."""
        if self.high <= self.low:
            return self.start
        within = min(max(value, self.low), self.high)
        return self.start + (self.end - self.start) * (within - self.low) / (self.high - self.low)

    def span(self, first: float, second: float) -> Span:
        """The stretch between two values, in whichever order they come."""
        ends = sorted((self.at(first), self.at(second)))
        return Span(ends[0], ends[1] - ends[0])


def stack(scale: AxisScale, parts: Sequence[float]) -> list[Span]:
    """Stretches of parts laid end to end from the scale's low; together as long as their sum."""
    spans, reached = [], scale.low
    for part in parts:
        spans.append(scale.span(reached, reached + part))
        reached += part
    return spans


def bands(minima: Sequence[float], *, top: float) -> list[tuple[float, float]]:
    """Least and greatest value of each band; ``minima`` come from the highest band downwards.

    A band that begins where the one above it begins is empty and has equal ends.
    """
    ends = [top, *minima]
    return [(low, max(low, high)) for low, high in zip(minima, ends, strict=False)]


WIDTH, EDGE, MARGIN = 340, 1, 14
ROW, HEAD, FOOT = 48, 4, 38
HUNDRED = 100
HISTORY_HEIGHT = 180
YEARS_FROM, YEARS_TO = 44, 286
ENOUGH_YEARS = 2


@dataclass(frozen=True)
class Chart:
    """A drawing in words and figures.

    Attributes:
        title: the result, as a sentence.
        note: unit of the axis, and what stands behind a figure.
        rows: what is drawn, in the order of the page; its twin lists the same rows.
        hidden: lines on what is not drawn, in words.
    """

    title: str
    note: str
    height: int
    rows: list[dict[str, Any]]
    ticks: list[dict[str, str]] = field(default_factory=list)
    bands: list[dict[str, Any]] = field(default_factory=list)
    line: str = ""
    hidden: list[str] = field(default_factory=list)


def place_of(number: float) -> str:
    """A place as an attribute of a drawing, with a decimal point in every language."""
    return f"{number:.2f}"


def _place_bar(span: Span) -> dict[str, str]:
    return {"x": place_of(span.start), "width": place_of(span.length)}


def _place_ticks(
    scale: AxisScale, values: Iterable[float], *, digits: int = 0
) -> list[dict[str, str]]:
    return [
        {"place": place_of(scale.at(value)), "label": decimals(value, digits)} for value in values
    ]


def _place_row(index: int) -> dict[str, str]:
    """Heights of name, bar, the bar's middle and figures in the row of this index."""
    top = HEAD + index * ROW
    return {
        "text": place_of(top + 12),
        "top": place_of(top + 16),
        "middle": place_of(top + 21),
        "value": place_of(top + 41),
    }


def points_chart(scores: Sequence[AreaScore]) -> Chart | None:
    """Points reached and not yet reached, by change area; the title names the most to reach.

    All bars share one scale, so that a long bar is an area of many points.
    """
    if not scores:
        return None
    largest = max(score.max_points for score in scores)
    scale = AxisScale(0, float(largest), EDGE, WIDTH - EDGE)
    most = max(scores, key=lambda score: score.not_yet_reached)
    return Chart(
        title=_("%(area)s: %(points)s not yet reached")
        % {"area": most.area, "points": points(most.not_yet_reached, 1)}
        if most.not_yet_reached > 0
        else _("All points are reached"),
        note=_("Points of this unit's LKE. Filled: reached. Hatched: not yet reached."),
        height=HEAD + len(scores) * ROW + FOOT,
        rows=[_draw_points(score, index, scale) for index, score in enumerate(scores)],
        ticks=_place_ticks(scale, (0, float(largest)), digits=1),
    )


def _draw_points(score: AreaScore, index: int, scale: AxisScale) -> dict[str, Any]:
    reached, missing = stack(scale, [float(score.score), float(score.not_yet_reached)])
    return {
        **_place_row(index),
        "area": score.area,
        "score": score.score,
        "maximum": score.max_points,
        "missing": score.not_yet_reached,
        "unanswered": score.unanswered,
        "reached_bar": _place_bar(reached),
        "missing_bar": _place_bar(missing),
        "label": _("%(score)s of %(maximum)s; not yet %(missing)s")
        % {
            "score": decimals(score.score, 1),
            "maximum": decimals(score.max_points, 1),
            "missing": decimals(score.not_yet_reached, 1),
        },
    }


def understanding_chart(cells: Sequence[tuple[Any, Shown]]) -> Chart | None:
    """What a unit's people would answer right, with its 90% interval, by change area.

    Only cells that hold answers and that the reader may see are drawn; a hidden cell is one line
    of words without a figure. Under the minimum of the unit's own official a row has its interval
    alone. None where nothing is drawn.

    Args:
        cells: areas with what the reader may see of each, in display order.
    """
    drawn = [(area, shown) for area, shown in cells if is_drawn(shown)]
    if not drawn:
        return None
    least, lowest = min(drawn, key=lambda pair: pair[1].estimate or 0)
    scale = AxisScale(0, HUNDRED, MARGIN, WIDTH - MARGIN)
    return Chart(
        title=_("%(area)s: an estimated %(mean)s of 100 questions right")
        % {"area": least, "mean": decimals((lowest.estimate or 0) * HUNDRED, 0)},
        note=_(
            "Of 100 questions of the area. Dot: estimate. Bar: range with 90 percent confidence. "
            "n: people."
        ),
        height=HEAD + len(drawn) * ROW + FOOT,
        rows=[
            _draw_understanding(area, shown, index, scale)
            for index, (area, shown) in enumerate(drawn)
        ],
        ticks=_place_ticks(scale, (0, 25, 50, 75, HUNDRED)),
        hidden=_describe_others([pair for pair in cells if not is_drawn(pair[1])]),
    )


def is_drawn(shown: Shown) -> bool:
    """Whether a cell has a place in a chart of understanding for this reader."""
    return not shown.is_hidden and shown.estimate is not None and shown.answers > 0


def _draw_understanding(area: Any, shown: Shown, index: int, scale: AxisScale) -> dict[str, Any]:
    low, mean, high = (HUNDRED * (value or 0) for value in (shown.low, shown.estimate, shown.high))
    figures = {"mean": decimals(mean, 0), "low": decimals(low, 0), "high": decimals(high, 0)}
    label = _("%(mean)s (%(low)s to %(high)s), n %(people)d") % {
        **figures,
        "people": shown.answering,
    }
    if shown.is_limited:
        label = _("%(low)s to %(high)s, n %(people)d, limited data") % {
            **figures,
            "people": shown.answering,
        }
    return {
        **_place_row(index),
        **figures,
        "area": area,
        "people": shown.answering,
        "is_limited": shown.is_limited,
        "bar": _place_bar(scale.span(low, high)),
        "dot": "" if shown.is_limited else place_of(scale.at(mean)),
        "label": label,
    }


def _describe_others(cells: Iterable[tuple[Any, Shown]]) -> list[str]:
    """Areas without a place in the drawing, by why they have none."""
    by_state: dict[str, list[str]] = {}
    for area, shown in cells:
        by_state.setdefault(wording.state_of(shown), []).append(str(area))
    return [
        _("%(state)s: %(areas)s") % {"state": state, "areas": ", ".join(areas)}
        for state, areas in by_state.items()
    ]


def history_chart(sheets: Sequence[Sheet]) -> Chart | None:
    """What each year's sheet is worth of 100; None with fewer than two years.

    Args:
        sheets: one unit's sheets of one framework. Bands are those of the newest edition; a band
            that rests on a condition is left out, since the figure alone does not tell.
    """
    ordered = sorted(sheets, key=lambda sheet: sheet.period)
    if len({sheet.period for sheet in ordered}) < ENOUGH_YEARS:
        return None
    first, last = ordered[0], ordered[-1]
    across = AxisScale(first.period, last.period, YEARS_FROM, YEARS_TO)
    up = AxisScale(0, HUNDRED, HISTORY_HEIGHT - FOOT, HEAD + 12)
    editions = {sheet.edition_id for sheet in ordered}
    rows = [_draw_year(sheet, across, up, is_named=len(editions) > 1) for sheet in ordered]
    return Chart(
        title=_("%(year)d: %(now)s of 100; %(earlier)d: %(before)s")
        % {
            "year": last.period,
            "now": decimals(_scale_to_hundred(last), 1),
            "earlier": first.period,
            "before": decimals(_scale_to_hundred(first), 1),
        },
        note=_("Worth of the unit's LKE by year, 0 to 100."),
        height=HISTORY_HEIGHT,
        rows=rows,
        ticks=_place_ticks(up, (0, 50, HUNDRED)),
        bands=_draw_bands(last, up),
        line=" ".join(f"{row['x']},{row['y']}" for row in rows),
    )


def _scale_to_hundred(sheet: Sheet) -> Decimal:
    return HUNDRED * sheet.total / sheet.max_points if sheet.max_points else Decimal(0)


def _draw_year(sheet: Sheet, across: AxisScale, up: AxisScale, *, is_named: bool) -> dict[str, Any]:
    """One year; its edition is named where the years do not share one."""
    value = _scale_to_hundred(sheet)
    height = up.at(float(value))
    return {
        "year": sheet.period,
        "edition": sheet.edition if is_named else "",
        "total": sheet.total,
        "maximum": sheet.max_points,
        "value": value,
        "x": place_of(across.at(sheet.period)),
        "y": place_of(height),
        "text": place_of(max(height - 8, 12)),
    }


def _draw_bands(sheet: Sheet, up: AxisScale) -> list[dict[str, str]]:
    categories = [each for each in edition_file(sheet.edition).categories if not each.condition]
    ends = bands([float(each.minimum) for each in categories], top=HUNDRED)
    return [
        {
            "name": category.code,
            "y": place_of(span.start),
            "height": place_of(span.length),
            "text": place_of(span.start + span.length / 2 + 4),
        }
        for category, span in zip(categories, (up.span(*pair) for pair in ends), strict=True)
        if span.length
    ]
