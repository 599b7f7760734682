"""The API: each package's router under its own path, one error shape, OpenAPI.

The framework's own pages load from another host and are off; ``/api/docs/`` is a plain page of
ours, drawn from the document that stands at ``/api/openapi.json``.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import SessionAuth

from clinic.lib import problems
from clinic.lib.arithmetic.api_reference import groups, shapes
from clinic.lib.errors import Refused
from clinic.people.access import policy
from quizzes.api import router as quizzes

api = NinjaAPI(
    title="Klinik RB",
    version="1",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=SessionAuth(),
    urls_namespace="api",
)
api.add_router("/quizzes/v1", quizzes)


@api.exception_handler(Refused)
def answer_refusal(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Answer a refusal with its own status, code and sentence."""
    return problems.answer(request, problems.of_refusal(refusal))


@api.exception_handler(ValidationError)
def answer_unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the fields that are missing, unknown or of a wrong kind, never their values."""
    fields = [{"field": ".".join(map(str, field["loc"][1:]))} for field in error.errors]
    refusal = Refused(code="invalid_body", details={"errors": fields}, status=422)
    return problems.answer(request, problems.of_refusal(refusal))


@api.exception_handler(AuthenticationError)
@api.exception_handler(PermissionDenied)
@api.exception_handler(Http404)
@api.exception_handler(HttpError)
def answer_other(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer what the framework refuses in the shape of everything else."""
    status = {AuthenticationError: 401, PermissionDenied: 403, Http404: 404}.get(
        type(error), getattr(error, "status_code", 400)
    )
    problem = problems.CSRF_FAILED if status == 403 and isinstance(error, HttpError) else None  # noqa: PLR2004
    return problems.answer(request, problem or problems.BY_STATUS.get(status, problems.BAD_REQUEST))


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Draw the operations, fields and errors of the API as a page without script."""
    document = api.get_openapi_schema()
    context = {
        "groups": groups(document),
        "shapes": shapes(document),
        "problems": problems.BY_STATUS.values(),
    }
    return render(request, "desks/api_reference.html", context)


def declared_urls() -> Any:
    """Return the URL patterns, each with the policy by which it is listed."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            is_document = pattern.name == "openapi-json"
            pattern.callback.policy = (  # type: ignore[attr-defined]  # an attribute of ours
                "public" if is_document else "signed-in"
            )
    page = path("docs/", policy("public")(reference), name="reference")
    return [*patterns, page], app_name, namespace
