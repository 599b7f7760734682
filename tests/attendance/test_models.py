"""What an event and a state of a registration say of themselves."""

from datetime import timedelta

import pytest

from attendance import registration
from attendance.models import Event, Registration
from tests.attendance import made

State = Registration.State
END = made.AFTERNOON[1]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "is_over", "is_over_or_cancelled", "is_final"),
    [
        ("draft", False, False, False),
        ("open", False, False, False),
        ("closed", False, False, False),
        ("running", False, False, False),
        ("ended", True, True, False),
        ("finalised", True, True, True),
        ("archived", True, True, True),
        ("cancelled", False, True, True),
    ],
)
def test_an_event_by_its_state(state, is_over, is_over_or_cancelled, is_final):
    event = Event(state=state)

    told = (event.is_over, event.is_over_or_cancelled, event.is_final)
    assert told == (is_over, is_over_or_cancelled, is_final)


def test_an_event_is_past_by_the_calendar_alone(event):
    assert (event.is_past(END - SECOND), event.is_past(END)) == (False, True)
    assert event.is_over_or_past(END)
    event.state = Event.State.ENDED
    assert (event.is_past(END - SECOND), event.is_over_or_past(END - SECOND)) == (False, True)

    event.sessions.filter(title="Siang").update(is_cancelled=True)
    assert event.is_past(made.MORNING[1])
    event.sessions.update(is_cancelled=True)
    assert (event.is_past(made.MORNING[1]), event.is_past(END)) == (False, True)


def test_an_event_without_a_session_is_never_past(draft):
    assert not draft.is_past(END)


def test_a_state_holds_a_seat_waits_or_has_lost_it():
    assert {state for state in State if state.holds_seat} == {"nominated", "confirmed", "walk_in"}
    waiting = {state for state in State if state.is_active and not state.holds_seat}
    assert waiting == {"waitlisted"}
    lost = {state for state in State if not state.is_active}
    assert lost == {"declined", "cancelled", "replaced", "revoked"}


def test_who_was_invited_to_a_draft_can_be_taken_off_its_list(cast, draft):
    row = registration.invite(draft, cast.participant, actor=cast.organiser.account)

    assert registration.withdraw(row, actor=cast.organiser.account).state == "cancelled"
    assert made.fresh(draft).seats_taken == 0
