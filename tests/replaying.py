"""What a fixture made once through the services, put in again as it was for the next test.

Making the cast takes some hundred statements of services that have tests of their own; putting
its rows in again takes one for each table.
"""

import pickle
from collections.abc import Callable, Hashable
from typing import Any

from django.db import connection, transaction

from tests.first_rows import filled_tables, insert, rows_of


class Recording:
    """The objects that ``make`` returned and the rows that it wrote."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        self.ground: Hashable = None
        self.counts: dict[str, int] = {}
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self.objects = b""

    def play(self, *given: Any, ground: Hashable) -> Any:
        """Return what was made; ``ground`` names the rows that the new ones point at.

        Where the ground is another, or where somebody has written into the same tables before,
        it is made anew.
        """
        if not self.rows:
            return self._record(*given, ground=ground)
        if ground != self.ground or _counts(self.counts) != self.counts:
            return self.make(*given)
        with transaction.atomic():  # rows may point at rows of a later table
            for table, rows in self.rows.items():
                insert(table, rows)
        return pickle.loads(self.objects)  # noqa: S301 - written by this process

    def _record(self, *given: Any, ground: Hashable) -> Any:
        before = {table: rows_of(table) for table in filled_tables()}
        made = self.make(*given)
        for table in filled_tables():
            earlier = before.get(table, [])
            new = [row for row in rows_of(table) if row not in earlier]
            if new:
                self.rows[table], self.counts[table] = new, len(earlier)
        self.ground, self.objects = ground, pickle.dumps(made)
        return made


def _counts(tables: dict[str, int]) -> dict[str, int]:
    asked = " UNION ALL ".join(f"SELECT '{table}', COUNT(*) FROM \"{table}\"" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return dict(cursor.fetchall())
