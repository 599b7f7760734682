"""The organisers' pages: list, board, the door, one person's log, the daftar hadir."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance import badges, boards, checkin, overview, presence, registration, sheets, states
from attendance.arithmetic.verdicts import Code, Verdict
from attendance.forms import CorrectionForm, WalkInForm
from attendance.models import Event, Registration, Scan, Session
from attendance.wording import KINDS, SENTENCES
from clinic.lib.errors import Refused
from clinic.people import confirming
from clinic.people.access import visible

READING = ("GET", "HEAD")
READ_WRITE = (*READING, "POST")
WITH_CAMERA = "camera=(self), microphone=(), geolocation=()"
NIP_LENGTH = 18


def _event(request: HttpRequest, code: str, *, verb: str = "change-event") -> Event:
    return get_object_or_404(visible(request.user, verb, Event.objects.all()), code=code)


def _groups(sessions: list[Session]) -> list[str]:
    return list(dict.fromkeys(one.scan_group for one in sessions))


@never_cache
@require_safe
def organiser_events(request: HttpRequest) -> HttpResponse:
    """List the organiser's events by where they stand, each with what presses most."""
    rows = visible(request.user, "change-event", Event.objects.prefetch_related("sessions"))
    context = {"shelves": overview.shelves_of(list(rows), timezone.now())}
    return render(request, "attendance/organiser_list.html", context)


@never_cache
def organiser_event(request: HttpRequest, code: str) -> HttpResponse:
    """The board: six lines of status, counts, and the same by unit."""
    event, now = _event(request, code), timezone.now()
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    sessions = list(event.sessions.all())
    group = boards.current_group(sessions, now)
    lines = boards.lines_of(event, [one for one in sessions if one.scan_group == group], now)
    board = boards.board_of(lines)
    context = {
        "event": event,
        "sessions": sessions,
        "board": board,
        "status": boards.six_lines(event, board),
        "is_past": event.is_over or boards.is_past(sessions, now),
        "acts": [(act, act.label_for(event)) for act in states.offered(event)],
    }
    return render(request, "attendance/board.html", context)


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as error:
        raise Http404 from error


@never_cache
def organiser_door(request: HttpRequest, code: str) -> HttpResponse:
    """Check people in by list, name, typed or scanned code; the last verdict stands on top."""
    event = _event(request, code, verb="record-scan")
    if request.method not in READ_WRITE:
        return HttpResponseNotAllowed(READ_WRITE)
    if request.method == "POST":
        return _act_at_door(request, event)
    sessions, now = list(event.sessions.all()), timezone.now()
    group = request.GET.get("kelompok") or boards.current_group(sessions, now)
    lines = boards.lines_of(event, [one for one in sessions if one.scan_group == group], now)
    text = request.GET.get("q", "").strip()
    found = boards.found_by_name(lines, text) if len(text) >= boards.SHORTEST_SEARCH else lines
    context = {
        "event": event,
        "groups": _groups(sessions),
        "group": group,
        "direction": "out" if request.GET.get("arah") == "out" else "in",
        "lines": [(line, uuid4()) for line in found],
        "board": boards.board_of(lines),
        "q": text,
        "uid": uuid4(),
        "told": _told(event, request.GET.get("hasil", "")),
        "walk_in": WalkInForm(event=event),
    }
    page = render(request, "attendance/door.html", context)
    page["Permissions-Policy"] = WITH_CAMERA
    return page


def _told(event: Event, uid: str) -> dict[str, Any] | None:
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
        "sentence": SENTENCES[row.verdict],
        "kind": KINDS[Verdict(Code(row.verdict)).level.value],
        "is_undone": is_undone,
        "may_undo": row.registration_id and not is_undone and age < checkin.UNDO_SECONDS,
    }


def _act_at_door(request: HttpRequest, event: Event) -> HttpResponse:
    data = request.POST
    if "batal" in data:
        uid = _uuid(data["batal"])
        try:
            checkin.undo(event, uid, by=request.user)
        except checkin.UndoTooLate as refused:
            messages.warning(request, refused.message)
        return _back_to_door(event, data, uid=str(uid))
    answer = checkin.record_scans(event, [_item(event, data)], by=request.user)[0]
    if answer.level == "error":
        messages.warning(request, SENTENCES[answer.verdict])
    return _back_to_door(event, data, uid=answer.uid)


def _item(event: Event, data: Any) -> dict[str, Any]:
    """Make one item of the posted form: a row of the list, or what was typed or scanned."""
    item = {
        "uid": data.get("uid", ""),
        "group": data.get("kelompok", ""),
        "direction": data.get("arah", "in"),
    }
    picked = data.get("pendaftaran") or _by_short_code(event, data.get("kode", ""))
    if picked:
        return {**item, "kind": "manual", "registration": str(picked)}
    return {**item, "kind": "badge", "token": data.get("kode", "")}


def _by_short_code(event: Event, text: str) -> UUID | None:
    code = badges.fold_short_code(text[:40])
    if len(code) != badges.SHORT_CODE_LENGTH:
        return None
    rows = event.registrations.filter(short_code=code)
    return rows.values_list("uuid", flat=True).first()


def _back_to_door(event: Event, data: Any, *, uid: str) -> HttpResponse:
    kept = {"kelompok": data.get("kelompok", ""), "arah": data.get("arah", "in"), "hasil": uid}
    return redirect(f"{reverse('organiser_door', args=[event.code])}?{urlencode(kept)}")


@never_cache
def organiser_walk_in(request: HttpRequest, code: str) -> HttpResponse:
    """Add somebody who is not on the list and check them in."""
    event = _event(request, code, verb="record-scan")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = WalkInForm(request.POST, event=event)
    if not form.is_valid():
        messages.warning(request, _("Write the name and choose the unit."))
        return _back_to_door(event, request.POST, uid="")
    guest = registration.WalkIn(**form.cleaned_data)
    row = registration.add_walk_in(event, guest, actor=request.user)
    item = {**_item(event, request.POST), "kind": "walk_in", "registration": str(row.uuid)}
    item.pop("token", None)
    answer = checkin.record_scans(event, [item], by=request.user)[0]
    return _back_to_door(event, request.POST, uid=answer.uid)


@never_cache
def organiser_person(request: HttpRequest, code: str, person: UUID) -> HttpResponse:
    """One person's scans and corrections; a post corrects, with a reason and a fresh password."""
    event = _event(request, code)
    allowed = visible(request.user, "correct-presence", event.registrations.all())
    row = get_object_or_404(allowed.select_related("person", "event"), uuid=person)
    if request.method not in READ_WRITE:
        return HttpResponseNotAllowed(READ_WRITE)
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request)):
        return asked
    typed = confirming.typed_before(request)
    groups = _groups(list(event.sessions.all()))
    form = CorrectionForm(
        request.POST if "at" in request.POST else None,
        initial=typed.dict() if "at" in typed else None,
        groups=groups,
    )
    refusal = _correct(request, row, form) if request.method == "POST" else None
    if request.method == "POST" and refusal is None and not form.errors:
        return redirect("organiser_person", code=code, person=person)
    context = {
        "event": event,
        "row": row,
        "presences": row.presences.select_related("session"),
        "scans": [(one, SENTENCES[one.verdict]) for one in _log(row)],
        "typed": typed,
        "corrections": row.corrections.select_related("by__person").order_by("created_at"),
        "form": form,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "attendance/person.html", context, status=status)


def _log(row: Registration) -> Any:
    return Scan.objects.filter(registration=row).order_by("effective_at", "uid")


def _correct(request: HttpRequest, row: Registration, form: CorrectionForm) -> Refused | None:
    if form.is_bound:
        if not form.is_valid():
            return None
        told = form.cleaned_data
        act = presence.Act(
            kind="add",
            target=told["group"],
            at=told["at"],
            direction=told["direction"],
            reason=told["reason"],
        )
    else:
        wanted = request.POST.get("jenis", "")
        kind = wanted if wanted in ("void", "unvoid", "accept") else "void"
        act = presence.Act(
            kind=kind, target=request.POST.get("uid", ""), reason=request.POST.get("reason", "")
        )
    try:
        presence.correct(row, act, by=request.user)
    except Refused as refused:
        return refused
    return None


@never_cache
def organiser_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Give the daftar hadir as PDF; whole NIPs by an audited post after a fresh password."""
    event = _event(request, code)
    if request.method not in READ_WRITE:
        return HttpResponseNotAllowed(READ_WRITE)
    board = reverse("organiser_event", args=[code])
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request, back=board)):
        return asked
    wanted = request.POST if request.method == "POST" else request.GET
    sessions = [one for one in event.sessions.all() if not one.is_cancelled]
    group = wanted.get("kelompok") or boards.current_group(sessions, timezone.now())
    chosen = [one for one in sessions if one.scan_group == group]
    if not chosen:
        raise Http404
    wish = sheets.SheetWish(
        sessions=chosen,
        is_recorded=wanted.get("edisi") == "tercatat",
        paper=wanted.get("kertas") if wanted.get("kertas") in sheets.PAPERS else "a4",
        has_whole_nip=request.method == "POST",
    )
    drawn = sheets.attendance_list(event, wish, by=request.user, now=timezone.now())
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="daftar-hadir-{event.code}.pdf"'
    return answer
