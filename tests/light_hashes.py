"""The real password hasher, at its least cost: a run makes thousands of hashes.

``python -m tests.light_hashes FD`` is the product's web server with such hashes.
"""

import sys

from django.contrib.auth.hashers import Argon2PasswordHasher


def lighten() -> None:
    """Let this process, and those that it forks, hash at the least cost."""
    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


if __name__ == "__main__":
    from clinic.management import web

    lighten()
    web.main(int(sys.argv[1]))
