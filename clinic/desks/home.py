"""``/beranda/``: where a person lands after log-in.

Somebody with one role goes to that role's first screen, as far as it is built; somebody with
several stays here and finds the panels of all of them in one page.

Where an organiser begins: the next event they run.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from attendance.models import Event
from clinic.people.access import grants_of
from clinic.people.models import Grant

Role = Grant.Role
CATCH_ALL = "wagtail_serve"  # matches every path, so that it says nothing about a page


@dataclass(frozen=True)
class Panel:
    """One role on the home page: what it is, where it holds, and its first screen if built."""

    role: str
    scope: str
    address: str


def first_screen(grant: Grant) -> str:
    """Return the path of the role's first screen."""
    unit = grant.unit.slug if grant.unit else ""
    return {
        Role.PARTICIPANT: "/belajar/",
        Role.UNIT_OFFICIAL: f"/pemetaan/unit/{unit}/",
        Role.OPERATOR: "/penilaian/",
        Role.ASSESSOR: "/reviu/" if is_built("/reviu/") else "/penilaian/",
        Role.REGENCY_OFFICIAL: "/pemetaan/",
    }.get(Role(grant.role), "/admin/")


def is_built(address: str) -> bool:
    """Say whether a view of ours answers at the address."""
    try:
        return resolve(address).url_name != CATCH_ALL
    except Resolver404:
        return False


def panels_of(grants: list[Grant]) -> list[Panel]:
    """Return one panel for each role and scope, in the order the roles were given.

    Somebody without any role takes part and learns.
    """
    if not grants:
        return [Panel(Role.PARTICIPANT.label, "", "/belajar/")]
    run = organiser_screen(grant.event_id for grant in grants if grant.event_id)
    panels = []
    for grant in grants:
        address = run if grant.role == Role.ORGANISER else first_screen(grant)
        scope = grant.unit.name if grant.unit else ""
        panels.append(Panel(grant.get_role_display(), scope, address if is_built(address) else ""))
    return list(dict.fromkeys(panels))


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the one first screen of all roles, or show the panels of each of them."""
    panels = panels_of(grants_of(request.user.person))
    addresses = {panel.address for panel in panels}
    if len(addresses) == 1 and (only := addresses.pop()):
        return redirect(only)
    return render(request, "desks/home.html", {"panels": panels})


def organiser_screen(events: Iterable[int]) -> str:
    """Return the page of the next of these events, else of the latest, else the list."""
    rows = Event.objects.filter(pk__in=list(events)).exclude(state=Event.State.CANCELLED)
    rows = rows.annotate(starts=Min("sessions__starts_at"), ends=Max("sessions__ends_at"))
    coming = rows.filter(ends__gte=timezone.now()).order_by("starts").first()
    event = coming or rows.order_by("-starts").first()
    if event is None:
        return reverse("organiser_events")
    return reverse("organiser_event", kwargs={"code": event.code})
