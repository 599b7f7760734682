"""R9: migrations run forward on a filled database."""

import json
import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from tests.migrated import prepared, template
from tests.processes import ROOT, environment

FILLED = "klinik_filled"
REFRESH = "insights.refresh_unit"
LOST = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def own_database(db, prepared_once, tmp_path):
    """The environment of a migrated database that no test shares."""
    folder = shutil.copytree(prepared(prepared_once), tmp_path / "var")
    own = environment(KLINIK_VAR=str(folder))
    own.pop("KLINIK_DATABASE_NAME")
    if settings.IS_EMBEDDED:
        yield own
        return
    kept, name = template(prepared_once), f"{FILLED}_{os.getpid()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{kept}"')
        place = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
        yield {**own, "DATABASE_URL": place.geturl()}
        cursor.execute(f'DROP DATABASE "{name}"')


def test_r09_later_migrations_keep_every_row_that_stands_before_them(own_database):
    command = [sys.executable, "-m", "tests.filled_migrations"]
    done = subprocess.run(
        command, cwd=ROOT, env=own_database, stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])

    changed = {one.split(".")[0] for one in found["taken_back"]}
    assert changed == {"assessments", "attendance", "insights", "people", "quizzes", "records"}
    assert found["after"] == found["before"]
    for table in ("attendance.Registration", "insights.Finding", "records.Import"):
        assert found["before"][table] > 0
    assert found["problems"] == found["unsealed"] == []
    before, after = found["events"]
    assert before == after
    assert len(before) == 2
    assert found["admissions"] == 1
    assert set(found["refused"]) == {"people", "quizzes"}
    assert all(LOST in said for said in found["refused"].values())
    refreshes = [[state, unit] for state, name, unit in found["refreshes"] if name == REFRESH]
    assert refreshes == [
        ["queued", "dinas-kesehatan-contoh"],
        ["queued", "kecamatan-hulu-contoh"],
        ["queued", "kecamatan-hulu-contoh"],
    ]
    assert [row[:2] for row in found["refreshes"] if row[1] != REFRESH] == [
        ["done", "insights.refresh_person"]
    ]
