"""The organisers' list of participants: narrowed, decided on in one act, changed one by one.

One page more shows a person's entries, and corrects them.
"""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from attendance import (
    badges,
    boards,
    decisions,
    entries,
    inviting,
    planning,
    presence,
    registration,
)
from attendance.forms import (
    ChangeReasonForm,
    CorrectionForm,
    EntryForm,
    NarrowForm,
    SubstituteForm,
    read_narrowing,
    read_uuid,
)
from attendance.models import Correction, Decision, Event, Registration
from attendance.wording import CORRECTED, QUESTIONS, describe_outcomes
from clinic.lib.errors import Refused
from clinic.people import confirming, revealing
from clinic.people.access import SignedInRequest, visible
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.models import Person
from quizzes.models import Assignment

ROWS_A_PAGE = 100
NAMES_SHOWN = 20
NARROWED_BY = ("q", "status", "unit", "kehadiran", "kuis")
KEPT_IN_ADDRESS = (*NARROWED_BY, "urut")
BULK = (Decision.Act.APPROVE, Decision.Act.DECLINE, Decision.Act.WAIT, Decision.Act.REVOKE)
DANGER = frozenset({Decision.Act.DECLINE, Decision.Act.REVOKE})


def _get_event(request: SignedInRequest, code: str) -> Event:
    events = visible(request.user, "change-event", Event.objects.select_related("unit"))
    return get_object_or_404(events, code=code)


def _make_list_address(request: SignedInRequest, event: Event, **more: Any) -> str:
    """Return the list's address, narrowed as it is now."""
    kept = request.GET.copy()
    for name in set(kept) - set(KEPT_IN_ADDRESS):
        del kept[name]
    for name, value in more.items():
        kept[name] = str(value)
    words = kept.urlencode()
    address = reverse("organiser_people", args=[event.code])
    return f"{address}?{words}" if words else address


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_people(request: SignedInRequest, code: str) -> HttpResponse:
    """List who is registered; a post decides on the chosen ones, after a page that asks.

    What a post does is told by the field that only it sends.
    """
    event = _get_event(request, code)
    if request.method != "POST":
        return _show_list(request, event)
    if "batal" in request.POST:
        return _undo(request, event)
    if "pendaftaran" in request.POST:  # the button in one person's row
        row = get_object_or_404(event.registrations, uuid=read_uuid(request.POST["pendaftaran"]))
        return _decide(request, event, Decision.Act.APPROVE, [row.uuid], key=uuid4())
    if "kunci" in request.POST:
        return _decide_chosen(request, event)
    return _ask_before_deciding(request, event)


def _show_list(request: SignedInRequest, event: Event) -> HttpResponse:
    listing = boards.list_participants(
        event, read_narrowing(request.GET), actor=request.user, now=timezone.now()
    )
    page = Paginator(listing.entries, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "event": event,
        "listing": listing,
        "form": NarrowForm(request.GET, listing=listing),
        "page_obj": page,
        "is_narrowed": any(request.GET.get(name) for name in NARROWED_BY),
        "summary": _("%(shown)d of %(total)d people are shown.")
        % {"shown": len(listing.entries), "total": listing.total},
        "may_decide": not event.is_over_or_cancelled,
        "has_all_chosen": "semua" in request.GET,
        "acts": [(act.value, act.label, act in DANGER) for act in BULK],
        "here": _make_list_address(request, event),
        "last_decision": _describe_decision(event, request.GET.get("hasil", "")),
    }
    return render(request, "attendance/people.html", context)


def _describe_decision(event: Event, key: str) -> dict[str, Any] | None:
    """Say again what was decided; the address holds its key, so a reload changes nothing."""
    try:
        decision = event.decisions.filter(uuid=UUID(key)).first()
    except ValueError:
        return None
    if decision is None:
        return None
    rows = list(decision.rows.select_related("registration__person"))
    return {
        "decision": decision,
        "lines": describe_outcomes(decision.act, [row.outcome for row in rows]),
        "unchanged": [row for row in rows if row.outcome != decisions.Outcome.DONE][:NAMES_SHOWN],
        "may_undo": decision.may_be_undone(timezone.now())
        and any(row.outcome == decisions.Outcome.DONE for row in rows),
    }


def _undo(request: SignedInRequest, event: Event) -> HttpResponse:
    decision = get_object_or_404(event.decisions, uuid=read_uuid(request.POST["batal"]))
    try:
        decisions.undo(decision, actor=request.user)
    except Refused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, _("Undone. Every registration is as it was before."))
    return redirect(_make_list_address(request, event))


def _decide(
    request: SignedInRequest,
    event: Event,
    act: str,
    chosen: list[UUID],
    *,
    key: UUID,
    reason: str = "",
) -> HttpResponse:
    try:
        decision = decisions.decide(event, act, chosen, key=key, reason=reason, actor=request.user)
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect(_make_list_address(request, event))
    return redirect(_make_list_address(request, event, hasil=decision.uuid))


def _ask_before_deciding(request: SignedInRequest, event: Event) -> HttpResponse:
    """Name the act and the number before anything changes."""
    chosen = [read_uuid(text) for text in request.POST.getlist("pilih") if text]
    if "semua" in request.POST:
        listing = boards.list_participants(
            event, read_narrowing(request.GET), actor=request.user, now=timezone.now()
        )
        chosen = [entry.registration.uuid for entry in listing.entries]
    if not chosen:
        messages.warning(request, _("Choose at least one person, or everybody in this list."))
        return redirect(_make_list_address(request, event))
    return _show_confirm_page(request, event, chosen, key=uuid4())


def _show_confirm_page(
    request: SignedInRequest,
    event: Event,
    chosen: list[UUID],
    *,
    key: UUID,
    form: ChangeReasonForm | None = None,
) -> HttpResponse:
    act = request.POST.get("putusan", "")
    if act not in decisions.LEADS:
        raise Http404
    rows = list(event.registrations.filter(uuid__in=chosen).select_related("person"))
    fitting = [row for row in rows if act in decisions.acts_on(row.state)]
    needs_reason = act in decisions.WITH_REASON
    form = form or ChangeReasonForm(is_required=needs_reason)
    context = {
        "event": event,
        "act": act,
        "label": Decision.Act(act).label,
        "is_danger": Decision.Act(act) in DANGER,
        "title": QUESTIONS[act] % {"count": len(fitting)},
        "chosen": len(rows),
        "fitting": fitting,
        "rows": ",".join(str(row.uuid) for row in rows),
        "key": key,
        "form": form if needs_reason or act == Decision.Act.DECLINE else None,
        "seats_left": event.seats_left,
        "back": _make_list_address(request, event),
    }
    status = 422 if form.errors else 200
    return render(request, "attendance/decide.html", context, status=status)


def _decide_chosen(request: SignedInRequest, event: Event) -> HttpResponse:
    data = request.POST
    act, key = data.get("putusan", ""), read_uuid(data["kunci"]) if data["kunci"] else uuid4()
    chosen = [read_uuid(text) for text in data.get("baris", "").split(",") if text]
    form = ChangeReasonForm(data, is_required=act in decisions.WITH_REASON)
    if not form.is_valid():
        return _show_confirm_page(request, event, chosen, key=key, form=form)
    return _decide(request, event, act, chosen, key=key, reason=form.cleaned_data["reason"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_change(request: SignedInRequest, code: str, person: UUID) -> HttpResponse:
    """One registration: decide, withdraw, replace; show the whole NIP."""
    event = _get_event(request, code)
    allowed = visible(request.user, "cancel-registration", event.registrations.all())
    row = get_object_or_404(allowed.select_related("person", "event", "replaces"), uuid=person)
    if request.method != "POST":
        return _show_change_page(request, row)
    kind = request.POST.get("jenis", "")
    if kind == "nip":
        if asked := confirming.ask_to_confirm(request):
            return asked
        nip = revealing.reveal(row.person, "nip", actor=request.user)
        return _show_change_page(request, row, nip=nip)
    if kind == "kartu":
        return _reissue_badge(request, row)
    return _replace(request, row) if kind == "ganti" else _change(request, row, kind)


def _reissue_badge(request: SignedInRequest, row: Registration) -> HttpResponse:
    try:
        badges.reissue(row, actor=request.user)
    except Refused as refused:
        return _show_change_page(request, row, refusal=refused)
    messages.success(
        request, _("There is a new code. The old one is refused when attendance is recorded.")
    )
    return redirect("organiser_change", code=row.event.code, person=row.uuid)


def _change(request: SignedInRequest, row: Registration, kind: str) -> HttpResponse:
    form = ChangeReasonForm(
        request.POST, is_required=kind == "tarik" or kind in decisions.WITH_REASON
    )
    if not form.is_valid():
        return _show_change_page(request, row, form=form)
    reason = form.cleaned_data["reason"]
    if kind != "tarik":
        return _decide(request, row.event, kind, [row.uuid], key=uuid4(), reason=reason)
    try:
        registration.withdraw(row, actor=request.user, reason=reason)
    except Refused as refused:
        return _show_change_page(request, row, refusal=refused)
    messages.success(
        request, _("The registration of %(name)s is withdrawn.") % {"name": row.person.name}
    )
    return redirect(_make_list_address(request, row.event))


def _replace(request: SignedInRequest, row: Registration) -> HttpResponse:
    form = SubstituteForm(request.POST, choices=_find_substitutes(request, row))
    if not form.is_valid():
        return _show_change_page(request, row, substitute=form)
    people = visible(request.user, "register", Person.objects.unmerged())
    other = get_object_or_404(people, uuid=form.cleaned_data["orang"])
    try:
        registration.replace(row, other, actor=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        return _show_change_page(request, row, substitute=form, refusal=refused)
    names = {"name": row.person.name, "other": other.name}
    messages.success(request, _("%(other)s comes instead of %(name)s.") % names)
    return redirect(_make_list_address(request, row.event))


def _find_substitutes(request: SignedInRequest, row: Registration) -> list[tuple[str, str]]:
    """Return who was found by the name in the address and has no registration yet."""
    text = request.GET.get("q", "").strip()
    if not text:
        return []
    candidates = inviting.find_by_name(row.event, text, actor=request.user, only_free=True)
    return [(str(who.person.uuid), f"{who.person.name}, {who.unit.name}") for who in candidates]


def _show_change_page(
    request: SignedInRequest,
    row: Registration,
    *,
    nip: str | None = None,
    form: ChangeReasonForm | None = None,
    substitute: SubstituteForm | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    choices = _find_substitutes(request, row)
    labels = {act.value: str(act.label) for act in Decision.Act}
    if row.standing == Registration.INVITED[0]:
        labels[Decision.Act.APPROVE] = _("Confirm at the person's wish")
    form = form or ChangeReasonForm(is_required=False)
    substitute = substitute or SubstituteForm(choices=choices)
    context = {
        "event": row.event,
        "row": row,
        "nip": nip,
        "masked_nip": mask_nip(row.person.nip),
        "acts": [(act, labels[act], act in DANGER) for act in decisions.acts_on(row.state)],
        "form": form,
        "substitute": substitute,
        "may_decide": not row.event.is_over_or_cancelled,
        "may_reissue": row.is_active and not row.event.is_over_or_cancelled,
        "quizzes": _find_extensible_quizzes(request, row),
        "has_choices": bool(choices),
        "may_replace": row.state in (Registration.State.NOMINATED, Registration.State.CONFIRMED),
        "q": request.GET.get("q", ""),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form.errors or substitute.errors else 200
    return render(request, "attendance/change.html", context, status=status)


def _find_extensible_quizzes(
    request: SignedInRequest, row: Registration
) -> list[tuple[Assignment, str]]:
    """Return the event's quizzes for which the person may get more time or tries, with titles."""
    if not Registration.State(row.state).holds_seat:
        return []
    given = visible(request.user, "extend-quiz", Assignment.objects.in_force())
    rows = list(given.filter(event=row.event).select_related("quiz"))
    titles = planning.titles_of(row.quiz for row in rows)
    return [(row, titles[row.quiz_id]) for row in rows]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organiser_person(request: SignedInRequest, code: str, person: UUID) -> HttpResponse:
    """One person's scans and corrections; a post corrects, with a reason and a fresh password."""
    event = get_object_or_404(visible(request.user, "change-event", Event.objects.all()), code=code)
    allowed = visible(request.user, "correct-presence", event.registrations.all())
    row = get_object_or_404(allowed.select_related("person", "event"), uuid=person)
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request)):
        return asked
    typed = confirming.typed_before(request)
    with timezone.override(event.zone):
        refusal = None
        form = CorrectionForm(
            request.POST if "at" in request.POST else None,
            initial=typed.dict() if "at" in typed else None,
            groups=boards.groups_of(event, event.sessions.all()),
        )
        if request.method == "POST":
            refusal = _correct(request, row, form)
            if refusal is None and not form.errors:
                return redirect("organiser_person", code=code, person=person)
        context = {
            "event": row.event,
            "row": row,
            "form": form,
            "refusal": refusal,
            "typed": typed,
            "presences": entries.describe_presences(row),
            "entries": entries.entries_of(row),
            "corrections": row.corrections.select_related("by__person").order_by("created_at"),
        }
        status = refusal.status if refusal else 422 if form.errors else 200
        return render(request, "attendance/person.html", context, status=status)


def _correct(request: SignedInRequest, row: Registration, form: CorrectionForm) -> Refused | None:
    if form.is_bound:
        if not form.is_valid():
            return None
        data = form.cleaned_data
        correction = Correction(
            kind="add",
            target=data["group"],
            at=data["at"],
            direction=data["direction"],
            reason=data["reason"],
        )
    else:
        entry = EntryForm(request.POST)
        entry.full_clean()
        data = entry.cleaned_data
        if "jenis" not in data or "uid" not in data:
            return Refused(_("There is no such entry to correct."), status=404)
        correction = Correction(
            kind=data["jenis"],
            target=data["uid"],
            # A time that cannot be read is a time not given.
            at=data.get("jam") if data["jenis"] == "retime" else None,
            reason=data.get("reason", ""),
        )
    before = entries.describe_presences(row)
    try:
        presence.correct(row, correction, by=request.user)
    except Refused as refused:
        return refused
    changes = entries.changes_between(before, entries.describe_presences(row))
    messages.success(request, f"{CORRECTED[correction.kind]} {changes}")
    return None
