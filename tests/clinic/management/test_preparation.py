"""What the set-up does once ``.venv`` stands; run again it keeps what is there."""

import shutil

import pytest
from django.conf import settings

from clinic.management import preparation
from clinic.management.demo.people import LOGINS
from tests.migrated import DATABASE, SAID, prepare, prepared


def test_an_empty_folder_becomes_a_database_and_a_queue(prepared_once, tmp_path):
    """The folder is the one from which the databases of all tests are copied."""
    made = prepared(prepared_once)
    again = shutil.copytree(made, tmp_path / "var")
    second = prepare(again)

    assert "Preparing the database" in (made.parent / SAID).read_text()
    assert "Checking the database" in second
    for folder in (made, again):
        assert (folder / DATABASE).exists()
        assert folder.stat().st_mode & 0o077 == 0
        for name in preparation.FOLDERS:
            assert (folder / name).is_dir()


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SystemExit, match=r"cannot be used.*KLINIK_VAR="):
        preparation.make_folders(tmp_path / "file" / "var")


def test_the_welcome_names_every_account_and_the_password():
    text = preparation.welcome_text()

    assert all(login.email in text for login in LOGINS)
    assert settings.DEMO_PASSWORD in text
