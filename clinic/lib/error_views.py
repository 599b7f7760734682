"""The handlers that Django calls for what goes wrong outside our own views."""

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse

from clinic.lib import problems


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 for a body over the limit.

    Django's own handler reads ``request.POST`` again and so turns a form sent with
    ``charset=utf-7`` into an unhandled 500; this one reads nothing.
    """
    is_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return problems.answer(request, problems.TOO_LARGE if is_large else problems.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: may see, may not do."""
    return problems.answer(request, problems.FORBIDDEN)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form without a valid token, on a page of its own."""
    return problems.answer(request, problems.CSRF_FAILED)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, the same page for what is absent and for what is outside the caller's scope."""
    return problems.answer(request, problems.NOT_FOUND)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429; allauth's limits call this by name."""
    return problems.answer(request, problems.TOO_MANY)


def fault(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the database is locked, away or full."""
    outage = problems.of_outage(sys.exc_info()[1])
    return problems.answer(request, outage or problems.FAULT)
