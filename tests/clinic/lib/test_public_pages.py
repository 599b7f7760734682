"""Pages for visitors are shown as they were drawn, and never to anybody else."""

import gzip
import re
import time

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from clinic.assessments.models import ChangeArea
from clinic.lib.models import Publication
from clinic.lib.public_pages import PublicPages
from clinic.lib.publication import read_publication, renew_publication
from courses import publishing
from courses.models import ModuleEdition, ModulePage, Regulation
from tests.courses import made

pytestmark = pytest.mark.django_db

SECTION = "/modul/pengawasan/gratifikasi/"
ZIPPED = {"HTTP_ACCEPT_ENCODING": "gzip"}
TOKEN = re.compile(r'(?:csrfmiddlewaretoken" value=|"x-csrftoken": )"(\w{64})"')


@pytest.fixture
def visitor(settings):
    """A function that gives a new browser on the one server that all of them ask."""
    settings.PAGE_CACHE_SECONDS = 60
    server = Client().handler

    def open_browser(*, is_strict=False):
        browser = Client()
        browser.handler = server
        server.enforce_csrf_checks = is_strict
        return browser

    return open_browser


def text_of(browser, address, **headers):
    answer = browser.get(address, **headers)
    assert answer.status_code == 200
    content = answer.content
    return (gzip.decompress(content) if answer.get("Content-Encoding") else content).decode()


def without_tokens(text):
    return TOKEN.sub("", text)


def test_a_page_is_drawn_once_and_asks_one_question_after_that(visitor, cast):
    made.shipped(cast)
    drawn = text_of(visitor(), SECTION)
    with CaptureQueriesContext(connection) as asked:
        shown = text_of(visitor(), SECTION)
    assert [query["sql"] for query in asked] == ["SELECT word FROM lib_publication"]
    assert without_tokens(shown) == without_tokens(drawn)


@pytest.mark.parametrize("address", ["/", SECTION])
def test_the_compressed_page_is_the_page(visitor, cast, address):
    made.shipped(cast)
    plain = text_of(visitor(), address)
    answer = visitor().get(address, **ZIPPED)
    assert answer["Content-Encoding"] == "gzip"
    assert {"Accept-Encoding", "Cookie"} <= set(answer["Vary"].split(", "))
    assert int(answer["Content-Length"]) == len(answer.content) < len(plain) / 2
    assert without_tokens(gzip.decompress(answer.content).decode()) == without_tokens(plain)


def test_a_publication_empties_the_pages(visitor, cast):
    made.shipped(cast)
    before = text_of(visitor(), SECTION)
    module = ModulePage.objects.get()
    module.title = "Pengawasan yang baru"
    module.save_revision()
    publishing.publish(module, actor=cast.reviewer.account)
    after = text_of(visitor(), SECTION)
    assert "Pengawasan yang baru" not in before
    assert "Pengawasan yang baru" in after


def test_a_page_that_was_taken_back_is_gone_at_once(visitor, cast):
    made.shipped(cast)
    assert visitor().get(SECTION).status_code == 200
    ModulePage.objects.get().unpublish()
    assert visitor().get(SECTION).status_code == 404
    assert "/modul/pengawasan/" not in text_of(visitor(), "/")


def test_whatever_public_pages_show_empties_them(cast, settings):
    made.shipped(cast)
    for model in (ChangeArea, Regulation, ModulePage):
        before = read_publication()
        model.objects.first().save()
        assert read_publication() != before
    before = read_publication()
    ModuleEdition.objects.get().delete()
    assert read_publication() != before


def test_every_model_that_is_named_as_shown_is_a_model(settings):
    assert set(settings.PUBLISHED_MODELS) <= {model._meta.label for model in apps.get_models()}


def test_a_publication_that_is_taken_back_leaves_no_page_to_meet_again(db):
    words = set()
    for _turn in range(3):
        Publication.objects.all().delete()
        renew_publication()
        words.add(read_publication())
    assert len(words) == 3


def test_a_page_is_not_shown_longer_than_it_may_be(visitor, cast, monkeypatch):
    made.shipped(cast)
    text_of(visitor(), SECTION)
    later = time.monotonic() + 61
    monkeypatch.setattr("time.monotonic", lambda: later)
    with CaptureQueriesContext(connection) as asked:
        text_of(visitor(), SECTION)
    assert len(asked) > 1


def test_whoever_is_signed_in_gets_a_page_of_their_own_and_leaves_none(visitor, cast):
    made.shipped(cast)
    reader = visitor()
    reader.force_login(cast.participant.account)
    own = text_of(reader, SECTION)
    strangers = text_of(visitor(), SECTION)
    assert str(cast.participant.account) in own
    assert str(cast.participant.account) not in strangers
    assert str(cast.participant.account) in text_of(reader, SECTION)
    assert "no-store" in reader.get(SECTION)["Cache-Control"]


def test_each_visitor_gets_a_token_of_their_own_that_works(visitor, cast):
    made.shipped(cast)
    tokens = set()
    for _one in range(3):
        browser = visitor(is_strict=True)
        found = set(TOKEN.findall(text_of(browser, SECTION)))
        assert len(found) == 1
        tokens |= found
        secret = browser.cookies["csrftoken"].value
        sent = {"csrfmiddlewaretoken": found.pop(), "language": "en", "next": "/"}
        assert browser.post("/bahasa/", sent).status_code == 302
        text_of(browser, SECTION)
        assert browser.cookies["csrftoken"].value == secret
    assert len(tokens) == 3


def test_a_token_of_one_visitor_is_none_for_another(visitor, cast):
    made.shipped(cast)
    first, second = (visitor(is_strict=True) for _one in range(2))
    (token,) = set(TOKEN.findall(text_of(first, SECTION)))
    text_of(second, SECTION)
    sent = {"csrfmiddlewaretoken": token, "language": "en"}
    assert second.post("/bahasa/", sent).status_code == 403


def test_the_language_is_that_of_each_visitor(visitor, cast):
    made.shipped(cast)
    languages = []
    for chosen in ("id", "en", "id", "en"):
        browser = visitor()
        browser.cookies["django_language"] = chosen
        answer = browser.get("/")
        languages.append(
            (answer["Content-Language"], f'lang="{chosen}"' in answer.content.decode())
        )
    assert languages == [("id", True), ("en", True)] * 2


def test_a_chosen_theme_goes_with_the_session_and_past_the_pages(visitor):
    text_of(visitor(), "/")
    browser = visitor()
    browser.post("/tampilan/", {"theme": "dark"})
    assert 'data-theme="dark"' in text_of(browser, "/")
    assert 'data-theme="dark"' not in text_of(visitor(), "/")


def test_a_message_reaches_only_whom_it_is_for(visitor, cast):
    """Messages lie in the session: whoever has one is no visitor."""
    made.shipped(cast)
    browser = visitor()
    browser.post("/tampilan/", {"theme": "light"})
    assert "sessionid" in browser.cookies
    with CaptureQueriesContext(connection) as asked:
        text_of(browser, SECTION)
    assert len(asked) > 1


def test_the_nonce_and_the_id_of_a_request_are_new_for_each_answer(visitor):
    answers = [visitor().get("/") for _one in range(3)]
    for header in ("Content-Security-Policy", "X-Request-ID"):
        assert len({answer[header] for answer in answers}) == 3
    assert {answer["X-Frame-Options"] for answer in answers} == {"DENY"}
    assert {answer["Cache-Control"] for answer in answers} == {"no-cache"}


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/modul/?menit=10"},
        {"path": "/modul/", "HTTP_HX_REQUEST": "true"},
        {"path": "/modul/", "HTTP_AUTHORIZATION": "Bearer x"},
        {"path": "/periksa-lke/"},
    ],
)
def test_what_may_look_different_is_drawn_each_time(visitor, cast, asked):
    text_of(visitor(), asked["path"].partition("?")[0])
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            visitor().get(**asked)
        assert [query["sql"] for query in queries] != ["SELECT word FROM lib_publication"]


def test_a_foreign_host_is_refused_before_a_page_is_shown(visitor):
    text_of(visitor(), "/")
    assert visitor().get("/", headers={"host": "jahat.example"}).status_code == 400


def test_an_address_that_is_not_there_stays_404_and_sets_no_cookie(visitor):
    for _time in range(2):
        answer = visitor().get("/modul/tidak-ada/")
        assert answer.status_code == 404
        assert "csrftoken" not in answer.cookies


def test_an_answer_with_a_cookie_of_its_own_is_not_kept(settings):
    """No page of ours sets one; one that will must not give it to everybody."""
    settings.PAGE_CACHE_SECONDS = 60
    count = iter(range(9))

    def view(_request):
        answer = HttpResponse("isi")
        answer.set_cookie("pilihan", str(next(count)))
        return answer

    pages = PublicPages(view)
    requests = [RequestFactory().get("/tentang/") for _one in range(2)]
    for request in requests:
        request.csp_nonce = ""
    assert [pages(request).cookies["pilihan"].value for request in requests] == ["0", "1"]
    assert pages.pages == {}


def test_without_the_database_pages_are_drawn_as_ever(visitor, monkeypatch):
    monkeypatch.setattr("clinic.lib.public_pages.read_publication", lambda: None)
    assert "<h1" in text_of(visitor(), "/tentang/")
