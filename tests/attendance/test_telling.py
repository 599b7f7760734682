"""People are told, once each, that their event is moved or does not take place (U74)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance import events, registration, telling
from attendance.handlers import tell_of_cancelling, tell_of_new_plan
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from tests.attendance import made

HOUR = timedelta(hours=1)


@pytest.fixture
def ahead(cast, event):
    """In a week; one is registered, one invited, one has withdrawn."""
    made.moved(event, to=timezone.now() + timedelta(days=7))
    made.joined(event, cast.participant)
    registration.invite(event, cast.colleague, actor=None)
    gone = made.joined(event, cast.stranger)
    registration.withdraw(gone, actor=cast.stranger.account)
    return made.fresh(event)


def told():
    return Notice.objects.filter(kind="event")


def later(event, by, **times):
    session = event.sessions.get(title="Pagi")
    for name, change in times.items():
        setattr(session, name, getattr(session, name) + change)
    events.change_session(session, actor=by)


def run_moved():
    for job in Job.objects.filter(name="attendance.tell_moved"):
        tell_of_new_plan(job)()


def test_u74_a_moved_event_tells_its_people_once_each(cast, ahead):
    by = cast.organiser.account
    later(ahead, by, ends_at=-HOUR)
    later(ahead, by, starts_at=HOUR)
    job = Job.objects.filter(name="attendance.tell_moved").first()
    assert job.due_at > timezone.now() + telling.WAIT / 2
    for _again in range(2):
        run_moved()

    people = {cast.participant.pk, cast.colleague.pk}
    assert {notice.person for notice in told()} == people
    assert told().count() == 2
    assert "Aula Uji" in told()[0].body
    events.change_event(ahead, {"place": "Ruang Lain"}, actor=by)
    run_moved()
    assert told().count() == 4
    assert "Ruang Lain" in told().order_by("-pk")[0].body


def test_a_change_that_was_taken_back_is_told_to_nobody(cast, ahead):
    by = cast.organiser.account
    later(ahead, by, ends_at=-HOUR)
    later(ahead, by, ends_at=HOUR)
    events.change_event(ahead, {"about": "Tentang", "title": "Judul lain"}, actor=by)
    run_moved()
    assert not told().exists()


def test_u74_each_plan_is_told_and_so_is_the_way_back(cast, ahead):
    by = cast.organiser.account
    for change in (HOUR, -HOUR):
        later(ahead, by, ends_at=change)
        for _again in range(2):
            run_moved()
    assert told().filter(person=cast.participant.pk).count() == 2
    assert told().count() == 4


def test_a_draft_tells_nobody(cast, draft):
    events.change_event(draft, {"place": "Ruang Lain"}, actor=cast.organiser.account)
    assert not Job.objects.filter(name="attendance.tell_moved").exists()


def test_u74_a_cancelled_event_tells_its_people_why(cast, ahead):
    made.led(ahead, "cancelled", by=cast.organiser)
    job = Job.objects.get(name="attendance.tell_cancelled")
    for _again in range(2):
        tell_of_cancelling(job)()

    assert {notice.person for notice in told()} == {cast.participant.pk, cast.colleague.pk}
    assert told().count() == 2
    assert all(made.WHY in notice.body for notice in told())
