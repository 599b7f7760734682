"""Jobs: entered with the act, claimed once, fenced, found again (D6, R4)."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import structlog
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.lib.errors import Refused
from clinic.records import audit, jobs, retention
from clinic.records.jobs import Job
from tests.worker_jobs import enter

PAST = timedelta(minutes=10)


@pytest.fixture
def handler(monkeypatch):
    """Give a job name to a function for the length of one test."""

    def register(name, function, **options):
        monkeypatch.setattr(jobs, "HANDLERS", dict(jobs.HANDLERS))
        jobs.job(name, **options)(function)

    return register


def make_due(row):
    Job.objects.filter(pk=row.pk).update(due_at=timezone.now())


class TestEntering:
    @pytest.mark.django_db(transaction=True)
    def test_a_job_outside_the_transaction_of_its_act_is_an_error(self):
        with pytest.raises(transaction.TransactionManagementError):
            jobs.enter("test.write", "a", "once")

    @pytest.mark.django_db(transaction=True)
    def test_an_act_that_fails_leaves_no_job(self):
        @transaction.atomic
        def act():
            jobs.enter("test.write", "a", "once")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            act()

        assert not Job.objects.exists()

    @pytest.mark.django_db
    def test_once_keeps_one_row_per_key_and_refresh_as_many_as_acts(self):
        first, second = enter("test.write", "a", "once"), enter("test.write", "a", "once")
        enter("test.write", "b"), enter("test.write", "b")

        assert first == second
        assert Job.objects.filter(key="b").count() == 2

    @pytest.mark.django_db
    def test_the_database_refuses_a_second_once_row(self):
        enter("test.write", "a", "once")

        with pytest.raises(IntegrityError):
            Job.objects.create(name="test.write", key="a", kind="once", due_at=timezone.now())

    @pytest.mark.django_db
    def test_an_unknown_kind_is_an_error(self):
        with pytest.raises(ValueError, match="often"):
            enter("test.write", "a", "often")

    @pytest.mark.django_db
    def test_the_payload_carries_its_schema(self):
        assert enter("test.write", payload={"unit": 3}).payload == {"schema": 1, "unit": 3}

    @pytest.mark.django_db(transaction=True)
    def test_a_broker_that_is_down_stops_no_act_and_is_asked_once(self, settings, monkeypatch):
        asked = []

        def fail(*args, **options):
            asked.append(args)
            raise ConnectionError("no broker")

        monkeypatch.setattr(jobs.run_job, "apply_async", fail)
        monkeypatch.setattr(jobs, "_silent_until", 0.0)

        enter("test.write", "a"), enter("test.write", "b")

        assert Job.objects.filter(state="queued").count() == 2
        assert len(asked) == 1


class TestRunning:
    @pytest.mark.django_db
    def test_one_run_answers_every_queued_refresh_of_the_key(self, handler):
        keys = []
        handler("test.write", lambda job: lambda: keys.append(job.key))
        enter("test.write", "a"), enter("test.write", "a"), enter("test.write", "b")

        ran = jobs.run_due()

        assert ran == 2
        assert sorted(keys) == ["a", "b"]
        assert set(Job.objects.values_list("state", flat=True)) == {"done"}

    @pytest.mark.django_db
    def test_a_refresh_that_is_planned_for_later_is_not_taken_along(self, handler):
        handler("test.write", lambda job: None)
        later = enter("test.write", "a", due_at=timezone.now() + PAST)
        enter("test.write", "a")

        jobs.run_due()

        later.refresh_from_db()
        assert later.state == "queued"

    @pytest.mark.django_db
    def test_a_refresh_entered_while_one_runs_waits_and_then_runs(self, handler):
        seen = []

        def refresh(job):
            if not seen:
                late = enter("test.write", "a")
                assert jobs.claim(late.pk) is None
            seen.append(job.pk)

        handler("test.write", refresh)
        enter("test.write", "a")

        assert jobs.run_due() == 2
        assert len(set(seen)) == 2

    @pytest.mark.django_db
    def test_a_job_that_is_not_due_or_done_is_not_claimed(self, handler):
        handler("test.write", lambda job: None)
        later = enter("test.write", "a", "once", due_at=timezone.now() + PAST)
        now = enter("test.write", "b", "once")

        assert jobs.run(now.pk)
        assert not jobs.run(now.pk)
        assert not jobs.run(later.pk)
        assert not jobs.run(10**9)

    @pytest.mark.django_db
    def test_a_slow_twin_whose_lease_lapsed_does_not_write(self, handler):
        written = []

        def slow(job):
            attempt = job.attempts
            if attempt == 1:
                Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - PAST)
                assert jobs.run(job.pk)
            return lambda: written.append(attempt)

        handler("test.write", slow)
        row = enter("test.write", "a", "once")

        jobs.run(row.pk)

        row.refresh_from_db()
        assert written == [2]
        assert (row.state, row.attempts) == ("done", 2)

    @pytest.mark.django_db
    def test_a_lease_that_holds_keeps_others_away_and_one_that_lapsed_does_not(self, handler):
        handler("test.write", lambda job: None)
        row = jobs.claim(enter("test.write", "a").pk)
        follower = enter("test.write", "a")

        assert jobs.claim(row.pk) is None
        assert jobs.claim(follower.pk) is None
        Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - PAST)
        again = jobs.claim(follower.pk)

        assert (again.pk, again.attempts) == (row.pk, 2)
        follower.refresh_from_db()
        assert (follower.state, follower.taken_by_id) == ("done", row.pk)

    @pytest.mark.django_db
    def test_a_write_that_fails_is_undone_with_the_mark_and_tried_again(self, handler):
        def half_write():
            audit.record("test.half")
            raise RuntimeError("NIP 198001012005011001")

        handler("test.write", lambda job: half_write, back_off=(30,))
        row = enter("test.write", "a", "once")

        jobs.run(row.pk)

        row.refresh_from_db()
        assert not audit.AuditEntry.objects.filter(verb="test.half").exists()
        assert row.state == "queued"
        assert timedelta(seconds=20) < row.due_at - timezone.now() < timedelta(seconds=31)
        assert row.last_error.startswith("RuntimeError at test_jobs.py:")
        assert "1980" not in row.last_error

    @pytest.mark.django_db
    def test_a_job_fails_for_good_at_the_end_of_its_list_and_can_be_queued_again(self, handler):
        told = []

        def explode(job):
            raise RuntimeError

        handler("test.write", explode, back_off=(0,), given_up=lambda job, why: told.append(why))
        row = enter("test.write", "a", "once")

        jobs.run_due()

        row.refresh_from_db()
        assert (row.state, row.attempts, len(told)) == ("failed", 2, 1)
        assert row in Job.objects.stuck(timezone.now())
        assert jobs.retry(row.pk, actor=None)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("queued", 0)
        assert not jobs.retry(row.pk, actor=None)

    @pytest.mark.django_db
    def test_five_attempts_are_usual(self, handler):
        def explode(job):
            raise RuntimeError

        handler("test.write", explode)
        row = enter("test.write", "a", "once")
        for _ in range(7):
            make_due(row)
            jobs.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.attempts) == ("failed", 5)

    @pytest.mark.django_db
    def test_a_job_that_kills_its_worker_each_time_is_given_up(self, handler):
        handler("test.write", lambda job: pytest.fail("ran again"), back_off=(0,))
        row = enter("test.write", "a", "once")
        for _ in range(2):
            assert jobs.claim(row.pk)
            Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - PAST)

        jobs.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.last_error) == ("failed", "lease_lapsed_too_often")

    @pytest.mark.django_db
    def test_a_refusal_ends_a_job_without_another_attempt(self, handler):
        def refuse(job):
            raise Refused(code="too_old")

        handler("test.write", refuse)
        row = enter("test.write", "a", "once")

        jobs.run_due()

        row.refresh_from_db()
        assert (row.state, row.attempts, row.last_error) == ("failed", 1, "too_old")

    @pytest.mark.django_db
    def test_a_name_without_a_handler_fails_visibly(self):
        row = enter("test.nobody", "a", "once")

        jobs.run_due()

        row.refresh_from_db()
        assert (row.state, row.last_error) == ("failed", "no_handler")

    @pytest.mark.django_db
    def test_a_renamed_handler_still_takes_the_old_name(self, handler):
        done = []
        handler("test.new", lambda job: done.append(job.name), aliases=("test.old",))
        enter("test.old", "a")

        jobs.run_due()

        assert done == ["test.old"]

    def test_two_handlers_of_one_name_are_an_error(self, handler):
        handler("test.write", lambda job: None)

        with pytest.raises(ValueError, match="Two handlers"):
            jobs.job("test.write")(lambda job: None)

    @pytest.mark.django_db
    def test_the_request_id_joins_the_lines_of_the_job(self, handler):
        lines = []
        handler(
            "test.write", lambda job: lines.append(dict(structlog.contextvars.get_contextvars()))
        )
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            row = enter("test.write", "a")

        jobs.run_due()

        assert lines == [{"request_id": "r-1", "job": "test.write", "job_id": row.pk}]
        assert "request_id" not in structlog.contextvars.get_contextvars()

    @pytest.mark.django_db
    def test_the_surroundings_that_settings_name_hold_during_the_job(self, handler, settings):
        settings.KLINIK_JOB_MIDDLEWARE = [f"{__name__}.in_jayapura"]
        zones = []
        handler("test.write", lambda job: zones.append(timezone.get_current_timezone_name()))
        enter("test.write", "a")

        jobs.run_due()

        assert zones == ["Asia/Jayapura"]
        assert timezone.get_current_timezone_name() == "UTC"


@contextmanager
def in_jayapura():
    with timezone.override("Asia/Jayapura"):
        yield


class TestSweeping:
    @pytest.fixture
    def sent(self, monkeypatch):
        sent = []
        monkeypatch.setattr(jobs, "_send", sent.append)
        return sent

    @pytest.mark.django_db
    def test_it_sends_what_is_due_or_lapsed_once_per_refresh_key(self, sent):
        cells = [enter("test.write", "a"), enter("test.write", "a")]
        once = [enter("test.write", "b", "once"), enter("test.write", "c", "once")]
        enter("test.write", "d", "once", due_at=timezone.now() + PAST)
        lapsed = jobs.claim(enter("test.write", "e", "once").pk)
        Job.objects.filter(pk=lapsed.pk).update(lease_until=timezone.now() - PAST)
        jobs.claim(enter("test.write", "f", "once").pk)

        jobs.sweep()

        assert len(sent) == 4
        assert {row.pk for row in once} | {lapsed.pk} < set(sent)
        assert set(sent) & {row.pk for row in cells}

    @pytest.mark.django_db
    def test_it_stamps_the_heartbeat_that_health_reads(self, sent):
        cache.delete(jobs.HEARTBEAT)
        assert jobs.last_sweep() is None

        jobs.sweep()

        assert timezone.now() - jobs.last_sweep() < timedelta(seconds=5)

    @pytest.mark.django_db
    def test_a_double_tick_enters_one_job_of_the_local_day(self, settings, time_machine):
        settings.KLINIK_JOB_MIDDLEWARE = [f"{__name__}.in_jayapura"]
        time_machine.move_to(datetime.fromisoformat("2026-11-24T16:00:00+00:00"), tick=False)

        jobs.tick("records.tidy", "day")
        jobs.tick("records.tidy", "day")

        assert [row.key for row in Job.objects.all()] == ["2026-11-25"]

    @pytest.mark.django_db
    def test_done_rows_are_forgotten_and_failed_ones_kept(self, handler):
        handler("test.write", lambda job: None)
        enter("test.write", "a", "once"), enter("test.nobody", "b", "once")
        jobs.run_due()

        retention.purge_done_jobs(timezone.now() + PAST)

        assert [row.name for row in Job.objects.all()] == ["test.nobody"]
