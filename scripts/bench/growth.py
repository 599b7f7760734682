"""What pages and jobs cost, and how that grows with years of data.

``python -m scripts.bench.growth`` measures the database of the environment, which holds the demo
and has run (``scripts.bench.grow``); it is left as it was. ``--levels 0 1 5 20`` measures copies of
that SQLite database which were grown by so many years, each in a process of its own. With
``--databases FOLDER`` the grown databases stay in the folder and are used again, by later code too:
a copy of each is migrated and measured.

CPU is that of this process (on PostgreSQL without the server's), the median of some runs. The
numbers of statements and of rows that they returned, and on SQLite the steps of its machine, are
counted once: they do not depend on how busy the computer is. Pages are drawn without the demo's
menu of roles, which reads every grant of the sample accounts; ``KLINIK_ENV=demo`` brings it back.
"""

import argparse
import json
import logging
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    os.environ.setdefault("CELERY_BROKER_URL", "memory://localhost/")  # no worker listens
    os.environ.setdefault("KLINIK_ENV", "test")  # without the demo's menu of roles
    os.environ.setdefault("KLINIK_SECOND_FACTOR", "off")
    django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Max
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attendance.models import Event
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import sheet_url
from clinic.insights.models import Finding
from clinic.insights.profile import profile_url
from clinic.management.demo.answers import typed_answer
from clinic.people.models import Account
from clinic.records import audit, jobs, seals
from clinic.records.jobs import HANDLERS, Job, job_context
from courses.models import ModulePage
from quizzes import assignments, delivery
from quizzes.models import QuizVersion

ROOT = Path(__file__).resolve().parents[2]
HTTP_OK = 200
UNIT, FRAMEWORK, PAST_CLINIC = "dinas-kesehatan", "zi-2021", "klinik-2026-05"
REGENCY, OPERATOR, ORGANISER = "kabupaten@demo.test", "operator@demo.test", "panitia@demo.test"
PARTICIPANT, ADMINISTRATOR = "peserta@demo.test", "admin@demo.test"
NEW_ROWS = 5  # that a minute brings to the audit log
LONGEST = 20.0  # seconds after which no further run of an act is timed
STEPS = 100  # of SQLite's machine between two counts
MANY = 1000  # rows of a table from which on a plan that reads them is shown


@dataclass(frozen=True, kw_only=True)
class MeasuredAct:
    """An act whose cost is measured.

    Attributes:
        run: the act; returns the bytes of its answer, 0 where there is none.
        prepare: runs before each time and is not measured.
    """

    name: str
    run: Callable[[], int]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What an act costs; ``steps`` are thousands, None where the engine counts none."""

    cpu_ms: float
    clock_ms: float
    statements: int
    rows: int
    kib: float
    steps: float | None
    reads: list[str] = field(default_factory=list)


class CountedCursor:
    """A cursor that counts the rows it returns."""

    def __init__(self, cursor: Any, count: "QueryCount") -> None:
        self._cursor, self._count = cursor, count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        for row in self._cursor:
            self._count.rows += 1
            yield row

    def fetchone(self) -> Any:
        row = self._cursor.fetchone()
        self._count.rows += row is not None
        return row

    def fetchmany(self, *size: int) -> list[Any]:
        rows = self._cursor.fetchmany(*size)
        self._count.rows += len(rows)
        return rows

    def fetchall(self) -> list[Any]:
        rows = self._cursor.fetchall()
        self._count.rows += len(rows)
        return rows


@dataclass
class QueryCount:
    """The statements that were sent, the rows that came back, and the steps that SQLite took."""

    rows: int = 0
    steps: int = 0
    statements: list[tuple[str, Any]] = field(default_factory=list)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count within the block."""
        if connection.vendor == "sqlite":
            connection.connection.set_progress_handler(self._count_steps, STEPS)
        try:
            with connection.execute_wrapper(self._count_statement):
                yield
        finally:
            if connection.vendor == "sqlite":
                connection.connection.set_progress_handler(None, 0)

    def _count_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, *more: Any
    ) -> Any:
        self.statements.append((sql, params))
        _many, context = more
        cursor = context["cursor"]
        if not isinstance(cursor.cursor, CountedCursor):
            cursor.cursor = CountedCursor(cursor.cursor, self)
        return execute(sql, params, *more)

    def _count_steps(self) -> int:
        self.steps += STEPS
        return 0


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what is written within the block."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def cost_of(act: MeasuredAct, *, runs: int, explain: bool = False) -> Cost:
    """Run an act once to count, then up to ``runs`` times, at least once, to time it."""
    count, begin = QueryCount(), time.perf_counter()
    with rolled_back():
        act.prepare()
        with count.counting():
            size = act.run()
        reads = large_reads(count.statements) if explain else []
    cpu: list[float] = []
    clock: list[float] = []
    while len(cpu) < runs and (not cpu or time.perf_counter() - begin < LONGEST):
        with rolled_back():
            act.prepare()
            cpu_before, clock_before = time.process_time(), time.perf_counter()
            act.run()
            cpu.append(time.process_time() - cpu_before)
            clock.append(time.perf_counter() - clock_before)
    return Cost(
        cpu_ms=round(statistics.median(cpu) * 1000, 1),
        clock_ms=round(statistics.median(clock) * 1000, 1),
        statements=len(count.statements),
        rows=count.rows,
        kib=round(size / 1024, 1),
        steps=count.steps / 1000 if connection.vendor == "sqlite" else None,
        reads=reads,
    )


def large_reads(statements: list[tuple[str, Any]]) -> list[str]:
    """Return the ways in which these statements read many rows of a table.

    SQLite names scans alone; PostgreSQL runs each statement again and names every read.
    """
    found: dict[str, int] = {}
    explain = _explain_postgresql if connection.vendor == "postgresql" else _explain_sqlite
    with connection.cursor() as cursor:
        for sql, params in statements:
            if sql.startswith(("SELECT", "WITH")):
                for read in explain(cursor, sql, params):
                    found[read] = found.get(read, 0) + 1
    return [f"{read} (x{times})" if times > 1 else read for read, times in found.items()]


def _explain_sqlite(cursor: Any, sql: str, params: Any) -> Iterator[str]:
    cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
    for *_ids, line in cursor.fetchall():
        scan = re.match(r"SCAN (\w+)", line)
        if scan is None:
            continue
        source = re.search(rf'"(\w+)" (?:AS )?"?{scan[1]}\b', sql)
        table = source[1] if source else scan[1]
        if connection.introspection.table_names(cursor).count(table):
            cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1 OFFSET {MANY - 1}')  # noqa: S608
            if cursor.fetchone():
                yield line.replace(scan[1], table, 1)


def _explain_postgresql(cursor: Any, sql: str, params: Any) -> Iterator[str]:
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
    waiting = [cursor.fetchone()[0][0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", ())
        used = node["Actual Rows"] * node["Actual Loops"]
        read = used + node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        if "Relation Name" in node and read >= MANY:
            way = f"{node['Node Type']} {node['Relation Name']}"
            yield f"{way}: reads {read:.0f} rows, uses {used:.0f}"


def browser_of(email: str) -> Client:
    """Return a browser in which this account of the demo is signed in; nobody where empty."""
    browser = Client()
    if email:
        browser.force_login(Account.objects.get(email=email))
    return browser


def request(
    browser: Client, method: str, address: str, body: Mapping[str, Any] | None = None
) -> Callable[[], int]:
    """Return the act of sending one request, which must be answered with 200."""

    def send() -> int:
        text = "" if body is None else json.dumps(body)
        answer = browser.generic(method, address, text, "application/json")
        if answer.status_code != HTTP_OK:
            raise SystemExit(f"{method} {address} is answered with {answer.status_code}.")
        return len(answer.content)

    return send


def page_act(name: str, address: str, email: str = "") -> MeasuredAct:
    """Return the reading of a page.

    A session notes once in five minutes that it is used: that happens while preparing.
    """
    read = request(browser_of(email), "GET", address)
    return MeasuredAct(name=name, run=read, prepare=read)


def job_act(
    name: str, handler: str, key: str = "", prepare: Callable[[], object] = lambda: None
) -> MeasuredAct:
    """Return a job as the worker runs it, without the claim of its row."""

    def run() -> int:
        found = HANDLERS.get(handler)
        if found is None:
            raise SystemExit(f"There is no job {handler}.")
        with job_context():
            write = found.call(Job(name=handler, key=key))
            with transaction.atomic():
                if write is not None:
                    write()
        return 0

    return MeasuredAct(name=name, run=run, prepare=prepare)


def page_acts() -> list[MeasuredAct]:
    """Return the pages, those of the room first."""
    sheet = Sheet.objects.filter(unit__slug=UNIT, edition__slug=FRAMEWORK).order_by("-period")[0]
    findings = Finding.objects.select_related("unit", "edition")
    finding = findings.filter(unit=sheet.unit, edition=sheet.edition, period=sheet.period)[0]
    module = ModulePage.objects.live().order_by("pk")[0]
    coming = Event.objects.filter(state=Event.State.OPEN)[0]
    past = [PAST_CLINIC]
    return [
        page_act("front page", reverse("front")),
        page_act("/modul/", reverse("modules")),
        page_act("module", reverse("module", args=[module.slug])),
        page_act("sheet", sheet_url(sheet), REGENCY),
        page_act("event board", reverse("organiser_event", args=past), ORGANISER),
        page_act("Mengapa", reverse("finding", kwargs=finding.address), REGENCY),
        page_act("people list", reverse("people_list"), ADMINISTRATOR),
        page_act("/belajar/", reverse("learning"), PARTICIPANT),
        page_act("/kuis/", reverse("quizzes"), PARTICIPANT),
        page_act("participants of an event", reverse("organiser_people", args=past), ORGANISER),
        page_act("invite", reverse("organiser_invite", args=[coming.code]), ORGANISER),
        page_act("propose", reverse("event_propose", args=[coming.code]), ORGANISER),
        page_act("unit profile", profile_url(sheet.unit), REGENCY),
        page_act("/penilaian/, regency", reverse("sheets"), REGENCY),
        page_act("/penilaian/, operator", reverse("sheets"), OPERATOR),
        page_act("area page", reverse("change_area", args=["pengawasan"]), REGENCY),
        page_act("/pemetaan/", reverse("map"), REGENCY),
        page_act("/kegiatan/, nobody", reverse("events")),
        page_act("/panitia/", reverse("organiser_events"), ORGANISER),
        page_act("/panitia/baru/salin", reverse("organiser_copy"), ORGANISER),
        *attempt_acts(),
    ]


def attempt_acts() -> list[MeasuredAct]:
    """Return what a person does who takes the longest quiz, which is begun here."""
    account = Account.objects.select_related("person").get(email=PARTICIPANT)
    versions = QuizVersion.objects.published().annotate(length=Count("slots"))
    longest = versions.select_related("quiz").order_by("-length", "pk")[0]
    given = assignments.assign(longest.quiz, account.person, actor=None)
    attempt, _is_new = delivery.start(given, account)
    question = attempt.items.select_related("question_version").get(index=1).question_version
    chance = random.Random(1)  # noqa: S311 - sample data
    value = typed_answer(question.parsed, is_right=True, chance=chance)
    save = {"client_id": "ukur", "seq": 1, "base_rev": 0, "value": value}
    api, browser = f"/api/quizzes/v1/attempts/{attempt.uuid}", browser_of(PARTICIPANT)
    item = reverse("attempt_item", kwargs={"attempt": str(attempt.uuid), "number": "1"})
    read = request(browser, "GET", item)
    hand_in = request(browser, "POST", f"{api}/submit", {})
    acts = {
        "quiz item": read,
        "save an answer": request(browser, "PUT", f"{api}/items/1", save),
        "hand in": hand_in,
    }
    result = request(browser, "GET", reverse("attempt_result", args=[attempt.uuid]))
    start = reverse("quiz_start", args=[longest.quiz.slug])
    return [
        page_act("quiz, before its start", start, PARTICIPANT),
        *(MeasuredAct(name=name, run=run, prepare=read) for name, run in acts.items()),
        MeasuredAct(name="result of a quiz", run=result, prepare=hand_in),
    ]


def job_acts() -> list[MeasuredAct]:
    """Return the jobs, the slow ones last."""
    unit = Sheet.objects.filter(unit__slug=UNIT)[0].unit_id
    return [
        job_act("seal, 5 new rows", "records.seal", prepare=_add_audit_rows),
        MeasuredAct(name="sweep, empty queue", run=jobs.sweep),
        job_act("expire", "quizzes.expire"),
        job_act("tidy, 2,880 done jobs", "records.tidy", prepare=_age_done_jobs),
        job_act("refresh of a unit", "insights.refresh_unit", str(unit)),
        job_act("calibrate", "insights.calibrate"),
    ]


def _add_audit_rows() -> None:
    seals.seal_all()
    for _number in range(NEW_ROWS):
        audit.record("account.signed_in")


def _age_done_jobs() -> None:
    """Move the done jobs so that the newest ended now: a day of them is then to be tidied."""
    done = Job.objects.filter(state=Job.State.DONE)
    newest = done.aggregate(newest=Max("finished_at"))["newest"] or timezone.now()
    done.update(finished_at=F("finished_at") + (timezone.now() - newest))


def measure(*, runs: int, only: str, explain: bool) -> dict[str, Any]:
    """Measure this database, and leave it as it was.

    Args:
        runs: timed runs of each act, at most.
        only: what the name of an act must hold.
        explain: whether to look for statements that read many rows.
    """
    costs = {}
    with rolled_back():
        for act in [*page_acts(), *job_acts()]:
            if only in act.name:
                costs[act.name] = asdict(cost_of(act, runs=runs, explain=explain))
    return {
        "engine": connection.vendor,
        "mib": database_mib(),
        "acts": costs,
        "calibrate_alone": calibrate_alone() if only in "calibrate" else None,
    }


def database_mib() -> int:
    """Return the size of the database in MiB."""
    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).stat().st_size // 2**20
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0] // 2**20


def calibrate_alone() -> dict[str, float]:
    """Compute a calibration in a process of its own; return its CPU and its peak memory."""
    words = [sys.executable, "-m", "scripts.bench.growth", "--memory"]
    ended = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(ended.stdout)


def print_memory() -> None:
    """Compute a calibration without writing it; print what this process has used so far."""
    handler = HANDLERS.get("insights.calibrate")
    if handler is not None:
        with job_context():
            handler.call(Job(name="insights.calibrate"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {"cpu_s": round(used.ru_utime + used.ru_stime, 1), "peak_mib": used.ru_maxrss // 1024}
    sys.stdout.write(json.dumps(figures))


def measure_level(years: int, databases: Path, words: list[str]) -> dict[str, Any]:
    """Measure a copy of the database that was grown by so many years; grow it where missing."""
    grown = databases / str(years) / settings.DEMO_DATABASE
    if not grown.exists():
        with TemporaryDirectory() as var:
            _copy_database(Path(connection.settings_dict["NAME"]), Path(var))
            _run_python(["-m", "scripts.bench.grow", "--years", str(years)], var)
            grown.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(var) / settings.DEMO_DATABASE, grown)
    with TemporaryDirectory() as var:
        _copy_database(grown, Path(var))
        begin = time.perf_counter()
        _run_python(["manage.py", "migrate", "--verbosity", "0"], var)
        seconds = round(time.perf_counter() - begin, 1)
        report = json.loads(_run_python(["-m", "scripts.bench.growth", "--json", *words], var))
    return {"years": years, "migrate_s": seconds, **report}


def _copy_database(database: Path, var: Path) -> None:
    """Copy a SQLite database with what its write-ahead log still holds."""
    if not settings.IS_EMBEDDED or not database.exists():
        raise SystemExit("Levels need a prepared SQLite database: docs/reference/bench.md.")
    (var / "static").mkdir()
    for ending in ("", "-wal"):
        source = database.with_name(database.name + ending)
        if source.exists():
            shutil.copyfile(source, var / (settings.DEMO_DATABASE + ending))


def _run_python(words: list[str], var: str) -> str:
    """Run Python on the database in this folder; return what it prints."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**env, "KLINIK_VAR": var},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return ended.stdout


COLUMNS = {
    "CPU ms": "cpu_ms",
    "clock ms": "clock_ms",
    "statements": "statements",
    "rows": "rows",
    "KiB": "kib",
    "steps, k": "steps",
}
RATIOS = {"CPU x": "cpu_ms", "rows x": "rows", "steps x": "steps"}


def table(report: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """Draw what one level costs; ratios are to the first level that was measured."""
    ratios = {} if report is first else RATIOS
    lines = [f"{_title(report)}\n", _line("", [*COLUMNS, *ratios])]
    for name, cost in report["acts"].items():
        before = first["acts"][name]
        figures = ["" if cost[key] is None else f"{cost[key]:,}" for key in COLUMNS.values()]
        grown = [_ratio(cost[key], before[key]) for key in ratios.values()]
        lines.append(_line(name, [*figures, *grown]))
    alone = report["calibrate_alone"]
    if alone:
        lines.append(f"\ncalibrate alone: {alone['cpu_s']} s of CPU, peak {alone['peak_mib']} MiB")
    for name, cost in report["acts"].items():
        lines += [f"{name}: {read}" for read in cost["reads"]]
    return "\n".join(lines) + "\n"


def _title(report: Mapping[str, Any]) -> str:
    size = f"{report['engine']}, {report['mib']:,} MiB"
    if "years" not in report:
        return size
    return f"{report['years']} years, {size}, migrated in {report['migrate_s']} s"


def _ratio(cost: float | None, before: float | None) -> str:
    """Return how many times a cost has grown; empty where there is nothing to compare."""
    return f"{cost / before:.1f}" if cost is not None and before else ""


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<26}" + "".join(f"{cell:>12}" for cell in cells)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--levels", type=int, nargs="+", metavar="YEARS")
    parser.add_argument("--databases", type=Path, help="folder in which grown databases stay")
    parser.add_argument("--runs", type=int, default=10, help="timed runs of each act, at most")
    parser.add_argument("--only", default="", help="acts with this in their name")
    parser.add_argument("--explain", action="store_true", help="show what reads many rows")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable()
    if options.memory:
        print_memory()
        return
    if options.levels:
        words = ["--runs", str(options.runs), "--only", options.only]
        words += ["--explain"] if options.explain else []
        with TemporaryDirectory() as folder:
            databases = options.databases or Path(folder)
            reports = [measure_level(years, databases, words) for years in options.levels]
    else:
        reports = [measure(runs=options.runs, only=options.only, explain=options.explain)]
    if options.json:
        sys.stdout.write(json.dumps(reports if options.levels else reports[0]) + "\n")
    else:
        sys.stdout.write("\n".join(table(report, reports[0]) for report in reports))


if __name__ == "__main__":
    main()
