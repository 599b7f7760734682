"""A migrated SQLite database, made once and copied: migrating takes long, copying does not.

The copy is named for the migrations of all installed apps; a changed one makes a new copy.
Django's ``migrate`` still runs over it, so that permissions and triggers are those of today.
"""

import fcntl
import hashlib
import shutil
from pathlib import Path
from typing import IO

from django.apps import apps
from django.db import connection


class Migrated:
    """The kept copy in a folder; whoever makes it holds the lock, others wait for it."""

    def __init__(self, folder: Path) -> None:
        self.copy = folder / f"{_digest()}.sqlite3"
        self.lock: IO[str] | None = None

    def put_in_place(self) -> bool:
        """Begin with the kept copy; False when there is none yet and it must be made."""
        lock = self.copy.with_name("lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not self.copy.exists():
            self.lock = lock
            return False
        lock.close()
        shutil.copyfile(self.copy, connection.creation._get_test_db_name())
        return True

    def keep(self) -> None:
        """Keep what was just migrated, in place of older copies."""
        if self.lock is None:
            return
        for old in self.copy.parent.glob("*.sqlite3"):
            old.unlink()
        made = self.copy.with_suffix(".making")
        made.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(made)])
        made.replace(self.copy)
        self.lock.close()
        self.lock = None


def _digest() -> str:
    found = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            found.update(f"{app.name}/{path.name}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]
