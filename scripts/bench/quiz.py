"""One whole quiz as a browser takes it, alone and with many at once.

The protocol stands in ``begin``, ``Attempt``, ``Question`` and ``take`` alone; who measures does
not know it. It asks what the page's script asks: one page with all questions; requests with the
answers that a person of a given pace gives within the time that the script gathers them; none for
the next question; then the page where answers are looked over, and the hand-in.
"""

import http.client
import itertools
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scripts.bench.browser import Answer, Browser, Unexpected

LIST = "/kuis/"
ATTEMPT = "/kuis/pengerjaan/"
LONGEST_CROWD = 900  # seconds
NUMBERS = ("12,5", "13,5")
PACE = 10  # seconds over a question, of somebody quick
GATHER, TYPING = 12, 1.5  # seconds, as in quizzes/static/quizzes/attempt.js
TAG = re.compile(r"<(?:input|select|option)\b[^>]*>")
ATTRIBUTE = re.compile(r'([a-z_-]+)="([^"]*)"')

Fields = list[tuple[str, str]]


@dataclass
class Participants:
    """People who may take the quiz once each, by their session keys."""

    quiz: str
    sessions: list[str]

    def enter(self, port: int) -> Browser:
        """Open the browser of the next one."""
        return Browser(port, {"sessionid": self.sessions.pop()})


@dataclass
class Steps:
    """How long each step took for the person, in seconds."""

    taken: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step: from the click to the next page, or to the word "saved"."""
        began = time.perf_counter()
        yield
        self.taken.append((name, time.perf_counter() - began))


# --- the protocol -------------------------------------------------------------------------------
def begin(person: Browser, slug: str, steps: Steps | None = None) -> Answer:
    """Go from the list by the start page to the first question."""
    steps = steps or Steps()
    with steps.step("list"):
        page = person.get(LIST)
    with steps.step("start page"):
        page = person.get(page.find(f'href="({LIST}{slug}/)"'))
    with steps.step("start"):
        assignment = page.find(r'name="tugas"\s+value="([^"]+)"')
        return person.post(page.path, [*_token(page), ("tugas", assignment)])


class Attempt:
    """An attempt on its one page, with what the page's script knows."""

    def __init__(self, page: Answer) -> None:
        self.page = page
        told = page.find(r'(?s)<script id="semua-soal" type="application/json">(.*?)</script>')
        self.questions: list[dict[str, Any]] = json.loads(told)
        self.revisions = {one["index"]: one["rev"] for one in self.questions}
        self._seq = itertools.count(1)
        form = page.find(r'(?s)<form\s+method="post"\s+id="soal"(.*?)>\s*<input')
        self.sent = _attributes(form)

    def save(self, person: Browser, answers: Sequence[tuple[int, Any]]) -> None:
        """Save answers together, each with the index of its question."""
        events = [
            {
                "index": index,
                "client_id": "ukur",
                "seq": next(self._seq),
                "base_rev": self.revisions[index],
                "value": value,
                "clear": False,
            }
            for index, value in answers
        ]
        path = f"{self.sent['data-api']}/replay"
        told = person.send("POST", path, {"events": events}, self.page.token)
        for (index, _value), result in zip(answers, told["results"], strict=True):
            if result["outcome"] != "applied":
                raise Unexpected(f"{path}: {told}")
            self.revisions[index] = int(result["rev"])

    def gathered(self, pace: float) -> Iterator[list[tuple[int, Any]]]:
        """Yield the first answers of all questions as the script sends them together.

        The person is done with a question every ``pace`` seconds.
        """
        waiting: list[tuple[int, Any]] = []
        due = math.inf
        for number, question in enumerate(self.questions):
            now = number * pace
            if due <= now:
                yield waiting
                waiting, due = [], math.inf
            waiting.append((question["index"], answers_of(question)[0]))
            due = min(due, now + (TYPING if question["type"] == "numeric" else GATHER))
        yield waiting


def answers_of(question: dict[str, Any]) -> list[Any]:
    """Return what may be chosen, each as the script sends it; of a matching all rows together."""
    if question["type"] == "numeric":
        return [{"raw": number} for number in NUMBERS]
    if question["type"] == "matching":
        pairs = zip(question["prompts"], question["targets"], strict=False)
        return [{prompt[0]: target[0] for prompt, target in pairs}]
    ids = [option[0] for option in question["options"]]
    return [[one] for one in ids] if question["type"] == "multiple" else ids


class Question:
    """The page of one question as a browser without the script uses it.

    Attributes:
        fields: what a person who takes the first answer fills in.
    """

    def __init__(self, page: Answer) -> None:
        self.page = page
        form = page.find(r'(?s)(<form\s+method="post"\s+id="soal".*?)<details class="fold">')
        choices = _choices(form)
        is_matching = "<select" in form
        self.fields: Fields = choices if is_matching else choices[:1]
        if 'inputmode="decimal"' in form:
            self.fields = [("jawaban", NUMBERS[0])]

    def go_on(self, person: Browser) -> Answer:
        """Press "Save and continue"."""
        token, rev = (
            self.page.find(rf'name="{name}"\s+value="([^"]+)"') for name in ("token", "base_rev")
        )
        step = self.page.find(r'name="ke"\s+value="([^"]+)"')
        sent = [("base_rev", rev), ("token", token), *self.fields, ("ke", step)]
        return person.post(self.page.path, [*_token(self.page), *sent])


def take(
    person: Browser, slug: str, steps: Steps, *, with_script: bool = True, pace: float = PACE
) -> int:
    """Take the quiz from the list to the result, every question answered; return their number.

    Nothing waits: ``pace`` says only which answers go together.
    """
    page = begin(person, slug, steps)
    if with_script:
        attempt = Attempt(page)
        for answers in attempt.gathered(pace):
            with steps.step("save"):
                attempt.save(person, answers)
        with steps.step("check"):
            page = person.get(attempt.sent["data-check"])
        numbers = len(attempt.questions)
    else:
        numbers = 0
        while not page.path.endswith("/periksa/"):
            with steps.step("continue"):
                page = Question(page).go_on(person)
            numbers += 1
    with steps.step("hand in"):
        page = person.post(page.path, _token(page))
    if not page.path.startswith(ATTEMPT) or not page.path.endswith("/hasil/"):
        raise Unexpected(f"The hand-in led to {page.path}")
    return numbers


def saving(person: Browser, page: Answer) -> Callable[[], object]:
    """Return what saves an answer of the page's first question anew each time."""
    attempt = Attempt(page)
    question = attempt.questions[0]
    answers = itertools.cycle(answers_of(question))
    return lambda: attempt.save(person, [(question["index"], next(answers))])


def _token(page: Answer) -> Fields:
    return [("csrfmiddlewaretoken", page.token)]


def _choices(form: str) -> Fields:
    """Return each choice of the one field, or each select with the first that no other has."""
    pairs: Fields = []
    select = ""
    for tag in TAG.findall(form):
        told = _attributes(tag)
        if tag.startswith("<select"):
            select = told["name"]
        elif tag.startswith("<option"):
            is_free = told["value"] and told["value"] not in dict(pairs).values()
            if is_free and select not in dict(pairs):
                pairs.append((select, told["value"]))
        elif told.get("name") == "jawaban" and told.get("value"):
            pairs.append((told["name"], told["value"]))
    return pairs


def _attributes(tag: str) -> dict[str, str]:
    return dict(ATTRIBUTE.findall(tag))


# --- many at once -------------------------------------------------------------------------------
@dataclass
class Crowd:
    """What came of many people who began at the same moment.

    Attributes:
        seconds: from the first request to the last answer.
        steps: seconds of each step of everybody.
        errors: one line for each person who did not come to the end.
    """

    seconds: float = 0.0
    steps: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def crowd(browsers: list[Browser], work: Callable[[Browser, Steps], object]) -> Crowd:
    """Let everybody work at once, each on a thread of their own, until all have ended."""
    found, start = Crowd(), threading.Barrier(len(browsers) + 1)

    def one(browser: Browser) -> None:
        steps = Steps()
        start.wait()
        try:
            with browser:
                work(browser, steps)
        except (Unexpected, OSError, http.client.HTTPException) as error:
            found.errors.append(f"{type(error).__name__}: {error}")
        found.steps += [seconds for _name, seconds in steps.taken]

    threads = [threading.Thread(target=one, args=[each], daemon=True) for each in browsers]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join(max(0.0, began + LONGEST_CROWD - time.monotonic()))
    found.seconds = time.monotonic() - began
    found.errors += ["not at the end in time" for thread in threads if thread.is_alive()]
    return found
