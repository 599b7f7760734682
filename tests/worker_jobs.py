"""Jobs that only tests enter; the worker of the tests loads them by ``--include``.

An "act" is an audit entry, a "finding" an Import row that counts the acts of its cell: real
tables, so that the promises of the jobs room are shown on the real database.
"""

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.records import audit, imports, jobs
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import
from clinic.records.jobs import Job

ACT = "test.act"
REFRESH = "test.refresh"
SLOW = "test.slow"
GREEDY = "test_greedy.read"


def enter(name: str, key: str = "", kind: str = "refresh", **options: Any) -> Job:
    """Enter a job in a transaction of its own."""
    with transaction.atomic():
        return jobs.enter(name, key, kind, **options)


def act(cell: str) -> None:
    """Write an act and enter the refresh of its cell, in the caller's transaction."""
    audit.record(ACT, thing=("test.cell", cell))
    jobs.enter(REFRESH, cell, "refresh")


def acts_of(cell: str) -> int:
    return AuditEntry.objects.filter(verb=ACT, thing_id=cell).count()


def finding_of(cell: str) -> int:
    row = Import.objects.filter(kind="test.finding", original_name=cell).first()
    return row.counts["acts"] if row else 0


def write_finding(cell: str, acts: int) -> None:
    Import.objects.update_or_create(
        kind="test.finding",
        original_name=cell,
        defaults={"counts": {"acts": acts}, "size": 0, "expires_at": timezone.now()},
    )


@jobs.job(REFRESH)
def refresh(job: Job):
    acts = acts_of(job.key)

    def write() -> None:
        write_finding(job.key, acts)

    return write


@jobs.job(SLOW, lease=timedelta(seconds=3))
def slow(job: Job):
    """Say that it began, take a second, then write."""
    with transaction.atomic():
        audit.record("test.slow_began", thing=("test.slow", job.key))
    time.sleep(1)

    def write() -> None:
        audit.record("test.slow_ended", thing=("test.slow", job.key))

    return write


@jobs.job(GREEDY, reads_file=True, given_up=imports.refuse_job)
def read_greedily(job: Job):
    imports.start_reading(job)
    bytearray(4 * 1024**3)
