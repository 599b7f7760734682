import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from clinic.desks import navigation

pytestmark = pytest.mark.django_db


def seen_by(user, address="/"):
    request = RequestFactory().get(address)
    request.user = user
    return navigation.links(request)


def test_a_room_that_is_not_built_has_no_link(monkeypatch):
    monkeypatch.setattr(navigation, "FOOTER", (("help", "Bantuan"), ("no_such_room", "Kosong")))
    assert [item["label"] for item in seen_by(AnonymousUser())["footer_items"]] == ["Bantuan"]


def test_this_page_is_marked():
    footer = seen_by(AnonymousUser(), "/bantuan/")["footer_items"]
    assert [item["url"] for item in footer if item["current"] == "page"] == ["/bantuan/"]


def test_a_guest_gets_no_account_links(cast):
    assert seen_by(AnonymousUser())["account_items"] == []
    signed_in = seen_by(cast.participant.account)
    assert len(signed_in["nav_items"]) >= len(seen_by(AnonymousUser())["nav_items"])


def test_a_room_stands_in_the_menu_of_who_may_enter_it(cast):
    def addresses(person):
        return {item["url"] for item in seen_by(person.account)["nav_items"]}

    assert "/pemetaan/" in addresses(cast.regency_official)
    assert "/pemetaan/" not in addresses(cast.participant)
    assert "/panitia/" in addresses(cast.organiser)
    assert "/panitia/" not in addresses(cast.participant)


def test_home_is_no_second_link_to_a_room_of_the_menu(cast):
    def urls(person, kind):
        return [item["url"] for item in seen_by(person.account)[kind]]

    assert "/beranda/" not in urls(cast.regency_official, "nav_items")
    assert urls(cast.regency_official, "nav_items")[0] == "/pemetaan/"
    assert "/beranda/" in urls(cast.participant, "nav_items")
    assert "/beranda/" in urls(cast.organiser, "nav_items")
    for person in (cast.participant, cast.organiser, cast.regency_official):
        assert "/beranda/" not in urls(person, "account_items")


def test_home_is_marked_on_the_screen_it_leads_to(cast):
    def marked(address):
        items = seen_by(cast.participant.account, address)["nav_items"]
        return [item["url"] for item in items if item["current"]]

    assert marked("/belajar/") == ["/beranda/"]
    assert marked("/kuis/") == ["/kuis/"]


@pytest.mark.parametrize("role", ["participant", "organiser", "regency_official", "admin"])
def test_the_frame_asks_four_questions_at_most_and_none_twice(
    cast, signed_in, one_factor, settings, role
):
    """As in operation, where the zones of the regencies are remembered for a minute."""
    settings.PAGE_CACHE_SECONDS = 60
    browser = signed_in(getattr(cast, role).account)
    browser.get("/tentang/")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get("/tentang/").status_code == 200
    tables = [re.search(r'FROM "(\w+)"', query["sql"])[1] for query in asked]
    assert len(tables) <= 4
    assert len(tables) == len(set(tables)), tables
