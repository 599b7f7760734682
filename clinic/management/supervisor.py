"""One parent for web, worker and beat: ``python -m clinic.management.supervisor``.

Binds the port once and without SO_REUSEPORT, so that a port in use is refused in one line. Starts
each child in a session of its own, starts it again when it dies, and ends all of them on INT or
TERM. A killed supervisor takes its children along (PR_SET_PDEATHSIG).
"""

import argparse
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
LISTENING = "0A"  # state of a listening socket in /proc/net/tcp
BACKLOG = 1024
LAST_PORT = 65_535
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
SECONDS_TO_END = 15.0
SECONDS_TO_KILL = 3.0
TICK = 0.2
PYTHON = sys.executable


def say(text: str) -> None:
    """Tell the terminal what is going on."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def end_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM to this process when its parent dies, however it dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


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
        raise SystemExit(
            f"Port {port} {reason}. Stop it, or choose another: PORT={port + 1} make demo"
        ) from None
    listener.set_inheritable(True)
    return listener


@dataclass
class Child:
    """A program that has to run as long as the supervisor runs."""

    name: str
    command: list[str]
    inherited: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay: float = field(default=1.0)

    def start(self) -> None:
        """Start the program in its own session, so that Ctrl-C reaches the supervisor alone."""
        parent = os.getpid()
        self.process = subprocess.Popen(
            self.command,
            pass_fds=self.inherited,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: end_with_parent(parent),
        )
        self.started_at = time.monotonic()

    def send(self, number: int) -> None:
        """Signal the program itself; it ends its own children."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill_all(self) -> None:
        """Kill what is left of the program's session."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def look_after(self, now: float) -> None:
        """Start the program when its time has come; plan a restart when it has died."""
        if self.process is None:
            if now >= self.start_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.kill_all()
        if now - self.started_at > STEADY_SECONDS:
            self.delay = 1.0
        say(f"{self.name} ended (exit code {code}); it starts again in {self.delay:.0f} s.")
        self.process, self.start_at = None, now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)


class Supervisor:
    """Keeps the children running until INT or TERM."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.signals = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._count)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1

    def first_run(self, command: list[str]) -> None:
        """Run a program to its end before the children start.

        Raises:
            SystemExit: it failed, or a signal came.
        """
        first = Child("preparation", command)
        first.start()
        while first.process is not None and first.process.poll() is None and not self.signals:
            time.sleep(TICK)
        first.kill_all()
        code = first.process.wait() if first.process else 1
        if code or self.signals:
            raise SystemExit(0 if self.signals else code)

    def run(self, *, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Run until a signal comes; announce once, when the web answers."""
        is_announced = False
        while not self.signals:
            for child in self.children:
                child.look_after(time.monotonic())
            if not is_announced and is_ready():
                announce()
                is_announced = True
            time.sleep(TICK)
        self.end()

    def end(self) -> None:
        """End every child, within 20 s; a second signal ends them at once."""
        say("Ending web, worker and scheduler …")
        for child in self.children:
            child.send(signal.SIGTERM)
        self._wait(SECONDS_TO_END)
        for child in self.children:
            child.kill_all()
        self._wait(SECONDS_TO_KILL)
        say("Ended. The data is kept.")

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.signals <= 1:
            if all(
                each.process is None or each.process.poll() is not None for each in self.children
            ):
                return
            time.sleep(TICK)


def children_of(listener: int) -> list[Child]:
    """Return web, worker and scheduler."""
    celery = [PYTHON, "-m", "celery", "-A", "clinic"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [
        Child("web", [PYTHON, "-m", "clinic.management.web", str(listener)], (listener,)),
        Child("worker", [*celery, "-q", "worker", "-c", "2", *quiet]),
        Child("scheduler", [*celery, "-q", "beat", "--pidfile="]),
    ]


def answers(address: str) -> bool:
    """Return whether the web answers."""
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=2):  # noqa: S310 - our own
            return True
    except OSError:
        return False


def main() -> None:
    """Parse, bind, run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=port_of, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--prepare", action="store_true", help="migrate and load the demo first")
    parser.add_argument(
        "--welcome", help="file whose text is shown once the web answers, such as the accounts"
    )
    options = parser.parse_args()
    listener = bind(options.host, options.port)
    address = f"http://{options.host}:{listener.getsockname()[1]}/"

    def announce() -> None:
        say(f"\nKlinik RB: {address}   (Ctrl-C ends it)")
        if options.welcome and Path(options.welcome).exists():
            say(Path(options.welcome).read_text().rstrip())

    supervisor = Supervisor(children_of(listener.fileno()))
    if options.prepare:
        supervisor.first_run([PYTHON, "-m", "clinic.management.preparation"])
    say("Starting web, worker and scheduler …")
    supervisor.run(is_ready=lambda: answers(address), announce=announce)


if __name__ == "__main__":
    main()
