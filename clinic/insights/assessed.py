"""The assessed side of a unit's profile: points by change area, and what the sheet lacks."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import AreaScore, ChangeArea, FrameworkEdition, Node, Sheet
from clinic.assessments.report_page import Goal, goals_of
from clinic.assessments.sheets import rows_of
from clinic.assessments.workbook.report import distance_as_plain, threshold_as_plain
from clinic.lib.templatetags.ui import decimals, points
from clinic.people.models import Unit


@dataclass(frozen=True)
class Choice:
    """One framework edition and year, as the address names it: ``zi-2021:2025``.

    Attributes:
        units: how many units have such a sheet, among those that the reader may see.
    """

    edition: str
    period: int
    label: str
    units: int = 0

    @property
    def key(self) -> str:
        return f"{self.edition}:{self.period}"

    @property
    def counted(self) -> str:
        """The label with the number of units, as a list of choices shows it."""
        return ngettext(
            "%(choice)s: %(number)d unit", "%(choice)s: %(number)d units", self.units
        ) % {"choice": self.label, "number": self.units}


def choices(sheets: QuerySet[Sheet], *, fullest: bool = False) -> list[Choice]:
    """Return the editions and years that have sheets; the first one is what a reader meets.

    Editions in force stand before history. Then those of the last year, and of one year those that
    tell of most change areas.

    Args:
        sheets: those that the reader may see.
        fullest: put the editions and years with most cells (units by change areas) first, and the
            newest of equal ones; so that one early import does not empty a page of many units.
    """
    found = Counter(
        (sheet.period, sheet.edition) for sheet in sheets.select_related("edition").distinct()
    )
    areas = dict(
        Node.objects.filter(edition__in={edition for _year, edition in found}, area__isnull=False)
        .values_list("edition")
        .annotate(areas=Count("area", distinct=True))
        .order_by("edition")
    )

    def rank(key: tuple[int, FrameworkEdition]) -> tuple[bool, int, int, int, str]:
        period, edition = key
        told = areas.get(edition.pk, 0)
        cells = found[key] * told if fullest else 0
        return (edition.is_history, -cells, -period, -told, edition.slug)

    return [
        Choice(edition.slug, period, f"{edition}, {period}", found[period, edition])
        for period, edition in sorted(found, key=rank)
    ]


def profile_url(unit: Unit) -> str:
    """Return the address of a unit's profile."""
    return reverse("unit_profile", kwargs={"slug": unit.slug})


def profile_blocks(
    sheet: Sheet | None, sheet_address: str, *, reads_findings: bool = True
) -> list[dict[str, Any]]:
    """Return the four blocks of a profile: score by area, weak, unknown, next steps.

    Args:
        sheet: None where the unit has none.
        sheet_address: where its rows are read, or where one is uploaded.
        reads_findings: whether the reader may learn what people answered; an operator does not.
    """
    scores = {s.area_id: s for s in sheet.area_scores.select_related("area")} if sheet else {}
    weak = sorted(scores.values(), key=lambda score: -score.not_yet_reached)
    return [
        {
            "id": "yang-diketahui",
            "title": _("LKE score by change area"),
            "lines": [_known(score) for score in scores.values()],
            "empty": _("There is no LKE yet."),
        },
        {
            "id": "yang-lemah",
            "title": _("What is weak, by points"),
            "lines": [_weak(s, sheet_address) for s in weak if s.not_yet_reached > 0],
            "empty": _("Nothing is known to be weak."),
        },
        {
            "id": "yang-belum-diketahui",
            "title": _("What is not known yet"),
            "lines": _unknown(scores, sheet) if reads_findings else [],
            "empty": _("Quiz results are not shown for your role."),
        },
        {
            "id": "langkah-berikut",
            "title": _("Next steps"),
            "lines": _steps(sheet, sheet_address),
            "empty": _("Nothing is left to do in the sheet."),
        },
    ]


def _unknown(scores: dict[str, AreaScore], sheet: Sheet | None) -> list[dict[str, Any]]:
    """The areas that the sheet's framework assesses; every area where there is no sheet."""
    areas = [score.area for score in scores.values()] if sheet else ChangeArea.objects.all()
    cause = _("no quiz yet") if sheet else _("no LKE yet")
    return [{"text": str(area), "diagnosis": "unknown", "cause": cause} for area in areas]


def _known(score: AreaScore) -> dict[str, Any]:
    text = _("%(area)s: %(score)s of %(points)s") % {
        "area": score.area,
        "score": decimals(score.score, 2),
        "points": points(score.max_points, 2),
    }
    return {"text": text}


def _weak(score: AreaScore, sheet_address: str) -> dict[str, Any]:
    text = _("%(area)s: %(points)s not yet reached") % {
        "area": score.area,
        "points": points(score.not_yet_reached, 1),
    }
    hint = _("%(rows)s rows not filled in") % {"rows": score.unanswered}
    return {
        "text": text,
        "url": f"{sheet_address}?saring=belum-diraih",
        "hint": hint if score.unanswered else "",
    }


def _steps(sheet: Sheet | None, sheet_address: str) -> list[dict[str, str]]:
    if sheet is None:
        return [{"text": _("Upload an LKE"), "url": sheet_address}]
    steps = [
        {"text": _("Add links to proof"), "url": f"{sheet_address}?saring=tanpa-bukti"},
        {
            "text": _("Look at the rows below their maximum"),
            "url": f"{sheet_address}?saring=belum-diraih",
        },
    ]
    if sheet.unanswered:
        missing = {"text": _("Fill in the missing rows"), "url": f"{sheet_address}?saring=kosong"}
        steps.insert(0, missing)
    return steps


def goals_of_sheet(sheet: Sheet) -> list[Goal]:
    """Hold a recorded sheet against every test of its edition; nothing is declared yet."""
    framework = edition_file(sheet.edition)
    score = score_sheet(framework, {code: row.value for code, row in rows_of(sheet).items()})
    return goals_of(
        framework,
        thresholds=[threshold_as_plain(framework, test.id) for test in framework.thresholds],
        distances={
            test.id.casefold(): distance_as_plain(distance(framework, score, test.id))
            for test in framework.thresholds
        },
    )
