"""``/periksa-lke/banyak/``: a zip of worksheets in, one table out, each line with its report."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from clinic.assessments.forms import MemberForm, ZipForm
from clinic.assessments.many_page import page_of, write_table
from clinic.assessments.many_sheets import (
    BUNDLED,
    CHECK_MANY,
    MEMBER,
    name_unit,
    receive_zip,
    send_on,
    units_within_reach,
    usual_year,
)
from clinic.assessments.remarks_workbook import write_remarks
from clinic.assessments.report_page import facts_of
from clinic.assessments.sheets import from_json
from clinic.lib.arithmetic.uploads import MOST_MEMBERS
from clinic.lib.downloads import attachment
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, holds, visible
from clinic.people.models import Unit
from clinic.records.imports import Import

SHOWN_ZIPS = 20
FIGURE_COLUMNS = 4  # score, its bar, without proof, remarks: between the unit and the tests
BUSY = {Import.State.RECEIVED, Import.State.READING}
READING_METHODS = ("GET", "HEAD")
WRITING_METHODS = (*READING_METHODS, "POST")
SWAP_MAIN = {"HX-Retarget": "#isi", "HX-Reselect": "#isi", "HX-Reswap": "outerHTML"}


def _get_own(request: HttpRequest, kind: str, uuid: UUID) -> Import:
    """Return a zip or a file of one that the reader has sent; anything else is 404."""
    unexpired = Import.objects.filter(kind=kind, expires_at__gt=timezone.now())
    return get_object_or_404(visible(request.user, CHECK_MANY, unexpired), uuid=uuid)


@never_cache
def send_zip(request: SignedInRequest) -> HttpResponse:
    """Take in a zip and lead to its table; below the form stand those sent before."""
    if request.method not in WRITING_METHODS:
        return HttpResponseNotAllowed(WRITING_METHODS)
    form, status = ZipForm(), 200
    if request.method == "POST":
        form, status = ZipForm(request.POST, request.FILES), 422
        if form.is_valid():
            try:
                received = receive_zip(form.cleaned_data["file"], actor=request.user)
            except Refused as refused:
                form.add_error("file", refused.message)
                status = refused.status
            else:
                return redirect("many_check", uuid=received.uuid)
    unexpired = Import.objects.filter(kind=BUNDLED, expires_at__gt=timezone.now())
    sent = visible(request.user, CHECK_MANY, unexpired).defer("report", "parsed")
    context = {
        "form": form,
        "most": MOST_MEMBERS,
        "sent": sent.order_by("-created_at")[:SHOWN_ZIPS],
    }
    return render(request, "assessments/many_upload.html", context, status=status)


@never_cache
def show_zip(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Show the table of a zip; while files are read it grows by itself."""
    zip_ = _get_own(request, BUNDLED, uuid)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    page = page_of(zip_, actor=request.user)
    is_busy = zip_.state in BUSY or page.waiting > 0
    is_swapped = bool(request.headers.get("HX-Request"))
    tests = next((line.tests for line in page.lines if line.tests), [])
    context = {
        "import": zip_,
        "page": page,
        "is_busy": is_busy,
        "is_refused": zip_.state == Import.State.REFUSED,
        "is_swapped": is_swapped,
        "job_state": "running" if page.lines else "waiting",
        "progress_label": _("Reading the files: %(done)s of %(all)s")
        % {"done": len(page.lines) - page.waiting, "all": len(page.lines) or "…"},
        "tests": tests,
        "inner_columns": FIGURE_COLUMNS + len(tests) + len(page.faults),
        "crumbs": [
            {"label": _("Check several LKE"), "url": reverse("many_checks")},
            {"label": zip_.original_name},
        ],
    }
    if is_swapped and is_busy:
        return render(request, "assessments/_many_progress.html", context)
    response = render(request, "assessments/many_check.html", context)
    if is_swapped:
        for name, value in SWAP_MAIN.items():
            response[name] = value
    return response


@never_cache
def download_table(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Give the table as a workbook."""
    zip_ = _get_own(request, BUNDLED, uuid)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    return attachment(write_table(page_of(zip_, actor=request.user)), "periksa-lke.xlsx")


@never_cache
def show_member(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Show the report of one file; POST says whose sheet it is, or sends it in for that unit."""
    member = _get_own(request, MEMBER, uuid)
    if request.method not in WRITING_METHODS:
        return HttpResponseNotAllowed(WRITING_METHODS)
    zip_ = Import.objects.get(members=member)
    units = units_within_reach(request.user).filter(
        pk__in=Unit.objects.valid_on(timezone.localdate()).values("pk")
    )
    table_url = reverse("many_check", kwargs={"uuid": zip_.uuid})
    initial = {"unit": member.options.get("unit"), "period": usual_year(timezone.localdate())}
    form = MemberForm(request.POST or None, units=units, initial=initial)
    status = 200
    if request.method == "POST" and member.state == Import.State.READY:
        status = 422
        if form.is_valid():
            unit = form.cleaned_data["unit"]
            name_unit(member, unit)
            if "kirim" not in request.POST:
                return redirect(table_url)
            sent = send_on(member, unit, period=form.cleaned_data["period"], actor=request.user)
            return redirect("import_preview", uuid=sent.uuid)
    context = {
        "import": member,
        "form": form,
        "zip": zip_,
        "table_url": table_url,
        "may_upload": holds(request.user, "upload-sheet"),
        "near": member.options.get("near", ""),
    }
    if member.state == Import.State.READY:
        context |= facts_of(member.report)
        context["remarks_url"] = reverse("many_remarks", kwargs={"uuid": member.uuid})
    return render(request, "assessments/many_member.html", context, status=status)


@never_cache
def download_remarks(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Give the rows of one file, as they were typed, with our remarks in the cells."""
    member = _get_own(request, MEMBER, uuid)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    ready = get_object_or_404(Import.objects.filter(state=Import.State.READY), pk=member.pk)
    typed = from_json(ready.parsed["rows"])
    return attachment(write_remarks(ready.report, typed), "catatan-lke.xlsx")
