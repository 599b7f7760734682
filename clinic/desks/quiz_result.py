"""The result of a quiz: what to read again, what is understood, and the answers once they show.

The quiz says which outcomes were asked about and where each of them stands; the modules say which
section teaches it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.lib.templatetags.ui import minutes
from clinic.people.access import SignedInRequest
from courses import reading
from courses.reading import Lesson
from quizzes import overview, showing
from quizzes.arithmetic.lanes import Lane
from quizzes.showing import LanedOutcomes, Result
from quizzes.wording import end_of

SHOWN = 4  # of what is to be repeated, the rest behind a fold
SHORT = 3  # entries up to which another lane stands open
OPENED = 2  # answers that were not right


@dataclass(frozen=True)
class LaneEntry:
    """What stands together in a lane: its name, what was answered, the sections to read."""

    title: str
    words: str
    lessons: Sequence[Lesson]


@dataclass(frozen=True)
class ShownLane:
    """A lane with its entries, those to be seen at once and the rest."""

    name: str
    title: str
    icon: str
    entries: Sequence[LaneEntry]

    @property
    def first(self) -> Sequence[LaneEntry]:
        return self.entries[:SHOWN]

    @property
    def rest(self) -> Sequence[LaneEntry]:
        return self.entries[SHOWN:]

    @property
    def is_short(self) -> bool:
        return len(self.entries) <= SHORT


@require_safe
@never_cache
def attempt_result(request: SignedInRequest, attempt: UUID) -> HttpResponse:
    """Show what the review policy allows of a finished attempt, each with the section to read."""
    found = overview.find_own(request.user, attempt, verb="read-answers")
    if found is None:
        raise Http404
    if found.is_open:
        return redirect("attempt_item", attempt=attempt, number=showing.next_blank(found))
    result = showing.result_of(found, request.user)
    lessons = reading.lessons(request.user)
    lanes = _draw_lanes(result, lessons)
    to_read = _list_lessons(lanes[0].entries) if lanes else []
    answers = [(row, lessons.get(row.outcome)) for row in result.items or []]
    missed = [pair for pair in answers if pair[0].review.correct is False]
    context = {
        "attempt": found,
        "result": result,
        "ending": end_of(found),
        "title": _title(lanes, to_read),
        "lanes": lanes,
        "to_read": to_read,
        "asked": [] if lanes else _list_asked(result, lessons),
        "missed": missed[:OPENED],
        "missed_too": missed[OPENED:],
        "right": [pair for pair in answers if pair[0].review.correct],
        "comparison": showing.comparison_of(found, request.user) if result.areas else None,
        "unit_minimum": settings.KLINIK_MIN_GROUP_UNIT,
        "others_minimum": settings.KLINIK_MIN_GROUP_OTHERS,
    }
    return render(request, "desks/quiz_result.html", context)


def _draw_lanes(result: Result, lessons: Mapping[str, Lesson]) -> list[ShownLane]:
    """Return the three lanes; none while nothing may be said of the outcomes."""
    if not result.lanes:
        return []
    placed: dict[Lane, list[LaneEntry]] = {lane: [] for lane in Lane}
    for one in result.lanes:
        placed[one.lane].append(_draw_entry(one, lessons))
    asked = {slug for slug, _statement in result.asked}
    modules = {lessons[slug].module for slug in asked if slug in lessons}
    placed[Lane.UNMEASURED] += [
        LaneEntry(lesson.title, _("This quiz did not ask about it."), [lesson])
        for lesson in lessons.values()
        if lesson.module in modules and lesson.outcome not in asked
    ]
    return [
        ShownLane("again", _("To be repeated"), "refresh", placed[Lane.AGAIN]),
        ShownLane("understood", _("Understood"), "circle-check", placed[Lane.UNDERSTOOD]),
        ShownLane("unmeasured", _("Not measured yet"), "help-circle", placed[Lane.UNMEASURED]),
    ]


def _draw_entry(one: LanedOutcomes, lessons: Mapping[str, Lesson]) -> LaneEntry:
    taught = list(_list_taught([slug for slug, _statement in one.outcomes], lessons))
    if one.right is not None:
        words = _("%(right)s of %(asked)s right") % {"right": one.right, "asked": one.asked}
    elif one.lane is Lane.UNMEASURED:
        words = ngettext(
            "Only %(n)s question, which is not enough",
            "Only %(n)s questions, which is not enough",
            one.asked,
        ) % {"n": one.asked}
    else:
        words = ""
    is_single = len(one.outcomes) == 1
    title = one.outcomes[0][1] if is_single else one.area
    return LaneEntry(taught[0].title if is_single and taught else title, words, taught)


def _list_taught(slugs: Iterable[str], lessons: Mapping[str, Lesson]) -> Iterable[Lesson]:
    return (lessons[slug] for slug in slugs if slug in lessons)


def _list_lessons(entries: Iterable[LaneEntry]) -> list[Lesson]:
    return list(dict.fromkeys(lesson for entry in entries for lesson in entry.lessons))


def _list_asked(result: Result, lessons: Mapping[str, Lesson]) -> list[Lesson]:
    """Return the sections on what the quiz asks, the same for everybody who took it."""
    return list(_list_taught([slug for slug, _statement in result.asked], lessons))


def _title(lanes: Sequence[ShownLane], to_read: Sequence[Lesson]) -> str:
    if not lanes:
        return _("Your answers have been received")
    if to_read:
        return ngettext(
            "%(n)s section to repeat, %(time)s", "%(n)s sections to repeat, %(time)s", len(to_read)
        ) % {"n": len(to_read), "time": minutes(sum(one.minutes for one in to_read))}
    if lanes[1].entries:
        return _("You have understood what was asked")
    return _("Your answers have been received")
