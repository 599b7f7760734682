"""Around each request: the region's zone, the person's grants, the second factor, the editor.

Stands after the authentication middleware.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib import problems
from clinic.lib.errors import Refused
from clinic.people.access import (
    PREFIX_POLICIES,
    SECOND_FACTOR_ROLES,
    ask_to_sign_in,
    remembering_grants,
    roles_of,
)
from clinic.people.models import Account, Membership, Unit

SEEN_KEY = "seen_at"
SEEN_EVERY = 300  # seconds; one write keeps an idle clock running, not one a request
PROBES = {"/healthz", "/readyz"}  # answered while the database is down
STRONG_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
Response = HttpResponseBase


class SecondFactorMissing(Refused):
    """A program called for somebody who has not set up the required second factor."""

    code = "second_factor_missing"
    status = 403


def zone_of(account: Account | None = None) -> ZoneInfo:
    """Return the zone of the regency the person works in, else of the first regency."""
    roots = dict(Unit.objects.filter(depth=1).values_list("path", "zone"))
    zone = next(iter(roots.values()), "")
    if account is not None and len(roots) > 1:
        own = Membership.objects.on(timezone.localdate()).filter(person=account.person_id)
        path = own.values_list("unit__path", flat=True).first() or ""
        zone = roots.get(path[: Unit.steplen], zone)
    return ZoneInfo(zone or settings.DEFAULT_REGION_ZONE)


@contextmanager
def in_region_zone() -> Iterator[None]:
    """Activate the first regency's zone for a job (named in ``KLINIK_JOB_MIDDLEWARE``)."""
    with timezone.override(zone_of()):
        yield


class RegionMiddleware:
    """Activates the zone of the person's regency and reads their grants once."""

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Response:
        if request.path in PROBES:
            return self.get_response(request)
        # The address that the log-in limits count, not one that a header claims.
        structlog.contextvars.bind_contextvars(ip=get_adapter(request).get_client_ip(request))
        account = request.user if request.user.is_authenticated else None
        with timezone.override(zone_of(account)), remembering_grants():
            return self.get_response(request)


class SessionMiddleware:
    """Moves the idle clock of a signed-in session on, at most every five minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Response:
        if request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get(SEEN_KEY, 0) >= SEEN_EVERY:
                request.session[SEEN_KEY] = now
        return self.get_response(request)


class DoorMiddleware:
    """Guards the addresses of other packages, and lets staff in with a second factor only."""

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Response:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Response], args: Any, kwargs: Any
    ) -> Response | None:
        """Answer instead of the view where the door stays closed."""
        declared = getattr(view, "policy", None)
        guard = _prefix_guard(request.path_info) if declared is None else None
        if guard is not None:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            if not request.user.has_perm(guard):
                raise PermissionDenied
        if needs_second_factor(request, declared, guard):
            return _to_set_up(request)
        return None


def needs_second_factor(request: HttpRequest, declared: str | None, guard: str | None) -> bool:
    """Say whether the person must set up a second factor before this page (S11)."""
    if not settings.KLINIK_SECOND_FACTOR or not request.user.is_authenticated:
        return False
    if declared == "public" or (declared is None and guard is None):
        return False
    if declared == "signed-in" and request.path_info.startswith(reverse("account_home")):
        return False
    if not roles_of(request.user) & SECOND_FACTOR_ROLES:
        return False
    return not is_mfa_enabled(request.user, STRONG_FACTORS)


def _prefix_guard(path: str) -> str | None:
    for prefix, permission in PREFIX_POLICIES.items():
        if path.startswith(f"/{prefix}"):
            return permission
    return None


def _to_set_up(request: HttpRequest) -> Response:
    if request.path_info.startswith("/api/"):
        # Raised here it would reach no middleware: a view's exceptions alone do.
        refused = SecondFactorMissing(_("Set up your second factor first."))
        return problems.answer(request, problems.of_refusal(refused))
    address = reverse("mfa_index")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
