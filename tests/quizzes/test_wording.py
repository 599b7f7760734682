"""Where a quiz stands, in the same words on every page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from quizzes import assignments, delivery, overview
from quizzes.assignments import Window
from quizzes.models import Attempt
from quizzes.wording import standing_of
from tests.quizzes import made

pytestmark = pytest.mark.django_db


def standing(cast, *, opens, closes):
    version = made.published_quiz(cast, max_attempts=1)
    now = timezone.now()
    window = Window(opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=closes))
    given = assignments.assign(version.quiz, cast.participant, actor=None, window=window)
    (entry,) = overview.entries_of(cast.participant.account)
    return given, standing_of(entry)


def again(cast):
    (entry,) = overview.entries_of(cast.participant.account)
    return standing_of(entry)


def test_one_that_opens_later_says_when(cast):
    given, found = standing(cast, opens=3, closes=5)
    assert found.word == "Dibuka " + _said(given.opens_at)


def test_one_that_was_missed_is_closed_and_says_so(cast):
    _given, found = standing(cast, opens=-3, closes=-1)
    assert (found.state, found.word) == ("stopped", "Sudah ditutup")


def test_one_that_can_be_taken_goes_from_not_started_over_under_way_to_finished(cast):
    given, found = standing(cast, opens=-1, closes=1)
    assert found.word == "Belum mulai"
    attempt, _is_new = delivery.start(given, cast.participant.account)
    assert again(cast).word == "Sedang dikerjakan"
    delivery.submit(attempt.uuid, among=Attempt.objects.all())
    assert again(cast).word == "Selesai"


def _said(at):
    from clinic.lib.templatetags.ui import moment

    return moment(at)
