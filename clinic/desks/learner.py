"""``/belajar/``: what a participant does next, put together from the learning packages.

Each package gives its own rows; this page puts them in one order and holds no rule.

What a participant does before the next clinic: read, take the pre-quiz, keep the code.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.models import Presence, Registration
from clinic.desks.next_step import NextStep, choose_step, draw_useful
from clinic.lib.prepared import prepared
from clinic.lib.templatetags.ui import clock, days_left, minutes, moment, weekday
from clinic.people.access import SignedInRequest, rows_of
from courses import progress, reading
from courses.models import ModuleEdition
from courses.progress import STATE_WORDS, ModuleProgress
from courses.reading import section_url
from quizzes.models.assignments import Phase
from quizzes.overview import QuizEntry, a_year_ago, entries_of, outcomes_of
from quizzes.wording import standing_of

MODULES_SHOWN = 2
RESULTS_SHOWN = 3
MOST_DRAWN = 1000
RECENTLY = timedelta(days=14)


@require_safe
@never_cache
def learning(request: SignedInRequest) -> HttpResponse:
    """Show what comes before the next clinic and where to go on; to somebody new, how to begin."""
    editions = reading.current_editions(request.user)
    standings = progress.progress_of(request.user.person, editions)
    begun, finished = _list_modules(editions, standings)
    now = timezone.now()
    rows: list[Any] = _read_seats(rows_of(request.user.person), now - RECENTLY)
    seats = [one for one in rows if one.ends >= now and not one.event.is_over]
    entries = entries_of(request.user, since=a_year_ago())
    nearest = next((one for one in seats if not (one.event.is_cancelled or one.came)), None)
    before = preparation_for(nearest, entries, editions, standings) if nearest else None
    is_led = bool(before and before.is_about_modules)
    to_read = [*begun, *(before.reading if before else [])]
    step = choose_step(entries, to_read, is_new=not (begun or finished))
    read = {page for one in standings.values() for page in one.finished}
    to_do = {
        "quizzes": _list_quizzes(
            entries, besides={step.assignment, *(before.quizzes if before else ())}
        ),
        "reading": begun,
        "finished": finished,
        "steps": [] if begun or finished or is_led else _list_first_steps(),
        "useful": draw_useful(request.user, besides=read),
    }
    kept = {
        "coming": [_draw_seat(seat) for seat in seats],
        "attended": [_draw_attended(one, entries) for one in rows if one.came and one not in seats],
        "results": _list_results(entries),
    }
    context = {
        **to_do,
        **kept,
        "before": before,
        "next_step": step,
        "now_task": _find_task(before.tasks, step) if before else None,
        "nearest": nearest,
        # Two columns only where both have something.
        "has_rail": any(to_do.values()) and any(kept.values()),
    }
    return render(request, "desks/learner.html", context)


def _list_modules(
    editions: Sequence[ModuleEdition], standings: Mapping[int, ModuleProgress]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return begun modules as tasks that lead to their next section, and the finished ones."""
    begun, finished = [], []
    for edition in editions:
        standing = standings[edition.module_id]
        task = {
            "label": edition.head["title"],
            "url": reverse("module", kwargs={"slug": edition.head["slug"]}),
            "state": standing.state,
            "word": STATE_WORDS[standing.state],
        }
        following = standing.next_section(edition)
        if standing.state == "done":
            hint = _describe_changes(standing)
            finished.append({**task, "hint": hint})
        elif standing.state == "doing" and following:
            begun.append(
                {**task, "url": section_url(edition, following), "hint": following["title"]}
            )
    return begun, finished


@prepared
def _read_seats(person_ids: Collection[int], since: datetime) -> QuerySet[Registration]:
    """Return the person's seats in events that end later, the next one first.

    ``came`` is when the person came, None where nobody has recorded it.
    """
    held = Registration.objects.active().filter(person__in=person_ids)
    held = held.select_related("event").annotate(
        starts=Min("event__sessions__starts_at"),
        ends=Max("event__sessions__ends_at"),
        came=Min("presences__first_in", filter=Q(presences__state__in=Presence.THERE)),
    )
    return held.filter(ends__gte=since).order_by("starts")


def _draw_seat(seat: Any) -> dict[str, Any]:
    """Return the task of a seat that ``_read_seats`` has read."""
    if seat.came:
        word, hint = _("Present"), _("recorded at %(at)s") % {"at": clock(seat.came)}
    else:
        word, hint = seat.standing_words, f"{moment(seat.starts)} ({days_left(seat.starts)})"
    return {
        "label": seat.event.title,
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": hint,
        "state": "done" if seat.came else "doing",
        "word": word,
    }


def _draw_attended(seat: Any, entries: Sequence[QuizEntry]) -> dict[str, Any]:
    """Return an event that the person was at, with how its post-quiz stands."""
    after = [
        one
        for one in entries
        if one.assignment.event_id == seat.event_id and one.assignment.phase == Phase.POST
    ]
    return {
        "label": seat.event.title,
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": _("Post-quiz: %(state)s") % {"state": standing_of(after[0])[1].lower()}
        if after
        else weekday(seat.starts),
        "state": "done",
        "word": _("Present"),
    }


def _list_quizzes(
    entries: Sequence[QuizEntry], *, besides: Collection[int | None]
) -> list[dict[str, Any]]:
    """Return the other quizzes that can be taken now, those under way first."""
    open_now = [
        one
        for one in entries
        if (one.open_attempt or one.may_start) and one.assignment.pk not in besides
    ]
    open_now.sort(key=lambda one: one.open_attempt is None)
    return [_draw_open_quiz(one) for one in open_now]


def _draw_open_quiz(entry: QuizEntry) -> dict[str, Any]:
    state, word = standing_of(entry)
    return {
        "label": entry.prospect.version.display_title,
        "url": reverse("quiz_start", kwargs={"slug": entry.assignment.quiz.slug}),
        "hint": capfirst(entry.assignment.get_phase_display()),
        "state": state,
        "word": word,
    }


def _find_task(tasks: Sequence[Mapping[str, Any]], step: NextStep) -> Mapping[str, Any] | None:
    """Return the task that the step is about: the quiz, or the module of the section."""
    for task in tasks:
        if task.get("assignment") == step.assignment and step.url.startswith(task["url"]):
            return task
    return None


def _list_results(entries: Sequence[QuizEntry]) -> list[SafeString]:
    """Return links to the results that the person can look at, the newest first."""
    done = [(attempt, entry) for entry in entries for attempt in entry.finished]
    done.sort(key=lambda pair: pair[0].pk, reverse=True)
    language, zone = get_language(), str(timezone.get_current_timezone())
    return [
        _draw_result(
            attempt.uuid,
            f"{entry.prospect.version.display_title}, {Phase(attempt.phase).label}",
            attempt.finished_at,
            language,
            zone,
        )
        for attempt, entry in done[:RESULTS_SHOWN]
    ]


@lru_cache(maxsize=MOST_DRAWN)
def _draw_result(
    attempt: UUID, title: str, finished_at: datetime, _language: str | None, _zone: str
) -> SafeString:
    context = {"attempt": attempt, "title": title, "finished_at": finished_at}
    return render_to_string("desks/_result_link.html", context)


def _describe_changes(standing: ModuleProgress) -> str:
    if standing.completion is None:
        return ""
    version = _("Finished in version %(number)d") % {"number": standing.completion.edition}
    if not standing.changed:
        return version
    return ngettext(
        "%(version)s; %(count)d section has changed",
        "%(version)s; %(count)d sections have changed",
        len(standing.changed),
    ) % {
        "version": version,
        "count": len(standing.changed),
    }


def _list_first_steps() -> list[dict[str, Any]]:
    """Three steps for somebody new; one whose room is not built has no link."""
    word = STATE_WORDS["todo"]
    return [
        {
            "label": _("Choose a module and read its first section"),
            "url": reverse("modules"),
            "state": "todo",
            "word": word,
        },
        {"label": _("Answer its check question"), "state": "todo", "word": word},
        {"label": _("Mark the section as finished"), "state": "todo", "word": word},
    ]


@dataclass(frozen=True)
class Preparation:
    """The tasks around one event, and the quizzes and unfinished modules among them."""

    event: str
    tasks: Sequence[Mapping[str, Any]]
    quizzes: frozenset[int]
    reading: Sequence[Mapping[str, Any]]

    @property
    def is_about_modules(self) -> bool:
        return len(self.tasks) > len(self.quizzes) + 1


def preparation_for(
    seat: Registration,
    entries: Sequence[QuizEntry],
    editions: Sequence[ModuleEdition],
    standings: Mapping[int, ModuleProgress],
) -> Preparation:
    """Put the tasks before the seat's event in order.

    Args:
        seat: the person's registration, with ``starts`` of the event.
        entries: the person's quizzes.
        editions: modules that the person may read.
        standings: the person's progress by module.
    """
    event = seat.event
    given = [one for one in entries if one.assignment.event_id == event.pk]
    before = [one for one in given if one.assignment.phase == Phase.PRE]
    after = [one for one in given if one.assignment.phase == Phase.POST]
    modules = _choose_modules(editions, outcomes_of(before), standings)
    tasks = [
        *(_draw_quiz(one) for one in before),
        *modules,
        _draw_code(seat),
        *(_draw_quiz(one) for one in after),
    ]
    quizzes = frozenset(one.assignment.pk for one in (*before, *after))
    to_read = [one for one in modules if one["state"] != "done"]
    return Preparation(event.title, tasks, quizzes, to_read)


def _choose_modules(
    editions: Sequence[ModuleEdition],
    outcomes: Sequence[str],
    standings: Mapping[int, ModuleProgress],
) -> list[dict[str, Any]]:
    """Return the modules that teach most of what the quiz asks about."""
    wanted = set(outcomes)
    serving = [
        (len(wanted & set(one.head["outcomes"])), one)
        for one in editions
        if wanted & set(one.head["outcomes"])
    ]
    serving.sort(key=lambda pair: -pair[0])
    return [_draw_module(one, standings[one.module_id]) for _n, one in serving[:MODULES_SHOWN]]


def _draw_module(edition: ModuleEdition, standing: ModuleProgress) -> dict[str, Any]:
    return {
        "label": _("Read: %(title)s") % {"title": edition.head["title"]},
        "url": reverse("module", kwargs={"slug": edition.head["slug"]}),
        "hint": minutes(edition.head["minutes"]),
        "state": standing.state,
        "word": STATE_WORDS[standing.state],
    }


def _draw_quiz(entry: QuizEntry) -> dict[str, Any]:
    state, word = standing_of(entry)
    limit = entry.prospect.version.minutes
    hints = [minutes(limit)] if limit else []
    if entry.prospect.closes_at:
        hints.append(_("closes %(at)s") % {"at": moment(entry.prospect.closes_at)})
    return {
        "label": f"{capfirst(entry.assignment.get_phase_display())}: "
        f"{entry.prospect.version.display_title}",
        "url": reverse("quiz_start", kwargs={"slug": entry.assignment.quiz.slug}),
        "hint": ", ".join(hints),
        "state": state,
        "word": word,
        "assignment": entry.assignment.pk,
    }


def _draw_code(seat: Any) -> dict[str, Any]:
    return {
        "label": _("Show your QR code at the door"),
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": weekday(seat.starts),
        "state": "todo",
        "word": _("On the day"),
    }
