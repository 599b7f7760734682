"""The page for more time or tries: who reaches it, what it writes, how it is taken back."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from quizzes.models import Extension
from tests.attendance import made as clinics
from tests.quizzes import made


@pytest.fixture
def given(cast):
    event = clinics.event_of(cast.organiser)
    clinics.joined(event, cast.participant)
    return made.assigned(made.published_quiz(cast, minutes=20), event)


def path_of(assignment, person):
    return f"/kuis/tambahan/{assignment.uuid}/{person.uuid}/"


def test_an_organiser_finds_the_person_gives_more_and_takes_it_back(
    cast, given, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    browser = signed_in(cast.organiser.account)
    path = path_of(given, cast.participant)
    assert "/kuis/tambahan/" in browser.get("/kuis/").content.decode()
    assert f"/kuis/tambahan/{given.uuid}/" in browser.get("/kuis/tambahan/").content.decode()
    assert path in browser.get(f"/kuis/tambahan/{given.uuid}/?q=").content.decode()
    later = (given.closes_at + timedelta(days=1)).astimezone(ZoneInfo("Asia/Makassar"))
    sent = {
        "extra_minutes": "15",
        "extra_attempts": "",
        "closes_at": later.strftime("%Y-%m-%dT%H:%M"),
        "reason": "Listrik padam",
    }

    assert browser.post(path, sent).status_code == 302

    row = Extension.objects.get()
    assert (row.extra_minutes, row.extra_attempts, row.person) == (15, 0, cast.participant)
    assert row.closes_at == later.replace(second=0, microsecond=0)
    assert "Listrik padam" in browser.get(path).content.decode()
    for sent in ({"extra_minutes": "5"}, {"extra_attempts": "1"}):
        assert browser.post(path, {**sent, "reason": "Sakit"}).status_code == 302
    assert browser.post(path, {"akhiri": str(row.pk)}).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None


@pytest.mark.parametrize(
    "sent", [{"reason": "Coba"}, {"extra_minutes": "5"}, {"extra_minutes": "-5", "reason": "Coba"}]
)
def test_what_is_incomplete_comes_back_and_writes_nothing(cast, given, signed_in, settings, sent):
    settings.KLINIK_SECOND_FACTOR = False
    page = signed_in(cast.organiser.account).post(path_of(given, cast.participant), sent)
    assert page.status_code == 422
    assert not Extension.objects.exists()


def test_nobody_else_reaches_it_and_only_takers_are_found(cast, given, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    organiser = signed_in(cast.organiser.account)
    assert organiser.get(path_of(given, cast.stranger)).status_code == 404
    assert signed_in(cast.participant.account).get("/kuis/tambahan/").status_code == 403
    for person in (cast.participant, cast.other_regency_official):
        path = path_of(given, cast.participant)
        assert signed_in(person.account).get(path).status_code == 404
