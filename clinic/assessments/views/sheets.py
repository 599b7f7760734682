"""``/penilaian/``: the sheets within reach, one sheet with its rows, and one row to be typed.

``/penilaian/impor/``: a workbook for one unit and year comes in; ``/impor/<uuid>/`` shows it.
"""

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.forms import RowForm, SheetFilter, UploadForm
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.sheet_imports import SHEET
from clinic.assessments.sheet_page import FILTERS, make_row, page_of
from clinic.assessments.sheets import (
    AnswerUnreadable,
    RowChanged,
    fingerprint,
    rows_of,
    save_row,
    sheet_url,
    typed_now,
)
from clinic.lib.arithmetic.uploads import WORKBOOK
from clinic.lib.errors import Refused
from clinic.people.access import can, holds, require, visible
from clinic.people.models import Unit
from clinic.records import imports

NO_SHEET_SHOWN = 200
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
def sheets(request: HttpRequest) -> HttpResponse:
    """List the sheets of reach in the order of units, and units without one; GET narrows it."""
    found = visible(request.user, "read-sheet", Sheet.objects.with_context())
    form = SheetFilter(request.GET or None, sheets=found)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    listed = [
        {"sheet": sheet, "url": sheet_url(sheet), "up_to": sheet.ceiling - sheet.total}
        for sheet in form.narrow(found).order_by("unit__path", "-unanswered", "-period")
    ]
    may_upload = holds(request.user, "upload-sheet")
    own = visible(request.user, "upload-sheet", Unit.objects.valid_on(timezone.localdate()))
    without = own.exclude(pk__in=found.values("unit"))[:NO_SHEET_SHOWN] if may_upload else []
    context = {
        "sheets": listed,
        "without": without,
        "may_upload": may_upload,
        **(_OF_THE_UNIT if may_upload else _OF_THE_ASSESSOR),
        "form": form,
        "is_narrowed": any(wanted.values()),
    }
    return render(request, "assessments/sheets.html", context)


def _found(request: HttpRequest, slug: str, framework: str, period: str) -> Sheet:
    """Return a sheet of reach; anything else is 404."""
    if not YEAR.fullmatch(period):
        raise Http404
    within = visible(request.user, "read-sheet", Sheet.objects.with_context())
    return get_object_or_404(within, unit__slug=slug, edition__slug=framework, period=int(period))


@never_cache
def sheet(request: HttpRequest, slug: str, framework: str, period: str) -> HttpResponse:
    """Show a sheet part by part."""
    found = _found(request, slug, framework, period)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    wanted = request.GET.get("saring", "semua")
    page = page_of(found, wanted)
    address = sheet_url(found)
    context = {
        "sheet": found,
        "address": address,
        "page": page,
        "shown": wanted if wanted in FILTERS else "semua",
        "opens_rubrics": request.GET.get("cetak") == "rubrik",
        "tabs": [
            {
                "label": f"{label} ({page.counts[name]})",
                "url": f"{address}?saring={name}",
                "current": name == wanted,
            }
            for name, label in FILTERS.items()
        ],
        "up_to": found.ceiling - found.total,
        "areas": [
            {
                "name": str(area.area),
                "score": area.score,
                "maximum": area.max_points,
                "not_reached": area.not_yet_reached,
                "unanswered": area.unanswered,
                "width": f"{100 * area.score / area.max_points:.2f}" if area.max_points else "0",
            }
            for area in found.area_scores.select_related("area")
        ],
        "may_write": can(request.user, "write-sheet", found),
        "may_upload": can(request.user, "upload-sheet", found.unit),
    }
    return render(request, "assessments/sheet.html", context)


@never_cache
def row(request: HttpRequest, slug: str, framework: str, *, period: str, code: str) -> HttpResponse:
    """Type the answer, remark and proof of one row; 409 with both values if it has changed."""
    found = _found(request, slug, framework, period)
    require(request.user, "write-sheet", found)
    edition = edition_file(found.edition)
    node = edition.by_code.get(code)
    if node is None or not edition.is_scored(node):
        raise Http404
    if request.method in READING_METHODS:
        return _row_page(request, found, code, form=_form(found, edition, code))
    if request.method != "POST":
        return HttpResponseNotAllowed([*READING_METHODS, "POST"])
    return _save(request, found, code)


def _save(request: HttpRequest, found: Sheet, code: str) -> HttpResponse:
    edition = edition_file(found.edition)
    stored = typed_now(rows_of(found), edition, code)
    form = RowForm(request.POST, framework=edition, code=code, stored=stored)
    if not form.is_valid():
        return _row_page(request, found, code, form=form, status=422)
    try:
        save_row(found, code, form.typed(), seen=form.cleaned_data["seen"], actor=request.user)
    except AnswerUnreadable as refused:
        place = [each.code for each in form.nodes].index(refused.details["node"])
        form.add_error(form.name_of(place), refused.message)
        return _row_page(request, found, code, form=form, status=refused.status)
    except RowChanged as refused:
        return _conflict(request, found, code, form=form, message=refused.message)
    messages.success(request, _("The row has been saved."))
    return redirect(f"{sheet_url(found)}#{code}")


def _form(found: Sheet, edition: FrameworkFile, code: str) -> RowForm:
    rows = rows_of(found)
    now = typed_now(rows, edition, code)
    form = RowForm(framework=edition, code=code, stored=now)
    form.initial = {
        **{form.name_of(place): now["answers"][each.code] for place, each in enumerate(form.nodes)},
        "note": now["note"],
        "proof": now["proof"],
        "link": now["link"],
        "seen": fingerprint(rows, edition, code),
    }
    return form


def _conflict(
    request: HttpRequest, found: Sheet, code: str, *, form: RowForm, message: str
) -> HttpResponse:
    """Show what stands there now beside what was typed, and let the typed text be saved over it."""
    edition = edition_file(found.edition)
    rows = rows_of(found)
    again = request.POST.copy()
    again["seen"] = fingerprint(rows, edition, code)
    stored = typed_now(rows, edition, code)
    typed = form.typed()
    both = [
        (
            _("Answer"),
            "; ".join(filter(None, stored["answers"].values())),
            "; ".join(filter(None, typed.answers.values())),
        ),
        (_("Remark"), stored["note"], typed.note),
        (_("Proof: what document"), stored["proof"], typed.proof),
        (_("Link to the proof"), stored["link"], typed.link),
    ]
    form = RowForm(again, framework=edition, code=code, stored=stored)
    return _row_page(
        request, found, code, form=form, status=409, conflict={"message": message, "both": both}
    )


def _row_page(
    request: HttpRequest, found: Sheet, code: str, *, form: RowForm, status: int = 200, **more: Any
) -> HttpResponse:
    edition = edition_file(found.edition)
    score = found.scores.select_related("node").get(node__code=code)
    context = {
        "sheet": found,
        "address": sheet_url(found),
        "row": make_row(edition, edition.by_code[code], rows_of(found), score),
        "form": form,
        **more,
    }
    return render(request, "assessments/sheet_row.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def upload(request: HttpRequest) -> HttpResponse:
    """Take in a workbook for a unit of reach and lead to its report."""
    units = visible(request.user, "upload-sheet", Unit.objects.valid_on(timezone.localdate()))
    if request.method != "POST":
        chosen = {name: request.GET[name] for name in ("unit", "period") if name in request.GET}
        return _page(request, UploadForm(units=units, initial=chosen))
    form = UploadForm(request.POST, request.FILES, units=units)
    if not form.is_valid():
        return _page(request, form, status=422)
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
        return _page(request, form, status=refused.status)
    return redirect("import_preview", uuid=received.uuid)


def _page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    return render(request, "assessments/sheet_import.html", {"form": form}, status=status)
