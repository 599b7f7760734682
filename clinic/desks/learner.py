"""``/belajar/``: what a participant does next, put together from the learning packages.

Each package gives its own rows; this page puts them in one order and holds no rule.

What a participant does before the next clinic: read, take the pre-quiz, keep the code.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.models import Event, Registration
from clinic.lib.prepared import prepared
from clinic.lib.templatetags.ui import days_left, minutes, moment, weekday
from clinic.people.access import SignedInRequest, rows_of
from clinic.people.models import Account
from courses import progress, reading
from courses.models import ModuleEdition
from courses.progress import STATE_WORDS, ModuleProgress
from courses.reading import section_url
from quizzes.models.assignments import Phase
from quizzes.overview import QuizEntry, a_year_ago, entries_of, outcomes_of
from quizzes.wording import standing_of


@require_safe
@never_cache
def learning(request: SignedInRequest) -> HttpResponse:
    """Show what comes before the next clinic and where to go on; to somebody new, how to begin."""
    editions = reading.current_editions(request.user)
    standings = progress.progress_of(request.user.person, editions)
    begun, finished = _list_modules(editions, standings)
    seats, entries = _list_seats(request.user), entries_of(request.user, since=a_year_ago())
    nearest = next((one for one in seats if one.event.state != Event.State.CANCELLED), None)
    before = preparation_for(nearest, entries, editions, standings) if nearest else None
    is_led = bool(before and before.is_about_modules)
    context = {
        "coming": [_draw_seat(seat) for seat in seats],
        "before": before,
        "quizzes": _list_quizzes(entries, besides=before.quizzes if before else frozenset()),
        "reading": begun,
        "finished": finished,
        "steps": [] if begun or finished or is_led else _list_first_steps(),
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


def _list_seats(actor: Account) -> list[Registration]:
    """Return the seats that the person holds in events ahead, the next one first."""
    return _read_seats(rows_of(actor.person), timezone.now())


@prepared
def _read_seats(person_ids: Collection[int], now: datetime) -> QuerySet[Registration]:
    held = Registration.objects.active().filter(person__in=person_ids)
    held = held.select_related("event").annotate(
        starts=Min("event__sessions__starts_at"), ends=Max("event__sessions__ends_at")
    )
    return held.filter(ends__gte=now).order_by("starts")


def _draw_seat(seat: Any) -> dict[str, Any]:
    """Return the task of a seat that ``_list_seats`` has read, with ``starts``."""
    return {
        "label": seat.event.title,
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": f"{moment(seat.starts)} ({days_left(seat.starts)})",
        "state": "doing",
        "word": seat.standing_words,
    }


def _list_quizzes(entries: Sequence[QuizEntry], *, besides: frozenset[int]) -> list[dict[str, Any]]:
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


MODULES_SHOWN = 2


@dataclass(frozen=True)
class Preparation:
    """The tasks before one event, and the quizzes among them."""

    event: str
    tasks: Sequence[Mapping[str, Any]]
    quizzes: frozenset[int]

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
    modules = _choose_modules(editions, outcomes_of(before), standings)
    tasks = [*modules, *(_draw_quiz(one) for one in before), _draw_code(seat)]
    return Preparation(event.title, tasks, frozenset(one.assignment.pk for one in before))


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
        "label": _("Take the pre-quiz: %(title)s")
        % {"title": entry.prospect.version.display_title},
        "url": reverse("quiz_start", kwargs={"slug": entry.assignment.quiz.slug}),
        "hint": ", ".join(hints),
        "state": state,
        "word": word,
    }


def _draw_code(seat: Any) -> dict[str, Any]:
    return {
        "label": _("Show your QR code at the door"),
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": weekday(seat.starts),
        "state": "todo",
        "word": _("On the day"),
    }
