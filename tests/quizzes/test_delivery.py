"""Starting, saving, handing in, and the end by time."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from clinic.lib.errors import Refused
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from quizzes import delivery
from quizzes.arithmetic.saving import SaveEvent, SaveOutcome
from quizzes.delivery import CannotStart
from quizzes.models import Assignment, Attempt, Credit, Extension, ResponseEvent
from quizzes.models.assignments import Phase
from tests.attendance import made as clinics
from tests.quizzes import made


@pytest.fixture
def taker(cast):
    return cast.participant


@pytest.fixture
def quiz(cast):
    return made.published_quiz(cast, minutes=20)


@pytest.fixture
def attempt(quiz, taker):
    return delivery.start(made.assigned(quiz, taker), taker.account)[0]


def save(person, attempt, index, value, *, seq=1, base_rev=0, client="satu", now=None, clear=False):
    event = SaveEvent(client_id=client, seq=seq, base_rev=base_rev, value=value, clear=clear)
    found = delivery.save_response(attempt.uuid, index, event, taker=person, now=now)
    return found.decision


def answer_all(person, attempt, choose=made.key_of):
    for item in attempt.items.select_related("question_version"):
        save(person, attempt, item.index, choose(item.question_version.parsed))


def test_a_full_key_earns_everything_and_leads_to_one_job(attempt, taker, regencies):
    answer_all(taker, attempt)

    for _again in range(2):
        assert delivery.submit(attempt.uuid, taker=taker).is_finished

    assert [one.share for one in Credit.objects.current()] == [1] * 5
    entered = Job.objects.get()
    assert (entered.name, entered.key) == ("insights.refresh_unit", str(regencies[0].district.pk))
    assert list(attempt.events.values_list("kind", flat=True)) == ["start", "submit"]


def test_q03_the_attempt_is_pinned_and_d5_its_phase_is_the_assignments(cast, quiz, taker):
    given = made.assigned(quiz, taker, phase=Phase.PRE, setting="room")
    attempt, is_new = delivery.start(given, taker.account)

    assert is_new
    assert (attempt.phase, attempt.setting, attempt.quiz_version) == ("pre", "room", quiz)
    assert attempt.unit == taker.memberships.get().unit
    assert attempt.unit_name == attempt.unit.name
    assert attempt.deadline_at == attempt.started_at + timedelta(minutes=20)


def test_q02_a_second_start_returns_the_open_attempt(attempt, taker):
    again, is_new = delivery.start(attempt.assignment, taker.account)

    assert (again.pk, is_new) == (attempt.pk, False)


def test_q04_the_order_is_a_permutation_and_the_same_at_every_reading(attempt):
    for item in attempt.items.select_related("question_version"):
        content = item.question_version.parsed
        ids = [one.id for one in getattr(content, "options", getattr(content, "targets", ()))]
        assert sorted(item.option_order) == sorted(ids)


def test_q05_rev_counts_applied_saves_and_q09_a_repeat_counts_once(attempt, taker):
    content = attempt.items.get(index=1).question_version.parsed
    first, second = (option.id for option in content.options[:2])
    save(taker, attempt, 1, first)
    save(taker, attempt, 1, second, seq=2, base_rev=1)
    repeated = save(taker, attempt, 1, second, seq=2, base_rev=1)

    response = attempt.items.get(index=1).response
    assert (response.rev, response.value) == (2, second)
    assert (repeated.outcome, repeated.rev, repeated.repeated) == (SaveOutcome.APPLIED, 2, True)
    assert ResponseEvent.objects.count() == 2


def test_another_tab_does_not_overwrite_unseen(attempt, taker):
    content = attempt.items.get(index=1).question_version.parsed
    first, second = (option.id for option in content.options[:2])
    save(taker, attempt, 1, first)

    refused = save(taker, attempt, 1, second, client="dua")

    assert (refused.outcome, refused.status, refused.value) == (SaveOutcome.CONFLICT, 409, first)
    assert attempt.items.get(index=1).response.value == first
    assert ResponseEvent.objects.filter(outcome="conflict", value=second).exists()
    chosen = save(taker, attempt, 1, second, client="dua", seq=2, base_rev=1)
    assert chosen.outcome is SaveOutcome.APPLIED


def test_q07_nothing_counts_after_the_grace_and_what_was_saved_is_scored(attempt, taker):
    item = attempt.items.get(index=1)
    key = made.key_of(item.question_version.parsed)
    late = attempt.deadline_at + timedelta(seconds=31)
    save(taker, attempt, 1, key, now=attempt.deadline_at + timedelta(seconds=29))

    refused = save(
        taker, attempt, 2, made.key_of(attempt.items.get(index=2).question_version.parsed), now=late
    )

    assert refused.status == 410
    attempt.refresh_from_db()
    assert (attempt.state, attempt.finished_at) == ("expired", attempt.deadline_at)
    assert [one.share for one in Credit.objects.order_by("item__index")] == [1, 0, 0, 0, 0]
    assert ResponseEvent.objects.filter(in_grace=True).count() == 1
    assert ResponseEvent.objects.get(outcome="late").item.index == 2


def test_the_sweep_ends_what_nobody_opens_again(attempt):
    assert delivery.expire_due(now=attempt.deadline_at) == 0
    assert delivery.expire_due(now=attempt.deadline_at + timedelta(minutes=1)) == 1
    assert delivery.expire_due(now=attempt.deadline_at + timedelta(minutes=1)) == 0


def test_q08_an_unreadable_answer_is_told_and_not_stored(attempt, taker):
    assert save(taker, attempt, 1, "bukan-pilihan").code == "unknown_option"
    assert ResponseEvent.objects.count() == 0


def test_a_blank_never_overwrites_an_answer_unless_it_is_meant(attempt, taker):
    key = made.key_of(attempt.items.get(index=1).question_version.parsed)
    save(taker, attempt, 1, key)
    assert save(taker, attempt, 1, None, seq=2, base_rev=1).code == "blank_without_clear"
    assert save(taker, attempt, 1, None, seq=2, base_rev=1, clear=True).status == 200


@pytest.fixture
def seated(cast, quiz, taker):
    """The quiz of an event where the taker has a seat."""
    event = clinics.event_of(cast.organiser)
    clinics.joined(event, taker)
    return made.assigned(quiz, event)


def extended(cast, assignment, person, *, reason="Listrik padam", **more):
    return delivery.extend(assignment, person, actor=cast.organiser.account, reason=reason, **more)


def test_q15_an_extension_moves_the_deadline_later_and_never_earlier(cast, seated, taker):
    attempt, _new = delivery.start(seated, taker.account)
    before = attempt.deadline_at

    extended(cast, seated, taker, extra_minutes=15)
    extended(cast, seated, taker, extra_minutes=5)

    attempt.refresh_from_db()
    assert attempt.deadline_at == before + timedelta(minutes=15)
    assert attempt.events.filter(kind="extend").count() == 1
    with pytest.raises((PermissionDenied, Http404)):
        delivery.extend(seated, taker, actor=cast.admin.account, reason="Coba", extra_minutes=5)


def test_an_extension_before_the_start_gives_time_and_tries_until_it_ends(cast, seated, taker):
    given = extended(cast, seated, taker, extra_minutes=10, extra_attempts=1)
    first, _new = delivery.start(seated, taker.account)
    assert first.deadline_at == first.started_at + timedelta(minutes=30)
    delivery.submit(first.uuid, taker=taker)
    second, is_new = delivery.start(seated, taker.account)
    assert is_new

    delivery.end_extension(given, actor=cast.organiser.account)

    kept = Attempt.objects.get(pk=second.pk)
    assert (kept.is_open, kept.deadline_at) == (True, second.deadline_at)
    assert delivery.prospect(seated, taker).allowed == 1
    verbs = AuditEntry.objects.filter(subject=taker.pk).values_list("verb", flat=True)
    assert {"quiz.extend", "quiz.extension_end"} <= set(verbs)


def test_what_an_extension_must_hold(cast, seated, taker):
    cases = [
        (taker, {}, "nothing_granted"),
        (taker, {"closes_at": seated.closes_at}, "closing_not_later"),
        (cast.stranger, {"extra_minutes": 5}, "not_assigned"),
    ]
    for person, more, code in cases:
        with pytest.raises(Refused) as refusal:
            extended(cast, seated, person, **more)
        assert refusal.value.code == code
    assert not Extension.objects.exists()


def test_who_may_start_and_when(cast, quiz, taker):
    given = made.assigned(quiz, taker)
    with pytest.raises(Http404):
        delivery.start(given, cast.stranger.account)
    for moment, code in [
        (given.opens_at - timedelta(minutes=1), "not_open"),
        (given.closes_at, "closed"),
    ]:
        with pytest.raises(CannotStart) as refusal:
            delivery.start(given, taker.account, now=moment)
        assert refusal.value.code == code
    attempt, _new = delivery.start(given, taker.account)
    delivery.submit(attempt.uuid, taker=taker)
    with pytest.raises(CannotStart) as refusal:
        delivery.start(given, taker.account)
    assert refusal.value.code == "attempts_used"


def test_units_and_events_reach_their_people(cast, quiz, regencies, taker):
    now = timezone.localdate()
    by_unit = made.assigned(quiz, regencies[0].root)
    event = clinics.event_of(cast.organiser)
    by_event = made.assigned(quiz, event)

    def reached(person):
        return set(Assignment.objects.of_person(person, now))

    assert reached(taker) == {by_unit}
    clinics.joined(event, taker)
    assert reached(taker) == {by_unit, by_event}
    assert reached(cast.other_regency_official) == set()
