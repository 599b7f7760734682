"""Laws P1, P2, P4, P12 and P13 of the quizzes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic.numbers import format_id, parse_number, parse_quantity
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.deadlines import (
    NO_ALLOWANCE,
    Allowance,
    TimeRules,
    deadline,
    most_generous,
)
from quizzes.arithmetic.grading import credit
from quizzes.arithmetic.question_types import FULL, SingleChoice, Tolerance
from quizzes.arithmetic.review_policy import (
    AttemptPhase,
    AttemptSight,
    ItemSight,
    Sight,
    Viewer,
    review_policy,
)
from tests.quizzes.arithmetic import questions

typed_decimals = st.integers(-(10**12) + 1, 10**12 - 1).flatmap(
    lambda digits: st.integers(0, 11).map(lambda places: Decimal(digits).scaleb(-places))
)


@st.composite
def answered_multiples(draw_from, which=questions.rules):
    content = draw_from(questions.multiples(which))
    ids = [option.id for option in content.options]
    return content, draw_from(st.lists(st.sampled_from(ids), unique=True))


def earned(content, raw):
    return credit(content, parse_value(content, raw))


@given(answered_multiples(), st.randoms())
def test_p1_the_order_of_options_and_ticks_changes_no_credit(answered, random):
    content, ticks = answered
    options, shuffled = list(content.options), list(ticks)
    random.shuffle(options)
    random.shuffle(shuffled)

    assert earned(replace(content, options=tuple(options)), shuffled) == earned(content, ticks)


@given(questions.singles(), st.randoms())
def test_p1_the_order_of_single_options_changes_no_credit(content, random):
    options = list(content.options)
    random.shuffle(options)
    turned = replace(content, options=tuple(options))

    for option in options:
        assert earned(turned, option.id) == earned(content, option.id) == option.credit


@given(st.integers(2, 5), st.integers(0, 2), st.randoms())
def test_p1_the_order_of_prompts_and_targets_changes_no_credit(prompts, extra, random):
    content = questions.matching(prompts, prompts + extra)
    rows, targets = list(content.prompts), list(content.targets)
    assigned = [target.id for target in targets]
    random.shuffle(assigned)
    answer = {row.id: target for row, target in zip(rows, assigned, strict=False)}
    random.shuffle(rows)
    random.shuffle(targets)
    turned = replace(content, prompts=tuple(rows), targets=tuple(targets))

    assert earned(turned, answer) == earned(content, answer)


@given(answered_multiples(questions.paying_partly))
def test_p1_a_right_tick_never_lowers_and_a_wrong_tick_never_raises(answered):
    content, ticks = answered
    before = earned(content, ticks)

    for option in content.options:
        if option.id not in ticks:
            after = earned(content, [*ticks, option.id])
            assert after >= before if option.credit == FULL else after <= before


@given(answered_multiples())
def test_p1_credit_stays_between_nothing_and_everything(answered):
    assert 0 <= earned(*answered) <= 1


@given(questions.multiples(st.just(questions.MultipleRule.BALANCED)))
def test_p2_ticking_all_earns_nothing_when_balanced(content):
    assert earned(content, [option.id for option in content.options]) == 0


@given(st.booleans(), st.integers(0, 1))
def test_p2_true_false_is_a_single_choice_of_two(answer, place):
    judged = questions.true_false(answer=answer)
    single = SingleChoice(stem=judged.stem, options=judged.options)
    chosen = judged.options[place].id

    assert earned(judged, chosen) == earned(single, chosen)


@given(typed_decimals)
def test_p4_a_number_written_the_indonesian_way_reads_as_itself(value):
    assert parse_number(format_id(value)) == value
    assert parse_quantity(f"{format_id(value)} %", units=("%",)) == Fraction(value)


@given(st.fractions(max_denominator=9999))
def test_p4_any_exact_number_reads_back_where_fractions_are_allowed(value):
    assert parse_quantity(format_id(value), fraction=True) == value


widths = st.decimals(0, 50, places=2, allow_nan=False)
keys = st.decimals(-500, 500, places=2, allow_nan=False)
distance_kinds = st.sampled_from([Tolerance.ABSOLUTE, Tolerance.RELATIVE])


@given(keys, widths, distance_kinds, st.decimals(0, 600, places=2, allow_nan=False))
def test_p4_an_interval_is_symmetric(key, width, kind, step):
    answer = questions.numeric(str(key), str(width), tolerance=kind).answers[0]
    centre, away = Fraction(key), Fraction(step)

    assert answer.holds(centre)
    assert answer.holds(centre + away) == answer.holds(centre - away)


@given(keys, widths, widths, distance_kinds, keys)
def test_p4_a_wider_tolerance_never_lowers_credit(key, width, more, kind, typed):
    raw = {"raw": format_id(typed)}
    narrow = questions.numeric(str(key), str(width), tolerance=kind)
    wide = questions.numeric(str(key), str(width + more), tolerance=kind)

    assert earned(narrow, raw) <= earned(wide, raw)


NOW = datetime(2026, 5, 25, 4, 0, tzinfo=UTC)
moments = st.none() | st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))
attempts = st.builds(
    AttemptSight,
    phase=st.sampled_from(list(AttemptPhase)),
    in_progress=st.booleans(),
    voided=st.booleans(),
    may_retake=st.booleans(),
    closes_at=moments,
    release_at=moments,
    still_asked=st.booleans(),
    post_closes_at=moments,
)
items = st.builds(
    ItemSight,
    checked=st.booleans(),
    key_opened=st.booleans(),
)
viewers = st.builds(
    Viewer, is_taker=st.booleans(), sees_keys=st.booleans(), has_open_attempt=st.booleans()
)


@given(viewers, attempts, items)
def test_p12_what_is_seen_depends_on_the_arguments_only(viewer, attempt, item):
    first = review_policy(viewer, attempt, item, NOW)

    assert first == review_policy(replace(viewer), replace(attempt), replace(item), NOW)
    assert first <= frozenset(Sight)


@given(attempts, items)
def test_p12_a_taker_sees_no_more_than_staff(attempt, item):
    taker = review_policy(Viewer(is_taker=True), attempt, item, NOW)
    staff = review_policy(Viewer(is_taker=False, sees_keys=True), attempt, item, NOW)

    assert taker <= staff


@given(st.booleans(), attempts, items)
def test_p12_an_open_attempt_shows_no_key(sees_keys, attempt, item):
    viewer = Viewer(is_taker=True, sees_keys=sees_keys, has_open_attempt=True)
    seen = review_policy(viewer, replace(attempt, in_progress=True), item, NOW)

    assert Sight.KEY not in seen
    if not (attempt.phase is AttemptPhase.PRACTICE and item.checked):
        assert seen <= {Sight.OWN_RESPONSE}


@given(attempts, items, st.integers(0, 100))
def test_p12_what_a_finished_attempt_shows_never_shrinks_with_time(attempt, item, hours):
    attempt = replace(attempt, in_progress=False)
    viewer = Viewer(is_taker=True)
    later = NOW + timedelta(hours=hours)

    assert review_policy(viewer, attempt, item, NOW) <= review_policy(viewer, attempt, item, later)


minutes = st.integers(0, 240).map(lambda number: timedelta(minutes=number))
allowances = st.builds(
    Allowance,
    extra=minutes,
    multiplier=st.fractions(1, 3, max_denominator=12),
    closes_at=moments,
    extra_attempts=st.integers(0, 3),
)
time_rules = st.builds(TimeRules, limit=st.none() | minutes, closes_at=moments)


@given(time_rules, st.lists(allowances, max_size=4), st.randoms())
def test_p13_extensions_give_the_larger_of_all_in_any_order(rules, granted, random):
    one_by_one = reduce(lambda held, new: most_generous([held, new]), granted, NO_ALLOWANCE)
    shuffled = list(granted)
    random.shuffle(shuffled)

    assert most_generous(shuffled) == most_generous(granted) == one_by_one
    assert deadline(NOW, rules, most_generous(shuffled)) == deadline(NOW, rules, one_by_one)


@given(time_rules, allowances, allowances)
def test_p13_an_extension_never_shortens(rules, held, new):
    ends = [
        deadline(NOW, rules, allowance)
        for allowance in (NO_ALLOWANCE, held, most_generous([held, new]))
    ]

    assert ends == [None] * 3 or None not in ends
    if None not in ends:
        assert ends == sorted(ends)


@given(time_rules, minutes, minutes)
def test_p13_extending_twice_is_extending_once_by_the_larger(rules, first, second):
    twice = most_generous([Allowance(extra=first), Allowance(extra=second)])

    assert deadline(NOW, rules, twice) == max(
        deadline(NOW, rules, Allowance(extra=first)),
        deadline(NOW, rules, Allowance(extra=second)),
        key=lambda end: (end is not None, end),
    )
