"""Officials' pages: the map of units by change area, a unit's profile, findings."""

import dataclasses
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
from clinic.assessments.sheets import sheet_url
from clinic.insights import (
    area_page,
    charts,
    evidence,
    explaining,
    finding_page,
    profile,
    reading,
    requirements,
    wording,
)
from clinic.insights.arithmetic.suppression import Audience
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
from clinic.people.models import Account, Unit


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
    event = next(iter(evidence.open_events(units[0], timezone.now())), None) if units else None
    acts = reads_findings and not choice.edition.is_history
    context = {
        "form": MapForm(initial, known=known),
        "form_key": (*initial.values(), *(each.counted for each in known)),
        "choice": choice,
        "view": VIEWS[query.view],
        "order": {**ORDERS, **dict(_area_orders())}[query.order],
        "map": build_map(units, points_of, shown, query=query, signs=signs, chosen=chosen),
        "shortlist": shortlist(units, points_of, signs, event.areas if event else ())
        if acts
        else None,
        "event": event,
        "act": _choose_act(request.user, event, signs, units) if acts else None,
        "is_history": choice.edition.is_history,
        "until": max((shown.until for shown in signs.seen.values() if shown.until), default=None),
        "signs": wording.legend() if reads_findings else [],
        "headline": "" if choice.edition.is_history else headline(counts),
        "standing": standing(points_of, change_areas()),
        "tiles": [_draw_tile(count, query) for count in counts],
    }
    return render(request, "insights/map.html", context)


def _choose_act(
    actor: Account, event: evidence.OpenEvent | None, signs: Signs, units: Sequence[Unit]
) -> dict[str, str]:
    """The one button of the map: the next event, for a unit's official to propose people to it."""
    own = [unit for unit in units if unit.pk in signs.readable]
    proposes = bool(own) and reading.audience_of(actor, own[0]) is Audience.UNIT
    if event is None:
        return {"label": _("See the events"), "url": reverse("events")}
    return {
        "label": _("Propose participants") if proposes else _("Open the event"),
        "url": profile.event_url(event, proposes=proposes),
    }


def _draw_word(count: WordCount, choice: FrameChoice) -> dict[str, Any]:
    """One word of an area, leading to the map with its units."""
    tone, _letter, shape = wording.SIGNS[count.word]
    return {
        "tone": tone,
        "shape": shape,
        "name": count.name,
        "points": decimals(count.points, 1),
        "extent": count.counted_units,
        "url": f"{reverse('map')}{MapQuery(choice).of_word(count.word)}",
        "current": False,
    }


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
    import_url = f"{reverse('sheet_import')}?unit={unit.slug}"
    content, gaps, rows, past = None, None, import_url, False
    if sheet is not None:
        gaps, rows, past = (
            profile.gaps_of_sheet(sheet),
            sheet_url(sheet),
            profile.is_past(sheet, sheets),
        )
        if audience is not None:
            rows = rows if reading.reads_rows(request.user, unit) else ""
            content = profile.profile(request.user, sheet, scores, rows=rows)
            reading.log_look(request.user, [audience], thing=unit, page=request.path)
    tests = requirements.tests_of_sheet(sheet) if sheet else None
    of_framework = [
        each for each in sheets if sheet and each.edition.framework_id == sheet.edition.framework_id
    ]
    steps = profile.steps_of(sheet, content, gaps, rows)
    if past:
        in_force = next((each for each in known if not each.edition.is_history), None)
        current = f"{profile.profile_url(unit)}?lembar={in_force.key}" if in_force else ""
        steps = profile.steps_of_past(current if in_force != choice else "", import_url)
    context = {
        "unit": unit,
        "sheet": sheet,
        "sheet_label": f"{sheet.edition}, {sheet.period}" if sheet else "",
        "sheet_address": rows,
        "is_past": past,
        "reads_findings": content is not None,
        "answer": profile.answer(sheet, tests, gaps, is_past=past) if sheet and gaps else None,
        "chart": charts.area_chart(
            scores,
            {line.area.slug: line for line in content.lines} if content else {},
            gaps.outside if gaps else (),
            rows if sheet else "",
        ),
        "gap_line": charts.gap_line(),
        "until": max((line.shown.until for line in content.lines if line.shown.until), default=None)
        if content
        else None,
        "steps": steps,
        "tests": tests,
        **(line_of_sheet(sheet) if sheet else {}),
        "history_chart": charts.history_chart(of_framework),
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
    context: dict[str, Any] = {
        "area": area,
        "tabs": _list_tabs(known, choice),
        "choice": choice,
        "standing": "",
    }
    if choice is not None:
        chosen = sheets.filter(edition=choice.edition, period=choice.period)
        scores = area_page.scores_of(chosen, area)
        seen = _read_findings(request, [score.sheet.unit for score in scores], choice, area)
        units = area_page.units_of(scores, seen, choice)
        words = area_page.words_of(units)
        context |= {
            "units": units,
            "headline": headline(words),
            "standing": area_page.standing(units),
            "words": [_draw_word(count, choice) for count in words],
            "lists": [] if choice.edition.is_history else area_page.lists_of(units),
            "chart": area_page.scatter(units),
            "reads_findings": seen is not None,
            "signs": wording.legend() if words else [],
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
        "claim": _("Why? %(area)s") % {"area": found_area},
    }
    if with_rows:
        key = f"{found_edition.slug}:{year}"
        context["profile_address"] = f"{profile.profile_url(found_unit)}?lembar={key}"
    newer = Sheet.objects.filter(
        unit=found_unit, edition__framework=found_edition.framework, period__gt=year
    )
    context["is_past"] = found_edition.is_history or newer.exists()
    if shown is not None:
        tone, _letter, shape = wording.SIGNS[shown.tag]
        line = profile.line(
            request.user,
            found_unit,
            found_area,
            shown,
            rows=context["rows_address"],
            outcomes=explaining.outcomes_of_area(assessed, found_area, found_edition),
        )
        context |= {
            "sentences": finding_page.sentences(shown, assessed, year),
            "claim": finding_page.claim(shown, assessed),
            "tone": tone,
            "shape": shape,
            "word_name": wording.state_name(shown),
            "signs": [] if shown.is_hidden else wording.legend(),
            "steps": _steps_of_finding(line, assessed, context),
            "hints": profile.make_hints(line),
            "rows": _join_modules(assessed, line),
        }
    return render(request, "insights/finding.html", context)


def _steps_of_finding(
    line: profile.ProfileLine,
    assessed: explaining.AssessedArea | None,
    context: Mapping[str, Any],
) -> list[profile.Step]:
    """The step of the word, then the rows with most points; an old sheet asks for the one in force.

    A step never leads back to the page that it stands on.
    """
    address = context["profile_address"]
    if context["is_past"]:
        import_url = f"{reverse('sheet_import')}?unit={context['unit'].slug}"
        return profile.steps_of_past(address.split("?")[0], import_url) if address else []
    rows = context["rows_address"]
    steps = [dataclasses.replace(profile.step(line), gain="")]
    if assessed is None and address:
        steps.append(
            profile.Step(
                _("Upload an LKE"),
                url=f"{reverse('sheet_import')}?unit={context['unit'].slug}",
                label=_("Choose the file"),
            )
        )
    if rows and assessed and assessed.rows:
        first = assessed.rows[: profile.MOST_ROWS]
        steps.append(
            profile.Step(
                _("Begin with the rows that hold most points"),
                url=f"{rows}#{first[0].code}",
                label=_("Open the first row"),
                gain=decimals(sum(row.points for row in first), 1),
                gain_words=_("points not yet reached"),
                owner=_("Operator of the LKE"),
                rows=tuple(profile.RowGap(row.code, row.wording, row.points) for row in first),
                rows_url=rows,
            )
        )
    return steps


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
