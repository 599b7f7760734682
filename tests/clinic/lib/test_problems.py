import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from clinic.lib import problems
from clinic.lib.error_views import bad_request, fault, not_found
from clinic.lib.errors import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.clinic.lib.faulty_urls")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def web():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", sorted(problems.BY_STATUS))
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_error_says_what_to_do_and_names_its_code(web, status, language):
    web.cookies["django_language"] = language
    response = web.get(f"/status/{status}/")
    text = response.content.decode()
    assert response.status_code == status
    assert f'<html lang="{language}">' in text
    assert f"KRB-{status}" in text
    assert response["X-Request-ID"] in text
    assert 'href="/"' in text
    assert '<link rel="stylesheet"' not in text
    assert "<script" not in text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_error_pages_ask_no_database(headers):
    request = RequestFactory().get("/", headers=headers)
    with CaptureQueriesContext(connection) as asked:
        for problem in problems.BY_STATUS.values():
            problems.answer(request, problem)
    assert len(asked) == 0


def test_error_pages_wear_the_face_of_all_pages_and_do_without(web, monkeypatch):
    assert "jakarta-400-700" in web.get("/tidak-ada/").content.decode()

    def lost(name):
        raise ValueError(name)

    monkeypatch.setattr(problems, "static", lost)
    page = web.get("/tidak-ada/")
    assert page.status_code == 404
    assert "@font-face" not in page.content.decode()


def test_a_database_that_is_away_is_told_as_a_short_outage(web, monkeypatch):
    def away(*_args, **_values):
        raise OperationalError("connection to server failed: connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    response = web.get("/modul/")
    assert response.status_code == 503
    assert "KRB-503" in response.content.decode()


def test_absent_and_out_of_reach_look_the_same(web):
    one, other = web.get("/tidak-ada/"), web.get("/tidak-ada-juga/")
    assert one.status_code == other.status_code == 404
    assert len(one.content) == len(other.content)
    assert b"tidak-ada" not in one.content


def test_a_fault_tells_no_reason(web):
    text = web.get("/gagal/fault/").content.decode()
    assert "KRB-500" in text
    assert "secret" not in text
    assert "ZeroDivision" not in text


@pytest.mark.parametrize(
    ("name", "code"),
    [("locked", "unavailable"), ("full", "storage_full"), ("no-space", "storage_full")],
)
def test_an_outage_is_503_with_a_time_to_come_back(web, name, code):
    response = web.get(f"/api/gagal/{name}/")
    assert response.status_code == 503
    assert response.json()["code"] == code
    assert int(response["Retry-After"]) > 0


def test_an_outage_outside_the_views_is_503_too(monkeypatch):
    locked = OperationalError("database is locked")
    monkeypatch.setattr("sys.exc_info", lambda: (type(locked), locked, None))
    assert fault(RequestFactory().get("/")).status_code == 503
    monkeypatch.undo()
    assert fault(RequestFactory().get("/")).status_code == 500


def test_a_wrong_statement_is_our_fault_and_not_an_outage(web):
    response = web.get("/gagal/sql/")
    assert response.status_code == 500
    assert b"secret_column" not in response.content


def test_a_refusal_is_a_page_for_people(web):
    response = web.get("/gagal/refused/")
    assert response.status_code == 409
    assert "Kegiatan sudah penuh." in response.content.decode()
    assert response["Content-Type"].startswith("text/html")


def test_a_refusal_is_a_fragment_for_htmx(web):
    response = web.get("/gagal/refused/", headers=HTMX)
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#pesan"
    assert "<html" not in response.content.decode()
    assert "Kegiatan sudah penuh." in response.content.decode()


def test_a_refusal_is_problem_json_for_programs(web):
    response = web.get("/api/gagal/refused/")
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {
        "type", "title", "status", "detail", "code", "request_id", "errors",
    }  # fmt: skip
    assert body["status"] == response.status_code == 409
    assert body["code"] == "event_full"
    assert body["detail"] == "Kegiatan sudah penuh."
    assert body["errors"] == [{"field": "event"}]
    assert body["request_id"] == response["X-Request-ID"]


def test_several_errors_are_listed_one_by_one(web):
    body = web.get("/api/gagal/many-errors/").json()
    assert body["status"] == 422
    assert body["errors"] == [{"where": "B2"}]


def test_htmx_headers_never_change_the_status(web):
    for name in ("refused", "forbidden", "locked", "fault"):
        plain = web.get(f"/gagal/{name}/").status_code
        assert web.get(f"/gagal/{name}/", headers=HTMX).status_code == plain


def test_an_unknown_address_under_the_api_is_problem_json(web):
    response = web.get("/api/tidak-ada/")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_the_portal_of_the_ministry_keeps_its_shape(web):
    body = web.get("/api/zi/v1/gagal/refused/").json()
    assert body == {
        "error": body["error"], "code": "event_full", "message": "Kegiatan sudah penuh.",
    }  # fmt: skip


def test_a_limit_says_when_to_come_back(web):
    assert web.get("/gagal/later/")["Retry-After"] == "17"
    response = web.get("/banyak/")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_a_bare_answer_is_dressed_and_keeps_its_headers(web):
    response = web.get("/kosong/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "KRB-405" in response.content.decode()


def test_a_form_without_token_gets_a_page_of_its_own():
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/tampilan/", {"theme": "dark"})
    assert response.status_code == 403
    assert response.content != strict.get("/gagal/forbidden/").content
    assert strict.post("/api/x/", {}).json()["code"] == "csrf_failed"


def test_a_form_in_another_charset_is_400_and_never_500(web):
    response = web.post(
        "/formulir/", b"word=+AGE-", content_type="application/x-www-form-urlencoded; charset=utf-7"
    )
    assert response.status_code == 400
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.get("/")
    response = strict.post(
        "/tampilan/", b"theme=x", content_type="application/x-www-form-urlencoded; charset=utf-7"
    )
    assert response.status_code == 400


def test_a_body_over_the_limit_is_413(web, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    form = "application/x-www-form-urlencoded"
    response = web.post("/formulir/", b"word=" + b"a" * 200, content_type=form)
    assert response.status_code == 413
    assert "KRB-413" in response.content.decode()


def test_too_many_fields_are_413(web, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    response = web.post("/formulir/", {f"f{number}": "x" for number in range(9)})
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"--x\r\nnot a part", "multipart/form-data; boundary=x"),
        (b"anything", "multipart/form-data"),
        (b"[" * 100_000, "application/json"),
        (b"word=%ff%fe", "application/x-www-form-urlencoded"),
        (b"", "text/plain; charset=never"),
    ],
)
def test_bodies_that_make_no_sense_are_never_a_fault(web, body, kind):
    assert web.generic("POST", "/formulir/", body, content_type=kind).status_code < 500


@pytest.mark.parametrize(
    "address",
    [
        "/static/../clinic/settings.py",
        "/static/%2e%2e/clinic/settings.py",
        "/static/%252e%252e/clinic/settings.py",
        "/static/..%2f..%2fetc/passwd",
        "/static/%00",
        "/media/documents/x.pdf",
        "/private/x.xlsx",
        "/var/klinik.sqlite3",
    ],
)
def test_no_path_leads_out_of_the_static_files(web, address):
    response = web.get(address)
    assert response.status_code == 404
    assert b"SECRET_KEY" not in response.content


def test_the_handlers_read_nothing_of_the_request():
    class Unreadable(dict):
        def __getitem__(self, key):
            raise AssertionError(key)

    request = RequestFactory().post("/", {"a": "b"})
    request._post = Unreadable()
    assert bad_request(request, Exception()).status_code == 400
    assert not_found(request, Exception()).status_code == 404


def test_what_a_refusal_carries_is_escaped_in_pages():
    request = RequestFactory().get("/")
    hostile = Refused("<script>alert(1)</script>")
    text = problems.answer(request, problems.of_refusal(hostile)).content.decode()
    assert "<script" not in text


def test_plain_values_of_any_kind_can_leave_as_json():
    request = RequestFactory().get("/api/x/")
    refused = Refused("Tidak.", details={"day": date(2026, 11, 24), "limit": Decimal("1.5")})
    body = json.loads(problems.answer(request, problems.of_refusal(refused)).content)
    assert body["errors"] == [{"day": "2026-11-24", "limit": "1.5"}]
