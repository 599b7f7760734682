"""Nothing that was committed is lost when processes are killed (D6, R1)."""

import subprocess
import sys

import pytest
from django.db import connection

from tests import worker_jobs
from tests.processes import ROOT, environment, kill, start, wait_until

KILLS = 50
CELLS = [f"cell{number}" for number in range(10)]
CURRENT_WITHIN = 30  # seconds


def test_d06_killed_right_after_the_commit_every_finding_becomes_current(scheduler):
    done = subprocess.run(
        [sys.executable, "-m", "tests.dying_acts", "cell", str(KILLS)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(KILLS)
    assert [worker_jobs.acts_of(cell) for cell in CELLS] == [5] * 10

    wait_until(
        lambda: [worker_jobs.finding_of(cell) for cell in CELLS] == [5] * 10,
        CURRENT_WITHIN,
        what="50 of 50 acts in the findings",
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.real_worker
def test_r01_what_was_said_to_be_saved_outlives_a_kill():
    program = (
        "import django, sys; django.setup()\n"
        "from clinic.records import audit\n"
        "for number in range(10**6):\n"
        "    audit.record('test.saved', thing=('test', number))\n"
        "    sys.stdout.write(f'{number}\\n'); sys.stdout.flush()\n"
    )
    saver = start([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    for _ in range(20):
        said = int(saver.stdout.readline())
    kill(saver)

    numbers = {
        int(row.thing_id) for row in worker_jobs.AuditEntry.objects.filter(verb="test.saved")
    }
    assert said >= 19
    assert set(range(said + 1)) <= numbers


@pytest.mark.django_db(transaction=True)
def test_r01_a_commit_waits_for_the_disk():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,)
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
        else:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
