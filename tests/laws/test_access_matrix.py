"""The rules registered in code say what the access matrix says (law S3)."""

import tomllib
from pathlib import Path

import pytest

from clinic.people.access import LETTERS, ROLES, registered

MATRIX = Path("clinic/people/access_matrix.toml")
TABLE = tomllib.loads(MATRIX.read_text())["rule"]
COLUMNS = {*ROLES, "perangkat"}


def label(model):
    return f"{model._meta.app_label}.{model.__name__}"


def in_code():
    found = {}
    for known in registered():
        found.setdefault((known.verb, label(known.model)), {}).update(known.letters)
    return found


def test_every_row_is_spelt_with_known_roles_and_letters():
    for row in TABLE:
        assert set(row["who"]) <= COLUMNS, row["verb"]
        assert set(row["who"].values()) <= LETTERS, row["verb"]
        assert set(row.get("later", [])) <= set(row["who"]), row["verb"]
        assert ("model" in row) == row["built"], row["verb"]


def test_every_verb_stands_once_for_each_model():
    keys = [(row["verb"], row.get("model")) for row in TABLE]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", [row for row in TABLE if row["built"]], ids=lambda row: row["verb"])
def test_a_built_row_is_registered_as_written(row):
    later = set(row.get("later", []))
    expected = {role: letter for role, letter in row["who"].items() if role not in later}
    assert in_code().get((row["verb"], row["model"])) == expected


def test_every_registered_rule_has_its_row():
    rows = {(row["verb"], row["model"]) for row in TABLE if row["built"]}
    assert set(in_code()) <= rows
