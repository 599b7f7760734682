import uuid

import pytest
from django.conf import settings as live
from django.contrib.auth.signals import user_logged_out
from django.http import HttpResponse
from django.test import Client, RequestFactory

from clinic.lib.middleware import BrowserRules, RequestLog

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.clinic.lib.faulty_urls")]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
EVERYWHERE = [
    "/", "/bantuan/", "/tidak-ada/", "/gagal/locked/", "/gagal/forbidden/", "/gagal/fault/",
    "/api/gagal/refused/", "/kosong/", "/static/clinic/base.css", "/static/tidak-ada.css",
]  # fmt: skip


@pytest.fixture
def web():
    return Client(raise_request_exception=False)


def policy_of(response):
    parts = response["Content-Security-Policy"].split("; ")
    return {part.split()[0]: part.split()[1:] for part in parts}


@pytest.mark.parametrize("address", EVERYWHERE)
def test_every_response_carries_the_browser_rules(web, address):
    response = web.get(address)
    assert {name: response[name] for name in HEADERS} == HEADERS
    assert policy_of(response)["default-src"] == ["'none'"]
    assert uuid.UUID(response["X-Request-ID"])


def test_a_foreign_host_is_refused_and_never_repeated(web):
    response = web.get("/", HTTP_HOST="jahat.example", HTTP_X_FORWARDED_HOST="lain.example")
    assert response.status_code == 400
    assert "example" not in response.content.decode()
    assert response["X-Frame-Options"] == "DENY"


def test_a_forwarded_host_changes_nothing(web):
    response = web.get("/", HTTP_X_FORWARDED_HOST="jahat.example")
    assert response.status_code == 200
    assert "jahat.example" not in response.content.decode()


def test_our_pages_allow_no_inline_and_no_foreign_source(web):
    rules = policy_of(web.get("/"))
    assert rules["script-src"][0] == rules["style-src"][0] == "'self'"
    assert rules["script-src"][1].startswith("'nonce-")
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == ["'none'"]
    assert "unsafe" not in str(rules)
    assert "http" not in str(rules)


def test_the_wider_policy_stays_under_admin(web):
    admin = policy_of(web.get("/admin/sekali/"))
    assert admin["script-src"] == ["'self'", "'unsafe-inline'"]
    assert admin["frame-ancestors"] == ["'self'"]
    for address in ("/sekali/", "/administrasi/", "/modul/admin/", "/Admin/sekali/"):
        assert "unsafe-inline" not in web.get(address)["Content-Security-Policy"], address


def test_each_response_has_its_own_nonce(web):
    first, second = web.get("/sekali/"), web.get("/sekali/")
    assert first.content != second.content
    assert f"'nonce-{first.content.decode()}'" in first["Content-Security-Policy"]


def test_a_uuid_from_outside_is_kept(web):
    given = str(uuid.uuid4())
    assert web.get("/", HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["198501012010011001", "x" * 5000, "a\tb", "<script>", ""])
def test_any_other_request_id_is_replaced(web, given):
    answered = web.get("/tidak-ada/", HTTP_X_REQUEST_ID=given)
    assert str(uuid.UUID(answered["X-Request-ID"])) in answered.content.decode()
    assert answered["X-Request-ID"] != given


def test_the_log_names_the_address_without_its_query():
    request = RequestFactory().get("/cari/?q=198501012010011001")
    assert RequestLog.format_request(request) == "GET /cari/"


def test_pages_with_a_session_stay_out_of_caches(web):
    assert web.get("/")["Cache-Control"] == "no-cache"
    assert web.get("/masuk/")["Cache-Control"] == "no-store, private"
    assert web.get("/")["Cache-Control"] == "no-store, private"
    assert "no-store" not in web.get("/static/clinic/base.css")["Cache-Control"]


def test_a_token_makes_an_answer_personal(web):
    response = web.get("/", headers={"Authorization": "Bearer x"})
    assert response["Cache-Control"] == "no-store, private"


def test_errors_stay_out_of_caches(web):
    assert web.get("/tidak-ada/")["Cache-Control"] == "no-store, private"


def test_sign_out_clears_the_cache_and_never_the_storage():
    def leave(request):
        user_logged_out.send(sender=None, request=request, user=None)
        return HttpResponse()

    response = BrowserRules(leave)(RequestFactory().get("/akun/keluar/"))
    assert response["Clear-Site-Data"] == '"cache"'


def test_pages_are_indonesian_until_a_person_chooses(web):
    assert web.get("/kata/", headers={"Accept-Language": "en-US,en"}).content == b"id"
    web.cookies[live.LANGUAGE_COOKIE_NAME] = "en"
    assert web.get("/kata/").content == b"en"
    web.cookies[live.LANGUAGE_COOKIE_NAME] = "xx"
    assert web.get("/kata/").content == b"id"


def test_a_program_asks_for_its_language(web):
    assert web.get("/api/kata/", headers={"Accept-Language": "en"}).content == b"en"
    assert web.get("/api/kata/").content == b"id"


def test_only_the_known_cookies_are_set(web):
    web.post("/bahasa/", {"language": "en", "next": "/"})
    web.post("/tampilan/", {"theme": "dark", "next": "/"})
    web.get("/")
    assert set(web.cookies) <= {
        live.SESSION_COOKIE_NAME, live.CSRF_COOKIE_NAME, live.LANGUAGE_COOKIE_NAME,
    }  # fmt: skip
    assert web.cookies[live.SESSION_COOKIE_NAME]["httponly"]
    assert web.cookies[live.LANGUAGE_COOKIE_NAME]["samesite"] == "Lax"
