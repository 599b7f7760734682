"""Around each request: the region's zone, the person's grants, the second factor, the editor.

Stands after the authentication middleware.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from wagtail.users.models import UserProfile

from clinic.lib import problems
from clinic.lib.errors import Refused
from clinic.lib.middleware import PROBES
from clinic.people.access import (
    PREFIX_POLICIES,
    SECOND_FACTOR_ROLES,
    ask_to_sign_in,
    remembering_grants,
    roles_of,
)
from clinic.people.zones import RegionZone, zone_of

SEEN_KEY = "seen_at"
SEEN_EVERY = 300  # seconds; one write keeps an idle clock running, not one a request
STRONG_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
Response = HttpResponseBase


class SecondFactorMissing(Refused):
    """A program called for somebody who has not set up the required second factor."""

    code = "second_factor_missing"
    status = 403


class RegionMiddleware:
    """Activates the zone of the person's regency and reads their grants once."""

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Response:
        if request.path in PROBES:  # answered while the database is down
            return self.get_response(request)
        # The address that the log-in limits count, not one that a header claims.
        structlog.contextvars.bind_contextvars(ip=get_adapter(request).get_client_ip(request))
        user = request.user
        zone = RegionZone(lambda: zone_of(user if user.is_authenticated else None))
        actor = user if user.is_authenticated else None
        with timezone.override(zone), remembering_grants(actor):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Response], _args: Any, _kwargs: Any
    ) -> None:
        """Let the editor keep the hour and the language that hold for every page.

        It would fall back to the server's zone, and to the site's first language for a person who
        has a profile. The profile is filled for this request only, never saved.
        """
        if request.path_info.startswith("/admin/") and request.user.is_authenticated:
            profile = getattr(request.user, "wagtail_userprofile", None)
            profile = profile or UserProfile(user=request.user)
            profile.current_time_zone = timezone.get_current_timezone_name()
            profile.preferred_language = get_language() or settings.LANGUAGE_CODE


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
        guard = _find_guard(request.path_info) if declared is None else None
        if guard is not None:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            if not request.user.has_perm(guard):
                raise PermissionDenied
        if needs_second_factor(request, declared, guard):
            return _send_to_set_up(request)
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


def _find_guard(path: str) -> str | None:
    for prefix, permission in PREFIX_POLICIES.items():
        if path.startswith(f"/{prefix}"):
            return permission
    return None


def _send_to_set_up(request: HttpRequest) -> Response:
    if request.path_info.startswith("/api/"):
        # Raised here it would reach no middleware: a view's exceptions alone do.
        refused = SecondFactorMissing(_("Set up your second factor first."))
        return problems.answer(request, problems.of_refusal(refused))
    address = reverse("mfa_index")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    messages.info(request, _("Your role needs a second factor. Set one up to go on."))
    return HttpResponseRedirect(address)
