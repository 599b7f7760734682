"""Where a quiz stands, in the same words on every page."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.utils import timezone
from django.utils.translation import override

from clinic.people.models import Account
from quizzes import assignments, delivery, overview
from quizzes.arithmetic.public_items import public_item, review_of
from quizzes.arithmetic.question_types import Tolerance
from quizzes.arithmetic.review_policy import EVERYTHING
from quizzes.assignments import Window
from quizzes.templatetags.quizzes import key_in_words
from quizzes.wording import number_read, standing_of
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

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
    delivery.submit(attempt.uuid)
    assert again(cast).word == "Selesai"


def _said(at):
    from clinic.lib.templatetags.ui import moment

    return moment(at)


@pytest.mark.parametrize(
    ("number", "indonesian", "english"),
    [
        (None, "", ""),
        (Fraction(1500), "Terbaca sebagai seribu lima ratus (1.500)", "read as: 1,500"),
        (Fraction("56.84"), "Terbaca sebagai 56,84", "read as: 56.84"),
        (Fraction(-3), "Terbaca sebagai minus tiga (-3)", "read as: -3"),
        (Fraction(1, 3), "Terbaca sebagai 1/3", "read as: 1/3"),
        (Fraction(10**30), f"Terbaca sebagai 1{'.000' * 10}", f"read as: 1{',000' * 10}"),
    ],
)
def test_a_number_is_read_out_in_words_where_there_are_any(number, indonesian, english):
    with override("id"):
        assert number_read(number) == indonesian
    with override("en"):
        assert number_read(number) == english


@pytest.mark.parametrize(
    ("value", "margin", "tolerance", "shown"),
    [
        ("80", "0.5", Tolerance.ABSOLUTE, "80; dari 79,5 sampai 80,5 juga tepat"),
        ("80", "0.05", Tolerance.RELATIVE, "80; dari 76 sampai 84 juga tepat"),
        ("1500", "0", Tolerance.ABSOLUTE, "1.500"),
        ("79.5", "80.5", Tolerance.RANGE, "dari 79,5 sampai 80,5"),
    ],
)
def test_a_key_with_a_tolerance_is_written_as_such(value, margin, tolerance, shown):
    content = questions.numeric(value, margin, tolerance=tolerance)
    item = public_item(content, order=(), language="id")
    key = review_of(content, None, sights=EVERYTHING, language="id").key

    with override("id"):
        assert key_in_words(item, key) == shown


def test_quizzes_of_earlier_years_stand_behind_a_link(cast, signed_in):
    _old, _found = standing(cast, opens=-500, closes=-400)
    Account.objects.update(date_joined=timezone.now() - timedelta(days=600))
    browser = signed_in(cast.participant.account)
    first, all_of_them = browser.get("/kuis/"), browser.get("/kuis/?semua=1")

    assert (len(first.context["entries"]), first.context["has_earlier"]) == (0, True)
    assert (len(all_of_them.context["entries"]), all_of_them.context["has_earlier"]) == (1, False)


def test_earlier_rounds_of_a_quiz_stand_behind_a_link(cast, signed_in):
    old, _found = standing(cast, opens=-500, closes=-400)
    Account.objects.update(date_joined=timezone.now() - timedelta(days=600))
    browser, place = signed_in(cast.participant.account), f"/kuis/{old.quiz.slug}/"

    def shown(query=""):
        page = browser.get(f"{place}{query}")
        assert page.context["title"] == "Kuis uji"
        rounds = {entry.assignment for entry, _facts, _review in page.context["entries"]}
        return rounds, page.context["has_earlier"]

    assert shown() == (set(), True)
    assert shown("?semua=1") == ({old}, False)
    assert f"{place}?semua=1" in browser.get("/kuis/?semua=1").content.decode()

    unit = cast.participant.memberships.get().unit
    new = assignments.assign(old.quiz, unit, actor=None)
    assert shown() == ({new}, True)
    assert shown("?semua=1") == ({old, new}, False)
