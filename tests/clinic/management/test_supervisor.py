"""The supervisor: one port, children that come back, and an end that ends everything."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from clinic.management import supervisor
from clinic.management.supervisor import Child, who_listens
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
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


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
    wait_until(lambda: "Klinik RB:" in process.log.read_text(), 40, what="the address is shown")
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

        for name in ("clinic.management.web", "celery -A clinic -q worker"):
            below = session_of(running)
            victim = min(pid for pid in below if name in program_of(pid))
            os.kill(victim, signal.SIGKILL)
            wait_until(
                lambda name=name, old=below: any(
                    name in program_of(pid) for pid in session_of(running) - old
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
        below = session_of(running)
        assert len(below) >= 6

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
    child = Child("short", [sys.executable, "-c", "raise SystemExit(3)"])
    delays, now = [], 0.0
    for _ in range(7):
        child.look_after(now)
        child.process.wait()
        child.started_at = now
        child.look_after(now)
        delays.append(child.start_at - now)
        now = child.start_at

    assert delays == [1, 2, 4, 8, 16, 30, 30]
    assert "short ended (exit code 3); it starts again in 1 s." in capsys.readouterr().out


def test_a_child_that_ran_steadily_starts_anew_without_a_long_wait():
    child = Child("steady", [sys.executable, "-c", ""], delay=30.0)
    child.look_after(0.0)
    child.process.wait()
    child.started_at = 0.0

    child.look_after(supervisor.STEADY_SECONDS + 1)

    assert child.start_at == supervisor.STEADY_SECONDS + 2


def test_a_child_that_does_not_heed_term_is_killed(monkeypatch):
    monkeypatch.setattr(supervisor, "SECONDS_TO_END", 0.5)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    earlier = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    child = Child("deaf", [sys.executable, "-c", deaf])
    keeper = supervisor.Supervisor([child])
    child.start()
    time.sleep(0.5)

    keeper.end()

    signal.signal(signal.SIGINT, earlier[0])
    signal.signal(signal.SIGTERM, earlier[1])
    assert child.process.poll() == -signal.SIGKILL
