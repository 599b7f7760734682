"""Taking an account into use: a one-use link, sent or printed as a slip (security.md 3).

The token is on the paper or in the message alone; the database keeps its digest. A link often
travels by WhatsApp, so the page also asks the full NIP where the person has one.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.qr import draw_path
from clinic.lib.errors import Refused
from clinic.people.accounts import set_password
from clinic.people.arithmetic.nip import clean_nip
from clinic.people.models import Account, Activation
from clinic.records import audit

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
