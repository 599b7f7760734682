"""An installation that loaded an earlier bank, was answered, and then loads today's."""

from pathlib import Path

import pytest

from clinic.assessments import outcome_links
from quizzes import authoring, delivery
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Credit, QuestionVersion, QuizVersion, VersionState
from tests.quizzes import made

CONTENT = Path("clinic/management/content")
FIRST_BANK = Path(__file__).with_name("first_bank.toml").read_text(encoding="utf-8")
# Their first key was wrong or outdated, or another option could be defended as well.
CORRECTED = {
    "akun-skala-aa",
    "umum-usulan-zi",
    "umum-tema-2023",
    "dereg-daftar-saja",
    "akun-smart-uji",
    "akun-hasil-b",
}


def load(cast, *files):
    staff = {"author": cast.author.account, "reviewer": cast.reviewer.account}
    return authoring.load_bank(files, **staff)


def todays_files():
    paths = sorted((CONTENT / "bank").glob("*.toml"))
    return [path.read_text(encoding="utf-8") for path in paths if path.stem != "blueprint"]


def as_stored(model):
    return {row["id"]: row for row in model.objects.values()}


@pytest.fixture
def first(cast):
    outcome_links.load_outcomes((CONTENT / "outcomes.toml").read_text(encoding="utf-8"))
    load(cast, FIRST_BANK)
    return {one.question.slug: one for one in QuestionVersion.objects.select_related("question")}


@pytest.fixture
def quiz(cast, first):
    return made.published_quiz(cast, "kuis-lama", versions=list(first.values()))


@pytest.fixture
def attempt(cast, quiz):
    """Answered by the keys of its own versions, and handed in."""
    taker = cast.participant
    attempt, _new = delivery.start(made.assigned(quiz, taker), taker.account)
    for item in attempt.items.select_related("question_version"):
        value = made.key_of(item.question_version.parsed)
        event = SaveEvent(client_id="satu", seq=1, base_rev=0, value=value, clear=False)
        delivery.save_response(attempt.uuid, item.index, event, taker=taker)
    delivery.submit(attempt.uuid, taker=taker)
    return attempt


def test_u110_loading_a_newer_bank_rewrites_nothing_that_was_answered(cast, first, attempt):
    asked = dict(attempt.items.values_list("index", "question_version"))
    contents = {one.pk: (one.content, one.content_hash, one.sources) for one in first.values()}
    earned, quizzes = as_stored(Credit), as_stored(QuizVersion)
    assert earned

    load(cast, *todays_files())

    kept = QuestionVersion.objects.filter(pk__in=contents)
    assert {one.pk: (one.content, one.content_hash, one.sources) for one in kept} == contents
    assert {one.state for one in kept} == {VersionState.RETIRED}
    assert (as_stored(Credit), as_stored(QuizVersion)) == (earned, quizzes)
    assert dict(attempt.items.values_list("index", "question_version")) == asked


def test_each_corrected_question_gets_a_new_version_and_a_new_content(cast, first, quiz):
    load(cast, *todays_files())

    newest = QuestionVersion.objects.published().filter(question__slug__in=first)
    numbers = {one.question.slug: one.number for one in newest.select_related("question")}
    assert numbers == dict.fromkeys(first, 2)
    assert set(first) >= CORRECTED
    hashes = {one.content_hash for one in first.values()}
    assert hashes.isdisjoint(newest.values_list("content_hash", flat=True))
    # The quiz made of the earlier versions stays what it was until somebody publishes it anew.
    asked = set(quiz.slots.values_list("question_version", flat=True))
    assert asked == {one.pk for one in first.values()}


def test_a_question_that_left_the_files_stays_published_where_it_was_loaded(cast, first):
    gone = FIRST_BANK.replace('slug = "akun-skala-aa"', 'slug = "soal-yang-keluar"')
    load(cast, gone)

    load(cast, *todays_files())

    left = QuestionVersion.objects.published().get(question__slug="soal-yang-keluar")
    assert left.number == 1


def test_the_list_of_corrected_questions_is_the_one_of_the_documentation():
    page = Path("docs/explanation/question-bank.md").read_text(encoding="utf-8")
    assert {slug for slug in CORRECTED if f"`{slug}`" not in page} == set()
