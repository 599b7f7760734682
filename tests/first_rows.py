"""What the migrations left in the tables, put back after a test that commits.

Django's flush empties all of some 180 tables and reads the first rows back from JSON, about a
second a test. Here only a table that a test has changed is emptied and filled again.
"""

import functools
from typing import Any

from django.db import connection, transaction

from clinic.records import seals

AHEAD = 1000  # more ids than one test gives out


class FirstRows:
    """The rows of every filled table as they were when this was made."""

    def __init__(self) -> None:
        self.rows = {table: rows_of(table) for table in filled_tables()}
        self.last_ids: dict[str, int] = {}

    def put_back(self) -> None:
        """Undo what was committed since, through the guarded door of append-only tables (D7)."""
        with transaction.atomic():
            changed = {
                table
                for table in {*filled_tables(), *self.rows}
                if rows_of(table) != self.rows.get(table, [])
            }
            if changed & {log.table for log in seals.logs()}:
                with seals.purging("test flush"):
                    self._refill(changed)
            else:
                self._refill(changed)

    def _refill(self, changed: set[str]) -> None:
        with connection.cursor() as cursor:
            for table in changed:
                cursor.execute(f'DELETE FROM "{table}"')
        for table in changed & set(self.rows):
            insert(table, self.rows[table])
        if connection.vendor == "postgresql":
            connection.check_constraints()  # a table with checks to come takes no trigger
            self._count_on()

    def _count_on(self) -> None:
        """Give no id twice, even where a test's own flush has let PostgreSQL begin at 1 again."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(sequencename), last_value FROM pg_sequences")
            for name, last in cursor.fetchall():
                known = self.last_ids.get(name, 0)
                if (last or 0) < known:
                    last = known + AHEAD
                    cursor.execute("SELECT setval(%s, %s)", [name, last])
                self.last_ids[name] = last or 0


def filled_tables() -> list[str]:
    """Return the tables of the product's models that hold any row."""
    with connection.cursor() as cursor:
        cursor.execute(_question())
        return [table for (table,) in cursor.fetchall()]


def rows_of(table: str) -> list[tuple[Any, ...]]:
    """Return all rows of a table, in an order that does not depend on the database."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        return sorted(cursor.fetchall(), key=repr)


def insert(table: str, rows: list[tuple[Any, ...]]) -> None:
    """Write rows as ``rows_of`` returned them."""
    places = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)


def stand(table: str, rows: list[tuple[Any, ...]]) -> bool:
    """Say whether these rows of a table whose key comes first are there, unchanged."""
    places = ", ".join(["%s"] * len(rows))
    with connection.cursor() as cursor:
        key = connection.introspection.get_primary_key_column(cursor, table)
        asked = f'SELECT * FROM "{table}" WHERE "{key}" IN ({places})'
        cursor.execute(asked, [row[0] for row in rows])
        return sorted(cursor.fetchall(), key=repr) == sorted(rows, key=repr)


def delete(table: str, rows: list[tuple[Any, ...]]) -> None:
    """Delete these rows of a table whose key comes first."""
    with connection.cursor() as cursor:
        key = connection.introspection.get_primary_key_column(cursor, table)
        cursor.executemany(f'DELETE FROM "{table}" WHERE "{key}" = %s', [row[:1] for row in rows])


@functools.cache
def _question() -> str:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")"
        for table in tables
        if not table.endswith("_fts")  # triggers keep it beside the table that it indexes
    )
