"""Draws, orders and forms; the laws of the draw stand in tests/laws."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.arithmetic.question_types import movable_ids
from quizzes.arithmetic.selection import (
    Candidate,
    Cell,
    DrawImpossible,
    DrawNote,
    Shortfall,
    attempt_seed,
    common_missing,
    crosses,
    draw,
    option_order,
    shortfalls,
)
from tests.quizzes.arithmetic import questions

SEED = attempt_seed(b"secret", "5e2a")


def candidate(question, *outcomes, **facts):
    return Candidate(question=question, outcomes=frozenset(outcomes or {"a"}), **facts)


def cell(outcome, count, key=None):
    return Cell(key=key or outcome, outcome=outcome, count=count)


def drawn(*args, **kwargs):
    return {item.question for item in draw(*args, **kwargs).items}


def test_what_the_person_has_not_seen_comes_first():
    pool = [candidate("old", seen=True), candidate("new", exposure=900)]

    assert drawn([cell("a", 1)], pool, SEED) == {"new"}


def test_then_what_was_shown_least():
    pool = [candidate("often", exposure=7), candidate("rare", exposure=6)]

    assert drawn([cell("a", 1)], pool, SEED) == {"rare"}


def test_then_by_lot_of_the_attempt():
    pool = [candidate(str(number)) for number in range(8)]
    seeds = [attempt_seed(b"secret", str(number)) for number in range(200)]

    firsts = Counter(draw([cell("a", 1)], pool, seed).items[0].question for seed in seeds)

    assert len(firsts) == 8
    assert max(firsts.values()) < 60


def test_another_secret_gives_another_seed():
    assert attempt_seed(b"one", "a") != attempt_seed(b"two", "a")


def test_a_question_seen_again_is_noted():
    pool = [candidate("old", seen=True), candidate("new")]

    assert draw([cell("a", 2)], pool, SEED).notes == (DrawNote("seen_again", "old"),)


def test_where_nothing_may_be_repeated_a_seen_question_is_left_out():
    pool = [candidate("old", seen=True), candidate("new")]

    with pytest.raises(DrawImpossible) as refusal:
        draw([cell("a", 2)], pool, SEED, no_repeat=True)
    assert refusal.value.details == {"a": 1}


def test_a_question_of_two_outcomes_goes_where_it_is_needed():
    pool = [candidate("both", "a", "b"), candidate("only-a", "a", exposure=99)]

    items = draw([cell("a", 1), cell("b", 1)], pool, SEED).items

    assert [(item.cell, item.question) for item in items] == [("a", "only-a"), ("b", "both")]


def test_a_fixed_question_and_its_enemies_are_left_out():
    pool = [
        candidate("fixed"),
        candidate("enemy", enemies=frozenset({"fixed"})),
        candidate("free"),
    ]

    assert drawn([cell("a", 1)], pool, SEED, fixed=["fixed"]) == {"free"}
    assert shortfalls([cell("a", 2)], pool, fixed=["fixed"]) == [Shortfall("a", 1)]


def test_enemies_are_kept_apart_along_the_chain():
    pool = [
        candidate("1", enemies=frozenset({"2"})),
        candidate("2", enemies=frozenset({"3"})),
        candidate("3"),
        candidate("4"),
    ]

    assert len(drawn([cell("a", 2)], pool, SEED) & {"1", "2", "3"}) == 1
    assert shortfalls([cell("a", 3)], pool) == [Shortfall("a", 1)]


def test_publishing_counts_each_attempt_where_nothing_may_be_repeated():
    pool = [candidate(str(number)) for number in range(5)]

    assert shortfalls([cell("a", 2)], pool, attempts=2, no_repeat=True) == []
    assert shortfalls([cell("a", 2)], pool, attempts=3, no_repeat=True) == [Shortfall("a", 1)]
    assert shortfalls([cell("a", 2)], pool, attempts=3) == []


def test_publishing_fears_that_an_earlier_attempt_took_the_shared_question():
    pool = [candidate("x", "a"), candidate("y", "a", "b"), candidate("z", "b"), candidate("w", "b")]
    cells = [cell("a", 1), cell("b", 1)]

    assert shortfalls(cells, pool) == []
    assert shortfalls(cells, pool, attempts=2, no_repeat=True) != []


pools = st.lists(
    st.builds(
        lambda outcomes, enemy: (outcomes, enemy),
        st.sets(st.sampled_from("abc"), min_size=1, max_size=2),
        st.integers(0, 15),
    ),
    min_size=3,
    max_size=14,
)
counts = st.lists(st.integers(1, 2), min_size=1, max_size=3)


@given(pools, counts, st.integers(1, 3), st.booleans())
def test_a_blueprint_that_may_be_published_never_fails_at_a_start(
    rows, wanted, attempts, no_repeat
):
    pool = [
        candidate(str(n), *outcomes, enemies=frozenset({str(enemy)} - {str(n)}))
        for n, (outcomes, enemy) in enumerate(rows)
    ]
    cells = [cell(outcome, count) for outcome, count in zip("abc", wanted, strict=False)]
    publishable = not shortfalls(cells, pool, attempts=attempts, no_repeat=no_repeat)

    met: set[str] = set()
    failed = False
    for number in range(attempts):
        now = [
            Candidate(
                question=one.question,
                outcomes=one.outcomes,
                enemies=one.enemies,
                seen=one.question in met,
            )
            for one in pool
        ]
        try:
            seed = attempt_seed(b"secret", str(number))
            met |= drawn(cells, now, seed, no_repeat=no_repeat)
        except DrawImpossible:
            failed = True
            break

    assert not (publishable and failed)
    if attempts == 1:
        assert publishable == (not failed)


def test_options_are_shuffled_by_attempt_and_place():
    content = questions.single(*["1"] + ["0"] * 5)
    orders = {
        option_order(content, attempt_seed(b"secret", str(attempt)), place)
        for attempt in range(20)
        for place in range(2)
    }

    assert len(orders) > 30
    assert all(sorted(order) == sorted(movable_ids(content)) for order in orders)


def test_pinned_options_stay_last_in_the_order_written():
    pinned = tuple(questions.option(number, pinned=True) for number in (8, 9))
    content = questions.multiple(options=(pinned[0], *questions.multiple().options, pinned[1]))

    for place in range(20):
        assert option_order(content, SEED, place)[-2:] == (pinned[0].id, pinned[1].id)


def test_true_and_false_are_never_shuffled_and_a_number_has_no_order():
    for place in range(20):
        assert option_order(questions.true_false(), SEED, place) == movable_ids(
            questions.true_false()
        )
    assert option_order(questions.numeric(), SEED, 0) == ()


def test_the_targets_of_a_matching_are_shuffled():
    content = questions.matching(4, 6)
    orders = {option_order(content, SEED, place) for place in range(20)}

    assert len(orders) > 15
    assert {frozenset(order) for order in orders} == {frozenset(movable_ids(content))}


def test_half_of_the_persons_take_the_forms_in_reverse_and_quizzes_differ():
    persons = [str(number) for number in range(400)]
    reversed_here = [crosses(person=one, quiz="q") for one in persons]

    assert 150 < sum(reversed_here) < 250
    assert reversed_here == [crosses(person=one, quiz="q") for one in persons]
    assert reversed_here != [crosses(person=one, quiz="r") for one in persons]


@pytest.mark.parametrize(
    ("length", "common", "missing"), [(10, 5, 0), (10, 4, 1), (30, 5, 1), (30, 6, 0), (31, 6, 1)]
)
def test_two_forms_need_enough_in_common(length, common, missing):
    form_a = list(range(length))
    form_b = list(range(common)) + list(range(100, 100 + length - common))

    assert common_missing(form_a, form_b) == missing


def test_a_draw_lists_its_items_cell_by_cell():
    pool = [candidate(f"{outcome}{n}", outcome) for outcome in "ab" for n in range(4)]
    cells = [cell("b", 2), cell("a", 2)]

    assert [item.cell for item in draw(cells, pool, SEED).items] == ["b", "b", "a", "a"]
