"""Three texts of each field: as drawn, as stored by now, as typed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.assessments.arithmetic.row_merge import MINE, STORED, Seen, mark, merge

DRAWN = {"answer0": "A", "note": "n", "link": "https://a.example/1"}
TEXTS = st.text(max_size=3)


def merged(stored, typed, choices=None, asked=frozenset(), drawn=None):
    return merge(Seen.of(3, drawn or DRAWN, asked), stored, typed, choices or {})


def test_a_field_that_was_not_touched_takes_what_is_stored_by_now():
    stored = {**DRAWN, "answer0": "B", "link": "https://a.example/2"}

    result = merged(stored, {**DRAWN, "note": "mine"})

    assert result.texts == {**stored, "note": "mine"}
    assert result.kept == ("answer0", "link")
    assert result.conflicts == ()


def test_what_two_have_changed_differently_is_a_conflict_and_the_same_is_none():
    stored = {**DRAWN, "note": "theirs", "answer0": "B"}

    result = merged(stored, {**DRAWN, "note": "mine", "answer0": "B"})

    assert result.conflicts == ("note",)
    assert result.texts["note"] == "mine"


@pytest.mark.parametrize(("choice", "kept"), [(STORED, "theirs"), (MINE, "mine")])
def test_a_choice_settles_a_conflict_that_was_shown(choice, kept):
    now = {**DRAWN, "note": "theirs"}

    result = merged(now, {**now, "note": "mine"}, {"note": choice}, {"note"}, drawn=now)

    assert (result.conflicts, result.texts["note"]) == ((), kept)


def test_without_a_choice_a_conflict_that_was_shown_stays_one():
    now = {**DRAWN, "note": "theirs"}

    assert merged(now, {**now, "note": "mine"}, {}, {"note"}, drawn=now).conflicts == ("note",)


def test_a_choice_holds_for_the_text_that_was_shown_alone():
    shown = {**DRAWN, "note": "theirs"}
    later = {**DRAWN, "note": "theirs again"}

    result = merged(later, {**shown, "note": "mine"}, {"note": MINE}, {"note"}, drawn=shown)

    assert result.conflicts == ("note",)


def test_a_field_that_the_form_does_not_send_stays_as_stored():
    assert merged(DRAWN, {"note": "mine"}).texts == {**DRAWN, "note": "mine"}


@pytest.mark.parametrize(
    "written", ["", "x", "[]", "{}", '{"rev":1,"marks":3,"asked":[]}', "[" * 99]
)
def test_a_form_that_says_nothing_of_what_it_saw_overwrites_nothing(written):
    result = merge(Seen.read(written), DRAWN, {**DRAWN, "link": ""}, {"link": MINE})

    assert result.conflicts == ("link",)


def test_what_was_seen_comes_back_as_it_was_written():
    seen = Seen.of(7, DRAWN, frozenset({"note"}))

    assert Seen.read(seen.write()) == seen
    assert json.loads(seen.write())["rev"] == 7


def test_line_ends_and_spaces_around_are_no_change():
    assert mark("a \r\nb\r\n") == mark("a\nb") != mark("a b")


@given(TEXTS, TEXTS, TEXTS)
def test_u83_nothing_stored_goes_unless_it_was_seen_and_changed(drawn, stored, typed):
    """For any three texts: another's text is lost only where nobody has written it meanwhile."""
    result = merge(Seen.of(1, {"link": drawn}), {"link": stored}, {"link": typed}, {})

    if mark(stored) != mark(drawn):
        assert result.conflicts or mark(result.texts["link"]) == mark(stored)
    elif mark(typed) != mark(drawn):
        assert result.texts["link"] == typed
