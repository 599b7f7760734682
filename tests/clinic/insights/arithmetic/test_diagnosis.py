import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.insights.arithmetic.diagnosis import (
    USUAL_CUTS,
    Cause,
    CellBelief,
    Certainty,
    Word,
    certainty_word,
    diagnose,
    more_answers,
)
from clinic.insights.arithmetic.tables import words

KNOWN = {"answers": 5, "coverage": 1.0, "centre": 0.2, "spread": 0.4, "bar": 0.5}
chances = st.one_of(st.floats(0, 1), st.just(math.nan))
cells = st.builds(
    CellBelief,
    gap=chances,
    weak=chances,
    answers=st.integers(0, 3),
    coverage=st.one_of(st.floats(0, 1), st.just(math.nan)),
    estimate=chances,
    share=chances,
    printed=chances,
    centre=st.floats(-3, 3),
    spread=st.floats(0.05, 2),
    bar=st.floats(-2, 2),
)


@pytest.mark.parametrize(
    ("gap", "weak", "word"),
    [
        (0.8, 0.7, Word.KNOWLEDGE_GAP),
        (0.8, 0.3, Word.HIDDEN_RISK),
        (0.2, 0.7, Word.PRACTICE_GAP),
        (0.2, 0.3, Word.SOUND),
        (0.79, 0.9, Word.UNKNOWN),
        (0.9, 0.69, Word.UNKNOWN),
        (0.21, 0.1, Word.UNKNOWN),
        (0.1, 0.31, Word.UNKNOWN),
    ],
)
def test_the_cuts_name_the_five_words(gap, weak, word):
    assert diagnose(CellBelief(gap=gap, weak=weak, **KNOWN)).word == word


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"answers": 0}, Cause.NO_ANSWERS),
        ({"gap": math.nan}, Cause.NO_POOL),
        ({"gap": 0.5}, Cause.KNOWING_NOT_DECIDED),
        ({"coverage": math.nan}, Cause.NO_SHEET),
        ({"coverage": 0.4}, Cause.SHEET_INCOMPLETE),
        ({"weak": 0.5}, Cause.DOING_NOT_DECIDED),
        ({"printed": 0.6}, Cause.SIDES_DIFFER),
        ({"share": 0.6}, Cause.SIDES_DIFFER),
        ({"weak": 0.1, "printed": 0.599}, Cause.SIDES_DIFFER),
        ({"estimate": 0.65}, Cause.KNOWING_NOT_DECIDED),
    ],
    ids=lambda value: str(value) if isinstance(value, Cause) else "",
)
def test_an_unknown_says_why(change, cause):
    told = diagnose(CellBelief(**{"gap": 0.9, "weak": 0.9, **KNOWN, **change}))

    assert told.word == Word.UNKNOWN
    assert [reason.cause for reason in told.reasons] == [cause]
    assert told.certainty is None


def test_an_unknown_can_have_two_reasons():
    told = diagnose(CellBelief(gap=0.5, weak=0.5, **{**KNOWN, "coverage": 0.4}))

    assert [r.cause for r in told.reasons] == [Cause.KNOWING_NOT_DECIDED, Cause.SHEET_INCOMPLETE]
    assert told.reasons[0].more_answers is not None
    assert told.reasons[1].coverage == 0.4


@given(cells)
def test_one_cell_and_the_whole_table_say_the_same_word(cell):
    table = words(
        gap=np.array([[cell.gap]]),
        weak=np.array([[cell.weak]]),
        answers=np.array([[cell.answers]]),
        coverage=np.array([[cell.coverage]]),
        estimate=np.array([[cell.estimate]]),
        share=np.array([[cell.share]]),
        printed=np.array([[cell.printed]]),
    )

    assert table[0, 0] == diagnose(cell).word


@given(cells)
def test_no_word_speaks_against_a_figure_beside_it(cell):
    word = diagnose(cell).word
    if word == Word.UNKNOWN:
        return
    is_low = word in {Word.KNOWLEDGE_GAP, Word.HIDDEN_RISK}
    is_poor = word in {Word.KNOWLEDGE_GAP, Word.PRACTICE_GAP}
    for figure, line, below in (
        (cell.estimate, USUAL_CUTS.gap_line, is_low),
        (cell.share, USUAL_CUTS.weak_line, is_poor),
        (cell.printed, USUAL_CUTS.weak_line, is_poor),
    ):
        assert math.isnan(figure) or (figure < line) == below


@given(cells)
def test_a_named_diagnosis_is_certain_and_an_unknown_has_reasons(cell):
    told = diagnose(cell)

    if told.word == Word.UNKNOWN:
        assert told.reasons
        assert told.certainty is told.certainty_word is None
    else:
        assert told.reasons == ()
        assert told.certainty >= 0.7
        assert told.certainty_word in {Certainty.HIGH, Certainty.MEDIUM}


@pytest.mark.parametrize(
    ("certainty", "word"),
    [
        (0.9, Certainty.HIGH),
        (0.89, Certainty.MEDIUM),
        (0.7, Certainty.MEDIUM),
        (0.69, Certainty.LOW),
    ],
)
def test_certainty_in_words(certainty, word):
    assert certainty_word(certainty) == word


@given(st.floats(-1, 1), st.floats(0.15, 1.5), st.floats(0, 1))
def test_a_clearer_belief_needs_fewer_answers(bar, spread, further):
    near = more_answers(bar + 0.01, spread, bar)
    far = more_answers(bar + 0.01 + further, spread, bar)

    assert near is None or (far is not None and far <= near)


def test_about_how_many_is_rounded_to_tens_and_bounded():
    assert more_answers(2.0, 0.5, 0.0) == 1
    assert more_answers(0.3, 0.5, 0.0) % 10 == 0
    assert more_answers(0.0, 0.1, 0.0) is None
    assert more_answers(math.nan, math.nan, 0.0) is None
