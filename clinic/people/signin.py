"""The log-in: how allauth looks accounts up, counts tries, keeps factors and writes to people."""

import base64
import hashlib
import io
from typing import Any
from uuid import uuid4

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.people.access import PARTICIPANT, PUBLIC, SignedInRequest, grants_of, roles_of
from clinic.people.accounts import find_account
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.granting import GROUP_OF_ROLE
from clinic.people.models import Account
from clinic.records import audit, jobs, notices

RESET_LINK_JOB = "people.send_reset_link"
STAFF_SESSION_SECONDS = 8 * 3600
PARTICIPANT_SESSION_SECONDS = 14 * 24 * 3600
RETRY_AFTER = 300  # seconds, after the limit of tries is reached
KEY_SLUG_LENGTH = 20
ONE_TEXT = gettext_lazy("The NIP, e-mail address or password is not right. Check them and retry.")


@prepared
def _read_accounts(key: int) -> QuerySet[Account]:
    return Account.objects.with_standing().filter(pk=key)


class Backend(AuthenticationBackend):
    """Finds one account by NIP or e-mail and hashes exactly once, whatever comes of it (S8)."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Account | None:
        login = credentials.get("username") or credentials.get("email") or ""
        return self._check_password(find_account(login), credentials.get("password") or "")

    def _check_password(self, user: Account | None, password: str) -> Account | None:
        if user is None:
            return None
        self._did_check_password = True
        is_right = user.check_password(password)
        return user if is_right and self.user_can_authenticate(user) else None

    def get_user(self, user_id: int) -> Account | None:
        """Read the account of a session afresh for each request, with its person (S24)."""
        for account in _read_accounts(user_id):
            return account if self.user_can_authenticate(account) else None
        return None

    def _get_group_permissions(self, user_obj: Account) -> QuerySet[Permission]:
        """Count only groups whose role is in force today, so that a grant ends by its date."""
        names = {GROUP_OF_ROLE.get(given.role) for given in grants_of(user_obj.person)} - {None}
        return Permission.objects.filter(group__in=user_obj.groups.filter(name__in=names))


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account pages: closed sign-up, one text for every wrong pair, limits, audit."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": ONE_TEXT,
        "email_password_mismatch": ONE_TEXT,
        "account_inactive": ONE_TEXT,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        request = self.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before hashing; a limit slows, it never locks an account for good."""
        key = self._get_login_attempts_cache_key(request, **credentials)
        self._login_failed_rl_usage = ratelimit.consume(
            request, app="allauth.account", action="login_failed", key=key
        )
        if not self._login_failed_rl_usage:
            raise Refused(
                _("Too many tries. Please try again in %(minutes)d minutes.")
                % {"minutes": RETRY_AFTER // 60},
                code="too_many_tries",
                status=429,
                details={"retry_after": RETRY_AFTER},
            )

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return fold_login_name(credentials.get("username") or credentials.get("email") or "")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        login = credentials.get("username") or credentials.get("email") or ""
        account = find_account(login)
        audit.record("account.sign_in_refused", thing=account, subject=account and account.person)

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        audit.record("account.signed_in", actor=user, thing=user, subject=user.person)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: SignedInRequest) -> None:
        user = request.user
        audit.record("account.signed_out", actor=user, thing=user, subject=user.person)
        super().logout(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", args=[uid, token])

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a notice: no request waits for a mail server."""
        message = self.render_mail(template_prefix, email, context)
        notices.notify(
            "account",
            f"account:{uuid4()}",
            locale=get_language() or settings.LANGUAGE_CODE,
            subject=message.subject,
            body=message.body,
            to_email=email,
            is_secret=True,
        )


class FactorAdapter(DefaultMFAAdapter):
    """The second factor: secrets at rest are encrypted, the QR code is drawn by our own library."""

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def build_totp_svg(self, url: str) -> str:
        drawn = io.BytesIO()
        segno.make(url, error="m").save(drawn, kind="svg", light="white", xmldecl=False)
        return drawn.getvalue().decode()

    def encrypt(self, text: str) -> str:
        return _make_fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _make_fernet().decrypt(encrypted_text.encode()).decode()


def session_seconds(account: Account) -> int:
    """Return how long an idle session lasts on the person's own device."""
    is_staff = bool(roles_of(account) - {PUBLIC, PARTICIPANT})
    return STAFF_SESSION_SECONDS if is_staff else PARTICIPANT_SESSION_SECONDS


@transaction.atomic
def ask_for_reset_link(account: Account | None) -> None:
    """Enter the job that writes the link; nobody known enters one too, so that both look alike."""
    key = str(account.uuid) if account else ""
    jobs.enter(RESET_LINK_JOB, key, jobs.Job.Kind.REFRESH)


def _make_fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"people.factor:" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def key_slug(authenticator: Authenticator) -> str:
    """Return the name of a security key in an address, the same for as long as the key lives.

    Its row number never stands there (D8).
    """
    return salted_hmac("people.security_key", str(authenticator.pk)).hexdigest()[:KEY_SLUG_LENGTH]
