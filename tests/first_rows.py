"""What the migrations left in the tables, put back after a test that commits.

Django's flush empties all of some 180 tables and reads the first rows back from JSON, about a
second a test. Here only a table that a test has changed is emptied and filled again.
"""

from typing import Any

from django.db import connection, transaction

from clinic.records import seals


class FirstRows:
    """The rows of every filled table as they were when this was made."""

    def __init__(self) -> None:
        self.tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        self.rows = {table: _rows(table) for table in self._filled()}

    def put_back(self) -> None:
        """Undo what was committed since, through the guarded door of append-only tables (D7)."""
        with transaction.atomic():
            changed = {
                table
                for table in {*self._filled(), *self.rows}
                if _rows(table) != self.rows.get(table, [])
            }
            if changed & {log.table for log in seals.logs()}:
                with seals.purging("test flush"):
                    self._refill(changed)
            else:
                self._refill(changed)

    def _filled(self) -> list[str]:
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in self.tables
        )
        with connection.cursor() as cursor:
            cursor.execute(asked)
            return [table for (table,) in cursor.fetchall()]

    def _refill(self, changed: set[str]) -> None:
        with connection.cursor() as cursor:
            for table in changed:
                cursor.execute(f'DELETE FROM "{table}"')
            for table in changed & set(self.rows):
                places = ", ".join(["%s"] * len(self.rows[table][0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', self.rows[table])
        if connection.vendor == "postgresql":  # a table with checks to come takes no trigger
            connection.check_constraints()


def _rows(table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        return sorted(cursor.fetchall(), key=repr)
