"""``/penilaian/``: the sheets within reach, one sheet with its rows, and one row to be typed.

``/penilaian/impor/``: a workbook for one unit and year comes in; ``/impor/<uuid>/`` shows it.
"""

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments.arithmetic.editions import EditionNode
from clinic.assessments.conditions import line_of_sheet
from clinic.assessments.forms import RowForm, SheetFilter, UploadForm
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.sheet_imports import SHEET
from clinic.assessments.sheet_page import (
    FILTERS,
    missing_in_words,
    page_of,
    wording,
    worth_in_words,
)
from clinic.assessments.sheets import (
    AnswerUnreadable,
    RowChanged,
    codes_of_row,
    fingerprint,
    rows_of,
    save_row,
    sheet_url,
    typed_row_of,
)
from clinic.lib.arithmetic.uploads import WORKBOOK
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can, holds, require, visible
from clinic.people.models import Unit
from clinic.records import imports

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
    form = SheetFilter(request.GET or None, sheets=sheets)
    listed = form.narrow(sheets).only(*LISTED).order_by("unit__path", "-unanswered", "-period")
    page = Paginator(listed, SHEETS_A_PAGE).get_page(request.GET.get("page"))
    may_upload = holds(request.user, "upload-sheet")
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
    }
    return render(request, "assessments/sheets.html", context)


def _get_sheet(request: HttpRequest, slug: str, framework: str, period: str) -> Sheet:
    """Return a sheet of reach; anything else is 404."""
    if not YEAR.fullmatch(period):
        raise Http404
    within = visible(request.user, "read-sheet", Sheet.objects.with_context())
    return get_object_or_404(within, unit__slug=slug, edition__slug=framework, period=int(period))


@never_cache
def show_sheet(request: SignedInRequest, slug: str, framework: str, period: str) -> HttpResponse:
    """Show a sheet part by part."""
    sheet = _get_sheet(request, slug, framework, period)
    if request.method not in READING_METHODS:  # after the look-up: 404 for every method (S2)
        return HttpResponseNotAllowed(READING_METHODS)
    filter_name = request.GET.get("saring", "semua")
    may_write = can(request.user, "write-sheet", sheet)
    opens_rubrics = request.GET.get("cetak") == "rubrik"
    page = page_of(sheet, filter_name, may_write=may_write, opens_rubrics=opens_rubrics)
    address = sheet_url(sheet)
    context = {
        "sheet": sheet,
        "address": address,
        "page": page,
        "shown": filter_name if filter_name in FILTERS else "semua",
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
        "may_upload": can(request.user, "upload-sheet", sheet.unit),
        **line_of_sheet(sheet),
    }
    return render(request, "assessments/sheet.html", context)


@never_cache
def edit_row(
    request: SignedInRequest, slug: str, framework: str, *, period: str, code: str
) -> HttpResponse:
    """Type the answer, remark and proof of one row; 409 with both values if it has changed."""
    sheet = _get_sheet(request, slug, framework, period)
    require(request.user, "write-sheet", sheet)
    edition = edition_file(sheet.edition)
    node = edition.by_code.get(code)
    if node is None or not edition.is_scored(node):
        raise Http404
    rows = rows_of(sheet, codes=codes_of_row(edition, code))
    stored = typed_row_of(rows, edition, code)
    if request.method in READING_METHODS:
        form = RowForm(framework=edition, code=code, stored=stored)
        form.initial = {
            **{form.name_of(number): text for number, text in enumerate(stored.answers.values())},
            "note": stored.note,
            "proof": stored.proof,
            "link": stored.link,
            "seen": fingerprint(rows, edition, code),
        }
        return _show_row(request, sheet, node, form=form)
    if request.method != "POST":
        return HttpResponseNotAllowed([*READING_METHODS, "POST"])
    form = RowForm(request.POST, framework=edition, code=code, stored=stored)
    if not form.is_valid():
        return _show_row(request, sheet, node, form=form, status=422)
    try:
        save_row(sheet, code, form.typed(), seen=form.cleaned_data["seen"], actor=request.user)
    except AnswerUnreadable as refused:
        number = [each.code for each in form.nodes].index(refused.details["node"])
        form.add_error(form.name_of(number), refused.message)
        return _show_row(request, sheet, node, form=form, status=refused.status)
    except RowChanged as refused:
        return _show_conflict(request, sheet, node, form=form, message=refused.message)
    messages.success(request, _("The row has been saved."))
    return redirect(f"{sheet_url(sheet)}#{code}")


def _show_conflict(
    request: HttpRequest, sheet: Sheet, node: EditionNode, *, form: RowForm, message: str
) -> HttpResponse:
    """Show what stands there now beside what was typed, and let the typed text be saved over it."""
    edition = edition_file(sheet.edition)
    rows = rows_of(sheet, codes=codes_of_row(edition, node.code))
    again = request.POST.copy()
    again["seen"] = fingerprint(rows, edition, node.code)
    stored, typed = typed_row_of(rows, edition, node.code), form.typed()
    both = [
        (
            _("Answer"),
            "; ".join(filter(None, stored.answers.values())),
            "; ".join(filter(None, typed.answers.values())),
        ),
        (_("Remark"), stored.note, typed.note),
        (_("Proof: what document"), stored.proof, typed.proof),
        (_("Link to the proof"), stored.link, typed.link),
    ]
    form = RowForm(again, framework=edition, code=node.code, stored=stored)
    conflict = {"message": message, "both": both}
    return _show_row(request, sheet, node, form=form, status=409, conflict=conflict)


def _show_row(
    request: HttpRequest,
    sheet: Sheet,
    node: EditionNode,
    *,
    form: RowForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    score = sheet.scores.get(node__code=node.code)
    context = {
        "sheet": sheet,
        "address": sheet_url(sheet),
        "code": node.code,
        "name": wording(node),
        "worth": worth_in_words(score.score, score.max_points),
        "form": form,
        **more,
    }
    return render(request, "assessments/sheet_row.html", context, status=status)


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
