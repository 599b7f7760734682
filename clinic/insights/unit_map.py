"""The map: units by change area in official order, with points and the signs of findings.

Rows of a table in tree order, with those below a closed row left out; plain values only.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from clinic.assessments.frameworks import change_areas
from clinic.assessments.models import AreaScore, ChangeArea, Sheet
from clinic.insights import wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.frames import FrameChoice
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
class FoldedRow:
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
        step: length of one level of a path. Where a place of the path is not among the things, its
            part of the path stands for it.
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
) -> list[FoldedRow]:
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
    rows: list[FoldedRow] = []
    for top in sorted(tops, key=rank) if rank else tops:
        lower = below.get(top.key, [])
        is_open = bool(lower) and top.key in opened
        rows.append(FoldedRow(top.key, 0, len(lower), is_open))
        if is_open:
            lower = sorted(lower, key=rank) if rank else lower
            rows += [FoldedRow(each.key, 1, 0, is_open=False) for each in lower]
    return rows


def toggled(opened: Collection[str], key: str) -> list[str]:
    """The opened keys with this one turned over, in a fixed order."""
    return sorted(set(opened) ^ {key})


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
KINDS = {kind: place for place, kind in enumerate(Unit.Kind.values)}
MOST_LISTED, FEW_PEOPLE = 5, 3
ALONE = "~"
"""Ends the path of a row that others lie below in the tree, but not in the table."""
NONE_ASSESSED = "none"
NEEDS: dict[str, Any] = {
    Word.KNOWLEDGE_GAP.value: ngettext_lazy(
        "%(number)d unit needs learning", "%(number)d units need learning", "number"
    ),
    Word.PRACTICE_GAP.value: ngettext_lazy(
        "%(number)d unit needs coaching", "%(number)d units need coaching", "number"
    ),
    Word.HIDDEN_RISK.value: ngettext_lazy(
        "%(number)d unit needs its proof verified",
        "%(number)d units need their proof verified",
        "number",
    ),
}


ALSO_NEED: dict[str, Any] = {
    Word.PRACTICE_GAP.value: ngettext_lazy(
        "%(number)d needs coaching", "%(number)d need coaching", "number"
    ),
    Word.HIDDEN_RISK.value: ngettext_lazy(
        "%(number)d needs its proof verified", "%(number)d need their proof verified", "number"
    ),
}
"""As ``NEEDS`` says it after another of them."""


@dataclass(frozen=True)
class MapQuery:
    """What the reader asked to see.

    Attributes:
        opened: slugs of the offices whose units below stand open.
        word: a diagnosis; only units with a cell of it are shown. Empty for all.
    """

    choice: FrameChoice
    view: str = NOT_REACHED
    order: str = OFFICIAL
    opened: frozenset[str] = frozenset()
    word: str = ""

    def link(self, unit: Unit) -> str:
        """The address of the same map with the unit's rows opened or closed."""
        opened = "".join(f"&buka={slug}" for slug in toggled(self.opened, unit.slug))
        return f"{self.of_word(self.word)}{opened}#unit-{unit.slug}"

    def of_word(self, word: str) -> str:
        """The address of the same map with the units that have a cell of this word alone."""
        return self._of(self.order, word)

    def of_order(self, order: str) -> str:
        """The address of the same map in another order: a name of ``ORDERS``, or an area."""
        return self._of(order, self.word)

    def _of(self, order: str, word: str) -> str:
        chosen = f"?lembar={self.choice.key}&tampilan={self.view}&urut={order}"
        return f"{chosen}&kata={word}" if word else chosen


@dataclass
class UnitMap:
    """The table: columns, rows, sums over all units, and who has no sheet.

    Attributes:
        units: the head of the first column.
        assessed: the columns in one sentence, with what the framework leaves out.
    """

    areas: list[dict[str, Any]]
    units: dict[str, Any]
    assessed: str
    rows: list[dict[str, Any]]
    without: list[Unit]

    @property
    def count_without(self) -> str:
        """How many units have no such sheet."""
        return ngettext(
            "%(n)s unit without this sheet", "%(n)s units without this sheet", len(self.without)
        ) % {"n": len(self.without)}


@dataclass(frozen=True)
class Signs:
    """What the reader may see of findings.

    Attributes:
        readable: keys of the units of which the reader reads findings; the others show points.
        seen: the cells of these units that a job has made.
    """

    readable: frozenset[int]
    seen: Mapping[Place, Shown]


class AreaPoints(NamedTuple):
    """What a unit's sheet says of one change area."""

    score: Decimal
    not_reached: Decimal


@dataclass(frozen=True)
class WordCount:
    """How much of a map has one word: units, their cells, and points not yet reached in these."""

    word: str
    units: int
    cells: int
    points: Decimal

    @property
    def name(self) -> str:
        return str(wording.NAMES[self.word])

    @property
    def extent(self) -> str:
        """How many units and areas."""
        cells = ngettext("%(number)d area", "%(number)d areas", self.cells)
        return f"{self.counted_units}, {cells % {'number': self.cells}}"

    @property
    def counted_units(self) -> str:
        """How many units."""
        return ngettext("%(number)d unit", "%(number)d units", self.units) % {"number": self.units}


def read_words(points_of: "Points", signs: "Signs") -> Iterator[tuple[str, int, Decimal]]:
    """Yield the word of each cell, its unit's key and its points; a hidden cell has no word."""
    for unit, areas in points_of.items():
        for area, known in areas.items() if unit in signs.readable else ():
            shown = signs.seen.get((unit, area), wording.NOTHING_YET)
            if not shown.is_hidden:
                yield shown.word, unit, known.not_reached


def count_words(cells: Iterable[tuple[str, int, Decimal]]) -> list[WordCount]:
    """Count cells, as ``read_words`` gives them, by word, what needs an act first.

    A word without a cell is left out.
    """
    order = (*NEEDS, Word.SOUND.value, Word.UNKNOWN.value)
    by_word: dict[str, list[tuple[int, Decimal]]] = {word: [] for word in order}
    for word, unit, missing in cells:
        by_word[word].append((unit, missing))
    return [
        WordCount(
            word,
            units=len({unit for unit, _missing in some}),
            cells=len(some),
            points=sum((missing for _unit, missing in some), Decimal(0)),
        )
        for word, some in by_word.items()
        if some
    ]


def headline(counts: Sequence[WordCount]) -> str:
    """Say in one sentence how many units need what; empty where no cell has a word to act on."""
    words = {count.word: count for count in counts}
    found = [word for word in NEEDS if word in words]
    text = ", ".join(
        str((ALSO_NEED if place else NEEDS)[word] % {"number": words[word].units})
        for place, word in enumerate(found)
    )
    return f"{text[:1].upper()}{text[1:]}"


@dataclass(frozen=True)
class Candidate:
    """A unit of a shortlist: points of its cells of one word, and what is known of it.

    Attributes:
        area: the change area of these with most points, whose page says why.
    """

    unit: Unit
    points: Decimal
    reason: str
    area: str


@dataclass(frozen=True)
class Shortlist:
    """Whom to invite: units whose data are enough, and units whose data come first."""

    sure: list[Candidate]
    unsure: list[Candidate]


def shortlist(
    units: Iterable[Unit], points_of: "Points", signs: "Signs", areas: Collection[str] = ()
) -> Shortlist:
    """Choose the units with most points in cells that need learning, then in unknown cells.

    A unit stands in one list: who may be invited for what is known is not asked for more first.

    Args:
        units: all that the reader may see.
        points_of: what their sheets say.
        signs: what the reader may see of findings.
        areas: the change areas that the next event is about; all where it names none.
    """
    sure, unsure = [], []
    for unit in units:
        if unit.pk not in signs.readable:
            continue
        by_word: dict[str, list[tuple[Decimal, str, Shown]]] = {}
        for area, known in points_of.get(unit.pk, {}).items():
            shown = signs.seen.get((unit.pk, area), wording.NOTHING_YET)
            if not shown.is_hidden and (not areas or area in areas):
                by_word.setdefault(shown.word, []).append((known.not_reached, area, shown))
        gap = by_word.get(Word.KNOWLEDGE_GAP.value, [])
        unknown = by_word.get(Word.UNKNOWN.value, [])
        if sum(worth for worth, _area, _shown in gap) > 0:
            sure.append(_choose_candidate(unit, gap))
        elif sum(worth for worth, _area, _shown in unknown) > 0:
            unsure.append(_choose_candidate(unit, unknown))
    return Shortlist(*(sorted(some, key=lambda each: -each.points)[:MOST_LISTED]
                       for some in (sure, unsure)))  # fmt: skip


def _choose_candidate(unit: Unit, cells: list[tuple[Decimal, str, Shown]]) -> Candidate:
    """Add up a unit's cells of one word; what is lacking is told of the one with most points."""
    _worth, area, heaviest = max(cells, key=lambda cell: cell[0])
    told = _count_people(max(shown.answering for _worth, _area, shown in cells))
    more = next((each.more_answers for each in heaviest.reasons if each.more_answers), None)
    if heaviest.word == Word.UNKNOWN.value and more:
        needed = ngettext(
            "about %(number)d more answer needed", "about %(number)d more answers needed", more
        ) % {"number": more}
        told = f"{told}; {needed}"
    return Candidate(unit, sum((worth for worth, _area, _shown in cells), Decimal(0)), told, area)


def _count_people(people: int) -> str:
    if not people:
        return _("no quiz yet")
    told = ngettext("%(number)d person answered", "%(number)d people answered", people)
    few = people < FEW_PEOPLE
    words = told % {"number": people}
    return _("%(words)s, limited data") % {"words": words} if few else words


def standing(points_of: "Points", areas: Mapping[str, ChangeArea]) -> str:
    """Say how many points all units have not reached, and in which area most of them."""
    by_area: dict[str, Decimal] = {}
    for known in points_of.values():
        for area, value in known.items():
            by_area[area] = by_area.get(area, Decimal(0)) + value.not_reached
    if not sum(by_area.values()):
        return ""
    most = max(by_area, key=lambda area: by_area[area])
    number = len(points_of)
    return ngettext(
        "%(number)d unit has not reached %(points)s, most of them in %(area)s (%(most)s).",
        "%(number)d units have not reached %(points)s, most of them in %(area)s (%(most)s).",
        number,
    ) % {
        "number": number,
        "points": points(sum(by_area.values(), Decimal(0)), 1),
        "area": areas[most],
        "most": decimals(by_area[most], 1),
    }


Points = Mapping[int, Mapping[str, AreaPoints]]
"""By unit key and area slug; a unit without a sheet has no entry."""


def build_map(
    units: list[Unit],
    points_of: Points,
    shown: list[FoldedRow],
    *,
    query: MapQuery,
    signs: Signs,
    chosen: Collection[int] | None = None,
) -> UnitMap:
    """Lay the sheets of one edition and year out by unit and change area.

    Args:
        units: all that the reader may see, shown or not.
        points_of: what their sheets say.
        shown: the rows of the table.
        query: what the reader asked to see.
        signs: findings of the units that have a row.
        chosen: the units that the sums add up; None for all.
    """
    assessed = {slug for each in points_of.values() for slug in each}
    every = list(change_areas().values())
    areas = [area for area in every if area.slug in assessed]
    by_slug = {unit.slug: unit for unit in units}
    drawing = _MapDrawing(query, signs, points_of, areas)
    rows = [drawing.draw_row(by_slug[row.key], row) for row in shown]
    if rows:
        summed = points_of if chosen is None else {
            unit: known for unit, known in points_of.items() if unit in chosen
        }  # fmt: skip
        rows.append(_add_up(areas, summed, query.view))
    return UnitMap(
        areas=[
            {
                "label": str(area),
                "short": area.short_name,
                "url": f"{reverse('change_area', args=[area.slug])}?lembar={query.choice.key}",
                **_make_sort(query, area.slug, str(area)),
            }
            for area in areas
        ]
        + [{"label": _("Sum"), "short": _("Sum"), **_make_sort(query, BY_POINTS, _("Sum"))}],
        units=_make_sort(query, OFFICIAL, _("official order")),
        assessed=_name_areas(areas, [area for area in every if area.slug not in assessed]),
        rows=rows,
        without=[unit for unit in units if unit.pk not in points_of],
    )


def _make_sort(query: MapQuery, order: str, name: str) -> dict[str, Any]:
    """The link that sorts the rows by a column, and whether they are sorted by it."""
    return {
        "sort_url": query.of_order(order),
        "sort_label": _("Sort by %(column)s") % {"column": name},
        "sorted": query.order == order,
    }


def read_points(sheets: QuerySet[Sheet], choice: FrameChoice) -> dict[int, dict[str, AreaPoints]]:
    """What the sheets of one edition and year say, by unit key and area slug."""
    chosen = sheets.filter(edition=choice.edition, period=choice.period)
    rows = AreaScore.objects.filter(sheet__in=chosen).order_by()
    found: dict[int, dict[str, AreaPoints]] = {}
    for unit, area, score, maximum in rows.values_list(
        "sheet__unit", "area", "score", "max_points"
    ):
        found.setdefault(unit, {})[area] = AreaPoints(score, maximum - score)
    return found


def _name_areas(areas: list[ChangeArea], others: list[ChangeArea]) -> str:
    """Say how many areas the framework assesses, and which not; empty where it assesses all."""
    if not others:
        return ""
    if len(areas) == 1:
        return _("This framework assesses one change area: %(area)s.") % {"area": areas[0]}
    return _("This framework assesses %(number)d change areas; it does not assess: %(others)s.") % {
        "number": len(areas),
        "others": "; ".join(str(area) for area in others),
    }


def choose_rows(
    units: list[Unit], points_of: Points, query: MapQuery, chosen: Collection[int] | None = None
) -> list[FoldedRow]:
    """Units with a sheet, and offices without one that have such units below them.

    A regency that has a sheet of its own is a row among the others and holds none of them. With
    ``chosen`` these units alone are shown, none of them folded away.
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
    opened: Collection[str] = query.opened
    if chosen is not None:
        places = [place for place in places if by_slug[place.key].pk in chosen]
        opened = by_slug
    assessed = [place.path for place in places if by_slug[place.key].pk in points_of]
    shown = [
        place
        for place in in_order(places, step=Unit.steplen)
        if any(path.startswith(place.path) for path in assessed)
    ]

    def count_missing(place: RowPlace) -> Decimal:
        known = points_of.get(by_slug[place.key].pk, {})
        return -sum((each.not_reached for each in known.values()), Decimal(0))

    ranks: dict[str, Callable[[RowPlace], Any]] = {
        BY_POINTS: count_missing,
        BY_NAME: lambda place: by_slug[place.key].display_short_name.casefold(),
        BY_KIND: lambda place: KINDS[by_slug[place.key].kind],
    }
    rank = ranks.get(query.order)
    if query.order in change_areas():
        rank = lambda place: -_missing_in(points_of, by_slug[place.key], query.order)  # noqa: E731
    return fold(shown, opened=opened, rank=rank)


def _missing_in(points_of: Points, unit: Unit, area: str) -> Decimal:
    """Points not yet reached in an area; a unit without them comes last."""
    known = points_of.get(unit.pk, {})
    return known[area].not_reached if area in known else Decimal(-1)


class _MapDrawing:
    """Draws rows: a figure of the sheet, and the finding where it may be read.

    A map has hundreds of cells. What they share is put into words once, and one address is filled
    with the unit and the area of each.
    """

    def __init__(
        self, query: MapQuery, signs: Signs, points_of: Points, areas: list[ChangeArea]
    ) -> None:
        choice = query.choice
        self.query, self.signs, self.points_of = query, signs, points_of
        self.areas = [(area.slug, str(area)) for area in areas]
        self.view = str(VIEWS[query.view])
        figures = [
            [_choose_figure(each, query.view) for each in known.values()]
            for known in points_of.values()
        ]
        self.most = max((value for some in figures for value in some), default=Decimal(0))
        self.most_of_row = max((sum(some, Decimal(0)) for some in figures), default=Decimal(0))
        self.to_match = _("check the proof, no point is left to reach")
        self.not_assessed = {
            "tone": NONE_ASSESSED,
            "label": _("not assessed in this framework"),
        }
        self.without_sheet = {
            "tone": NONE_ASSESSED,
            "label": _("There is no LKE of this year yet."),
        }
        kwargs = {"area": "AREA", "edition": choice.edition.slug, "period": str(choice.period)}
        self.finding = reverse("finding", kwargs={"unit": "UNIT", **kwargs})
        self.profile = f"{reverse('unit_profile', args=['UNIT'])}?lembar={choice.key}"

    def draw_row(self, unit: Unit, row: FoldedRow) -> dict[str, Any]:
        known = self.points_of.get(unit.pk, {})
        cells = [self.without_sheet] * len(self.areas)
        if known:
            cells = [
                self._draw_cell(unit, slug, name, known[slug])
                if slug in known
                else self.not_assessed
                for slug, name in self.areas
            ]
        return {
            "id": f"unit-{unit.slug}",
            "name": unit.display_short_name,
            "title": unit.name,
            "url": self.profile.replace("UNIT", unit.slug, 1),
            "is_below": row.depth > 0,
            "fold": self._draw_fold(unit, row),
            "cells": [*cells, self._draw_total(known)],
        }

    def _draw_total(self, known: Mapping[str, AreaPoints]) -> dict[str, Any]:
        """The sum of a row; nothing where there is no sheet."""
        figures = [_choose_figure(each, self.query.view) for each in known.values()]
        text = decimals(sum(figures, Decimal(0)), 1) if figures else "–"
        share = _share(sum(figures, Decimal(0)), self.most_of_row) if figures else ""
        return {"tone": NONE_ASSESSED, "label": text, "text": text, "share": share}

    def _draw_fold(self, unit: Unit, row: FoldedRow) -> dict[str, Any] | None:
        """The link that opens or closes what lies below a unit; None where nothing does."""
        if not row.below or self.query.word:
            return None
        words = _("Close the units below %(unit)s")
        if not row.is_open:
            words = _("Open the units below %(unit)s")
        number = ngettext("%(number)d unit below", "%(number)d units below", row.below)
        return {
            "url": self.query.link(unit),
            "label": number % {"number": row.below},
            "said": words % {"unit": unit.display_short_name},
            "is_open": row.is_open,
        }

    def _draw_cell(self, unit: Unit, area: str, name: str, known: AreaPoints) -> dict[str, Any]:
        value = _choose_figure(known, self.query.view)
        figure = f"{self.view}: {points(value, 1)}"
        shown = self.signs.seen.get((unit.pk, area), wording.NOTHING_YET)
        if wording.is_calm(shown, known.not_reached):
            figure = f"{figure}, {self.to_match}"
        share = _share(value, self.most)
        if unit.pk not in self.signs.readable:
            return {
                "tone": "hidden",
                "points": value,
                "share": share,
                "url": f"{self.profile.replace('UNIT', unit.slug, 1)}#{area}",
                "label": f"{unit.display_short_name}, {name}, {figure}",
            }
        return wording.heat_cell(
            shown,
            unit=unit.display_short_name,
            area=name,
            points=(value, figure),
            share=share,
            url=self.finding.replace("UNIT", unit.slug, 1).replace("AREA", area, 1),
        )


def _share(value: Decimal, most: Decimal) -> str:
    """How much of the width of a bar a value takes."""
    return f"{100 * value / most:.0f}%" if most > 0 else "0%"


def _choose_figure(known: AreaPoints, view: str) -> Decimal:
    return known.score if view == SCORE else known.not_reached


def _add_up(areas: list[ChangeArea], points_of: Points, view: str) -> dict[str, Any]:
    """Sums over every unit of the map, those of closed rows included."""
    cells = []
    for area in areas:
        known = [
            _choose_figure(each[area.slug], view)
            for each in points_of.values()
            if area.slug in each
        ]
        label = decimals(sum(known, Decimal(0)), 1) if known else "–"
        cells.append({"tone": NONE_ASSESSED, "label": label, "text": label})
    whole = [_choose_figure(each, view) for known in points_of.values() for each in known.values()]
    label = decimals(sum(whole, Decimal(0)), 1)
    cells.append({"tone": NONE_ASSESSED, "label": label, "text": label})
    number = len(points_of)
    name = ngettext(
        "Sum of the points of %(number)d unit", "Sum of the points of %(number)d units", number
    )
    return {"name": name % {"number": number}, "url": "", "cells": cells}
