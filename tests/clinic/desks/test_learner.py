"""``/belajar/`` leads to the next clinic: what to read, which quiz, and the code at the door."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from attendance import events
from courses import importing, publishing
from quizzes import delivery
from quizzes.models.assignments import Phase
from tests.attendance import made as clinics
from tests.courses import made as modules
from tests.quizzes import made as quizzes

OUTCOME = "pengawasan-uji"


@pytest.fixture
def version(cast):
    return quizzes.published_quiz(cast, minutes=20)


@pytest.fixture
def event(cast):
    held = clinics.event_of(cast.organiser)
    return clinics.moved(held, to=timezone.now() + timedelta(days=3))


def published(cast, slug, outcomes):
    text = modules.small_text(slug, slug).replace(
        "outcomes = []", f"outcomes = {json.dumps(outcomes)}"
    )
    module = importing.load_module(text, author=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)


def tasks(browser):
    return browser.get("/belajar/").context["before"].tasks


def test_a_registered_person_finds_quiz_module_and_code_in_this_order(
    cast, signed_in, version, event
):
    published(cast, "membantu", [OUTCOME])
    published(cast, "lain", [])
    clinics.joined(event, cast.participant)
    given = quizzes.assigned(version, event, phase=Phase.PRE)
    browser = signed_in(cast.participant.account)

    found = tasks(browser)

    assert [task["url"] for task in found] == [
        "/kuis/kuis-uji/",
        "/modul/membantu/",
        f"/kegiatan/{event.code}/saya",
    ]
    assert found[0]["hint"].startswith("20 menit, ditutup ")
    assert found[0]["state"] == "todo"
    delivery.start(given, cast.participant.account)
    assert tasks(browser)[0]["state"] == "doing"


def test_quizzes_of_the_preparation_are_not_listed_twice_and_others_stay(
    cast, signed_in, version, event
):
    clinics.joined(event, cast.participant)
    quizzes.assigned(version, event, phase=Phase.PRE)
    quizzes.assignment_of(cast.participant)

    page = signed_in(cast.participant.account).get("/belajar/")

    listed = [task["url"] for task in page.context["quizzes"]]
    assert sorted([page.context["next_step"].url, *listed]) == sorted(
        {"/kuis/kuis-uji/", f"/kuis/kuis-{cast.participant.pk}/"}
    )
    assert "/kuis/kuis-uji/" not in listed


def test_without_a_seat_or_for_a_cancelled_event_nothing_is_prepared(cast, signed_in, event):
    browser = signed_in(cast.participant.account)
    assert browser.get("/belajar/").context["before"] is None
    clinics.joined(event, cast.participant)
    events.step(event, "cancelled", actor=cast.organiser.account, reason="Narasumber berhalangan.")
    page = browser.get("/belajar/")
    assert page.context["before"] is None
    assert page.context["coming"]


def test_more_modules_cost_no_more_queries(
    cast, signed_in, version, event, django_assert_max_num_queries
):
    published(cast, "membantu", [OUTCOME])
    clinics.joined(event, cast.participant)
    quizzes.assigned(version, event, phase=Phase.PRE)
    browser = signed_in(cast.participant.account)
    browser.get("/belajar/")
    with django_assert_max_num_queries(40) as asked:
        browser.get("/belajar/")
    before = len(asked)
    for number in range(3):
        published(cast, f"lagi-{number}", [OUTCOME])
    with django_assert_max_num_queries(before):
        browser.get("/belajar/")


def test_one_thing_to_do_leads_the_home(cast, signed_in, version, event):
    """First to begin reading; a quiz that is open goes before, then what was begun."""
    browser = signed_in(cast.participant.account)
    assert browser.get("/belajar/").context["next_step"].url == "/modul/"
    published(cast, "membantu", [OUTCOME])
    browser.post("/modul/membantu/")
    assert browser.get("/belajar/").context["next_step"].url == "/modul/membantu/bagian-1/"

    given = quizzes.assigned(version, cast.participant)
    page = browser.get("/belajar/")
    assert page.context["next_step"].url == "/kuis/kuis-uji/"
    assert page.context["quizzes"] == []
    attempt = delivery.start(given, cast.participant.account)[0]
    delivery.submit(attempt.uuid)

    page = browser.get("/belajar/")
    assert page.context["next_step"].url == "/modul/membantu/bagian-1/"
    assert f"/kuis/pengerjaan/{attempt.uuid}/hasil/" in page.content.decode()
