"""The demo's one-click sign-in and "Ganti peran"; outside the demo none of it exists."""

from collections.abc import Iterable
from copy import copy
from typing import Any, NamedTuple
from uuid import UUID

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from clinic.lib.errors import Refused
from clinic.lib.remembering import for_a_while
from clinic.people.models import Account, Grant

HTTP_OK = 200


def demo_accounts() -> QuerySet[Account]:
    """Return the accounts that the demo signs in with one click; none outside the demo.

    Sample people who merely take part have an account without a password; they are left out.
    """
    accounts = Account.objects.filter(is_demo=True, is_active=True).exclude(
        password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    accounts = accounts.select_related("person").prefetch_related("person__grants")
    return accounts.order_by("pk") if settings.KLINIK_ENV == "demo" else accounts.none()


def roles_in_words(account: Account) -> str:
    """Name the roles of a sample account, each once; its grants are at hand already."""
    return _name_roles(grant.role for grant in account.person.grants.all())


def _name_roles(roles: Iterable[str]) -> str:
    words = dict.fromkeys(str(Grant.Role(role).label) for role in roles)
    return ", ".join(words or [str(Grant.Role.PARTICIPANT.label)])


class SampleAccount(NamedTuple):
    """What the menu "Ganti peran" shows of one account; equal ones are drawn alike."""

    uuid: UUID
    name: str
    roles: tuple[str, ...]

    @property
    def words(self) -> str:
        return _name_roles(self.roles)


@for_a_while
def sample_accounts() -> tuple[SampleAccount, ...]:
    """Return the accounts of the menu; none outside the demo."""
    return tuple(
        SampleAccount(
            uuid=account.uuid,
            name=account.person.name,
            roles=tuple(dict.fromkeys(grant.role for grant in account.person.grants.all())),
        )
        for account in demo_accounts()
    )


def sign_in_as(request: HttpRequest, account: UUID, *, next_url: str = "") -> HttpResponse:
    """Sign in as a demo account; keep the page if that role may see it, else its first screen.

    Raises:
        Http404: this is not the demo, or no such demo account.
    """
    chosen = demo_accounts().filter(uuid=account).first()
    if chosen is None:
        raise Http404
    logout(request)
    answer = perform_login(request, chosen, redirect_url=settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated and _may_open(request, next_url):
        answer["Location"] = next_url
    return answer


def _may_open(request: HttpRequest, url: str) -> bool:
    """Ask the page itself, by a GET on the person's behalf, which changes nothing (S5)."""
    if not url or not url_has_allowed_host_and_scheme(url, allowed_hosts=None):
        return False
    path, _mark, query = url.partition("?")
    try:
        match = resolve(path)
        probe = copy(request)
        probe.method = "GET"
        probe.path = probe.path_info = path
        probe.GET, probe.POST = QueryDict(query), QueryDict("")
        answer: Any = match.func(probe, *match.args, **match.kwargs)
    except (Resolver404, Http404, PermissionDenied, Refused):
        return False
    return answer.status_code == HTTP_OK
