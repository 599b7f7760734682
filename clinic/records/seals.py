"""Append-only logs: refused changes, sealed segments, and the one guarded door for a purge.

A database trigger refuses UPDATE, DELETE and an INSERT over an id that is taken, on every declared
table. Each minute a job seals the
new rows of each log: ``digest = SHA-256(previous digest + canonical JSON of the rows)``. A row
that is changed, removed or slipped in later makes ``breaches`` speak (S22).

The triggers themselves, on SQLite and PostgreSQL; both create and drop them transactionally.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.breaches import Breach

LONGEST_NAME = 63  # PostgreSQL cuts longer names without a word
REFUSAL = "append-only table"


def _events() -> tuple[str, ...]:
    """Return what is refused; each engine has one way of its own past the first two.

    PostgreSQL fires for the UPDATE of an ON CONFLICT; SQLite's INSERT OR REPLACE deletes the old
    row without a word to its triggers.
    """
    return ("UPDATE", "DELETE", "TRUNCATE" if _is_postgresql() else "REPLACE")


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _name(table: str, event: str) -> str:
    name = f"{table}_refuses_{event.lower()}"
    if len(name) > LONGEST_NAME:
        msg = f"The trigger {name} needs a shorter table name."
        raise ValueError(msg)
    return name


def _wanted(tables: Iterable[str]) -> dict[str, tuple[str, str]]:
    return {_name(table, event): (table, event) for table in tables for event in _events()}


def _standing() -> set[str]:
    """Return the triggers that the database has and fires."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if _is_postgresql()
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


def missing(tables: Iterable[str]) -> list[str]:
    """Return the tables, in order, that lack a trigger."""
    standing = _standing()
    lacking = {table for name, (table, _) in _wanted(tables).items() if name not in standing}
    return sorted(lacking)


def put_up(tables: Iterable[str]) -> None:
    """Put up what is missing; a table that is not migrated yet is left for later."""
    standing, existing = _standing(), set(connection.introspection.table_names())
    wanted = {
        name: place
        for name, place in _wanted(tables).items()
        if name not in standing and place[0] in existing
    }
    if not wanted:
        return
    with connection.cursor() as cursor:
        if _is_postgresql():
            cursor.execute(_POSTGRESQL_FUNCTION)
        for name, (table, event) in wanted.items():
            cursor.execute(_definition(name, table, event))


def take_down(tables: Iterable[str]) -> None:
    """Drop the triggers; only ``seals.purging`` calls this."""
    standing = _standing()
    with connection.cursor() as cursor:
        for name, (table, _) in _wanted(tables).items():
            if name in standing:
                place = f' ON "{table}"' if _is_postgresql() else ""
                cursor.execute(f'DROP TRIGGER "{name}"{place}')


_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION records_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL} %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def _definition(name: str, table: str, event: str) -> str:
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


SEAL_ROWS = 5000
SEALED_WITHIN = timedelta(minutes=10)
WAIT_FOR_WRITERS = "2s"
HEADS_JOB = "people.tell_heads"  # upstairs, where the administrators are known

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
class Log:
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


_logs: dict[str, Log] = {}


def append_only(
    model: type[models.Model], *, moment: str = "at", is_sealed: bool = True
) -> type[models.Model]:
    """Declare a table append-only: triggers refuse changes, and its rows are sealed."""
    log = Log(model=model, moment=moment, is_sealed=is_sealed)
    _logs[log.name] = log
    return model


def logs() -> list[Log]:
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


def put_up_triggers(**_signal: Any) -> None:
    """Put up each missing trigger of each declared table; after every migrate and flush."""
    put_up([log.table for log in logs()])


def missing_triggers() -> list[str]:
    """Name the declared tables that would let a change pass."""
    return missing([log.table for log in logs()])


@contextmanager
def purging(reason: str) -> Iterator[None]:
    """Lift the triggers for a purge or a test's flush, in one transaction.

    The one guarded door. An error inside rolls the purge and the lifting back together.
    """
    if not reason:
        raise ValueError("A purge needs a reason.")
    tables = [log.table for log in logs()]
    with transaction.atomic():
        take_down(tables)
        logger.info("append_only_tables_opened", reason=reason)
        yield
        put_up(tables)


def _plain(value: Any) -> str:
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
        row, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return text.encode()


def _digest(previous: str, rows: Iterable[dict[str, Any]]) -> str:
    state = hashlib.sha256(previous.encode())
    for row in rows:
        state.update(b"\n" + canonical(row))
    return state.hexdigest()


def _wait_for_writers(log: Log) -> None:
    """Let open inserts end: on PostgreSQL a row can commit later than one with a higher id."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'")
            cursor.execute(f'LOCK TABLE "{log.table}" IN SHARE MODE')


def seal(log: Log) -> Seal | None:
    """Seal the rows that came since the last seal; None when there are none."""
    with transaction.atomic():
        _wait_for_writers(log)
        head = _head(log)
        start = head.last + 1 if head else 1
        rows = list(log.rows().filter(pk__gte=start).values()[:SEAL_ROWS])
        if not rows:
            return None
        previous = head.digest if head else ""
        return Seal.objects.create(
            log=log.name,
            first=start,
            last=rows[-1]["id"],
            previous=previous,
            digest=_digest(previous, rows),
        )


def seal_all() -> int:
    """Seal every log up to its last row; return how many seals were written."""
    written = 0
    for log in logs():
        while log.is_sealed and seal(log):
            written += 1
    return written


def _head(log: Log) -> Seal | None:
    return Seal.objects.filter(log=log.name).order_by("-last").first()


def head_digests() -> dict[str, str]:
    """Return the newest digest of each log, to be kept outside the database."""
    heads = {log.name: _head(log) for log in logs() if log.is_sealed}
    return {name: head.digest for name, head in heads.items() if head}


def purge_segments(model: type[models.Model], *, before: datetime, reason: str) -> int:
    """Delete whole sealed segments that end before the moment; return how many rows went.

    The seals stay with ``purged_at``, so that the chain stays whole.
    """
    log = _logs[model._meta.label_lower]
    removed = 0
    with purging(reason):
        for each in Seal.objects.filter(log=log.name, purged_at=None):
            rows = log.rows().filter(pk__range=(each.first, each.last))
            if rows.filter(**{f"{log.moment}__gte": before}).exists():
                break
            removed += rows.delete()[0]
            Seal._base_manager.filter(pk=each.pk).update(purged_at=timezone.now())
    return removed


def breaches() -> Iterator[Breach]:
    """Walk the seals of every log; report each changed, missing, foreign or unsealed row."""
    for log in logs():
        if log.is_sealed:
            yield from _breaches_of(log)


def _breaches_of(log: Log) -> Iterator[Breach]:
    previous, following = "", 1
    for each in Seal.objects.filter(log=log.name).order_by("first"):
        if each.previous != previous or each.first != following:
            yield Breach(f"{log.name} {each.first}", "the chain of seals is broken")
        yield from _breaches_of_segment(log, each)
        previous, following = each.digest, each.last + 1
    overdue = {f"{log.moment}__lt": timezone.now() - SEALED_WITHIN}
    if log.rows().filter(pk__gte=following, **overdue).exists():
        yield Breach(log.name, "rows are older than 10 minutes and not sealed")
    if log.rows().filter(pk__lt=1).exists():
        yield Breach(log.name, "rows stand before the first id")


def _breaches_of_segment(log: Log, segment: Seal) -> Iterator[Breach]:
    rows = log.rows().filter(pk__range=(segment.first, segment.last))
    where = f"{log.name} {segment.first}-{segment.last}"
    if segment.purged_at:
        if rows.exists():
            yield Breach(where, "rows stand in a purged segment")
    elif _digest(segment.previous, rows.values().iterator()) != segment.digest:
        yield Breach(where, "rows were changed, removed or slipped in")
