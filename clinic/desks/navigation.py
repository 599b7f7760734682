"""The few links that stand on every page, in one place and one order.

An address whose room is not built yet has no URL name: it is left out, never a dead link.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.desks.home import first_screen
from clinic.people.access import grants_of, holds
from clinic.people.models import Grant

Entry = tuple[str, Promise]

MENU: tuple[Entry, ...] = (
    ("home", _("My start page")),
    ("map", _("Map of needs")),
    ("sheets", _("Assessment sheets")),
    ("conditions", _("Conditions")),
    ("organiser_events", _("Organising")),
    ("events", _("Events")),
    ("modules", _("Modules")),
    ("quizzes", _("Quizzes")),
    ("public_check", _("Check an LKE")),
)
SIGNED_IN_ONLY = frozenset({"home", "quizzes"})
# Rooms that only some roles enter: a link that answers "no" helps nobody.
NEEDS = {
    "organiser_events": "change-event",
    "sheets": "read-sheet",
    "conditions": "read-sheet",
    "map": "read-sheet",
}
FOOTER: tuple[Entry, ...] = (
    ("help", _("Help")),
    ("about", _("About Klinik RB")),
    ("privacy", _("Privacy")),
    ("accessibility", _("Accessibility")),
)
ACCOUNT: tuple[Entry, ...] = (
    ("account_profile", _("My profile")),
    ("own_data", _("My data")),
    ("account_change_password", _("My password")),
    ("mfa_index", _("My second factor")),
    ("usersessions_list", _("My sessions")),
)


def links(request: HttpRequest) -> dict[str, Any]:
    """Return the menu, footer and account links of a page, and the key of how they are drawn."""
    user = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    menu = _items([entry for entry in MENU if _may_enter(user, entry[0])], here=request.path)
    if is_signed_in:
        menu = _place_home(menu, _find_first_screens(user), here=request.path)
    footer = _items(FOOTER, here=request.path)
    account = _items(ACCOUNT, here=request.path) if is_signed_in else []
    return {
        "nav_items": menu,
        "footer_items": footer,
        "account_items": account,
        "nav_key": tuple((item["url"], item["current"]) for item in (*menu, *footer, *account)),
        "page_address": request.get_full_path(),
        "user_name": str(user) if is_signed_in else "",
    }


def _find_first_screens(user: Any) -> frozenset[str]:
    """Return where "home" may lead this person; for an organiser that is one of their events."""
    grants = grants_of(user.person)
    found = {first_screen(one) for one in grants if one.role != Grant.Role.ORGANISER}
    return frozenset(found if grants else {reverse("learning")})


def _place_home(
    menu: list[dict[str, Any]], starts: frozenset[str], *, here: str
) -> list[dict[str, Any]]:
    """Leave "home" out where it would lead to another room of the menu, else mark it there."""
    home = reverse("home")
    others = [item for item in menu if item["url"] != home]
    if len(starts) == 1 and starts <= {item["url"] for item in others}:
        return others
    is_home = here in starts and not any(item["current"] for item in others)
    return [
        {**item, "current": "page"} if item["url"] == home and is_home else item for item in menu
    ]


def _may_enter(user: Any, name: str) -> bool:
    if user is None or not user.is_authenticated:
        return name not in SIGNED_IN_ONLY and name not in NEEDS
    return name not in NEEDS or holds(user, NEEDS[name])


def _items(entries: Iterable[Entry], *, here: str) -> list[dict[str, Any]]:
    found = []
    for name, label in entries:
        if url := _address(name, settings.ROOT_URLCONF):
            current = "page" if here == url else "true" if here.startswith(url) else ""
            found.append({"url": url, "label": label, "current": current})
    return found


@cache
def _address(name: str, _urlconf: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
