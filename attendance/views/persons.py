"""One person's entries and corrections, for the organisers of the event."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from attendance import boards, entries, presence
from attendance.forms import CorrectionForm, EntryForm
from attendance.models import Event, Registration
from attendance.wording import CORRECTED
from clinic.lib.errors import Refused
from clinic.people import confirming
from clinic.people.access import visible

READ_WRITE = ("GET", "HEAD", "POST")


@never_cache
def organiser_person(request: HttpRequest, code: str, person: UUID) -> HttpResponse:
    """One person's scans and corrections; a post corrects, with a reason and a fresh password."""
    event = get_object_or_404(visible(request.user, "change-event", Event.objects.all()), code=code)
    allowed = visible(request.user, "correct-presence", event.registrations.all())
    row = get_object_or_404(allowed.select_related("person", "event"), uuid=person)
    if request.method not in READ_WRITE:
        return HttpResponseNotAllowed(READ_WRITE)
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request)):
        return asked
    typed = confirming.typed_before(request)
    with timezone.override(event.zone):
        form, refusal = _form(request, event, typed), None
        if request.method == "POST":
            refusal = _correct(request, row, form)
            if refusal is None and not form.errors:
                return redirect("organiser_person", code=code, person=person)
        return _page(request, row, {"form": form, "refusal": refusal, "typed": typed})


def _form(request: HttpRequest, event: Event, typed: QueryDict) -> CorrectionForm:
    return CorrectionForm(
        request.POST if "at" in request.POST else None,
        initial=typed.dict() if "at" in typed else None,
        groups=boards.groups_of(event, event.sessions.all()),
    )


def _page(request: HttpRequest, row: Registration, shown: dict[str, Any]) -> HttpResponse:
    form, refusal = shown["form"], shown["refusal"]
    context = {
        **shown,
        "event": row.event,
        "row": row,
        "held": entries.held_of(row),
        "entries": entries.entries_of(row),
        "corrections": row.corrections.select_related("by__person").order_by("created_at"),
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "attendance/person.html", context, status=status)


def _correct(request: HttpRequest, row: Registration, form: CorrectionForm) -> Refused | None:
    act = _added(form) if form.is_bound else _of_entry(EntryForm(request.POST))
    if act is None:
        return None if form.errors else Refused(_("There is no such entry to correct."), status=404)
    before = entries.held_of(row)
    try:
        presence.correct(row, act, by=request.user)
    except Refused as refused:
        return refused
    told = entries.changes_between(before, entries.held_of(row))
    messages.success(request, f"{CORRECTED[act.kind]} {told}")
    return None


def _added(form: CorrectionForm) -> presence.Act | None:
    if not form.is_valid():
        return None
    told = form.cleaned_data
    return presence.Act(
        kind="add",
        target=told["group"],
        at=told["at"],
        direction=told["direction"],
        reason=told["reason"],
    )


def _of_entry(form: EntryForm) -> presence.Act | None:
    """Read what is said of an entry; a time that cannot be read is a time not given."""
    form.full_clean()
    told = form.cleaned_data
    if "jenis" not in told or "uid" not in told:
        return None
    return presence.Act(
        kind=told["jenis"],
        target=told["uid"],
        at=told.get("jam") if told["jenis"] == "retime" else None,
        reason=told.get("reason", ""),
    )
