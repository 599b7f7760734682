"""Where a run has its data: in a copy of a prepared demo, or in a PostgreSQL database."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from scripts.bench.processes import ROOT, environment
from scripts.bench.quiz import Participants

KEPT = Path(os.environ.get("KLINIK_VAR") or ROOT / "var") / "bench"
PREPARED = "prepared-"
# What the loaded demo follows from; its dates also count from the day of loading.
SOURCES = (
    "clinic/management/**/*.*",
    "clinic/assessments/framework_files/*",
    "**/migrations/*.py",
)
SECONDS_TO_PREPARE = 600


def refuse_unfit_database() -> None:
    """Keep the bench away from a database that was not made for it.

    Raises:
        SystemExit: ``DATABASE_URL`` names another; the bench would migrate and fill it.
    """
    url = os.environ.get("DATABASE_URL", "")
    if url and "bench" not in urlsplit(url).path:
        raise SystemExit(
            "The bench migrates and fills the database of DATABASE_URL: "
            "its name must contain “bench” (createdb klinik_bench)."
        )


def prepare(folder: Path, log: Path) -> None:
    """Let the product's data folder begin as a copy of the prepared one; a server has its own."""
    if os.environ.get("DATABASE_URL"):
        folder.mkdir()
        return
    wanted = KEPT / f"{PREPARED}{_digest()}"
    if not wanted.exists():
        for old in KEPT.glob(f"{PREPARED}*"):
            shutil.rmtree(old)
        making = KEPT / f"{PREPARED}making"
        making.mkdir(parents=True)
        _run(["clinic.management.preparation"], making, log)
        making.rename(wanted)
    shutil.copytree(wanted, folder)


def participants(folder: Path, count: int, log: Path) -> Participants:
    """Make so many people whose quiz is open."""
    told = _run(["scripts.bench.participants", str(count)], folder, log)
    return Participants(**json.loads(told.splitlines()[-1]))


def _run(command: list[str], folder: Path, log: Path) -> str:
    with log.open("ab") as said:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **environment(folder)},
            stdout=subprocess.PIPE,
            stderr=said,
            timeout=SECONDS_TO_PREPARE,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return done.stdout.decode()


def _digest() -> str:
    found = hashlib.sha256(date.today().isoformat().encode())  # noqa: DTZ011 as good as any
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts and ".venv" not in path.parts:
                found.update(path.read_bytes())
    return found.hexdigest()[:16]
