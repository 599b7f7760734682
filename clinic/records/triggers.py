"""The triggers themselves, on SQLite and PostgreSQL; both create and drop them transactionally."""

from collections.abc import Iterable

from django.db import connection

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
