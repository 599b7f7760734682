"""Real processes of the product on the tests' own database, queue and folder."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.core.cache import cache
from django.db import connection

from clinic.management.processes import end_with_parent
from clinic.records import jobs

PIECE_OF_WORK, QUIET_SECONDS = 2_000_000, 0.017  # as taken on two cores that did nothing else
MOST_SLOWNESS = 10.0
ROOT = Path(__file__).resolve().parent.parent
CELERY = [sys.executable, "-m", "celery", "-A", "clinic", "-q"]
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
WORKER = [*CELERY, "worker", "-c", "2", *QUIET, "--include", "tests.worker_jobs"]
TIMER = [sys.executable, "-m", "clinic.timer"]
WEB = [sys.executable, "-m", "tests.light_hashes"]
START_SECONDS = 120


def environment(**changes: str) -> dict[str, str]:
    """Return the environment in which a process sees the test database."""
    return {**os.environ, "KLINIK_DATABASE_NAME": str(connection.settings_dict["NAME"]), **changes}


def start(command: list[str], **options) -> subprocess.Popen:
    """Start a process in its own session that dies with pytest."""
    parent = os.getpid()
    return subprocess.Popen(
        command,
        cwd=ROOT,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: end_with_parent(parent),
        **{"env": environment(), **options},
    )


def kill(process: subprocess.Popen) -> None:
    """Kill the process with everything in its session, as kill -9 does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(holds: Callable[[], bool], seconds: float, *, what: str) -> None:
    """Wait for something that another process does.

    The seconds are those of a machine that does nothing else: a slower or busier one gets as much
    longer as it takes for the same piece of work.
    """
    began = time.monotonic()
    until = began + seconds
    while not holds():
        if time.monotonic() >= until:
            until = began + seconds * slowness()
            assert time.monotonic() < until, f"Not within {seconds} s: {what}"
        time.sleep(0.05)


def slowness() -> float:
    """Return how many times as long as on a quiet machine a piece of work takes now; at least 1."""
    began = time.perf_counter()
    sum(range(PIECE_OF_WORK))
    return min(max((time.perf_counter() - began) / QUIET_SECONDS, 1.0), MOST_SLOWNESS)


class WorkerProcess:
    """One real Celery worker that can be killed and started again."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None

    def ensure_running(self) -> None:
        """Start the worker unless it runs; its first sweep shows that it takes messages."""
        if self.process is not None and self.process.poll() is None:
            return
        cache.delete(jobs.HEARTBEAT)
        self.process = start(WORKER)
        wait_until(lambda: jobs.last_sweep() is not None, START_SECONDS, what="a first sweep")

    def kill(self) -> None:
        """Kill -9 the worker with its children."""
        if self.process is not None:
            kill(self.process)
        self.process = None

    def rest(self) -> None:
        """Wait for running jobs, so that the flush does not meet them; else kill the worker."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if not jobs.Job.objects.filter(state=jobs.Job.State.RUNNING).exists():
                return
            time.sleep(0.05)
        self.kill()


class WebServer:
    """One real web server on a port that it keeps when it is killed and started again.

    While it is down the port refuses, as it does after a crash.
    """

    def __init__(self, **changes: str) -> None:
        self.changes = changes
        self.process: subprocess.Popen | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Bind the port, hand it to a new server and wait for its first answer."""
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            self.port = listener.getsockname()[1]
            number = listener.fileno()
            self.process = start(
                [*WEB, str(number)], pass_fds=[number], env=environment(**self.changes)
            )
        wait_until(self.answers, START_SECONDS, what="the web server")

    def answers(self) -> bool:
        """Whether somebody answers on the port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill -9 the server with its workers."""
        if self.process is not None:
            kill(self.process)
        self.process = None
