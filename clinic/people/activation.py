"""One-use links: the slip that takes an account into use, and the one for a forgotten password.

A token is on the paper or in the message alone; the database keeps its digest. A slip is valid for
72 hours and often travels by WhatsApp, so its page also asks the full NIP where the person has
one. The link for a forgotten password is valid for one hour and mailed by the worker. The first
administrator of an empty installation comes in by a slip too.
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
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.arithmetic.nip import LENGTH, clean_nip
from clinic.people.granting import grant
from clinic.people.models import Account, Activation, Grant, Person
from clinic.records import audit, notices

VALID_FOR = timedelta(hours=72)
# Without letters and digits that look alike on paper; 25 of 31 signs are 123 bits.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUP, GROUPS = 5, 5


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
        Refused: the account is closed (``account_retired``).
    """
    if not account.is_active:
        raise Refused(_("This account is closed."), code="account_retired")
    now = timezone.now()
    Activation.objects.filter(account=account, used_at=None, replaced_at=None).update(
        replaced_at=now
    )
    slip = Slip(account, _draw_token(), now + VALID_FOR)
    Activation.objects.create(
        account=account,
        email=account.email,
        token_digest=_hash_token(slip.token),
        created_by=actor,
        expires_at=slip.expires_at,
    )
    audit.record("account.activation_issued", actor=actor, thing=account, subject=account.person_id)
    return slip


def open_activation(token: str) -> Activation:
    """Return the open link of a token.

    Raises:
        Refused: it was used, replaced, has run out, or never was one: all look alike (S8).
    """
    activation = (
        Activation.objects.select_related("account__person")
        .filter(token_digest=_hash_token(token))
        .first()
    )
    if activation is None or not activation.is_open(timezone.now()):
        raise Refused(
            _("This link has been used or is no longer valid. Ask for a new one."),
            code="activation_closed",
            status=410,
        )
    return activation


def activate(token: str, *, nip: str, password: str) -> Account:
    """Set the first password and close the link; each way out hashes exactly once (S8).

    Raises:
        WrongNip: the NIP is not the person's.
        ValidationError: the password is not accepted; the link stays open.
    """
    try:
        activation = open_activation(token)
        _check_nip(activation, nip)
    except Refused:
        make_password(password)
        raise
    with transaction.atomic():
        account = activation.account
        set_password(account, password)
        still_open = Activation.objects.filter(pk=activation.pk, used_at=None, replaced_at=None)
        if not still_open.update(used_at=timezone.now()):
            raise Refused(
                _("This link has been used. Sign in with your password."),
                code="activation_closed",
                status=410,
            )
        audit.record("account.activated", actor=account, thing=account, subject=account.person_id)
    return account


def _check_nip(activation: Activation, nip: str) -> None:
    person = activation.account.person
    if not person.nip or clean_nip(nip) == person.nip:
        return
    tries = Activation.objects.filter(pk=activation.pk, tries_left__gt=0)
    tries.update(tries_left=F("tries_left") - 1)
    audit.record("account.activation_refused", thing=activation.account, subject=person)
    raise WrongNip(_("This is not the NIP that the link was made for. Please check it."))


def _draw_token() -> str:
    groups = ("".join(secrets.choice(SIGNS) for _sign in range(GROUP)) for _group in range(GROUPS))
    return "-".join(groups)


def _hash_token(token: str) -> str:
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
            (``email_unreadable``), or the account is closed.
    """
    nip, email = clean_nip(nip), fold_login_name(email)
    if nip and not (len(nip) == LENGTH and nip.isdigit()):
        raise Refused(_("A NIP has 18 digits."), code="nip_unreadable")
    try:
        validate_email(email or "nobody@example.test")
    except ValidationError as error:
        raise Refused(_("This is not an e-mail address."), code="email_unreadable") from error
    account = find_account(nip or email)
    key = {"nip": nip} if nip else {"email__iexact": email}
    person = account.person if account else Person.objects.filter(merged_into=None, **key).first()
    counts = {"persons": int(person is None)}
    if person is None:
        person = Person.objects.create(name=name or _("Administrator"), nip=nip, email=email)
    counts["accounts"] = int(not Account.objects.filter(person=person).exists())
    account = create_account(person)
    grant(person, Grant.Role.ADMINISTRATOR, actor=None)
    return issue_slip(account, actor=None), {**counts, "slips": 1}
