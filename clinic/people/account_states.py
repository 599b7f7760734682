"""How far a person's way in is: no account, not yet taken into use, in use, retired."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.people.models import Person


class AccountState(models.TextChoices):
    """The state of a person's account, as lists name and narrow it."""

    NONE = "tanpa", _("No account yet")
    WAITING = "menunggu", _("Waiting for activation")
    ACTIVE = "aktif", _("In use")
    RETIRED = "nonaktif", _("Not active any more")


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
