"""``/belajar/``: what a participant does next, put together from the learning packages.

Each package gives its own rows; this page puts them in one order and holds no rule.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.people.access import Actor
from courses import progress, reading
from courses.wording import STATE_WORDS, section_url


@require_safe
@never_cache
def learning(request: HttpRequest) -> HttpResponse:
    """Show where to go on reading; to somebody new, how to begin."""
    begun, finished = _reading(request.user)
    context = {
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
