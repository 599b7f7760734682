"""Jobs of the events: archiving, telling people of changes, seats for those who wait, refolding."""

from collections.abc import Callable

from django.utils import timezone

from attendance import presence, registration, telling
from attendance.events import archive_finalised
from attendance.models import Decision, Event
from clinic.records.jobs import Job, job


@job("attendance.archive")
def archive_events(_row: Job) -> None:
    """Roles in an event end with its archiving, so that no organiser carries them for ever."""
    archive_finalised(timezone.now())


@job("attendance.refold")
def refold_presences(row: Job) -> None:
    """Fold the presences of one event anew; again changes nothing."""
    for event in Event.objects.filter(pk=row.key):
        presence.refold_event(event)


@job("attendance.tell_moved")
def tell_of_new_plan(row: Job) -> Callable[[], None]:
    """Tell the people of an event its new times and places."""

    def write() -> None:
        telling.tell_moved(Event.objects.get(pk=row.key))

    return write


@job("attendance.tell_cancelled")
def tell_of_cancelling(row: Job) -> Callable[[], None]:
    """Tell the people of an event that it does not take place."""

    def write() -> None:
        telling.tell_cancelled(Event.objects.get(pk=row.key), row.payload["reason"])

    return write


@job("attendance.promote")
def give_free_seats(row: Job) -> Callable[[], None]:
    """Give the seats that a decision has freed to those who wait, once it cannot be undone."""

    def write() -> None:
        registration.promote_from_waiting(Decision.objects.get(uuid=row.key).event)

    return write
