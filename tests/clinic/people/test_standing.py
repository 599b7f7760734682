"""What is read once in a request is read anew in the next (S24)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clinic.people import granting, merging
from clinic.people.access import forget_grants, grants_of, remembering_grants, roles_of, rows_of
from clinic.people.models import Account
from clinic.people.zones import in_region_zone
from tests.given import PASSWORD, Role
from tests.quizzes import made

TODAY = timezone.localdate


@pytest.fixture
def standing():
    """Return a function that reads an account as a request does."""
    return lambda person: Account.objects.with_standing().get(person=person)


def test_who_stands_alone_without_a_role_costs_no_further_read(
    cast, standing, django_assert_num_queries
):
    account = standing(cast.participant)
    with remembering_grants(account), django_assert_num_queries(0):
        assert roles_of(account) == {"publik", "peserta"}
        assert rows_of(account.person) == {account.person_id}


def test_it_tells_the_same_as_asking(cast, standing):
    merging.merge(cast.stranger, cast.walk_in, actor=None, reason="Orang yang sama")
    for person in [*cast.by_role().values(), cast.stranger]:
        account = standing(person)
        with remembering_grants(account):
            answer = (roles_of(account), rows_of(account.person))
        assert answer == (roles_of(person.account), rows_of(person)), person


def test_a_role_given_within_the_block_counts_at_once(cast, standing):
    account = standing(cast.participant)
    with remembering_grants(account):
        assert grants_of(account.person)[0].role == Role.PARTICIPANT
        granting.grant(account.person, Role.AUTHOR, actor=None, starts_on=TODAY())
        assert Role.AUTHOR in roles_of(account)
        forget_grants()
        assert Role.AUTHOR in roles_of(account)


def test_s24_a_role_that_begins_asks_for_its_second_factor_at_the_next_request(cast, settings):
    settings.KLINIK_SECOND_FACTOR = True
    with in_region_zone():  # the day of whoever asks, not of the server
        today = TODAY()
    tomorrow = today + timedelta(days=1)
    granting.grant(cast.participant, Role.AUTHOR, actor=None, starts_on=tomorrow)
    browser = Client()
    assert browser.login(username=cast.participant.account.login_name, password=PASSWORD)
    assert browser.get("/kuis/").status_code == 200

    cast.participant.grants.filter(role=Role.AUTHOR).update(starts_on=today)

    assert browser.get("/kuis/").status_code == 302


def test_s24_a_merge_and_its_undoing_count_at_the_next_request(cast, signed_in):
    made.assigned(made.published_quiz(cast), cast.walk_in)
    browser = signed_in(cast.participant.account)
    codes = [browser.get("/kuis/kuis-uji/").status_code]
    merging.merge(cast.participant, cast.walk_in, actor=None, reason="Orang yang sama")
    codes.append(browser.get("/kuis/kuis-uji/").status_code)
    cast.walk_in.refresh_from_db()
    merging.undo_merge(cast.walk_in, actor=None, reason="Dua orang")
    codes.append(browser.get("/kuis/kuis-uji/").status_code)

    assert codes == [404, 200, 404]
