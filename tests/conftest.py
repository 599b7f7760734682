"""What every test shares: the cast, the cache table, a flush that may empty append-only tables.

``worker`` is a real Celery worker process on the database and queue of the tests.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from clinic.records import seals
from tests.given import *  # noqa: F403
from tests.migrated import Migrated
from tests.processes import CELERY, WorkerProcess, kill, start

# A busy machine must not fail a test: no limit on the time of one example.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")


def needs_flush(item):
    """Return whether the database is emptied after the test.

    All such tests put the migrations' first rows back, or none: after a flush that does not,
    Site, Page and Locale have no row, and the next one that does meets content types twice.
    """
    mark = item.get_closest_marker("django_db")
    names = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(names) or (mark is not None and mark.kwargs.get("transaction", False))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Keep tests with a real worker together; leave races out that SQLite cannot have."""
    wanted, unwanted = [], []
    for item in items:
        if "worker" in getattr(item, "fixturenames", ()):
            item.add_marker("real_worker")
        if item.get_closest_marker("real_worker"):
            item.add_marker(pytest.mark.xdist_group("real-worker"))
        if needs_flush(item):
            item.fixturenames.append("django_db_serialized_rollback")
        is_left_out = settings.IS_EMBEDDED and item.get_closest_marker("postgresql")
        (unwanted if is_left_out else wanted).append(item)
    wanted.sort(key=lambda item: "worker" in getattr(item, "fixturenames", ()))
    config.hook.pytest_deselected(items=unwanted)
    items[:] = wanted


def pytest_collection_finish(session):
    """Refuse to run where pytest-xdist takes no notice of groups: it says nothing itself."""
    if "PYTEST_XDIST_WORKER" not in os.environ or not session.config.getvalue("loadgroup"):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            pytest.exit(f"{item.nodeid} is marked for a group, but pytest-xdist sees none.", 3)


@pytest.fixture(scope="session")
def _migrated(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None
) -> Migrated | None:
    return Migrated(request.config.cache.mkdir("migrated")) if settings.IS_EMBEDDED else None


@pytest.fixture(scope="session")
def django_db_keepdb(_migrated: Migrated | None) -> bool:
    """Migrate over a kept copy where there is one."""
    return _migrated is not None and _migrated.put_in_place()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
    _migrated: Migrated | None,
) -> None:
    """Add the table of the database cache, which no migration makes."""
    with django_db_blocker.unblock():
        call_command("createcachetable")
        if _migrated is not None:
            _migrated.keep()


def count_on() -> None:
    """Let new ids follow the first rows, which were put back with ids of their own."""
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


@pytest.fixture(autouse=True, scope="session")
def _flush_through_the_guarded_door() -> Iterator[None]:
    """Let the flush after a transactional test pass the triggers, as a purge does (D7)."""
    flush = TransactionTestCase._fixture_teardown
    setup = TransactionTestCase._fixture_setup.__func__

    def set_up_and_count_on(cls: type[TransactionTestCase]) -> None:
        setup(cls)
        if cls.serialized_rollback:
            count_on()

    def flush_inside_purging(case: TransactionTestCase) -> None:
        if settings.IS_EMBEDDED:
            cache.clear()
        with seals.purging("test flush"):
            flush(case)

    TransactionTestCase._fixture_teardown = flush_inside_purging
    TransactionTestCase._fixture_setup = classmethod(set_up_and_count_on)
    yield
    TransactionTestCase._fixture_setup = classmethod(setup)
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def _empty_redis_cache() -> Iterator[None]:
    """Forget this process's keys; a rollback does that for the database cache."""
    yield
    if not settings.IS_EMBEDDED and settings.CACHE_URL:
        client = cache._cache.get_client()
        for key in client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
            client.delete(key)


@pytest.fixture(autouse=True, scope="session")
def light_password_hashes():
    """Keep the real hasher, at its least cost: the suite makes thousands of hashes."""
    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


@pytest.fixture
def undone(db):
    """Return a context manager that undoes what one example of a property test has written."""

    @contextmanager
    def example() -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return example


@pytest.fixture(scope="session")
def _worker_process() -> Iterator[WorkerProcess]:
    process = WorkerProcess()
    yield process
    process.kill()


@pytest.fixture(autouse=True)
def _no_worker_unless_asked(request, _worker_process: WorkerProcess) -> None:
    """A test that did not ask for the worker runs its jobs itself."""
    if "worker" not in request.fixturenames:
        _worker_process.kill()


@pytest.fixture
def worker(transactional_db: None, _worker_process: WorkerProcess) -> Iterator[WorkerProcess]:
    """A running worker; the test ends only when it has nothing left to do."""
    _worker_process.ensure_running()
    yield _worker_process
    _worker_process.rest()


@pytest.fixture
def scheduler(worker: WorkerProcess, tmp_path) -> Iterator[None]:
    """A real beat beside the worker: the sweep comes every 15 seconds."""
    process = start([*CELERY, "beat", "--pidfile=", "-s", str(tmp_path / "beat")])
    yield
    kill(process)
