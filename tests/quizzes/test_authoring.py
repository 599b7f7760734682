"""Drafting, review and publication; the shipped bank goes through the same door."""

import tomllib
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from clinic.assessments import outcome_links
from quizzes import authoring
from quizzes.models import Question, QuestionVersion, QuizVersion, VersionState
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

CONTENT = Path("clinic/management/content")


def draft(cast, slug="soal-uji", **changes):
    fields = {
        "content": questions.single(),
        "outcome": made.outcome(),
        "sources": [dict(made.SOURCE)],
    }
    return authoring.draft_question(
        slug, authoring.QuestionDraft(**fields | changes), actor=cast.author.account
    )


def test_a_version_is_published_by_another_person_only(cast):
    version = draft(cast)
    with made.refused("not_publishable"):
        authoring.publish(version, actor=cast.reviewer.account)
    authoring.send_to_review(version, actor=cast.author.account)
    with pytest.raises((PermissionDenied, Http404)):
        authoring.publish(version, actor=cast.author.account)

    authoring.publish(version, actor=cast.reviewer.account)

    stored = QuestionVersion.objects.get()
    assert stored.state == VersionState.PUBLISHED
    assert stored.reviewed_by == cast.reviewer.account


def test_a_reviewer_who_is_an_author_too_does_not_publish_own_work(cast):
    from clinic.people import granting
    from tests.given import Role

    granting.grant(cast.author, Role.REVIEWER, actor=cast.admin.account)
    version = draft(cast)
    authoring.send_to_review(version, actor=cast.author.account)

    with made.refused("second_person"):
        authoring.publish(version, actor=cast.author.account)


def test_a_question_without_source_or_explanation_stays_a_draft(cast):
    no_source = draft(cast, "tanpa-sumber", sources=[])
    with made.refused("not_publishable") as refusal:
        authoring.send_to_review(no_source, actor=cast.author.account)
    assert refusal.value.details == {"problems": ["source_missing"]}


def test_a_practice_question_never_stands_in_a_quiz(cast):
    shown = made.published_question(cast, "latihan", questions.single(), use="practice")
    with made.refused("not_publishable") as refusal:
        made.published_quiz(cast, versions=[shown])
    assert refusal.value.details == {"problems": ["practice_question"]}


def test_q01_what_is_out_never_changes(cast):
    quiz = made.published_quiz(cast)
    version = QuestionVersion.objects.first()

    version.content["stem"] = {"id": "Lain"}
    with made.refused("version_locked"):
        version.save()
    with made.refused("version_locked"):
        QuestionVersion.objects.update(content={})
    with made.refused("version_locked"):
        version.delete()
    with made.refused("version_locked"):
        QuizVersion.objects.update(minutes=5)
    slot = quiz.slots.first()
    slot.points = 9
    with made.refused("version_locked"):
        slot.save()
    with made.refused("version_locked"):
        slot.delete()


def test_a_new_version_retires_the_one_before_and_numbers_on(cast):
    first = made.published_question(cast, "soal", questions.single())
    second = made.published_question(cast, "soal", questions.single("1", "0"))

    first.refresh_from_db()
    assert (first.state, second.state) == (VersionState.RETIRED, VersionState.PUBLISHED)
    assert (first.number, second.number) == (1, 2)


@pytest.fixture
def outcomes(db):
    return outcome_links.load_outcomes((CONTENT / "outcomes.toml").read_text())


def test_the_shipped_bank_loads_whole_and_loading_again_writes_nothing(cast, outcomes):
    paths = sorted(path for path in (CONTENT / "bank").glob("*.toml") if path.stem != "blueprint")
    files = [path.read_text() for path in paths]
    blueprint = (CONTENT / "bank" / "blueprint.toml").read_text()
    people = {"author": cast.author.account, "reviewer": cast.reviewer.account}

    count = authoring.load_bank(files, blueprint, **people)

    written = sum(len(tomllib.loads(text)["question"]) for text in files)
    assert (count.questions, count.quizzes) == (written, 3)
    assert QuestionVersion.objects.published().count() == written
    assert authoring.load_bank(files, blueprint, **people) == authoring.BankCount(0, 0)
    forms = {
        version.quiz.slug: sorted(set(version.slots.values_list("form", flat=True)))
        for version in QuizVersion.objects.published()
    }
    assert forms == {slug: ["A", "B"] for slug in ("kuis-pengawasan", "kuis-rb", "kuis-zi")}
    pinned = {
        version.question.slug: {option.pinned for option in version.parsed.options}
        for version in QuestionVersion.objects.filter(
            question__slug__in=("akun-tanda-tangan", "akun-skala-bb", "umum-usulan-zi")
        ).select_related("question")
    }
    assert pinned == {
        "akun-tanda-tangan": {True},  # letters of the sheet
        "akun-skala-bb": {True},  # another ladder
        "umum-usulan-zi": {False},
    }


def test_a_reworded_file_gives_a_new_version_with_the_old_option_ids(cast, outcomes):
    text = (CONTENT / "bank" / "akuntabilitas.toml").read_text()
    people = {"author": cast.author.account, "reviewer": cast.reviewer.account}
    authoring.load_bank([text], **people)
    earlier = QuestionVersion.objects.get(question__slug="akun-tanda-tangan").parsed

    changed = text.replace("Huruf apa yang sesuai?", "Huruf mana yang sesuai?", 1)
    count = authoring.load_bank([changed], **people)

    assert count.questions == 1
    question = Question.objects.get(slug="akun-tanda-tangan")
    later = question.versions.published().get().parsed
    assert [one.id for one in later.options] == [one.id for one in earlier.options]
