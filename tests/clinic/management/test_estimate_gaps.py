"""``manage.py estimate_gaps`` as an operator runs it: a process of its own, with no database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.clinic.insights.small import edit, package

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path) -> Path:
    return package(tmp_path / "p")


def run(*arguments: object, data: Path) -> subprocess.CompletedProcess:
    """Run the command with a database address that nobody answers."""
    return subprocess.run(
        [sys.executable, "manage.py", "estimate_gaps", *map(str, arguments)],
        cwd=ROOT,
        env={
            **os.environ,
            "KLINIK_VAR": str(data / "var"),
            "DATABASE_URL": "sqlite:////nowhere/to/be/found.sqlite3",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_package_is_estimated_without_a_database(folder, tmp_path):
    out = tmp_path / "out.csv"
    done = run(folder, "--out", out, "--json", data=tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is True
    assert report["problems"] == []
    assert report["counts"]["cells"] == 12
    assert len(out.read_text().splitlines()) == 13


def test_a_faulty_package_is_bad_usage_and_leaves_no_file(folder, tmp_path):
    edit(folder, "responses.csv", ",1\n", ",5\n")
    (folder / "persons.csv").unlink()
    out = tmp_path / "out.csv"
    done = run(folder, "--out", out, "--json", data=tmp_path)

    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert "persons.csv:1: file: is missing" in lines
    assert any(line.startswith("responses.csv:") and "credit" in line for line in lines)
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is False
    assert {problem["code"] for problem in report["problems"]} == {"faulty_package"}
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_refused(folder, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("estimate_gaps", folder, out=tmp_path / "absent" / "out.csv", json=True)

    assert ended.value.code == 1
    told = capsys.readouterr()
    assert "cannot be written" in told.err
    assert json.loads(told.out.splitlines()[-1])["problems"][0]["code"] == "not_written"


def test_warnings_do_not_stop_it(folder, tmp_path, capsys):
    edit(folder, "attempts.csv", "2026-05-05,pre,finished", ",pre,open")

    call_command("estimate_gaps", folder, out=tmp_path / "out.csv")

    told = capsys.readouterr()
    assert told.err.splitlines() == ["open attempts, skipped: 1"]
    assert "12 cells" in told.out
    assert (tmp_path / "out.csv").exists()
