"""The way into an empty installation: its first administrator."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people import activation
from clinic.people.accounts import create_account, find_account
from clinic.people.activation import Slip
from clinic.people.arithmetic.nip import LENGTH, clean_nip
from clinic.people.granting import grant
from clinic.people.models import Account, Grant, Person, fold_login_name


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
    return activation.issue_slip(account, actor=None), {**counts, "slips": 1}


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
