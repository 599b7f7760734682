"""Acts whose process is killed right after the commit.

``python -m tests.dying_acts CELL COUNT`` acts on test cells, ``python -m tests.dying_acts submit
UUID …`` hands in attempts. Each act runs in a forked child that sends itself SIGKILL between the
commit and the message. Prints how many children died so.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from uuid import UUID

import django

django.setup()

from django.db import transaction  # noqa: E402

from clinic.records import jobs  # noqa: E402
from quizzes import delivery  # noqa: E402
from tests import worker_jobs  # noqa: E402

Act = Callable[[], object]


def act_and_die(act: Act) -> None:
    """Commit an act with its job; the kill stands before the send among what follows."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with transaction.atomic():
        jobs.after_commit(die)
        act()


def killed(acts: Iterable[Act]) -> int:
    """Return how many children were killed after their commit."""
    count = 0
    for act in acts:
        child = os.fork()
        if child == 0:
            act_and_die(act)
            os._exit(1)
        count += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return count


def acts_named(what: str, rest: list[str]) -> list[Act]:
    """Return the acts that the command line asks for."""
    if what == "submit":
        return [lambda one=one: delivery.submit(UUID(one)) for one in rest]
    return [
        lambda number=number: worker_jobs.act(f"{what}{number % 10}")
        for number in range(int(rest[0]))
    ]


if __name__ == "__main__":
    sys.stdout.write(f"{killed(acts_named(sys.argv[1], sys.argv[2:]))}\n")
