"""The forms of the log-in pages, in our words; the rest of them is allauth's."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.account.forms import LoginForm, ResetPasswordForm, UserTokenForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from clinic.people.accounts import find_account
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.arithmetic.nip import digits_of
from clinic.people.models import Account
from clinic.people.signin import ask_for_reset_link, session_seconds

LOGIN_NAME_LIMIT = 254


def login_field() -> forms.CharField:
    """Return the one field for "NIP or e-mail address"."""
    return forms.CharField(
        label=_("NIP or e-mail address"),
        max_length=LOGIN_NAME_LIMIT,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


def tidy_login(text: str) -> str:
    """Fold what was typed; a NIP loses its blanks and dots."""
    return digits_of(fold_login_name(text))


class SignInForm(LoginForm):
    """NIP or e-mail address, password, and whether this device is the person's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = login_field()
        password = self.fields["password"]
        password.label, password.help_text = _("Password"), ""
        password.widget.attrs.pop("placeholder", None)
        remember = self.fields["remember"]
        remember.label = _("Personal device")
        remember.help_text = _(
            "Tick this on your own phone or computer. Otherwise you are signed out when the "
            "browser closes."
        )
        self.order_fields(["login", "password", "remember"])

    def clean_login(self) -> str:
        return tidy_login(self.cleaned_data["login"])

    def _login_with_password(
        self, request: HttpRequest, redirect_url: str | None, credentials: dict[str, str]
    ) -> HttpResponse:
        response = super()._login_with_password(request, redirect_url, credentials)
        is_own_device = self.cleaned_data["remember"]
        request.session.set_expiry(session_seconds(self.user) if is_own_device else 0)
        return response


class ForgottenPasswordForm(ResetPasswordForm):
    """Asks for a link by NIP or e-mail address; known or not, the same thing happens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = login_field()

    def clean_email(self) -> str:
        return tidy_login(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        ask_for_reset_link(find_account(self.cleaned_data["email"]))
        return self.cleaned_data["email"]


class ResetLinkForm(UserTokenForm):
    """Reads a reset link, which names the account by its UUID and not by its row (D8)."""

    def _get_user(self, uidb36: str) -> Account | None:
        try:
            return Account.objects.filter(uuid=uidb36, is_active=True).first()
        except (ValueError, forms.ValidationError):
            return None


class ActivationForm(forms.Form):
    """The NIP, asked of everybody so that the page tells nothing, and the first password."""

    nip = forms.CharField(
        label=_("NIP"),
        help_text=_("18 digits. Leave this empty if you have no NIP."),
        required=False,
        max_length=LOGIN_NAME_LIMIT,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "username"}),
    )
    password1 = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters; a short sentence is easy to remember."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ. Type the same one twice."))
        if first:
            try:
                validate_password(first)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return cleaned


def clean_uuids(texts: Iterable[str]) -> list[UUID]:
    """Return the UUIDs among texts of an address or a form; what is none is passed over."""
    field = forms.UUIDField()
    uuids = []
    for text in texts:
        try:
            uuids.append(field.clean(text))
        except forms.ValidationError:
            continue
    return uuids


class NamedWithUnit(forms.ModelMultipleChoiceField):
    """Accounts as a list tells them apart: name and newest unit, never a number."""

    def label_from_instance(self, obj: Account) -> str:
        newest = next(iter(obj.person.memberships.all()), None)
        return f"{obj.person.name}, {newest.unit.display_short_name}" if newest else str(obj)


class SlipsForm(forms.Form):
    """Chooses the accounts for which slips are printed."""

    def __init__(self, *args: Any, accounts: QuerySet[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"] = NamedWithUnit(
            accounts,
            label=_("Who gets a slip"),
            to_field_name="uuid",
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one person.")},
        )
