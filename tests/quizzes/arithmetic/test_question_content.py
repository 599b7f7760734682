"""Content survives storing, and a stored row of any schema stays readable."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from quizzes.arithmetic.question_types import (
    SCHEMA,
    Option,
    SingleChoice,
    Text,
    content_digest,
    from_json,
    to_json,
)
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("content", questions.ONE_OF_EACH, ids=lambda one: one.type_name)
def test_content_survives_storing(content):
    stored = json.loads(json.dumps(to_json(content)))

    assert stored["schema"] == SCHEMA
    assert from_json(stored) == content


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_a_stored_row_of_each_schema_stays_readable(schema):
    rows = json.loads((GOLDEN / f"content_schema_{schema}.json").read_text(encoding="utf-8"))

    read = [from_json(row) for row in rows]

    assert tuple(read) == questions.ONE_OF_EACH


def test_text_may_be_written_as_a_plain_string():
    raw = to_json(questions.single()) | {"stem": "Apa itu SAKIP?"}

    assert from_json(raw).stem == Text("Apa itu SAKIP?")


def test_missing_english_falls_back_and_says_so():
    assert Text("Ya").wording("en").language == "id"
    assert Text("Ya", "Yes").wording("en").text == "Yes"
    assert Text("Ya", "Yes").wording("id").text == "Ya"


def test_equal_content_has_an_equal_digest_and_a_changed_word_another():
    content = questions.single()
    reworded = SingleChoice(stem=Text("Lain"), options=content.options)

    assert content_digest(content) == content_digest(from_json(to_json(content)))
    assert content_digest(content) != content_digest(reworded)


def test_a_third_stays_a_third():
    content = SingleChoice(
        stem=Text("S"),
        options=(Option(id=questions.uid(1), text=Text("A"), credit=Fraction(1, 3)),),
    )

    assert from_json(to_json(content)).options[0].credit * 3 == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema": SCHEMA + 1}, "schema"),
        ({"schema": True}, "schema"),
        ({"schema": None}, "schema"),
        ({"type": "essay"}, "type"),
        ({"type": None}, "type"),
        ({"options": {}}, "options"),
        ({"options": [1]}, "options"),
        ({"stem": 5}, "stem"),
        ({"stem": {"id": 5}}, "id"),
        ({"options": [{"text": "A"}]}, "id"),
        ({"options": [{"id": "x", "credit": "0.5"}]}, "credit"),
        ({"options": [{"id": "x", "credit": "1/0"}]}, "credit"),
        ({"options": [{"id": "x", "pinned": "no"}]}, "pinned"),
    ],
)
def test_unreadable_content_names_its_field(change, field):
    with made.refused("content_unreadable") as refusal:
        from_json(to_json(questions.single()) | change)

    assert refusal.value.details == {"field": field}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "value"),
        ({"value": 5}, "value"),
        ({"value": "1e5"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "5", "tolerance": "wide"}, "tolerance"),
        ({"value": "5", "tolerance": ["absolute"]}, "tolerance"),
        ({"value": "5", "margin": "1,5"}, "margin"),
    ],
)
def test_an_unreadable_number_names_its_field(answer, field):
    raw = to_json(questions.numeric()) | {"answers": [{"id": "x", **answer}]}

    with made.refused("content_unreadable") as refusal:
        from_json(raw)

    assert refusal.value.details == {"field": field}


def test_a_row_that_is_no_object_is_refused():
    with made.refused("content_unreadable"):
        from_json([])
    with made.refused("content_unreadable"):
        from_json(to_json(questions.multiple()) | {"max_select": 0})
