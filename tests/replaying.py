"""What a fixture made once through the services, put in again as it was for the next test.

Making the cast takes some hundred statements of services that have tests of their own; putting
its rows in again takes one for each table.
"""

import pickle
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import time_machine
from django.db import connection, transaction

from clinic.records.jobs import Job
from tests.first_rows import delete, filled_tables, insert, rows_of, stand

JOBS = Job._meta.db_table
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Take:
    """One time that something was made: the objects, the rows, and how many stood before.

    ``gone`` are the rows of before that were changed: among ``rows`` they stand as they were then.
    ``waiting`` says whether a job was left to be done.
    """

    ground: Hashable
    before: dict[str, int]
    gone: Rows
    rows: Rows
    waiting: bool
    objects: bytes

    def fits(self, ground: Hashable) -> bool:
        """Whether the same acts would write the same rows now, and nobody waits to hear of them.

        Only an act that commits tells the worker of its jobs.
        """
        return (
            ground == self.ground
            and not self.tells()
            and _counts(self.before) == self.before
            and all(stand(table, rows) for table, rows in self.gone.items())
        )

    def tells(self) -> bool:
        """Whether the worker would have been told of a job, were this an act that commits."""
        return self.waiting and not connection.in_atomic_block

    def play(self) -> Any:
        """Put the rows in and return copies of the objects."""
        with transaction.atomic():  # rows may point at rows of a later table
            for table, rows in self.gone.items():
                delete(table, rows)
            for table, rows in self.rows.items():
                insert(table, rows)
        return pickle.loads(self.objects)  # noqa: S301 - written by this process


class Recording:
    """What ``make`` returned and wrote, for each state of the database that it met."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        self.takes: list[Take] = []

    def play(self, *given: Any, ground: Hashable = None) -> Any:
        """Return what ``make`` returns; ``ground`` names the rows that the new ones point at."""
        if time_machine.escape_hatch.is_travelling():  # its dates would be strange elsewhere
            return self.make(*given)
        for take in self.takes:
            if take.fits(ground):
                return take.play()
        if any(take.ground == ground and take.tells() for take in self.takes):
            return self.make(*given)
        before = {table: rows_of(table) for table in filled_tables()}
        made = self.make(*given)
        after = {table: rows_of(table) for table in {*filled_tables(), *before}}
        gone = _difference(before, after)
        rows = _difference(after, before)
        counts = {table: len(before.get(table, [])) for table in {*rows, *gone}}
        waiting = JOBS in rows and Job.objects.exclude(state=Job.State.DONE).exists()
        self.takes.append(Take(ground, counts, gone, rows, waiting, pickle.dumps(made)))
        return made


def _difference(these: Rows, those: Rows) -> Rows:
    """Return the rows of these tables that are not among those."""
    found = {}
    for table, rows in these.items():
        others = {repr(row) for row in those.get(table, [])}
        found[table] = [row for row in rows if repr(row) not in others]
    return {table: rows for table, rows in found.items() if rows}


def _counts(tables: dict[str, int]) -> dict[str, int]:
    if not tables:
        return {}
    asked = " UNION ALL ".join(f"SELECT '{table}', COUNT(*) FROM \"{table}\"" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return dict(cursor.fetchall())
