"""One whole quiz as a browser takes it, alone and with many at once.

The protocol stands in ``begin``, ``Question`` and ``take`` alone; who measures does not know it.
"""

import http.client
import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scripts.bench.browser import Answer, Browser, Unexpected

LIST = "/kuis/"
ATTEMPT = "/kuis/pengerjaan/"
LONGEST_CROWD = 900  # seconds
NUMBERS = ("12,5", "13,5")
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


class Question:
    """The page of one question, with what its script knows.

    Attributes:
        answers: what may be chosen, each as the script would send it.
        changes: what a person who takes the first changes, field after field: answer and fields.
    """

    def __init__(self, page: Answer) -> None:
        self.page = page
        self.form = page.find(r'(?s)(<form\s+method="post"\s+id="soal".*?)<div class="actions">')
        self.sent = _attributes(self.form[: self.form.index(">")])
        self.answers: list[Any]
        self.changes: list[tuple[Any, Fields]]
        choices, kind = _choices(self.form), self.sent["data-type"]
        if kind == "numeric":
            self.answers = [{"raw": number} for number in NUMBERS]
            self.changes = [(self.answers[0], [("jawaban", NUMBERS[0])])]
        elif kind == "matching":
            done = list(itertools.accumulate([pair] for pair in choices))
            pairs = [{name.removeprefix("jawaban-"): one for name, one in some} for some in done]
            self.answers, self.changes = pairs[-1:], list(zip(pairs, done, strict=True))
        else:
            self.answers = [[one] if kind == "multiple" else one for _name, one in choices]
            self.changes = [(self.answers[0], choices[:1])]

    def save(self, person: Browser, value: Any, seq: int, rev: int) -> int:
        """Save an answer as the script does; return the server's revision."""
        body = {"client_id": "ukur", "seq": seq, "base_rev": rev, "value": value}
        path = f"{self.sent['data-api']}/items/{self.sent['data-index']}"
        told = person.send("PUT", path, body, self.page.token)
        if told["outcome"] != "applied":
            raise Unexpected(f"{path}: {told}")
        return int(told["rev"])

    def go_on(self, person: Browser, fields: Fields, rev: int) -> Answer:
        """Press "Save and continue"."""
        token = self.page.find(r'name="token"\s+value="([^"]+)"')
        step = self.page.find(r'name="ke"\s+value="([^"]+)"')
        sent = [*_token(self.page), ("base_rev", str(rev)), ("token", token), *fields, ("ke", step)]
        return person.post(self.page.path, sent)


def take(person: Browser, slug: str, steps: Steps, *, with_script: bool = True) -> int:
    """Take the quiz from the list to the result, every question answered; return their number."""
    page = begin(person, slug, steps)
    numbers, seq = 0, itertools.count(1)
    while not page.path.endswith("/periksa/"):
        question, rev = Question(page), 0
        for value, _fields in question.changes if with_script else []:
            with steps.step("save"):
                rev = question.save(person, value, next(seq), rev)
        with steps.step("continue"):
            page = question.go_on(person, question.changes[-1][1], rev)
        numbers += 1
    with steps.step("hand in"):
        page = person.post(page.path, _token(page))
    if not page.path.startswith(ATTEMPT) or not page.path.endswith("/hasil/"):
        raise Unexpected(f"The hand-in led to {page.path}")
    return numbers


def saving(person: Browser, page: Answer) -> Callable[[], object]:
    """Return what saves an answer of the page's question anew each time."""
    question, seq = Question(page), itertools.count(1)
    answers = itertools.cycle(question.answers)
    revisions = [0]

    def save() -> None:
        revisions[0] = question.save(person, next(answers), next(seq), revisions[0])

    return save


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
