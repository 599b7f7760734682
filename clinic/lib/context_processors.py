"""What every page needs: its look, its settings for htmx, and when it was drawn."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

THEME_KEY = "theme"
THEMES = ("light", "dark")
HTMX_CONFIG = json.dumps(settings.HTMX_CONFIG)


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the values that ``base.html`` reads; asks the session only where there is one."""
    return {
        "site_name": settings.SITE_NAME,
        "base_url": settings.BASE_URL,
        "is_demo": settings.IS_DEMO,
        "theme": theme_of(request),
        "htmx_config": HTMX_CONFIG,
        "now": timezone.now(),
    }


def theme_of(request: HttpRequest) -> str:
    """Return ``light`` or ``dark`` if the person chose one, else nothing: the device decides."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    chosen = request.session.get(THEME_KEY, "")
    return chosen if chosen in THEMES else ""
