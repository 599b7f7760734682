"""Taking an account into use: a one-use link, sent or printed as a slip (security.md 3).

The token is on the paper or in the message alone; the database keeps its digest. A link often
travels by WhatsApp, so the page also asks the full NIP where the person has one.

The link with which a forgotten password is set anew: one use, one hour, mailed by the worker.

The way into an empty installation: its first administrator.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from allauth.account.forms import default_token_generator
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.qr import draw_path
from clinic.lib.errors import Refused
from clinic.people.accounts import create_account, find_account, set_password
from clinic.people.arithmetic.nip import LENGTH, clean_nip
from clinic.people.granting import grant
from clinic.people.models import Account, Activation, Grant, Person, fold_login_name
from clinic.records import audit, notices

VALID_FOR = timedelta(hours=72)
# Without letters and digits that look alike on paper; 25 of 31 signs are 123 bits.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUP, GROUPS = 5, 5


class ActivationClosed(Refused):
    """The link was used, replaced, has run out, or never was one: all look alike (S8)."""

    code = "activation_closed"
    status = 410


class WrongNip(Refused):
    """The NIP is not the person's; the link closes after five tries."""

    code = "wrong_nip"


@dataclass(frozen=True)
class Slip:
    """What is printed or sent; the only place where the token itself is."""

    account: Account
    token: str
    expires_at: datetime

    @property
    def address(self) -> str:
        """The whole address of the page that takes the account into use."""
        return settings.BASE_URL + reverse("account_activate", args=[self.token])

    @property
    def qr(self) -> tuple[str, int]:
        """The address as a QR code: path data and squares a side."""
        return draw_path(self.address)


@transaction.atomic
def issue_slip(account: Account, *, actor: Account | None) -> Slip:
    """Make a new link for the account; the old one closes.

    Raises:
        Refused: the account is retired (``account_retired``).
    """
    if not account.is_active:
        raise Refused(_("This account is retired."), code="account_retired")
    now = timezone.now()
    Activation.objects.filter(account=account, used_at=None, replaced_at=None).update(
        replaced_at=now
    )
    slip = Slip(account, _new_token(), now + VALID_FOR)
    Activation.objects.create(
        account=account,
        email=account.email,
        token_digest=_digest(slip.token),
        created_by=actor,
        expires_at=slip.expires_at,
    )
    audit.record("account.activation_issued", actor=actor, thing=account, subject=account.person_id)
    return slip


def open_activation(token: str) -> Activation:
    """Return the open link of a token.

    Raises:
        ActivationClosed: there is none, or no longer.
    """
    found = (
        Activation.objects.select_related("account__person")
        .filter(token_digest=_digest(token))
        .first()
    )
    if found is None or not found.is_open(timezone.now()):
        raise ActivationClosed(
            _("This link has been used or is no longer valid. Ask for a new one.")
        )
    return found


def activate(token: str, *, nip: str, password: str) -> Account:
    """Set the first password and close the link; each way out hashes exactly once (S8).

    Raises:
        ActivationClosed, WrongNip: as they say.
        ValidationError: the password is not accepted; the link stays open.
    """
    try:
        found = open_activation(token)
        _check_nip(found, nip)
    except Refused:
        make_password(password)
        raise
    with transaction.atomic():
        account = found.account
        set_password(account, password)
        is_mine = Activation.objects.filter(pk=found.pk, used_at=None, replaced_at=None).update(
            used_at=timezone.now()
        )
        if not is_mine:
            raise ActivationClosed(_("This link has been used. Sign in with your password."))
        audit.record("account.activated", actor=account, thing=account, subject=account.person_id)
    return account


def _check_nip(found: Activation, nip: str) -> None:
    person = found.account.person
    if not person.nip or clean_nip(nip) == person.nip:
        return
    Activation.objects.filter(pk=found.pk, tries_left__gt=0).update(tries_left=F("tries_left") - 1)
    audit.record("account.activation_refused", thing=found.account, subject=person)
    raise WrongNip(_("This is not the NIP that the link was made for. Please check it."))


def _new_token() -> str:
    groups = ("".join(secrets.choice(SIGNS) for _sign in range(GROUP)) for _group in range(GROUPS))
    return "-".join(groups)


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().lower().encode()).hexdigest()


def write_reset_link(account_uuid: str) -> Callable[[], None] | None:
    """Return the write that leaves the notice, or None where nobody can be mailed.

    Nothing tells the asker which it was. Without a mail server people get a slip at the desk.
    """
    account = Account.objects.filter(uuid=account_uuid or None, is_active=True).first()
    if account is None or not account.email or settings.EMAIL_URL == "none":
        return None
    token = default_token_generator.make_token(account)
    address = reverse("account_reset_password_from_key", args=[account.uuid.hex, token])
    locale = account.locale or settings.LANGUAGE_CODE
    with translation.override(locale):
        subject = _("Set a new password for Klinik RB")
        body = _(
            "Dear %(name)s,\n\nsomebody, probably you, asked for a new password. Open this link "
            "within one hour:\n\n%(link)s\n\nIf it was not you, nothing needs to be done."
        ) % {"name": account.person.name, "link": settings.BASE_URL + address}

    def leave_notice() -> None:
        notices.notify(
            "password_reset",
            f"password_reset:{uuid4()}",
            locale=locale,
            subject=subject,
            body=body,
            person=account.person_id,
            to_name=account.person.name,
            to_email=account.email,
            is_secret=True,
        )

    return leave_notice


@transaction.atomic
def create_admin(*, nip: str = "", email: str = "", name: str = "") -> tuple[Slip, dict[str, int]]:
    """Make the person, the account and the grant as far as they lack, and a new slip.

    Returns:
        The slip, and how many persons, accounts and slips were made.

    Raises:
        Refused: the NIP has not 18 digits (``nip_unreadable``), the address is none
            (``email_unreadable``), or the account is retired.
    """
    nip, email = clean_nip(nip), fold_login_name(email)
    _check_names(nip, email)
    person = _person_of(nip, email)
    counts = {"persons": int(person is None)}
    if person is None:
        person = Person.objects.create(name=name or _("Administrator"), nip=nip, email=email)
    counts["accounts"] = int(not Account.objects.filter(person=person).exists())
    account = create_account(person)
    grant(person, Grant.Role.ADMINISTRATOR, actor=None)
    return issue_slip(account, actor=None), {**counts, "slips": 1}


def _person_of(nip: str, email: str) -> Person | None:
    account = find_account(nip or email)
    if account:
        return account.person
    known = {"nip": nip} if nip else {"email__iexact": email}
    return Person.objects.filter(merged_into=None, **known).first()


def _check_names(nip: str, email: str) -> None:
    if nip and not (len(nip) == LENGTH and nip.isdigit()):
        raise Refused(_("A NIP has 18 digits."), code="nip_unreadable")
    try:
        validate_email(email or "nobody@example.test")
    except ValidationError as error:
        raise Refused(_("This is not an e-mail address."), code="email_unreadable") from error
