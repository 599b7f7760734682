"""Where a question is still asked: as long as it is, nobody sees its key (Q10, S1).

What was taken back no longer counts, practice never does. A question counts as asked whatever its
version: the key of one wording is the key of the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from quizzes.models import Assignment, Attempt, AttemptItem, Extension, Slot, VersionState
from quizzes.models.assignments import Phase


@dataclass(frozen=True)
class StillAsked:
    """That questions are asked now or will be; ``until`` is None where no end is set."""

    until: datetime | None


def find_asked(attempt: Attempt, now: datetime) -> StillAsked | None:
    """Say whether one of the attempt's questions is still asked; None once none is.

    By any quiz that holds it, the attempt's own included, whoever it is given to; and as long as
    anybody is at work on it.
    """
    questions = AttemptItem.objects.filter(attempt=attempt).values("question_version__question")
    ends = [end for _pk, end in _list_ends(_list_asking(questions), now)]
    under_way = Attempt.objects.in_progress().exclude(phase=Phase.PRACTICE).exclude(pk=attempt.pk)
    is_under_way = under_way.filter(items__question_version__question__in=questions).exists()
    if not ends and not is_under_way:
        return None
    known = [end for end in ends if end is not None]
    has_end = ends and len(known) == len(ends)
    return StillAsked(max(known) if has_end else None)


def find_uses(now: datetime) -> dict[int, list[tuple[Assignment, datetime | None]]]:
    """Return for each published quiz what still asks one of its questions, with the end of that.

    The quiz itself is among what asks them; None where no end is set.
    """
    published = Slot.objects.filter(quiz_version__state=VersionState.PUBLISHED).order_by()
    pairs = set(published.values_list("quiz_version__quiz", "question_version__question"))
    holders: dict[int, set[int]] = {}
    for quiz, question in pairs:
        holders.setdefault(question, set()).add(quiz)
    sharing: dict[int, set[int]] = {}
    for quiz, question in pairs:
        sharing.setdefault(quiz, set()).update(holders[question])
    in_force = Assignment.objects.in_force().exclude(phase=Phase.PRACTICE)
    ends = dict(_list_ends(in_force, now))
    rows = list(Assignment.objects.filter(pk__in=ends).select_related("event", "unit"))
    return {
        quiz: [(row, ends[row.pk]) for row in rows if row.quiz_id in others]
        for quiz, others in sharing.items()
    }


def _list_ends(given: QuerySet[Assignment], now: datetime) -> Iterable[tuple[int, datetime | None]]:
    """Return which of the assignments are open or still to open, and until when for everybody.

    Whoever has a later closing of their own is among everybody.
    """
    later = Extension.objects.filter(
        assignment=OuterRef("pk"), revoked_at__isnull=True, closes_at__gt=now
    )
    still = Q(closes_at__isnull=True) | Q(closes_at__gt=now) | Q(Exists(later))
    granted = Q(extensions__revoked_at__isnull=True)
    rows = given.filter(still).annotate(latest=Max("extensions__closes_at", filter=granted))
    for pk, closes_at, latest in rows.order_by("pk").values_list("pk", "closes_at", "latest"):
        yield pk, closes_at and max(closes_at, latest or closes_at)


def _list_asking(questions: QuerySet[Any, Any]) -> QuerySet[Assignment]:
    slots = Slot.objects.filter(
        question_version__question__in=questions, quiz_version__state=VersionState.PUBLISHED
    )
    in_force = Assignment.objects.in_force().exclude(phase=Phase.PRACTICE)
    return in_force.filter(quiz__in=slots.values("quiz_version__quiz"))
