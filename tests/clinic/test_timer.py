"""The timer: every hint in its time, whatever the broker does."""

import ast
import json
import sys
from datetime import UTC, datetime

import pytest

from clinic import timer
from clinic.records import jobs  # noqa: F401 - registers the tasks that are asked for
from clinic.timer import SCHEDULE
from tests.migrated import SERVERS
from tests.processes import TIMER, environment, kill, start, wait_until


@pytest.fixture
def folder(tmp_path):
    for name in ("messages", "control"):
        (tmp_path / "queue" / name).mkdir(parents=True)
    return tmp_path


def environment_of(folder, **changes):
    own = environment(KLINIK_VAR=str(folder), KLINIK_QUEUE="timer")
    return {**{name: own[name] for name in own if name not in SERVERS}, **changes}


@pytest.mark.django_db
def test_at_its_start_it_sends_each_hint_once_and_none_outlives_its_interval(folder):
    process = start(TIMER, env=environment_of(folder))
    messages = folder / "queue" / "messages"
    began = datetime.now(UTC)
    wait_until(lambda: len(list(messages.glob("*.timer.msg"))) == len(SCHEDULE), 30, what="hints")
    kill(process)

    hints = {(hint.task, hint.arguments): hint.seconds for hint in SCHEDULE}
    seen = set()
    for path in messages.glob("*.timer.msg"):
        headers = json.loads(path.read_text())["headers"]
        task = (headers["task"], ast.literal_eval(headers["argsrepr"]))
        expires = datetime.fromisoformat(headers["expires"]) - began
        assert expires.total_seconds() < hints[task] + 30
        seen.add(task)
    assert seen == set(hints)


@pytest.mark.django_db
def test_a_broker_that_is_away_does_not_end_it(folder):
    log = (folder / "log.txt").open("w+")
    away = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    process = start(TIMER, env=environment_of(folder, **away), stderr=log)

    def says():
        return (folder / "log.txt").read_text().count("hint_not_sent")

    wait_until(lambda: says() >= len(SCHEDULE), 30, what="each hint was tried")
    assert process.poll() is None
    kill(process)


def test_every_hint_names_a_task_that_exists():
    from clinic.celery import app

    app.loader.import_default_modules()

    assert {hint.task for hint in timer.SCHEDULE} <= set(app.tasks)
    assert sys.modules["clinic.records.jobs"]
