"""Officials' pages: the map of units by change area, a unit's profile, findings."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.assessments.conditions import line_of_sheet
from clinic.assessments.frameworks import change_areas
from clinic.assessments.models import ChangeArea, FrameworkEdition, Outcome, Sheet
from clinic.assessments.report_page import Goal
from clinic.assessments.sheets import sheet_url
from clinic.insights import area_page, charts, explaining, profile, reading, wording
from clinic.insights.frames import FrameChoice, choices, in_order_of_reading
from clinic.insights.unit_map import (
    NOT_REACHED,
    OFFICIAL,
    ORDERS,
    VIEWS,
    MapQuery,
    Signs,
    WordCount,
    build_map,
    choose_rows,
    count_words,
    headline,
    read_points,
    read_words,
    shortlist,
    standing,
)
from clinic.lib.templatetags.ui import decimals
from clinic.people.access import SignedInRequest, policy, visible
from clinic.people.models import Unit


class MapForm(forms.Form):
    """What the map shows."""

    def __init__(self, *args: Any, known: list[FrameChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(choice.key, choice.counted) for choice in known]
        for name, label, options in (
            ("lembar", _("Framework and year"), offered),
            ("tampilan", _("Show"), list(VIEWS.items())),
            ("urut", _("Order"), [*ORDERS.items(), *_area_orders()]),
        ):
            self.fields[name] = forms.ChoiceField(label=label, choices=options, required=False)


def _area_orders() -> list[tuple[str, str]]:
    """Every change area as an order: most points not yet reached in it first."""
    words = _("Most points not yet reached in %(area)s first")
    return [(slug, words % {"area": area}) for slug, area in change_areas().items()]


def _choose(request: HttpRequest, known: Sequence[FrameChoice]) -> FrameChoice | None:
    """The frame that the address names, else the first one."""
    wanted = request.GET.get("lembar")
    return next((each for each in known if each.key == wanted), known[0] if known else None)


def _list_tabs(known: list[FrameChoice], choice: FrameChoice | None) -> list[dict[str, Any]]:
    return [
        {"label": each.label, "url": f"?lembar={each.key}", "current": each == choice}
        for each in known
    ]


@policy("read-sheet")
@require_safe
@never_cache
def unit_map(request: SignedInRequest) -> HttpResponse:
    """Show one framework and year: units in official order, change areas across."""
    sheets = visible(request.user, "read-sheet", Sheet.objects.all())
    known = choices(sheets)
    choice = _choose(request, known)
    if choice is None:
        return render(request, "insights/map.html", {"form": MapForm(known=known), "map": None})
    view, order, word = (request.GET.get(name, "") for name in ("tampilan", "urut", "kata"))
    query = MapQuery(
        choice,
        view if view in VIEWS else NOT_REACHED,
        order if order in {**ORDERS, **change_areas()} else OFFICIAL,
        frozenset(request.GET.getlist("buka")),
        word if word in wording.NAMES and reading.reads_findings(request.user) else "",
    )
    today = Unit.objects.valid_on(timezone.localdate()).defer("former_names", "note")
    units = list(visible(request.user, "read-sheet", today))
    points_of = read_points(sheets, choice)
    reads_findings = reading.reads_findings(request.user)
    signs = Signs(frozenset(), {})
    if reads_findings:
        audiences = reading.audiences_of(request.user, units)
        assessed = [unit for unit in units if unit.pk in points_of]
        seen = reading.cells(request.user, assessed, edition=choice.edition, period=choice.period)
        signs = Signs(frozenset(pk for pk, audience in audiences.items() if audience), seen)
        reading.log_look(request.user, audiences.values(), thing=choice.edition, page=request.path)
    words = list(read_words(points_of, signs))
    counts = count_words(words)
    chosen = {unit for word, unit, _points in words if word == query.word} if query.word else None
    shown = choose_rows(units, points_of, query, chosen)
    initial = {"lembar": choice.key, "tampilan": query.view, "urut": query.order}
    context = {
        "form": MapForm(initial, known=known),
        "form_key": (*initial.values(), *(each.counted for each in known)),
        "choice": choice,
        "view": VIEWS[query.view],
        "order": {**ORDERS, **dict(_area_orders())}[query.order],
        "map": build_map(units, points_of, shown, query=query, signs=signs, chosen=chosen),
        "shortlist": shortlist(units, points_of, signs) if reads_findings else None,
        "signs": wording.legend() if reads_findings else [],
        "headline": headline(counts),
        "standing": standing(points_of, change_areas()),
        "tiles": [_draw_tile(count, query) for count in counts],
    }
    return render(request, "insights/map.html", context)


def _draw_tile(count: WordCount, query: MapQuery) -> dict[str, Any]:
    """One word of the map, leading to the units that have it, or back to all."""
    tone, _letter, shape = wording.SIGNS[count.word]
    is_chosen = query.word == count.word
    return {
        "tone": tone,
        "shape": shape,
        "name": count.name,
        "points": decimals(count.points, 1),
        "extent": count.extent,
        "url": query.of_word("" if is_chosen else count.word),
        "current": is_chosen,
    }


@policy("read-sheet")
@require_safe
@never_cache
def unit_profile(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what the sheets say of one unit; understanding is unknown until there are answers."""
    unit = get_object_or_404(visible(request.user, "read-sheet", Unit.objects.all()), slug=slug)
    own = Sheet.objects.with_context().filter(unit=unit).defer("reading", "edition__definition")
    sheets = list(visible(request.user, "read-sheet", own))
    known = in_order_of_reading(FrameChoice(each.edition, each.period, 1) for each in sheets)
    choice = _choose(request, known)
    sheet = next(
        (each for each in sheets if choice == FrameChoice(each.edition, each.period, 1)), None
    )
    scores = list(sheet.area_scores.select_related("area")) if sheet else []
    audience = reading.audience_of(request.user, unit)
    address = f"{reverse('sheet_import')}?unit={unit.slug}"
    content, lead, gaps, rows = None, "", None, ""
    tests: Sequence[Goal] = ()
    drawn_tests = ""
    if sheet is not None:
        address = sheet_url(sheet)
        tests, drawn_tests = profile.goals_of_sheet(sheet)
        gaps = profile.gaps_of_sheet(sheet, scores)
        lead = _("%(edition)s, %(year)s: %(total)s of %(max)s") % {
            "edition": sheet.edition,
            "year": sheet.period,
            "total": decimals(sheet.total, 2),
            "max": decimals(sheet.max_points, 0),
        }
        if audience is not None:
            rows = address if reading.reads_rows(request.user, unit) else ""
            content = profile.profile(request.user, sheet, scores, rows=rows)
            reading.log_look(request.user, [audience], thing=unit, page=request.path)
    if content is None or content.is_silent:
        reads_findings = sheet is None or audience is not None
        blocks = profile.blocks_of_sheet(
            sheet, scores, address, gaps=gaps, reads_findings=reads_findings
        )
        understanding = None
    else:
        blocks = profile.blocks(content, gaps, rows)
        understanding = charts.understanding_chart(content.cells)
    framework = sheet.edition.framework_id if sheet else None
    of_framework = [each for each in sheets if each.edition.framework_id == framework]
    context = {
        "unit": unit,
        "lead": lead,
        "sheet": sheet,
        "sheet_address": address,
        "blocks": blocks,
        **(line_of_sheet(sheet) if sheet else {}),
        "points_chart": charts.points_chart(scores),
        "understanding_chart": understanding,
        "history_chart": charts.history_chart(of_framework),
        "tests": tests,
        "drawn_tests": drawn_tests,
        "tabs": _list_tabs(known, choice),
    }
    return render(request, "insights/unit_profile.html", context)


@policy("read-sheet")
@require_safe
@never_cache
def change_area(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show one change area: units by understanding and by their sheet, and the heaviest rows."""
    area = get_object_or_404(ChangeArea, slug=slug)
    sheets = visible(request.user, "read-sheet", Sheet.objects.all())
    known = choices(sheets.filter(area_scores__area=area))
    choice = _choose(request, known)
    context: dict[str, Any] = {"area": area, "tabs": _list_tabs(known, choice), "choice": choice}
    if choice is not None:
        chosen = sheets.filter(edition=choice.edition, period=choice.period)
        scores = area_page.scores_of(chosen, area)
        seen = _read_findings(request, [score.sheet.unit for score in scores], choice, area)
        context |= {
            "scores": scores,
            "chart": area_page.scatter(scores, seen, choice) if seen else None,
            "reads_findings": seen is not None,
            "rows": area_page.heaviest(chosen, area, choice.edition),
        }
    return render(request, "insights/change_area.html", context)


def _read_findings(
    request: SignedInRequest, units: list[Unit], choice: FrameChoice, area: ChangeArea
) -> Mapping[reading.Place, reading.Shown] | None:
    """Return what the reader may see of these units; None for who reads no finding of any."""
    audiences = reading.audiences_of(request.user, units)
    if not any(audiences.values()):
        return None
    reading.log_look(request.user, audiences.values(), thing=choice.edition, page=request.path)
    return reading.cells(
        request.user, units, edition=choice.edition, period=choice.period, area=area.slug
    )


@policy("read-finding")
def finding(
    request: SignedInRequest, *, unit: str, area: str, edition: str, period: str
) -> HttpResponse:
    """The page "why?" behind a word: who and what it rests on, and what would change it.

    Rows and profile are for who reads the unit's sheet.
    """
    found_unit = get_object_or_404(reading.units_read(request.user), slug=unit)
    found_area = get_object_or_404(ChangeArea, slug=area)
    editions = FrameworkEdition.objects.select_related("framework")
    found_edition = get_object_or_404(editions, slug=edition)
    if not period.isdigit() or not explaining.is_scored(found_edition, found_area):
        raise Http404
    year = int(period)
    audience = reading.audience_of(request.user, found_unit)
    shown = reading.cell(request.user, found_unit, area, edition=found_edition, period=year)
    reading.log_look(request.user, [audience], thing=found_unit, page=request.path)
    with_rows = reading.reads_rows(request.user, found_unit)
    assessed = explaining.assessed(found_unit, found_area, found_edition, year, with_rows=with_rows)
    context: dict[str, Any] = {
        "unit": found_unit,
        "area": found_area,
        "edition": found_edition,
        "period": year,
        "shown": shown,
        "assessed": assessed,
        "rows_address": sheet_url(assessed.figures.sheet) if with_rows and assessed else "",
        "profile_address": "",
    }
    if with_rows:
        key = f"{found_edition.slug}:{year}"
        context["profile_address"] = f"{profile.profile_url(found_unit)}?lembar={key}"
    if shown is not None:
        line = profile.line(
            request.user,
            found_unit,
            found_area,
            shown,
            rows=context["rows_address"],
            outcomes=explaining.outcomes_of_area(assessed, found_area, found_edition),
        )
        context |= {
            "sentences": explaining.sentences(shown, assessed, year),
            "step": profile.step(line),
            "hints": profile.make_hints(line),
            "rows": _join_modules(assessed, line),
        }
    return render(request, "insights/finding.html", context)


def _join_modules(
    assessed: explaining.AssessedArea | None, line: profile.ProfileLine
) -> list[tuple[explaining.SheetRow, list[tuple[Outcome, str]]]]:
    """The rows, each with its outcomes and the address of the module that serves each."""
    urls = {
        outcome: reverse("module", kwargs={"slug": module.slug})
        for outcome, module in line.modules.items()
    }
    return [
        (row, [(outcome, urls.get(outcome.slug, "")) for outcome in row.outcomes])
        for row in (assessed.rows if assessed else ())
    ]
