"""Leading an event through its life: one page names each step, a post takes it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from attendance import boards, states
from attendance.models import Event
from attendance.planning_forms import ReasonForm
from clinic.lib.errors import Refused
from clinic.people.access import visible

READ_WRITE = ("GET", "HEAD", "POST")


@never_cache
def organiser_act(request: HttpRequest, code: str, act: str) -> HttpResponse:
    """Name the step with how many people it concerns; a post takes it, or says why not."""
    rows = visible(request.user, "change-event", Event.objects.select_related("unit"))
    event = get_object_or_404(rows, code=code)
    chosen = states.BY_SLUG.get(act)
    if chosen is None:
        raise Http404
    if request.method not in READ_WRITE:
        return HttpResponseNotAllowed(READ_WRITE)
    needs_reason = chosen.to == Event.State.CANCELLED
    form = ReasonForm(request.POST if request.method == "POST" else None) if needs_reason else None
    refusal = None
    if request.method == "POST" and (form is None or form.is_valid()):
        refusal = _carry_out(request, event, chosen, form)
        if refusal is None:
            return redirect("organiser_event", code=code)
    return _page(request, event, chosen, form=form, refusal=refusal)


def _carry_out(
    request: HttpRequest, event: Event, act: states.Act, form: ReasonForm | None
) -> Refused | None:
    reason = form.cleaned_data["reason"] if form else ""
    try:
        states.carry_out(act, event, actor=request.user, reason=reason)
    except Refused as refused:
        return refused
    messages.success(request, act.done)
    return None


def _page(request: HttpRequest, event: Event, act: states.Act, **shown: Any) -> HttpResponse:
    refusal, form = shown["refusal"], shown["form"]
    context = {
        "event": event,
        "act": act,
        "label": act.label_for(event),
        "people": event.registrations.active().count(),
        "missing": boards.unrecorded(event) if act.to == Event.State.ENDED else None,
        "is_offered": act in states.offered(event),
        "offered": [(one, one.label_for(event)) for one in states.offered(event)],
        **shown,
    }
    status = refusal.status if refusal else 422 if form is not None and form.errors else 200
    return render(request, "attendance/plan/act.html", context, status=status)
