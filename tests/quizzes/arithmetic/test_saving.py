"""The steps of one save, in their order; interleavings stand in tests/laws."""

import pytest

from quizzes.arithmetic.deadlines import Timing
from quizzes.arithmetic.saving import (
    ItemState,
    LoggedSave,
    SaveDecision,
    SaveEvent,
    SaveOutcome,
    decide,
    may_submit,
    state_from_log,
)
from tests.quizzes.arithmetic import questions
from tests.quizzes.arithmetic.questions import uid

CONTENT = questions.single("0", "1", "0")
A, B, C = uid(1), uid(2), uid(3)


def state(**facts):
    return ItemState(
        **{"in_progress": True, "timing": Timing.IN_TIME, "rev": 2, "value": A} | facts
    )


def event(**facts):
    return SaveEvent(**{"client_id": "mine", "seq": 5, "base_rev": 2, "value": B} | facts)


def decided(the_state, the_event):
    decision = decide(the_state, the_event, content=CONTENT)
    return decision.outcome, decision.rev, decision.value


def test_a_save_on_the_current_revision_is_applied():
    decision = decide(state(), event(), content=CONTENT)

    assert (decision.outcome, decision.rev, decision.value) == (SaveOutcome.APPLIED, 3, B)
    assert decision.status == 200
    assert decision.is_stored


def test_a_save_on_an_older_revision_is_applied_if_only_its_own_client_wrote():
    mine = state(writers_since=frozenset({"mine"}))

    assert decided(mine, event(base_rev=0)) == (SaveOutcome.APPLIED, 3, B)


def test_a_save_that_does_not_know_another_clients_answer_is_a_conflict():
    both = state(writers_since=frozenset({"mine", "theirs"}))

    decision = decide(both, event(base_rev=0), content=CONTENT)

    assert (decision.outcome, decision.rev, decision.value) == (SaveOutcome.CONFLICT, 2, A)
    assert (decision.status, decision.code, decision.sent) == (409, "stale", B)
    assert decision.is_stored


def test_a_revision_that_the_server_never_gave_is_a_conflict():
    assert decided(state(), event(base_rev=9))[0] is SaveOutcome.CONFLICT


def test_a_save_overtaken_by_a_newer_one_of_its_client_changes_nothing():
    decision = decide(state(highest_seq=6), event(), content=CONTENT)

    assert (decision.outcome, decision.rev, decision.value) == (SaveOutcome.SUPERSEDED, 2, A)
    assert (decision.status, decision.sent) == (200, B)


@pytest.mark.parametrize(
    "facts",
    [{"in_progress": False}, {"timing": Timing.LATE}, {"in_progress": False, "value": None}],
)
def test_a_save_after_the_end_is_kept_as_late(facts):
    decision = decide(state(**facts), event(value="anything"), content=CONTENT)

    assert (decision.outcome, decision.status) == (SaveOutcome.LATE, 410)
    assert (decision.code, decision.sent) == ("attempt_closed", "anything")
    assert decision.is_stored


def test_a_save_in_grace_counts():
    assert decided(state(timing=Timing.IN_GRACE), event())[0] is SaveOutcome.APPLIED


def test_an_unreadable_value_is_refused_and_not_stored():
    decision = decide(state(), event(value=uid(9)), content=CONTENT)

    assert (decision.outcome, decision.status) == (SaveOutcome.REFUSED, 422)
    assert (decision.code, decision.details) == ("unknown_option", {"id": uid(9)})
    assert not decision.is_stored


@pytest.mark.parametrize("blank", [None, ""])
def test_an_answer_is_emptied_only_on_purpose(blank):
    guarded = decide(state(), event(value=blank), content=CONTENT)

    assert (guarded.code, guarded.status, guarded.value) == ("blank_without_clear", 422, A)
    assert decided(state(), event(value=blank, clear=True)) == (SaveOutcome.APPLIED, 3, None)
    assert decided(state(value=None), event(value=blank)) == (SaveOutcome.APPLIED, 3, None)


def test_a_repeat_is_answered_as_before_even_after_the_end():
    earlier = SaveDecision(outcome=SaveOutcome.APPLIED, rev=1, value=C, sent=C, repeated=True)
    ended = state(earlier=earlier, in_progress=False)

    decision = decide(ended, event(), content=CONTENT)

    assert decision == earlier
    assert not decision.is_stored


def row(client, seq, base_rev, **facts):
    return LoggedSave(client_id=client, seq=seq, base_rev=base_rev, **facts)


LOG = [
    row("mine", 1, 0, rev=1, value=A, outcome=SaveOutcome.APPLIED),
    row("theirs", 1, 1, rev=2, value=B, outcome=SaveOutcome.APPLIED),
    row("mine", 4, 1, rev=None, value=C, outcome=SaveOutcome.CONFLICT),
]


def read(the_event):
    return state_from_log(LOG, the_event, in_progress=True, timing=Timing.IN_TIME)


def test_the_log_tells_what_a_decision_needs():
    found = read(event(base_rev=1))

    assert (found.rev, found.value, found.highest_seq) == (2, B, 4)
    assert found.writers_since == {"theirs"}
    assert found.earlier is None


def test_a_repeated_save_gets_the_revision_it_made():
    found = read(event(seq=1)).earlier

    assert (found.outcome, found.rev, found.value, found.repeated) == (
        SaveOutcome.APPLIED,
        1,
        A,
        True,
    )


def test_a_repeated_conflict_shows_the_current_answer():
    found = read(event(seq=4)).earlier

    assert (found.outcome, found.status, found.rev, found.value) == (
        SaveOutcome.CONFLICT,
        409,
        2,
        B,
    )


def test_a_conflict_stops_a_hand_in_but_not_the_end_of_time():
    taken = decide(state(), event(), content=CONTENT)
    stale = decide(state(), event(base_rev=9), content=CONTENT)
    unreadable = decide(state(), event(value=7), content=CONTENT)

    assert may_submit([taken], timed_out=False)
    assert may_submit([], timed_out=False)
    assert not may_submit([taken, stale], timed_out=False)
    assert not may_submit([unreadable], timed_out=False)
    assert may_submit([taken, stale, unreadable], timed_out=True)
