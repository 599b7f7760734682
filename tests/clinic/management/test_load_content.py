"""``load_content``: what the product brings, into a region of real people (U122)."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from clinic.assessments import frameworks
from clinic.assessments.models import Outcome, OutcomeLink
from clinic.management import content_loading
from clinic.people.models import Account
from clinic.records import shipped
from clinic.records.shipped import Settled
from courses.models import ModuleEdition, ModulePage, Regulation, ReviewRequest, StandardPage
from quizzes import authoring
from quizzes.models import Question, QuestionVersion, QuizVersion, VersionState
from tests.clinic.management.content_files import (
    MODULES,
    OUTCOMES,
    QUESTIONS,
    QUIZZES,
    REGULATIONS,
    TERMS,
)
from tests.replaying import Recording


def load_editions():
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text(encoding="utf-8"))


def run(*arguments):
    """Return the exit code and the object of the last line."""
    out, code = StringIO(), 0
    try:
        call_command("load_content", *arguments, "--json", stdout=out)
    except CommandError as error:
        code = error.returncode
    lines = out.getvalue().splitlines()
    return code, json.loads(lines[-1]) if lines else None


def counted(report, how):
    return {name: n for name, n in report["counts"].items() if name.endswith(f"_{how}") and n}


def load_everything():
    load_editions()
    assert run("--apply")[0] == 0


EVERYTHING = Recording(load_everything)


@pytest.fixture
def loaded(cast):
    """Everything is loaded as the cast's author."""
    EVERYTHING.play()
    return cast


ALL = {
    "regulations_added": len(REGULATIONS),
    "outcomes_added": len(OUTCOMES),
    "glossaries_added": 1,
    "questions_added": len(QUESTIONS),
    "quizzes_added": len(QUIZZES),
    "modules_added": len(MODULES),
}


@pytest.mark.django_db
class TestLoading:
    def test_u122_a_dry_run_says_what_would_come_and_writes_nothing(self, cast):
        load_editions()

        code, report = run()

        assert (code, report["ok"]) == (0, True)
        assert counted(report, "added") == ALL
        written = (Regulation, Outcome, StandardPage, Question, QuizVersion, ModulePage)
        assert [model.__name__ for model in written if model.objects.exists()] == []

    def test_all_arrives_and_waits_for_the_regions_own_reviewer(self, loaded):
        author = loaded.author.account
        assert QuestionVersion.objects.filter(
            state=VersionState.IN_REVIEW, created_by=author
        ).count() == len(QUESTIONS)
        assert QuizVersion.objects.filter(state=VersionState.DRAFT).count() == len(QUIZZES)
        assert ReviewRequest.objects.filter(
            state=ReviewRequest.State.WAITING, sent_by=author
        ).count() == len(MODULES)
        assert not ModuleEdition.objects.exists()
        assert OutcomeLink.objects.exists()
        page = Client().get("/istilah/")
        assert page.status_code == 200
        assert page.content.decode().count("<p") >= len(TERMS)

    def test_u122_a_second_time_nothing_changes(self, loaded):
        before = QuestionVersion.objects.count(), QuizVersion.objects.count()

        code, report = run("--apply")

        assert code == 0
        unchanged = {name.removesuffix("_unchanged") for name in counted(report, "unchanged")}
        assert unchanged == {name.removesuffix("_added") for name in ALL}
        assert counted(report, "added") == counted(report, "changed") == {}
        assert (QuestionVersion.objects.count(), QuizVersion.objects.count()) == before

    def test_u122_what_was_changed_here_is_kept_and_named(self, loaded, monkeypatch, tmp_path):
        rule = Regulation.objects.first()
        Regulation.objects.filter(pk=rule.pk).update(note="Catatan daerah.")
        outcome = Outcome.objects.first()
        Outcome.objects.filter(pk=outcome.pk).update(statement="Menilai dengan kata sendiri")
        version = QuestionVersion.objects.select_related("question", "outcome").first()
        draft = authoring.QuestionDraft(
            content=version.parsed,
            outcome=version.outcome,
            sources=[{"label": "Sumber daerah"}],
        )
        authoring.draft_question(version.question.slug, draft, actor=loaded.author.account)

        code, report = run("--apply")

        assert code == 0
        kept = {problem["where"] for problem in report["problems"]}
        assert kept == {
            f"regulations/{rule.slug}",
            f"outcomes/{outcome.slug}",
            f"questions/{version.question.slug}",
        }
        assert {problem["level"] for problem in report["problems"]} == {"warning"}
        rule.refresh_from_db()
        outcome.refresh_from_db()
        assert rule.note == "Catatan daerah."
        assert outcome.statement == "Menilai dengan kata sendiri"
        assert version.question.versions.count() == 2

    def test_u122_a_newer_text_replaces_what_nobody_changed(self, loaded, monkeypatch):
        read = content_loading._read

        def newer(path):
            text = read(path)
            if path.name == "regulations.toml":
                return text.replace("year = 2010", "year = 2011", 1)
            if path.name == "sdm.toml" and path.parent.name == "bank":
                return text.replace("difficulty = 2", "difficulty = 3", 1)
            return text

        monkeypatch.setattr(content_loading, "_read", newer)
        code, report = run("--apply")

        assert code == 0
        changed = counted(report, "changed")
        assert changed["regulations_changed"] == changed["questions_changed"] == 1
        assert Regulation.objects.get(slug="perpres-81-2010").year == 2011
        newest = QuestionVersion.objects.get(number=2)
        assert newest.state == VersionState.IN_REVIEW


@pytest.mark.django_db
class TestRefusing:
    def test_without_the_frameworks_nothing_is_loaded(self, cast):
        code, report = run("--apply")

        assert (code, report["ok"]) == (1, False)
        assert [problem["code"] for problem in report["problems"]] == ["framework_missing"]
        assert not Regulation.objects.exists()

    def test_who_is_no_author_owns_no_drafts(self, cast):
        load_editions()

        code, report = run("--apply", "--author", cast.participant.account.login_name)

        assert code == 1
        assert [problem["code"] for problem in report["problems"]] == ["not_an_author"]

    @pytest.mark.parametrize("named", [["--author", "tidak-ada@contoh.test"], []])
    def test_an_author_who_is_not_found_is_bad_usage(self, db, named):
        assert run("--apply", *named)[0] == 2
        assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("current", "written", "settled"),
    [
        (None, None, Settled.ADDED),
        ("new", "old", Settled.UNCHANGED),
        ("old", "old", Settled.CHANGED),
        ("own", "old", Settled.KEPT),
        ("own", None, Settled.KEPT),
    ],
)
def test_u122_only_what_stands_as_it_was_written_follows_the_new_text(current, written, settled):
    assert shipped.settle(shipped="new", current=current, written=written) == settled
