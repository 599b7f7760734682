"""R5: with worker, broker and mail down every page of a participant works, and every act is kept.

The server is a real process whose broker and mail server refuse every connection.
"""

import http.client
import json
import time
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from attendance.models import Registration
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from quizzes.models import Attempt
from tests.attendance import made as attendance_made
from tests.laws.addresses import ours
from tests.processes import WebServer
from tests.quizzes import made as quizzes_made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_worker]

TOKEN = "a" * 32
NOWHERE = "127.0.0.1:1"
SECONDS_OF_A_PAGE = 20  # a busy machine; what counts is that nobody waits for a broker for ever


@pytest.fixture
def server():
    alone = WebServer(CELERY_BROKER_URL=f"redis://{NOWHERE}/0", EMAIL_URL=f"smtp://{NOWHERE}")
    alone.start()
    yield alone
    alone.kill()


@pytest.fixture
def ask(cast, server):
    """Return a function that asks the server as the participant."""
    browser = Client()
    browser.force_login(cast.participant.account)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value

    def request(method, path, body=None, kind="application/x-www-form-urlencoded"):
        headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": kind,
        }
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            begun = time.monotonic()
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert time.monotonic() - begun < SECONDS_OF_A_PAGE, path
            return answer.status
        finally:
            connection.close()

    return request


def test_r05_every_page_and_act_of_a_participant_works(cast, ask):
    event = attendance_made.event_of(cast.organiser)
    attempt = quizzes_made.attempt_of(cast.participant)
    for address in ours():
        if address.policy in {"public", "signed-in", "register", "open-quiz"}:
            assert ask("GET", address.nobodys()) < 500, address.name
    for path in ("/belajar/", "/kuis/", f"/kuis/pengerjaan/{attempt.uuid}/1/", "/modul/"):
        assert ask("GET", path) in {200, 302}, path

    save = {"client_id": "tab", "seq": 1, "base_rev": 0, "value": None, "clear": True}
    base = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    assert ask("PUT", f"{base}/items/1", json.dumps(save), "application/json") == 200
    assert ask("POST", f"{base}/submit", "{}", "application/json") == 200
    assert ask("POST", f"/kegiatan/{event.code}/daftar", urlencode({"needs": ""})) == 302
    assert ask("POST", "/akun/sandi/lupa/", urlencode({"email": "rekan@uji.test"})) in {200, 302}

    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.SUBMITTED
    assert Registration.objects.filter(event=event, person=cast.participant).exists()
    assert Job.objects.filter(name="insights.refresh_person", state=Job.State.QUEUED).exists()
    assert not Notice.objects.filter(state=Notice.State.DELIVERED).exists()
