"""Budgets of section 17, by the whole HTTP stack with a session that a log-in has opened.

Counted as Django counts: BEGIN and COMMIT too, which are SAVEPOINT and RELEASE within a test.
"""

import gzip
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quizzes import delivery, overview
from quizzes.models import Assignment, Attempt
from quizzes.models.assignments import Phase
from tests.attendance import made as clinics
from tests.given import PASSWORD
from tests.plans import plan_of
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

JSON = "application/json"
NOW = timezone.now()
SHEET = re.compile(r'<link rel="stylesheet" href="/static/([^"]+)"')
SCRIPT = re.compile(r'<script[^>]* src="/static/([^"]+)"')
IMPORT = re.compile(r'from "\./([^"]+)"')


@pytest.fixture
def browser(cast, settings):
    """A session as in production: staff would need a second factor."""
    settings.KLINIK_SECOND_FACTOR = True
    client = Client()
    assert client.login(username=cast.participant.account.login_name, password=PASSWORD)
    client.get("/kuis/")  # a session is written once in five minutes: now
    return client


def quiz_of(cast, length):
    kinds = list(made.contents())
    versions = [
        made.published_question(cast, f"soal-{n}", made.contents()[kinds[n % len(kinds)]])
        for n in range(length)
    ]
    return made.published_quiz(cast, "kuis-anggaran", versions=versions, minutes=60)


@pytest.fixture
def begun(cast, browser):
    """Return a function that begins a quiz of so many questions by the page's own form."""

    def begin(length):
        given = made.assigned(quiz_of(cast, length), cast.participant)
        browser.post("/kuis/kuis-anggaran/", {"tugas": str(given.uuid)})
        return Attempt.objects.get()

    return begin


def save(client, attempt, index, seq=1):
    key = made.key_of(attempt.items.get(index=index).question_version.parsed)
    body = {"client_id": "tab-1", "seq": seq, "base_rev": seq - 1, "value": key}
    return lambda: client.put(
        f"/api/quizzes/v1/attempts/{attempt.uuid}/items/{index}", json.dumps(body), JSON
    )


def test_an_autosave_asks_eight_times(browser, begun, django_assert_max_num_queries):
    attempt = begun(5)
    for seq in (1, 2):
        send = save(browser, attempt, 1, seq)
        with django_assert_max_num_queries(8):
            told = send()
        assert told.status_code == 200
        assert len(told.content) <= 1024


def test_twenty_answers_together_ask_no_more_often_than_two(browser, begun):
    attempt = begun(40)
    costs = []
    for indexes in (range(1, 3), range(3, 23)):
        events = [
            {
                "index": item.index,
                "client_id": "tab-1",
                "seq": item.index,
                "base_rev": 0,
                "value": made.key_of(item.question_version.parsed),
            }
            for item in attempt.items.filter(index__in=indexes)
        ]
        with CaptureQueriesContext(connection) as seen:
            told = browser.post(
                f"/api/quizzes/v1/attempts/{attempt.uuid}/replay",
                json.dumps({"events": events}),
                JSON,
            )
        assert {one["outcome"] for one in told.json()["results"]} == {"applied"}
        costs.append(len(seen))

    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize("length", [5, 15, 40])
def test_an_attempt_page_asks_twelve_times_whatever_its_length(
    browser, begun, length, django_assert_max_num_queries
):
    attempt = begun(length)
    for page in ("1/", f"{length}/", "periksa/"):
        with django_assert_max_num_queries(12):
            shown = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/{page}")
        assert shown.status_code == 200


def test_starting_thirty_questions_asks_twenty_times(cast, browser, django_assert_max_num_queries):
    given = made.assigned(quiz_of(cast, 30), cast.participant)
    with django_assert_max_num_queries(20):
        begun = browser.post("/kuis/kuis-anggaran/", {"tugas": str(given.uuid)})

    assert begun.headers["Location"].endswith("/1/")
    assert Attempt.objects.get().items.count() == 30


@pytest.mark.parametrize("way", ["page", "program"])
def test_handing_in_thirty_answers_asks_twenty_five_times(
    browser, begun, way, django_assert_max_num_queries
):
    attempt = begun(30)
    for index in range(1, 31):
        assert save(browser, attempt, index)().status_code == 200
    with django_assert_max_num_queries(25):
        if way == "page":
            done = browser.post(f"/kuis/pengerjaan/{attempt.uuid}/periksa/")
        else:
            done = browser.post(f"/api/quizzes/v1/attempts/{attempt.uuid}/submit", "{}", JSON)

    assert done.status_code == {"page": 302, "program": 200}[way]
    attempt.refresh_from_db()
    assert attempt.state == "submitted"


def test_last_saves_that_come_with_the_hand_in_ask_four_times_more(
    browser, begun, django_assert_max_num_queries
):
    attempt = begun(30)
    pending = [
        {
            "client_id": "tab-1",
            "seq": item.index,
            "base_rev": 0,
            "index": item.index,
            "value": made.key_of(item.question_version.parsed),
        }
        for item in attempt.items.select_related("question_version")
    ]
    with django_assert_max_num_queries(25 + 4):
        done = browser.post(
            f"/api/quizzes/v1/attempts/{attempt.uuid}/submit",
            json.dumps({"pending": pending}),
            JSON,
        )

    assert [one["outcome"] for one in done.json()["results"]] == ["applied"] * 30
    assert Attempt.objects.get().state == "submitted"


@pytest.fixture
def given(cast):
    """Return a function that gives the participant quizzes until there are so many.

    Every other one is of an event, where the attempt got more time.
    """
    clinic = clinics.event_of(cast.organiser)
    clinics.moved(clinic, to=timezone.now() + timedelta(days=3))
    clinics.joined(clinic, cast.participant)
    bank = [made.published_question(cast, f"soal-{n}", questions.single()) for n in range(5)]
    rules = {"forms": {"A": bank, "B": bank}, "form_phases": {"pre": "A", "post": "B"}}
    targets = ((cast.participant, Phase.POST), (clinic, Phase.PRE))

    def give(until):
        for number in range(Assignment.objects.count(), until):
            quiz = made.published_quiz(cast, f"kuis-{number}", max_attempts=2, minutes=60, **rules)
            to, phase = targets[number % 2]
            assignment = made.assigned(quiz, to, phase=phase)
            attempt, _new = delivery.start(assignment, cast.participant.account)
            if to == clinic:
                more = {"extra_minutes": 30, "reason": "Listrik padam"}
                actor = cast.organiser.account
                delivery.extend(assignment, cast.participant, actor=actor, **more)
            delivery.submit(attempt.uuid)

    return give


def test_each_quiz_of_a_list_is_told_by_its_own_extension_and_attempts(cast, given):
    given(4)

    entries = overview.entries_of(cast.participant.account)

    assert [
        (one.minutes_left, one.questions, one.prospect.used, len(one.attempts)) for one in entries
    ] == [(60, 5, 1, 1), (90, 5, 1, 1)] * 2


@pytest.mark.parametrize("address", ["/kuis/", "/belajar/"])
def test_a_list_of_quizzes_costs_the_same_whatever_their_number(browser, given, address):
    costs = {}
    for number in (2, 8):
        given(number)
        with CaptureQueriesContext(connection) as seen:
            page = browser.get(address)
        assert page.content.decode().count('href="/kuis/kuis-') == number
        costs[number] = len(seen)

    assert costs[2] == costs[8], costs


def weight(*bodies):
    """Return what goes over the line when each is served zipped."""
    return sum(len(gzip.compress(body)) for body in bodies)


def served(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200, name
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def scripts_of(client, names):
    """Return each script by its name, with the modules that it loads."""
    found = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        found[name] = served(client, name)
        folder = name.rpartition("/")[0]
        inner = [f"{folder}/{one}" for one in IMPORT.findall(found[name].decode())]
        waiting += [one for one in inner if one not in found]
    return found


def test_an_attempt_page_keeps_its_weight(browser, begun):
    attempt = begun(15)
    page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/1/").content
    sheets = [served(browser, name) for name in SHEET.findall(page.decode())]
    scripts = scripts_of(browser, SCRIPT.findall(page.decode()))
    own = [body for name, body in scripts.items() if "htmx" not in name]

    assert len(sheets) == 7
    assert "quizzes/queue.js" in scripts
    assert len(own) < len(scripts)
    assert weight(page) <= 40 * 1024
    assert weight(*sheets) <= 16 * 1024
    assert weight(*own) <= 14 * 1024
    assert weight(page, *sheets, *scripts.values()) <= 100 * 1024


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ({"quiz": 1, "state": Attempt.State.IN_PROGRESS}, "open_attempt_by_quiz"),
        ({"deadline_at__lt": NOW, "state": Attempt.State.IN_PROGRESS}, "open_attempt"),
        ({"finished_at__gte": NOW}, "attempt_by_finish"),
    ],
    ids=["open", "overdue", "lately"],
)
def test_open_and_newly_finished_attempts_are_found_without_those_of_all_years(condition, index):
    assert index in plan_of(Attempt.objects.order_by().filter(**condition))
