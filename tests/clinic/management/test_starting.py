"""How production starts: announced when it answers, or refused in one sentence."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from socket import create_server

import pytest

from clinic.management import starting, supervisor
from clinic.management.supervisor import Child
from tests.clinic.management.test_supervisor import COMMAND, free_port, session_of
from tests.clinic.test_health import production
from tests.processes import ROOT, kill, start, wait_until

PART = [sys.executable, "-m", "clinic.management.part"]
PARTS = ["web", "worker", "timer"]


def run(command, **changes):
    """Return what a command of a production with these changes came to, which ends by itself."""
    env = {**production(PORT=str(free_port())), **changes}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.real_worker
@pytest.mark.django_db(transaction=True)
class TestU119ProductionIsReady:
    @pytest.fixture
    def log(self, tmp_path):
        with (tmp_path / "log.txt").open("w+") as stream:
            yield stream

    def test_u119_under_the_supervisor_it_is_announced_once_and_nothing_else_is_said(
        self, log, tmp_path
    ):
        port = free_port()
        env = production(PORT=str(port), PYTHONUNBUFFERED="1", KLINIK_QUEUE=tmp_path.name)
        process = start(COMMAND, env=env, stdout=log, stderr=subprocess.STDOUT)
        said = tmp_path / "log.txt"
        try:
            wait_until(
                lambda: f"Klinik RB: http://127.0.0.1:{port}/" in said.read_text(),
                60,
                what="the address is shown",
            )
            time.sleep(3)
            assert said.read_text().count("Klinik RB:") == 1
            assert "Invalid HTTP_HOST" not in said.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            kill(process)

    def test_the_web_alone_answers_and_ends_in_peace(self, log):
        port = free_port()
        process = start([*PART, "web", "--port", str(port)], env=production(), stdout=log)
        try:
            wait_until(lambda: supervisor.answers(f"http://127.0.0.1:{port}/"), 60, what="web")
            below = session_of(process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            wait_until(lambda: not session_of(process) & below, 5, what="all ended")
        finally:
            kill(process)


@pytest.mark.real_worker
class TestU120ARefusedStart:
    """One sentence, an end within seconds, and a code that systemd does not try again."""

    @pytest.mark.parametrize(
        ("command", "code"),
        [(COMMAND, 1), *(([*PART, part], starting.UNFIT) for part in PARTS)],
        ids=["supervisor", *PARTS],
    )
    @pytest.mark.django_db(transaction=True)
    def test_u120_a_demo_account_is_refused_in_one_sentence(self, command, code, cast):
        account = cast.participant.account
        account.is_demo = True
        account.save()

        done = run(command)

        assert done.stderr.splitlines() == [
            "Production does not start: a demo account is in the database."
        ]
        assert done.returncode == code

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"EMAIL_URL": "none    # or smtp"}, "EMAIL_URL"),
            ({"SECRET_KEY": "@SECRET_KEY@"}, "SECRET_KEY"),
            ({"KLINIK_ENV": "prodution"}, "KLINIK_ENV"),
            ({"DATABASE_URL": "postgrs://klinik@127.0.0.1/klinik"}, "postgrs"),
            ({"SECRET_KEY_FILE": "/nowhere"}, "/nowhere"),
        ],
    )
    @pytest.mark.parametrize("command", [COMMAND, [*PART, "web"], [*PART, "timer"]])
    @pytest.mark.django_db
    def test_u120_settings_are_refused_in_one_sentence(self, command, changes, named):
        done = run(command, **changes)

        assert done.returncode in {1, starting.UNFIT}
        assert len(done.stderr.splitlines()) == 1
        assert named in done.stderr

    @pytest.mark.parametrize("command", [COMMAND, *([*PART, part] for part in PARTS)])
    @pytest.mark.django_db
    def test_a_database_that_is_away_is_tried_again_by_systemd(self, command):
        with closing(create_server(("127.0.0.1", 0))) as nobody:
            port = nobody.getsockname()[1]
        done = run(command, DATABASE_URL=f"postgresql://klinik:geheim@127.0.0.1:{port}/klinik")

        assert done.returncode == starting.NOT_YET
        assert done.stderr.startswith("The database does not answer: ")
        assert len(done.stderr.splitlines()) == 1
        assert "geheim" not in done.stderr


def test_u120_a_child_that_dies_again_and_again_ends_the_supervisor(monkeypatch, capsys):
    earlier = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(supervisor, "TICK", 0.01)
    child = Child("short", lambda: sys.exit(3), delay=0.01)
    keeper = supervisor.Supervisor([child])
    try:
        with pytest.raises(SystemExit) as given_up:
            keeper.run(is_ready=lambda: False, announce=lambda: None)
    finally:
        signal.signal(signal.SIGINT, earlier[0])
        signal.signal(signal.SIGTERM, earlier[1])

    assert str(given_up.value) == (
        "short died 5 times soon after its start; the reason stands above."
    )
    assert capsys.readouterr().out.count("it starts again in") == 4


def test_u119_the_supervisor_asks_ever_more_seldom_whether_the_web_answers(monkeypatch):
    earlier = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    clock, asked = [0.0], []
    keeper = supervisor.Supervisor([])
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock[0])

    def wait(seconds):
        clock[0] += seconds
        keeper.signals = clock[0] > 120

    monkeypatch.setattr(supervisor.time, "sleep", wait)

    def is_ready():
        asked.append(clock[0])
        return False

    try:
        keeper.run(is_ready=is_ready, announce=lambda: None)
    finally:
        signal.signal(signal.SIGINT, earlier[0])
        signal.signal(signal.SIGTERM, earlier[1])

    assert len(asked) <= 12
    assert asked[1] < 1
    assert max(b - a for a, b in pairwise(asked)) >= 29
