"""What the people of an event are told when it is moved or does not take place.

A change of the plan is told some minutes later, so that several changes are one message, and one
that was taken back is none. Each person is told once of each plan.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance.models import Event, Session
from attendance.registration import lock_event
from clinic.lib.arithmetic import dates
from clinic.records import jobs, notices

WAIT = timedelta(minutes=10)
TOLD_STATES = (Event.State.OPEN, Event.State.CLOSED, Event.State.RUNNING)


def keep_told_plan(event: Event) -> None:
    """Remember the plan that people know, before it is changed for the first time."""
    if event.state in TOLD_STATES and not event.told_plan:
        event.told_plan = _digest(_list_lines(event))
        event.save(update_fields=["told_plan"])


def enter_moved(event: Event) -> None:
    """Let the people of an announced event be told of its new plan, in the act's transaction."""
    if event.state in TOLD_STATES:
        due_at = timezone.now() + WAIT
        jobs.enter("attendance.tell_moved", str(event.pk), jobs.Job.Kind.REFRESH, due_at=due_at)


def enter_cancelled(event: Event, reason: str) -> None:
    """Let the people of the event be told that it does not take place, and why."""
    jobs.enter(
        "attendance.tell_cancelled",
        str(event.pk),
        jobs.Job.Kind.ONCE,
        payload={"reason": reason.strip()[:300]},
    )


def tell_moved(event: Event) -> int:
    """Tell everybody the plan, unless it is the one they know; return how many were told."""
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        event = lock_event(event)
        lines = _list_lines(event)
        plan = _digest(lines)
        is_known = plan == event.told_plan
        if is_known or event.state not in TOLD_STATES or event.is_past(timezone.now()):
            return 0
        event.told_plan = plan
        event.save(update_fields=["told_plan"])
        return _tell(
            event,
            f"moved-{event.rev}",
            _("New time or place: %(event)s"),
            _(
                "Dear %(name)s,\n\n%(event)s has a new time or place:\n%(plan)s\n\nYour"
                " registration stays as it is. If you cannot come, say so here:\n%(address)s\n"
            ),
            plan="\n".join(lines),
        )


def tell_cancelled(event: Event, reason: str) -> int:
    """Tell everybody that the event does not take place, and why; return how many were told."""
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        return _tell(
            lock_event(event),
            "cancelled",
            _("Does not take place: %(event)s"),
            _(
                "Dear %(name)s,\n\n%(event)s does not take place.\n\nReason: %(reason)s\n\nYou need"
                " not do anything.\n"
            ),
            reason=reason,
        )


def _tell(event: Event, key: str, subject: str, body: str, **values: str) -> int:
    rows = list(event.registrations.active().select_related("person"))
    for row in rows:
        person = row.person
        words = {
            "name": person.name,
            "event": event.title,
            "address": f"{settings.BASE_URL}/kegiatan/{event.code}/saya",
            **values,
        }
        notices.notify(
            "event",
            f"event:{row.uuid}:{key}",
            locale=settings.LANGUAGE_CODE,
            subject=(subject % words)[:200],
            body=body % words,
            person=person.pk,
            to_name=person.name,
            to_email=person.email,
        )
    return len(rows)


def _list_lines(event: Event) -> list[str]:
    """Return the plan as people read it: a line for each session that takes place."""
    return [
        _describe_session(event, session)
        for session in event.sessions.all()
        if not session.is_cancelled
    ]


def _describe_session(event: Event, session: Session) -> str:
    day = dates.format_weekday(dates.local_day(session.starts_at, event.zone))
    start = dates.format_time(session.starts_at, event.zone).split(" ")[0]
    end = dates.format_time(session.ends_at, event.zone)
    place = session.room or event.place
    return f"- {day}, {start}–{end}" + (f", {place}" if place else "")


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
