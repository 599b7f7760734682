"""Pages of the quizzes; each step works without JavaScript."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, holds, rows_of, visible
from quizzes import delivery, overview, question_page, showing
from quizzes.arithmetic.deadlines import time_left
from quizzes.arithmetic.saving import SaveEvent, SaveOutcome
from quizzes.delivery import CannotStart
from quizzes.forms import ExtensionForm, StartForm, posted_answer
from quizzes.models import Assignment, Attempt, Quiz, QuizVersion, VersionState
from quizzes.wording import (
    facts_of,
    number_read,
    questions_in,
    review_words,
    sentence_of,
    standing_of,
)

TOKEN = 32
ROWS_A_PAGE = 50
EXTENDED_AFTER_CLOSING = timedelta(days=30)
READ_WRITE = ("GET", "HEAD", "POST")
ALL = "semua"
ASKED = "kosong"  # in the address, so that the browser's way back asks again without a form


_OPEN_FIRST = {"doing": 0, "todo": 1, "done": 2, "stopped": 3}  # states of a quiz


@dataclass(frozen=True)
class RefusedAnswer:
    """What a form held that was not taken: shown again beside what stands on the server."""

    value: Any
    error: str = ""
    is_conflict: bool = False


@require_safe
@never_cache
def quizzes(request: SignedInRequest) -> HttpResponse:
    """List the person's quizzes, those of the last year first; the rest is behind a link."""
    recent, shows_all = overview.a_year_ago(), ALL in request.GET
    entries = overview.entries_of(request.user, since=None if shows_all else recent)
    entries.sort(key=lambda one: _OPEN_FIRST[standing_of(one).state])
    context = {
        "entries": [(one, standing_of(one), questions_in(one)) for one in entries],
        "has_earlier": not shows_all
        and request.user.date_joined < recent
        and overview.has_entries_before(request.user, recent),
        "query": f"?{ALL}=1" if shows_all else "",
        "may_extend": holds(request.user, "extend-quiz"),
    }
    return render(request, "quizzes/list.html", context)


@require_http_methods(READ_WRITE)
@never_cache
def quiz_start(request: SignedInRequest, slug: str) -> HttpResponse:
    """Say what to expect before the first answer; a post begins or goes on.

    Rounds that closed more than a year ago stand behind a link.
    """
    refusal = None
    if request.method == "POST":
        form = StartForm(request.POST)
        if not form.is_valid():
            raise Http404
        chosen = Assignment.objects.select_related("quiz", "event").filter(quiz__slug=slug)
        assignment = get_object_or_404(chosen, uuid=form.cleaned_data["tugas"])
        try:
            attempt, is_new = delivery.start(assignment, request.user)
        except CannotStart as refused:
            refusal = refused
        else:
            number = 1 if is_new else showing.next_blank(attempt)
            return redirect("attempt_item", attempt=attempt.uuid, number=number)
    quiz = get_object_or_404(Quiz, slug=slug)
    recent, shows_all = overview.a_year_ago(), ALL in request.GET
    entries = overview.entries_of(request.user, quiz=quiz, since=None if shows_all else recent)
    may_have_earlier = not shows_all and (not entries or request.user.date_joined < recent)
    earlier = quiz.assignments.filter(closes_at__lt=recent)
    has_earlier = may_have_earlier and visible(request.user, "open-quiz", earlier).exists()
    if not entries and not visible(request.user, "open-quiz", quiz.assignments.all()).exists():
        raise Http404
    version = entries[0].prospect.version if entries else quiz.versions.published().first()
    context = {
        "quiz": quiz,
        "title": version.display_title if version else "",
        "entries": [(one, facts_of(one), review_words(one)) for one in entries],
        "has_earlier": has_earlier,
        "refusal": refusal.message if refusal else "",
        # Who will see what is said before the first answer.
        "unit_minimum": settings.KLINIK_MIN_GROUP_UNIT,
        "others_minimum": settings.KLINIK_MIN_GROUP_OTHERS,
    }
    status = refusal.status if refusal else 200
    return render(request, "quizzes/start.html", context, status=status)


def _get_own(request: SignedInRequest, uuid: UUID) -> Attempt:
    attempt = overview.find_own(request.user, uuid, verb="take-attempt")
    if attempt is None:
        raise Http404
    return attempt


@require_http_methods(READ_WRITE)
@never_cache
def attempt_item(request: SignedInRequest, attempt: UUID, number: str) -> HttpResponse:
    """Show one question; a post saves its answer and goes where the button says.

    The page holds the other questions too: its script shows them without asking again.
    """
    found = _get_own(request, attempt)
    items = showing.shown_items(found)
    if not number.isdecimal() or not 1 <= int(number) <= len(items):
        raise Http404
    if not found.is_open:
        return redirect("attempt_result", attempt=attempt)
    shown, refused = items[int(number) - 1], None
    if request.method == "POST":
        refused = _save(request, found, shown)
        if refused is None:
            step = request.POST.get("ke", "")
            if step == "tandai":
                taker = request.user.person
                delivery.flag(attempt, shown.index, taker=taker, flagged=not shown.flagged)
                return redirect("attempt_item", attempt=attempt, number=shown.index)
            if step.isdecimal() and 1 <= int(step) <= len(items):
                return redirect("attempt_item", attempt=attempt, number=step)
            return redirect("attempt_check", attempt=attempt)
        items = showing.shown_items(found)
        shown = items[shown.index - 1]
    now = timezone.now()
    left = time_left(found.deadline_at, now)
    context = {
        "attempt": found,
        "shown": shown,
        "items": items,
        "heading": question_page.heading_of(shown.index, len(items)),
        "words": question_page.words_for_script(len(items), found.deadline_at),
        "fields": {
            **question_page.fields_of(shown.public),
            "value": shown.value if refused is None else refused.value,
            "number": shown.number if refused is None else None,
        },
        "questions": question_page.questions_of(items),
        "prototypes": question_page.prototypes(get_language() or settings.LANGUAGE_CODE),
        "here": reverse("attempt_item", args=[attempt, "0"]).removesuffix("0/"),
        "refused": refused,
        "now": now,
        "token": _make_token(),
        "minutes_left": None if left is None else -(-left.seconds // 60) + left.days * 1440,
    }
    status = 200 if refused is None else 409 if refused.is_conflict else 422
    return render(request, "quizzes/item.html", context, status=status)


def _save(
    request: SignedInRequest, attempt: Attempt, shown: showing.ShownItem
) -> RefusedAnswer | None:
    """Save what was posted; None when it was taken, or when nothing was changed."""
    clears = "hapus" in request.POST
    value = None if clears else posted_answer(shown.public, request.POST)
    if not clears and showing.is_same(attempt, shown, value):
        return None
    event = SaveEvent(
        client_id=_clean_token(request.POST.get("token", "")),
        seq=1,
        base_rev=_parse_whole(request.POST.get("base_rev", "")),
        value=value,
        clear=clears,
    )
    taker = request.user.person
    decision = delivery.save_response(attempt.uuid, shown.index, event, taker=taker).decision
    if decision.outcome is SaveOutcome.CONFLICT:
        return RefusedAnswer(decision.sent, sentence_of(decision), is_conflict=True)
    if decision.outcome is SaveOutcome.REFUSED:
        return RefusedAnswer(value, sentence_of(decision))
    if decision.number is not None:
        told = {"n": shown.index, "reading": number_read(decision.number)}
        messages.info(request, _("Question %(n)s is saved, %(reading)s.") % told)
    return None


def _clean_token(text: str) -> str:
    """Return the page's own token; whatever else came gets a new one."""
    return text if text.isascii() and text.isalnum() and len(text) == TOKEN else _make_token()


def _make_token() -> str:
    return get_random_string(TOKEN)


def _parse_whole(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9  # noqa: PLR2004
    return int(text) if is_number else 0


@require_http_methods(READ_WRITE)
@never_cache
def attempt_check(request: SignedInRequest, attempt: UUID) -> HttpResponse:
    """List answered, empty and marked questions; hand in after one question about the empty."""
    found = _get_own(request, attempt)
    if not found.is_open:
        return redirect("attempt_result", attempt=attempt)
    is_sure = request.method == "POST" and "yakin" in request.POST
    items = [] if is_sure else showing.shown_items(found)
    blanks = [item for item in items if not item.is_answered]
    if request.method == "POST" and blanks:
        return redirect(f"{reverse('attempt_check', args=[attempt])}?{ASKED}=1")
    if request.method == "POST":
        delivery.submit(attempt, taker=request.user.person)
        return redirect("attempt_result", attempt=attempt)
    context = {
        "attempt": found,
        "items": items,
        "blanks": blanks,
        "asks": bool(blanks) and ASKED in request.GET,
    }
    return render(request, "quizzes/check.html", context)


# --- more time or tries for one person ----------------------------------------------------------
@require_safe
@never_cache
def quiz_extensions(request: SignedInRequest) -> HttpResponse:
    """List the assigned quizzes for which more time or tries can still matter."""
    rows = visible(request.user, "extend-quiz", Assignment.objects.in_force())
    rows = rows.exclude(closes_at__lt=timezone.now() - EXTENDED_AFTER_CLOSING)
    rows = rows.filter(quiz__versions__state=VersionState.PUBLISHED)
    rows = rows.select_related("quiz", "event", "unit", "person").order_by("-opens_at", "-pk")
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    titles = _read_titles(one.quiz_id for one in page)
    context = {"rows": [(one, titles[one.quiz_id]) for one in page], "page_obj": page}
    return render(request, "quizzes/extensions.html", context)


@require_safe
@never_cache
def quiz_takers(request: SignedInRequest, assignment: UUID) -> HttpResponse:
    """List the persons whom one assignment reaches, found by name, and what they were given."""
    given = _get_extensible(request, assignment)
    people = overview.takers_of(given)
    if name := request.GET.get("q", "")[:80].strip():
        people = people.filter(name__icontains=name)
    page = Paginator(people, ROWS_A_PAGE).get_page(request.GET.get("page"))
    extended = set(
        given.extensions.filter(revoked_at__isnull=True).values_list("person", flat=True)
    )
    context = {
        "assignment": given,
        "title": _read_titles([given.quiz_id])[given.quiz_id],
        "rows": [(person, person.pk in extended) for person in page],
        "page_obj": page,
        "q": name,
    }
    return render(request, "quizzes/takers.html", context)


@require_http_methods(READ_WRITE)
@never_cache
def quiz_extension(request: SignedInRequest, assignment: UUID, person: UUID) -> HttpResponse:
    """Give one person more minutes, a later closing or further tries, or take it back."""
    given = _get_extensible(request, assignment)
    taker = get_object_or_404(overview.takers_of(given), uuid=person)
    found = delivery.prospect(given, taker)
    extensions = given.extensions.filter(person__in=rows_of(taker)).order_by("-granted_at", "-pk")
    here = redirect("quiz_extension", assignment=assignment, person=person)
    if "akhiri" in request.POST:
        key = request.POST["akhiri"]
        chosen = extensions.filter(pk=int(key)) if key.isdecimal() else extensions.none()
        delivery.end_extension(get_object_or_404(chosen), actor=request.user)
        messages.success(request, _("The extension has ended."))
        return here
    form = ExtensionForm(
        request.POST or None, assignment=given, has_limit=found.version.minutes is not None
    )
    if request.method == "POST" and form.is_valid():
        try:
            delivery.extend(given, taker, actor=request.user, **form.granted())
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The extension holds from now on."))
            return here
    context = {
        "assignment": given,
        "title": found.version.display_title,
        "person": taker,
        "prospect": found,
        "extensions": extensions.select_related("granted_by__person"),
        "form": form,
    }
    return render(request, "quizzes/extension.html", context, status=422 if form.errors else 200)


def _get_extensible(request: SignedInRequest, uuid: UUID) -> Assignment:
    rows = visible(request.user, "extend-quiz", Assignment.objects.in_force())
    rows = rows.filter(quiz__versions__state=VersionState.PUBLISHED)
    return get_object_or_404(rows.select_related("quiz", "event", "unit", "person"), uuid=uuid)


def _read_titles(quizzes: Iterable[int]) -> dict[int, str]:
    """Return the titles of the published versions, by the keys of the quizzes."""
    versions = QuizVersion.objects.published().filter(quiz__in=set(quizzes))
    return {version.quiz_id: version.display_title for version in versions}
