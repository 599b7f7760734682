"""Programs that the bench starts, and what /proc says of them: CPU time and memory."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from clinic.management.processes import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
SECONDS_TO_END = 25
SETTLED = 0.01  # CPU seconds within a look: less is idling
# By what name a child of the supervisor is known.
KINDS = {"klinik-web": "web", "klinik-worker": "worker", "klinik-timer": "timer"}


# --- what /proc says ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Stat:
    """What ``/proc/<pid>/stat`` says: the parent, and CPU time of all threads, the ended too."""

    parent: int
    ticks: int


def parse_stat(text: str) -> Stat:
    """Read the file; the name of a program may hold blanks and brackets."""
    cells = text[text.rindex(")") + 1 :].split()
    return Stat(parent=int(cells[1]), ticks=int(cells[11]) + int(cells[12]))


def parse_pss(text: str) -> int:
    """Return the proportional share of memory of ``smaps_rollup``, in KiB."""
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1])


def parse_machine(text: str) -> tuple[int, int]:
    """Return the ticks that all CPUs worked and that there were, from ``/proc/stat``."""
    cells = [int(cell) for cell in text.splitlines()[0].split()[1:9]]
    return sum(cells) - cells[3] - cells[4], sum(cells)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that living processes have used so far, user and system."""
    return sum(parse_stat(Path(f"/proc/{pid}/stat").read_text()).ticks for pid in pids) / TICKS


def descendants(pid: int) -> list[int]:
    """Return the process and all below it."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = parse_stat(file.read_text()).parent
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def pss_mib(pid: int) -> float:
    """Return the proportional share of memory of one process."""
    return parse_pss(Path(f"/proc/{pid}/smaps_rollup").read_text()) / 1024


def name_of(pid: int) -> str:
    """Return the name of a process, as ``ps`` shows it."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


@dataclass
class MachineLoad:
    """How much of the machine other programs took since the look began."""

    began: tuple[int, int] = field(
        default_factory=lambda: parse_machine(Path("/proc/stat").read_text())
    )

    def others(self, own: float) -> float:
        """Return the share that was neither idle nor used by the given CPU seconds, 0..1."""
        worked, all_ticks = parse_machine(Path("/proc/stat").read_text())
        passed = max(1, all_ticks - self.began[1])
        return max(0.0, (worked - self.began[0]) / passed - own * TICKS / passed)


# --- programs -----------------------------------------------------------------------------------
class Program:
    """A program in a session of its own that ends with the bench, however that ends."""

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path = ROOT,
        inherited: tuple[int, ...] = (),
    ) -> None:
        parent = os.getpid()
        self.log, self.name = log, " ".join(command[:4])
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=inherited,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(parent),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def end(self) -> None:
        """Ask it to end; then kill what is left of its session."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_END)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_for(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds.

        Raises:
            SystemExit: the program ended, or the time is over; shows its last words.
        """
        until = time.monotonic() + seconds
        while not holds():
            if self.process.poll() is not None or time.monotonic() > until:
                words = self.log.read_text(errors="replace")[-2000:]
                raise SystemExit(f"Not ready: {self.name}\n{words}")
            time.sleep(0.05)


class Server(Program):
    """A program that serves a port of this machine.

    Attributes:
        web: the processes that answer, once it is ready.
    """

    def __init__(self, command: list[str], port: int, **options: object) -> None:
        self.port = port
        self.web: list[int] = []
        super().__init__(command, **options)  # type: ignore[arg-type]

    def wait_until_ready(self, path: str, seconds: float) -> None:
        """Wait until the path is answered."""
        self.wait_for(lambda: answers(self.port, path), seconds)
        self.web = self.groups().get("web") or descendants(self.process.pid)

    def groups(self) -> dict[str, list[int]]:
        """Return the processes by kind; the program itself is the supervisor."""
        found: dict[str, list[int]] = {"supervisor": [self.process.pid]}
        everybody = descendants(self.process.pid)
        for pid in everybody[1:]:
            with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
                if parse_stat(Path(f"/proc/{pid}/stat").read_text()).parent == self.process.pid:
                    kind = KINDS.get(name_of(pid), "other")
                    found.setdefault(kind, []).extend(descendants(pid))
        return found

    def behind(self) -> list[int]:
        """Return the processes that work outside a request."""
        return [pid for kind, pids in self.groups().items() if kind != "web" for pid in pids]

    def settle(self, *, quiet: float = 2.0, seconds: float = 60.0) -> None:
        """Wait until nothing works any more behind the pages, as far as that comes in time."""
        until = time.monotonic() + seconds
        before = cpu_seconds(self.behind())
        while time.monotonic() < until:
            time.sleep(quiet)
            now = cpu_seconds(self.behind())
            if now - before <= quiet * SETTLED:
                return
            before = now


def answers(port: int, path: str) -> bool:
    """Say whether a server of this machine answers at the path."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def product(var: Path, log: Path) -> Server:
    """Start the product as ``make demo`` does, on the data folder."""
    port = free_port()
    command = [sys.executable, "-m", "clinic.management.supervisor", "--prepare"]
    own = {**environment(var), "PORT": str(port)}
    return Server([*command, "--port", str(port)], port, environment=own, log=log)


def environment(var: Path) -> dict[str, str]:
    """Return what makes a process of the product one of the bench."""
    return {"KLINIK_ENV": "demo", "KLINIK_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def bare(folder: Path) -> Server:
    """Start the bare application on the product's own server, with tables of its own."""
    own = {
        **environment(folder),
        "BENCH_BARE_DATABASE": str(folder / "bare.sqlite3"),
        "DJANGO_SETTINGS_MODULE": "scripts.bench.bare.settings",
    }
    python = [sys.executable, "-m"]
    fill = [*python, "scripts.bench.bare.wsgi"]
    subprocess.run(fill, cwd=ROOT, env={**os.environ, **own}, check=True, timeout=60)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        number = listener.fileno()
        web = [*python, "clinic.management.web", str(number), "scripts.bench.bare.wsgi:application"]
        return Server(
            web,
            listener.getsockname()[1],
            environment=own,
            log=folder / "bare.log",
            inherited=(number,),
        )
