"""CPU of one whole quiz, and what many at once need, each beside the bare application."""

import os
import time
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from scripts.bench import quiz
from scripts.bench.browser import Browser
from scripts.bench.figures import Figure, Spread, paired, percentile
from scripts.bench.pages import VIEW, bare_acts, batch, batch_length, measure_log_in
from scripts.bench.processes import MachineLoad, Server, cpu_seconds

AT_ONCE = 64
CORES = len(os.sched_getaffinity(0))
WARM = 4  # at once before anything counts, so that each process of the web has worked
VIEWS_EACH = 30  # of the bare application by each of as many people
BARE_VIEWS_A_QUIZ = 60
STEP_GOAL = 10
# Moodle 5.1 needed 24.9 s for 64 quizzes where a bare view took 39/35 ms CPU; a tenth of that.
MOODLE_SECONDS, MOODLE_VIEW_MS = 24.9, 39 / 35
WALL_GOAL = MOODLE_SECONDS / (MOODLE_VIEW_MS / 1000) / 10
LONGEST_ROUNDS = 300  # seconds; after them no further round begins
WAYS: dict[str, dict[str, Any]] = {
    "with script": {},
    "with script, slowly": {"pace": 60},  # each answer goes alone
    "plain forms": {"with_script": False},
}


def people_needed(runs: int, crowds: int) -> int:
    """Return how many take a quiz in all; nobody takes it twice."""
    return WARM + len(WAYS) * runs + AT_ONCE * crowds


def measure(
    ours: Server, bare: Server, participants: quiz.Participants, options: Namespace
) -> tuple[list[Figure], list[str]]:
    """Measure single quizzes, then many at once; return figures and remarks."""
    quiz.crowd(
        [participants.enter(ours.port) for _one in range(WARM)],
        lambda browser, steps: quiz.take(browser, participants.quiz, steps),
    )
    figures = [
        *_singles(ours, bare, participants, options.runs),
        measure_log_in(ours, bare, options.runs),
    ]
    rounds: list[Round] = []
    until = time.monotonic() + LONGEST_ROUNDS
    while len(rounds) < options.crowds and time.monotonic() < until:
        rounds.append(_round(ours, bare, participants))
    return [*figures, *_of_crowds(rounds)], _remarks(rounds)


def _singles(
    ours: Server, bare: Server, participants: quiz.Participants, runs: int
) -> list[Figure]:
    pairs: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    labels = {}
    with Browser(bare.port) as baseline:
        view = bare_acts(baseline)[VIEW]
        length = batch_length(bare, view)
        for _run in range(runs):
            for way, options in WAYS.items():
                cost = batch(bare, view, length)
                with participants.enter(ours.port) as person:
                    before = cpu_seconds(ours.web)
                    asked = quiz.take(person, participants.quiz, quiz.Steps(), **options)
                    pairs[way].append((cpu_seconds(ours.web) - before, cost))
                labels[way] = f"{asked} questions {way}, {person.requests} requests"
    return [
        paired(
            f"quiz-{slugify(way)}",
            labels[way],
            taken,
            BARE_VIEWS_A_QUIZ if WAYS[way].get("with_script", True) else None,
        )
        for way, taken in pairs.items()
    ]


@dataclass
class Round:
    """Many whole quizzes at once, with the bare application before.

    Attributes:
        view: CPU seconds of a bare view, one person alone.
        bare_steps: seconds of a bare view with as many people at work.
        web, behind: CPU seconds of all quizzes, the jobs that they caused included.
        driver: CPU seconds of this program meanwhile.
        others: share of the machine that other programs took, 0..1.
    """

    view: float
    bare_steps: list[float]
    crowd: quiz.Crowd
    web: float
    behind: float
    driver: float
    others: float

    @property
    def least(self) -> float:
        """Seconds that the quizzes would take on a machine that does nothing else."""
        return (self.web + self.behind + self.driver) / CORES


def _round(ours: Server, bare: Server, participants: quiz.Participants) -> Round:
    with Browser(bare.port) as baseline:
        view = bare_acts(baseline)[VIEW]
        cost = batch(bare, view, batch_length(bare, view))
    bare_crowd = quiz.crowd([Browser(bare.port) for _one in range(AT_ONCE)], _look)
    ours.settle()
    people = [participants.enter(ours.port) for _one in range(AT_ONCE)]
    behind = ours.behind()
    web_before, behind_before = cpu_seconds(ours.web), cpu_seconds(behind)
    driver, load = time.process_time(), MachineLoad()
    taken = quiz.crowd(people, lambda browser, steps: quiz.take(browser, participants.quiz, steps))
    driver = time.process_time() - driver
    web, meanwhile = cpu_seconds(ours.web) - web_before, cpu_seconds(behind) - behind_before
    others = load.others(web + meanwhile + driver)
    ours.settle()
    return Round(
        view=cost,
        bare_steps=bare_crowd.steps,
        crowd=taken,
        web=web,
        behind=cpu_seconds(behind) - behind_before,
        driver=driver,
        others=others,
    )


def _look(browser: Browser, steps: quiz.Steps) -> None:
    view = bare_acts(browser)[VIEW]
    for _one in range(VIEWS_EACH):
        with steps.step("view"):
            view()


def _of_crowds(rounds: list[Round]) -> list[Figure]:
    if not rounds:
        return []
    views = [percentile(one.bare_steps, 50) for one in rounds]
    steps = [percentile(one.crowd.steps, 95) for one in rounds]
    walls = [one.crowd.seconds for one in rounds]
    return [
        Figure(
            "crowd-wall",
            f"{AT_ONCE} quizzes at once: wall time in CPU of a bare view",
            "s",
            Spread.of(walls),
            Spread.of(wall / one.view for wall, one in zip(walls, rounds, strict=True)),
            WALL_GOAL,
        ),
        Figure(
            "crowd-least",
            f"the least it could take: CPU of all over {CORES} cores",
            "s",
            Spread.of(one.least for one in rounds),
            Spread.of(one.least / one.view for one in rounds),
        ),
        Figure(
            "crowd-step",
            "p95 of a step beside a bare view, both with 64 at work",
            "ms",
            Spread.of(steps).times(1000),
            Spread.of(step / view for step, view in zip(steps, views, strict=True)),
            STEP_GOAL,
        ),
        Figure(
            "crowd-bare-view",
            "a bare view with 64 at work, median",
            "ms",
            Spread.of(views).times(1000),
        ),
        paired(
            "crowd-web",
            "CPU of a quiz, web",
            [(one.web / AT_ONCE, one.view) for one in rounds],
            BARE_VIEWS_A_QUIZ,
        ),
        paired(
            "crowd-behind",
            "CPU of a quiz, worker and timer",
            [(one.behind / AT_ONCE, one.view) for one in rounds],
        ),
        Figure(
            "crowd-errors",
            "people who did not come to the end",
            "people",
            Spread.of(len(one.crowd.errors) for one in rounds),
            goal=0,
        ),
    ]


def _remarks(rounds: list[Round]) -> list[str]:
    said = [
        f"Goal of the wall time: {MOODLE_SECONDS} s (Moodle 5.1, 64 quizzes) / {MOODLE_VIEW_MS:.3f}"
        f" ms (CPU of a bare view there) / 10 = {WALL_GOAL:,.0f} bare views.",
    ]
    for one in rounds:
        said.append(
            f"{AT_ONCE} at once: {one.crowd.seconds:.1f} s wall, {one.web:.1f} s CPU of the web, "
            f"{one.behind:.1f} s behind it, {one.driver:.1f} s of this program; other programs "
            f"took {one.others:.0%} of the machine."
        )
        said += sorted(set(one.crowd.errors))[:3]
    return said
