"""The supervisor: one port, children that come back, and an end that ends everything."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import pytest

from clinic.management import supervisor
from clinic.management.processes import BACKGROUND
from clinic.management.setup_page import STEPS, SetupPage
from clinic.management.supervisor import Child, who_listens
from tests.migrated import SAID, SERVERS, prepared
from tests.processes import ROOT, environment, kill, start, wait_until

COMMAND = [sys.executable, "-m", "clinic.management.supervisor"]


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def session_of(process):
    """Return the processes below one process, whatever their session."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rsplit(")")[-1].split()[1]
            )
        except OSError:
            continue
    found, wanted = set(), {process.pid}
    while wanted:
        wanted = {pid for pid, parent in parents.items() if parent in wanted} - found
        found |= wanted
    return found


def program_of(pid):
    """Return the name that ``ps`` shows."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def named(pids, name):
    return [pid for pid in pids if program_of(pid) == name]


def niceness_of(pids):
    return {os.getpriority(os.PRIO_PROCESS, pid) for pid in pids}


def is_alive(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.fixture
def running(tmp_path, transactional_db):
    """The real web, worker and scheduler on the test database, with a queue of their own."""
    for name in ("queue/messages", "queue/control", "private", "media", "static"):
        (tmp_path / name).mkdir(parents=True)
    port = free_port()
    own = environment(
        KLINIK_VAR=str(tmp_path), KLINIK_QUEUE=tmp_path.name, PORT=str(port), PYTHONUNBUFFERED="1"
    )
    (tmp_path / "welcome.txt").write_text("peserta@demo.test  Peserta\n")
    log = (tmp_path / "log.txt").open("w+")
    command = [*COMMAND, "--welcome", str(tmp_path / "welcome.txt")]
    process = start(command, env=own, stdout=log, stderr=subprocess.STDOUT)
    process.port, process.log = port, tmp_path / "log.txt"
    wait_until(lambda: "Klinik RB:" in process.log.read_text(), 120, what="the address is shown")
    yield process
    below = session_of(process)
    kill(process)
    for pid in below:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def answer(port, path="healthz"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as response:
        return response.status


@pytest.mark.real_worker
class TestRealChildren:
    def test_it_serves_heals_refuses_a_second_and_ends_all_on_ctrl_c(self, running):
        assert f"http://127.0.0.1:{running.port}/" in running.log.read_text()
        assert "peserta@demo.test" in running.log.read_text()
        assert answer(running.port) == 200

        second = subprocess.run(
            COMMAND,
            cwd=ROOT,
            env=environment(PORT=str(running.port)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert len(second.stderr.strip().splitlines()) == 1
        assert f"Port {running.port} is in use by" in second.stderr
        assert f"(pid {running.pid})" in second.stderr
        assert f"PORT={running.port + 1}" in second.stderr

        for name in ("klinik-web", "klinik-worker", "klinik-timer"):
            wait_until(
                lambda name=name: name in map(program_of, session_of(running)), 20, what=f"a {name}"
            )
            below = session_of(running)
            pids = named(below, name)
            if name == "klinik-worker":  # what works in the background yields to people's requests
                wait_until(lambda pids=pids: niceness_of(pids) == {BACKGROUND}, 5, what="yield")
            victim = min(pids)
            os.kill(victim, signal.SIGKILL)
            wait_until(
                lambda name=name, old=below: any(
                    program_of(pid) == name for pid in session_of(running) - old
                ),
                15,
                what=f"a new {name}",
            )
        wait_until(lambda: answer(running.port) == 200, 15, what="the web answers again")

        below = session_of(running)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(25) == 0
        assert time.monotonic() - began < 20
        assert [pid for pid in below if is_alive(pid)] == []

    def test_killed_it_takes_its_children_along(self, running):
        wait_until(lambda: len(session_of(running)) >= 7, 40, what="two children each")
        below = session_of(running)

        os.kill(running.pid, signal.SIGKILL)

        wait_until(
            lambda: not [pid for pid in below if is_alive(pid)], 20, what="the children ended"
        )


def test_the_program_in_the_way_is_named():
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        assert f"(pid {os.getpid()})" in who_listens(listener.getsockname()[1])

    assert who_listens(free_port()) == "another program"


@pytest.mark.parametrize("typed", ["abc", "99999", "0", "-1", "8000 "])
def test_a_port_that_is_none_is_said_in_one_sentence(typed):
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env={**os.environ, "PORT": typed},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip() == f"{typed} is no port. Choose 1 to 65535: PORT=8000 make demo"


def test_a_port_that_may_not_be_opened_is_said_in_one_sentence():
    with pytest.raises(SystemExit) as refused:
        supervisor.bind("203.0.113.1", free_port())

    assert "cannot be opened" in str(refused.value)


def test_two_supervisors_cannot_share_a_port():
    listener = supervisor.bind("127.0.0.1", 0)

    with closing(listener), pytest.raises(SystemExit):
        supervisor.bind("127.0.0.1", listener.getsockname()[1])


def test_a_child_that_keeps_dying_waits_longer_each_time(capsys):
    child = Child("short", lambda: sys.exit(3))
    delays, now = [], 0.0
    for _ in range(7):
        child.keep_running(now)
        child.process.join()
        child.started_at = now
        child.keep_running(now)
        delays.append(child.start_at - now)
        now = child.start_at

    assert delays == [1, 2, 4, 8, 16, 30, 30]
    assert "short ended (exit code 3); it starts again in 1 s." in capsys.readouterr().out


def test_a_child_that_ran_steadily_starts_anew_without_a_long_wait():
    child = Child("steady", lambda: None, delay=30.0)
    child.keep_running(0.0)
    child.process.join()
    child.started_at = 0.0

    child.keep_running(supervisor.STEADY_SECONDS + 1)

    assert child.start_at == supervisor.STEADY_SECONDS + 2


def ignore_term():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def test_a_child_that_does_not_heed_term_is_killed(monkeypatch):
    monkeypatch.setattr(supervisor, "SECONDS_TO_END", 0.5)
    earlier = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    child = Child("deaf", ignore_term)
    keeper = supervisor.Supervisor([child])
    child.start()
    time.sleep(0.5)

    keeper.end()

    signal.signal(signal.SIGINT, earlier[0])
    signal.signal(signal.SIGTERM, earlier[1])
    assert child.process.exitcode == -signal.SIGKILL


def ask(port, path="/", method="GET"):
    """Return status, headers and text, whatever the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()


class TestSetupPage:
    @pytest.fixture
    def page(self):
        listener = supervisor.bind("127.0.0.1", 0)
        page = SetupPage(listener)
        page.port = listener.getsockname()[1]
        page.start()
        yield page
        page.stop()
        listener.close()

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_every_address_says_which_step_runs_and_when_to_come_again(self, page, method):
        page.follow("Preparing the database …")
        status, headers, text = ask(page.port, "/modul/", method)

        assert status == 503
        assert int(headers["Retry-After"]) > 0
        assert headers["Cache-Control"] == "no-store"
        assert f'<li aria-current="step">{STEPS[1][0]} <span>sedang berjalan</span>' in text
        assert '<html lang="id">' in text
        assert 'http-equiv="refresh"' in text
        assert "//" not in text.replace("<!doctype html>", "")  # no other host is asked

    def test_health_is_no_yes(self, page):
        for path in ("/healthz", "/readyz"):
            status, _headers, text = ask(page.port, path)
            assert (status, json.loads(text)) == (503, {"status": "preparing"})

    def test_a_line_of_the_loading_is_shown_and_is_text(self, page):
        page.follow("Loading the demo region …")
        page.follow("Memuat <b>orang</b> ...")

        assert "Memuat &lt;b&gt;orang&lt;/b&gt;" in ask(page.port)[2]

    def test_a_slow_visitor_does_not_keep_the_others_waiting(self, page):
        with closing(socket.create_connection(("127.0.0.1", page.port))) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            assert ask(page.port)[0] == 503

    def test_afterwards_a_visitor_waits_instead_of_being_refused(self):
        listener = supervisor.bind("127.0.0.1", 0)
        page = SetupPage(listener)
        page.start()
        page.stop()

        with closing(listener), closing(socket.create_connection(listener.getsockname())):
            assert listener.accept()


@pytest.mark.real_worker
@pytest.mark.django_db(transaction=True)
def test_while_it_prepares_the_port_says_so_and_then_serves(prepared_once, tmp_path):
    """The whole start, over a folder whose database stands."""
    var = shutil.copytree(prepared(prepared_once), tmp_path / "var")
    port = free_port()
    own = environment(KLINIK_VAR=str(var), KLINIK_QUEUE=tmp_path.name, PYTHONUNBUFFERED="1")
    for name in ("KLINIK_DATABASE_NAME", *SERVERS):
        own.pop(name, None)
    log = (tmp_path / "log.txt").open("w+")
    command = [*COMMAND, "--prepare", "--port", str(port)]
    process = start(command, env=own, stdout=log, stderr=subprocess.STDOUT)
    seen = []

    def serves():
        with suppress(OSError, http.client.HTTPException):
            seen.append(ask(port, "/healthz")[0])
        return seen[-1:] == [200]

    wait_until(serves, 120, what="the web answers")
    below = session_of(process)
    process.send_signal(signal.SIGTERM)

    assert process.wait(25) == 0
    assert set(seen) == {503, 200}
    assert seen == sorted(seen, reverse=True)
    assert "Ready after" in (tmp_path / "log.txt").read_text()
    assert [pid for pid in below if is_alive(pid)] == []


def test_every_line_with_which_a_step_begins_is_known(prepared_once):
    said = (prepared(prepared_once).parent / SAID).read_text()
    page = SetupPage.__new__(SetupPage)
    steps = []
    for line in ["Making .venv with Python …", *said.splitlines()]:
        page.follow(line)
        steps.append(page.step)

    assert set(steps) >= {0, 1, 3}
    assert steps == sorted(steps)
