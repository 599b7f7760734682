"""Jobs beside each other: two acts, eight claimers, a worker that is killed (D6, R4)."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clinic.records import audit, jobs
from clinic.records.jobs import Job
from tests import worker_jobs
from tests.processes import wait_until
from tests.worker_jobs import enter


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestTwoActsAtATime:
    """A claim falls between the commits of two acts: the second must not be lost."""

    def second_act(self, cell, entered, may_commit):
        try:
            with transaction.atomic():
                worker_jobs.act(cell)
                entered.set()
                assert may_commit.wait(10)
        finally:
            connection.close()

    def test_claimed_between_two_commits_both_acts_count(self):
        entered, may_commit = threading.Event(), threading.Event()
        second = threading.Thread(target=self.second_act, args=("c", entered, may_commit))
        second.start()
        assert entered.wait(10)
        with transaction.atomic():
            worker_jobs.act("c")
        jobs.run_due()
        assert worker_jobs.finding_of("c") == 1
        may_commit.set()
        second.join()

        jobs.run_due()

        assert worker_jobs.finding_of("c") == 2

    def test_unique_while_queued_would_have_lost_the_second_act(self):
        """The twin: entering only when no row waits is what this house does not do."""
        entered, may_commit = threading.Event(), threading.Event()
        with transaction.atomic():
            worker_jobs.act("c")

        def act_unless_queued():
            try:
                with transaction.atomic():
                    audit.record(worker_jobs.ACT, thing=("test.cell", "c"))
                    if not Job.objects.filter(key="c", state="queued").exists():
                        jobs.enter(worker_jobs.REFRESH, "c", "refresh")
                    entered.set()
                    assert may_commit.wait(10)
            finally:
                connection.close()

        second = threading.Thread(target=act_unless_queued)
        second.start()
        assert entered.wait(10)
        jobs.run_due()
        may_commit.set()
        second.join()

        jobs.run_due()

        assert worker_jobs.finding_of("c") == 1
        assert worker_jobs.acts_of("c") == 2

    def test_claimers_of_one_key_neither_double_nor_block_each_other(self):
        rows = [enter(worker_jobs.REFRESH, "c").pk for _ in range(8)]
        start, claimed = threading.Barrier(8), []

        def claim_one(job_id):
            try:
                start.wait(10)
                claimed.append(jobs.claim(job_id))
            finally:
                connection.close()

        threads = [threading.Thread(target=claim_one, args=(row,)) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(claimed) == 8
        assert len([row for row in claimed if row is not None]) == 1


class TestRealWorker:
    def test_a_worker_runs_what_an_act_entered_within_seconds(self, worker):
        with transaction.atomic():
            worker_jobs.act("near")

        wait_until(lambda: worker_jobs.finding_of("near") == 1, 10, what="the finding")

    def test_two_acts_while_the_worker_runs_both_count(self, worker):
        for _ in range(20):
            with transaction.atomic():
                worker_jobs.act("busy")

        wait_until(lambda: worker_jobs.finding_of("busy") == 20, 20, what="20 acts in the finding")

    def test_a_worker_killed_in_the_middle_is_replaced_and_writes_once(self, worker):
        enter(worker_jobs.SLOW, "k", "once")
        entries = audit.AuditEntry.objects.filter(thing_id="k")
        wait_until(lambda: entries.exists(), 10, what="the job began")
        worker.kill()

        def ended():
            return entries.filter(verb="test.slow_ended").count()

        worker.ensure_running()
        assert ended() == 0
        wait_until(lambda: timezone.now() > Job.objects.get(key="k").lease_until, 10, what="lapse")
        jobs.sweep()
        wait_until(lambda: ended() == 1, 10, what="the second attempt")
        assert Job.objects.get(key="k").attempts == 2
