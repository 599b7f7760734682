"""No answer that was handed in is missing from a finding, whatever happens at the commit (D6)."""

import subprocess
import sys
import threading

import pytest
from django.db import connection, transaction

from clinic.insights.models import Finding
from quizzes import delivery
from quizzes.models import Attempt
from tests.clinic.insights import made
from tests.given import make_member
from tests.processes import ROOT, environment, wait_until

KILLS = 12
QUESTIONS = 3
CURRENT_WITHIN = 30  # seconds


@pytest.fixture
def world(cast, regencies):
    """One office with a sheet and a short quiz on its weak area."""
    edition, home = made.zi(), regencies[0]
    made.sheet(home.district, edition, strength=0.2)
    return edition, made.quiz(cast, number=QUESTIONS), home


def answers_in(world):
    """How many answers the finding of the district counts; None before there is a finding."""
    rows = Finding.objects.filter(unit=world[2].district, area=made.AREA, edition=world[0])
    return rows.values_list("answers", flat=True).first()


def hand_in_and_wait(attempt, entered, may_commit):
    try:
        with transaction.atomic():
            delivery.submit(attempt.uuid)
            entered.set()
            assert may_commit.wait(60)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_d06_claimed_between_two_commits_both_peoples_answers_count(world, cast):
    made.run_jobs()
    first, second = (
        made.answered(world[1], person, right=1) for person in (cast.participant, cast.colleague)
    )
    entered, may_commit = threading.Event(), threading.Event()
    late = threading.Thread(target=hand_in_and_wait, args=(second, entered, may_commit))
    late.start()
    assert entered.wait(60)
    delivery.submit(first.uuid)
    made.run_jobs()
    assert answers_in(world) == QUESTIONS
    may_commit.set()
    late.join()

    made.run_jobs()

    assert answers_in(world) == 2 * QUESTIONS


@pytest.mark.django_db(transaction=True)
def test_d06_killed_right_after_each_hand_in_the_finding_becomes_current(scheduler, world):
    quiz, home = world[1], world[2]
    persons = [
        make_member(f"Penjawab {n}", home.district, email=f"jawab-{n}@uji.test")
        for n in range(KILLS)
    ]
    attempts = [str(made.answered(quiz, person, right=1).uuid) for person in persons]
    wait_until(lambda: answers_in(world) is not None, 60, what="a first finding")
    assert answers_in(world) == 0

    done = subprocess.run(
        [sys.executable, "-m", "tests.dying_acts", "submit", *attempts],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.strip() == str(KILLS)
    assert Attempt.objects.filter(state=Attempt.State.SUBMITTED).count() == KILLS
    wait_until(
        lambda: answers_in(world) == KILLS * QUESTIONS,
        CURRENT_WITHIN,
        what="every answer in the finding",
    )
