"""What an error says, and its three shapes: a page, a fragment for htmx, problem+json.

Each problem tells what happened, what was kept and what to do next. The page asks
no database and no static file, so that it stands when these are what is broken.
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.lib.errors import Refused
from clinic.lib.languages import language_of

API = "/api/"
MINISTRY_API = "/api/zi/v1/"  # keeps the error shape of the ministry's portal
REGION_FOR_MESSAGES = "#pesan"
FONT = "clinic/fonts/jakarta-400-700.woff2"

_FULL = ("disk is full", "no space left")
_AWAY = ("is locked", "connection", "timeout", "shutting down", "starting up")

Text = str | Promise


@dataclass(frozen=True)
class Problem:
    """One answer that is not what was asked for.

    Attributes:
        status: HTTP status.
        code: stable word for programs.
        title: what happened, in a few words.
        detail: what happened, in a sentence.
        kept: what was kept or not; empty where nothing was at stake.
        advice: what to do next.
        errors: one entry a field or row, plain values.
        retry_after: seconds after which to try again.
    """

    status: int
    code: str
    title: Text
    detail: Text
    kept: Text = ""
    advice: Text = ""
    errors: list[Any] = field(default_factory=list)
    retry_after: int | None = None

    @property
    def sign(self) -> str:
        """The short code that a person reads out to the help desk."""
        return f"KRB-{self.status}"


BAD_REQUEST = Problem(
    status=400,
    code="bad_request",
    title=_("The request cannot be read"),
    detail=_("What arrived here is incomplete or written in a way that this system cannot read."),
    kept=_("Nothing was changed."),
    advice=_("Go back, load the page again and repeat the last step."),
)
NOT_SIGNED_IN = Problem(
    status=401,
    code="not_signed_in",
    title=_("You are not signed in"),
    detail=_("This part is for people who have signed in."),
    kept=_("What was saved is safe."),
    advice=_("Sign in, then repeat the last step."),
)
FORBIDDEN = Problem(
    status=403,
    code="forbidden",
    title=_("You do not have access"),
    detail=_("Your role does not include this act."),
    kept=_("Nothing was changed."),
    advice=_("Contact the reform secretariat of your region if you need this for your work."),
)
CSRF_FAILED = Problem(
    status=403,
    code="csrf_failed",
    title=_("The page has expired"),
    detail=_("This page was open for too long, or cookies are switched off in this browser."),
    kept=_("The last form was not sent. Your browser may still hold what you typed."),
    advice=_("Go back, load the page again and send the form once more."),
)
NOT_FOUND = Problem(
    status=404,
    code="not_found",
    title=_("Page not found"),
    detail=_("This address does not exist, or the page is not part of your work area."),
    advice=_("Check the address, or start from the front page."),
)
NOT_ALLOWED = Problem(
    status=405,
    code="method_not_allowed",
    title=_("This address does not take that kind of request"),
    detail=_("A form was probably opened as a link."),
    kept=_("Nothing was changed."),
    advice=_("Go back and use the button on the page."),
)
CONFLICT = Problem(
    status=409,
    code="conflict",
    title=_("This has changed meanwhile"),
    detail=_("The saved version is newer than the one on your screen."),
    kept=_("Your text was not saved yet; the newer version was kept."),
    advice=_("Load the page again and compare both versions."),
)
GONE = Problem(
    status=410,
    code="gone",
    title=_("This link is used up"),
    detail=_("The link was used before, or its time has passed."),
    advice=_("Ask for a new link where you got this one."),
)
TOO_LARGE = Problem(
    status=413,
    code="too_large",
    title=_("What you sent is too large"),
    detail=_("The limit is named beside the form or file field."),
    kept=_("Nothing was saved."),
    advice=_("Send a smaller file, or split it."),
)
WRONG_KIND = Problem(
    status=415,
    code="wrong_kind",
    title=_("This kind of file is not accepted"),
    detail=_("The allowed kinds are named beside the file field."),
    kept=_("Nothing was saved."),
    advice=_("Save the file as one of these kinds and send it again."),
)
TOO_MANY = Problem(
    status=429,
    code="too_many_requests",
    title=_("Too many tries"),
    detail=_("There were many requests from this address within a short time."),
    kept=_("What was saved is safe."),
    advice=_("Wait a moment, then try again."),
    retry_after=60,
)
FAULT = Problem(
    status=500,
    code="fault",
    title=_("Something is wrong on our side"),
    detail=_("The system could not finish this step. The fault has been recorded."),
    kept=_("What was marked as saved is safe. The last step may not have been saved."),
    advice=_("Try again in a few minutes. If it stays, tell the help desk the code below."),
)
UNAVAILABLE = Problem(
    status=503,
    code="unavailable",
    title=_("The service is being restored"),
    detail=_("The system is busy or in maintenance for a short time."),
    kept=_("Answers that were saved are safe. The last step was not saved."),
    advice=_("Try again in half a minute."),
    retry_after=30,
)

STORAGE_FULL = Problem(
    status=503,
    code="storage_full",
    title=_("The storage is full"),
    detail=_("The system can be read, but it cannot save at this moment."),
    kept=_("The last step was not saved. What was marked as saved before is safe."),
    advice=_("Keep your text on your own device and tell the administrator."),
    retry_after=300,
)

BY_STATUS: Mapping[int, Problem] = {
    problem.status: problem
    for problem in (
        BAD_REQUEST, NOT_SIGNED_IN, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, GONE, TOO_LARGE,
        WRONG_KIND, TOO_MANY, FAULT, UNAVAILABLE,
    )
}  # fmt: skip

_REFUSAL = Problem(
    status=422,
    code="refused",
    title=_("This cannot be done yet"),
    detail=_("A rule does not allow this step."),
    kept=_("Nothing was changed."),
    advice=_("Go back and check what the sentence above names."),
)


def of_refusal(refused: Refused) -> Problem:
    """Turn a refusal into a problem: its own sentence, code, status and details."""
    base = BY_STATUS.get(refused.status, _REFUSAL)
    details = refused.details
    errors = details.get("errors", [details] if details else [])
    return replace(
        base,
        status=refused.status,
        code=refused.code,
        detail=refused.message or base.detail,
        errors=list(errors),
        retry_after=details.get("retry_after", base.retry_after),
    )


def of_outage(exception: BaseException | None) -> Problem | None:
    """Return the problem of a database that is locked, away or full; None for a fault of ours."""
    if isinstance(exception, OSError) and exception.errno == errno.ENOSPC:
        return STORAGE_FULL
    if not isinstance(exception, OperationalError):
        return None
    text = str(exception).lower()
    if any(words in text for words in _FULL):
        return STORAGE_FULL
    return UNAVAILABLE if any(words in text for words in _AWAY) else None


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer in the shape that the caller reads, in the caller's language."""
    with translation.override(language_of(request)):
        if request.path_info.startswith(API):
            response = _render_json(request, problem)
        elif request.headers.get("HX-Request") == "true":
            response = _render_fragment(request, problem)
        else:
            response = _render_page(request, problem)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def request_id_of(request: HttpRequest) -> str:
    """Return the id that joins a request with its log lines; empty before it was given."""
    return getattr(request, "request_id", "")


def _render_json(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path_info.startswith(MINISTRY_API):
        body: dict[str, Any] = {
            "error": str(problem.title),
            "code": problem.code,
            "message": str(problem.detail),
        }
        return JsonResponse(body, status=problem.status)
    body = {
        "type": f"{settings.BASE_URL}/bantuan/#{problem.sign}",
        "title": str(problem.title),
        "status": problem.status,
        "detail": str(problem.detail),
        "code": problem.code,
        "request_id": request_id_of(request),
        "errors": problem.errors,
    }
    return JsonResponse(
        body,
        status=problem.status,
        encoder=DjangoJSONEncoder,
        content_type="application/problem+json",
    )


def _render_fragment(request: HttpRequest, problem: Problem) -> HttpResponse:
    text = render_to_string(
        "errors/fragment.html", {"problem": problem, "request_id": request_id_of(request)}
    )
    response = HttpResponse(text, status=problem.status)
    response["HX-Retarget"] = REGION_FOR_MESSAGES
    response["HX-Reswap"] = "innerHTML show:top"
    return response


def _render_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    text = render_to_string(
        "errors/page.html",
        {
            "problem": problem,
            "request_id": request_id_of(request),
            "language": language_of(request),
            "nonce": getattr(request, "csp_nonce", ""),
            "site_name": settings.SITE_NAME,
            "is_demo": settings.IS_DEMO,
            "font": _find_font(),
        },
    )
    return HttpResponse(text, status=problem.status)


def _find_font() -> str:
    """Return the address of the face; empty where the static files cannot tell it now."""
    try:
        return static(FONT)
    except (OSError, ValueError):
        return ""
