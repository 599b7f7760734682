"""``/penilaian/``: the sheets within reach, one sheet with its rows, and one row to be typed.

``/penilaian/impor/``: a workbook for one unit and year comes in; ``/impor/<uuid>/`` shows it.
"""

import re

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments.access import assigned_units
from clinic.assessments.conditions import line_of_sheet
from clinic.assessments.forms import SheetFilter, UploadForm
from clinic.assessments.models import Sheet
from clinic.assessments.sheet_imports import SHEET
from clinic.assessments.sheet_page import (
    ALL,
    BLANK,
    FILTERS,
    missing_in_words,
    page_of,
    row_url,
)
from clinic.assessments.sheets import sheet_url
from clinic.assessments.undoing import undo_line
from clinic.lib.arithmetic.uploads import WORKBOOK
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can, holds, visible
from clinic.people.models import Unit
from clinic.records import imports

WITH_BELOW = "bawah"
WITHOUT_PROOF = "tanpa-bukti"
NO_SHEET_SHOWN = 200
SHEETS_A_PAGE = 50
LISTED = (
    *("unit_name", "period", "total", "ceiling", "unanswered"),
    *("unit__slug", "edition__slug", "edition__name", "edition__name_en", "edition__framework"),
)
YEAR = re.compile("[0-9]{4}")
READING_METHODS = ("GET", "HEAD")
_OF_THE_UNIT = {
    "lead": gettext_lazy(
        "In the order of units; the sheet with most missing comes first within a unit."
    ),
    "caption": gettext_lazy("Sheets of your units"),
    "empty": gettext_lazy("There is no LKE of your units yet."),
}
_OF_THE_ASSESSOR = {
    "lead": gettext_lazy("Open a sheet to read its answers, remarks and links to proof."),
    "caption": gettext_lazy("Sheets of the units that you assess"),
    "empty": gettext_lazy("There is no LKE yet of the units and the year that you assess."),
}


@require_safe
@never_cache
def list_sheets(request: SignedInRequest) -> HttpResponse:
    """List the sheets of reach, at first the newest year of each edition; GET narrows them.

    Units come in their order, and a unit's sheet with most missing first.
    """
    sheets = visible(request.user, "read-sheet", Sheet.objects.with_context())
    may_upload = holds(request.user, "upload-sheet")
    below = 0
    if not may_upload and WITH_BELOW not in request.GET:
        named = sheets.filter(unit__in=assigned_units(request.user))
        if named.exists():  # who assesses a whole regency reads the sheets of its units
            below, sheets = sheets.exclude(pk__in=named).count(), named
    form = SheetFilter(request.GET or None, sheets=sheets)
    listed = form.narrow(sheets).only(*LISTED).order_by("unit__path", "-unanswered", "-period")
    page = Paginator(listed, SHEETS_A_PAGE).get_page(request.GET.get("page"))
    own = visible(request.user, "upload-sheet", Unit.objects.valid_on(timezone.localdate()))
    without = own.exclude(pk__in=sheets.values("unit"))[:NO_SHEET_SHOWN] if may_upload else []
    context = {
        "sheets": [
            {"sheet": sheet, "url": sheet_url(sheet), "missing": missing_in_words(sheet)}
            for sheet in page
        ],
        "page_obj": page,
        "without": without,
        "may_upload": may_upload,
        **(_OF_THE_UNIT if may_upload else _OF_THE_ASSESSOR),
        "form": form,
        "is_narrowed": form.is_narrowed,
        "has_older": form.has_older,
        "below": below,
    }
    return render(request, "assessments/sheets.html", context)


def get_sheet(request: HttpRequest, slug: str, framework: str, period: str) -> Sheet:
    """Return a sheet of reach; anything else is 404."""
    if not YEAR.fullmatch(period):
        raise Http404
    within = visible(request.user, "read-sheet", Sheet.objects.with_context())
    return get_object_or_404(within, unit__slug=slug, edition__slug=framework, period=int(period))


@never_cache
def show_sheet(request: SignedInRequest, slug: str, framework: str, period: str) -> HttpResponse:
    """Show a sheet part by part."""
    sheet = get_sheet(request, slug, framework, period)
    if request.method not in READING_METHODS:  # after the look-up: 404 for every method (S2)
        return HttpResponseNotAllowed(READING_METHODS)
    may_write = can(request.user, "write-sheet", sheet)
    may_upload = can(request.user, "upload-sheet", sheet.unit)
    usual = ALL if may_upload else WITHOUT_PROOF  # an assessor begins with what nobody can open
    filter_name = request.GET.get("saring", usual)
    filter_name = filter_name if filter_name in FILTERS else usual
    page = page_of(
        sheet,
        filter_name,
        may_write=may_write,
        opens_rubrics=request.GET.get("cetak") == "rubrik",
        at=request.GET.get("butir", ""),
    )
    address = sheet_url(sheet)
    context = {
        "sheet": sheet,
        "address": address,
        "page": page,
        "shown": filter_name,
        "tabs": [
            {
                "label": f"{label} ({page.counts[name]})",
                "url": f"{address}?saring={name}",
                "current": name == filter_name,
            }
            for name, label in FILTERS.items()
        ],
        "missing": missing_in_words(sheet),
        "areas": [
            {
                "name": str(area.area),
                "score": area.score,
                "maximum": area.max_points,
                "not_reached": area.not_yet_reached,
                "unanswered": area.unanswered,
                "width": f"{100 * area.score / area.max_points:.2f}" if area.max_points else "0",
            }
            for area in sheet.area_scores.select_related("area")
        ],
        "may_upload": may_upload,
        "blank_url": row_url(sheet, page.first_blank, BLANK)
        if may_write and page.first_blank
        else "",
        **(undo_line(sheet) if may_upload else {}),
        **line_of_sheet(sheet),
    }
    return render(request, "assessments/sheet.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def upload(request: SignedInRequest) -> HttpResponse:
    """Take in a workbook for a unit of reach and lead to its report."""
    units = visible(request.user, "upload-sheet", Unit.objects.valid_on(timezone.localdate()))
    if request.method != "POST":
        chosen = {name: request.GET[name] for name in ("unit", "period") if name in request.GET}
        return _show_upload(request, UploadForm(units=units, initial=chosen))
    form = UploadForm(request.POST, request.FILES, units=units)
    if not form.is_valid():
        return _show_upload(request, form, status=422)
    try:
        received = imports.receive(
            SHEET,
            form.cleaned_data["file"],
            actor=request.user,
            options={
                "unit": form.cleaned_data["unit"].slug,
                "period": form.cleaned_data["period"],
                "framework": form.cleaned_data["framework"],
            },
            suffixes=frozenset({WORKBOOK}),
        )
    except Refused as refused:
        form.add_error("file", refused.message)
        return _show_upload(request, form, status=refused.status)
    return redirect("import_preview", uuid=received.uuid)


def _show_upload(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    return render(request, "assessments/sheet_import.html", {"form": form}, status=status)
