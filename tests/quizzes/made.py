"""Quizzes for tests, made through the services: drafted, reviewed and published."""

from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from clinic.assessments import outcome_links
from clinic.lib.errors import Refused
from clinic.people.access import remembering_grants
from clinic.people.models import Person
from quizzes import assignments, authoring, delivery
from quizzes.models import Assignment, QuizVersion
from quizzes.models.assignments import Phase
from tests.quizzes.arithmetic import questions
from tests.replaying import Recording

SOURCE = {"label": "LKE ZI baris 16; Permenpan RB 90/2021", "edition": "zi-2021", "node": "A.I.1"}


@contextmanager
def refused(code):
    """The block is refused with this code."""
    with pytest.raises(Refused) as found:
        yield found
    assert found.value.code == code


def outcome(slug="pengawasan-uji", area="pengawasan"):
    return outcome_links.write_outcome(
        slug=slug, area=area, statement="Menilai contoh", statement_en="", order=1
    )


def published_question(cast, slug, content, *, use="quiz", sources=None):
    draft = authoring.QuestionDraft(
        content=content, outcome=outcome(), sources=sources or [dict(SOURCE)]
    )
    with remembering_grants():  # as in a request
        version = authoring.draft_question(slug, draft, actor=cast.author.account, use=use)
        authoring.send_to_review(version, actor=cast.author.account)
        authoring.publish(version, actor=cast.reviewer.account)
    return version


def contents():
    """One publishable question of each type, each with fresh ids."""
    return {
        "single": questions.single(),
        "multiple": questions.multiple(),
        "true-false": questions.true_false(),
        "numeric": questions.numeric("56.84"),
        "matching": questions.matching(),
    }


def published_quiz(cast, slug="kuis-uji", *, versions=None, forms=None, **rules):
    """A published quiz with one question of each type in form A, or with the forms given."""
    if versions is None and forms is None and not rules:
        return USUAL.play(cast, slug, ground=(cast.author.pk, cast.reviewer.pk, slug))
    return _published_quiz(cast, slug, versions=versions, forms=forms, **rules)


def _published_quiz(cast, slug, *, versions=None, forms=None, **rules):
    if forms is None:
        if versions is None:
            versions = [
                published_question(cast, f"{slug}-{name}", content)
                for name, content in contents().items()
            ]
        forms = {"A": versions}
    draft = authoring.QuizDraft(title="Kuis uji", forms=forms, **rules)
    version = authoring.draft_quiz(slug, draft, actor=cast.author.account)
    authoring.send_to_review(version, actor=cast.author.account)
    authoring.publish(version, actor=cast.reviewer.account)
    return version


USUAL = Recording(_published_quiz)


def assigned(version, to, *, phase=Phase.NORMAL, hours=2, **more):
    """The quiz assigned to a person, unit or event, open since yesterday, closing in some hours."""
    now = timezone.now()
    window = assignments.Window(
        opens_at=now - timedelta(days=1),
        closes_at=None if hours is None else now + timedelta(hours=hours),
    )
    return assignments.assign(version.quiz, to, actor=None, phase=phase, window=window, **more)


def _staff(name):
    """The one author or reviewer of whoever was cast."""
    return Person.objects.get(name=name)


def assignment_of(person):
    """A quiz of one question that is assigned to the person alone."""
    staff = SimpleNamespace(author=_staff("Penyusun"), reviewer=_staff("Pengulas"))
    slug = f"kuis-{person.pk}"
    version = QuizVersion.objects.published().filter(quiz__slug=slug).first()
    if version is None:
        question = published_question(staff, f"soal-{person.pk}", questions.single())
        version = published_quiz(staff, slug, versions=[question])
    given = Assignment.objects.filter(quiz=version.quiz, person=person).first()
    return given or assigned(version, person)


def attempt_of(person):
    """The person's attempt under way on such a quiz."""
    return delivery.start(assignment_of(person), person.account)[0]


def key_of(content):
    """The answer, as JSON, that earns everything."""
    match content.type_name:
        case "multiple":
            return sorted(one.id for one in content.options if one.credit == 1)
        case "numeric":
            return {"raw": f"{content.answers[0].value:f}".replace(".", ",")}
        case "matching":
            return {one.id: one.target for one in content.prompts}
        case _:
            return next(one.id for one in content.options if one.credit == 1)


def wrong_of(content):
    """An answer, as JSON, that earns nothing."""
    match content.type_name:
        case "multiple":
            return [next(one.id for one in content.options if one.credit == 0)]
        case "numeric":
            return {"raw": "1"}
        case "matching":
            targets = [prompt.target for prompt in content.prompts]
            shifted = [*targets[1:], targets[0]]
            return {one.id: other for one, other in zip(content.prompts, shifted, strict=True)}
        case _:
            return next(one.id for one in content.options if one.credit == 0)
