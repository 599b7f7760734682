"""How long what is recorded is kept: one rule for each kind of row, applied each day.

A package declares its rules in its module ``retention``. The periods are settings, since an
agency's own schedule decides them; 0 days keeps a kind for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.db import models

from clinic.records import seals
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from clinic.records.notices import Notice

BATCH = 1000  # rows of one statement, so that nobody waits long to write
Purge: TypeAlias = Callable[[datetime], int]


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """Rows of one kind go when they are older than a setting says.

    Attributes:
        kind: names the rows, such as ``notices``.
        setting: name of the setting with the days; without one only what has expired goes.
        purge: deletes what is older than a moment, and returns how many rows.
    """

    kind: str
    setting: str | None
    purge: Purge

    def apply(self, now: datetime) -> int:
        """Delete what is over its time; return how many rows."""
        if self.setting is None:
            return self.purge(now)
        days = getattr(settings, self.setting)
        return self.purge(now - timedelta(days=days)) if days else 0


_rules: dict[str, RetentionRule] = {}


def keep_for(kind: str, setting: str | None) -> Callable[[Purge], Purge]:
    """Declare a rule; the decorated function takes the moment and deletes what is older."""

    def declare(purge: Purge) -> Purge:
        _rules[kind] = RetentionRule(kind=kind, setting=setting, purge=purge)
        return purge

    return declare


def rules() -> list[RetentionRule]:
    """Return the declared rules."""
    return list(_rules.values())


def purge_all(now: datetime) -> dict[str, int]:
    """Apply every rule; return the deleted rows by kind."""
    return {rule.kind: rule.apply(now) for rule in rules()}


def delete_in_batches(rows: models.QuerySet[Any]) -> int:
    """Delete the rows, some at a time; return how many."""
    deleted = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        rows.model._base_manager.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted


@keep_for("jobs", "KLINIK_KEEP_JOBS_DAYS")
def purge_done_jobs(before: datetime) -> int:
    """Failed jobs stay until somebody looks."""
    return delete_in_batches(Job.objects.filter(state=Job.State.DONE, finished_at__lt=before))


@keep_for("notices", "KLINIK_KEEP_NOTICES_DAYS")
def purge_delivered_notices(before: datetime) -> int:
    """Notices that nobody was given stay until they are printed."""
    delivered = Notice.objects.filter(state=Notice.State.DELIVERED, delivered_at__lt=before)
    return delete_in_batches(delivered)


@keep_for("audit", "KLINIK_KEEP_AUDIT_DAYS")
def purge_audit_segments(before: datetime) -> int:
    """Whole sealed segments go; their seals stay, so that the chain stays whole."""
    return seals.purge_segments(AuditEntry, before=before, reason="retention")
