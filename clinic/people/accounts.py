"""Accounts: made for a person, closed and opened again, sessions ended, a lost factor taken off.

``actor`` is None only for commands run on the server.
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
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.lib.errors import Refused
from clinic.people.access import can
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.models import Account, Activation, Person
from clinic.records import audit, notices


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


def find_account(login: str) -> Account | None:
    """Return the account that a typed NIP or e-mail address names; one query either way."""
    name = fold_login_name(login)
    condition = Q(login_name=name) | Q(email__iexact=name) if name else Q(pk__in=[])
    accounts = list(Account.objects.select_related("person").filter(condition))
    exact = [account for account in accounts if account.login_name == name]
    return (exact or accounts or [None])[0]


@transaction.atomic
def create_account(
    person: Person, *, actor: Account | None = None, email: str = "", is_demo: bool = False
) -> Account:
    """Give the person an account that waits for activation, or return the one there is.

    The log-in name is the NIP, else the e-mail address (given here or known of the person).
    """
    _check_manages(actor)
    earlier = Account.objects.filter(person=person).first()
    if earlier:
        return earlier
    email = fold_login_name(email or person.email)
    login_name = fold_login_name(person.nip) or email
    if not login_name:
        raise Refused(_("An account needs a NIP or an e-mail address."), code="no_login_name")
    try:
        with transaction.atomic():
            account = Account.objects.create_for(
                person, login_name=login_name, email=email, is_demo=is_demo
            )
    except IntegrityError as error:
        raise Refused(
            _("Another account uses this NIP or e-mail address."), code="login_name_taken"
        ) from error
    if email:
        EmailAddress.objects.create(user=account, email=email, primary=True, verified=False)
    audit.record("account.created", actor=actor, thing=account, subject=person)
    return account


def create_accounts(
    persons: Iterable[Person], *, actor: Account
) -> tuple[list[Account], list[Person]]:
    """Give each person an account; return the accounts, and who has no log-in name for one."""
    created, skipped = [], []
    for person in persons:
        try:
            created.append(create_account(person, actor=actor))
        except Refused:
            skipped.append(person)
    return created, skipped


def set_password(account: Account, password: str) -> None:
    """Set a password that passes every validator, and end the sessions that knew the old one.

    Raises:
        ValidationError: the password is too short, common, or says who the person is.
    """
    validate_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password"])
    end_sessions(account)


@transaction.atomic
def retire(account: Account, *, actor: Account | None, reason: str) -> None:
    """End the way in, with sessions and slips; the person and every statutory row stay."""
    _check_manages(actor)
    check_not_own(account, actor)
    account.is_active = False
    account.save(update_fields=["is_active"])
    Activation.objects.filter(account=account, used_at=None, replaced_at=None).update(
        replaced_at=timezone.now()
    )
    _record("account.retired", account, actor=actor, reason=reason)
    end_sessions(account)


@transaction.atomic
def reopen(account: Account, *, actor: Account | None, reason: str) -> None:
    """Open a closed account again, with the password and the roles it had."""
    _check_manages(actor)
    if account.person.merged_into_id is not None:
        raise Refused(
            _("This person is merged into another. Undo that first."), code="already_merged"
        )
    account.is_active = True
    account.save(update_fields=["is_active"])
    _record("account.reopened", account, actor=actor, reason=reason)


@transaction.atomic
def reset_second_factor(account: Account, *, actor: Account, reason: str) -> None:
    """Take off a lost second factor, after the administrator has seen the person.

    The person gets a notice, so that a reset they did not ask for shows.
    """
    _check_manages(actor)
    if actor.pk == account.pk:
        raise PermissionDenied
    Authenticator.objects.filter(user=account).delete()
    entry = _record("factor.reset", account, actor=actor, reason=reason)
    locale = account.locale or settings.LANGUAGE_CODE
    with translation.override(locale):
        notices.notify(
            "factor_reset",
            f"factor_reset:{entry.pk}",
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
    end_sessions(account)


@transaction.atomic
def end_all_sessions(account: Account, *, actor: Account, reason: str) -> int:
    """End every session of the account, on whichever device; return how many ended."""
    _check_manages(actor)
    check_not_own(account, actor)
    _record("account.sessions_ended", account, actor=actor, reason=reason)
    return end_sessions(account)


def open_sessions(account: Account) -> list[UserSession]:
    """Return the account's sessions that have not run out."""
    return [session for session in UserSession.objects.filter(user=account) if session.exists()]


def end_sessions(account: Account) -> int:
    """End the account's sessions as part of another act; return how many ended."""
    count = len(open_sessions(account))
    for session in UserSession.objects.filter(user=account):
        session.end()
    return count


def _check_manages(actor: Account | None) -> None:
    if actor is not None and not can(actor, "manage-account", Account):
        raise PermissionDenied


def check_not_own(account: Account, actor: Account | None) -> None:
    """Nobody shuts themselves out: the last administrator would leave nobody to let them in."""
    if actor is not None and actor.pk == account.pk:
        raise Refused(
            _("This is your own account. Ask another administrator."),
            code="own_account",
            status=403,
        )


def _record(verb: str, account: Account, *, actor: Account | None, reason: str) -> audit.AuditEntry:
    return audit.record(verb, actor=actor, thing=account, subject=account.person_id, reason=reason)
