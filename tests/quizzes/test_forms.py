"""Two forms of one quiz: enough in common to compare, crossed between before and after."""

import pytest

from quizzes import delivery, overview
from quizzes.models.assignments import Phase
from tests.given import make_member
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

pytestmark = pytest.mark.django_db
PHASES = {"pre": "A", "post": "B"}


@pytest.fixture
def bank(cast):
    return [made.published_question(cast, f"soal-{n}", questions.single()) for n in range(8)]


def taken(quiz, person, phase):
    """The person's attempt of this phase, begun and handed in."""
    attempt, _new = delivery.start(made.assigned(quiz, person, phase=phase), person.account)
    return delivery.submit(attempt.uuid, taker=person).attempt


def test_half_of_the_persons_begin_with_the_other_form_and_all_take_both(cast, bank, regencies):
    quiz = made.published_quiz(
        cast, forms={"A": bank[:6], "B": bank[1:8]}, form_phases=PHASES, max_attempts=2
    )
    begun_with = set()
    for number in range(12):
        person = make_member(f"Orang {number}", regencies[0].health, email=f"o{number}@uji.test")
        before, after = (taken(quiz, person, phase) for phase in (Phase.PRE, Phase.POST))

        told = {one.assignment.pk: one.questions for one in overview.entries_of(person.account)}
        assert {before.form, after.form} == {"A", "B"}
        assert [told[one.assignment_id] for one in (before, after)] == [
            one.items.count() for one in (before, after)
        ]
        begun_with.add(before.form)

    assert begun_with == {"A", "B"}


def test_a_phase_that_crosses_nothing_gets_the_form_that_it_names(cast, bank):
    quiz = made.published_quiz(cast, forms={"A": bank, "B": bank}, form_phases={"pre": "B"})

    attempt, _new = delivery.start(
        made.assigned(quiz, cast.participant, phase=Phase.PRE), cast.participant.account
    )

    assert attempt.form == "B"


@pytest.mark.parametrize(
    ("forms", "problem"),
    [
        ({"A": slice(0, 4), "B": slice(4, 8)}, "forms_differ_too_much"),
        ({"A": slice(0, 6), "B": slice(2, 8)}, "forms_differ_too_much"),
        ({"A": slice(0, 8)}, "form_missing"),
    ],
)
def test_forms_that_cannot_be_compared_are_not_published(cast, bank, forms, problem):
    drawn = {form: bank[part] for form, part in forms.items()}

    with made.refused("not_publishable") as refusal:
        made.published_quiz(cast, forms=drawn, form_phases=PHASES)

    assert problem in str(refusal.value.details)
