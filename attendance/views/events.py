"""Pages of the events for everybody: list, detail, registering, own status, proposing."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from attendance import badges, boards, registration
from attendance.forms import ProposeForm, RegisterForm
from attendance.models import Event, Registration
from attendance.registration import EventFull, RegistrationClosed
from attendance.wording import standing_of
from clinic.lib.errors import Refused
from clinic.people.access import can, rows_of, visible
from clinic.people.models import Membership, Person


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List what is announced: coming first, then past."""
    now = timezone.now()
    shown = visible(request.user, "see-event", Event.objects.all()).prefetch_related("sessions")
    coming, past = [], []
    for event in shown:
        (past if event.is_past(now) else coming).append(event)
    context = {"coming": sorted(coming, key=_first_start), "past": past}
    return render(request, "attendance/list.html", context)


def _first_start(event: Event) -> float:
    return min((one.starts_at.timestamp() for one in event.sessions.all()), default=0.0)


@require_safe
def event(request: HttpRequest, code: str) -> HttpResponse:
    """Show agenda, place and time, and the one button to register."""
    shown = visible(request.user, "see-event", Event.objects.all())
    found = get_object_or_404(shown.select_related("unit").prefetch_related("sessions"), code=code)
    own = _own(request, found) if request.user.is_authenticated else None
    sessions = list(found.sessions.all())
    is_over = found.is_over_or_past(timezone.now())
    context = {
        "event": found,
        "sessions": sessions,
        "own": own,
        "is_over": is_over,
        "standing": standing_of(own.state, own.source, is_over=is_over) if own else "",
        "may_organise": request.user.is_authenticated and can(request.user, "change-event", found),
        "may_propose": request.user.is_authenticated and _proposable(request, found).exists(),
    }
    return render(request, "attendance/event.html", context)


def _own(request: HttpRequest, event: Event) -> Registration | None:
    rows = event.registrations.filter(person__in=rows_of(request.user.person))
    return rows.active().first() or rows.order_by("-pk").first()


def _joined_event(request: HttpRequest, code: str) -> Event:
    return get_object_or_404(visible(request.user, "register", Event.objects.all()), code=code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_register(request: HttpRequest, code: str) -> HttpResponse:
    """Check one's data and register; a second time leads to the seat there is."""
    found = _joined_event(request, code)
    person = request.user.person
    own = _own(request, found)
    if own is not None and own.state == Registration.State.CONFIRMED:
        return redirect("event_own", code=code)
    form, refusal = RegisterForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            registration.register(
                found, person, actor=request.user, needs=form.cleaned_data["needs"]
            )
        except (EventFull, RegistrationClosed) as refused:
            refusal = refused
        else:
            return redirect("event_own", code=code)
    place = Membership.objects.on(timezone.localdate()).filter(person=person).first()
    context = {"event": found, "form": form, "place": place, "refusal": refusal, "own": own}
    return render(
        request, "attendance/register.html", context, status=refusal.status if refusal else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_own(request: HttpRequest, code: str) -> HttpResponse:
    """Show one's own seat with the QR for the door; a post gives the seat back."""
    found, own = _seat(request, code)
    if request.method != "POST":
        return _own_page(request, found, own)
    try:
        registration.withdraw_own(own, actor=request.user, now=timezone.now())
    except RegistrationClosed as refused:
        return _own_page(request, found, own, refusal=refused)
    messages.success(request, _("Your registration is withdrawn."))
    return redirect("event", code=code)


def _own_page(
    request: HttpRequest, found: Event, own: Registration, *, refusal: Refused | None = None
) -> HttpResponse:
    now = timezone.now()
    modules, size = badges.qr_path(badges.token_of(own))
    prefetch_related_objects([found], "sessions")
    sessions = list(found.sessions.all())
    lines = boards.lines_of(found, sessions, now, every_state=True)
    line = next(line for line in lines if line.registration.pk == own.pk)
    is_over = found.is_over_or_past(now)
    context = {
        "event": found,
        "own": own,
        "line": line,
        "modules": modules,
        "size": size,
        "code": badges.shown_short_code(own.short_code),
        "sessions": sessions,
        "is_over": is_over,
        "is_expected": own.is_active and not is_over and found.state != Event.State.CANCELLED,
        "standing": standing_of(own.state, own.source, is_over=is_over),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "attendance/own.html", context, status=status)


def _seat(request: HttpRequest, code: str) -> tuple[Event, Registration]:
    own = visible(request.user, "read-presence", Registration.objects.all())
    rows = own.filter(event__code=code, person__in=rows_of(request.user.person))
    seat = rows.active().select_related("event").first() or (
        rows.select_related("event").order_by("-pk").first()
    )
    if seat is None:
        raise Http404
    return seat.event, seat


@never_cache
@require_safe
def event_own_qr(request: HttpRequest, code: str) -> HttpResponse:
    """Give the QR as a picture to keep."""
    _event, own = _seat(request, code)
    if not own.is_active:
        raise Http404
    line = _("Sample data") if settings.IS_DEMO else ""
    drawn = badges.qr_png(badges.token_of(own), line=line)
    picture = HttpResponse(drawn, content_type="image/png")
    picture["Content-Disposition"] = f'attachment; filename="qr-{code}.png"'
    return picture


def _proposable(request: HttpRequest, event: Event) -> QuerySet[Person]:
    """People whom the user may propose, without those who have a seat and without oneself."""
    if not can(request.user, "register", event):
        return Person.objects.none()
    taken = event.registrations.active().values("person")
    people = visible(request.user, "register", Person.objects.unmerged())
    return people.exclude(pk__in=taken).exclude(pk__in=rows_of(request.user.person))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def event_propose(request: HttpRequest, code: str) -> HttpResponse:
    """Propose people of the own unit; the organiser approves, or the person confirms."""
    found = _joined_event(request, code)
    people = _proposable(request, found).order_by("name")
    form = ProposeForm(request.POST if request.method == "POST" else None, persons=people)
    if request.method == "POST" and form.is_valid():
        return _proposed(request, found, list(form.cleaned_data["persons"]))
    status = 422 if form.errors else 200
    known = visible(request.user, "cancel-registration", found.registrations.all())
    context = {
        "event": found,
        "form": form,
        "has_people": people.exists(),
        "known": known.select_related("person"),
    }
    return render(request, "attendance/propose.html", context, status=status)


def _proposed(request: HttpRequest, event: Event, persons: list[Person]) -> HttpResponse:
    done = 0
    for person in persons:
        try:
            registration.register(event, person, actor=request.user)
        except Refused as refused:
            messages.warning(request, f"{person.name}: {refused.message}")
        else:
            done += 1
    if done:
        messages.success(request, _("%(count)d people proposed.") % {"count": done})
    return redirect("event_propose", code=event.code)
