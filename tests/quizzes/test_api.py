"""The API of the attempt page: the same rules as the forms, told to a program."""

import json

import pytest
from django.test import Client

from quizzes import delivery
from quizzes.models import Attempt, Response, ResponseEvent
from tests.quizzes import made

JSON = "application/json"


@pytest.fixture
def attempt(cast):
    quiz = made.published_quiz(cast, minutes=30)
    return delivery.start(made.assigned(quiz, cast.participant), cast.participant.account)[0]


@pytest.fixture
def base(attempt):
    return f"/api/quizzes/v1/attempts/{attempt.uuid}"


@pytest.fixture
def browser(cast, signed_in):
    return signed_in(cast.participant.account)


def body(value, **more):
    return json.dumps({"client_id": "tab-1", "seq": 1, "base_rev": 0, "value": value, **more})


def test_a_save_is_told_its_revision_and_the_time(attempt, base, browser):
    key = made.key_of(attempt.items.get(index=1).question_version.parsed)
    told = browser.put(f"{base}/items/1", body(key), JSON)

    assert told.status_code == 200
    assert (told.json()["outcome"], told.json()["rev"]) == ("applied", 1)
    assert told.json()["state"] == "in_progress"
    assert len(told.content) <= 1024
    assert browser.get(base).json()["items"][0]["value"] == key


def test_a_saved_number_is_told_as_it_was_read(attempt, base, browser):
    index = attempt.items.get(question_version__question__type="numeric").index

    told = browser.put(f"{base}/items/{index}", body({"raw": "1.500"}), JSON).json()

    assert told["reading"] == "Terbaca sebagai seribu lima ratus (1.500)"
    assert browser.get(base).json()["items"][index - 1]["reading"] == told["reading"]


def test_a_conflict_brings_the_servers_copy(attempt, base, browser):
    options = attempt.items.get(index=1).question_version.parsed.options
    browser.put(f"{base}/items/1", body(options[0].id), JSON)
    told = browser.put(f"{base}/items/1", body(options[1].id, client_id="tab-2"), JSON)

    assert told.status_code == 409
    assert told.headers["Content-Type"] == "application/problem+json"
    assert (told.json()["code"], told.json()["value"]) == ("stale", options[0].id)
    stopped = browser.post(
        f"{base}/submit",
        json.dumps({"pending": [json.loads(body(options[1].id, client_id="tab-3", index=1))]}),
        JSON,
    )
    assert (stopped.status_code, stopped.json()["finished"]) == (409, False)


def test_d05_s04_a_posted_phase_or_score_is_refused_and_changes_nothing(cast, attempt, browser):
    path = f"/api/quizzes/v1/quizzes/{attempt.quiz.slug}/attempts"
    named = {"assignment": str(attempt.assignment.uuid)}
    forged = browser.post(path, json.dumps({**named, "phase": "practice"}), JSON)
    again = browser.post(path, json.dumps(named), JSON)

    assert forged.status_code == 422
    assert (again.status_code, again.json()["attempt"]) == (200, str(attempt.uuid))
    assert Attempt.objects.get().phase == "normal"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("{", {400, 422}),
        ("[]", {422}),
        (body("x", extra=1), {422}),
        (body("x", seq="1"), {422}),
        (body("x", seq=0), {422}),
        (body("x", seq=2**40), {422}),
        (body("x", client_id=""), {422}),
        (body("\x00"), {422}),
        (body("\ud800"), {422}),
        (body("x" * 20000), {413}),
        (json.dumps({"client_id": "a", "seq": 1, "base_rev": 0, "value": [[[[1]]]]}), {422}),
        ("[" * 5000 + "]" * 5000, {400, 422}),
    ],
)
def test_s20_a_malformed_body_is_a_4xx_and_is_not_stored(base, browser, sent, status):
    answer = browser.put(f"{base}/items/1", sent, JSON)

    assert answer.status_code in status, answer.content
    assert ResponseEvent.objects.count() == 0


def test_s20_a_late_value_that_no_database_could_hold_is_refused(attempt, base, browser):
    delivery.submit(attempt.uuid)
    for value in ("\x00", "\ud800"):
        assert browser.put(f"{base}/items/1", body(value), JSON).status_code == 422
    assert browser.put(f"{base}/items/1", body("x"), JSON).status_code == 410


def test_replay_keeps_the_order_and_answers_each(attempt, base, browser):
    options = attempt.items.get(index=1).question_version.parsed.options
    events = [json.loads(body(options[n].id, seq=n + 1, index=1)) for n in (0, 1)]
    told = browser.post(f"{base}/replay", json.dumps({"events": events}), JSON).json()

    assert [one["outcome"] for one in told["results"]] == ["applied", "applied"]
    assert Response.objects.get(item__index=1, item__attempt=attempt).value == options[1].id


def batch(browser, base, *events):
    answer = browser.post(f"{base}/replay", json.dumps({"events": [*events]}), JSON)
    assert answer.status_code == 200, answer.content
    return answer.json()


def key_event(attempt, index, **more):
    key = made.key_of(attempt.items.get(index=index).question_version.parsed)
    return {"client_id": "tab-1", "seq": index, "base_rev": 0, "index": index, "value": key} | more


def test_answers_that_come_together_are_decided_one_by_one(attempt, base, browser):
    """Applied, refused, in conflict, repeated, cleared: each has its own result, in one request."""
    options = [one.id for one in attempt.items.get(index=1).question_version.parsed.options]
    batch(browser, base, key_event(attempt, 1, value=options[0]), key_event(attempt, 2))
    told = batch(
        browser,
        base,
        key_event(attempt, 3),
        key_event(attempt, 4, value={"raw": "\ud800"}),
        key_event(attempt, 4, seq=9, value="\x00"),
        key_event(attempt, 1, client_id="tab-2", seq=1, value=options[1]),
        key_event(attempt, 2),
        key_event(attempt, 2, seq=12, base_rev=1, value=None, clear=True),
        key_event(attempt, 5),
    )

    outcomes = [one["outcome"] for one in told["results"]]
    assert outcomes == [
        "applied", "refused", "refused", "conflict", "applied", "applied", "applied",
    ]  # fmt: skip
    assert (told["results"][3]["value"], told["results"][4]["rev"]) == (options[0], 1)
    assert told["state"] == "in_progress"
    stored = dict(attempt.items.values_list("index", "response__value"))
    assert (stored[1], stored[2], stored[4]) == (options[0], None, None)
    assert Response.objects.filter(item__attempt=attempt, value__isnull=True).count() == 2
    assert list(
        ResponseEvent.objects.order_by("item__index", "pk").values_list("item__index", "outcome")
    ) == [
        (1, "applied"), (1, "conflict"), (2, "applied"), (2, "applied"), (3, "applied"),
        (5, "applied"),
    ]  # fmt: skip


def test_what_comes_together_is_stored_whole_or_not_at_all(attempt, base, browser):
    events = [key_event(attempt, 1), {**key_event(attempt, 2), "index": 99}]
    answer = browser.post(f"{base}/replay", json.dumps({"events": events}), JSON)

    assert answer.status_code == 404
    assert not ResponseEvent.objects.exists()


def test_answers_that_come_together_too_late_are_all_recorded_as_late(attempt, base, browser):
    delivery.submit(attempt.uuid)
    told = batch(browser, base, key_event(attempt, 1), key_event(attempt, 2))

    assert [one["outcome"] for one in told["results"]] == ["late", "late"]
    assert told["state"] == "submitted"
    assert ResponseEvent.objects.filter(outcome="late").count() == 2
    assert not Response.objects.filter(value__isnull=False).exists()


def test_a_mark_is_put_and_taken_away_by_program(attempt, base, browser):
    for flagged in (True, False):
        told = browser.put(f"{base}/items/2/flag", json.dumps({"flagged": flagged}), JSON)
        assert told.json() == {"flagged": flagged}
        assert attempt.items.get(index=2).flagged is flagged


def test_submit_with_last_saves_is_one_act_and_repeats_alike(attempt, base, browser):
    key = made.key_of(attempt.items.get(index=1).question_version.parsed)
    sent = json.dumps({"pending": [json.loads(body(key, index=1))]})
    first, second = (browser.post(f"{base}/submit", sent, JSON) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["state"] == second.json()["state"] == "submitted"


def test_last_saves_on_one_item_are_decided_one_after_the_other(attempt, base, browser):
    options = attempt.items.get(index=1).question_version.parsed.options
    first, second, elsewhere = (
        json.loads(body(options[n].id, seq=n + 1, base_rev=base_rev, index=1, client_id=tab))
        for n, (base_rev, tab) in enumerate([(0, "tab-1"), (1, "tab-1"), (0, "tab-2")])
    )
    sent = json.dumps({"pending": [first, second, elsewhere]})
    stopped = browser.post(f"{base}/submit", sent, JSON)

    told = [one["outcome"] for one in stopped.json()["results"]]
    assert told == ["applied", "applied", "conflict"]
    assert (stopped.status_code, stopped.json()["finished"]) == (409, False)
    assert Response.objects.get(item__index=1, item__attempt=attempt).value == options[1].id


def test_a_time_out_that_came_too_early_leaves_the_attempt_open(base, browser):
    told = browser.post(f"{base}/submit", json.dumps({"reason": "timeout"}), JSON)

    assert (told.status_code, told.json()["state"]) == (200, "in_progress")


def test_s03_others_get_404_and_strangers_401(cast, base, signed_in):
    event = {**json.loads(body("x")), "index": 1}
    sendable = {
        "/submit": "{}",
        "/replay": json.dumps({"events": [event]}),
        "/items/1/flag": '{"flagged": true}',
    }
    writes = [
        ("put", "/items/1"),
        ("put", "/items/1/flag"),
        ("post", "/submit"),
        ("post", "/replay"),
    ]
    for method, path in [("get", ""), ("get", "/clock"), *writes]:
        sent = {} if method == "get" else {"data": body("x"), "content_type": JSON}
        if path in sendable:
            sent["data"] = sendable[path]
        other = getattr(signed_in(cast.colleague.account), method)(base + path, **sent)
        assert other.status_code == 404, path
        unknown = getattr(Client(), method)(base + path, **sent)
        assert unknown.status_code == 401, path
        assert unknown.headers["Content-Type"] == "application/problem+json"


def test_s06_no_write_without_a_token(cast, base):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.participant.account)
    assert browser.put(f"{base}/items/1", body("x"), JSON).status_code == 403


def test_s11_staff_without_a_second_factor_stay_outside(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = True
    attempt = made.attempt_of(cast.author)
    path = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    assert signed_in(cast.author.account).get(path).status_code == 403
