"""What every test shares: the cache table, and a flush that may empty append-only tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import call_command
from django.db import transaction
from django.test import TransactionTestCase

from clinic.records import seals
from tests.given import *  # noqa: F403


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Add the table of the database cache, which no migration makes."""
    with django_db_blocker.unblock():
        call_command("createcachetable")


@pytest.fixture(autouse=True, scope="session")
def _flush_through_the_guarded_door() -> Iterator[None]:
    """Let the flush after a transactional test pass the triggers, as a purge does (D7)."""
    flush = TransactionTestCase._fixture_teardown

    def flush_inside_purging(case: TransactionTestCase) -> None:
        with seals.purging("test flush"):
            flush(case)

    TransactionTestCase._fixture_teardown = flush_inside_purging
    yield
    TransactionTestCase._fixture_teardown = flush


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
