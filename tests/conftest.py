"""What every test shares: the cast, the cache table, the first rows after a test that commits.

``worker`` is a real Celery worker process on the database and queue of the tests.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.management import call_command
from django.db import transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from tests import migrated
from tests.first_rows import FirstRows
from tests.given import *  # noqa: F403
from tests.light_hashes import lighten
from tests.processes import TIMER, WorkerProcess, kill, start
from tests.static_files import find_once

# A busy machine must not fail a test: no limit on the time of one example.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")
lighten()
find_once()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Keep tests with a real worker together; leave races out that SQLite cannot have.

    Tests without a database come first: one process migrates meanwhile, none waits for it.
    """
    wanted, unwanted = [], []
    for item in items:
        if "worker" in getattr(item, "fixturenames", ()):
            item.add_marker("real_worker")
        if item.get_closest_marker("real_worker"):
            item.add_marker(pytest.mark.xdist_group("real-worker"))
        is_left_out = settings.IS_EMBEDDED and item.get_closest_marker("postgresql")
        (unwanted if is_left_out else wanted).append(item)
    wanted.sort(key=lambda item: "worker" in getattr(item, "fixturenames", ()))
    config.hook.pytest_deselected(items=unwanted)
    items[:] = wanted
    result = yield
    items.sort(key=needs_database)
    return result


def needs_database(item):
    """Whether the test asks for the database, by mark or by fixture."""
    by_fixture = "django_db_setup" in getattr(item, "fixturenames", ())
    return by_fixture or item.get_closest_marker("django_db") is not None


def pytest_collection_finish(session):
    """Refuse to run where pytest-xdist takes no notice of groups: it says nothing itself."""
    if "PYTEST_XDIST_WORKER" not in os.environ or not session.config.getvalue("loadgroup"):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            pytest.exit(f"{item.nodeid} is marked for a group, but pytest-xdist sees none.", 3)


@functools.cache
def _first_rows() -> FirstRows:
    return FirstRows()


@pytest.fixture(scope="session")
def prepared_once(request: pytest.FixtureRequest) -> Path:
    """The folder of what was prepared once (``tests.migrated``)."""
    return request.config.cache.mkdir("migrated")


@pytest.fixture(scope="session")
def django_db_keepdb(
    prepared_once: Path,
    django_db_modify_db_settings: None,
    django_db_blocker: pytest.FixtureRequest,
) -> bool:
    """Migrate over a copy."""
    with django_db_blocker.unblock():
        return migrated.put_in_place(prepared_once)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Add the table of the database cache, which no migration makes."""
    with django_db_blocker.unblock():
        call_command("createcachetable")
        _first_rows()


@pytest.fixture(autouse=True, scope="session")
def _first_rows_instead_of_a_flush() -> Iterator[None]:
    """Put back what the migrations left, after a test that commits."""
    flush = TransactionTestCase._fixture_teardown

    def put_back(_case: TransactionTestCase) -> None:
        caches["spare" if settings.CACHE_URL else "default"].clear()
        _first_rows().put_back()

    TransactionTestCase._fixture_teardown = put_back
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    """Forget this process's keys; a rollback does that for the database cache."""
    yield
    caches["pages"].clear()
    if not settings.IS_EMBEDDED and settings.CACHE_URL:
        client = cache._cache.get_client()
        for key in client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
            client.delete(key)


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
def scheduler(worker: WorkerProcess) -> Iterator[None]:
    """The real timer beside the worker: the sweep comes every 15 seconds."""
    process = start(TIMER)
    yield
    kill(process)
