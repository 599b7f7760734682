"""The command behind an edition: exit codes and the JSON line of the contract."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from clinic.assessments import frameworks

pytestmark = pytest.mark.django_db

ZI = frameworks.SHIPPED / "zi-2021.toml"


def last_line(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_loading_twice_says_that_nothing_changed(capsys):
    call_command("load_framework", str(ZI), "--json")
    assert last_line(capsys) == {
        "ok": True,
        "counts": {"nodes": 199, "created": 199, "reworded": 0, "removed": 0},
        "problems": [],
    }
    call_command("load_framework", str(ZI), "--json")
    assert last_line(capsys)["counts"]["created"] == 0


def test_a_changed_weight_of_a_used_edition_ends_with_one(tmp_path, capsys):
    frameworks.lock(frameworks.load_framework(ZI.read_text()).edition)
    changed = tmp_path / "zi.toml"
    changed.write_text(
        ZI.read_text()
        .replace('weight = "0.5"', 'weight = "0.6"', 1)
        .replace('weight = "1.5"', 'weight = "1.4"', 1)
    )
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(changed), "--json")
    assert ended.value.returncode == 1
    assert last_line(capsys)["problems"][0]["code"] == "edition_locked"


def test_a_broken_file_names_the_code_and_a_missing_one_is_bad_usage(tmp_path, capsys):
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = 1\n[framework")
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(broken), "--json")
    assert ended.value.returncode == 1
    assert last_line(capsys)["problems"][0]["code"] == "not_toml"
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(tmp_path / "none.toml"))
    assert ended.value.returncode == 2
