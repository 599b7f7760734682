"""R1: what the server said it saved is on disk, whatever kills the server the next moment."""

import http.client
import json
import socket
import threading

import pytest
from django.conf import settings
from django.test import Client

from quizzes.models import Attempt, Response
from tests import processes
from tests.quizzes import made

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a" * 32
WEB = processes.WEB
SAVES_BEFORE_THE_KILL = 10


@pytest.fixture
def listener():
    """A bound port, as the supervisor hands it down."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


def start_server(listener):
    number = listener.fileno()
    return processes.start([*WEB, str(number)], pass_fds=[number])


class Saver:
    """A taker's tab that saves one answer after another until the server is gone."""

    def __init__(self, listener, attempt, account):
        browser = Client()
        browser.force_login(account)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.port = listener.getsockname()[1]
        self.path = f"/api/quizzes/v1/attempts/{attempt.uuid}/items/1"
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/json",
        }
        self.options = [one.id for one in attempt.items.get().question_version.parsed.options]
        self.rev = 0
        self.value = None

    def save(self):
        value = self.options[self.rev % 2]
        sent = {"client_id": "tab", "seq": self.rev + 1, "base_rev": self.rev, "value": value}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("PUT", self.path, json.dumps(sent), self.headers)
            reply = connection.getresponse()
            told = json.loads(reply.read())
        finally:
            connection.close()
        assert reply.status == 200, told
        self.rev, self.value = told["rev"], value

    def run(self):
        """Save until the connection breaks."""
        try:
            while True:
                self.save()
        except (OSError, http.client.HTTPException):
            return


def wait_for_web(saver):
    def answers():
        try:
            with socket.create_connection(("127.0.0.1", saver.port), 1):
                saver.save()
        except (OSError, http.client.HTTPException):
            return False
        return True

    processes.wait_until(answers, 30, what="the web server")


def test_r01_each_acknowledged_save_outlives_a_kill_in_the_middle(cast, listener):
    attempt = made.attempt_of(cast.participant)
    saver = Saver(listener, attempt, cast.participant.account)
    server = start_server(listener)
    wait_for_web(saver)
    tab = threading.Thread(target=saver.run, daemon=True)
    tab.start()
    processes.wait_until(
        lambda: saver.rev >= SAVES_BEFORE_THE_KILL or not tab.is_alive(), 30, what="some saves"
    )
    processes.kill(server)
    listener.close()
    tab.join(15)

    told, value = saver.rev, saver.value
    assert told >= SAVES_BEFORE_THE_KILL
    stored = Response.objects.get(item__attempt=attempt)
    # One more may have been written whose answer the kill cut off; none may be missing.
    assert stored.rev in {told, told + 1}
    if stored.rev == told:
        assert stored.value == value
    assert stored.item.events.count() == stored.rev
    assert Attempt.objects.get().is_open
