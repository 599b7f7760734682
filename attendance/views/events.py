"""Pages of the events for everybody: list, detail, registering, own status, proposing."""

from datetime import MAXYEAR, MINYEAR
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import F, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import ExtractYear
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from attendance import badges, boards, registration, sheets
from attendance.forms import NameSearchForm, ProposeForm, RegisterForm
from attendance.models import Event, Registration
from attendance.registration import EventFull, RegistrationClosed
from attendance.wording import PROOF_OF_TRAINING, describe_registration
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can, rows_of, visible
from clinic.people.models import Account, Membership, Person

PAST_SHOWN = 12
PROPOSED_SHOWN = 50


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List what is announced: coming first, then the last past ones, or all past ones of a year."""
    now = timezone.now()
    past = visible(request.user, "see-event", Event.objects.past(now)).order_by(
        F("last_end").desc(), "-pk"
    )
    year = request.GET.get("tahun", "")
    context: dict[str, Any] = {"year": year}
    if year:
        if not (year.isdecimal() and MINYEAR <= int(year) <= MAXYEAR):
            raise Http404
        years = past.order_by().values_list(ExtractYear("last_end"), flat=True).distinct()
        address = reverse("events")
        context["years"] = [
            {"label": str(other), "url": f"{address}?tahun={other}", "current": str(other) == year}
            for other in sorted(years, reverse=True)
        ]
        context["past"] = past.filter(Q(last_end__year=int(year)))
    else:
        newest = list(past[: PAST_SHOWN + 1])
        coming = visible(request.user, "see-event", Event.objects.not_past(now))
        context["coming"] = coming.order_by(F("first_start").asc(nulls_first=True))
        context["past"] = newest[:PAST_SHOWN]
        if len(newest) > PAST_SHOWN:
            context["more_year"] = timezone.localtime(newest[0].last_end).year
    return render(request, "attendance/list.html", context)


@require_safe
def event(request: HttpRequest, code: str) -> HttpResponse:
    """Show agenda, place and time, and the one button to register."""
    shown = visible(request.user, "see-event", Event.objects.all())
    event = get_object_or_404(shown.select_related("unit").prefetch_related("sessions"), code=code)
    account = request.user if request.user.is_authenticated else None
    own = _find_own(account, event) if account else None
    sessions = list(event.sessions.all())
    is_over = event.is_over_or_past(timezone.now())
    context = {
        "event": event,
        "sessions": sessions,
        "own": own,
        "is_over": is_over,
        "may_confirm": registration.may_confirm(event, timezone.now()),
        "proof": PROOF_OF_TRAINING if event.trains_assessors else "",
        **_describe_seats(event),
        "standing": describe_registration(own.state, own.source, is_over=is_over) if own else "",
        "may_organise": account is not None and can(account, "change-event", event),
        "may_propose": account is not None and _find_proposable(account, event).exists(),
    }
    return render(request, "attendance/event.html", context)


def _describe_seats(event: Event) -> dict[str, Any]:
    """Return how many wait, and whether whoever comes now has to wait as well."""
    is_limited = event.capacity is not None
    waiting = event.registrations.waiting().count() if is_limited else 0
    return {"waiting": waiting, "is_full": is_limited and bool(waiting or not event.seats_left)}


def _find_own(account: Account, event: Event) -> Registration | None:
    rows = event.registrations.filter(person__in=rows_of(account.person))
    return rows.active().first() or rows.order_by("-pk").first()


def _get_joinable_event(request: SignedInRequest, code: str) -> Event:
    return get_object_or_404(visible(request.user, "register", Event.objects.all()), code=code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_register(request: SignedInRequest, code: str) -> HttpResponse:
    """Check one's data and register; a second time leads to the seat there is."""
    event = _get_joinable_event(request, code)
    person = request.user.person
    own = _find_own(request.user, event)
    if own is not None and own.state == Registration.State.CONFIRMED:
        return redirect("event_own", code=code)
    form, refusal = RegisterForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            registration.register(
                event,
                person,
                actor=request.user,
                needs=form.cleaned_data["needs"],
                waits="tunggu" in request.POST,
            )
        except (EventFull, RegistrationClosed) as refused:
            refusal = refused
        else:
            return redirect("event_own", code=code)
    membership = Membership.objects.on(timezone.localdate()).filter(person=person).first()
    context = {
        "event": event,
        "form": form,
        "membership": membership,
        "refusal": refusal,
        "own": own,
        **_describe_seats(event),
    }
    context["is_full"] = context["is_full"] or isinstance(refusal, EventFull)
    return render(
        request, "attendance/register.html", context, status=refusal.status if refusal else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_own(request: SignedInRequest, code: str) -> HttpResponse:
    """Show one's own seat with the QR for the desk; a post gives the seat back."""
    event, own = _get_own_registration(request, code)
    if request.method != "POST":
        return _show_own_page(request, event, own)
    try:
        registration.withdraw_own(own, actor=request.user, now=timezone.now())
    except RegistrationClosed as refused:
        return _show_own_page(request, event, own, refusal=refused)
    messages.success(request, _("Your registration is withdrawn."))
    return redirect("event", code=code)


def _show_own_page(
    request: SignedInRequest, event: Event, own: Registration, *, refusal: Refused | None = None
) -> HttpResponse:
    now = timezone.now()
    modules, size = badges.qr_path(badges.token_of(own))
    prefetch_related_objects([event], "sessions")
    sessions = list(event.sessions.all())
    is_over = event.is_over_or_past(now)
    context = {
        "event": event,
        "own": own,
        "line": boards.own_line(own, sessions, now),
        "modules": modules,
        "size": size,
        "code": badges.shown_short_code(own.short_code),
        "sessions": sessions,
        "is_over": is_over,
        "is_expected": own.is_active and not is_over and event.state != Event.State.CANCELLED,
        "standing": describe_registration(own.state, own.source, is_over=is_over),
        "may_confirm": registration.may_confirm(event, now),
        "place": registration.place_in_queue(own)
        if own.state == Registration.State.WAITLISTED
        else None,
        "how_counted": sheets.HOW_COUNTED[event.closing],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "attendance/own.html", context, status=status)


def _get_own_registration(request: SignedInRequest, code: str) -> tuple[Event, Registration]:
    own = visible(request.user, "read-presence", Registration.objects.select_related("event"))
    rows = own.filter(event__code=code, person__in=rows_of(request.user.person)).order_by("-pk")
    registrations = list(rows)
    active = next((row for row in registrations if row.is_active), None)
    latest = active or next(iter(registrations), None)
    if latest is None:
        raise Http404
    return latest.event, latest


@never_cache
@require_safe
def event_own_qr(request: SignedInRequest, code: str) -> HttpResponse:
    """Give the QR as a picture to keep."""
    _event, own = _get_own_registration(request, code)
    if not own.is_active:
        raise Http404
    line = _("Sample data") if settings.IS_DEMO else ""
    png = badges.qr_png(badges.token_of(own), line=line)
    picture = HttpResponse(png, content_type="image/png")
    picture["Content-Disposition"] = f'attachment; filename="qr-{code}.png"'
    return picture


def _find_proposable(account: Account, event: Event) -> QuerySet[Person]:
    """People whom the account may propose, without those who have a seat and without oneself."""
    if not can(account, "register", event):
        return Person.objects.none()
    taken = event.registrations.active().values("person")
    people = visible(account, "register", Person.objects.unmerged())
    return people.exclude(pk__in=taken).exclude(pk__in=rows_of(account.person))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_propose(request: SignedInRequest, code: str) -> HttpResponse:
    """Propose people of the own unit; the organiser approves, or the person confirms.

    In a large unit they are found by name.
    """
    event = _get_joinable_event(request, code)
    people = _find_proposable(request.user, event).order_by("name", "pk")
    named = people
    for word in request.GET.get("q", "").split():
        named = named.filter(name__icontains=word)
    shown = list(named[: PROPOSED_SHOWN + 1])
    data = request.POST if request.method == "POST" else None
    form = ProposeForm(data, persons=people, shown=shown[:PROPOSED_SHOWN])
    if request.method == "POST" and form.is_valid():
        return _propose(request, event, list(form.cleaned_data["persons"]))
    status = 422 if form.errors else 200
    known = visible(request.user, "cancel-registration", event.registrations.all())
    context = {
        "event": event,
        "form": form,
        "search": NameSearchForm(request.GET),
        "is_searched": named is not people,
        "has_people": bool(shown),
        "has_more": len(shown) > PROPOSED_SHOWN,
        "known": known.select_related("person"),
    }
    return render(request, "attendance/propose.html", context, status=status)


def _propose(request: SignedInRequest, event: Event, persons: list[Person]) -> HttpResponse:
    done = 0
    for person in persons:
        try:
            registration.register(event, person, actor=request.user)
        except Refused as refused:
            messages.warning(request, f"{person.name}: {refused.message}")
        else:
            done += 1
    if done:
        said = ngettext("%(count)d person proposed.", "%(count)d people proposed.", done)
        messages.success(request, said % {"count": done})
    return redirect("event_propose", code=event.code)
