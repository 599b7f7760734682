"""The organisers' pages: list, board, the desk, one person's log, the daftar hadir."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attendance import badges, boards, checkin, events, outlook, planning, sheets
from attendance.forms import WalkInForm, read_uuid
from attendance.models import Direction, Event, Session
from attendance.registration import ListedAlready
from attendance.verdicts import Verdict
from attendance.wording import KINDS, SENTENCES
from clinic.lib.errors import Refused
from clinic.people import confirming
from clinic.people.access import SignedInRequest, visible
from clinic.people.arithmetic.nip import mask_nip

WITH_CAMERA = "camera=(self), microphone=(), geolocation=()"
PAST_A_PAGE = 50


def _get_event(request: SignedInRequest, code: str, *, verb: str = "change-event") -> Event:
    return get_object_or_404(visible(request.user, verb, Event.objects.all()), code=code)


@never_cache
@require_safe
def organiser_events(request: SignedInRequest) -> HttpResponse:
    """List the organiser's events by where they stand, each with what presses most."""
    rows = visible(request.user, "change-event", Event.objects.with_times())
    context: dict[str, Any]
    if "lampau" in request.GET:
        pages = Paginator(planning.past_events(rows), PAST_A_PAGE)
        page = pages.get_page(request.GET.get("page"))
        context = {"page_obj": page, "past": planning.past_lines(page.object_list)}
        return render(request, "attendance/organiser_past.html", context)
    context = {"events": planning.organiser_events(rows, timezone.now())}
    return render(request, "attendance/organiser_list.html", context)


@never_cache
@require_safe
def organiser_event(request: SignedInRequest, code: str) -> HttpResponse:
    """The board: five lines of status, counts, and the same by unit."""
    event, now = _get_event(request, code), timezone.now()
    prefetch_related_objects([event], "sessions")
    sessions = list(event.sessions.all())
    group = boards.current_group(sessions, now)
    own = [session for session in sessions if session.scan_group == group]
    sheet = reverse("organiser_sheet", args=[event.code])
    board = boards.board_of(event, own, now)
    seats = outlook.seats_of(event)
    to_approve = event.registrations.to_approve().count()
    steps = outlook.next_steps(event, sessions, seats, to_approve=to_approve, now=now)
    has_begun = event.has_begun(now) or event.is_over or event.state == Event.State.RUNNING
    context = {
        "event": event,
        "sessions": sessions,
        "board": board,
        "way": outlook.way_of(event, sessions, planning.assignments_of(event), now),
        "seats": seats,
        "steps": steps,
        "is_counted": bool(board.everybody.expected) and has_begun,
        # Until the day a unit is what it has answered, from then on who of it is there.
        "units": [] if has_begun else outlook.seats_by_unit(event),
        "status": boards.status_lines(event, board.everybody, to_approve),
        # What is to be done before the day comes first; the door is a page of its own.
        "next_page": {} if steps else _choose_next_page(event, now),
        "acts": [(step, step.label_for(event)) for step in events.steps_offered(event)],
        "sheets": [
            (label, f"{sheet}{query}")
            for label, query in (
                (_("To sign, A4"), ""),
                (_("To sign, F4"), "?kertas=f4"),
                (_("As recorded, A4"), "?edisi=tercatat"),
                (_("As recorded, F4"), "?edisi=tercatat&kertas=f4"),
            )
        ],
    }
    return render(request, "attendance/board.html", context)


def _choose_next_page(event: Event, now: datetime) -> dict[str, str]:
    """Return the page that the organiser needs now; none of an event that does not take place."""
    if event.state == Event.State.DRAFT:
        url = reverse("organiser_settings", args=[event.code, "periksa"])
        return {"label": _("Go on planning"), "url": url, "icon": "arrow-right"}
    if event.is_over_or_past(now):
        url = reverse("organiser_people", args=[event.code])
        return {"label": _("See attendance"), "url": url, "icon": "users"}
    if event.is_cancelled:
        return {}
    url = reverse("organiser_door", args=[event.code])
    return {"label": _("Record attendance"), "url": url, "icon": "qrcode"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_door(request: SignedInRequest, code: str) -> HttpResponse:
    """Check people in by list, name, typed or scanned code; the last verdict stands on top."""
    event = _get_event(request, code, verb="record-scan")
    if request.method == "POST":
        return _record_or_undo(request, event)
    sessions, now = list(event.sessions.all()), timezone.now()
    group = request.GET.get("kelompok") or boards.current_group(sessions, now)
    own = [session for session in sessions if session.scan_group == group]
    lines = boards.lines_of(event, own, now)
    text = request.GET.get("q", "").strip()
    is_search = len(text) >= boards.SHORTEST_SEARCH
    direction = Direction.OUT if request.GET.get("arah") == "out" else Direction.IN
    is_open = boards.takes_entries(event, own, now)
    ahead, done = boards.desk_rows(
        event,
        own,
        boards.narrow_by_name(lines, text) if is_search else lines,
        direction=direction,
        is_open=is_open,
    )
    context = {
        "event": event,
        "group": group,
        "direction": direction,
        "record_label": _("Out") if direction == Direction.OUT else _("Present"),
        "ahead": ahead,
        "done": done,
        "is_open": is_open,
        "count": boards.count_of(lines),
        "whole_list_url": _make_door_address(event, group, direction),
        "tab_rows": _make_tabs(event, sessions, group=group, direction=direction, text=text),
        "q": text,
        "uid": uuid4(),
        "last_scan": _describe_scan(event, request.GET.get("hasil", "")),
        "walk_in": WalkInForm(event=event),
    }
    page = render(request, "attendance/door.html", context)
    page["Permissions-Policy"] = WITH_CAMERA
    return page


def _make_tabs(
    event: Event, sessions: list[Session], *, group: str, direction: Direction, text: str
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return what can be switched at the desk: the sessions where there is a choice, in or out."""

    def tab(label: str, to_group: str, to: str) -> dict[str, Any]:
        is_current = (to_group, to) == (group, direction)
        url = _make_door_address(event, to_group, to, **({"q": text} if text else {}))
        return {"label": label, "url": url, "current": is_current}

    groups = boards.groups_of(event, sessions)
    rows = [(_("Direction"), [tab(_("In"), group, "in"), tab(_("Out"), group, "out")])]
    if len(groups) > 1:
        rows.insert(0, (_("Session"), [tab(label, name, direction) for name, label in groups]))
    return rows


def _describe_scan(event: Event, uid: str) -> dict[str, Any] | None:
    """Say again what was said of a scan; the address holds its uid, so a reload changes nothing."""
    try:
        rows = event.scans.filter(uid=UUID(uid)).select_related("registration__person")
    except ValueError:
        return None
    row = rows.first()
    if row is None:
        return None
    age = (timezone.now() - row.received_at).total_seconds()
    is_undone = event.corrections.filter(kind="void", target=str(row.uid)).exists()
    return {
        "scan": row,
        "person": row.registration.person if row.registration else None,
        "sentence": SENTENCES[row.verdict],
        "since": checkin.came_before(row),
        "kind": "undone" if is_undone else KINDS[Verdict(row.verdict).level],
        "is_undone": is_undone,
        "is_gone": is_undone and row.registration and not row.registration.is_active,
        "may_undo": row.registration_id and not is_undone and age < checkin.UNDO_SECONDS,
    }


def _record_or_undo(request: SignedInRequest, event: Event) -> HttpResponse:
    data = request.POST
    if "batal" in data:
        uid = read_uuid(data["batal"])
        try:
            checkin.undo(event, uid, by=request.user)
        except Refused as refused:
            messages.warning(request, refused.message)
        return _return_to_door(event, data, uid=str(uid))
    answer = checkin.record_scans(event, [_make_item(event, data)], by=request.user)[0]
    if answer.level == "error":
        messages.warning(request, str(SENTENCES[answer.verdict]))
    return _return_to_door(event, data, uid=answer.uid)


def _make_item(event: Event, data: Any) -> dict[str, Any]:
    """Make one item of the posted form: a row of the list, or what was typed or scanned."""
    item = {
        "uid": data.get("uid", ""),
        "group": data.get("kelompok", ""),
        "direction": data.get("arah", "in"),
    }
    picked = data.get("pendaftaran")
    if not picked:
        registration, token = badges.read_typed(event, data.get("kode", ""))
        if registration is None:
            return {**item, "kind": "badge", "token": token}
        picked = registration.uuid
    return {**item, "kind": "manual", "registration": str(picked)}


def _return_to_door(event: Event, data: Any, *, uid: str) -> HttpResponse:
    group, direction = data.get("kelompok", ""), data.get("arah", "in")
    return redirect(_make_door_address(event, group, direction, hasil=uid))


def _make_door_address(event: Event, group: str, direction: str, **more: str) -> str:
    words = urlencode({"kelompok": group, "arah": direction, **more})
    return f"{reverse('organiser_door', args=[event.code])}?{words}"


@never_cache
@require_POST
def organiser_walk_in(request: SignedInRequest, code: str) -> HttpResponse:
    """Add somebody who is not on the list and check them in."""
    event = _get_event(request, code, verb="record-scan")
    form = WalkInForm(request.POST, event=event)
    if "pendaftaran" not in request.POST and not form.is_valid():
        messages.warning(request, _("Write the name and choose the unit."))
        return _return_to_door(event, request.POST, uid="")
    item = {
        "uid": str(read_uuid(request.POST.get("uid", ""))),
        "group": request.POST.get("kelompok", ""),
        "direction": Direction.IN.value,
    }
    try:
        if "pendaftaran" in request.POST:
            rows = event.registrations.select_related("event", "person", "unit")
            listed = get_object_or_404(rows, uuid=read_uuid(request.POST["pendaftaran"]))
            answer = checkin.record_listed(event, item, listed, by=request.user)
        else:
            is_other = "lain" in request.POST
            answer = checkin.record_walk_in(
                event, item, **form.cleaned_data, is_other=is_other, by=request.user
            )
    except ListedAlready as listed_already:
        return _ask_who_it_is(request, event, form, listed_already)
    return _return_to_door(event, request.POST, uid=answer.uid)


def _ask_who_it_is(
    request: SignedInRequest, event: Event, form: WalkInForm, listed: ListedAlready
) -> HttpResponse:
    """Offer the people of the list who may be meant before anybody is added."""
    context = {
        "event": event,
        "listed": [(row, mask_nip(row.person.nip)) for row in listed.registrations],
        "typed": form.cleaned_data,
        "by_nip": listed.by_nip,
        "group": request.POST.get("kelompok", ""),
        "direction": Direction.IN.value,
        "uid": request.POST.get("uid", ""),
        "back": _make_door_address(
            event, request.POST.get("kelompok", ""), request.POST.get("arah", "in")
        ),
    }
    return render(request, "attendance/walk_in.html", context, status=listed.status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_sheet(request: SignedInRequest, code: str) -> HttpResponse:
    """Give the daftar hadir as PDF; whole NIPs by an audited post after a fresh password."""
    event = _get_event(request, code)
    board = reverse("organiser_event", args=[code])
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request, back=board)):
        return asked
    wanted = request.POST if request.method == "POST" else request.GET
    sessions = planning.taking_place(event.sessions.all())
    group = wanted.get("kelompok") or boards.current_group(sessions, timezone.now())
    chosen = [session for session in sessions if session.scan_group == group]
    if not chosen:
        raise Http404
    paper = wanted.get("kertas", "")
    pdf = sheets.attendance_list(
        event,
        chosen,
        is_recorded=wanted.get("edisi") == "tercatat",
        paper=paper if paper in sheets.PAPERS else "a4",
        has_whole_nip=request.method == "POST",
        by=request.user,
        now=timezone.now(),
    )
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="daftar-hadir-{event.code}.pdf"'
    return answer
