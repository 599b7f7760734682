"""Charts of the officials' pages as plain figures for their templates.

A drawing is as wide as its place: every x is a share of it in percent, every y a number of pixels,
so that text keeps its size. The bars of a table's rows stand in the row whose numbers they draw.
Numbers that become attributes are texts with a decimal point, in every language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import AreaScore, Sheet
from clinic.insights import wording
from clinic.insights.profile import OutsideRow, ProfileLine
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


HUNDRED = 100
ENOUGH_YEARS = 2
MOST_OUTSIDE = 5
"""Rows outside the change areas that are drawn one by one; more of them share one row."""
ACROSS = AxisScale(0, HUNDRED, 0, HUNDRED)


@dataclass(frozen=True)
class Chart:
    """A drawing in words and figures.

    Attributes:
        title: the result, as a sentence.
        note: unit of the axis, and what stands behind a figure.
        rows: what is drawn, in the order of the page; the table lists the same rows.
        hidden: lines on what is not drawn, in words.
    """

    title: str
    note: str
    rows: list[dict[str, Any]]
    height: int = 0
    ticks: list[dict[str, str]] = field(default_factory=list)
    bands: list[dict[str, Any]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def share_of(number: float) -> str:
    """A share of the width as an attribute of a drawing, such as ``46.05%``."""
    return f"{number:.2f}%"


def place_bar(span: Span) -> dict[str, str]:
    return {"x": share_of(span.start), "width": share_of(span.length)}


def is_drawn(shown: Shown) -> bool:
    """Whether a cell has a place in a chart of understanding for this reader."""
    return not shown.is_hidden and shown.estimate is not None and shown.answers > 0


def area_chart(
    scores: Sequence[AreaScore],
    lines: Mapping[str, ProfileLine],
    outside: Sequence[OutsideRow],
    rows_url: str = "",
) -> Chart | None:
    """Points and understanding of each change area side by side, then the rows of no area.

    All bars of points share one scale. A row not filled in is a piece of its own: it earns nothing
    yet and may still earn. The title names what has most points left; None without anything.

    Args:
        scores: what the sheet is worth by change area.
        lines: what the reader may see of each area; empty for who reads no finding.
        outside: rows of no change area; where they are many they are added up.
        rows_url: address of the sheet for who reads its rows; else empty.
    """
    if not scores and not outside:
        return None
    others = list(outside) if len(outside) <= MOST_OUTSIDE else [_add_up(outside)]
    largest = max([*(each.max_points for each in scores), *(each.maximum for each in others)])
    scale = AxisScale(0, float(largest), 0, HUNDRED)
    areas = sorted(scores, key=lambda score: -score.not_yet_reached)
    rows = [_draw_area(score, lines.get(score.area_id), scale) for score in areas]
    rows += [_draw_outside(each, scale, rows_url) for each in others]
    return Chart(
        title=_name_heaviest(rows),
        note=_("Points of the unit's LKE, bars from 0 to %(largest)s.")
        % {"largest": decimals(largest, 1)},
        rows=rows,
    )


def _name_heaviest(rows: Sequence[dict[str, Any]]) -> str:
    """The two rows with most points left; they are the ones that the bars show open."""
    ranked = sorted(rows, key=lambda row: -row["missing"])
    first, *others = ranked
    if first["missing"] <= 0:
        return _("All points are reached")
    if not others or others[0]["missing"] <= 0:
        return _("%(area)s: %(points)s not yet reached") % {
            "area": first["area"],
            "points": points(first["missing"], 1),
        }
    return _("Most points are open in %(first)s (%(most)s) and %(second)s (%(more)s)") % {
        "first": first["area"],
        "most": decimals(first["missing"], 1),
        "second": others[0]["area"],
        "more": decimals(others[0]["missing"], 1),
    }


def _add_up(outside: Sequence[OutsideRow]) -> OutsideRow:
    return OutsideRow(
        "",
        _("Outside the change areas"),
        sum((each.score for each in outside), Decimal(0)),
        sum((each.ceiling for each in outside), Decimal(0)),
        sum((each.maximum for each in outside), Decimal(0)),
        all(each.is_blank for each in outside),
    )


def _draw_points(
    score: Decimal, ceiling: Decimal, maximum: Decimal, scale: AxisScale
) -> dict[str, Any]:
    """What is won, what a blank row may still bring, and all the rest, on one bar."""
    blank = max(ceiling - score, Decimal(0))
    won, may_win, rest = stack(scale, [float(score), float(blank), float(maximum - score - blank)])
    return {
        "score": score,
        "maximum": maximum,
        "missing": maximum - score,
        "blank": blank,
        "worth": _say_worth(score, blank, maximum),
        "won_bar": place_bar(won),
        "blank_bar": place_bar(may_win),
        "open_bar": place_bar(rest),
    }


def _say_worth(score: Decimal, blank: Decimal, maximum: Decimal) -> str:
    """What the figure beside a bar is of; of a row not filled in, what it may still bring."""
    if blank == maximum and not score:
        return _("up to %(points)s") % {"points": decimals(blank, 1)}
    if blank:
        return _("of %(points)s, blank %(blank)s") % {
            "points": decimals(maximum),
            "blank": decimals(blank, 1),
        }
    return _("of %(points)s") % {"points": decimals(maximum)}


def _draw_area(score: AreaScore, line: ProfileLine | None, scale: AxisScale) -> dict[str, Any]:
    drawn = {
        "slug": score.area_id,
        "area": str(score.area),
        "is_blank": score.unanswered > 0 and score.ceiling == score.max_points and not score.score,
        **_draw_points(score.score, score.ceiling, score.max_points, scale),
    }
    if line is None:
        return drawn
    shown = line.shown
    hints = [wording.basis(shown)] if shown.is_limited else []
    if wording.is_calm(shown, score.not_yet_reached):
        hints.append(_("Every point is reached here; the unit only has to check the proof."))
    return {
        **drawn,
        "url": line.url,
        "diagnosis": shown.tag,
        "cause": wording.cause_of(shown),
        "hint": ". ".join(hints),
        "understanding": draw_understanding(shown) if is_drawn(shown) else None,
    }


def _draw_outside(row: OutsideRow, scale: AxisScale, rows_url: str) -> dict[str, Any]:
    return {
        "slug": row.code,
        "area": row.name,
        "url": f"{rows_url}#{row.code}" if rows_url and row.code else "",
        "is_blank": row.is_blank,
        "is_outside": True,
        **_draw_points(row.score, row.ceiling, row.maximum, scale),
    }


def draw_understanding(shown: Shown) -> dict[str, Any]:
    """An estimate with its 90% range; of one or two people the range alone, without a dot."""
    low, mean, high = (HUNDRED * (each or 0) for each in (shown.low, shown.estimate, shown.high))
    return {
        "mean": decimals(mean, 0),
        "low": decimals(low, 0),
        "high": decimals(high, 0),
        "people": shown.answering,
        "is_limited": shown.is_limited,
        "range": place_bar(ACROSS.span(low, high)),
        "from": share_of(ACROSS.at(low)),
        "to": share_of(ACROSS.at(high)),
        "dot": "" if shown.is_limited else share_of(ACROSS.at(mean)),
    }


def gap_line() -> dict[str, str]:
    """The limit of understanding, of 100."""
    line = HUNDRED * settings.KLINIK_GAP_THRESHOLD
    return {"at": share_of(line), "label": decimals(line, 0)}


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
    editions = {sheet.edition_id for sheet in ordered}
    return Chart(
        title=_("%(year)d: %(now)s of 100; %(earlier)d: %(before)s")
        % {
            "year": last.period,
            "now": decimals(_scale_to_hundred(last), 1),
            "earlier": first.period,
            "before": decimals(_scale_to_hundred(first), 1),
        },
        note=_("Worth of the unit's LKE by year, 0 to 100."),
        rows=[_draw_year(sheet, is_named=len(editions) > 1) for sheet in ordered],
        bands=_draw_bands(last),
    )


def _scale_to_hundred(sheet: Sheet) -> Decimal:
    return HUNDRED * sheet.total / sheet.max_points if sheet.max_points else Decimal(0)


def _draw_year(sheet: Sheet, *, is_named: bool) -> dict[str, Any]:
    """One year; its edition is named where the years do not share one."""
    value = _scale_to_hundred(sheet)
    return {
        "year": sheet.period,
        "edition": sheet.edition if is_named else "",
        "total": sheet.total,
        "maximum": sheet.max_points,
        "value": value,
        "width": share_of(ACROSS.at(float(value))),
    }


def _draw_bands(sheet: Sheet) -> list[dict[str, str]]:
    """Where each category of the edition begins, from the highest downwards."""
    categories = [each for each in edition_file(sheet.edition).categories if not each.condition]
    ends = bands([float(each.minimum) for each in categories], top=HUNDRED)
    return [
        {"name": category.code, "from": decimals(low, 0), "at": share_of(low)}
        for category, (low, high) in zip(categories, ends, strict=True)
        if high > low
    ]
