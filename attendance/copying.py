"""Taking a past event as the pattern of a new one: what was planned, never who came."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from attendance import events
from attendance.models import Event, Session
from clinic.lib.arithmetic.dates import local_day
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from quizzes import assignments
from quizzes.models import Assignment, QuizVersion


class NothingToShift(Refused):
    """The pattern has no session, so that its days cannot be counted from the new first day."""

    code = "nothing_to_shift"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The event to copy, with the first day and the address of the new one."""

    source: Event
    first_day: date
    code: str


def copy_event(pattern: Pattern, *, actor: Account) -> Event:
    """Make a draft with title, kind, unit, text, place, seats, windows, sessions and quizzes.

    Sessions and the windows of quizzes are shifted by whole days, so that the first session falls
    on ``first_day``. Persons, scans and letters stay behind, and so do cancelled sessions and
    quizzes that are no longer published.

    Raises:
        NothingToShift: the source has no session.
        EventCodeTaken, UnitOutside: as for ``events.draft_event``.
        PermissionDenied, Http404: the actor does not organise the source.
    """
    source = pattern.source
    require(actor, "change-event", source)
    sessions = [one for one in source.sessions.all() if not one.is_cancelled]
    if not sessions:
        raise NothingToShift(_("This event has no session to copy. Make a new event instead."))
    shift = pattern.first_day - local_day(sessions[0].starts_at, source.zone)
    names = ("title", "kind", "unit", "place", "about", "capacity", "zone")
    kept: dict[str, Any] = {name: getattr(source, name) for name in names}
    with transaction.atomic():
        draft = events.EventDraft(code=pattern.code, policies=source.policies, **kept)
        made = events.draft_event(draft, actor=actor)
        for session in sessions:
            events.add_session(made, _shifted(session, shift), actor=actor)
        for given in _given(source):
            _give(given, made, shift, actor=actor)
    return made


def _shifted(session: Session, shift: timedelta) -> events.SessionDraft:
    names = ("title", "scan_group", "room", "is_required")
    kept: dict[str, Any] = {name: getattr(session, name) for name in names}
    return events.SessionDraft(
        starts_at=session.starts_at + shift, ends_at=session.ends_at + shift, **kept
    )


def _given(source: Event) -> list[Assignment]:
    published = QuizVersion.objects.published().filter(quiz__retired_at__isnull=True)
    rows = Assignment.objects.in_force().filter(event=source.uuid)
    return list(rows.filter(quiz__in=published.values("quiz")).select_related("quiz"))


def _give(given: Assignment, made: Event, shift: timedelta, *, actor: Account) -> None:
    moments = (given.opens_at, given.closes_at)
    opens_at, closes_at = (moment + shift if moment else None for moment in moments)
    assignments.assign(
        given.quiz,
        made.uuid,
        actor=actor,
        phase=given.phase,
        setting=given.setting,
        window=assignments.Window(opens_at=opens_at, closes_at=closes_at),
    )
