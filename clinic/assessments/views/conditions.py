"""``/syarat/``: conditions of a proposal by unit and year, stated one by one."""

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments import conditions
from clinic.assessments.forms import ConditionForm
from clinic.assessments.models import Sheet
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can, require, visible
from clinic.people.models import Unit

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YEARS = range(2014, 2100)


@require_safe
@never_cache
def list_units(request: SignedInRequest) -> HttpResponse:
    """List the agency and the units that fill in a sheet with such a test, for one year."""
    within = visible(request.user, "read-sheet", Unit.objects.valid_on(timezone.localdate()))
    sheets = Sheet.objects.filter(unit__in=within, edition__framework__slug="zi")
    newest = sheets.aggregate(newest=Max("period"))["newest"] or timezone.localdate().year - 1
    year = _read_year(request.GET.get("tahun") or str(newest))
    units = list(within.filter(depth=1)) + list(
        within.filter(depth__gt=1, sheets__in=sheets.filter(period=year)).distinct()
    )
    lines = conditions.lines_of(units, year)
    if len(lines) == 1:
        return redirect(lines[0].url)
    years = sheets.order_by("-period").values_list("period", flat=True).distinct()
    context = {
        "year": year,
        "lines": lines,
        "tabs": [
            {"label": each, "url": f"?tahun={each}", "current": each == year} for each in years
        ],
        "stated": sum(bool(line.readiness) and not line.readiness[0].not_stated for line in lines),
        "asked": sum(bool(line.readiness) for line in lines),
    }
    return render(request, "assessments/conditions.html", context)


@require_safe
@never_cache
def show_unit(request: SignedInRequest, slug: str, period: str) -> HttpResponse:
    """Show what is asked, stated and missing; ``?unduh=xlsx`` gives the same as a workbook."""
    unit, year = _find_unit(request, slug), _read_year(period)
    if request.GET.get("unduh") == "xlsx":
        headers = {"Content-Disposition": f'attachment; filename="syarat-{unit.slug}-{year}.xlsx"'}
        content = conditions.as_workbook(unit, year)
        return HttpResponse(content, content_type=XLSX, headers=headers)
    page = conditions.page_of(unit, year, may_state=can(request.user, conditions.STATE, unit))
    context = {"unit": unit, "year": year, **page}
    return render(request, "assessments/unit_conditions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def state(request: SignedInRequest, slug: str, period: str, code: str) -> HttpResponse:
    """State one condition with its source and date."""
    unit, year = _find_unit(request, slug), _read_year(period)
    require(request.user, conditions.STATE, unit)
    try:
        condition = conditions.find_condition(unit, year, code)
    except Refused as refused:
        raise Http404 from refused
    known = conditions.statements_of(unit, year).get(code)
    form = ConditionForm(request.POST or None, instance=known, condition=condition)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            conditions.state_condition(unit, year, code, actor=request.user, **form.stated())
            messages.success(request, _("The condition has been stated."))
            return redirect(conditions.conditions_url(unit, year))
        status = 422
    context = {
        "unit": unit,
        "year": year,
        "name": conditions.name_of(condition),
        "required": [
            (test, conditions.required_in_words(condition, value))
            for test, value in condition.required.items()
        ],
        "form": form,
        "back": conditions.conditions_url(unit, year),
        "rule": conditions.version_for(year),
    }
    return render(request, "assessments/unit_condition.html", context, status=status)


def _find_unit(request: HttpRequest, slug: str) -> Unit:
    return get_object_or_404(visible(request.user, "read-sheet", Unit.objects.all()), slug=slug)


def _read_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in YEARS):
        raise Http404
    return int(text)
