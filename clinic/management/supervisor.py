"""One parent for web, worker and timer: ``python -m clinic.management.supervisor``.

Binds the port once and without SO_REUSEPORT, so that a port in use is refused in one line. Loads
the application once and forks each child in a session of its own, forks it again when it dies, and
ends all of them on INT or TERM. A killed supervisor takes its children along (PR_SET_PDEATHSIG).

With ``--prepare`` it knows the standard library alone: ``.venv`` need not stand yet.
"""

import argparse
import contextlib
import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType
from typing import NoReturn

from clinic.management.processes import (
    end_with_parent,
    name_process,
    work_in_the_background,
    write_line,
)
from clinic.management.setup_page import SetupPage

LISTENING = "0A"  # state of a listening socket in /proc/net/tcp
BACKLOG = 1024
LAST_PORT = 65_535
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
SECONDS_TO_END = 15.0
SECONDS_TO_KILL = 3.0
TICK = 0.2
LONGEST_PAUSE = 30.0  # between two questions whether the web answers
MOST_QUICK_DEATHS = 5
ROOT = Path(__file__).resolve().parents[2]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
MODULE = ["-m", "clinic.management.supervisor"]
PREPARATION = (
    [str(ROOT / "scripts" / "setup.sh")],
    [PYTHON, "-m", "clinic.management.preparation"],
)
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def who_listens(port: int) -> str:
    """Name the program that listens on the port, as far as /proc shows it to this user."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == LISTENING and int(cells[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{cells[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(each.readlink()) in inodes for each in (process / "fd").iterdir()):
                words = (process / "cmdline").read_text().replace("\0", " ").split()
                return f"{' '.join(words)[:80]} (pid {process.name})"
        except OSError:
            continue
    return "another program"


def port_of(text: str) -> int:
    """Read a port.

    Raises:
        SystemExit: it is none; says what one looks like.
    """
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise SystemExit(f"{text} is no port. Choose 1 to {LAST_PORT}: PORT=8000 make demo")
    return int(text)


def bind(host: str, port: int) -> socket.socket:
    """Return the listening socket.

    Raises:
        SystemExit: the port cannot be had; says who is in the way and what to do.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            reason = f"is in use by {who_listens(port)}"
        else:
            reason = f"cannot be opened ({error.strerror})"
        is_production = os.environ.get("KLINIK_ENV") == "production"
        other = f"--port {port + 1}" if is_production else f"PORT={port + 1} make demo"
        raise SystemExit(f"Port {port} {reason}. Stop it, or choose another: {other}") from None
    listener.set_inheritable(True)
    return listener


def prepare(listener: socket.socket) -> None:
    """Install, migrate and load the demo, while the port says how far that is.

    Raises:
        SystemExit: a step failed, or a signal came.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    parent = os.getpid()
    page = SetupPage(listener)
    page.start()
    try:
        for command in PREPARATION:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                preexec_fn=lambda: end_with_parent(parent),
            )
            try:
                for line in process.stdout or ():
                    write_line(line.rstrip())
                    page.follow(line)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            if code := process.wait():
                raise SystemExit(code)
    finally:
        page.stop()


@dataclass
class Child:
    """A part of the product that has to run as long as the supervisor runs.

    It is forked, so that it shares the memory of what the supervisor has loaded.

    Attributes:
        orphaned_by: the signal that it gets when the supervisor dies.
        quick_deaths: how often it has died, one time after the other, soon after its start.
    """

    name: str
    run: Callable[[], object]
    orphaned_by: signal.Signals = signal.SIGTERM
    process: ForkProcess | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay: float = 1.0
    quick_deaths: int = 0

    def start(self) -> None:
        """Fork."""
        parent = os.getpid()

        def begin() -> None:
            end_with_parent(parent, by=self.orphaned_by)
            os.setsid()  # Ctrl-C reaches the supervisor alone
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            name_process(f"klinik-{self.name}")
            self.run()

        self.process = multiprocessing.get_context("fork").Process(target=begin)
        self.process.start()
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.exitcode is None

    def end(self) -> None:
        """Ask the process to end; it ends its own children."""
        if self.process is not None and self.is_running:
            self.process.terminate()

    def kill_all(self) -> None:
        """Kill what is left of the process's session."""
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def keep_running(self, now: float) -> None:
        """Start the process when its time has come; plan a restart when it has died."""
        if self.process is None:
            if now >= self.start_at:
                self.start()
            return
        if self.is_running:
            return
        self.kill_all()
        if now - self.started_at > STEADY_SECONDS:
            self.delay, self.quick_deaths = 1.0, 0
        self.quick_deaths += 1
        code = self.process.exitcode
        if self.quick_deaths < MOST_QUICK_DEATHS:
            write_line(
                f"{self.name} ended (exit code {code}); it starts again in {self.delay:.0f} s."
            )
        self.process, self.start_at = None, now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)


class Supervisor:
    """Keeps the children running until INT or TERM."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.signals = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._count_signal)

    def _count_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1

    def run(self, *, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Run until a signal comes; announce once, when the web answers.

        Raises:
            SystemExit: a child dies again and again; names it.
        """
        is_announced, pause, ask_at = False, TICK, 0.0
        try:
            while not self.signals:
                now = time.monotonic()
                for child in self.children:
                    child.keep_running(now)
                self._give_up_on_quick_deaths()
                if not is_announced and now >= ask_at:
                    is_announced = is_ready()
                    pause = min(pause * 2, LONGEST_PAUSE)
                    ask_at = time.monotonic() + pause
                    if is_announced:
                        announce()
                time.sleep(TICK)
        finally:
            self.end()

    def _give_up_on_quick_deaths(self) -> None:
        for child in self.children:
            if child.quick_deaths >= MOST_QUICK_DEATHS:
                raise SystemExit(
                    f"{child.name} died {child.quick_deaths} times soon after its start; "
                    "the reason stands above."
                )

    def end(self) -> None:
        """End every child, within 20 s; a second signal ends them at once."""
        write_line("Ending web, worker and timer …")
        for child in self.children:
            child.end()
        self._wait(SECONDS_TO_END)
        for child in self.children:
            child.kill_all()
        self._wait(SECONDS_TO_KILL)
        write_line("Ended. The data is kept.")

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.signals <= 1:
            if not any(each.is_running for each in self.children):
                return
            time.sleep(TICK)


def run_worker() -> None:
    """Work until a signal comes."""
    from clinic.celery import app

    work_in_the_background()
    app.worker_main(["--quiet", "worker", "--concurrency=2", *QUIET])


def run_timer() -> NoReturn:
    """Become the timer, which needs nothing of what is loaded here."""
    os.execv(sys.executable, [sys.executable, "-m", "clinic.timer"])


def children_of(listener: int) -> list[Child]:
    """Load the application, then return web, worker and timer, none of them running yet."""
    from clinic.management import web

    application = web.load_application()

    def without_listener(run: Callable[[], object]) -> Callable[[], object]:
        def close_and_run() -> object:
            os.close(listener)
            return run()

        return close_and_run

    return [
        Child("web", lambda: web.serve(listener, application)),
        # A job that it cuts off is found again by the sweep; ending in peace takes four seconds.
        Child("worker", without_listener(run_worker), orphaned_by=signal.SIGKILL),
        Child("timer", without_listener(run_timer)),
    ]


def answers(address: str) -> bool:
    """Return whether the web answers."""
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=2):  # noqa: S310 - our own
            return True
    except OSError:
        return False


def main() -> None:
    """Bind, prepare where that is asked for, run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=port_of, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--listener", type=int, help="a listening socket in the place of a port")
    parser.add_argument(
        "--prepare", action="store_true", help="install, migrate and load the demo first"
    )
    parser.add_argument(
        "--welcome", help="file whose text is shown once the web answers, such as the accounts"
    )
    options = parser.parse_args()
    if options.listener is None:
        listener = bind(options.host, options.port)
    else:
        listener = socket.socket(fileno=options.listener)
    if options.prepare:
        prepare(listener)
        number = str(listener.detach())
        again = [*MODULE, "--listener", number, "--welcome", options.welcome or ""]
        os.execv(PYTHON, [PYTHON, *again])  # with what is installed now
    address = "http://{}:{}/".format(*listener.getsockname()[:2])

    def announce() -> None:
        write_line(f"\nKlinik RB: {address}   (Ctrl-C ends it)")
        if options.welcome and Path(options.welcome).exists():
            write_line(Path(options.welcome).read_text().rstrip())

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing runs yet that would have to be ended
    from clinic.management import starting  # after what may have installed Django

    starting.refuse_unfit(code=1)
    write_line("Starting web, worker and timer …")
    supervisor = Supervisor(children_of(listener.fileno()))
    supervisor.run(is_ready=lambda: answers(address), announce=announce)


if __name__ == "__main__":
    main()
