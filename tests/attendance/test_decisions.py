"""Decisions on registrations: many in one act, undone for half a minute."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from attendance import decisions, registration
from attendance.models import Decision, Registration
from clinic.lib.errors import Refused
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from tests.attendance import made

SEATS = 300


def outcomes(decision):
    return [row.outcome for row in decision.rows.order_by("registration_id")]


class TestDecisions:
    """One act on many registrations."""

    def test_each_row_gets_its_own_outcome_and_its_new_state(self, cast, event, invite):
        rows = invite(3)
        registration.withdraw(rows[2], actor=cast.organiser.account)
        made.joined(event, cast.participant)
        joined = Registration.objects.get(person=cast.participant)

        done = made.decided(event, "approve", [*rows, joined], by=cast.organiser.account)

        assert outcomes(done) == ["done", "done", "unfit", "already"]
        assert made.states([*rows, joined]) == ["confirmed", "confirmed", "cancelled", "confirmed"]
        assert made.fresh(event).seats_taken == 3
        assert AuditEntry.objects.filter(verb="registration.confirm").count() == 2
        assert made.seats_are_right()

    def test_sending_the_same_page_twice_decides_once(self, cast, event, invite):
        rows, key = invite(2), uuid4()
        first = made.decided(event, "revoke", rows, by=cast.organiser.account, key=key)
        again = made.decided(event, "revoke", rows, by=cast.organiser.account, key=key)

        assert first == again
        assert Decision.objects.count() == 1
        assert Notice.objects.filter(key__contains=str(key)).count() == 2

    def test_the_last_seats_go_to_who_asked_first(self, cast, regencies):
        event = made.event_of(cast.organiser, capacity=3)
        people = made.people(regencies[0].clinic, 3)
        rows = [registration.invite(event, one, actor=None) for one in people]
        made.decided(event, "wait", rows, by=cast.organiser.account)
        registration.invite(event, cast.participant, actor=None)

        done = made.decided(event, "approve", rows[::-1], by=cast.organiser.account)

        assert outcomes(done) == ["done", "done", "full"]
        assert made.states(rows) == ["confirmed", "confirmed", "waitlisted"]
        assert made.fresh(event).seats_taken == 3
        assert made.seats_are_right()

    @pytest.mark.parametrize(
        ("act", "after", "seats"),
        [("decline", "declined", 0), ("wait", "waitlisted", 0), ("revoke", "revoked", 0)],
    )
    def test_who_loses_the_seat_gives_it_back_and_takes_no_quiz(
        self, cast, event, invite, act, after, seats
    ):
        rows = invite(2)
        made.decided(event, act, rows, by=cast.organiser.account)

        assert made.states(rows) == [after, after]
        assert made.fresh(event).seats_taken == seats
        assert made.takers(event) == set()
        assert made.seats_are_right()

    def test_who_came_and_loses_the_seat_or_gets_it_back_refreshes_the_unit(self, cast, event):
        came, by = made.joined(event, cast.participant), cast.organiser.account
        absent = made.joined(event, cast.stranger)
        made.scanned(event, made.badge(came))
        unit = cast.participant.memberships.get().unit_id
        Job.objects.all().delete()

        made.decided(event, "revoke", [came, absent], by=by)
        assert made.refreshed_units() == [unit]
        made.decided(event, "restore", [came, absent], by=by)
        assert made.refreshed_units() == [unit, unit]

    def test_a_revoked_registration_is_put_in_force_again_unless_there_is_a_newer_one(
        self, cast, event
    ):
        kept = made.joined(event, cast.colleague)
        old = made.joined(event, cast.participant)
        made.decided(event, "revoke", [old, kept], by=cast.organiser.account)
        made.joined(event, cast.participant)

        done = made.decided(event, "restore", [old, kept], by=cast.organiser.account)

        assert outcomes(done) == ["done", "blocked"]
        assert made.states([kept, old]) == ["confirmed", "revoked"]
        assert made.fresh(event).seats_taken == 2

    @pytest.mark.parametrize("act", ["revoke", "restore"])
    def test_a_place_is_not_taken_away_without_a_reason(self, cast, event, invite, act):
        rows = invite(1)
        with pytest.raises(Refused) as refused:
            made.decided(event, act, rows, by=cast.organiser.account, reason="  ")
        assert (refused.value.code, bool(refused.value.message)) == ("reason_missing", True)
        assert made.states(rows) == ["nominated"]

    def test_an_unknown_act_and_an_event_that_is_over_are_refused(self, cast, event, invite):
        rows = invite(1)
        with pytest.raises(Refused) as unknown:
            made.decided(event, "hapus", rows, by=cast.organiser.account)
        type(event).objects.filter(pk=event.pk).update(state="ended")
        with pytest.raises(Refused) as over:
            made.decided(event, "approve", rows, by=cast.organiser.account)

        assert (unknown.value.code, over.value.code) == ("unknown_act", "registration_closed")
        assert unknown.value.message
        assert over.value.message

    def test_only_the_events_organiser_decides_and_undoes(self, cast, event, invite):
        rows = invite(1)
        done = made.decided(event, "approve", rows, by=cast.organiser.account)
        for person in (cast.participant, cast.unit_official, cast.admin):
            with pytest.raises((Http404, PermissionDenied)):
                made.decided(event, "approve", rows, by=person.account)
            with pytest.raises((Http404, PermissionDenied)):
                decisions.undo(done, actor=person.account)

    def test_rows_of_another_event_are_left_alone(self, cast, event, invite):
        other = made.event_of(cast.organiser, code="lain")
        foreign = registration.invite(other, cast.stranger, actor=None)
        done = made.decided(event, "approve", [foreign, *invite(1)], by=cast.organiser.account)
        assert outcomes(done) == ["done"]
        assert made.states([foreign]) == ["nominated"]


class TestUndo:
    """Half a minute in which a decision can be taken back as a whole."""

    @pytest.mark.parametrize("act", ["approve", "decline", "wait", "revoke"])
    def test_within_half_a_minute_everything_is_as_before(self, cast, event, invite, act):
        rows = invite(3)
        told = Notice.objects.count()
        with time_machine.travel(timezone.now(), tick=False) as clock:
            done = made.decided(event, act, rows, by=cast.organiser.account)
            clock.shift(29)
            decisions.undo(done, actor=cast.organiser.account)
            decisions.undo(done, actor=cast.organiser.account)

        assert made.states(rows) == ["nominated"] * 3
        assert made.fresh(event).seats_taken == 3
        assert made.takers(event) == {row.person for row in rows}
        assert Notice.objects.count() == told
        assert AuditEntry.objects.filter(verb="registration.undo").count() == 3
        assert made.seats_are_right()

    def test_after_half_a_minute_it_stands(self, cast, event, invite):
        rows = invite(1)
        with time_machine.travel(timezone.now(), tick=False) as clock:
            done = made.decided(event, "revoke", rows, by=cast.organiser.account)
            clock.shift(31)
            with pytest.raises(Refused) as refused:
                decisions.undo(done, actor=cast.organiser.account)
        assert (refused.value.code, bool(refused.value.message)) == ("undo_too_late", True)
        assert made.states(rows) == ["revoked"]

    def test_nothing_is_undone_where_somebody_has_moved_on(self, cast, event, invite):
        rows = invite(2)
        done = made.decided(event, "decline", rows, by=cast.organiser.account)
        registration.invite(event, rows[0].person, actor=cast.organiser.account)

        with pytest.raises(Refused) as refused:
            decisions.undo(done, actor=cast.organiser.account)

        assert refused.value.code == "moved_on"
        assert rows[0].person.name in refused.value.message
        assert made.states(rows) == ["declined", "declined"]

    def test_nothing_is_undone_where_the_seats_are_taken(self, cast):
        event = made.event_of(cast.organiser, capacity=1)
        row = registration.invite(event, cast.stranger, actor=cast.organiser.account)
        done = made.decided(event, "wait", [row], by=cast.organiser.account)
        registration.invite(event, cast.participant, actor=None)

        with pytest.raises(Refused) as refused:
            decisions.undo(done, actor=cast.organiser.account)

        assert refused.value.code == "pool_full"
        assert made.states([row]) == ["waitlisted"]

    def test_nobody_is_mailed_before_the_half_minute_is_over(self, cast, event):
        row = registration.invite(event, cast.colleague, actor=cast.organiser.account)
        done = made.decided(event, "approve", [row], by=cast.organiser.account)

        notice = Notice.objects.get(key__endswith=str(done.uuid))
        jobs = Job.objects.filter(key=str(notice.uuid))
        assert all(job.due_at >= done.at + timedelta(seconds=30) for job in jobs)
