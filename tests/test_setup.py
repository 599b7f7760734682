"""``scripts/setup.sh`` in a folder of its own, with programs that only say what they would do."""

import os
import shutil
import subprocess

import pytest

from tests.processes import ROOT

# A Python that makes a ``.venv`` whose pip works or not, as the folder says.
PYTHON = """#!/bin/sh
case "$*" in
    *--version*) cat version ;;
    "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp "$0" .venv/bin/pybabel ;;
    *"pip install"*) echo pip >>asked; [ ! -e no-network ] ;;
esac
"""
TOOLS = ("sh", "cat", "cut", "dirname", "sha256sum", "rm", "mv", "mkdir", "cp", "id", "printf")


@pytest.fixture
def place(tmp_path):
    """A checkout with the script, the locks and nothing else; on its PATH the plain tools."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for lock in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / lock).write_text("a==1\n")
    (tmp_path / "version").write_text("Python 3.11.1\n")
    (tmp_path / "bin").mkdir()
    for name in TOOLS:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    return tmp_path


@pytest.fixture
def python(place):
    program = place / "bin" / "python3"
    program.write_text(PYTHON)
    program.chmod(0o755)


def setup(place):
    """Run the script; it finds what stands in the folder's own ``bin`` and nothing else."""
    return subprocess.run(
        [place / "scripts" / "setup.sh"],
        env={"PATH": str(place / "bin"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_python_it_says_which_and_how(place):
    done = setup(place)

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Python 3.11 or newer with venv is missing. As root: apt install python3-venv"
    )


@pytest.mark.usefixtures("python")
def test_the_second_start_needs_no_network(place):
    assert setup(place).returncode == 0
    (place / "no-network").touch()
    second = setup(place)

    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert (place / "asked").read_text() == "pip\n"


@pytest.mark.usefixtures("python")
def test_without_a_network_what_worked_before_stays(place):
    assert setup(place).returncode == 0
    (place / ".venv" / "mine").touch()
    (place / "version").write_text("Python 3.11.2\n")
    (place / "no-network").touch()
    done = setup(place)

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "The runtime packages could not be installed: is there a network? Then run this again."
    )
    assert (place / ".venv" / "mine").exists()
    assert not (place / ".venv.before").exists()


@pytest.mark.usefixtures("python")
def test_what_an_interrupted_run_had_put_aside_comes_back(place):
    assert setup(place).returncode == 0
    (place / ".venv").rename(place / ".venv.before")
    (place / ".venv").mkdir()
    (place / "no-network").touch()
    done = setup(place)

    assert (done.returncode, done.stdout) == (0, "")
    assert not (place / ".venv.before").exists()
