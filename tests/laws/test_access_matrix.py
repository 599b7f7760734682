"""The file that states who may do what is what the rules in code say (law S3)."""

import tomllib

import pytest

from clinic.management.commands.write_access_matrix import MATRIX, matrix
from clinic.people.access import LETTERS, ROLES, registered, rule
from clinic.people.models import Unit

TABLE = tomllib.loads(MATRIX.read_text())["rule"]


def label(model):
    return f"{model._meta.app_label}.{model.__name__}"


def in_code():
    found = {}
    for known in registered():
        found.setdefault((known.verb, label(known.model)), {}).update(known.letters)
    return found


def test_the_file_is_what_the_rules_say():
    assert MATRIX.read_text() == matrix(), "Run manage.py write_access_matrix and read the diff."


def test_every_row_is_spelt_with_known_roles_and_letters():
    for row in TABLE:
        assert set(row["who"]) <= set(ROLES), row["verb"]
        assert set(row["who"].values()) <= LETTERS, row["verb"]


def test_every_verb_stands_once_for_each_model():
    keys = [(row["verb"], row["model"]) for row in TABLE]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['verb']}-{row['model']}")
def test_a_row_is_registered_as_written(row):
    assert in_code()[row["verb"], row["model"]] == row["who"]


@pytest.mark.parametrize("who", ["raja:*", "admin:x", "operator:u operator"])
def test_a_rule_with_an_unknown_role_or_letter_is_refused(who):
    with pytest.raises(ValueError):  # noqa: PT011 Django and Python raise none here
        rule("uji", Unit, who)
