"""``/admin/pekerjaan/``: work in the background that failed or is stuck, and trying it again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.people.access import SignedInRequest
from clinic.records import jobs
from clinic.records.jobs import Job

ROWS_A_PAGE = 50
LABELS: dict[str, Promise] = {
    "assessments.public_check.read": gettext_lazy("Read a worksheet sent without an account"),
    "assessments.sheet.read": gettext_lazy("Read a unit's worksheet"),
    "assessments.zip.read": gettext_lazy("Read a zip of worksheets"),
    "assessments.zip_member.read": gettext_lazy("Read one worksheet of a zip"),
    "attendance.promote": gettext_lazy("Give free seats to those who wait"),
    "attendance.tell_moved": gettext_lazy("Tell participants of a new time or place"),
    "attendance.tell_cancelled": gettext_lazy("Tell participants that an event is cancelled"),
    "attendance.refold": gettext_lazy("Count the attendance of an event anew"),
    "attendance.archive": gettext_lazy("Archive events that ended long ago"),
    "insights.calibrate": gettext_lazy("Calculate the results of all units"),
    "insights.refresh_unit": gettext_lazy("Update the results of one unit"),
    "people.persons.read": gettext_lazy("Read a list of people"),
    "people.send_reset_link": gettext_lazy("Send the link for a new password"),
    "people.tell_heads": gettext_lazy("Send the digests of the logs to administrators"),
    "people.units.read": gettext_lazy("Read a list of units"),
    "quizzes.expire": gettext_lazy("Hand in quizzes whose time is over"),
    "records.expire_import": gettext_lazy("Delete a file that was sent"),
    "records.seal": gettext_lazy("Seal the logs"),
    "records.send_notice": gettext_lazy("Send a message by e-mail"),
    "records.tidy": gettext_lazy("Delete what is kept no longer"),
}


class RetryForm(forms.Form):
    """Which failed job is to be tried again."""

    job = forms.ModelChoiceField(Job.objects.filter(state=Job.State.FAILED))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def failed_jobs(request: SignedInRequest) -> HttpResponse:
    """Show the jobs that failed or wait too long; a post tries one that failed again."""
    if request.method == "POST":
        form = RetryForm(request.POST)
        if form.is_valid() and jobs.retry(form.cleaned_data["job"].pk, actor=request.user):
            messages.success(request, _("The work will be tried again now."))
        else:
            messages.info(request, _("This work has not failed any more; nothing was changed."))
        return redirect("failed_jobs")
    stuck = Job.objects.stuck(timezone.now()).order_by("state", "created_at", "pk")
    page = Paginator(stuck, ROWS_A_PAGE).get_page(request.GET.get("page"))
    count = page.paginator.count
    context = {
        "page_obj": page,
        "rows": [describe(job) for job in page],
        "note": ngettext("%(count)d piece of work", "%(count)d pieces of work", count)
        % {"count": count},
    }
    return render(request, "desks/failed_jobs.html", context)


def describe(job: Job) -> dict[str, Any]:
    """Return what the page says of a job: its name in words, its state, and its last error."""
    has_failed = job.state == Job.State.FAILED
    return {
        "job": job,
        "label": LABELS.get(job.name, job.name),
        "can_retry": has_failed,
        "state": "late" if has_failed else "todo",
        "word": _("Not finished") if has_failed else _("Waiting too long"),
        "since": job.finished_at if has_failed else job.due_at,
        "error": job.last_error or "–",
    }
