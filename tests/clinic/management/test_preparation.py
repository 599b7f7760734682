"""What the set-up does once ``.venv`` stands; run again it keeps what is there."""

import subprocess
import sys

from django.conf import settings

from clinic.management import preparation
from clinic.management.demo.cast import LOGINS
from tests.processes import ROOT, environment


def prepare(folder, **changes):
    own = environment(KLINIK_VAR=str(folder), PYTHONUNBUFFERED="1", **changes)
    for name in ("KLINIK_DATABASE_NAME", "DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL"):
        own.pop(name, None)
    command = [sys.executable, "-m", "clinic.management.preparation"]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True)


def test_an_empty_folder_becomes_a_database_and_a_queue(tmp_path):
    first, second = prepare(tmp_path / "var"), prepare(tmp_path / "var")

    assert "Preparing the database" in first.stdout
    assert "Checking the database" in second.stdout
    assert (tmp_path / "var" / "klinik.sqlite3").exists()
    assert (tmp_path / "var").stat().st_mode & 0o077 == 0
    for folder in preparation.FOLDERS:
        assert (tmp_path / "var" / folder).is_dir()


def test_the_welcome_names_every_account_and_the_password():
    text = preparation.welcome_text()

    assert all(login.email in text for login in LOGINS)
    assert settings.DEMO_PASSWORD in text
