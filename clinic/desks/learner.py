"""``/belajar/``: what a participant does next, put together from the learning packages.

Each package gives its own rows; this page puts them in one order and holds no rule.
"""

from typing import Any

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.models import Registration
from clinic.lib.templatetags.ui import days_left, moment
from clinic.people.access import Actor, rows_of
from courses import progress, reading
from courses.wording import STATE_WORDS, section_url
from quizzes.overview import entries_of


@require_safe
@never_cache
def learning(request: HttpRequest) -> HttpResponse:
    """Show where to go on reading; to somebody new, how to begin."""
    begun, finished = _reading(request.user)
    context = {
        "coming": _coming(request.user),
        "quizzes": _quizzes(request.user),
        "reading": begun,
        "finished": finished,
        "steps": [] if begun or finished else _first_steps(),
    }
    return render(request, "desks/learner.html", context)


def _reading(actor: Actor) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return begun modules as tasks that lead to their next section, and the finished ones."""
    editions = list(reading.current_editions(actor).defer("bodies"))
    standings = progress.standings_of(actor.person, editions)
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
            hint = _changed_hint(standing)
            finished.append({**task, "hint": hint})
        elif standing.state == "doing" and following:
            begun.append(
                {**task, "url": section_url(edition, following), "hint": following["title"]}
            )
    return begun, finished


def _coming(actor: Actor) -> list[dict[str, Any]]:
    """Return the events ahead in which the person holds a seat, the next one first."""
    held = Registration.objects.active().filter(person__in=rows_of(actor.person))
    held = held.select_related("event").annotate(
        starts=Min("event__sessions__starts_at"), ends=Max("event__sessions__ends_at")
    )
    return [
        {
            "label": row.event.title,
            "url": reverse("event_own", kwargs={"code": row.event.code}),
            "hint": f"{moment(row.starts)} ({days_left(row.starts)})",
            "state": "doing",
            "word": row.get_state_display(),
        }
        for row in held.filter(ends__gte=timezone.now()).order_by("starts")
    ]


def _quizzes(actor: Actor) -> list[dict[str, Any]]:
    """Return the quizzes that can be taken now, those under way first."""
    entries = [one for one in entries_of(actor) if one.open_attempt or one.may_start]
    entries.sort(key=lambda one: one.open_attempt is None)
    return [
        {
            "label": one.prospect.version.display_title,
            "url": reverse("quiz_start", kwargs={"slug": one.assignment.quiz.slug}),
            "hint": one.assignment.get_phase_display(),
            "state": "doing" if one.open_attempt else "todo",
            "word": STATE_WORDS["doing" if one.open_attempt else "todo"],
        }
        for one in entries
    ]


def _changed_hint(standing: progress.Standing) -> str:
    version = _("Finished in version %(number)d") % {"number": standing.completion.edition}
    if not standing.changed:
        return version
    return _("%(version)s; %(count)d sections have changed") % {
        "version": version,
        "count": len(standing.changed),
    }


def _first_steps() -> list[dict[str, Any]]:
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
