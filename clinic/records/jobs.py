"""Work for later: one table, one way to enter it, one task, one sweep (D6, R4).

An act calls ``enter`` inside its own transaction: the row is the truth, the message that follows
the commit is a hint. ``run_job`` claims the row by a conditional UPDATE, calls the handler outside
any transaction, and applies the write that the handler returned in one transaction with the mark
"done". Whatever gets lost on the way, the sweep finds again.
"""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeAlias

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from clinic.lib.errors import Refused
from clinic.lib.limits import within
from clinic.records import audit

LEASE = timedelta(seconds=60)
BACK_OFF = (5, 30, 120, 600)  # seconds before the second, third, fourth and fifth attempt
FILE_BACK_OFF = (10,)  # a file that killed the worker twice is not tried a third time
FILE_LEASE_MARGIN = 30  # seconds
SWEEP_LIMIT = 500
SILENCE_SECONDS = 15  # after a failed send the sweep, not the next request, tries the broker
STUCK_AFTER = timedelta(minutes=2)
PERIODS = {"minute": "%Y-%m-%dT%H:%M", "day": "%Y-%m-%d"}
HEARTBEAT = "records.sweep"

logger = structlog.get_logger(__name__)

Write: TypeAlias = Callable[[], None]
Function: TypeAlias = Callable[[Any], Write | None]
GivenUp: TypeAlias = Callable[[Any, Refused], None]


@dataclass(frozen=True, kw_only=True)
class Handler:
    """The function behind a name, with its lease, its back-off and its limits."""

    function: Function
    lease: timedelta
    back_off: tuple[int, ...]
    reads_file: bool
    given_up: GivenUp | None

    def call(self, row: Any) -> Write | None:
        """Call the function, within the soft limits when it reads an uploaded file."""
        with ExitStack() as stack:
            if self.reads_file:
                stack.enter_context(
                    within(
                        memory_bytes=settings.KLINIK_FILE_MEMORY_MB * 1024 * 1024,
                        seconds=settings.KLINIK_FILE_SECONDS,
                    )
                )
            return self.function(row)


HANDLERS: dict[str, Handler] = {}


def job(
    name: str,
    *,
    aliases: tuple[str, ...] = (),
    lease: timedelta | None = None,
    back_off: tuple[int, ...] | None = None,
    reads_file: bool = False,
    given_up: GivenUp | None = None,
) -> Callable[[Function], Function]:
    """Register ``handler(job) -> write | None`` under a name such as ``insights.refresh_unit``.

    The handler does its slow work outside a transaction and returns the write, which runs only if
    this attempt still holds the row. A ``Refused`` ends the job without another attempt.

    Args:
        name: ``<package>.<verb>``.
        aliases: names of an earlier release whose rows may still wait.
        lease: longer than the slowest run; after it another worker may take over.
        back_off: seconds before each further attempt; its length limits the attempts.
        reads_file: run within the soft limits of memory and time for an uploaded file.
        given_up: ``(job, refused)``, in the closing transaction of a job without success.
    """
    file_lease = timedelta(seconds=settings.KLINIK_FILE_SECONDS + FILE_LEASE_MARGIN)
    usual_lease, usual_back_off = (file_lease, FILE_BACK_OFF) if reads_file else (LEASE, BACK_OFF)

    def register(function: Function) -> Function:
        for each in (name, *aliases):
            if each in HANDLERS:
                msg = f"Two handlers for the job {each}."
                raise ValueError(msg)
            HANDLERS[each] = Handler(
                function=function,
                lease=lease or usual_lease,
                back_off=usual_back_off if back_off is None else back_off,
                reads_file=reads_file,
                given_up=given_up,
            )
        return function

    return register


@contextmanager
def job_context() -> Iterator[None]:
    """Enter the context managers that ``KLINIK_JOB_MIDDLEWARE`` names, such as the root's zone.

    Each dotted name is a callable without arguments that returns a context manager.
    """
    with ExitStack() as stack:
        for dotted_name in settings.KLINIK_JOB_MIDDLEWARE:
            stack.enter_context(import_string(dotted_name)())
        yield


class JobQuerySet(models.QuerySet["Job"]):
    """Reads of jobs by what is to be done with them."""

    def claimable(self, now: datetime) -> Self:
        """Keep rows that are due and unclaimed, and rows whose lease has lapsed."""
        return self.filter(
            Q(state=Job.State.QUEUED, due_at__lte=now)
            | Q(state=Job.State.RUNNING, lease_until__lt=now)
        )

    def stuck(self, now: datetime) -> Self:
        """Keep rows that failed for good or wait longer than a healthy worker lets them."""
        return self.filter(
            Q(state=Job.State.FAILED) | Q(pk__in=self.claimable(now - STUCK_AFTER).values("pk"))
        )


class Job(models.Model):
    """One piece of work. Messages carry its id and nothing else.

    ``once`` has a unique key: a day's run, one import. ``refresh`` has none: whoever claims one
    takes all queued rows of its name and key, and two of one key never run at a time.
    """

    class Kind(models.TextChoices):
        ONCE = "once", _("once")
        REFRESH = "refresh", _("refresh")

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    taken_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="taken")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(
                name="one_once_job_per_key", fields=["name", "key"], condition=Q(kind="once")
            ),
            models.UniqueConstraint(
                name="one_refresh_runs_per_key",
                fields=["name", "key"],
                condition=Q(kind="refresh", state="running"),
            ),
            models.CheckConstraint(
                name="a_running_job_has_a_lease",
                condition=~Q(state="running") | Q(lease_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="job_by_state_and_due"),
            models.Index(fields=["name", "key", "state"], name="job_by_name_key_and_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"

    def still_claimed(self) -> JobQuerySet:
        """Return this row only while no later attempt has claimed it (fencing)."""
        return Job.objects.filter(pk=self.pk, state=Job.State.RUNNING, attempts=self.attempts)


def after_commit(action: Callable[[], None]) -> None:
    """Run the action after the commit: the only use of ``on_commit`` in the project.

    ``action`` is a named function, never a ``functools.partial``: Django fails to log a partial.
    """
    transaction.on_commit(action, robust=True)


def enter(
    name: str,
    key: str,
    kind: str,
    *,
    due_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
) -> Job:
    """Enter a job inside the act's transaction; a ``once`` key that exists returns its row."""
    fields = _prepare_fields(name, due_at=due_at, payload=payload)
    if Job.Kind(kind) is Job.Kind.ONCE:
        row, created = Job.objects.get_or_create(fields, name=name, key=str(key), kind=kind)
    else:
        row, created = Job.objects.create(name=name, key=str(key), kind=kind, **fields), True
    if created and row.due_at <= timezone.now():
        _send_after_commit(row.pk)
    return row


def enter_each(name: str, keys: Iterable[object]) -> None:
    """Enter one ``refresh`` job for each key with one insert, for an act that touches many."""
    fields = _prepare_fields(name)
    rows = [Job(name=name, key=str(key), kind=Job.Kind.REFRESH, **fields) for key in keys]
    for row in Job.objects.bulk_create(rows):
        _send_after_commit(row.pk)


def _prepare_fields(
    name: str, *, due_at: datetime | None = None, payload: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what every entered row has in common.

    Raises:
        transaction.TransactionManagementError: no transaction is open, so that a crash between
            the act and this row would lose the job.
    """
    if not transaction.get_connection().in_atomic_block:
        msg = f"The job {name} must be entered in the transaction of the act."
        raise transaction.TransactionManagementError(msg)
    return {
        "due_at": due_at or timezone.now(),
        "payload": {"schema": 1, **(payload or {})},
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    }


def _send_after_commit(job_id: int) -> None:
    def send() -> None:
        _send(job_id)

    after_commit(send)


_silent_until = 0.0


def _send(job_id: int) -> None:
    """Send the row's id to the workers; a failed send is no error: the sweep sends again."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        run_job.apply_async((job_id,), retry=False)
    except Exception:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        logger.warning("job_not_sent", job_id=job_id, exc_info=True)


def claim(job_id: int) -> Job | None:
    """Take the row for this process, or return None when there is nothing to take."""
    with transaction.atomic():
        now = timezone.now()
        row = Job.objects.filter(pk=job_id).first()
        if row is not None and row.kind == Job.Kind.REFRESH:
            row = _lock_key(row)
        if row is None:
            return None
        handler = HANDLERS.get(row.name)
        changed = (
            Job.objects.claimable(now)
            .filter(pk=row.pk)
            .update(
                state=Job.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_until=now + (handler.lease if handler else LEASE),
                started_at=now,
            )
        )
        if not changed:
            return None
        row.refresh_from_db()
        if row.kind == Job.Kind.REFRESH:
            # This run answers every queued row of the key; one that is planned for later stays.
            Job.objects.filter(
                Q(due_at__lte=now) | Q(attempts__gt=0),
                name=row.name,
                key=row.key,
                kind=Job.Kind.REFRESH,
                state=Job.State.QUEUED,
            ).update(state=Job.State.DONE, finished_at=now, taken_by=row)
        return row


def _lock_key(row: Job) -> Job | None:
    """Lock the open rows of the key in one order; the running one leads, else the row itself."""
    rows = Job.objects.select_for_update().filter(
        name=row.name,
        key=row.key,
        kind=Job.Kind.REFRESH,
        state__in=[Job.State.QUEUED, Job.State.RUNNING],
    )
    open_rows = {each.pk: each for each in rows.order_by("pk")}
    running = [each for each in open_rows.values() if each.state == Job.State.RUNNING]
    return running[0] if running else open_rows.get(row.pk)


def run(job_id: int) -> bool:
    """Claim and run one row here; False when somebody else has it or it is not due."""
    row = claim(job_id)
    if row is None:
        return False
    names = {"request_id": row.request_id, "job": row.name, "job_id": row.pk}
    with structlog.contextvars.bound_contextvars(**names), job_context():
        _attempt(row)
    return True


def _attempt(row: Job) -> None:
    handler = HANDLERS.get(row.name)
    if handler is None:
        _give_up(row, Refused(code="no_handler"), given_up=None)
        return
    if row.attempts > len(handler.back_off) + 1:
        _give_up(row, Refused(code="lease_lapsed_too_often"), given_up=handler.given_up)
        return
    try:
        _finish(row, handler.call(row))
    except Refused as refused:
        # With ``given_up`` somebody learns why, as of a file that cannot be read: a job well done.
        state = Job.State.FAILED if handler.given_up is None else Job.State.DONE
        _give_up(row, refused, given_up=handler.given_up, state=state)
    except Exception as error:
        logger.exception("job_attempt_failed", attempt=row.attempts)
        if row.attempts > len(handler.back_off):
            _give_up(row, Refused(code=_locate(error)), given_up=handler.given_up)
            return
        row.still_claimed().update(
            state=Job.State.QUEUED,
            due_at=timezone.now() + timedelta(seconds=handler.back_off[row.attempts - 1]),
            lease_until=None,
            last_error=_locate(error),
        )


def _finish(row: Job, write: Write | None) -> None:
    """Mark done and write in one transaction, unless another attempt has taken over."""
    now = timezone.now()
    with transaction.atomic():
        changed = row.still_claimed().update(
            state=Job.State.DONE, finished_at=now, lease_until=None, last_error=""
        )
        if not changed:
            logger.warning("job_fenced", attempt=row.attempts)
            return
        if write is not None:
            write()
        if row.kind == Job.Kind.REFRESH:  # one that came in meanwhile was refused its turn
            waiting = Job.objects.filter(
                name=row.name, key=row.key, state=Job.State.QUEUED, due_at__lte=now
            )
            following = waiting.order_by("pk").values_list("pk", flat=True).first()
            if following is not None:
                _send_after_commit(following)


def _give_up(
    row: Job, refused: Refused, *, given_up: GivenUp | None, state: str = Job.State.FAILED
) -> None:
    with transaction.atomic():
        changed = row.still_claimed().update(
            state=state,
            finished_at=timezone.now(),
            lease_until=None,
            last_error=refused.code[:300],
        )
        if changed and given_up is not None:
            given_up(row, refused)
    logger.warning("job_given_up", code=refused.code, attempt=row.attempts)


def _locate(error: Exception) -> str:
    """Name the kind of error and its place; its text may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:300]


def run_due() -> int:
    """Run whatever is due in this process until nothing is left; return how many rows ran.

    For loading the demo and for tests; in service the workers do this.
    """
    total = 0
    while True:
        due = Job.objects.claimable(timezone.now()).order_by("due_at", "pk")
        ran = sum(run(job_id) for job_id in due.values_list("pk", flat=True)[:SWEEP_LIMIT])
        if not ran:
            return total
        total += ran


def retry(job_id: int, *, actor: Any) -> bool:
    """Queue a failed job anew with all its attempts; False if it has not failed."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job_id, state=Job.State.FAILED).update(
            state=Job.State.QUEUED, attempts=0, due_at=timezone.now(), finished_at=None
        )
        if changed:
            row = Job.objects.get(pk=job_id)
            values = {"name": row.name, "key": row.key, "error": row.last_error}
            audit.record("job.retry", actor=actor, thing=row, values=values)
            _send_after_commit(job_id)
    return bool(changed)


def last_sweep() -> datetime | None:
    """Return when a worker last ran the sweep, as the shared cache remembers it."""
    stamp = cache.get(HEARTBEAT)
    return None if stamp is None else datetime.fromisoformat(stamp)


@shared_task(name="records.run_job", ignore_result=True)
def run_job(job_id: int) -> None:
    """Run one job by its id; a stale or repeated message does nothing."""
    run(job_id)


@shared_task(name="records.sweep", ignore_result=True)
def sweep() -> int:
    """Stamp the heartbeat and send what is due and unclaimed; once per key of a refresh."""
    now = timezone.now()
    cache.set(HEARTBEAT, now.isoformat(), timeout=None)
    rows = Job.objects.claimable(now).order_by("due_at", "pk")
    chosen = {
        (name, key) if kind == Job.Kind.REFRESH else pk: pk
        for pk, name, key, kind in rows.values_list("pk", "name", "key", "kind")[:SWEEP_LIMIT]
    }
    for job_id in chosen.values():
        _send(job_id)
    return len(chosen)


@shared_task(name="records.tick", ignore_result=True)
def tick(name: str, period: str) -> None:
    """Enter the scheduled job of this minute or local day; a double tick does nothing."""
    with job_context(), transaction.atomic():
        enter(name, timezone.localtime().strftime(PERIODS[period]), Job.Kind.ONCE)
