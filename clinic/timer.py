"""The timer: sends the scheduled hints to the queue, ``python -m clinic.timer``.

It knows the broker and the schedule, neither settings nor models. A hint carries no data, and what
it starts is entered once a period however often it comes: so all are sent at the start, and nothing
is remembered from one run to the next.
"""

import logging
import signal
import subprocess
import sys
import time
from typing import NamedTuple, NoReturn

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

from clinic.environment import BROKER_OPTIONS, BROKER_URL, IS_PRODUCTION, QUEUE
from clinic.management.processes import name_process


class Hint(NamedTuple):
    """A task that is due every so many seconds."""

    task: str
    seconds: float
    arguments: tuple[str, ...] = ()


SCHEDULE = (
    Hint("records.sweep", 15),
    Hint("records.tick", 60, ("records.seal", "minute")),
    Hint("records.tick", 60, ("quizzes.expire", "minute")),
    Hint("records.tick", 900, ("insights.calibrate", "day")),
    Hint("records.tick", 900, ("records.tidy", "day")),
    Hint("records.tick", 900, ("attendance.archive", "day")),
)

logger = logging.getLogger(__name__)


def queue_without_django() -> Celery:
    """Return a sender to the queue that the workers read."""
    TRANSPORT_ALIASES["filesystem"] = "clinic.records.queue_folder:Transport"
    app = Celery("clinic", broker=BROKER_URL, fixups=[])
    app.conf.update(
        broker_transport_options=BROKER_OPTIONS,
        broker_connection_timeout=1,
        task_default_queue=QUEUE,
        task_ignore_result=True,
    )
    return app


def send(app: Celery, hint: Hint) -> None:
    """Send one hint over a connection of its own; a broker that is away gets the next one.

    A hint that is older than its interval is worthless: without ``expires`` they pile up while the
    worker is down.
    """
    try:
        with app.connection_for_write() as connection:
            app.send_task(
                hint.task, hint.arguments, expires=hint.seconds, connection=connection, retry=False
            )
    except Exception:
        logger.warning("hint_not_sent %s %s", hint.task, hint.arguments, exc_info=True)


def main() -> NoReturn:
    """Send each hint when it is due, until a signal ends the process."""
    name_process("klinik-timer")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if IS_PRODUCTION:  # a process of its own looks at settings and database, and is gone again
        looked = subprocess.run([sys.executable, "-m", "clinic.management.starting"], check=False)
        if looked.returncode:
            raise SystemExit(looked.returncode)
    app = queue_without_django()
    due = dict.fromkeys(SCHEDULE, time.monotonic())
    while True:
        now = time.monotonic()
        for hint in [each for each in SCHEDULE if due[each] <= now]:
            send(app, hint)
            due[hint] = now + hint.seconds
        time.sleep(max(0.0, min(due.values()) - time.monotonic()))


if __name__ == "__main__":
    main()
