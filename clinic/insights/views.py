"""Officials' pages of findings."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from clinic.assessments.models import ChangeArea, FrameworkEdition
from clinic.insights import frames, reading, why, wording
from clinic.insights.arithmetic.suppression import Audience
from clinic.people.access import policy


@policy("read-finding")
def finding(
    request: HttpRequest, *, unit: str, area: str, edition: str, period: str
) -> HttpResponse:
    """The page "why?" behind a word: who and what it rests on, and what would change it."""
    found_unit = get_object_or_404(reading.units_read(request.user), slug=unit)
    found_area = get_object_or_404(ChangeArea, slug=area)
    found_edition = get_object_or_404(FrameworkEdition, slug=edition)
    if not period.isdigit() or area not in frames.worth_of_areas(found_edition):
        raise Http404
    year = int(period)
    audience = reading.audience_of(request.user, found_unit)
    shown = reading.cell(request.user, found_unit, area, edition=found_edition, period=year)
    is_close = audience in {Audience.PROGRAMME, Audience.UNIT}
    assessed = why.assessed(found_unit, found_area, found_edition, year, with_rows=is_close)
    reading.log_look(request.user, [audience], thing=found_unit, page=request.path)
    context = {
        "unit": found_unit,
        "area": found_area,
        "edition": found_edition,
        "period": year,
        "shown": shown,
        "assessed": assessed,
        "said": wording.spoken(shown) if shown else None,
        "is_programme": audience is Audience.PROGRAMME,
    }
    return render(request, "insights/finding.html", context)
