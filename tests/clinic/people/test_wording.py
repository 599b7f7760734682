import re
from pathlib import Path

import pytest
from django.utils.translation import override

from clinic.people.arithmetic.lists import ListProblem
from clinic.people.wording import FIELDS, WORDINGS, column_label, explain, format_value, locate

SOURCES = [*Path("clinic/people").glob("*.py"), *Path("clinic/people/arithmetic").glob("*.py")]
CODE = "".join(source.read_text() for source in SOURCES if source.name != "wording.py")


@pytest.mark.parametrize("code", WORDINGS)
def test_no_sentence_is_kept_for_a_code_that_nothing_tells(code):
    assert f'"{code}"' in CODE


@pytest.mark.parametrize("code", WORDINGS)
def test_every_sentence_can_be_said_with_its_values(code):
    names = re.findall(r"%\((\w+)\)s", "".join(WORDINGS[code]))
    values = {name: "2026-06-01" if name == "start" else "x" for name in names}
    problem = ListProblem(code, 3, "name", values)

    what, remedy = explain(problem)

    assert "%(" not in what + remedy
    assert what.endswith((".", "?"))
    assert remedy.endswith(".")


def test_a_stored_day_is_read_in_words():
    assert (
        "2026-06-01"
        not in explain(ListProblem("start_kept", 3, "start", {"start": "2026-06-01"}))[0]
    )
    with override("id"):
        assert format_value("start", "2026-06-01") == "1 Juni 2026"
    assert format_value("name", "2026-06-01") == "2026-06-01"
    assert format_value("start", "") == ""


def test_where_a_problem_stands_is_said_in_words():
    assert "3" in locate(ListProblem("cell_empty", 3))
    assert column_label("unit") in locate(ListProblem("cell_empty", 3, "unit"))
    assert locate(ListProblem("no_rows"))
    assert all(column_label(name) for name in FIELDS if name)
