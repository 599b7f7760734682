"""Minutes follow one formula (U13)."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from courses.arithmetic.readability import minutes_of, words_in

WORDS = st.lists(st.sampled_from(["bukti", "baris", "huruf"]), max_size=600).map(" ".join)


def text(words):
    return {"type": "text", "value": f"<p>{words}</p>", "id": "7a"}


def check(slug="periksa"):
    return {"type": "check", "value": {"question": slug, "where_to_reread": ""}}


def example():
    return {"type": "proof_example", "value": {"strength": "kuat", "kind": "SK", "notes": []}}


@given(WORDS, WORDS, st.integers(0, 4), st.integers(0, 4))
def test_minutes_are_words_checks_and_examples_rounded_up(lead, words, checks, examples):
    stream = [text(words), *[check()] * checks, *[example()] * examples]
    count = len(lead.split()) + len(words.split())
    exact = Fraction(count, 180) + Fraction(checks, 2) + examples

    assert minutes_of(lead, stream) == max(1, ceil(exact))


def test_180_words_are_one_minute_and_one_more_makes_two():
    assert minutes_of("", [text("kata " * 180)]) == 1
    assert minutes_of("", [text("kata " * 181)]) == 2


def test_only_what_is_read_is_counted():
    value = {"edition": "zi-2021", "nodes": ["A.I.5.i.a"], "heading": "Tiga kata saja"}
    assert words_in([{"type": "rubric", "value": value, "id": "x y z"}]) == 3
    assert words_in("<p>dua <b>kata</b></p>") == 2
