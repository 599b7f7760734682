"""``/penilaian/unit/…/kembalikan/``: the last applied file is taken back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from clinic.assessments.differences_page import differences_context
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.sheet_differences import compare
from clinic.assessments.sheet_page import wording
from clinic.assessments.sheets import rows_of, sheet_url
from clinic.assessments.undoing import NothingToUndo, plan_undo, undo_file
from clinic.assessments.views.sheets import READING_METHODS, get_sheet
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, require


@never_cache
def undo(request: SignedInRequest, slug: str, framework: str, period: str) -> HttpResponse:
    """Say what taking the last file back changes and keeps; POST does it, once."""
    sheet = get_sheet(request, slug, framework, period)
    require(request.user, "upload-sheet", sheet.unit)
    if request.method in READING_METHODS:
        return _show(request, sheet)
    if request.method != "POST":
        return HttpResponseNotAllowed([*READING_METHODS, "POST"])
    is_as_shown = request.POST.get("rev", "") == str(sheet.rev)
    try:
        undo_file(sheet, seen_rev=sheet.rev if is_as_shown else 0, actor=request.user)
    except Refused as refused:
        return _show(request, get_sheet(request, slug, framework, period), refused)
    messages.success(request, _("The earlier version stands again."))
    return redirect(sheet_url(sheet))


def _show(request: SignedInRequest, sheet: Sheet, refused: Refused | None = None) -> HttpResponse:
    whose = _("%(unit)s, %(year)s") % {"unit": sheet.unit_name, "year": sheet.period}
    context: dict[str, Any] = {"sheet": sheet, "address": sheet_url(sheet), "lead": whose}
    try:
        context |= _describe(request, sheet)
        context["lead"] = f"{whose}. {context['differences'].headline}"
    except NothingToUndo as nothing:
        refused = refused or nothing
    context["refused"] = refused
    status = refused.status if refused and request.method == "POST" else 200
    return render(request, "assessments/sheet_undo.html", context, status=status)


def _describe(request: SignedInRequest, sheet: Sheet) -> dict[str, Any]:
    framework, before = edition_file(sheet.edition), rows_of(sheet)
    plan = plan_undo(sheet, before)
    return {
        "plan": plan,
        "kept": [(code, wording(framework.by_code[code])) for code in plan.kept],
        "is_emptied": not plan.rows,
        **differences_context(compare(framework, before, plan.rows), request.GET),
    }
