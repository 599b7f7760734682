"""A migrated database, made once by the product's own preparation and copied from then on.

Migrating takes long, copying does not. What is kept is named for the migrations of all installed
apps, the settings and the preparation itself; a change of any makes a new one. Django's ``migrate``
still runs over the copy, so that permissions and triggers are those of today.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.db import connection

from clinic import settings as shipped
from clinic.management import preparation
from tests.processes import ROOT, environment

DATABASE = "klinik.sqlite3"
SAID = "said.txt"
TEMPLATES = "klinik_migrated_"
SERVERS = ("DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL")


def prepare(folder: Path, **servers: str) -> str:
    """Run the preparation on a data folder, without servers unless told; return what it said."""
    own = environment(KLINIK_VAR=str(folder), PYTHONUNBUFFERED="1")
    for name in ("KLINIK_DATABASE_NAME", *SERVERS):
        own.pop(name, None)
    command = [sys.executable, "-m", "clinic.management.preparation"]
    done = subprocess.run(
        command, cwd=ROOT, env={**own, **servers}, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def prepared(cache: Path) -> Path:
    """Return the kept data folder that the preparation made from an empty one."""
    kept = cache / _digest()
    with _alone(cache):
        if not (kept / SAID).exists():
            for old in filter(Path.is_dir, cache.iterdir()):
                shutil.rmtree(old)
            kept.mkdir()
            (kept / SAID).write_text(prepare(kept / "var"))
    return kept / "var"


def put_in_place(cache: Path) -> bool:
    """Let the tests' own database begin as a copy; say whether it stands already."""
    if settings.IS_EMBEDDED:
        kept = prepared(cache) / DATABASE
        shutil.copyfile(kept, connection.creation._get_test_db_name())
        return True
    connection.settings_dict["TEST"]["TEMPLATE"] = template(cache)
    return False


def template(cache: Path) -> str:
    """Return the name of the kept database on the server, from which others are made."""
    wanted, making = TEMPLATES + _digest(), TEMPLATES + "making"
    with _alone(cache), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [TEMPLATES + "%"])
        found = {name for (name,) in cursor.fetchall()}
        if wanted not in found:
            for old in found:
                cursor.execute(f'DROP DATABASE "{old}"')
            cursor.execute(f'CREATE DATABASE "{making}"')
            place = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{making}")
            prepare(cache / "server", DATABASE_URL=place.geturl())
            cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{wanted}"')
    return wanted


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process of the run make what the others then find."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest() -> str:
    found = hashlib.sha256()
    for module in (shipped, preparation):
        found.update(Path(str(module.__file__)).read_bytes())
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            found.update(f"{app.name}/{path.name}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]
