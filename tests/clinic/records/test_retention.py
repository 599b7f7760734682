"""What is over its time goes, each day and by command; the rest stays."""

import io
import json
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attendance.models import RejectedItem
from clinic.records import audit, jobs, retention, seals
from clinic.records.audit import AuditDetail, AuditEntry
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from tests.attendance import made as attendance_made

pytestmark = pytest.mark.django_db


def purge():
    out = io.StringIO()
    call_command("purge", "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])["counts"]


def notice(key, *, days, state=Notice.State.DELIVERED):
    moment = timezone.now() - timedelta(days=days)
    return Notice.objects.create(kind="test", key=key, state=state, delivered_at=moment)


def test_a_notice_goes_a_year_after_it_was_delivered():
    notice("old", days=366)
    notice("young", days=364)
    notice("unread", days=800, state=Notice.State.TO_PRINT)

    assert purge()["notices"] == 1
    assert set(Notice.objects.values_list("key", flat=True)) == {"young", "unread"}


def test_a_session_goes_when_it_has_expired_and_its_entry_in_the_list_with_it(cast):
    now = timezone.now()
    for key, hours in (("old", -1), ("young", 1)):
        expires = now + timedelta(hours=hours)
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        UserSession.objects.create(
            user=cast.participant.account, session_key=key, ip="127.0.0.1", user_agent="test"
        )

    assert purge()["sessions"] == 2
    assert [one.session_key for one in Session.objects.all()] == ["young"]
    assert [one.session_key for one in UserSession.objects.all()] == ["young"]


def test_a_rejected_item_goes_after_ninety_days(cast):
    event = attendance_made.event_of(cast.organiser)
    for days in (91, 89):
        moment = timezone.now() - timedelta(days=days)
        RejectedItem.objects.create(event=event, raw="{}", code="malformed", received_at=moment)

    assert purge()["rejected_items"] == 1
    assert RejectedItem.objects.count() == 1


def test_a_done_job_goes_after_a_week_and_a_failed_one_stays():
    long_ago = timezone.now() - timedelta(days=8)
    for state in ("done", "failed"):
        Job.objects.create(
            name="test.x", key=state, kind="once", state=state, due_at=long_ago,
            finished_at=long_ago,
        )  # fmt: skip

    assert purge()["jobs"] == 1
    assert Job.objects.get(name="test.x").state == "failed"


class TestAudit:
    @pytest.fixture
    def old(self):
        moment = timezone.now() - timedelta(days=800)
        entry = AuditEntry.objects.create(verb="old", at=moment)
        AuditDetail.objects.create(entry=entry, values={}, salt="x")
        seals.seal_all()
        young = audit.record("young")
        seals.seal_all()
        return young

    def test_it_is_kept_for_ever_unless_the_agency_says_otherwise(self, old):
        assert purge()["audit"] == 0
        assert AuditEntry.objects.filter(verb="old").exists()

    def test_whole_segments_go_and_the_chain_stays_whole(self, old, settings):
        settings.KLINIK_KEEP_AUDIT_DAYS = 730

        assert purge()["audit"] == 1
        assert not AuditEntry.objects.filter(verb="old").exists()
        assert not AuditDetail.objects.filter(entry__verb="old").exists()
        assert AuditEntry.objects.filter(pk=old.pk).exists()
        assert list(seals.breaches()) == []
        assert seals.missing_triggers() == []

    def test_with_nothing_to_purge_the_triggers_are_left_alone(self, settings):
        settings.KLINIK_KEEP_AUDIT_DAYS = 730
        audit.record("young")
        seals.seal_all()

        with CaptureQueriesContext(connection) as asked:
            assert purge()["audit"] == 0
        assert not any("TRIGGER" in query["sql"] for query in asked)


def test_rows_go_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        notice(f"old {number}", days=400)

    assert purge()["notices"] == 5


def test_the_daily_job_applies_every_rule(cast):
    notice("old", days=366)
    Job.objects.create(name="records.tidy", key="today", kind="once", due_at=timezone.now())
    jobs.run_due()

    assert not Notice.objects.filter(key="old").exists()
