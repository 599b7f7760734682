"""Numbers as people type them: read exactly, said back, never guessed."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic.numbers import (
    LARGEST_IN_WORDS,
    NotANumber,
    format_id,
    format_number,
    in_words_id,
    parse_number,
    parse_quantity,
    round_half_up,
    to_scale,
)

UNITS = ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
SCALES = {"ribu": 10**3, "juta": 10**6, "miliar": 10**9, "triliun": 10**12}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("56,84", "56.84"),
        ("56.84", "56.84"),
        ("1.500", "1500"),
        ("1,500", "1.5"),
        ("0.125", "0.125"),
        ("1.234.567,5", "1234567.5"),
        ("1234.567", "1234.567"),
        ("-3,5", "-3.5"),
        ("+7", "7"),
        (" 16 ", "16"),
        ("16,000", "16"),
    ],
)
def test_a_number_is_read_the_indonesian_way(raw, value):
    assert parse_number(raw) == Decimal(value)


@pytest.mark.parametrize(
    "raw",
    [
        "1,234.5",
        ".5",
        ",5",
        "5,",
        "5.",
        "-",
        "+",
        "",
        "1.23.456",
        "0.500.000",
        "1.5.0",
        "1e3",
        "1E3",
        "NaN",
        "Infinity",
        "-inf",
        "1_000",
        "١٢",
        "१",
        "1 000",
        "--1",
        "4/5",
        "80%",
    ],
)
def test_what_is_not_clearly_a_number_is_refused(raw):
    with pytest.raises(NotANumber) as refusal:
        parse_number(raw)

    assert refusal.value.code == "not_a_number"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("80%", 80),
        ("80 %", 80),
        ("80 persen", 80),
        ("80 Persen", 80),
        ("80", 80),
        ("1.500 %", 1500),
        ("0,8%", Fraction(4, 5)),
    ],
)
def test_the_unit_of_the_question_may_follow_the_number(raw, value):
    assert parse_quantity(raw, units=("%", "persen")) == value


@pytest.mark.parametrize("raw", ["80 orang", "%", "80%%", "persen", "% 80"])
def test_another_unit_or_a_unit_alone_is_refused(raw):
    with pytest.raises(NotANumber):
        parse_quantity(raw, units=("%", "persen"))


def test_a_fraction_is_read_only_where_it_is_asked_for():
    assert parse_quantity("4/5", fraction=True) == Fraction(4, 5)
    assert parse_quantity("-1 / 3", fraction=True) == Fraction(-1, 3)
    for raw, allowed in (("4/5", False), ("4/0", True), ("4/", True), ("1/2/3", True)):
        with pytest.raises(NotANumber):
            parse_quantity(raw, fraction=allowed)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1500", "1.500"),
        ("1.5", "1,5"),
        ("-1234567.05", "-1.234.567,05"),
        ("0.125", "0,125"),
        ("0", "0"),
        ("-0.5", "-0,5"),
    ],
)
def test_an_exact_number_is_written_with_all_its_digits(value, text):
    assert format_id(Decimal(value)) == text


def test_a_fraction_without_an_end_is_written_as_a_fraction():
    assert format_id(Fraction(-2, 3)) == "-2/3"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "nol"),
        (11, "sebelas"),
        (12, "dua belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (100, "seratus"),
        (101, "seratus satu"),
        (110, "seratus sepuluh"),
        (999, "sembilan ratus sembilan puluh sembilan"),
        (1000, "seribu"),
        (1500, "seribu lima ratus"),
        (2001, "dua ribu satu"),
        (11000, "sebelas ribu"),
        (101000, "seratus satu ribu"),
        (1001500, "satu juta seribu lima ratus"),
        (-2000000000, "minus dua miliar"),
        (LARGEST_IN_WORDS, None),
    ],
)
def test_a_whole_number_is_said_in_words(value, words):
    said = in_words_id(Decimal(value))

    assert said == words if words else read_back(said) == value


@given(st.integers(-LARGEST_IN_WORDS, LARGEST_IN_WORDS))
def test_the_words_mean_the_number(value):
    assert read_back(in_words_id(value)) == value


@pytest.mark.parametrize("value", [Decimal("1.5"), LARGEST_IN_WORDS + 1, -LARGEST_IN_WORDS - 1])
def test_there_are_no_words_for_decimals_and_giants(value):
    with pytest.raises(ValueError, match="no words"):
        in_words_id(value)


def read_back(words: str) -> int:
    """Read Indonesian number words, written apart from the code under test."""
    total = below = 0
    sign = -1 if words.startswith("minus ") else 1
    for word in words.removeprefix("minus ").split():
        if word in SCALES:
            total, below = total + below * SCALES[word], 0
        elif word == "seribu":
            total += 1000
        elif word == "belas":
            below += 10
        elif word in ("puluh", "ratus"):
            ones = below % 10
            below += ones * (9 if word == "puluh" else 99)
        else:
            below += {"nol": 0, "sepuluh": 10, "sebelas": 11, "seratus": 100}.get(word) or (
                UNITS.index(word) + 1 if word in UNITS else 0
            )
    return sign * (total + below)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [("0.5", 0, "1"), ("-0.5", 0, "-1"), ("2.345", 2, "2.35"), ("81.94", 1, "81.9")],
)
def test_halves_are_rounded_away_from_zero(value, digits, rounded):
    assert round_half_up(Decimal(value), digits) == Decimal(rounded)


def test_a_shown_number_has_exactly_the_digits_asked_for():
    assert format_number(Fraction(12345, 10), 2) == "1.234,50"
    assert to_scale(Fraction(1, 3)) == Decimal("0.333333")


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-9999, max_value=9999)
)
def test_rounding_moves_by_at_most_half_a_digit(value):
    assert abs(round_half_up(value, 2) - value) <= Decimal("0.005")
