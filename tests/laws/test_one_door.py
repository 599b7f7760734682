"""allauth's views stand under our own list, complete."""

import re
from pathlib import Path

import allauth
from allauth.account import app_settings as account
from allauth.mfa import app_settings as factor
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

SOURCE = Path(allauth.__file__).parent
ROOMS = ("account", "mfa", "usersessions", "core")
# Features of allauth that are off, with the setting that says so.
OFF = {
    "account_request_login_code": lambda: account.LOGIN_BY_CODE_ENABLED,
    "account_confirm_login_code": lambda: account.LOGIN_BY_CODE_ENABLED,
    "account_confirm_password_reset_code": lambda: account.PASSWORD_RESET_BY_CODE_ENABLED,
    "account_complete_password_reset": lambda: account.PASSWORD_RESET_BY_CODE_ENABLED,
    "account_password_reset_completed": lambda: account.PASSWORD_RESET_BY_CODE_ENABLED,
    "account_verify_phone": lambda: "phone" in account.SIGNUP_FIELDS,
    "account_change_phone": lambda: "phone" in account.SIGNUP_FIELDS,
    "account_signup_by_passkey": lambda: factor.PASSKEY_SIGNUP_ENABLED,
    "mfa_signup_webauthn": lambda: factor.PASSKEY_SIGNUP_ENABLED,
    "mfa_login_webauthn": lambda: factor.PASSKEY_LOGIN_ENABLED,
    "mfa_trust": lambda: factor.TRUST_ENABLED,
}
NAME = re.compile(r"""["']((?:account|mfa|usersessions)_[a-z_]+)["']""")
REVERSING = re.compile(r"(?:reverse\w*|redirect\w*|urlname\w*|url)\b[^\n]*", re.S)


def names_reversed():
    found = set()
    for room in ROOMS:
        for path in (SOURCE / room).rglob("*.py"):
            text = re.sub(r"\(\s+", "(", path.read_text())
            for line in REVERSING.findall(text):
                found.update(NAME.findall(line))
    return found


def names_of(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern)
        elif pattern.name:
            yield pattern.name


def test_every_name_that_allauth_reverses_has_an_address_or_is_off():
    here = set(names_of(get_resolver()))
    wanted = {name for name in names_reversed() if not name.startswith("account_user")}
    assert {"account_login", "mfa_index", "account_reset_password_from_key"} <= wanted

    assert wanted - here - OFF.keys() == set()


def test_every_address_that_allauth_would_mount_is_ours_or_off():
    mounted = set(names_of(get_resolver("allauth.urls")))

    assert mounted - set(names_of(get_resolver())) <= OFF.keys()


def test_what_is_off_is_off_by_its_setting():
    for name, is_on in OFF.items():
        assert not is_on(), name
        try:
            reverse(name)
        except NoReverseMatch:
            continue
        raise AssertionError(name)


def test_only_one_backend_and_it_is_ours(settings):
    assert settings.AUTHENTICATION_BACKENDS == ["clinic.people.signin.Backend"]
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
