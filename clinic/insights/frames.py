"""The assessed side of findings: which edition and year, and what the sheets of it say.

A frame is one framework edition and one year; a page shows one frame at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from clinic.assessments.arithmetic.scoring import points_per_node, score_sheet
from clinic.assessments.frameworks import edition_file, editions_by_key
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Node,
    OutcomeLink,
    Sheet,
)
from clinic.insights.models import Finding

EVALUATED = frozenset({"akip"})
"""Frameworks scored by an evaluator alone: their sheets hold no claims of the unit itself."""

DIGITS = 6
"""Points are read as a package holds them, so that both give the same findings."""

POINTS = ("max_points", "answered_points", "self_points", "reviewed_points", "reviewer_points")

Row = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """One framework edition and one year."""

    edition: FrameworkEdition
    period: int


@dataclass(frozen=True)
class FrameChoice:
    """A frame that a page offers, named in its address as in ``?lembar=zi-2021:2025``.

    Attributes:
        units: how many units have such a sheet, among those that the reader may see.
    """

    edition: FrameworkEdition
    period: int
    units: int

    @property
    def key(self) -> str:
        return f"{self.edition.slug}:{self.period}"

    @property
    def label(self) -> str:
        return f"{self.edition}, {self.period}"

    @property
    def counted(self) -> str:
        """The label with the number of units, as a list of choices shows it."""
        return ngettext(
            "%(choice)s: %(number)d unit", "%(choice)s: %(number)d units", self.units
        ) % {"choice": self.label, "number": self.units}


def choices(sheets: QuerySet[Sheet]) -> list[FrameChoice]:
    """Return the frames of these sheets, for a page of many units.

    Editions in force stand before history. Then those with most cells (units by change areas), so
    that one early import does not empty a page; then the newest.

    Args:
        sheets: those that the reader may see.
    """
    counted = sheets.order_by().values_list("edition", "period")
    rows = list(counted.annotate(units=Count("unit", distinct=True)))
    editions = editions_by_key()
    known = [FrameChoice(editions[edition], period, units) for edition, period, units in rows]
    return in_order_of_reading(known, fullest=True)


def in_order_of_reading(
    known: Iterable[FrameChoice], *, fullest: bool = False
) -> list[FrameChoice]:
    """Sort frames so that the first one is what a reader meets.

    Editions in force stand before history. Then those of the last year, and of one year those that
    tell of most change areas.

    Args:
        known: frames in whatever order.
        fullest: put those with most cells (units by change areas) before newer ones.
    """

    def rank(choice: FrameChoice) -> tuple[bool, int, int, int, str]:
        areas = _count_areas(choice.edition.pk, choice.edition.digest)
        cells = choice.units * areas if fullest else 0
        return (choice.edition.is_history, -cells, -choice.period, -areas, choice.edition.slug)

    return sorted(known, key=rank)


@lru_cache(maxsize=64)
def _count_areas(edition: int, _digest: str) -> int:
    """How many change areas an edition tells of; its tree is what the digest is taken over."""
    nodes = Node.objects.filter(edition=edition, area__isnull=False)
    return nodes.values("area").distinct().count()


@dataclass(frozen=True)
class AreaWorth:
    """What a change area is worth in an edition.

    Attributes:
        maximum: points of the area.
        linked: share of these points whose indicators are linked to an outcome, 0 to 1.
    """

    maximum: float
    linked: float


def find_frames(today: date) -> list[Frame]:
    """Return every edition and year that has a sheet; without any, the newest edition and today.

    The newest year comes first, within a year in the order of editions' names from the last.
    """
    pairs = Sheet.objects.order_by().values_list("edition", "period").distinct()
    return _make_frames(pairs) or _get_first_frame(today)


def find_offered(today: date) -> list[Frame]:
    """Return the frames that are worked anew: of each edition the newest year and the one before.

    An earlier year keeps the findings it had, with their date: to set what people know today beside
    a sheet of long ago would be no true sentence.
    """
    sheets = Sheet.objects.order_by()
    newest = dict(sheets.values_list("edition").annotate(Max("period")))
    earlier = Q()
    for edition, period in newest.items():
        earlier |= Q(edition=edition, period__lt=period)
    before = sheets.filter(earlier).values_list("edition").annotate(Max("period")) if newest else ()
    return _make_frames([*newest.items(), *before]) or _get_first_frame(today)


def find_outdated(unit: int, offered: Iterable[Frame]) -> list[Frame]:
    """Return the earlier years in which the unit lacks findings or has a sheet newer than they."""
    known = Finding.objects.filter(
        unit=unit, edition=OuterRef("edition"), period=OuterRef("period")
    )
    scored = AreaScore.objects.filter(sheet=OuterRef("pk"), max_points__gt=0)
    lacking = Sheet.objects.filter(~Exists(known), Exists(scored))
    changed = Sheet.objects.filter(
        Exists(known.filter(refreshed_at__lt=OuterRef("recorded_at"))), unit=unit
    )
    pairs = {
        pair
        for sheets in (lacking, changed)
        for pair in sheets.order_by().values_list("edition", "period").distinct()
    }
    return _make_frames(pairs - {(frame.edition.pk, frame.period) for frame in offered})


def _make_frames(pairs: Iterable[tuple[int, int]]) -> list[Frame]:
    listed = list(pairs)
    editions = FrameworkEdition.objects.defer("definition").in_bulk({pk for pk, _year in listed})
    frames = [Frame(editions[edition], period) for edition, period in listed]
    return sorted(frames, key=lambda frame: (frame.period, frame.edition.slug), reverse=True)


def _get_first_frame(today: date) -> list[Frame]:
    newest = FrameworkEdition.objects.exclude(status="superseded").order_by("-slug").first()
    return [Frame(newest, today.year)] if newest else []


def area_rows(edition: FrameworkEdition) -> list[Row]:
    """The change areas in display order, with the points that the edition gives them."""
    worth = worth_of_areas(edition)
    nothing = AreaWorth(0.0, 1.0)
    return [
        {
            "area": area.slug,
            "name": area.name,
            "max_points": worth.get(area.slug, nothing).maximum,
            "link_share": worth.get(area.slug, nothing).linked,
        }
        for area in ChangeArea.objects.all()
    ]


def worth_of_areas(edition: FrameworkEdition) -> Mapping[str, AreaWorth]:
    """The points of each change area that the edition scores."""
    maxima, points = _read_maxima(edition.pk, edition.digest)
    linked = _sum_linked_points(edition, points)
    return {
        area: AreaWorth(
            round(float(maximum), DIGITS),
            round(float(min(linked.get(area, Fraction(0)) / maximum, Fraction(1))), DIGITS),
        )
        for area, maximum in maxima.items()
        if maximum > 0
    }


def read_frames(
    chosen: Iterable[Frame], units: Collection[int]
) -> Mapping[tuple[int, int], list[Row]]:
    """What the sheets say, a row for each of these units and area, by edition and year."""
    wanted = Q(pk__in=())
    for frame in chosen:
        wanted |= Q(sheet__edition=frame.edition, sheet__period=frame.period)
    by_frame: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in _read(AreaScore.objects.filter(wanted, sheet__unit__in=units)):
        by_frame[row["edition"], row["period"]].append(row)
    return by_frame


def read_newest(units: Collection[int], *, period: int | None = None) -> list[Row]:
    """For each unit and area the sheet of the newest year, as an exported package holds them.

    Of two sheets of one year the edition that sorts last counts. Replaced editions only count when
    their year is asked for.

    Args:
        units: primary keys; sheets of others are left out.
        period: the only year to take.
    """
    wanted = Q(sheet__unit__in=units)
    if period is None:
        wanted &= ~Q(sheet__edition__status="superseded")
    else:
        wanted &= Q(sheet__period=period)
    scores = AreaScore.objects.filter(wanted).order_by("sheet__period", "sheet__edition__slug")
    return list({(score["unit"], score["area"]): score for score in _read(scores)}.values())


def _read(scores: QuerySet[AreaScore]) -> list[Row]:
    """The figures of sheets as a package holds them; an evaluator's points are reviewed ones too.

    The editions, each of which carries its whole file, stay where they are.
    """
    rows = []
    for unit, area, edition, period, framework, maximum, answered, score in scores.values_list(
        "sheet__unit",
        "area",
        "sheet__edition",
        "sheet__period",
        "sheet__edition__framework__slug",
        "max_points",
        "answered_points",
        "score",
    ):
        is_evaluated = framework in EVALUATED
        rows.append(
            {
                "unit": unit,
                "area": area,
                "edition": edition,
                "period": period,
                "max_points": float(maximum),
                "answered_points": float(answered),
                "self_points": float(score),
                "reviewed_points": float(answered) if is_evaluated else 0.0,
                "reviewer_points": float(score) if is_evaluated else 0.0,
                "self_scored": not is_evaluated,
            }
        )
    return rows


@lru_cache(maxsize=16)
def _read_maxima(
    edition: int, _digest: str
) -> tuple[Mapping[str, Fraction], Mapping[str, Fraction]]:
    """Return the points of each change area, and those of each node."""
    framework_file = edition_file(FrameworkEdition.objects.get(pk=edition))
    areas = score_sheet(framework_file, {}).areas
    maxima = {area: points.maximum for area, points in areas.items()}
    return maxima, points_per_node(framework_file)


def _sum_linked_points(
    edition: FrameworkEdition, nodes: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    """Points of each area that some outcome bears on, no node counted for more than its points."""
    weights: dict[tuple[str, str], Fraction] = {}
    links = OutcomeLink.objects.filter(node__edition=edition, node__area__isnull=False)
    for area, code, weight in links.values_list("node__area", "node__code", "weight"):
        weights[area, code] = weights.get((area, code), Fraction(0)) + Fraction(weight)
    linked: dict[str, Fraction] = {}
    for (area, code), whole in weights.items():
        points = nodes.get(code, Fraction(0)) * min(whole, Fraction(1))
        linked[area] = linked.get(area, Fraction(0)) + points
    return linked
