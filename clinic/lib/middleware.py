"""The web edge: request id, browser rules, language, and refusals in the shape of the caller."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django_structlog.middlewares import RequestMiddleware

from clinic.lib import problems
from clinic.lib.errors import Refused
from clinic.lib.languages import language_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_HEADER = "HTTP_X_REQUEST_ID"
PROBES = frozenset({"/healthz", "/readyz"})


@receiver(user_logged_out)
def _note_sign_out(request: "NumberedRequest | None", **_kwargs: Any) -> None:
    if request is not None:
        request.has_signed_out = True


class NumberedRequest(HttpRequest):
    """A request as the middleware knows it."""

    request_id: str
    has_signed_out: bool


class RequestId:
    """Gives every request an id, in log lines and in the answer.

    An id from outside is taken only if it is a UUID: anything else could carry text into the logs.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: NumberedRequest) -> HttpResponseBase:
        given = request.META.get(_HEADER, "").lower()
        request.request_id = str(uuid.UUID(given)) if _UUID.fullmatch(given) else str(uuid.uuid4())
        request.META[_HEADER] = request.request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        return response


class Probes:
    """Lets a probe ask by whatever name it reached this process: by its address, or by none.

    It names no page of this site, and its answer holds no address (U119).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
            request.META.pop("HTTP_X_FORWARDED_HOST", None)
        return self.get_response(request)


class RequestLog(RequestMiddleware):
    """Logs each request without its query, where names, numbers and tokens may stand."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class BrowserRules:
    """Sets the headers that hold for every response, static files and errors included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in settings.BROWSER_HEADERS.items():
            response.setdefault(name, value)
        if getattr(request, "has_signed_out", False):
            response["Clear-Site-Data"] = '"cache"'  # never "storage": it would wipe unsent scans
        if not request.path_info.startswith(settings.STATIC_URL):
            self._keep_out_of_caches(request, response)
        return response

    @staticmethod
    def _keep_out_of_caches(request: HttpRequest, response: HttpResponseBase) -> None:
        is_personal = (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or settings.SESSION_COOKIE_NAME in response.cookies
            or "Authorization" in request.headers
        )
        if is_personal or response.status_code >= 400:  # noqa: PLR2004 every error
            response["Cache-Control"] = "no-store, private"
        else:
            response.setdefault("Cache-Control", "no-cache")


class ContentPolicy(CSPMiddleware):
    """Chooses the content policy by path: strict for ours, wider for the Wagtail admin alone."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 the parent's signature
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        parts.nonce = self._make_nonce(request)
        if not report_only and request.path_info.startswith(settings.ADMIN_PATH):
            parts.replace = {**settings.ADMIN_CONTENT_POLICY, **(parts.replace or {})}
            parts.nonce = None
        return parts


class Language:
    """Activates the caller's language for the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = language_of(request)
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen
        response = self.get_response(request)
        patch_vary_headers(response, ["Cookie"])
        response.setdefault("Content-Language", chosen)
        return response


class Refusals:
    """Turns what a rule refuses, a locked database and bare error answers into a problem."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        problem = problems.BY_STATUS.get(response.status_code)
        if problem is None or not isinstance(response, HttpResponse) or response.content:
            return response
        dressed = problems.answer(request, problem)
        for name, value in response.items():
            if name not in {"Content-Type", "Content-Length"}:
                dressed[name] = value
        dressed.cookies = response.cookies
        return dressed

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return problems.answer(request, problems.of_refusal(exception))
        outage = problems.of_outage(exception)
        if outage is None:
            return None
        structlog.get_logger(__name__).error("outage", code=outage.code, error=str(exception))
        return problems.answer(request, outage)
