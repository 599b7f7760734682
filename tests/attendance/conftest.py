"""What every test of attendance shares."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance import events
from attendance.models import Event
from tests.attendance import made


@pytest.fixture(autouse=True)
def as_on_the_demo(one_factor):
    """No test of attendance is about the second factor."""


@pytest.fixture
def browser(cast, signed_in):
    """The organiser's."""
    return signed_in(cast.organiser.account)


@pytest.fixture
def draft(cast):
    """A draft without a session."""
    unit = cast.organiser.memberships.get().unit
    wanted = Event(code="klinik-rencana", title="Klinik Rencana", unit=unit)
    return events.draft_event(wanted, actor=cast.organiser.account)


@pytest.fixture
def event(cast, request):
    """An open event; a module that limits its seats says so in ``SEATS``."""
    return made.event_of(cast.organiser, capacity=getattr(request.module, "SEATS", None))


@pytest.fixture
def today(event):
    """The sessions lie around now, so that what is done at the desk counts at once."""
    return made.moved(event, to=timezone.now() - timedelta(minutes=5))


@pytest.fixture
def door(cast):
    """An event with one registered participant, and the organiser's account."""
    return made.at_the_door(cast)


@pytest.fixture
def invite(cast, regencies, event):
    """Return a function that invites so many people of the clinic."""

    def invite_people(count, **more):
        unit, by = regencies[0].clinic, cast.organiser.account
        return made.guests(event, unit, count, by=by, **more)

    return invite_people
