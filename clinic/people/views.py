"""Pages of ``/akun/`` that are not allauth's, and what leads to those that are."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn_views
from django import forms
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
from clinic.people.access import SignedInRequest, grants_of, visible
from clinic.people.arithmetic.nip import group_nip
from clinic.people.forms import ActivationForm, SlipsForm, clean_uuids
from clinic.people.models import Account, Membership
from clinic.people.signin import key_slug


@require_GET
def home(_request: HttpRequest) -> HttpResponse:
    """``/akun/``: the person's own profile."""
    return redirect("account_profile")


def _find_key(request: SignedInRequest, slug: str) -> int:
    keys = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    for key in keys:
        if key_slug(key) == slug:
            return key.pk
    raise Http404


def remove_key(request: SignedInRequest, pk: str) -> HttpResponseBase:
    """Take off one of the person's own security keys."""
    return webauthn_views.remove_webauthn(request, pk=_find_key(request, pk))


def edit_key(request: SignedInRequest, pk: str) -> HttpResponseBase:
    """Rename one of the person's own security keys."""
    return webauthn_views.edit_webauthn(request, pk=_find_key(request, pk))


@require_GET
@never_cache
def profile(request: SignedInRequest) -> HttpResponse:
    """The person's own data, memberships and roles; only here are own numbers shown in full."""
    person = request.user.person
    memberships = Membership.objects.on(timezone.localdate()).filter(person=person)
    own = {
        "name": person.name,
        "nip": group_nip(person.nip),
        "email": request.user.email,
        "memberships": memberships.select_related("unit"),
        "grants": grants_of(person),
    }
    return render(request, "people/profile.html", {"profile": own})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """Take an account into use; opening the link only shows the form."""
    form = ActivationForm(request.POST or None)
    if request.method == "GET":
        activation.open_activation(token)
    elif form.is_valid():
        nip, password = form.cleaned_data["nip"], form.cleaned_data["password1"]
        try:
            activation.activate(token, nip=nip, password=password)
        except activation.WrongNip as refused:
            form.add_error("nip", refused.message)
        except ValidationError as error:
            form.add_error("password1", error)
        else:
            return redirect("account_login")
    status = 422 if form.errors else 200
    return render(request, "people/activate.html", {"form": form}, status=status)


@never_cache
@reauthentication_required
@require_http_methods(["GET", "POST"])
def slips(request: SignedInRequest) -> HttpResponse:
    """Print activation slips: choose accounts, then one sheet that is never shown again.

    ``?pilih=`` ticks accounts beforehand, by UUID; so named, an account in use gets one as well,
    for a new password.
    """
    named = clean_uuids(request.GET.getlist("pilih"))
    listed = visible(request.user, "manage-account", Account.objects.for_slips(named))
    form = SlipsForm(request.POST or None, initial={"accounts": named}, accounts=listed)
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
        account = forms.UUIDField().clean(request.POST.get("account"))
    except ValidationError:
        raise Http404(_("No such account.")) from None
    return demo.sign_in_as(request, account, next_url=request.POST.get("next", ""))


def closed(_request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer for the editor's own forms of users and groups: there is nothing here."""
    raise Http404


def lead_to_login(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Lead from the editor's own log-in to ours."""
    if request.user.is_authenticated:
        raise PermissionDenied
    next_url = request.GET.get("next") or settings.LOGIN_REDIRECT_URL
    return redirect_to_login(next_url, resolve_url(settings.LOGIN_URL))
