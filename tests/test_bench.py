"""The bench's arithmetic, what it reads of /proc, and that its driver takes a whole quiz."""

import http.client
import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from django.conf import settings
from django.test import Client

from quizzes.models import Attempt
from scripts.bench import places, quiz
from scripts.bench.browser import Browser, Unexpected
from scripts.bench.figures import Figure, Spread, from_json, paired, percentile, table, to_json
from scripts.bench.processes import (
    KINDS,
    cpu_seconds,
    descendants,
    name_of,
    parse_machine,
    parse_pss,
    parse_stat,
    pss_mib,
)
from tests.processes import ROOT, wait_until
from tests.quizzes import made

STAT = "4711 (python (a) b) S 42 4711 4711 0 -1 4194560 9 8 7 6 150 25 3 2 20 0 5 0 99 1 2"


def test_a_stat_line_gives_the_parent_and_the_time_of_user_and_system():
    stat = parse_stat(STAT)

    assert (stat.parent, stat.ticks) == (42, 175)


def test_memory_is_the_proportional_share():
    assert (
        parse_pss("5-7 ---p 0 0:0 0 [rollup]\nRss: 2012 kB\nPss:   267 kB\nPss_Dirty: 9 kB\n")
        == 267
    )


def test_the_machine_worked_when_it_was_neither_idle_nor_waiting():
    assert parse_machine("cpu  10 1 5 80 4 0 0 0 7 7\ncpu0 1 1 1 1 1 1 1 1 0 0\n") == (16, 100)


def test_a_process_is_seen_with_its_time_memory_and_children():
    busy = "sum(range(9_000_000)); print(flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()

    assert child.pid in descendants(os.getpid())
    assert cpu_seconds([child.pid]) > 0.01
    assert pss_mib(child.pid) > 0.5

    child.communicate(b"\n")


@pytest.mark.parametrize("name", KINDS)
def test_a_process_is_known_by_its_name(name):
    program = f"from clinic.management.processes import name_process as n; n({name!r}); input()"
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE)
    wait_until(lambda: name_of(child.pid) == name, 20, what="its name")

    child.communicate(b"\n")


def test_a_spread_is_least_median_and_greatest():
    assert Spread.of([4, 1, 3, 2]) == Spread(1, 2.5, 4)
    assert Spread(1, 2, 3).times(10) == Spread(10, 20, 30)


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 5), (95, 10), (90, 9), (91, 10), (100, 10), (0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(percent, value):
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_a_ratio_is_taken_within_each_pair():
    slow_machine = [(0.010, 0.001), (0.040, 0.002), (0.060, 0.002)]
    figure = paired("key", "page", slow_machine, goal=20)

    assert (figure.ratio.least, figure.ratio.median) == pytest.approx((10, 20))
    assert figure.ratio.greatest == pytest.approx(30)
    assert figure.value.median == pytest.approx(40)
    assert figure.holds


@pytest.mark.parametrize(
    ("ratio", "goal", "holds"),
    [(None, None, None), (None, 5, True), (None, 4.9, False), (Spread(1, 2, 9), 4, True)],
)
def test_a_goal_is_compared_with_the_median_of_the_ratio_or_else_of_the_value(ratio, goal, holds):
    assert Figure("key", "label", "s", Spread(1, 5, 9), ratio, goal).holds is holds


def test_figures_come_back_from_json_and_stand_beside_those_of_another_run():
    figures = [
        Figure("a", "front page", "ms CPU", Spread(1, 2, 3), Spread(1, 1.5, 2), 3),
        Figure("b", "memory", "MiB", Spread(900, 1900, 3000), goal=450),
    ]
    before = from_json(json.loads(json.dumps(to_json(figures))))
    lines = table(figures, before).splitlines()

    assert list(before.values()) == figures
    assert lines[1].split()[-3:] == ["3.00", "yes", "1.50"]
    assert lines[2].split()[-3:] == ["450", "NO", "1,900"]


def test_a_database_that_was_not_made_for_the_bench_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/klinik")
    with pytest.raises(SystemExit):
        places.refuse_unfit_database()

    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/klinik_bench")
    places.refuse_unfit_database()


@pytest.fixture
def enter(cast, live_server):
    """Return a function that opens a taker's browser, with a quiz of every type of question."""
    made.assigned(made.published_quiz(cast), cast.participant)

    def opened(account=cast.participant.account):
        client = Client()
        client.force_login(account)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        port = live_server.thread.port
        return quiz.Participants("kuis-uji", [session]).enter(port)

    return opened


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("way", "requests"),
    [
        ({}, {"save": 3, "check": 1}),
        ({"pace": 60}, {"save": 5, "check": 1}),
        ({"with_script": False}, {"continue": 5}),
    ],
)
def test_the_driver_takes_a_whole_quiz(enter, way, requests):
    steps = quiz.Steps()
    with enter() as person:
        asked = quiz.take(person, "kuis-uji", steps, **way)

    attempt = Attempt.objects.get()
    answers = attempt.items.values_list("response__value", flat=True)
    assert (asked, attempt.state) == (5, Attempt.State.SUBMITTED)
    assert None not in answers
    names = [name for name, _seconds in steps.taken]
    begun_and_ended = {"list": 1, "start page": 1, "start": 1, "hand in": 1}
    assert Counter(names) == {**begun_and_ended, **requests}


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_saved_again_and_again(enter):
    with enter() as person:
        save = quiz.saving(person, quiz.begin(person, "kuis-uji"))
        for _one in range(3):
            save()

    assert Attempt.objects.get().items.get(index=1).response.rev == 3


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_to_no_end_of_a_crowd_is_counted(cast, enter):
    crowd = quiz.crowd(
        [enter(), enter(cast.stranger.account), Browser(1)],
        lambda person, steps: quiz.take(person, "kuis-uji", steps),
    )

    assert sorted(error.partition(":")[0] for error in crowd.errors) == [
        "ConnectionRefusedError",
        "Unexpected",
    ]
    assert Attempt.objects.get().state == Attempt.State.SUBMITTED
    assert len(crowd.steps) == 9  # eight of the one, the list of the stranger


def test_a_page_that_lacks_what_the_driver_needs_is_an_error():
    page = quiz.Answer("/kuis/", http.client.OK, b"<p>kosong</p>", "text/html", "")
    with pytest.raises(Unexpected):
        quiz.Attempt(page)
