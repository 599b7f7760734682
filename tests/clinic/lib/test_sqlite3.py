"""A commit of the embedded database: on disk before it returns, and without the write lock (R1)."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import NO_DB_ALIAS

from clinic.lib.sqlite3.base import DatabaseWrapper
from clinic.settings import EMBEDDED_OPTIONS

pytestmark = pytest.mark.django_db

FULL, NORMAL = 2, 1


@pytest.fixture
def connection(tmp_path):
    database = {
        **settings.DATABASES["default"],
        "NAME": str(tmp_path / "klinik.sqlite3"),
        "OPTIONS": EMBEDDED_OPTIONS | {"timeout": 0.05},
    }
    wrapper = DatabaseWrapper(database, NO_DB_ALIAS)
    wrapper.connect()
    wrapper.connection.execute("CREATE TABLE note (text)")
    yield wrapper
    wrapper.close()


def begin(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def commit(connection):
    connection.commit()
    connection.set_autocommit(True)


def synchronous(connection):
    return connection.connection.execute("PRAGMA synchronous").fetchone()[0]


def test_r01_a_commit_is_on_disk_before_it_returns_and_the_lock_is_free(connection, monkeypatch):
    path, synced = connection.settings_dict["NAME"], []

    def sync(file):
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")  # would fail: "database is locked"
            synced.append(
                (os.path.samestat(os.fstat(file), Path(f"{path}-wal").stat()), count(other))
            )

    monkeypatch.setattr(os, "fdatasync", sync)
    for number in (1, 2):
        begin(connection)
        connection.connection.execute("INSERT INTO note VALUES ('satu')")
        assert len(synced) == number - 1
        connection.commit()
        assert synced[number - 1] == (True, number)
        connection.set_autocommit(True)


def count(other):
    return other.execute("SELECT count(*) FROM note").fetchone()[0]


def test_r01_the_entry_of_a_new_log_is_synced_once(connection, monkeypatch):
    folders, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: folders.append(os.fstat(file)) or sync(file))
    for _number in range(3):
        begin(connection)
        connection.connection.execute("INSERT INTO note VALUES ('satu')")
        commit(connection)

    folder = Path(connection.settings_dict["NAME"]).parent
    assert [os.path.samestat(one, folder.stat()) for one in folders] == [True]


def test_r01_outside_of_a_transaction_sqlite_itself_waits(connection):
    assert synchronous(connection) == FULL
    begin(connection)
    assert synchronous(connection) == NORMAL
    commit(connection)
    assert synchronous(connection) == FULL
    begin(connection)
    connection.rollback()
    connection.set_autocommit(True)
    assert synchronous(connection) == FULL


def test_r01_so_it_does_after_a_transaction_that_could_not_begin(connection):
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            begin(connection)
    assert synchronous(connection) == FULL


def test_a_disk_that_refuses_is_an_error_of_the_commit(connection, monkeypatch):
    def refuse(_file):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", refuse)
    begin(connection)
    connection.connection.execute("INSERT INTO note VALUES ('satu')")
    with pytest.raises(OperationalError, match="not on disk"):
        connection.commit()


def test_a_database_in_memory_has_no_disk_to_wait_for():
    database = {**settings.DATABASES["default"], "NAME": ":memory:", "OPTIONS": {}}
    wrapper = DatabaseWrapper(database, NO_DB_ALIAS)
    wrapper.connect()
    begin(wrapper)
    commit(wrapper)
    wrapper.close()
