"""A key stays closed while any quiz that asks the question is open or to come (S1, Q10).

Two events of two units take the quiz in different weeks; everybody of the first one walks every
page that they can reach, as taker and as organiser, with what they know of by name.
"""

import json
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from attendance import planning, registration
from clinic.people import granting
from clinic.people.models import Grant
from quizzes import assignments, delivery
from quizzes.assignments import Window
from quizzes.models import Assignment, Attempt, Extension
from quizzes.models.assignments import Phase
from tests.attendance import made as events_made
from tests.laws.addresses import ours
from tests.laws.test_quiz_secrets import WORDS, planted
from tests.quizzes import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_factor")]
DAY = timedelta(days=1)


def leaks(response):
    """The planted words in the bytes of a page, picture or file."""
    sent = response.getvalue() + str(response.headers).encode()
    return {word for word in WORDS if word.encode() in sent}


def window(opens, closes):
    now = timezone.now()
    return Window(opens_at=now + opens, closes_at=closes and now + closes)


def shared_questions(cast):
    source = [{"label": WORDS[2]}]
    return [
        made.published_question(cast, f"tanam-{name}", content, sources=source)
        for name, content in planted().items()
    ]


@pytest.fixture
def world(cast, regencies, signed_in):
    """The first event's quiz was handed in blank and has closed; a second event is planned."""
    bank = shared_questions(cast)
    version = made.published_quiz(cast, versions=bank, max_attempts=2)
    first = events_made.event_of(cast.organiser, code="minggu-satu")
    second = events_made.event_of(cast.organiser, code="minggu-dua")
    given = planning.give_quiz(
        first,
        version.quiz,
        actor=cast.organiser.account,
        phase=Phase.POST,
        setting="own",
        window=window(-DAY, DAY),
    )
    attempts = []
    for person in (cast.participant, cast.organiser):
        events_made.joined(first, person)
        attempt = delivery.start(given, person.account)[0]
        delivery.submit(attempt.uuid)
        attempts.append(attempt)
    registration.register(second, cast.stranger, actor=cast.stranger.account)
    Assignment.objects.filter(pk=given.pk).update(closes_at=timezone.now() - DAY / 24)
    return SimpleNamespace(
        cast=cast, bank=bank, version=version, first=first, second=second, attempts=attempts
    )


def give(world, to, phase=Phase.POST, version=None, opens=-DAY, closes=DAY):
    quiz = (version or world.version).quiz
    return assignments.assign(quiz, to, actor=None, phase=phase, window=window(opens, closes))


def to_a_second_event(world):
    give(world, world.second)


def to_a_second_event_to_come(world):
    give(world, world.second, opens=5 * DAY, closes=9 * DAY)


def to_another_unit_without_an_end(world):
    unit = world.cast.stranger.memberships.get().unit
    give(world, unit, phase=Phase.NORMAL, closes=None)


def to_one_other_person(world):
    give(world, world.cast.stranger, phase=Phase.PRE)


def in_another_quiz(world):
    other = made.published_quiz(world.cast, "kuis-lain", versions=world.bank[:1])
    give(world, world.second, version=other)


def in_another_wording(world):
    """A newer version of one question stands in the other quiz."""
    name = next(iter(planted()))
    newer = made.published_question(world.cast, f"tanam-{name}", planted()[name])
    give(world, world.second, version=made.published_quiz(world.cast, "lain", versions=[newer]))


def by_more_time_for_one(world):
    given = give(world, world.second)
    Assignment.objects.filter(pk=given.pk).update(closes_at=timezone.now() - DAY / 24)
    Extension.objects.create(
        assignment=given, person=world.cast.stranger, closes_at=timezone.now() + DAY, reason="Sakit"
    )


def by_somebody_at_work_on_what_was_taken_back(world):
    given = give(world, world.second)
    delivery.start(given, world.cast.stranger.account)
    Assignment.objects.filter(pk=given.pk).update(withdrawn_at=timezone.now())


WAYS = [
    to_a_second_event,
    to_a_second_event_to_come,
    to_another_unit_without_an_end,
    to_one_other_person,
    in_another_quiz,
    in_another_wording,
    by_more_time_for_one,
    by_somebody_at_work_on_what_was_taken_back,
]


def paths_of(world, attempt):
    """Every address, by all names that the world has; what needs another name is left out."""
    seat = world.first.registrations.get(person=attempt.person_id)
    unit = attempt.person.memberships.get().unit
    known = {
        "code": world.first.code,
        "attempt": str(attempt.uuid),
        "number": "1",
        "assignment": str(attempt.assignment.uuid),
        "act": "tutup",
        "area": "pengawasan",
    }
    also = [
        {"person": str(seat.uuid)},
        {"person": str(attempt.person.uuid)},
        {"slug": "kuis-uji", "step": "kuis"},
        {"slug": unit.slug, "step": "periksa"},
    ]
    found = set()
    for address in ours():
        for more in also:
            names = known | more
            with suppress(NoReverseMatch, KeyError):
                found.add(reverse(address.name, kwargs={k: names[k] for k in address.arguments}))
    api = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    pages = sorted(found - {reverse("account_logout")})
    return [*pages, api, f"{api}/clock", "/cari/?q=rahasia"]


def walked(world, signed_in, person):
    attempt = Attempt.objects.get(person=person, assignment__event=world.first)
    browser = signed_in(person.account)
    result = f"/kuis/pengerjaan/{attempt.uuid}/hasil/"
    paths = paths_of(world, attempt)
    assert result in paths
    assert f"/panitia/{world.first.code}/atur/kuis" in paths
    found = set()
    for path in paths:
        found |= leaks(browser.get(path, follow=True))
    for language in ("id", "en"):
        browser.cookies["django_language"] = language
        found |= leaks(browser.get(result, headers={"HX-Request": "true"}, follow=True))
        found |= leaks(browser.get(f"{result}?cetak=1"))
    api = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    body = {"client_id": "penguji", "seq": 1, "base_rev": 0, "value": None}
    found |= leaks(browser.put(f"{api}/items/1", json.dumps(body), "application/json"))
    found |= leaks(browser.post(f"{api}/submit", json.dumps({}), "application/json"))
    shown = browser.get(result).context["result"]
    return found, shown


@pytest.mark.parametrize("still_asked", WAYS, ids=lambda way: way.__name__)
def test_s01_q10_no_page_tells_a_key_while_anybody_may_still_be_asked(
    world, signed_in, still_asked
):
    still_asked(world)

    found, shown = walked(world, signed_in, world.cast.participant)

    assert found == set()
    assert (shown.items, shown.outcomes) == (None, None)
    if still_asked is to_a_second_event:
        assert walked(world, signed_in, world.cast.organiser)[0] == set()


@pytest.mark.parametrize("still_asked", WAYS, ids=lambda way: way.__name__)
def test_q10_once_all_have_closed_the_answers_show(world, signed_in, still_asked):
    still_asked(world)
    past = timezone.now() - DAY / 24
    Assignment.objects.update(opens_at=past - DAY, closes_at=past)
    Extension.objects.update(closes_at=past)
    for attempt in Attempt.objects.in_progress():
        delivery.submit(attempt.uuid)

    found, shown = walked(world, signed_in, world.cast.participant)

    assert {WORDS[1], WORDS[2]} <= found
    assert shown.items is not None


def test_q10_practice_is_no_way_round_and_holds_nobodys_answers_back(world, signed_in):
    taker = world.cast.colleague
    practice = give(world, taker, phase=Phase.PRACTICE)
    attempt = delivery.start(practice, taker.account)[0]
    delivery.submit(attempt.uuid)
    browser = signed_in(taker.account)
    page = f"/kuis/pengerjaan/{attempt.uuid}/hasil/"

    assert leaks(browser.get(page))
    assert walked(world, signed_in, world.cast.participant)[0]
    to_a_second_event(world)
    held = browser.get(page)
    assert leaks(held) == set()
    assert held.context["result"].score is None


def test_q10_a_taker_hears_when_the_last_of_them_closes(world, signed_in):
    to_a_second_event_to_come(world)
    last = Assignment.objects.get(event=world.second).closes_at
    browser = signed_in(world.cast.participant.account)
    page = f"/kuis/pengerjaan/{world.attempts[0].uuid}/hasil/"

    assert browser.get(page).context["result"].opens_at == last
    to_another_unit_without_an_end(world)
    assert browser.get(page).context["result"].opens_at is None


def test_q10_the_attack_an_organiser_opens_a_short_event_of_their_own(world, signed_in):
    """Give, register, hand in blank, wait: the answers of the quiz that others take stay closed."""
    cast = world.cast
    to_a_second_event(world)
    granting.grant(cast.colleague, Grant.Role.ORGANISER, actor=None)
    own = events_made.event_of(cast.colleague, code="uji-kunci")
    given = planning.give_quiz(
        own,
        world.version.quiz,
        actor=cast.colleague.account,
        phase=Phase.POST,
        setting="own",
        window=window(-DAY, DAY),
    )
    events_made.joined(own, cast.colleague)
    attempt = delivery.start(given, cast.colleague.account)[0]
    delivery.submit(attempt.uuid)
    Assignment.objects.filter(pk=given.pk).update(closes_at=timezone.now() - timedelta(minutes=1))

    page = signed_in(cast.colleague.account).get(f"/kuis/pengerjaan/{attempt.uuid}/hasil/")

    assert page.status_code == 200
    assert leaks(page) == set()
    assert page.context["result"].items is None


def test_q10_nobody_gives_themselves_more_tries(world):
    """Each further try tells a score, and so of the answer that was changed."""
    given = Assignment.objects.get(event=world.first)
    with made.refused("own"):
        delivery.extend(
            given,
            world.cast.organiser,
            actor=world.cast.organiser.account,
            extra_attempts=5,
            reason="Mencoba lagi",
        )
    assert not Extension.objects.exists()


def test_the_quiz_step_says_where_else_and_until_when(world, signed_in):
    cast = world.cast
    granting.grant(cast.colleague, Grant.Role.ORGANISER, actor=None)
    draft = events_made.event_of(cast.colleague, code="rancangan", is_open=False)
    give(world, draft, closes=3 * DAY)
    to_one_other_person(world)
    to_a_second_event(world)
    browser = signed_in(cast.organiser.account)

    page = events_made.markup(browser.get(f"/panitia/{world.first.code}/atur/kuis"))

    assert f"juga pada {world.second.title} sampai" in page
    assert "juga pada kegiatan lain sampai" in page
    assert "juga pada seorang peserta sampai" in page
    assert cast.stranger.name not in page
