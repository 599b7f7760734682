"""The map: units by change area in official order, with points and the signs of findings.

Rows of a table in tree order, with those below a closed row left out; plain values only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.assessments.models import AreaScore, ChangeArea, Sheet
from clinic.insights import wording
from clinic.insights.assessed import Choice, profile_url
from clinic.insights.profile import address
from clinic.insights.reading import Place, Shown
from clinic.lib.templatetags.ui import decimals, points
from clinic.people.models import Unit


@dataclass(frozen=True)
class RowPlace:
    """A thing among the rows.

    Attributes:
        key: its name in the address.
        path: its place in the tree; a path that begins with another's lies below it.
        order: official order among its siblings, then its name.
    """

    key: str
    path: str
    order: tuple[int, str]


@dataclass(frozen=True)
class Row:
    """A row that is shown.

    Attributes:
        depth: 0 for a row of the top, 1 for one below an open row.
        below: how many rows lie below it, shown or not.
    """

    key: str
    depth: int
    below: int
    is_open: bool


def in_order(places: Sequence[RowPlace], *, step: int) -> list[RowPlace]:
    """Sort by official order along the tree, a thing before what lies below it.

    Args:
        places: the things, in whatever order.
        step: length of one storey of a path. Where a place of the path is not among the things,
            its part of the path stands for it.
    """
    orders = {place.path: place.order for place in places}

    def along(place: RowPlace) -> list[tuple[int, str]]:
        ends = range(step, len(place.path) + 1, step)
        parts = [place.path[:end] for end in ends]
        return [orders.get(part, (0, part)) for part in parts]

    return sorted(places, key=along)


def fold(
    ordered: Sequence[RowPlace],
    *,
    opened: Collection[str],
    rank: Callable[[RowPlace], Any] | None = None,
) -> list[Row]:
    """The rows to show: the top ones, and what lies below the opened ones.

    Args:
        ordered: things in official order, each after the one it lies below.
        opened: keys of the rows that are open.
        rank: another order; the rows below a row stay with it, and ties keep the official order.
    """
    tops: list[RowPlace] = []
    below: dict[str, list[RowPlace]] = {}
    for place in ordered:
        if tops and place.path.startswith(tops[-1].path):
            below.setdefault(tops[-1].key, []).append(place)
        else:
            tops.append(place)
    rows: list[Row] = []
    for top in _ranked(tops, rank):
        rows += _with_those_below(top, _ranked(below.get(top.key, []), rank), opened)
    return rows


def _ranked(places: list[RowPlace], rank: Callable[[RowPlace], Any] | None) -> list[RowPlace]:
    return sorted(places, key=rank) if rank else places


def _with_those_below(top: RowPlace, below: list[RowPlace], opened: Collection[str]) -> list[Row]:
    is_open = bool(below) and top.key in opened
    first = Row(top.key, 0, len(below), is_open)
    return [first, *(Row(each.key, 1, 0, is_open=False) for each in below if is_open)]


def toggled(opened: Collection[str], key: str) -> list[str]:
    """The opened keys with this one turned over, in a fixed order."""
    return sorted(set(opened) ^ {key})


def ranks_of(order: Sequence[str]) -> Mapping[str, int]:
    """The place of each name in a list."""
    return {name: place for place, name in enumerate(order)}


NOT_REACHED, SCORE = "belum-diraih", "nilai"
VIEWS: dict[str, Promise] = {
    NOT_REACHED: gettext_lazy("Points not yet reached"),
    SCORE: gettext_lazy("LKE score"),
}
OFFICIAL, BY_POINTS, BY_NAME, BY_KIND = "resmi", "poin", "nama", "jenis"
ORDERS: dict[str, Promise] = {
    OFFICIAL: gettext_lazy("Official order"),
    BY_POINTS: gettext_lazy("Most points not yet reached first"),
    BY_NAME: gettext_lazy("By name"),
    BY_KIND: gettext_lazy("By kind of unit"),
}
KINDS = ranks_of(Unit.Kind.values)
HEAVIEST = 3
ALONE = "~"
"""Ends the path of a row that others lie below in the tree, but not in the table."""
Cell = dict[str, Any]
Scores = Mapping[int, Mapping[str, AreaScore]]


@dataclass(frozen=True)
class Wish:
    """What the reader asked to see.

    Attributes:
        opened: slugs of the offices whose units below stand open.
        query: the address's other choices, for links that open and close a row.
    """

    choice: Choice
    view: str = NOT_REACHED
    order: str = OFFICIAL
    opened: frozenset[str] = frozenset()

    def link(self, unit: Unit) -> str:
        """The address of the same map with the unit's rows opened or closed."""
        opened = "".join(f"&buka={slug}" for slug in toggled(self.opened, unit.slug))
        chosen = f"lembar={self.choice.key}&tampilan={self.view}&urut={self.order}"
        return f"?{chosen}{opened}#unit-{unit.slug}"


@dataclass
class UnitMap:
    """The table: columns, rows, sums over all units, and who has no sheet.

    Attributes:
        assessed: the columns in one sentence, with what the framework leaves out.
    """

    areas: list[dict[str, str]]
    assessed: str
    rows: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    without: list[Unit]


@dataclass(frozen=True)
class Signs:
    """What the reader may see of findings.

    Attributes:
        readable: keys of the units of which the reader reads findings; the others show points.
        seen: the cells of these units that a job has made.
    """

    readable: frozenset[int]
    seen: Mapping[Place, Shown]


@dataclass(frozen=True)
class _Drawing:
    """What the cells of a map show: a figure of the sheet, and the finding where it may be read."""

    wish: Wish
    scores: Scores
    signs: Signs

    @property
    def view(self) -> str:
        return self.wish.view

    def profile(self, unit: Unit) -> str:
        """The unit's profile, opened at the edition and year of the map."""
        return f"{profile_url(unit)}?lembar={self.wish.choice.key}"


def build_map(units: list[Unit], sheets: QuerySet[Sheet], wish: Wish, signs: Signs) -> UnitMap:
    """Lay the sheets of one edition and year out by unit and change area."""
    scores = _scores(sheets, wish.choice)
    told = {slug for each in scores.values() for slug in each}
    every = list(ChangeArea.objects.all())
    areas = [area for area in every if area.slug in told]
    drawing = _Drawing(wish, scores, signs)
    by_slug = {unit.slug: unit for unit in units}
    shown = _rows_shown(units, scores, wish)
    rows = [_row(by_slug[row.key], row, areas, drawing) for row in shown]
    if rows:
        rows.append(_sums(areas, scores, wish.view))
    return UnitMap(
        areas=[{"label": str(area), "url": _area_url(area, wish.choice)} for area in areas],
        assessed=_assessed(areas, [area for area in every if area.slug not in told]),
        rows=rows,
        lists=[_heaviest(by_slug[row.key], row, drawing) for row in shown],
        without=[unit for unit in units if unit.pk not in scores],
    )


def _assessed(areas: list[ChangeArea], others: list[ChangeArea]) -> str:
    """Say how many areas the framework assesses, and which not; empty where it assesses all."""
    if not others:
        return ""
    if len(areas) == 1:
        return _("This framework assesses one change area: %(area)s.") % {"area": areas[0]}
    return _("This framework assesses %(number)d change areas; it does not assess: %(others)s.") % {
        "number": len(areas),
        "others": "; ".join(str(area) for area in others),
    }


def _area_url(area: ChangeArea, choice: Choice) -> str:
    """The page of the area, at the edition and year of the map."""
    return f"{reverse('change_area', kwargs={'slug': area.slug})}?lembar={choice.key}"


def _scores(sheets: QuerySet[Sheet], choice: Choice) -> dict[int, dict[str, AreaScore]]:
    chosen = sheets.filter(edition__slug=choice.edition, period=choice.period)
    found: dict[int, dict[str, AreaScore]] = {}
    for score in AreaScore.objects.filter(sheet__in=chosen).select_related(
        "sheet__edition", "sheet__unit", "area"
    ):
        found.setdefault(score.sheet.unit_id, {})[score.area_id] = score
    return found


def _rows_shown(units: list[Unit], scores: Scores, wish: Wish) -> list[Row]:
    """Units with a sheet, and offices without one that have such units below them.

    A regency that has a sheet of its own is a row among the others and holds none of them.
    """
    by_slug = {unit.slug: unit for unit in units}
    places = [
        RowPlace(
            unit.slug,
            f"{unit.path}{ALONE if unit.is_root() else ''}",
            (unit.order, unit.name),
        )
        for unit in units
    ]
    ordered = in_order(places, step=Unit.steplen)
    assessed = [place.path for place in places if by_slug[place.key].pk in scores]
    kept = [each for each in ordered if any(path.startswith(each.path) for path in assessed)]
    return fold(kept, opened=wish.opened, rank=_rank(wish.order, by_slug, scores))


def _rank(order: str, units: Mapping[str, Unit], scores: Scores) -> Any:
    """The key of a chosen order; None for the official one."""

    def most_points(place: RowPlace) -> Decimal:
        missing = (score.not_yet_reached for score in _of(units[place.key], scores).values())
        return -sum(missing, Decimal(0))

    return {
        BY_POINTS: most_points,
        BY_NAME: lambda place: units[place.key].display_short_name.casefold(),
        BY_KIND: lambda place: KINDS[units[place.key].kind],
    }.get(order)


def _of(unit: Unit, scores: Scores) -> Mapping[str, AreaScore]:
    return scores.get(unit.pk, {})


def _value(score: AreaScore, view: str) -> Decimal:
    return Decimal(score.score if view == SCORE else score.not_yet_reached)


def _row(unit: Unit, row: Row, areas: list[ChangeArea], drawing: _Drawing) -> dict[str, Any]:
    known = _of(unit, drawing.scores)
    cells = [_cell(unit, area, known.get(area.slug), drawing) for area in areas]
    if not known:
        nothing = {"tone": "none", "label": _("There is no LKE of this year yet.")}
        cells = [nothing for _area in areas]
    return {
        "id": f"unit-{unit.slug}",
        "name": unit.display_short_name,
        "url": drawing.profile(unit),
        "is_below": row.depth > 0,
        "fold": _fold(unit, row, drawing.wish),
        "cells": cells,
    }


def _fold(unit: Unit, row: Row, wish: Wish) -> dict[str, Any] | None:
    """The link that opens or closes what lies below a unit; None where nothing does."""
    if not row.below:
        return None
    label = ngettext("%(number)d unit below", "%(number)d units below", row.below) % {
        "number": row.below
    }
    named = {"unit": unit.display_short_name}
    said = _("Open the units below %(unit)s") % named
    if row.is_open:
        said = _("Close the units below %(unit)s") % named
    return {
        "url": wish.link(unit),
        "label": label,
        "said": said,
        "is_open": row.is_open,
    }


def _cell(unit: Unit, area: ChangeArea, score: AreaScore | None, drawing: _Drawing) -> Cell:
    if score is None:
        return {"tone": "none", "label": _("not assessed in this framework")}
    value = _value(score, drawing.view)
    told = f"{VIEWS[drawing.view]}: {points(value, 1)}"
    shown = drawing.signs.seen.get((unit.pk, area.slug), wording.NOTHING_YET)
    if wording.is_calm(shown, score.not_yet_reached):
        told = f"{told}, {_('match the proof, no point is left to reach')}"
    if unit.pk not in drawing.signs.readable:
        return {
            "tone": "hidden",
            "points": value,
            "url": f"{drawing.profile(unit)}#{area.slug}",
            "label": f"{unit.display_short_name}, {area}, {told}",
        }
    return wording.heat_cell(
        shown,
        unit=unit.display_short_name,
        area=str(area),
        points=(value, told),
        url=address(unit, area.slug, edition=score.sheet.edition, period=score.sheet.period),
    )


def _sums(areas: list[ChangeArea], scores: Scores, view: str) -> dict[str, Any]:
    """Sums over every unit of the map, those of closed rows included."""
    cells = []
    for area in areas:
        known = [_value(each[area.slug], view) for each in scores.values() if area.slug in each]
        label = decimals(sum(known, Decimal(0)), 1) if known else "–"
        cells.append({"tone": "none", "label": label, "text": label})
    name = ngettext(
        "Sum of the points of %(number)d unit", "Sum of the points of %(number)d units", len(scores)
    ) % {"number": len(scores)}
    return {"name": name, "url": "", "cells": cells}


def _heaviest(unit: Unit, row: Row, drawing: _Drawing) -> dict[str, Any]:
    ordered = sorted(_of(unit, drawing.scores).values(), key=lambda score: -score.not_yet_reached)
    lines = []
    for score in ordered[:HEAVIEST]:
        if score.not_yet_reached > 0:
            line = f"{score.area}: {points(score.not_yet_reached, 1)}"
            shown = drawing.signs.seen.get((unit.pk, score.area_id))
            sign = wording.SIGNS[shown.tag] if shown else ("", "", "")
            lines.append(
                {
                    "text": f"{line}, {wording.state_of(shown)}" if shown else line,
                    "letter": sign[1],
                    "shape": sign[2],
                }
            )
    return {
        "name": unit.name,
        "url": drawing.profile(unit),
        "lines": lines,
        "is_below": row.depth > 0,
        "fold": _fold(unit, row, drawing.wish),
    }
