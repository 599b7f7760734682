"""From an empty clone to a served page, as somebody new has it."""

import os
import subprocess
import time
from functools import partial
from pathlib import Path

from scripts.bench.figures import Figure, Spread
from scripts.bench.processes import ROOT, Server, free_port

GOAL = 100  # seconds, packages from pip's cache
LONGEST = 900
# What ``make demo`` has printed when a phase is over.
PHASES = {"packages": "Data lives under", "tables and demo": "Ready after"}
# Nothing of this run's surroundings: a new clone asks for no server.
UNSET = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL")


def measure(folder: Path) -> tuple[list[Figure], list[str]]:
    """Clone the last commit, run ``make demo`` and open the front page."""
    clone, log, port = folder / "clone", folder / "set-up.txt", free_port()
    log.touch()
    began, worked = time.monotonic(), cpu_of_ended_children()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=LONGEST)
    own = dict.fromkeys(UNSET, "") | {"PORT": str(port), "KLINIK_VAR": str(folder / "set-up")}
    moments = [began]
    with Server(["make", "demo"], port, environment=own, log=log, folder=clone) as server:
        for printed in PHASES.values():
            server.wait_for(partial(_is_printed, printed, log), LONGEST)
            moments.append(time.monotonic())
        server.wait_until_ready("/", LONGEST)
        moments.append(time.monotonic())
    names = [*PHASES, "first page"]
    spans = zip(names, moments, moments[1:], strict=False)
    figures = [
        Figure(f"set-up-{name}", name, "s", Spread.of([end - start])) for name, start, end in spans
    ]
    whole = Spread.of([moments[-1] - began])
    cpu = Spread.of([cpu_of_ended_children() - worked])
    figures.append(Figure("set-up-cpu", "CPU of all that", "s CPU", cpu))
    figures.append(Figure("set-up", "empty clone to a served page", "s", whole, goal=GOAL))
    return figures, ["Set-up is of the last commit; its packages come from pip's cache if there."]


def _is_printed(text: str, log: Path) -> bool:
    return text in log.read_text()


def cpu_of_ended_children() -> float:
    """Return the CPU seconds of all programs that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system
