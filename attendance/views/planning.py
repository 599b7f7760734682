"""Planning an event and leading it through its life.

A draft is made, then each step of the plan is a page that is saved on its own; one page names each
step of its life, and a post takes it.
"""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from attendance import boards, events, inviting, planning
from attendance.forms import (
    CancelEventForm,
    CopyForm,
    PlaceForm,
    QuizForm,
    SeatsForm,
    SessionForm,
    WhatForm,
    read_uuid,
    refusals_in,
)
from attendance.models import Event, Session
from clinic.lib.arithmetic import dates
from clinic.lib.arithmetic.dates import zone_label
from clinic.lib.errors import Refused
from clinic.people import confirming
from clinic.people.access import SignedInRequest, visible
from clinic.people.models import Person
from quizzes.models import Assignment
from quizzes.models.assignments import Phase

COPIES_OFFERED = 20
PHASES = {"awal": Phase.PRE, "akhir": Phase.POST}
Page = Callable[[SignedInRequest, Event], HttpResponse]


def _get_own_events(request: SignedInRequest) -> Any:
    return visible(request.user, "change-event", Event.objects.all())


def _get_event(request: SignedInRequest, code: str) -> Event:
    rows = _get_own_events(request).select_related("unit").prefetch_related("sessions")
    return get_object_or_404(rows, code=code)


def _choose_status(*shown: forms.BaseForm) -> int:
    return 422 if any(form.errors for form in shown) else 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_new(request: SignedInRequest) -> HttpResponse:
    """The first step: what the event is. Saving it makes the draft."""
    units = events.units_for(request.user)
    memberships = request.user.person.memberships.on(timezone.localdate())
    own_unit = units.filter(pk__in=memberships.values("unit")).first()
    form = WhatForm(request.POST or None, units=units, initial={"unit": own_unit})
    if request.method == "POST" and form.is_valid():
        draft = form.instance
        draft.code = draft.code or planning.proposed_code(draft.title)
        with refusals_in(form):
            event = events.draft_event(draft, actor=request.user)
            messages.success(request, _("The draft is saved. You can go on at any time."))
            return redirect("organiser_settings", code=event.code, step="waktu")
    context = {"form": form, "may_copy": _get_own_events(request).exists(), **_count_steps("apa")}
    return render(request, "attendance/plan/new.html", context, status=_choose_status(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_copy(request: SignedInRequest) -> HttpResponse:
    """Make a draft from one of the own events: its plan, none of its people."""
    newest = _get_own_events(request).order_by("-created_at", "-pk").values_list("pk", flat=True)
    sources = Event.objects.filter(pk__in=list(newest[:COPIES_OFFERED]))
    form = CopyForm(request.POST or None, sources=sources)
    if request.method == "POST" and form.is_valid():
        source, day = form.cleaned_data["source"], form.cleaned_data["first_day"]
        code = planning.proposed_code(source.title, day=day)
        with refusals_in(form):
            event = events.copy_event(source, code=code, first_day=day, actor=request.user)
            text = _("The plan is copied; persons and letters are not. Check each step.")
            return _return_to_step(request, event, text, "apa")
    return render(request, "attendance/plan/copy.html", {"form": form}, status=_choose_status(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_settings(request: SignedInRequest, code: str, step: str) -> HttpResponse:
    """One step of the plan, shown and saved; a final event shows the last one alone."""
    event = _get_event(request, code)
    if step not in PAGES:
        raise Http404
    if _is_only_read(request, event) and step != "periksa":
        return redirect("organiser_settings", code=code, step="periksa")
    with timezone.override(ZoneInfo(event.zone)):
        return PAGES[step](request, event)


def _is_only_read(request: SignedInRequest, event: Event) -> bool:
    """Say whether a form is asked for that the event no longer takes; a post is refused."""
    return event.is_final and request.method != "POST"


def _count_steps(step: str) -> dict[str, Any]:
    names = list(planning.STEPS)
    return {
        "step_title": planning.STEPS[step],
        "number": names.index(step) + 1,
        "total": len(names),
    }


def _describe_step(event: Event, step: str) -> dict[str, Any]:
    """Return what every step shows: where it stands among the others, and what is known outside."""
    before, after = planning.neighbours(step)
    return {
        "event": event,
        "sessions": list(event.sessions.all()),
        "zone": zone_label(event.zone),
        "is_announced": event.state != Event.State.DRAFT,
        "tabs": [
            {"label": label, "url": _make_address(event, name), "current": name == step}
            for name, label in planning.STEPS.items()
        ],
        "back_url": _make_address(event, before) if before else "",
        # The form of a draft's step goes on by its own button.
        "next_url": ""
        if not after or (step in ("apa", "siapa") and event.state == Event.State.DRAFT)
        else _make_address(event, after),
        "next_title": planning.STEPS[after] if after else "",
        "onward_kind": "secondary",
        **_count_steps(step),
    }


def _make_address(event: Event, step: str) -> str:
    return reverse("organiser_settings", args=[event.code, step])


def _show_step(
    request: SignedInRequest, event: Event, step: str, *shown: forms.BaseForm, **more: Any
) -> HttpResponse:
    """Draw a step; the form with errors leads, so that the summary and the title speak of it."""
    leading = next((form for form in shown if form.errors), shown[0] if shown else None)
    context = {**_describe_step(event, step), "form": leading, **more}
    return render(request, f"attendance/plan/{step}.html", context, status=_choose_status(*shown))


def _go_on(request: SignedInRequest, event: Event, step: str) -> HttpResponse:
    """Go on from a draft's step, stay on that of an announced event."""
    messages.success(request, _("Saved."))
    if event.state == Event.State.DRAFT:
        step = planning.neighbours(step)[1]
    return redirect("organiser_settings", code=event.code, step=step)


def _edit_what(request: SignedInRequest, event: Event) -> HttpResponse:
    form = WhatForm(
        request.POST or None,
        units=events.units_for(request.user),
        is_fixed=event.state != Event.State.DRAFT,
        instance=copy(event),  # the page shows the event as it is stored
    )
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        if not changes.get("code"):
            changes.pop("code", None)
        with refusals_in(form):
            changed = events.change_event(event, changes, actor=request.user)
            return _go_on(request, changed, "apa")
    return _show_step(request, event, "apa", form)


def _edit_when(request: SignedInRequest, event: Event) -> HttpResponse:
    place, session = _make_when_forms(request, event)
    sent = [form for form in (place, session) if form.is_bound]
    if sent and all(form.is_valid() for form in sent):
        with refusals_in(sent[-1]):
            if place.is_bound:
                events.change_event(event, place.cleaned_data, actor=request.user)
            if not session.is_bound:
                return _return_to_step(request, event, _("Saved."))
            added = events.add_session(event, session.planned_session(), actor=request.user)
            return _confirm_session(request, event, added)
    has_session = bool(planning.taking_place(event.sessions.all()))
    return _show_step(
        request,
        event,
        "waktu",
        session,
        place,
        place_form=place,
        session_form=session,
        adding_kind="secondary" if has_session else "",
        onward_kind="" if has_session else "secondary",
    )


def _make_when_forms(request: SignedInRequest, event: Event) -> tuple[PlaceForm, SessionForm]:
    """Return both forms; they are sent together, so that neither button loses what the other saves.

    The session is left alone where the place is saved and no session was begun.
    """
    data, usual = request.POST, planning.usual_times(event, list(event.sessions.all()))
    place = PlaceForm(data if "place" in data else None, instance=copy(event))
    session = SessionForm(data or None, event=event, initial=usual)
    if data.get("simpan") != "sesi" and not session.is_begun:
        session = SessionForm(event=event, initial=usual)
    return place, session


def _return_to_step(
    request: SignedInRequest, event: Event, text: str, step: str = "waktu"
) -> HttpResponse:
    messages.success(request, text)
    return redirect("organiser_settings", code=event.code, step=step)


def _confirm_session(request: SignedInRequest, event: Event, session: Session) -> HttpResponse:
    if session.ends_at < timezone.now():
        messages.warning(request, _("This session lies in the past. Check the day."))
    return _return_to_step(request, event, _("The session is saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_session(request: SignedInRequest, code: str, session: UUID) -> HttpResponse:
    """Change or move one session, cancel it, or take it out of a draft."""
    event = _get_event(request, code)
    row = get_object_or_404(event.sessions.filter(is_cancelled=False), uuid=session)
    row.event = event
    if _is_only_read(request, event):
        return redirect("organiser_settings", code=code, step="periksa")
    with timezone.override(ZoneInfo(event.zone)):
        if request.POST.get("simpan") == "hapus":
            events.remove_session(row, actor=request.user)
            return _return_to_step(request, event, _("The session is removed."))
        if request.POST.get("simpan") == "batalkan":
            events.cancel_session(row, actor=request.user)
            text = _("The session is cancelled. Its entries stay.")
            return _return_to_step(request, event, text)
        data = request.POST if request.method == "POST" else None
        form = SessionForm(data, event=event, instance=copy(row))
        if form.is_bound and form.is_valid():
            with refusals_in(form):
                changed = events.change_session(form.planned_session(), actor=request.user)
                return _confirm_session(request, event, changed)
        may_remove = event.state == Event.State.DRAFT and not events.has_entries(row)
        context = {
            **_describe_step(event, "waktu"),
            "form": form,
            "row": row,
            "may_remove": may_remove,
        }
        return render(request, "attendance/plan/session.html", context, status=_choose_status(form))


def _edit_who(request: SignedInRequest, event: Event) -> HttpResponse:
    if "panitia" in request.POST:
        return _add_organiser(request, event)
    form = SeatsForm(request.POST or None, initial={"capacity": event.capacity})
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            changed = events.change_event(event, form.cleaned_data, actor=request.user)
            return _go_on(request, changed, "siapa")
    return _show_step(
        request,
        event,
        "siapa",
        form,
        **_describe_organisers(request, event),
    )


def _describe_organisers(request: SignedInRequest, event: Event) -> dict[str, Any]:
    organisers = planning.organisers_of(event, timezone.localdate())
    text = request.GET.get("q", "").strip()
    found = inviting.find_by_name(event, text, actor=request.user) if text else []
    return {
        "organisers": organisers,
        "q": text,
        "found": [who for who in found if who.person not in organisers],
    }


def _add_organiser(request: SignedInRequest, event: Event) -> HttpResponse:
    if asked := confirming.ask_to_confirm(request):
        return asked
    people = visible(request.user, "register", Person.objects.unmerged())
    person = get_object_or_404(people, uuid=read_uuid(request.POST["panitia"]))
    try:
        events.add_organiser(event, person, actor=request.user)
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("organiser_settings", code=event.code, step="siapa")
    text = _("%(name)s runs this event with you now.") % {"name": person.name}
    return _return_to_step(request, event, text, "siapa")


def _edit_quizzes(request: SignedInRequest, event: Event) -> HttpResponse:
    if "tarik" in request.POST:
        planning.take_back_quiz(event, read_uuid(request.POST["tarik"]), actor=request.user)
        text = _("The quiz is taken back. Answers given stay.")
        return _return_to_step(request, event, text, "kuis")
    versions = planning.published_quizzes()
    windows = planning.usual_windows(list(event.sessions.all()), timezone.now())
    usual = {
        phase: {"opens": window.opens_at, "closes": window.closes_at}
        for phase, window in windows.items()
    }
    shown = {
        word: QuizForm(
            request.POST if request.POST.get("simpan") == word else None,
            prefix=word,
            versions=versions,
            zone=event.zone,
            initial=usual.get(phase, {}),
        )
        for word, phase in PHASES.items()
    }
    for word, form in shown.items():
        if form.is_bound and form.is_valid():
            with refusals_in(form):
                planning.give_quiz(
                    event,
                    form.cleaned_data["quiz"],
                    actor=request.user,
                    phase=PHASES[word],
                    setting=form.cleaned_data["setting"],
                    window=form.window(),
                )
                return _return_to_step(
                    request, event, _("The quiz is given to the participants."), "kuis"
                )
    given = planning.assignments_of(event)
    uses = planning.uses_elsewhere(event, actor=request.user, now=timezone.now())
    return _show_step(
        request,
        event,
        "kuis",
        *shown.values(),
        phases=[(word, PHASES[word].label, form) for word, form in shown.items()],
        given=[(*row, uses.get(row[0].quiz_id, [])) for row in _name_quizzes(given, event.zone)],
        used=[
            (version.display_title, uses[version.quiz_id])
            for version in versions
            if uses.get(version.quiz_id)
        ],
        has_quizzes=bool(versions),
        onward_kind="",
    )


def _name_quizzes(given: Sequence[Assignment], zone: str) -> list[tuple[Assignment, str, str, str]]:
    """Return each assignment with its quiz's title, and when it opens and closes, where it does."""
    titles = planning.titles_of(row.quiz for row in given)

    def moment(text: str, at: datetime | None) -> str:
        return text % {"at": dates.format_moment(at, zone)} if at else ""

    return [
        (
            row,
            titles[row.quiz_id],
            moment(_("opens %(at)s"), row.opens_at),
            moment(_("closes %(at)s"), row.closes_at),
        )
        for row in given
    ]


def _show_check(request: SignedInRequest, event: Event) -> HttpResponse:
    if request.method == "POST":
        return HttpResponseNotAllowed(("GET", "HEAD"))
    given = planning.assignments_of(event)
    sessions = list(event.sessions.all())
    gaps = planning.gaps_of(event, sessions, given, timezone.now())
    is_final = event.is_final
    return _show_step(
        request,
        event,
        "periksa",
        given=_name_quizzes(given, event.zone),
        gaps=[] if is_final else [(gap, _make_address(event, gap.step)) for gap in gaps],
        may_open=not any(gap.is_needed for gap in gaps),
        is_final=is_final,
        opening=next((act for act in events.steps_offered(event) if act.slug == "buka"), None),
    )


PAGES: dict[str, Page] = {
    "apa": _edit_what,
    "waktu": _edit_when,
    "siapa": _edit_who,
    "kuis": _edit_quizzes,
    "periksa": _show_check,
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_act(request: SignedInRequest, code: str, act: str) -> HttpResponse:
    """Name the step with how many people it concerns; a post takes it, or says why not."""
    rows = visible(request.user, "change-event", Event.objects.select_related("unit"))
    event = get_object_or_404(rows, code=code)
    chosen = events.STEP_BY_SLUG.get(act)
    if chosen is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = CancelEventForm(data) if chosen.is_cancelling else None
    refusal = None
    if request.method == "POST" and (form is None or form.is_valid()):
        reason = form.cleaned_data["reason"] if form else ""
        try:
            events.step(event, chosen.to, actor=request.user, reason=reason)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, str(chosen.done))
            return redirect("organiser_event", code=code)
    offered = events.steps_offered(event)
    context = {
        "event": event,
        "act": chosen,
        "label": chosen.label_for(event),
        "people": event.registrations.active().count(),
        "missing": boards.unrecorded(event) if chosen.to == Event.State.ENDED else None,
        "is_offered": chosen in offered,
        "offered": [(step, step.label_for(event)) for step in offered],
        "form": form,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form is not None and form.errors else 200
    return render(request, "attendance/plan/act.html", context, status=status)
