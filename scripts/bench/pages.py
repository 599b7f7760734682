"""CPU of one page, one saved answer, one log-in, each beside the bare application."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from scripts.bench import quiz
from scripts.bench.browser import Browser, Unexpected, sign_in
from scripts.bench.figures import Figure, Spread, paired
from scripts.bench.processes import Server, cpu_seconds

Act = Callable[[], object]

BATCH_SECONDS = 0.5  # CPU of a batch: /proc counts in hundredths
FEWEST, MOST = 8, 500
FIRST = 10  # to warm up, and to see how many fill a batch
VIEW, INSERT = "bare view", "bare insert"
KEPT = "bare view on a connection that stays open"
MODULE = "/modul/pengawasan/"
BOARD = "/panitia/klinik-2026-05/"
FINDING = "/pemetaan/hasil/dinas-kesehatan/pengawasan/zi-2021/2025/"
PROFILE = "/pemetaan/unit/dinas-kesehatan/"
MAP = "/pemetaan/"
SHEET = "/penilaian/unit/dinas-kesehatan/zi-2021/2025/"
SHEETS = "/penilaian/"
SECTION_LINK = r'href="(/modul/pengawasan/(?!cetak)[a-z0-9-]+/)"'
ACCOUNT = "peserta@demo.test"
PASSWORD = "klinik-demo-2026"  # noqa: S105 - printed by every demo


@dataclass(frozen=True)
class Operation:
    """What one person does once.

    Attributes:
        goal: the most that it may cost, as a multiple of the baseline.
    """

    key: str
    label: str
    act: Act
    goal: float | None = None
    baseline: str = VIEW


def batch(server: Server, act: Act, times: int) -> float:
    """Do it so many times; return the CPU seconds of the web processes for one."""
    before = cpu_seconds(server.web)
    for _one in range(times):
        act()
    return (cpu_seconds(server.web) - before) / times


def batch_length(server: Server, act: Act) -> int:
    """Warm up; return how many times fill a batch."""
    batch(server, act, FIRST)
    once = batch(server, act, FIRST)
    return MOST if once <= 0 else min(MOST, max(FEWEST, math.ceil(BATCH_SECONDS / once)))


def bare_acts(browser: Browser) -> dict[str, Act]:
    """Return the views of the bare application."""
    return {
        VIEW: lambda: browser.get("/kantor/kantor-7/"),
        KEPT: lambda: browser.get("/kantor-tetap/kantor-7/"),
        INSERT: lambda: browser.send("POST", "/catatan/", {"text": "satu jawaban"}),
    }


def operations(stack: ExitStack, port: int, participants: quiz.Participants) -> list[Operation]:
    """Sign everybody in; return what is measured, in the order in which it is printed."""

    def person(email: str) -> Browser:
        browser = stack.enter_context(Browser(port))
        sign_in(browser, email)
        return browser

    visitor, reader = stack.enter_context(Browser(port)), person("peserta@demo.test")
    organiser, secretariat = person("panitia@demo.test"), person("kabupaten@demo.test")
    official, operator = person("pejabat@demo.test"), person("operator@demo.test")
    taker = stack.enter_context(participants.enter(port))
    begun = quiz.begin(taker, participants.quiz)
    section = visitor.get(MODULE).find(SECTION_LINK)
    fresh = itertools.count()

    def page(
        key: str, label: str, who: Browser, path: str, *, goal: float | None = None
    ) -> Operation:
        return Operation(key, label, lambda: open_page(who, path), goal)

    def first_time(key: str, label: str, path: str) -> Operation:
        return Operation(key, label, lambda: open_page(visitor, f"{path}?ke={next(fresh)}"), 2)

    return [
        page("front", "front page", visitor, "/", goal=0.5),
        first_time("front-first", "front page, first time at its address", "/"),
        page("module", "module section", visitor, section, goal=0.5),
        first_time("module-first", "module section, first time at its address", section),
        page("module-reader", "module section, participant", reader, section, goal=3),
        page("home", "/beranda/ and where it leads, participant", reader, "/beranda/", goal=3),
        page("learning", "/belajar/, participant", reader, "/belajar/", goal=3),
        page("item", "quiz item, participant", taker, begun.path, goal=3),
        Operation("save", "answer saved", quiz.saving(taker, begun), 3, INSERT),
        page("board", "board of an event, 64 people", organiser, BOARD, goal=8),
        page("why", '"Mengapa?"', official, FINDING, goal=8),
        page("profile", "unit profile", official, PROFILE, goal=8),
        page("map", "map of 41 units", secretariat, MAP, goal=8),
        page("sheet", "sheet of 113 rows", operator, SHEET, goal=12),
        page("sheets", "list of sheets, newest year", secretariat, SHEETS),
    ]


def open_page(who: Browser, path: str) -> None:
    """Open a page of ours.

    Raises:
        Unexpected: it is another page, such as the log-in.
    """
    answer = who.get(path)
    if "/akun/" in answer.path or not answer.kind.startswith("text/html"):
        raise Unexpected(f"{path} led to {answer.path}")


def measure(ours: Server, bare: Server, participants: quiz.Participants, runs: int) -> list[Figure]:
    """Measure every operation so many times, each time right after its baseline."""
    with ExitStack() as stack:
        baselines = bare_acts(stack.enter_context(Browser(bare.port)))
        lengths = {name: batch_length(bare, act) for name, act in baselines.items()}
        planned = [
            (one, batch_length(ours, one.act)) for one in operations(stack, ours.port, participants)
        ]
        pairs: dict[str, list[tuple[float, float]]] = {one.key: [] for one, _length in planned}
        kept = []
        for _run in range(runs):
            view = batch(bare, baselines[VIEW], lengths[VIEW])
            kept.append((batch(bare, baselines[KEPT], lengths[KEPT]), view))
            for one, length in planned:
                baseline = batch(bare, baselines[one.baseline], lengths[one.baseline])
                pairs[one.key].append((batch(ours, one.act, length), baseline))
    return [
        *(_baseline(name, planned, pairs) for name in (VIEW, INSERT)),
        paired("bare-view-kept", KEPT, kept),
        *(paired(one.key, one.label, pairs[one.key], one.goal) for one, _length in planned),
    ]


def _baseline(
    name: str,
    planned: list[tuple[Operation, int]],
    pairs: dict[str, list[tuple[float, float]]],
) -> Figure:
    taken = [
        baseline
        for one, _length in planned
        if one.baseline == name
        for _own, baseline in pairs[one.key]
    ]
    return Figure(name.replace(" ", "-"), name, "ms CPU", Spread.of(taken).times(1000))


def measure_log_in(ours: Server, bare: Server, runs: int) -> Figure:
    """Measure the sending of the log-in form with a right password."""
    pairs = []
    with Browser(bare.port) as baseline:
        view = bare_acts(baseline)[VIEW]
        length = batch_length(bare, view)
        for _run in range(runs):
            cost = batch(bare, view, length)
            with ExitStack() as stack:
                forms = iter([_log_in_form(stack, ours.port) for _one in range(FEWEST)])
                pairs.append((batch(ours, partial(_send_next, forms), FEWEST), cost))
    return paired("log-in", "log-in with a password", pairs)


def _send_next(forms: Iterator[Act]) -> None:
    next(forms)()


def _log_in_form(stack: ExitStack, port: int) -> Act:
    browser = stack.enter_context(Browser(port))
    token = browser.get("/akun/masuk/").token
    fields = [("csrfmiddlewaretoken", token), ("login", ACCOUNT), ("password", PASSWORD)]

    def send() -> None:
        if not browser.post("/akun/masuk/", fields, follow=False).is_redirect:
            raise Unexpected("The log-in was refused")

    return send
