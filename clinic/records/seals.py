"""Append-only logs: triggers that refuse changes, seals that show them, and purges.

A database trigger refuses UPDATE, DELETE and an INSERT over an id that is taken, on every declared
table. A job looks at each log every minute and seals what waits there:
``digest = SHA-256(previous digest + canonical JSON of the rows)``. A row that is changed, removed
or slipped in later makes ``breaches`` speak (S22). Rows leave a log by whole sealed segments only.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.breaches import Breach

LONGEST_NAME = 63  # PostgreSQL cuts longer names without a word
REFUSAL = "append-only table"
SEAL_ROWS = 5000  # most rows of one seal
BUNCH_ROWS = 100  # so many waiting rows are sealed at once; fewer wait a while for others
BUNCH_AGE = timedelta(minutes=8)
SEALED_WITHIN = timedelta(minutes=10)
PURGE_SEALS = 500  # most segments of one purge, which keeps every log from being written to
WAIT_FOR_WRITERS = "2s"
HEADS_JOB = "people.tell_heads"  # entered here, done where the administrators are known

logger = structlog.get_logger(__name__)


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Refuses in the ORM what the trigger refuses in the database."""

    def update(self, **changes: Any) -> int:
        raise TypeError(f"{self.model._meta.label} is append-only.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{self.model._meta.label} is append-only.")

    def bulk_update(self, *args: Any, **options: Any) -> int:
        raise TypeError(f"{self.model._meta.label} is append-only.")


class AppendOnlyModel(models.Model):
    """A row that is written once. Its class is also declared by ``append_only``."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{self._meta.label} is append-only.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{self._meta.label} is append-only.")


@dataclass(frozen=True, kw_only=True)
class AppendOnlyLog:
    """A declared table; ``moment`` names the field that says when a row was written."""

    model: type[models.Model]
    moment: str
    is_sealed: bool

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def rows(self) -> models.QuerySet[Any]:
        return self.model._base_manager.order_by("pk")


_logs: dict[str, AppendOnlyLog] = {}


def append_only(
    model: type[models.Model], *, moment: str = "at", is_sealed: bool = True
) -> type[models.Model]:
    """Declare a table append-only: triggers refuse changes, and its rows are sealed."""
    log = AppendOnlyLog(model=model, moment=moment, is_sealed=is_sealed)
    _logs[log.name] = log
    return model


def logs() -> list[AppendOnlyLog]:
    """Return the declared tables."""
    return list(_logs.values())


class Seal(AppendOnlyModel):
    """A sealed segment: the rows ``first`` to ``last`` of one log, gaps of ids included."""

    log = models.CharField(max_length=80)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["log", "first"]
        constraints = [
            models.UniqueConstraint(name="one_seal_begins_at_a_row", fields=["log", "first"]),
            models.CheckConstraint(
                name="seal_does_not_end_before_it_begins",
                condition=models.Q(last__gte=models.F("first")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.log} {self.first}-{self.last}"


append_only(Seal, moment="created_at", is_sealed=False)


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _list_triggers() -> dict[str, tuple[str, str]]:
    """Return table and event of each trigger by its name.

    Each engine has one way of its own past UPDATE and DELETE: PostgreSQL fires for the UPDATE of an
    ON CONFLICT, but a TRUNCATE touches no row; SQLite's INSERT OR REPLACE deletes the old row
    without a word to its triggers.
    """
    third = "TRUNCATE" if _is_postgresql() else "REPLACE"
    triggers = {
        f"{log.table}_refuses_{event.lower()}": (log.table, event)
        for log in logs()
        for event in ("UPDATE", "DELETE", third)
    }
    for name in triggers:
        if len(name) > LONGEST_NAME:
            msg = f"The trigger {name} needs a shorter table name."
            raise ValueError(msg)
    return triggers


def _read_triggers() -> set[str]:
    """Return the triggers that the database has and fires."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if _is_postgresql()
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


def missing_triggers() -> list[str]:
    """Name the declared tables that would let a change pass, in order."""
    existing = _read_triggers()
    declared = _list_triggers().items()
    return sorted({table for name, (table, _event) in declared if name not in existing})


def create_triggers(**_signal: Any) -> None:
    """Create each missing trigger; after every migrate and flush.

    A table that is not migrated yet is left for later.
    """
    existing, tables = _read_triggers(), set(connection.introspection.table_names())
    missing = {
        name: (table, event)
        for name, (table, event) in _list_triggers().items()
        if name not in existing and table in tables
    }
    if not missing:
        return
    with connection.cursor() as cursor:
        if _is_postgresql():
            cursor.execute(_POSTGRESQL_FUNCTION)
        for name, (table, event) in missing.items():
            cursor.execute(_write_trigger(name, table, event))


def drop_triggers(tables: Iterable[str]) -> None:
    """Drop the triggers of the tables, which only ``purging`` and tests do."""
    existing, chosen = _read_triggers(), set(tables)
    with connection.cursor() as cursor:
        for name, (table, _event) in _list_triggers().items():
            if name in existing and table in chosen:
                target = f' ON "{table}"' if _is_postgresql() else ""
                cursor.execute(f'DROP TRIGGER "{name}"{target}')


_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION records_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL} %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def _write_trigger(name: str, table: str, event: str) -> str:
    if not _is_postgresql():
        # Where no id is given, SQLite says -1 here.
        is_taken = f'NEW.id IN (SELECT id FROM "{table}")'  # noqa: S608 - a declared table
        insert = f'INSERT ON "{table}" WHEN {is_taken}'
        what = insert if event == "REPLACE" else f'{event} ON "{table}"'
        return (
            f'CREATE TRIGGER "{name}" BEFORE {what} '
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL} {table}'); END"
        )
    level = "STATEMENT" if event == "TRUNCATE" else "ROW"
    return (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" '
        f"FOR EACH {level} EXECUTE FUNCTION records_refuse_change()"
    )


@contextmanager
def purging(reason: str) -> Iterator[None]:
    """Lift the triggers for a purge or a test's flush, in one transaction.

    The only way to lift them. An error inside rolls the purge and the lifting back together.
    """
    if not reason:
        raise ValueError("A purge needs a reason.")
    tables = [log.table for log in logs()]
    with transaction.atomic():
        drop_triggers(tables)
        logger.info("append_only_tables_opened", reason=reason)
        yield
        create_triggers()


def _encode_value(value: Any) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date() | UUID() | Decimal():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            raise TypeError(f"No canonical form for {type(value).__name__}.")


def canonical(row: dict[str, Any]) -> bytes:
    """Return one spelling of a row that is the same on both engines."""
    text = json.dumps(
        row, default=_encode_value, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return text.encode()


def _digest_and_count(previous: str, rows: Iterable[dict[str, Any]]) -> tuple[str, int]:
    state, count = hashlib.sha256(previous.encode()), 0
    for row in rows:
        state.update(b"\n" + canonical(row))
        count += 1
    return state.hexdigest(), count


@contextmanager
def _wait_for_writers(log: AppendOnlyLog) -> Iterator[None]:
    """Let open inserts end: on PostgreSQL a row can commit later than one with a higher id."""
    if not _is_postgresql():
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'")
        cursor.execute(f'LOCK TABLE "{log.table}" IN SHARE MODE')
        yield


def seal(log: AppendOnlyLog) -> Seal | None:
    """Seal the rows that came since the last seal; None when there are none.

    Writers wait only while the last id is read: what stands up to it can no longer change.
    """
    head = _find_head(log)
    start = head.last + 1 if head else 1
    with _wait_for_writers(log):
        ids = log.rows().filter(pk__gte=start).values_list("pk", flat=True)[:SEAL_ROWS]
        last = max(ids, default=None)
    if last is None:
        return None
    previous = head.digest if head else ""
    rows = log.rows().filter(pk__range=(start, last)).values()
    sealed = Seal(
        log=log.name,
        first=start,
        last=last,
        previous=previous,
        digest=_digest_and_count(previous, rows.iterator())[0],
    )
    with transaction.atomic():
        if _find_head(log) != head:  # another worker was quicker
            return None
        sealed.save()
    return sealed


def seal_all() -> int:
    """Seal every log up to its last row; return how many seals were written."""
    return sum(_seal_up(log) for log in logs() if log.is_sealed)


def seal_due(now: datetime) -> int:
    """Seal each log in which a bunch waits, or a row that has waited long enough."""
    return sum(_seal_up(log) for log in logs() if log.is_sealed and _is_due(log, now))


def _is_due(log: AppendOnlyLog, now: datetime) -> bool:
    head = _find_head(log)
    waiting = log.rows().filter(pk__gt=head.last if head else 0)
    moments = list(waiting.values_list(log.moment, flat=True)[:BUNCH_ROWS])
    return len(moments) == BUNCH_ROWS or any(each <= now - BUNCH_AGE for each in moments)


def _seal_up(log: AppendOnlyLog) -> int:
    """Seal segment after segment; one that is not full was the last."""
    written = 0
    while sealed := seal(log):
        written += 1
        if sealed.last - sealed.first + 1 < SEAL_ROWS:
            break
    return written


def _find_head(log: AppendOnlyLog) -> Seal | None:
    """Return the newest seal; the chain only grows, so that the unique index finds it."""
    return Seal.objects.filter(log=log.name).order_by("-first").first()


class LogHead(NamedTuple):
    """Where a log's newest seal ends, and its digest, which rests on all earlier ones."""

    last: int
    digest: str


def heads() -> dict[str, LogHead]:
    """Return the head of each log, to be kept outside the database."""
    newest = {log.name: _find_head(log) for log in logs() if log.is_sealed}
    return {name: LogHead(seal.last, seal.digest) for name, seal in newest.items() if seal}


def purge_segments(model: type[models.Model], *, before: datetime, reason: str) -> int:
    """Delete the oldest sealed segments that end before the moment; return how many rows went.

    The seals stay with ``purged_at``, so that the chain stays whole.
    """
    now = timezone.now()
    log = _logs[model._meta.label_lower]
    segments: list[Seal] = []
    for each in Seal.objects.filter(log=log.name, purged_at=None).order_by("first")[:PURGE_SEALS]:
        rows = log.rows().filter(pk__range=(each.first, each.last))
        if rows.filter(**{f"{log.moment}__gte": before}).exists():
            break
        segments.append(each)
    if not segments:
        return 0
    rows = log.rows().filter(pk__gte=segments[0].first, pk__lte=segments[-1].last)
    with purging(reason):
        count = rows.count()
        rows.delete()
        Seal._base_manager.filter(pk__in=[each.pk for each in segments]).update(purged_at=now)
    return count


def breaches(since: Mapping[str, LogHead] | None = None) -> Iterator[Breach]:
    """Walk every log once; report each changed, missing, foreign or unsealed row.

    Args:
        since: heads of an earlier walk without a breach; what they rest on is not walked again.
    """
    for log in logs():
        if log.is_sealed:
            yield from _walk_log(log, (since or {}).get(log.name))


def _walk_log(log: AppendOnlyLog, since: LogHead | None) -> Iterator[Breach]:
    previous, following = "", 1
    if since is not None:
        previous, following = since.digest, since.last + 1
        if not Seal.objects.filter(log=log.name, last=since.last, digest=since.digest).exists():
            yield Breach(f"{log.name} {since.last}", "the seal that was verified last is gone")
    rows = _Walk(log.rows().filter(pk__gte=following).values().iterator())
    for each in Seal.objects.filter(log=log.name, first__gte=following).order_by("first"):
        where = f"{log.name} {each.first}-{each.last}"
        if each.previous != previous or each.first != following:
            yield Breach(f"{log.name} {each.first}", "the chain of seals is broken")
        rows.skip_to(each.first)
        digest, count = _digest_and_count(each.previous, rows.up_to(each.last))
        if each.purged_at and count:
            yield Breach(where, "rows stand in a purged segment")
        elif not each.purged_at and digest != each.digest:
            yield Breach(where, "rows were changed, removed or slipped in")
        previous, following = each.digest, each.last + 1
    overdue = {f"{log.moment}__lt": timezone.now() - SEALED_WITHIN}
    if log.rows().filter(pk__gte=following, **overdue).exists():
        yield Breach(log.name, "rows are older than 10 minutes and not sealed")
    if log.rows().filter(pk__lt=1).exists():
        yield Breach(log.name, "rows stand before the first id")


class _Walk:
    """The rows of a log in order, cut where the seals end."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def skip_to(self, first: int) -> None:
        """Pass over rows that no seal claims."""
        for _row in self.up_to(first - 1):
            pass

    def up_to(self, last: int) -> Iterator[dict[str, Any]]:
        """Yield the rows that come now, the last one's id included."""
        while self._next is not None and self._next["id"] <= last:
            yield self._next
            self._next = next(self._rows, None)
