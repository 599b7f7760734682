"""Limits of log-in, reset and "Periksa LKE" count together in two web processes (S9)."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.given import PASSWORD, make_member
from tests.processes import WebServer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.real_worker,
]

TOKEN = "a" * 32
PEOPLE = 64
AT_ONCE = 8
SECONDS_FOR_SIX_FILES = 20
FORM = "application/x-www-form-urlencoded"
WRONG = "salah-sekali-2026"
UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\nx\r\n--x--\r\n'
)


@pytest.fixture(scope="module")
def pair(django_db_setup):
    """Two web servers on one database and one cache, behind a proxy that adds the address."""
    started = [WebServer(TRUSTED_PROXY_COUNT="1") for _one in range(2)]
    for server in started:
        server.start()
    yield started
    for server in started:
        server.kill()


def post(server, path, body, *, kind=FORM, claimed="10.9.8.7", address="203.0.113.7"):
    """Send a form as a browser does and return the answer's status and how long to wait.

    What a caller claims stands first; the proxy adds the address that it saw.
    """
    headers = {
        "Cookie": f"csrftoken={TOKEN}",
        "X-CSRFToken": TOKEN,
        "Content-Type": kind,
        "X-Forwarded-For": f"{claimed}, {address}",
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Retry-After")
    finally:
        connection.close()


def log_in(server, login, password, **more):
    body = urlencode({"login": login, "password": password})
    return post(server, "/akun/masuk/", body, **more)[0]


def test_s09_the_sixth_wrong_password_is_refused_by_whichever_process_answers(cast, pair):
    codes = [
        log_in(pair[number % 2], "rekan@uji.test", WRONG, claimed=f"10.9.8.{number}")
        for number in range(8)
    ]

    assert codes == [200] * 5 + [429] * 3
    assert log_in(pair[0], "199001012015011001", PASSWORD) == 302


def test_s09_one_address_counts_in_both_processes_whatever_the_caller_claims(cast, pair):
    def wrong(number, address):
        login = f"orang-{number}@uji.test"
        claimed = f"10.9.{number}.1"
        return log_in(pair[number % 2], login, WRONG, claimed=claimed, address=address)

    codes = [wrong(number, "203.0.113.7") for number in range(62)]

    assert codes == [200] * 60 + [429] * 2
    assert wrong(100, "203.0.113.8") == 200


def test_s09_64_people_behind_one_router_log_in_at_two_processes_at_once(regencies, pair):
    logins = [f"hadir-{number}@uji.test" for number in range(PEOPLE)]
    for login in logins:
        make_member(login.split("@")[0], regencies[0].health, email=login)

    with ThreadPoolExecutor(AT_ONCE) as people:
        codes = list(people.map(log_in, pair * (PEOPLE // 2), logins, [PASSWORD] * PEOPLE))

    assert codes == [302] * PEOPLE


def test_s09_wrong_passwords_at_the_same_moment_are_counted_one_by_one(cast, pair):
    with ThreadPoolExecutor(AT_ONCE) as people:
        codes = list(
            people.map(lambda number: log_in(pair[number % 2], "rekan@uji.test", WRONG), range(16))
        )

    assert codes.count(200) <= 5
    assert set(codes) <= {200, 429}


def test_s09_reset_links_and_checks_of_a_worksheet_are_counted_together_too(cast, pair):
    asked = [
        post(pair[number % 2], "/akun/sandi/lupa/", urlencode({"email": "rekan@uji.test"}))[0]
        for number in range(4)
    ]
    left = 60 - time.time() % 60  # files are counted by the minute of the clock
    if left < SECONDS_FOR_SIX_FILES:
        time.sleep(left)
    sent = [
        post(pair[number % 2], "/periksa-lke/", UPLOAD, kind="multipart/form-data; boundary=x")
        for number in range(6)
    ]

    assert asked == [302] * 3 + [429]
    assert [status for status, _wait in sent] == [422] * 5 + [429]
    assert 0 < int(sent[-1][1]) <= 60
