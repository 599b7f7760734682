"""A real browser over a live server: Debian's Chromium, driven by playwright.

Journeys mark their module ``django_db(transaction=True)``: the flush
after a live-server test would else leave later journeys without Site, Locale and home page.
"""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from pypdf import PdfReader

from tests.processes import WebServer

# The first draws the same pages with a third of the work of the others.
CANDIDATES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
PATIENCE = 30_000  # milliseconds; a busy machine is slow, not wrong
A4 = {"format": "A4"}
F4 = {"width": "215mm", "height": "330mm"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_browser() -> str:
    """Return the browser's path, or fail with the remedy: these tests never skip."""
    named = os.environ.get("CHROME")
    found = named or next(filter(None, map(shutil.which, CANDIDATES)), None)
    if not found:
        pytest.fail(
            "No browser: apt-get install chromium-headless-shell, or set CHROME to one.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="package")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """One browser for all journeys; playwright's loop makes Django's ORM ask for the switch."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=find_browser(), args=[*QUIET, *sandbox])
        yield started
        started.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def visitors(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page of the server at ``url`` as one visitor.

    Its arguments: the address, then ``width``, ``language``, and whatever playwright's
    ``new_context`` takes (``color_scheme``, ``java_script_enabled`` ...). Afterwards no foreign
    request and no blocked script is left.
    """
    contexts: list[Any] = []
    foreign: list[str] = []
    blocked: list[str] = []

    def watch(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != urlsplit(url).netloc:
            foreign.append(request.url)

    def listen(message: Any) -> None:
        if "Content Security Policy" in message.text:
            blocked.append(f"{message.page.url}: {message.text}")

    def go(address: str, *, width: int = 1280, language: str = "id", **options: Any) -> Page:
        context = browser.new_context(
            base_url=url, viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        context.on("request", watch)
        context.add_cookies([{"name": "django_language", "value": language, "url": url}])
        page = context.new_page()
        page.on("console", listen)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert foreign == []
    assert blocked == []


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a page of the live server as one visitor."""
    with visitors(browser, live_server.url) as go:
        yield go


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """A page of the front desk: wide, light, Indonesian."""
    return visit("/")


@pytest.fixture
def enter(visit: Callable[..., Page], live_server: Any, one_factor: None) -> Callable[..., Page]:
    """Return a function that opens an address of the live server as a signed-in person."""

    def go(person: Any, address: str, **options: Any) -> Page:
        page = visit("/tentang/", **options)
        page.context.add_cookies([signed_in_cookie(person.account, live_server.url)])
        page.goto(address)
        return page

    return go


@pytest.fixture
def server(transactional_db: None) -> Iterator[WebServer]:
    """A web server in a process of its own, without a second factor as on the demo."""
    started = WebServer(KLINIK_SECOND_FACTOR="off")
    started.start()
    yield started
    started.kill()


def signed_in_cookie(account: Any, url: str) -> Any:
    """Return the session cookie of a person who has signed in."""
    client = Client()
    client.force_login(account)
    return session_cookie(client, url)


def session_cookie(client: Client, url: str) -> Any:
    """Return the cookie of a session that a client without a browser has begun."""
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def follow(pressed: Locator) -> None:
    """Press what leads to another page and wait for that page; a click may return before."""
    with pressed.page.expect_navigation():
        pressed.click()


def papers(page: Page, **paper: Any) -> int:
    """Return how many sheets of such paper the page prints on."""
    return len(PdfReader(io.BytesIO(page.pdf(**paper))).pages)


def faults(page: Page) -> list[str]:
    """Return what axe holds against the page, one line a place."""
    only = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=only)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary'][:200]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels the page itself scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
