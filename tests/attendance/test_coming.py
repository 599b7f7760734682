"""Coming confirms a seat, and minutes end when the event was ended (U72)."""

from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import checkin, events, presence, registration
from attendance.handlers import refold_presences
from attendance.models import Correction, Event, Presence, Registration
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from tests.attendance import made

SEATS = 2
HOUR = timedelta(hours=1)


def state_of(row):
    row.refresh_from_db()
    return row.state, row.came_as, row.is_over_quota


def minutes_of(row):
    return dict(row.presences.values_list("session__title", "minutes"))


@pytest.fixture
def invited(cast, event):
    return registration.invite(event, cast.participant, actor=None)


class TestSeat:
    """What coming does to a registration."""

    def test_u72_an_invited_person_who_comes_is_registered(self, event, invited):
        made.scanned(event, made.badge(invited))
        assert state_of(invited) == ("confirmed", "nominated", False)
        assert made.seats_are_right()

    def test_an_undone_entry_leaves_the_invitation_as_it_was(self, cast, event, invited):
        by, item = cast.organiser.account, made.badge(invited)
        made.scanned(event, item, by=by)
        checkin.undo(event, item["uid"], by=by, now=made.MORNING[0])
        assert state_of(invited) == ("nominated", "", False)

        entry = Correction(kind="unvoid", target=item["uid"], reason=made.WHY)
        presence.correct(invited, entry, by=by)
        assert state_of(invited) == ("confirmed", "nominated", False)

    def test_who_waits_and_comes_takes_nobodys_seat(self, cast, event, invited):
        waiting = made.joined(event, cast.colleague)
        Registration.objects.filter(pk=waiting.pk).update(state="nominated")
        made.decided(event, "wait", [waiting], by=cast.organiser.account)
        taken = made.fresh(event).seats_taken
        item = made.badge(waiting)
        made.scanned(event, item, by=cast.organiser.account)

        assert state_of(waiting) == ("confirmed", "waitlisted", True)
        assert made.fresh(event).seats_taken == taken
        assert made.seats_are_right()
        checkin.undo(event, item["uid"], by=cast.organiser.account, now=made.MORNING[0])
        assert state_of(waiting) == ("waitlisted", "", False)
        assert made.seats_are_right()

    def test_an_entry_outside_the_hours_confirms_nothing(self, event, invited):
        made.scanned(event, made.badge(invited), now=made.MORNING[0] - 3 * HOUR)
        assert state_of(invited) == ("nominated", "", False)


class TestMinutes:
    """Until when they are counted."""

    def ended(self, event, at):
        with time_machine.travel(at, tick=False):
            for state in ("closed", "running", "ended"):
                event = events.step(event, state, actor=None)

    def test_u72_they_end_when_the_event_was_ended(self, event, invited):
        start = made.MORNING[0]
        made.scanned(event, made.badge(invited), now=start)
        self.ended(event, start + HOUR)

        assert minutes_of(invited) == {"Pagi": 60}
        assert event.sessions.get(title="Pagi").ends_at == start + HOUR
        assert event.sessions.get(title="Siang").is_cancelled
        assert invited.presences.get().state == "present"
        assert list(presence.differences()) == []
        assert AuditEntry.objects.filter(verb="event.end_sessions").count() == 1

    def test_they_end_as_planned_where_it_was_ended_later(self, event, invited):
        made.scanned(event, made.badge(invited), now=made.MORNING[0])
        self.ended(event, made.AFTERNOON[1] + HOUR)
        assert minutes_of(invited) == {"Pagi": 180, "Siang": 180}
        assert not AuditEntry.objects.filter(verb="event.end_sessions").exists()

    def test_who_ended_too_early_gives_the_end_back(self, cast, event, invited):
        made.scanned(event, made.badge(invited), now=made.MORNING[0])
        self.ended(event, made.MORNING[0] + HOUR)
        session = event.sessions.get(title="Pagi")
        session.ends_at = made.MORNING[1]
        events.change_session(session, actor=cast.organiser.account)
        assert minutes_of(invited) == {"Pagi": 180}

    def test_what_was_stored_before_is_counted_so_too(self, event, invited):
        start = made.MORNING[0]
        made.scanned(event, made.badge(invited), now=start)
        self.ended(event, start + HOUR)
        # As an earlier release left it.
        event.sessions.filter(title="Pagi").update(ends_at=made.MORNING[1])
        event.sessions.filter(title="Siang").update(is_cancelled=False)
        Registration.objects.update(state="nominated", came_as="")
        presence.refold_event(made.fresh(event))
        Registration.objects.update(state="nominated", came_as="")
        assert minutes_of(invited) == {"Pagi": 180, "Siang": 180}

        node = ("attendance", "0006_end_of_sessions")
        for operation in MigrationLoader(connection).graph.nodes[node].operations:
            operation.code(apps, None)
        job = Job.objects.get(name="attendance.refold")
        refold_presences(job)

        assert minutes_of(invited) == {"Pagi": 60}
        assert state_of(invited) == ("confirmed", "nominated", False)


class TestOwnPages:
    """What the person reads."""

    def said(self, text):
        with translation.override("id"):
            return str(_(text))

    def test_the_first_screen_and_the_own_page_follow_the_event(self, cast, signed_in, today):
        row = registration.invite(today, cast.participant, actor=None)
        browser, own = signed_in(cast.participant.account), f"/kegiatan/{today.code}/saya"
        assert browser.get("/belajar/").context["before"] is not None
        made.scanned(today, made.badge(row), now=timezone.now())

        home = browser.get("/belajar/").context
        assert [task["state"] for task in home["coming"]] == ["done"]
        assert home["before"] is None
        page = browser.get(own).content.decode()
        assert self.said("Minutes are counted once the event has ended.") in page
        assert self.said("invited, waiting for confirmation") not in page.lower()
        assert not any(text in page for text in (" menit</", "Konfirmasi"))

        made.led(today, "closed", "running", "ended", "finalised", by=cast.organiser)
        home = browser.get("/belajar/").context
        assert (home["coming"], home["before"]) == ([], None)
        assert [task["label"] for task in home["attended"]] == [today.title]
        over = browser.get(own).content.decode()
        minutes = Presence.objects.get(session__title="Pagi").minutes
        assert f"{minutes} menit" in over
        assert minutes < 30

    def test_an_event_nobody_came_to_leaves_the_home_alone(self, cast, signed_in, today):
        registration.invite(today, cast.participant, actor=None)
        made.led(today, "closed", "running", "ended", by=cast.organiser)
        home = signed_in(cast.participant.account).get("/belajar/").context
        assert (home["coming"], home["attended"]) == ([], [])
        assert Event.objects.get().is_over
