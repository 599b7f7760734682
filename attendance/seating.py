"""Seats of an event: taken and given back under the event's lock, never beyond its capacity.

A seat is taken by one conditional UPDATE on the event; the same statement makes two who take the
last seat wait for each other (R3, I10).
"""

from django.db.models import F, Q
from django.utils.translation import gettext as _

from attendance.models import Event, Registration
from clinic.lib.errors import Refused


class EventFull(Refused):
    """Every seat is taken."""

    code = "pool_full"
    status = 409


class RegistrationClosed(Refused):
    """The event takes no registrations now."""

    code = "registration_closed"
    status = 409


def locked(event: Event) -> Event:
    """Read the event again and hold its row until the transaction ends."""
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)


def may_change(event: Event) -> bool:
    """Say whether registrations of the event still change: until it ends or is cancelled."""
    return not event.is_over and event.state != Event.State.CANCELLED


def refuse_where_over(event: Event) -> None:
    """Let registrations change only before the event ends.

    Raises:
        RegistrationClosed: the event is over or was cancelled.
    """
    if not may_change(event):
        raise RegistrationClosed(_("The event is over; registrations no longer change."))


def take_seats(event: Event, count: int = 1) -> None:
    """Take so many seats at once, or none.

    Raises:
        EventFull: fewer are left.
    """
    taken = Event.objects.filter(
        Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity") - count), pk=event.pk
    ).update(seats_taken=F("seats_taken") + count)
    if not taken:
        raise EventFull(_("%(event)s is full.") % {"event": event.title})


def give_back_seats(event: Event, count: int = 1) -> None:
    """Give back so many seats."""
    Event.objects.filter(pk=event.pk, seats_taken__gte=count).update(
        seats_taken=F("seats_taken") - count
    )


def give_back_of(registration: Registration) -> None:
    """Give back the seat of a registration that holds one."""
    if registration.holds_seat:
        give_back_seats(registration.event)


def tell_scanners(event: Event) -> None:
    """Raise the event's ``rev``: what a scanner knows of its people is old."""
    Event.objects.filter(pk=event.pk).update(rev=F("rev") + 1)
