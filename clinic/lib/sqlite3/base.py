"""SQLite that waits for the disk after it has let go of the write lock (docs/decisions/0023).

With ``synchronous=FULL`` a commit holds the one write lock until the disk has said yes, so that
many people who save at once wait for each other's disk. Here a transaction commits without
waiting, and then waits for the write-ahead log to be on disk, with no lock: writers wait together.
Nothing is acknowledged earlier: ``commit`` returns when the log is on disk, and whatever was
committed before stands in the same log.
"""

import os
from pathlib import Path

from django.db import OperationalError
from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Statements outside of a transaction keep SQLite's own ``FULL``."""

    _synced_log: tuple[int, int] | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self.connection.execute("PRAGMA synchronous=NORMAL")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self.connection.execute("PRAGMA synchronous=FULL")
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in the stubs
        if self.connection is not None:
            self._sync_log()

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001 the parent's signature
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs
        if autocommit:
            self.connection.execute("PRAGMA synchronous=FULL")

    def _sync_log(self) -> None:
        """Wait until the log is on disk; of a new one the entry in its folder too.

        Raises:
            OperationalError: the disk has refused; what was committed may be lost.
        """
        log = Path(f"{self.settings_dict['NAME']}-wal")
        try:
            log_file = os.open(log, os.O_RDONLY)
        except FileNotFoundError:  # a database in memory
            return
        try:
            os.fdatasync(log_file)
            status = os.fstat(log_file)
            if self._synced_log != (status.st_dev, status.st_ino):
                _sync_folder(log.parent)
                self._synced_log = status.st_dev, status.st_ino
        except OSError as error:
            raise OperationalError(f"The log of the database is not on disk: {error}") from error
        finally:
            os.close(log_file)


def _sync_folder(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
