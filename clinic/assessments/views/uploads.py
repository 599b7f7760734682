"""``/penilaian/impor/``: a workbook for one unit and year comes in; ``/impor/<uuid>/`` shows it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.assessments.forms import UploadForm
from clinic.assessments.sheet_imports import SHEET
from clinic.lib.arithmetic.uploads import WORKBOOK
from clinic.lib.errors import Refused
from clinic.people.access import visible
from clinic.people.models import Unit
from clinic.records import imports


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
