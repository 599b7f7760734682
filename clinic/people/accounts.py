"""Making an account for a person, ending it, and what goes with it.

How far a person's way in is: no account, not yet taken into use, in use, retired.
"""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.lib.errors import Refused
from clinic.people.access import can
from clinic.people.models import Account, Person, fold_login_name
from clinic.records import audit, notices


class NoLoginName(Refused):
    """The person has neither a NIP nor an e-mail address."""

    code = "no_login_name"


class LoginNameTaken(Refused):
    """Another account uses this NIP or e-mail address."""

    code = "login_name_taken"


@transaction.atomic
def create_account(
    person: Person, *, actor: Account | None = None, email: str = "", is_demo: bool = False
) -> Account:
    """Give the person an account that waits for activation, or return the one there is.

    The log-in name is the NIP, else the e-mail address (given here or known of the person).

    ``actor`` is None only for commands run on the server.

    Raises:
        PermissionDenied: the actor does not manage accounts.
        NoLoginName, LoginNameTaken: as they say.
    """
    _check_manages(actor)
    earlier = Account.objects.filter(person=person).first()
    if earlier:
        return earlier
    email = fold_login_name(email or person.email)
    login_name = fold_login_name(person.nip) or email
    if not login_name:
        raise NoLoginName(_("An account needs a NIP or an e-mail address."))
    try:
        with transaction.atomic():
            account = Account.objects.create_for(
                person, login_name=login_name, email=email, is_demo=is_demo
            )
    except IntegrityError as error:
        raise LoginNameTaken(_("Another account uses this NIP or e-mail address.")) from error
    if email:
        EmailAddress.objects.create(user=account, email=email, primary=True, verified=False)
    audit.record("account.created", actor=actor, thing=account, subject=person)
    return account


def create_accounts(
    persons: Iterable[Person], *, actor: Account
) -> tuple[list[Account], list[Person]]:
    """Give each person an account; return the accounts, and who could have none (no log-in name).

    Raises:
        PermissionDenied: the actor does not manage accounts.
    """
    made, left = [], []
    for person in persons:
        try:
            made.append(create_account(person, actor=actor))
        except Refused:
            left.append(person)
    return made, left


def find_account(login: str) -> Account | None:
    """Return the account that a typed NIP or e-mail address names; one query either way."""
    name = fold_login_name(login)
    found = list(
        Account.objects.select_related("person").filter(Q(login_name=name) | Q(email__iexact=name))
        if name
        else []
    )
    exact = [account for account in found if account.login_name == name]
    return (exact or found or [None])[0]


def set_password(account: Account, password: str) -> None:
    """Set a password that passes every validator, and end the sessions that knew the old one.

    Raises:
        ValidationError: the password is too short, common, or tells who the person is.
    """
    validate_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password"])
    end_sessions(account)


@transaction.atomic
def retire(account: Account, *, actor: Account | None, reason: str) -> None:
    """End the way in; the person and every statutory row stay.

    ``actor`` is None only for commands run on the server.

    Raises:
        PermissionDenied: the actor does not manage accounts.
    """
    _check_manages(actor)
    account.is_active = False
    account.save(update_fields=["is_active"])
    audit.record(
        "account.retired", actor=actor, thing=account, subject=account.person_id, reason=reason
    )
    end_sessions(account)


@transaction.atomic
def reset_second_factor(account: Account, *, actor: Account, reason: str) -> None:
    """Take off a lost second factor, after the administrator has seen the person.

    The person is told, so that a reset they did not ask for shows.

    Raises:
        PermissionDenied: the actor does not manage accounts, or resets their own.
    """
    _check_manages(actor)
    if actor.pk == account.pk:
        raise PermissionDenied
    Authenticator.objects.filter(user=account).delete()
    entry = audit.record(
        "factor.reset", actor=actor, thing=account, subject=account.person_id, reason=reason
    )
    _tell_of_reset(account, key=f"factor_reset:{entry.pk}")
    end_sessions(account)


def _check_manages(actor: Account | None) -> None:
    if actor is not None and not can(actor, "manage-account", Account):
        raise PermissionDenied


def _tell_of_reset(account: Account, *, key: str) -> None:
    locale = account.locale or settings.LANGUAGE_CODE
    with translation.override(locale):
        notices.notify(
            "factor_reset",
            key,
            locale=locale,
            subject=_("Your second factor was taken off"),
            body=_(
                "An administrator took off the second factor of your account. If you did not "
                "ask for this, tell the Sekretariat RB at once."
            ),
            person=account.person_id,
            to_name=account.person.name,
            to_email=account.email,
        )


def end_sessions(account: Account, *, keep: str | None = None) -> int:
    """End the account's sessions, but for the one kept; return how many ended."""
    sessions = UserSession.objects.filter(user=account).exclude(session_key=keep)
    return sum(1 for session in sessions if session.end() is None)


class AccountState(models.TextChoices):
    """The state of a person's account, as lists name and narrow it."""

    NONE = "tanpa", gettext_lazy("No account yet")
    WAITING = "menunggu", gettext_lazy("Waiting for activation")
    ACTIVE = "aktif", gettext_lazy("In use")
    RETIRED = "nonaktif", gettext_lazy("Not active any more")


# What persons of a state have in common; ``AccountQuerySet.never_signed_in`` draws the same line.
CONDITIONS: dict[str, Q] = {
    AccountState.NONE: Q(account__isnull=True),
    AccountState.WAITING: Q(account__is_active=True, account__last_login__isnull=True),
    AccountState.ACTIVE: Q(account__is_active=True, account__last_login__isnull=False),
    AccountState.RETIRED: Q(account__is_active=False),
}


def state_of(person: Person) -> AccountState:
    """Return the state of the person's account; read the account with the person."""
    account = getattr(person, "account", None)
    if account is None:
        return AccountState.NONE
    if not account.is_active:
        return AccountState.RETIRED
    return AccountState.ACTIVE if account.last_login else AccountState.WAITING
