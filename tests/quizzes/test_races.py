"""Pairs of acts at one moment, each through its own connection (R3, Q2, Q5, Q7, Q9)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from quizzes import delivery
from quizzes.arithmetic.saving import SaveEvent, SaveOutcome
from quizzes.models import Attempt, AttemptEvent, Credit, ResponseEvent
from tests.quizzes import made

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Run the acts at one moment, each in a thread with its own connection."""
    gate = threading.Barrier(len(acts))

    def run(act):
        try:
            gate.wait(10)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def save(attempt, value, *, client, seq=1, base_rev=0, now=None):
    event = SaveEvent(client_id=client, seq=seq, base_rev=base_rev, value=value)
    return lambda: delivery.save_response(attempt.uuid, 1, event, now=now).decision


def options_of(attempt):
    return [one.id for one in attempt.items.get(index=1).question_version.parsed.options]


def test_q02_twenty_starts_at_once_give_one_attempt(cast):
    given = made.assignment_of(cast.participant)
    account = cast.participant.account

    got = together(*[lambda: delivery.start(given, account)] * 20)

    assert {attempt.pk for attempt, _new in got} == set(
        Attempt.objects.values_list("pk", flat=True)
    )
    assert sum(is_new for _attempt, is_new in got) == 1
    assert AttemptEvent.objects.count() == 1


def test_two_tabs_saving_at_once_give_one_applied_and_one_conflict(cast):
    attempt = made.attempt_of(cast.participant)
    first, second, *_rest = options_of(attempt)

    got = together(save(attempt, first, client="a"), save(attempt, second, client="b"))

    assert sorted(one.outcome for one in got) == [SaveOutcome.APPLIED, SaveOutcome.CONFLICT]
    applied = next(one for one in got if one.outcome is SaveOutcome.APPLIED)
    response = attempt.items.get(index=1).response
    assert (response.rev, response.value) == (1, applied.value)
    assert ResponseEvent.objects.count() == 2


def test_q09_one_save_sent_ten_times_at_once_counts_once(cast):
    attempt = made.attempt_of(cast.participant)
    value = options_of(attempt)[0]

    got = together(*[save(attempt, value, client="a")] * 10)

    assert {one.outcome for one in got} == {SaveOutcome.APPLIED}
    assert {one.rev for one in got} == {1}
    assert ResponseEvent.objects.count() == 1


def test_q07_submit_and_expiry_at_once_give_one_finish_and_one_set_of_credits(cast):
    person = cast.participant
    version = made.published_quiz(cast, minutes=5)
    attempt, _new = delivery.start(made.assigned(version, person), person.account)
    late = attempt.deadline_at + delivery.GRACE + timedelta(seconds=1)

    together(
        lambda: delivery.submit(attempt.uuid),
        lambda: delivery.expire(attempt.uuid, now=late),
        lambda: delivery.submit(attempt.uuid),
        lambda: delivery.expire_due(now=late),
    )

    finishes = AttemptEvent.objects.exclude(kind="start")
    assert finishes.count() == 1
    attempt.refresh_from_db()
    assert attempt.state == {"submit": "submitted", "expire": "expired"}[finishes.get().kind]
    assert Credit.objects.count() == attempt.items.count()


def test_a_save_beside_a_submit_is_either_scored_or_late(cast):
    attempt = made.attempt_of(cast.participant)
    key = made.key_of(attempt.items.get(index=1).question_version.parsed)

    saved, _done = together(save(attempt, key, client="a"), lambda: delivery.submit(attempt.uuid))

    assert saved.outcome in {SaveOutcome.APPLIED, SaveOutcome.LATE}
    assert Credit.objects.get().share == (1 if saved.outcome is SaveOutcome.APPLIED else 0)
