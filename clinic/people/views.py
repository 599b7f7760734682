"""Pages of ``/akun/`` that are not allauth's, and small doors around those that are.

What a person sees of themselves: name, posts and roles.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn_views
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.people import activation, demo
from clinic.people.access import grants_of, visible
from clinic.people.arithmetic.nip import group_nip
from clinic.people.forms import ActivationForm, SlipsForm
from clinic.people.models import Account, Grant, Membership
from clinic.people.signin import key_slug


@dataclass(frozen=True)
class Profile:
    """A person's own page."""

    name: str
    nip: str
    email: str
    posts: list[Membership]
    grants: list[Grant]


def profile_of(account: Account) -> Profile:
    """Return the profile; the person's own numbers are shown in full to themselves alone."""
    person = account.person
    posts = Membership.objects.on(timezone.localdate()).filter(person=person)
    return Profile(
        name=person.name,
        nip=group_nip(person.nip),
        email=account.email,
        posts=list(posts.select_related("unit")),
        grants=grants_of(person),
    )


@require_GET
def home(_request: HttpRequest) -> HttpResponse:
    """``/akun/``: the person's own profile."""
    return redirect("account_profile")


def _row_of_key(request: HttpRequest, slug: str) -> int:
    keys = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    for key in keys:
        if key_slug(key) == slug:
            return key.pk
    raise Http404


def remove_key(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Take off one of the person's own security keys."""
    return webauthn_views.remove_webauthn(request, pk=_row_of_key(request, pk))


def edit_key(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Rename one of the person's own security keys."""
    return webauthn_views.edit_webauthn(request, pk=_row_of_key(request, pk))


@require_GET
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """The person's own data, posts and roles."""
    return render(request, "people/profile.html", {"profile": profile_of(request.user)})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """Take an account into use; opening the link only shows the form."""
    form = ActivationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _activated(form, token):
        return redirect("account_login")
    if request.method == "GET":
        activation.open_activation(token)
    status = 422 if form.errors else 200
    return render(request, "people/activate.html", {"form": form}, status=status)


def _activated(form: ActivationForm, token: str) -> bool:
    try:
        activation.activate(
            token, nip=form.cleaned_data["nip"], password=form.cleaned_data["password1"]
        )
    except activation.WrongNip as refused:
        form.add_error("nip", refused.message)
    except ValidationError as error:
        form.add_error("password1", error)
    return not form.errors


@never_cache
@reauthentication_required
@require_http_methods(["GET", "POST"])
def slips(request: HttpRequest) -> HttpResponse:
    """Print activation slips: choose accounts, then one sheet that is never shown again.

    ``?pilih=`` ticks accounts beforehand, by UUID.
    """
    waiting = visible(request.user, "manage-account", Account.objects.never_signed_in())
    ticked = {"accounts": request.GET.getlist("pilih")}
    form = SlipsForm(request.POST or None, initial=ticked, accounts=waiting)
    if request.method == "POST" and form.is_valid():
        sheet = [
            activation.issue_slip(account, actor=request.user)
            for account in form.cleaned_data["accounts"]
        ]
        return render(request, "people/slips_print.html", {"slips": sheet})
    return render(request, "people/slips.html", {"form": form})


@require_POST
def sign_in_to_demo(request: HttpRequest) -> HttpResponse:
    """One-click sign-in and "Ganti peran" of the demo; 404 anywhere else."""
    try:
        account = UUID(request.POST.get("account", ""))
    except ValueError:
        raise Http404(_("No such account.")) from None
    return demo.sign_in_as(request, account, next_url=request.POST.get("next", ""))


def closed(_request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer for doors of the editor that stay shut (security.md 3): there is nothing here."""
    raise Http404


def other_door(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Lead from the editor's own log-in to the one door."""
    if request.user.is_authenticated:
        raise PermissionDenied
    wanted = request.GET.get("next") or settings.LOGIN_REDIRECT_URL
    return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))
