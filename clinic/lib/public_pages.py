"""Pages that are the same for every visitor are drawn once and shown again (docs/decisions/0019).

A page is shown as it was drawn for ``PAGE_CACHE_SECONDS`` at most, and no longer than nothing of
what public pages show has changed (``clinic.lib.models.Publication``). Whoever has a session, asks
with a query, or sends a header that changes the answer, never meets a page of this cache.

The token of the forms belongs to one visitor. So a page is drawn with a secret that nobody gets,
cut where its token stands, and filled with each visitor's own.
"""

import re
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from clinic.lib.languages import language_of
from clinic.lib.publication import read_publication, reading_publication_once

MOST_PAGES = 300  # some ten kilobytes each
TOKEN = re.compile(rb'(?<=csrfmiddlewaretoken" value=")\w{64}|(?<="x-csrftoken": ")\w{64}')
OK = 200

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
logger = structlog.get_logger(__name__)


def for_visitors(view: View) -> View:
    """Say that a GET without session and query gives everybody the same page.

    Path and language may change it, and rows of ``PUBLISHED_MODELS``; nothing else.
    """
    view.is_for_visitors = True  # type: ignore[attr-defined]  # read by PublicPages
    return view


@dataclass(frozen=True)
class DrawnPage:
    """A page as it was drawn: the pieces between its tokens, plain and compressed."""

    pieces: list[bytes]
    compressed: list[bytes]
    headers: dict[str, str]
    publication: str
    drawn_at: float

    def is_fresh(self, publication: str) -> bool:
        is_young = time.monotonic() - self.drawn_at < settings.PAGE_CACHE_SECONDS
        return is_young and self.publication == publication


class PublicPages:
    """Answers a visitor with the page as it was drawn for an earlier one.

    Stands above sessions, language and log-in; headers of the browser's rules and the nonce are
    given above it, to each answer its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.pages: dict[tuple[str, str], DrawnPage] = {}
        self.csrf = CsrfViewMiddleware(lambda _request: HttpResponse())

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with reading_publication_once():
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.PAGE_CACHE_SECONDS or not _comes_from_visitor(request):
            return self.get_response(request)
        key = request.path_info, language_of(request)
        page = self.pages.get(key)
        if page is None and not _leads_to_public_page(request.path_info):
            return self.get_response(request)
        publication = read_publication()  # before the page is drawn, never after
        if publication is None:
            return self.get_response(request)
        if page is None or not page.is_fresh(publication):
            drawn = self._draw(request, publication)
            if not isinstance(drawn, DrawnPage):
                return drawn
            if len(self.pages) >= MOST_PAGES:
                self.pages.clear()
            self.pages[key] = page = drawn
        else:
            logger.info("shown_as_drawn", code=OK, request=f"GET {request.path}")
        return self._fill(request, page)

    def _draw(self, request: HttpRequest, publication: str) -> DrawnPage | HttpResponseBase:
        """Draw the page with a secret that nobody gets; any other answer goes out as it is."""
        own = request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)
        response = self.get_response(request)
        if own is not None:
            request.COOKIES[settings.CSRF_COOKIE_NAME] = own
        request.META.pop("CSRF_COOKIE", None)
        request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
        if not isinstance(response, HttpResponse) or response.status_code != OK:
            response.cookies.pop(settings.CSRF_COOKIE_NAME, None)  # no form stands on an error page
            return response
        has_nonce = bool(getattr(request, "csp_nonce", None))
        if has_nonce or response.cookies.keys() - {settings.CSRF_COOKIE_NAME}:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        pieces = TOKEN.split(response.content)
        return DrawnPage(
            pieces=pieces,
            compressed=[_deflate(piece) for piece in pieces],
            headers=dict(response.items()),
            publication=publication,
            drawn_at=time.monotonic(),
        )

    def _fill(self, request: HttpRequest, page: DrawnPage) -> HttpResponse:
        headers = dict(page.headers)
        self.csrf.process_request(request)
        token = get_token(request).encode() if len(page.pieces) > 1 else b""
        content = token.join(page.pieces)
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            headers["Content-Encoding"] = "gzip"
            content = _gzip(page.compressed, token, content)
        headers["Content-Length"] = str(len(content))
        response = HttpResponse(content, headers=headers)
        self.csrf.process_response(request, response)
        return response


def _comes_from_visitor(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "HTTP_AUTHORIZATION" not in request.META
        and "HTTP_HX_REQUEST" not in request.META
        and bool(request.get_host())  # a foreign host is refused here as it is below
    )


def _leads_to_public_page(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "is_for_visitors", False)
    except Resolver404:
        return False


def _deflate(piece: bytes) -> bytes:
    """Compress a piece so that others may stand before and after it (RFC 1951)."""
    run = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return run.compress(piece) + run.flush(zlib.Z_FULL_FLUSH)


def _gzip(compressed: list[bytes], token: bytes, content: bytes) -> bytes:
    """Join compressed pieces to one gzip file; the tokens between them stand uncompressed.

    Compressing the whole page anew would take longer than all the rest. A token that is never
    compressed with text cannot be guessed from the length either (BREACH).
    """
    stored = struct.pack("<BHH", 0, len(token), len(token) ^ 0xFFFF) + token
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    tail = b"\x03\x00" + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return head + stored.join(compressed) + tail
