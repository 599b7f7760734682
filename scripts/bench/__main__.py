"""``make bench``: start the bare application and the product, measure, print, write JSON."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from scripts.bench import pages, places, quizzes, set_up
from scripts.bench.browser import Browser
from scripts.bench.figures import Figure, Spread, from_json, table, to_json
from scripts.bench.processes import (
    ROOT,
    MachineLoad,
    Server,
    bare,
    descendants,
    product,
    pss_mib,
)

PARTS = ("pages", "quiz", "memory", "setup")
LONGEST = 3600  # seconds, whatever happens
SECONDS_TO_START = 600
SECONDS_OF_IDLING = 8
FIRST_VISITORS = 16  # so that each process of the web has loaded what a page needs
MEMORY_GOAL = 450
KEPT = "last.json"


@dataclass
class Report:
    """What was measured, part by part, printed as it comes."""

    before: dict[str, Figure] = field(default_factory=dict)
    parts: dict[str, list[Figure]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, part: str, figures: list[Figure], remarks: list[str] | None = None) -> None:
        """Print a part and keep it."""
        self.parts[part] = figures
        self.remarks += remarks or []
        say("", part, "", table(figures, self.before), *(remarks or []))

    @property
    def figures(self) -> list[Figure]:
        return [figure for part in self.parts.values() for figure in part]


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def memory(server: Server, when: str) -> list[Figure]:
    """Return the PSS of each process of the product, and their sum."""
    figures, total = [], 0.0
    for kind, pids in server.groups().items():
        each = [pss_mib(pid) for pid in pids]
        total += sum(each)
        told = " + ".join(f"{one:.0f}" for one in each)
        figures.append(
            Figure(f"{when}-{kind}", f"{kind}: {told}", "MiB PSS", Spread.of([sum(each)]))
        )
    sums = Spread.of([total])
    figures.append(Figure(f"{when}-sum", "all processes", "MiB PSS", sums, goal=MEMORY_GOAL))
    return figures


def idle_memory(ours: Server, other: Server) -> tuple[list[Figure], list[str]]:
    """Return the memory of both applications when the first visitors have gone."""
    for _one in range(FIRST_VISITORS):
        with Browser(ours.port) as visitor:
            visitor.get("/")
    time.sleep(SECONDS_OF_IDLING)
    whole = sum(pss_mib(pid) for pid in descendants(other.process.pid))
    return memory(ours, "idle"), [f"The bare application has {whole:.0f} MiB."]


def main() -> int:
    """Measure what was asked for; 1 only with ``--strict`` and a goal that was missed."""
    options = asked()
    places.refuse_unfit_database()
    limit(LONGEST)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process would compile all over again
    report = Report(before=earlier(options.against) if options.against else {})
    load = MachineLoad()
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as folder:
        if set(options.only) - {"setup"}:
            measure(Path(folder), options, report)
        if "setup" in options.only:
            report.add("Set-up", *set_up.measure(Path(folder)))
    own = sum(os.times()[:4])
    say("", f"Other programs took {load.others(own):.0%} of the machine during the run.")
    write(report, options)
    missed = [figure.label for figure in report.figures if figure.holds is False]
    say(f"Goals missed: {len(missed)}.")
    return 1 if options.strict and missed else 0


def measure(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """Measure all that needs both servers."""
    var, log = folder / "var", folder / "log.txt"
    say("Preparing the demo; it is kept until it changes …")
    places.prepare(var, log)
    say("Starting the product and the bare application …")
    with product(var, log) as ours, bare(folder) as other:
        ours.wait_until_ready("/healthz", SECONDS_TO_START)
        other.wait_until_ready("/kantor/kantor-7/", SECONDS_TO_START)
        if "memory" in options.only:
            report.add("Memory, idle", *idle_memory(ours, other))
        if {"pages", "quiz"} & set(options.only):
            needed = 1 + quizzes.people_needed(options.runs, options.crowds)
            participants = places.participants(var, needed, log)
            ours.settle()
        if "pages" in options.only:
            say("Measuring pages …")
            report.add("Pages", pages.measure(ours, other, participants, options.runs))
        if "quiz" in options.only:
            say("Measuring quizzes …")
            report.add("Quizzes", *quizzes.measure(ours, other, participants, options))
        if {"memory", "quiz"} <= set(options.only):
            report.add("Memory, after the quizzes", memory(ours, "after"))


def asked() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may repeat")
    parser.add_argument("--runs", type=positive, default=5, help="batches of each page (5)")
    parser.add_argument("--crowds", type=positive, default=3, help="times 64 at once (3)")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--against", type=Path, help="show an earlier run's figures beside")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    options = parser.parse_args()
    options.only = options.only or list(PARTS)
    return options


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def earlier(path: Path) -> dict[str, Figure]:
    """Read the figures of an earlier run."""
    return from_json(json.loads(path.read_text())["figures"])


def write(report: Report, options: argparse.Namespace) -> None:
    """Keep the figures of this run."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    told: dict[str, Any] = {
        "schema": 1,
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "commit": commit.stdout.strip(),
        "database": "postgresql" if os.environ.get("DATABASE_URL") else "sqlite",
        "runs": options.runs,
        "figures": to_json(report.figures),
        "remarks": report.remarks,
    }
    for path in filter(None, (places.KEPT / KEPT, options.json)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    say(f"Figures: {options.json or places.KEPT / KEPT}")


def limit(seconds: int) -> None:
    """End by TERM, and by the clock, as by Ctrl-C: all that was started ends too."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(f"Ended by {signal.Signals(number).name}.")

    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(seconds)


def run(program: Callable[[], int]) -> int:
    """Run until the end or Ctrl-C."""
    try:
        return program()
    except KeyboardInterrupt:
        say("", "Ended by Ctrl-C.")
        return 130


if __name__ == "__main__":
    sys.exit(run(main))
