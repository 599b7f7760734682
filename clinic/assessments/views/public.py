"""``/periksa-lke/``: a workbook in, its report out, no account, gone within the hour."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments.forms import CheckForm
from clinic.assessments.many_sheets import CHECK_MANY
from clinic.assessments.public_check import TooManyChecks, count_try, receive_check
from clinic.assessments.remarks_workbook import write_remarks
from clinic.assessments.report_page import facts_of, fitting_name, known_names
from clinic.lib.downloads import attachment
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import clock
from clinic.people.access import ask_to_sign_in, holds, visible
from clinic.records.imports import Import

_GONE_AT = gettext_lazy("File and report are deleted automatically at %(at)s at the latest.")
_GONE_AT_UNLESS_PRINTED = gettext_lazy(
    "File and report are deleted automatically at %(at)s at the latest. "
    "Download or print it if you need it longer."
)
SWAP_MAIN = {"HX-Retarget": "#isi", "HX-Reselect": "#isi", "HX-Reswap": "outerHTML"}
BUSY = {Import.State.RECEIVED, Import.State.READING}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check_workbook(request: HttpRequest) -> HttpResponseBase:
    """Take in a workbook and lead to its report at a random address."""
    if not settings.KLINIK_PUBLIC_CHECK and not request.user.is_authenticated:
        return ask_to_sign_in(request)
    if request.method != "POST":
        return _show_form(request, CheckForm())
    form = CheckForm(request.POST, request.FILES)
    try:
        count_try(get_adapter(request).get_client_ip(request))
        if not form.is_valid():
            return _show_form(request, form, status=422)
        received = receive_check(
            form.cleaned_data["file"], framework=form.cleaned_data["framework"]
        )
    except TooManyChecks as refused:
        response = _show_form(request, CheckForm(), status=refused.status, too_many=refused.message)
        response["Retry-After"] = str(refused.details["seconds"])
        return response
    except Refused as refused:
        form.add_error("file", refused.message)
        return _show_form(request, form, status=refused.status)
    return redirect("public_report", uuid=received.uuid)


def _show_form(
    request: HttpRequest, form: CheckForm, *, status: int = 200, too_many: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "too_many": too_many,
        "minutes": settings.KLINIK_PUBLIC_CHECK_MINUTES,
        "per_hour": settings.KLINIK_PUBLIC_CHECK_PER_HOUR,
        "may_upload": holds(request.user, "upload-sheet"),
        "may_check_many": holds(request.user, CHECK_MANY),
    }
    return render(request, "assessments/public_check.html", context, status=status)


@require_safe
@never_cache
def show_report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the report while it lasts; afterwards, and for every other address, 404."""
    unexpired = Import.objects.filter(expires_at__gt=timezone.now())
    import_ = get_object_or_404(visible(request.user, "check-workbook", unexpired), uuid=uuid)
    is_busy = import_.state in BUSY
    is_refused = import_.state == Import.State.REFUSED
    until = clock(import_.expires_at)
    context = {
        "import": import_,
        "is_busy": is_busy,
        "is_refused": is_refused,
        "title": _("The file could not be read yet") if is_refused else _("Report on your LKE"),
        "lead": (_GONE_AT if is_refused else _GONE_AT_UNLESS_PRINTED) % {"at": until},
        "job_state": "running" if import_.state == Import.State.READING else "waiting",
        "may_upload": holds(request.user, "upload-sheet"),
    }
    is_swapped = bool(request.headers.get("HX-Request"))
    if is_swapped and is_busy:
        return render(request, "assessments/_public_progress.html", context)
    if is_refused:
        context["fitting"] = fitting_name(import_)
        context["known"] = known_names()
    if import_.state == Import.State.READY:
        context |= facts_of(import_.report)
        context["title"] = context["headline"]
        context["remarks_url"] = reverse("public_remarks", kwargs={"uuid": import_.uuid})
    response = render(
        request, "assessments/public_report.html", {**context, "is_swapped": is_swapped}
    )
    if is_swapped:  # the whole page comes in, and its heading takes the focus
        for name, value in SWAP_MAIN.items():
            response[name] = value
    return response


@require_safe
@never_cache
def download_remarks(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give the rows of the workbook with our remarks in the cells, and nothing that was typed."""
    ready = Import.objects.filter(expires_at__gt=timezone.now(), state=Import.State.READY)
    import_ = get_object_or_404(visible(request.user, "check-workbook", ready), uuid=uuid)
    return attachment(write_remarks(import_.report), "catatan-lke.xlsx")
