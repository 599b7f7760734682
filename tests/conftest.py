"""What every test starts from."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from tests.given import *  # noqa: F403


@pytest.fixture(autouse=True, scope="session")
def light_password_hashes():
    """Keep the real hasher, at its least cost: the suite makes thousands of hashes."""
    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1
