"""Officials' pages: the map of units by change area, a unit's profile, findings."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.assessments.models import ChangeArea, FrameworkEdition, Sheet
from clinic.assessments.sheets import sheet_url
from clinic.insights import area_page, charts, explaining, profile, reading, wording
from clinic.insights.assessed import (
    Choice,
    choices,
    goals_of_sheet,
    profile_blocks,
    profile_url,
)
from clinic.insights.frames import Frame
from clinic.insights.unit_map import (
    NOT_REACHED,
    OFFICIAL,
    ORDERS,
    VIEWS,
    Signs,
    UnitMap,
    Wish,
    build_map,
)
from clinic.people.access import policy, visible
from clinic.people.models import Unit

READING_METHODS = ("GET", "HEAD")


class MapForm(forms.Form):
    """What the map shows."""

    lembar = forms.ChoiceField(label=_("Framework and year"), required=False)
    tampilan = forms.ChoiceField(label=_("Show"), choices=list(VIEWS.items()), required=False)
    urut = forms.ChoiceField(label=_("Order"), choices=list(ORDERS.items()), required=False)

    def __init__(self, *args: Any, known: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lembar"].choices = [(choice.key, choice.counted) for choice in known]


def _chosen(request: HttpRequest, known: list[Choice]) -> Choice | None:
    wanted = request.GET.get("lembar")
    return next((each for each in known if each.key == wanted), known[0] if known else None)


@policy("read-sheet")
@require_safe
@never_cache
def unit_map(request: HttpRequest) -> HttpResponse:
    """Show one framework and year: units in official order, change areas across."""
    sheets = visible(request.user, "read-sheet", Sheet.objects.all())
    known = choices(sheets, fullest=True)
    wish = _wish(request, _chosen(request, known))
    context = {"form": MapForm(known=known), "map": None}
    if wish is not None:
        initial = {"lembar": wish.choice.key, "tampilan": wish.view, "urut": wish.order}
        today = Unit.objects.valid_on(timezone.localdate())
        units = list(visible(request.user, "read-sheet", today))
        context = {
            "form": MapForm(initial, known=known),
            "choice": wish.choice,
            "view": VIEWS[wish.view],
            "order": ORDERS[wish.order],
            "map": _map(request, units, wish),
            "signs": wording.legend() if reading.reads_findings(request.user) else [],
        }
    return render(request, "insights/map.html", context)


def _wish(request: HttpRequest, choice: Choice | None) -> Wish | None:
    """Return what the address asks for, with the usual choice for a word that does not exist."""
    if choice is None:
        return None
    view, order = request.GET.get("tampilan"), request.GET.get("urut")
    return Wish(
        choice,
        view if view in VIEWS else NOT_REACHED,
        order if order in ORDERS else OFFICIAL,
        frozenset(request.GET.getlist("buka")),
    )


def _map(request: HttpRequest, units: list[Unit], wish: Wish) -> UnitMap:
    """Return the table with the signs that the reader may see; a look of the staff is logged."""
    signs = Signs(frozenset(), {})
    if reading.reads_findings(request.user):
        edition = FrameworkEdition.objects.get(slug=wish.choice.edition)
        audiences = reading.audiences_of(request.user, units)
        seen = reading.cells(request.user, units, edition=edition, period=wish.choice.period)
        signs = Signs(frozenset(pk for pk, audience in audiences.items() if audience), seen)
        reading.log_look(request.user, audiences.values(), thing=edition, page=request.path)
    sheets = visible(request.user, "read-sheet", Sheet.objects.all())
    return build_map(units, sheets, wish, signs)


@policy("read-sheet")
@never_cache
def unit_profile(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the sheets say of one unit; understanding is unknown until there are answers."""
    unit = get_object_or_404(visible(request.user, "read-sheet", Unit.objects.all()), slug=slug)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    sheets = visible(request.user, "read-sheet", Sheet.objects.with_context()).filter(unit=unit)
    known = choices(sheets)
    choice = _chosen(request, known)
    sheet = None
    address = f"{reverse('sheet_import')}?unit={unit.slug}"
    if choice is not None:
        sheet = sheets.get(edition__slug=choice.edition, period=choice.period)
        address = sheet_url(sheet)
    found = _found(request, unit, sheet)
    scores = list(sheet.area_scores.select_related("area")) if sheet else []
    context = {
        "unit": unit,
        "sheet": sheet,
        "sheet_address": address,
        "blocks": profile.blocks(found) if found else _blocks_of_sheet(request, sheet, address),
        "points_chart": charts.points_chart(scores),
        "understanding_chart": charts.understanding_chart(found.cells) if found else None,
        "history_chart": charts.history_chart(_years(sheets, sheet)),
        "tests": goals_of_sheet(sheet) if sheet else [],
        "tabs": _tabs(known, choice),
    }
    return render(request, "insights/unit_profile.html", context)


def _blocks_of_sheet(
    request: HttpRequest, sheet: Sheet | None, address: str
) -> list[dict[str, Any]]:
    """The sheet's side alone: nobody has answered, or the reader reads no finding of the unit."""
    reads = sheet is None or reading.audience_of(request.user, sheet.unit) is not None
    return profile_blocks(sheet, address, reads_findings=reads)


def _found(request: HttpRequest, unit: Unit, sheet: Sheet | None) -> profile.Profile | None:
    """Return the findings that the reader may see; None where the sheet's side is all there is."""
    audience = reading.audience_of(request.user, unit)
    if sheet is None or audience is None:
        return None
    rows = sheet_url(sheet) if reading.reads_rows(request.user, unit) else ""
    found = profile.profile(
        request.user, unit, edition=sheet.edition, period=sheet.period, rows=rows
    )
    reading.log_look(request.user, [audience], thing=unit, page=request.path)
    return None if found is None or found.is_silent else found


def _years(sheets: QuerySet[Sheet], sheet: Sheet | None) -> list[Sheet]:
    """Return the unit's sheets of the same framework, whatever their edition and year."""
    return list(sheets.filter(edition__framework=sheet.edition.framework)) if sheet else []


@policy("read-sheet")
@never_cache
@require_safe
def change_area(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one change area: units by understanding and by their sheet, and the heaviest rows."""
    area = get_object_or_404(ChangeArea, slug=slug)
    sheets = visible(request.user, "read-sheet", Sheet.objects.all())
    known = choices(sheets.filter(area_scores__area=area), fullest=True)
    choice = _chosen(request, known)
    context = {"area": area, "tabs": _tabs(known, choice), "choice": choice}
    if choice is not None:
        edition = FrameworkEdition.objects.get(slug=choice.edition)
        scores = area_page.scores_of(sheets, area, edition, choice.period)
        seen = _seen(request, [score.sheet.unit for score in scores], edition, choice.period)
        context |= {
            "scores": scores,
            "chart": area_page.scatter(scores, seen) if seen else None,
            "reads_findings": seen is not None,
            "rows": area_page.heaviest(sheets, area, edition, choice.period),
        }
    return render(request, "insights/change_area.html", context)


def _seen(
    request: HttpRequest, units: list[Unit], edition: FrameworkEdition, period: int
) -> Mapping[reading.Place, reading.Shown] | None:
    """Return what the reader may see of these units; None for who reads no finding of any."""
    audiences = reading.audiences_of(request.user, units)
    if not any(audiences.values()):
        return None
    reading.log_look(request.user, audiences.values(), thing=edition, page=request.path)
    return reading.cells(request.user, units, edition=edition, period=period)


def _tabs(known: list[Choice], choice: Choice | None) -> list[dict[str, Any]]:
    return [
        {"label": each.label, "url": f"?lembar={each.key}", "current": each == choice}
        for each in known
    ]


@policy("read-finding")
def finding(
    request: HttpRequest, *, unit: str, area: str, edition: str, period: str
) -> HttpResponse:
    """The page "why?" behind a word: who and what it rests on, and what would change it."""
    found_unit = get_object_or_404(reading.units_read(request.user), slug=unit)
    found_area = get_object_or_404(ChangeArea, slug=area)
    found_edition = get_object_or_404(FrameworkEdition, slug=edition)
    if not period.isdigit() or not explaining.is_scored(found_edition, found_area):
        raise Http404
    year = int(period)
    audience = reading.audience_of(request.user, found_unit)
    shown = reading.cell(request.user, found_unit, area, edition=found_edition, period=year)
    reading.log_look(request.user, [audience], thing=found_unit, page=request.path)
    context = {
        "unit": found_unit,
        "area": found_area,
        "edition": found_edition,
        "period": year,
        "shown": shown,
        **_behind(request, found_unit, found_area, shown, frame=Frame(found_edition, year)),
    }
    return render(request, "insights/finding.html", context)


def _behind(
    request: HttpRequest, unit: Unit, area: ChangeArea, shown: reading.Shown | None, *, frame: Frame
) -> dict[str, Any]:
    """What the page of a finding says beside its word; rows and profile for who reads sheets."""
    edition, year = frame.edition, frame.period
    with_rows = reading.reads_rows(request.user, unit)
    assessed = explaining.assessed(unit, area, edition, year, with_rows=with_rows)
    found: dict[str, Any] = {"assessed": assessed, "rows_address": "", "profile_address": ""}
    if with_rows:
        found["profile_address"] = f"{profile_url(unit)}?lembar={edition.slug}:{year}"
        found["rows_address"] = sheet_url(assessed.figures.sheet) if assessed else ""
    if shown is None:
        return found
    outcomes = explaining.outcomes_of_area(assessed, area, edition)
    line = profile.line(
        request.user, unit, area, shown, rows=found["rows_address"], outcomes=outcomes
    )
    return {
        **found,
        "said": explaining.spoken(shown, assessed, year),
        "step": profile.step(line),
        "telling": profile.telling(line),
        "rows": _taught(assessed, line),
    }


def _taught(assessed: explaining.Assessed | None, line: profile.Line) -> list[tuple[Any, Any]]:
    """The rows, each with its outcomes and the module that serves each."""
    return [
        (row, [(outcome, line.modules.get(outcome.slug)) for outcome in row.outcomes])
        for row in (assessed.rows if assessed else ())
    ]
