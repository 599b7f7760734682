"""The table of what may be seen when, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from quizzes.arithmetic.review_policy import (
    EVERYTHING,
    AttemptPhase,
    AttemptSight,
    ItemSight,
    Sight,
    Viewer,
    review_policy,
)

NOW = datetime(2026, 5, 25, 4, 0, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
TAKER = Viewer(is_taker=True)
OWN = {Sight.OWN_RESPONSE}
PLAIN = ItemSight()
PRACTICE, PRE, POST, LIVE, NORMAL = (
    AttemptPhase.PRACTICE,
    AttemptPhase.PRE,
    AttemptPhase.POST,
    AttemptPhase.LIVE,
    AttemptPhase.NORMAL,
)


def seen(phase, *, item=PLAIN, viewer=TAKER, now=NOW, **facts):
    attempt = AttemptSight(phase=phase, **{"in_progress": False, "closes_at": AFTER} | facts)
    return review_policy(viewer, attempt, item, now)


@pytest.mark.parametrize("phase", list(AttemptPhase))
def test_during_an_attempt_only_the_own_response_shows(phase):
    assert seen(phase, in_progress=True) == OWN
    assert seen(phase, in_progress=True, closes_at=BEFORE) == OWN


def test_a_checked_practice_item_shows_feedback_but_no_key():
    shown = seen(PRACTICE, in_progress=True, item=ItemSight(checked=True))

    assert shown == OWN | {Sight.CORRECTNESS, Sight.OPTION_FEEDBACK, Sight.EXPLANATION}


@pytest.mark.parametrize("phase", [PRE, POST, LIVE, NORMAL])
def test_periksa_means_nothing_outside_practice(phase):
    assert seen(phase, in_progress=True, item=ItemSight(checked=True)) == OWN


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (PRACTICE, EVERYTHING),
        (PRE, OWN | {Sight.LANES}),
        (POST, OWN | {Sight.SCORE}),
        (NORMAL, OWN | {Sight.SCORE}),
        (LIVE, OWN),
    ],
)
def test_right_after_submit(phase, expected):
    assert seen(phase) == expected


def test_a_live_key_shows_when_the_trainer_opens_it():
    opened = ItemSight(key_opened=True)

    assert seen(LIVE, item=opened) == OWN | {Sight.KEY}
    assert seen(NORMAL, item=opened) == OWN | {Sight.SCORE}
    assert seen(LIVE, item=opened, in_progress=True) == OWN


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (PRACTICE, EVERYTHING),
        (PRE, OWN),
        (NORMAL, OWN | {Sight.SCORE, Sight.LANES}),
        (LIVE, OWN),
    ],
)
@pytest.mark.parametrize("closes_at", [BEFORE, AFTER, None])
def test_who_may_retake_sees_no_key_and_no_item_correctness(phase, expected, closes_at):
    shown = seen(phase, may_retake=True, closes_at=closes_at, post_closes_at=BEFORE)

    assert shown == expected


@pytest.mark.parametrize("phase", [PRACTICE, POST, LIVE, NORMAL])
def test_after_the_close_everything_shows(phase):
    assert seen(phase, closes_at=BEFORE) == EVERYTHING
    assert seen(phase, closes_at=NOW) == EVERYTHING


@pytest.mark.parametrize("phase", [PRE, POST, LIVE, NORMAL])
def test_q10_what_is_still_asked_keeps_the_key_closed(phase):
    shown = seen(phase, closes_at=BEFORE, post_closes_at=BEFORE, still_asked=True)

    assert Sight.KEY not in shown


def test_a_pre_test_waits_for_its_post_test():
    assert seen(PRE, closes_at=BEFORE) == OWN | {Sight.LANES}
    assert seen(PRE, closes_at=BEFORE, post_closes_at=AFTER) == OWN | {Sight.LANES}
    assert seen(PRE, closes_at=BEFORE, post_closes_at=BEFORE) == EVERYTHING


def test_a_graded_quiz_waits_for_its_release():
    assert Sight.KEY not in seen(NORMAL, closes_at=BEFORE, release_at=AFTER)
    assert Sight.KEY not in seen(NORMAL, closes_at=AFTER, release_at=BEFORE)
    assert seen(NORMAL, closes_at=BEFORE, release_at=BEFORE) == EVERYTHING


def test_a_quiz_without_an_end_never_shows_its_key():
    assert seen(NORMAL, closes_at=None) == OWN | {Sight.SCORE}


def test_q10_practice_on_what_is_still_asked_shows_the_own_response_alone():
    staff = Viewer(is_taker=False, sees_keys=True)

    assert seen(PRACTICE, still_asked=True) == OWN
    checked = ItemSight(checked=True)
    assert seen(PRACTICE, still_asked=True, in_progress=True, item=checked) == OWN
    assert seen(LIVE, still_asked=True, item=ItemSight(key_opened=True)) == OWN
    assert seen(PRACTICE, still_asked=True, viewer=staff) == EVERYTHING


def test_staff_sees_keys_by_permission_until_an_own_attempt_is_open():
    staff = Viewer(is_taker=False, sees_keys=True)
    busy = Viewer(is_taker=False, sees_keys=True, has_open_attempt=True)
    busy_taker = Viewer(is_taker=True, sees_keys=True, has_open_attempt=True)

    assert seen(NORMAL, in_progress=True, viewer=staff) == EVERYTHING
    assert seen(NORMAL, closes_at=BEFORE, viewer=busy) == set()
    assert seen(NORMAL, in_progress=True, viewer=busy_taker) == OWN


def test_a_stranger_sees_nothing():
    assert seen(PRACTICE, closes_at=BEFORE, viewer=Viewer(is_taker=False)) == set()


def test_a_voided_attempt_shows_the_own_response_only():
    assert seen(PRACTICE, voided=True, closes_at=BEFORE) == OWN
