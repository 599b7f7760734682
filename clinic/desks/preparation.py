"""What a participant does before the next clinic: read, take the pre-quiz, keep the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from attendance.models import Registration
from clinic.lib.templatetags.ui import minutes, moment, weekday
from courses.models import ModuleEdition
from courses.progress import Standing
from courses.wording import STATE_WORDS
from quizzes.models.assignments import Phase
from quizzes.overview import Entry, outcomes_of
from quizzes.wording import standing_of

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
    entries: Sequence[Entry],
    editions: Sequence[ModuleEdition],
    standings: Mapping[int, Standing],
) -> Preparation:
    """Put the tasks before the seat's event in order.

    Args:
        seat: the person's registration, with ``starts`` of the event.
        entries: the person's quizzes.
        editions: modules that the person may read.
        standings: the person's progress by module.
    """
    event = seat.event
    given = [one for one in entries if one.assignment.event == event.uuid]
    before = [one for one in given if one.assignment.phase == Phase.PRE]
    modules = _modules(editions, outcomes_of(before), standings)
    tasks = [*modules, *(_quiz(one) for one in before), _code(seat)]
    return Preparation(event.title, tasks, frozenset(one.assignment.pk for one in before))


def _modules(
    editions: Sequence[ModuleEdition], outcomes: Sequence[str], standings: Mapping[int, Standing]
) -> list[dict[str, Any]]:
    """Return the modules that teach most of what the quiz asks about."""
    wanted = set(outcomes)
    serving = [
        (len(wanted & set(one.head["outcomes"])), one)
        for one in editions
        if wanted & set(one.head["outcomes"])
    ]
    serving.sort(key=lambda pair: -pair[0])
    return [_module(one, standings[one.module_id]) for _n, one in serving[:MODULES_SHOWN]]


def _module(edition: ModuleEdition, standing: Standing) -> dict[str, Any]:
    return {
        "label": _("Read: %(title)s") % {"title": edition.head["title"]},
        "url": reverse("module", kwargs={"slug": edition.head["slug"]}),
        "hint": minutes(edition.head["minutes"]),
        "state": standing.state,
        "word": STATE_WORDS[standing.state],
    }


def _quiz(entry: Entry) -> dict[str, Any]:
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


def _code(seat: Registration) -> dict[str, Any]:
    return {
        "label": _("Show your QR code at the door"),
        "url": reverse("event_own", kwargs={"code": seat.event.code}),
        "hint": weekday(seat.starts),
        "state": "todo",
        "word": _("On the day"),
    }
