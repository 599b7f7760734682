"""Acts whose process is killed right after the commit: ``python -m tests.dying_acts CELL COUNT``.

Each act runs in a forked child that sends itself SIGKILL between the commit and the message.
Prints how many children died so.
"""

import os
import signal
import sys

import django

django.setup()

from django.db import transaction  # noqa: E402

from clinic.records import jobs  # noqa: E402
from tests import worker_jobs  # noqa: E402


def act_and_die(cell: str) -> None:
    """Commit an act with its job; the kill stands before the send among what follows."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with transaction.atomic():
        jobs.afterwards(die)
        worker_jobs.act(cell)


def main(cell: str, count: int) -> int:
    """Return how many children were killed after their commit."""
    killed = 0
    for number in range(count):
        child = os.fork()
        if child == 0:
            act_and_die(f"{cell}{number % 10}")
            os._exit(1)
        killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return killed


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], int(sys.argv[2]))}\n")
