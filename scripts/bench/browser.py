"""A browser as far as a server notices one: cookies, a connection that stays open, gzip, forms."""

import gzip
import html
import http.client
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 60  # seconds
REDIRECTS = {301, 302, 303}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Unexpected(Exception):
    """An answer of another status than a person would have got."""


@dataclass(frozen=True)
class Answer:
    """What came back, and at which path after redirects."""

    path: str
    status: int
    body: bytes
    kind: str
    location: str

    @property
    def is_redirect(self) -> bool:
        return self.status in REDIRECTS

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def token(self) -> str:
        """The CSRF token that the page's forms send."""
        found = TOKEN.search(self.text)
        return found[1] if found else ""

    def find(self, pattern: str) -> str:
        """Return the first group of a pattern, without HTML's escapes.

        Raises:
            Unexpected: the page does not hold it.
        """
        found = re.search(pattern, self.text)
        if found is None:
            raise Unexpected(f"{self.path}: no {pattern}")
        return html.unescape(found[1])


class Browser:
    """One person's browser.

    Attributes:
        requests: how many were sent.
    """

    def __init__(self, port: int, cookies: Mapping[str, str] | None = None) -> None:
        self.cookies = dict(cookies or {})
        self.requests = 0
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self._line.close()

    def get(self, path: str) -> Answer:
        """Open a page, redirects followed."""
        return self._open("GET", path)

    def post(self, path: str, fields: Sequence[tuple[str, str]], *, follow: bool = True) -> Answer:
        """Send a form and open the page that it leads to."""
        body = urlencode(fields).encode()
        return (
            self._open("POST", path, body, FORM) if follow else self._ask("POST", path, body, FORM)
        )

    def send(self, method: str, path: str, body: Any, token: str = "") -> Any:
        """Send JSON as a page's script does; return what the answer says."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": token}
        return json.loads(self._open(method, path, json.dumps(body).encode(), headers).body)

    def _open(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = self._ask(method, path, body, headers or {})
        while answer.is_redirect:
            parts = urlsplit(answer.location)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = self._ask("GET", path, b"", {})
        if answer.status >= http.client.BAD_REQUEST:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.text[:300]}")
        return answer

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        sent = {"Accept-Encoding": "gzip", "Accept-Language": "id", **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self._respond(method, path, body, sent)
        content = response.read()
        if response.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        kind, location = (response.getheader(name) or "" for name in ("Content-Type", "Location"))
        return Answer(path, response.status, content, kind, location)

    def _respond(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """Send; once more where the server had closed the line since the last answer."""
        was_used = self._line.sock is not None
        try:
            self._line.request(method, path, body or None, headers)
            return self._line.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._line.close()
            if not was_used:
                raise
        self._line.request(method, path, body or None, headers)
        return self._line.getresponse()


def sign_in(browser: Browser, email: str) -> None:
    """Enter the demo with one click."""
    page = browser.get("/akun/masuk/")
    account = page.find(
        rf'value="([0-9a-f-]+)">[^<]*<span class="hidden">[^<]*{re.escape(email)}\s*<'
    )
    browser.post("/akun/demo/", [("csrfmiddlewaretoken", page.token), ("account", account)])
