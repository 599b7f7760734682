"""Which rows stand for a person and which grants are in force, each read once in a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.db.models import QuerySet
from django.utils import timezone

from clinic.people.models import Account, Grant, Person


@dataclass
class _Known:
    """What was read within one request; it ends with it, so that S24 holds."""

    grants: dict[tuple[int, date], list[Grant]] = field(default_factory=dict)
    rows: dict[int, frozenset[int]] = field(default_factory=dict)
    without_role: set[int] = field(default_factory=set)


_known: ContextVar[_Known | None] = ContextVar("known", default=None)


@contextmanager
def remembering_grants(account: Account | None = None) -> Iterator[None]:
    """Read each person's rows and grants once inside the block: one request, one act.

    Args:
        account: whoever acts; what its own read has told is not asked again
            (``AccountQuerySet.with_standing``).
    """
    known = _Known()
    if account is not None and account.stands_alone:
        known.rows[account.person_id] = frozenset({account.person_id})
        if not account.may_hold_role:
            known.without_role.add(account.person_id)
    token = _known.set(known)
    try:
        yield
    finally:
        _known.reset(token)


@contextmanager
def remembering_for_one_question() -> Iterator[None]:
    """Read each person's rows and grants once for a question that several readers answer.

    Inside a request that remembers already, nothing changes.
    """
    if _known.get() is not None:
        yield
        return
    with remembering_grants():
        yield


def forget_grants() -> None:
    """Drop what was remembered, after a grant changed within the block."""
    known = _known.get()
    if known is not None:
        known.grants.clear()
        known.without_role.clear()


def has_no_role(person: Person) -> bool:
    """Say whether it is known already that the person holds no role but the participant's."""
    known = _known.get()
    return known is not None and person.pk in known.without_role


def grants_of(person: Person, day: date | None = None) -> list[Grant]:
    """Return the person's grants in force on the day (today by default), with their units.

    A role given to a row that was merged away is the person's all the same (D12).
    """
    day = day or timezone.localdate()
    known = _known.get()
    if known is not None and (person.pk, day) in known.grants:
        return known.grants[person.pk, day]
    grants = list(_in_force(day).filter(person__in=rows_of(person)))
    if known is not None:
        known.grants[person.pk, day] = grants
    return grants


@lru_cache(maxsize=1)
def _in_force(day: date) -> QuerySet[Grant]:
    """Return the question of every request, put together once a day."""
    return Grant.objects.on(day).select_related("unit").order_by("starts_on", "id")


def rows_of(person: Person) -> frozenset[int]:
    """Return the keys of every row that stands for the person: the kept one and merged ones."""
    known = _known.get()
    if known is not None and person.pk in known.rows:
        return known.rows[person.pk]
    found = newest = frozenset({person.resolved.pk})
    while newest:
        rows = Person.objects.filter(merged_into__in=newest).values_list("pk", flat=True)
        newest = frozenset(rows) - found
        found |= newest
    if known is not None:
        known.rows[person.pk] = found
    return found
