import re

import pytest
from django.test import Client
from django.urls import resolve

from clinic.lib.problems import BY_STATUS

pytestmark = pytest.mark.django_db

PAGES = ["/", "/tentang/", "/privasi/", "/aksesibilitas/", "/bantuan/", "/komponen/"]


@pytest.fixture(params=["id", "en"])
def visitor(request):
    client = Client()
    client.cookies["django_language"] = request.param
    client.language = request.param
    return client


@pytest.mark.parametrize("address", PAGES)
def test_a_page_stands_in_both_languages(visitor, address):
    text = visitor.get(address).content.decode()
    assert f'<html lang="{visitor.language}"' in text
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert text.split("<title>")[1].strip().startswith(heading.strip())


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_open_to_anybody_by_declared_policy(address):
    assert resolve(address).func.policy == "public"


def test_the_front_page_leads_to_the_check():
    assert 'href="/periksa-lke/"' in Client().get("/").content.decode()


def test_the_privacy_page_tells_the_numbers_that_hold_here(settings):
    settings.KLINIK_MIN_GROUP_PROGRAMME, settings.KLINIK_MIN_GROUP_UNIT = 41, 42
    settings.KLINIK_MIN_GROUP_OTHERS, settings.KLINIK_PUBLIC_CHECK_MINUTES = 43, 44
    text = Client().get("/privasi/").content.decode()
    assert [number for number in ("41", "42", "43", "44") if number not in text] == []


def test_the_help_page_explains_every_code():
    text = Client().get("/bantuan/").content.decode()
    for status in BY_STATUS:
        assert f'id="KRB-{status}"' in text


@pytest.mark.parametrize("address", PAGES)
def test_a_public_page_that_is_drawn_asks_the_database_one_question(
    address, settings, django_assert_max_num_queries
):
    """With a query no page is shown as it was drawn; what was read before is remembered."""
    settings.PAGE_CACHE_SECONDS = 60
    Client().get(address)
    with django_assert_max_num_queries(1):
        Client().get(f"{address}?lagi=1")


@pytest.mark.parametrize("address", PAGES)
def test_a_public_page_of_a_process_that_remembers_nothing_asks_four_questions_at_most(
    address, settings, django_assert_max_num_queries
):
    settings.PAGE_CACHE_SECONDS = 0
    with django_assert_max_num_queries(4):
        Client().get(address)


def test_only_the_demo_says_sample_data(settings):
    assert "demo-ribbon" not in Client().get("/").content.decode()
    settings.IS_DEMO = True
    for address in ("/", "/tidak-ada/"):
        assert Client().get(address).content.decode().count("<aside") == 1
    assert "print-header" in Client().get("/").content.decode()
