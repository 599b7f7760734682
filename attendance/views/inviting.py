"""``/panitia/<code>/undang``: choose units and posts, look at who that is, invite them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from attendance import inviting
from attendance.forms import InviteForm, KindForm, read_uuid
from attendance.models import Event
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, visible

NAMES_SHOWN = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_invite(request: SignedInRequest, code: str) -> HttpResponse:
    """Find people by unit and post, or by name; a post asks once, then invites."""
    events = visible(request.user, "change-event", Event.objects.select_related("unit"))
    event = get_object_or_404(events, code=code)
    if request.method == "POST":
        return _ask_or_invite(request, event)
    units = inviting.top_units(event)
    shown = inviting.top_units(event, kind=request.GET.get("jenis", ""))
    is_search, name = "memuat" in request.GET, request.GET.get("q", "").strip()
    form = InviteForm(
        request.GET if is_search else None, units=shown, positions=inviting.positions_of(event)
    )
    context: dict[str, Any] = {
        "event": event,
        "form": form,
        "kinds": KindForm(request.GET, event=event, units=units),
        "kind": request.GET.get("jenis", ""),
        "q": request.GET.get("q", ""),
        "by_name": inviting.find_by_name(event, name, actor=request.user) if name else None,
        "units": None,
    }
    refusal = _find_by_unit(request, event, context) if is_search and form.is_valid() else None
    context["refusal"] = refusal
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "attendance/invite.html", context, status=status)


def _find_by_unit(
    request: SignedInRequest, event: Event, context: dict[str, Any]
) -> Refused | None:
    wanted = context["form"].cleaned_data
    try:
        candidates = inviting.find_candidates(
            event,
            list(wanted["unit"]),
            wanted["jabatan"],
            words=wanted["memuat"],
            actor=request.user,
        )
    except Refused as refused:
        return refused
    context["units"] = [row for row in candidates if row.people]
    context["without_people"] = [row.unit for row in candidates if not row.people]
    context["found"] = sum(len(row.people) for row in candidates)
    context["new"] = sum(who.registration is None for row in candidates for who in row.people)
    return None


def _ask_or_invite(request: SignedInRequest, event: Event) -> HttpResponse:
    is_confirmed = "setuju" in request.POST
    named = request.POST.get("baris", "").split(",") if is_confirmed else []
    wanted = [read_uuid(text) for text in named or request.POST.getlist("orang") if text]
    people = list(inviting.people_named(wanted, actor=request.user))
    here = request.get_full_path()
    if not people:
        messages.warning(request, _("Choose at least one person to invite."))
        return redirect(here)
    if not is_confirmed:
        context = {
            "event": event,
            "people": people,
            "rows": ",".join(str(person.uuid) for person in people),
            "back": here,
            "seats_left": event.seats_left,
        }
        return render(request, "attendance/invite_confirm.html", context)
    return _invite(request, event, people)


def _invite(request: SignedInRequest, event: Event, people: list[Any]) -> HttpResponse:
    try:
        done = inviting.invite_all(event, people, actor=request.user)
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("organiser_invite", code=event.code)
    messages.success(request, _("%(count)d invited.") % {"count": len(done.new)})
    if done.known:
        text = _("%(count)d were registered already.")
        messages.info(request, text % {"count": len(done.known)})
    if done.without_seat:
        names = ", ".join(person.name for person in done.without_seat[:NAMES_SHOWN])
        text = _("Not invited, because every seat is taken: %(names)s.")
        messages.warning(request, text % {"names": names})
    return redirect(reverse("organiser_people", args=[event.code]))
