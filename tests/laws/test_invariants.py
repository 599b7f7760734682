"""Invariants that hold for the whole house: S7, S10, S12, S14, S20."""

import ast
import io
import json
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from clinic.records.notices import Notice
from tests.attendance import made as attendance_made
from tests.clinic.people.test_signin import attempt
from tests.laws.addresses import NOBODYS, addresses
from tests.quizzes import made as quizzes_made

PACKAGES = ("clinic", "courses", "quizzes", "attendance")
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted(Path(package).rglob("*.py"))
    if "migrations" not in path.parts
]
CUNNING = '<img src=x onerror=alert(1)>{{ 7|add:7 }}"'

# --- S7 -----------------------------------------------------------------------------------------


@pytest.fixture
def cunning(cast, settings):
    """A participant whose name is markup, with a seat at an event."""
    settings.KLINIK_SECOND_FACTOR = False
    cast.participant.name = CUNNING
    cast.participant.save()
    event = attendance_made.event_of(cast.organiser)
    return attendance_made.joined(event, cast.participant)


def test_s07_a_name_comes_out_escaped_on_every_page_that_shows_it(cast, signed_in, cunning):
    event = f"/panitia/{cunning.event.code}/"
    pages = {
        cast.participant: ["/akun/profil/", f"/kegiatan/{cunning.event.code}/saya"],
        cast.organiser: [f"{event}peserta", f"{event}peserta/{cunning.uuid}", f"{event}absen"],
        cast.admin: ["/admin/orang/", f"/admin/orang/{cast.participant.uuid}/"],
    }
    for person, paths in pages.items():
        browser = signed_in(person.account)
        for path in paths:
            page = browser.get(path)
            text = page.content.decode()
            assert page.status_code == 200, path
            assert escape(CUNNING) in text, path
            assert "<img src=x" not in text, path


def test_s07_a_name_is_plain_text_on_paper(cast, signed_in, cunning):
    cast.participant.name = '#panic("x") <b>$x$</b> #read("/etc/passwd")'
    cast.participant.save()
    path = f"/panitia/{cunning.event.code}/daftar-hadir.pdf"

    drawn = pypdf.PdfReader(io.BytesIO(signed_in(cast.organiser.account).get(path).content))

    text = "".join("".join(page.extract_text() for page in drawn.pages).split())
    assert '#read("/etc/passwd")' in text.replace("“", '"').replace("”", '"')
    assert "root:" not in text


def test_s07_a_mail_has_no_part_that_could_be_markup(cast):
    cast.colleague.name = CUNNING
    cast.colleague.save()
    Client().post("/akun/sandi/lupa/", {"email": "rekan@uji.test"})

    assert "<img" not in "".join(row.subject + row.body for row in Notice.objects.all())
    assert [field.name for field in Notice._meta.fields if "html" in field.name] == []


# --- S10 ----------------------------------------------------------------------------------------

CALLERS = {"requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "ftplib"}
ASKS_ITSELF = "clinic/management/supervisor.py"  # whether its own web server answers


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_s10_no_code_of_ours_can_open_a_url():
    found = {
        str(path): CALLERS.intersection(imports_of(path))
        for path in SOURCES
        if str(path) != ASKS_ITSELF
    }

    assert {path: names for path, names in found.items() if names} == {}
    assert settings.WAGTAILEMBEDS_FINDERS == []


# --- S12 ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("start", ["/static/", "/media/", "/documents/", "/private/", "/"])
@pytest.mark.parametrize(
    "climb", ["", "../", "..%2f", "%2e%2e/", "%252e%252e%252f", "....//", "..\\", "/"]
)
def test_s12_no_path_reaches_a_private_file(start, climb):
    kept = settings.PRIVATE_ROOT / "imports" / "rahasia.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("isi rahasia")
    try:
        for place in ("private/imports/rahasia.txt", "imports/rahasia.txt", str(kept)[1:]):
            answer = Client().get(f"{start}{climb}{place}")
            assert answer.status_code in {301, 404}, place
            assert b"isi rahasia" not in b"".join(answer)
    finally:
        kept.unlink()


# --- S14 ----------------------------------------------------------------------------------------

QUERIES = {
    "filter", "exclude", "annotate", "alias", "aggregate", "order_by", "values", "values_list",
    "extra", "only", "defer", "get_or_create", "update_or_create", "raw",
}  # fmt: skip
# Keywords from a dictionary whose names are our own, each looked at.
KNOWN_SPREADS = {
    "clinic/people/activation.py",
    "clinic/people/granting.py",
    "clinic/records/seals.py",
}
FROM_OUTSIDE = ("request.GET", "request.POST", "request.headers", "cleaned_data")


def loose_queries(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in QUERIES:
            continue
        names = [ast.unparse(word.value) for word in node.keywords if word.arg is None]
        if node.func.attr in {"order_by", "values", "values_list", "only", "defer", "extra", "raw"}:
            names += [
                ast.unparse(given)
                for given in node.args
                if any(source in ast.unparse(given) for source in FROM_OUTSIDE)
            ]
        yield from (f"{path}:{node.lineno}: {name}" for name in names)


def test_s14_no_name_of_a_query_comes_from_outside():
    found = [line for path in SOURCES if str(path) not in KNOWN_SPREADS
             for line in loose_queries(path)]  # fmt: skip

    assert found == []


# --- S20 ----------------------------------------------------------------------------------------

MALFORMED = [
    b"", b"{", b"null", b"1", b"[]", b'"x"', b"\xff\xfe", b"\x00", b"[" * 10_000,
    b'{"schema": 1, "unknown": 1}', b'{"schema": 99}', b'{"schema": "1"}', b'{"a": NaN}',
    json.dumps({"assignment": 5, "events": {}, "pending": "x", "value": [], "seq": "1"}).encode(),
    b'{"x": "' + b"a" * 200_000 + b'"}',
]  # fmt: skip
KINDS = [
    "application/json", "application/json; charset=utf-7", "text/plain",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
]  # fmt: skip


@pytest.mark.django_db
def test_s20_every_address_of_the_api_answers_a_malformed_body_with_4xx(cast, signed_in):
    browser = signed_in(cast.participant.account)
    taken = quizzes_made.attempt_of(cast.participant)
    own = {"attempt": str(taken.uuid), "index": 1, "slug": taken.assignment.quiz.slug}
    tried = 0
    for address in addresses():
        if not address.route.startswith("api/") or address.name == "openapi-json":
            continue
        kwargs = {name: own.get(name, NOBODYS["uuid"]()) for name in address.arguments}
        path = reverse(f"api:{address.name}", kwargs=kwargs)
        sent = [(KINDS[0], body) for body in MALFORMED]
        sent += [(kind, body) for kind in KINDS[1:] for body in MALFORMED[1:10:4]]
        for kind, body in sent:
            for method in ("POST", "PUT"):
                answer = browser.generic(method, path, body, content_type=kind)
                assert 400 <= answer.status_code < 500, (method, path, kind, body[:40])
                tried += 1
    taken.refresh_from_db()
    assert taken.is_open
    assert tried > 300


def test_the_log_in_form_answers_a_malformed_body_with_4xx(cast):
    for kind in KINDS:
        for body in MALFORMED[::4]:
            status = Client().generic("POST", "/akun/masuk/", body, content_type=kind).status_code
            assert status in {200, 400, 413, 429}, (kind, body[:40])
    assert attempt("rekan@uji.test").status_code in {302, 429}
