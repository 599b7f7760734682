"""The account: the way in. Every account belongs to exactly one person (D1)."""

import unicodedata
from typing import Any, Self
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clinic.people.models.persons import Grant, Person


def fold_login_name(text: str) -> str:
    """Fold what was typed as a log-in name: NFKC, trimmed, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


class AccountQuerySet(models.QuerySet["Account"]):
    """Reads of accounts."""

    def never_signed_in(self) -> Self:
        """Keep accounts that wait for their person, with what a list of them shows."""
        waiting = self.filter(is_active=True, last_login__isnull=True)
        listed = waiting.select_related("person").order_by("person__name")
        return listed.prefetch_related("person__memberships__unit")

    def with_standing(self) -> Self:
        """Join the person, and tell in the same read whether there is more to ask about them."""
        merged = Person.objects.filter(merged_into=OuterRef("person"))
        grants = Grant.objects.filter(person=OuterRef("person"), ended_at__isnull=True)
        return self.select_related("person").annotate(
            stands_alone=Q(person__merged_into__isnull=True) & ~Exists(merged),
            may_hold_role=Exists(grants.exclude(role=Grant.Role.PARTICIPANT)),
        )


class AccountManager(BaseUserManager.from_queryset(AccountQuerySet)):  # type: ignore[misc]
    """Creates accounts for persons."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(login_name=fold_login_name(username or ""))

    def create_for(self, person: Person, *, login_name: str, **fields: Any) -> "Account":
        """Create an account without a usable password."""
        account = self.model(person=person, login_name=fold_login_name(login_name), **fields)
        account.set_unusable_password()
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser, PermissionsMixin):
    """A log-in. ``login_name`` is the NIP, else the e-mail address, folded.

    Attributes:
        stands_alone: no other row stands for this human.
        may_hold_role: a role other than the participant's was granted, now or for another day.
    """

    # Until ``with_standing`` has asked, neither question is settled.
    stands_alone = False
    may_hold_role = True

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    login_name = models.CharField(_("log-in name"), max_length=254, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    locale = models.CharField(_("language"), max_length=5, blank=True)
    is_active = models.BooleanField(_("may log in"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login_name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = AccountManager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # No account is a superuser: it would pass every has_perm (security.md 5).
            models.CheckConstraint(
                name="no_account_is_a_superuser", condition=Q(is_superuser=False)
            ),
            models.UniqueConstraint(
                Lower("email"), name="one_account_per_email", condition=~Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    @property
    def is_staff(self) -> bool:
        """Django's own admin is not mounted: nobody is staff there."""
        return False

    @property
    def first_name(self) -> str:
        """What the editor's side bar prints; without it, it would print the log-in name, a NIP."""
        return self.person.name

    def get_full_name(self) -> str:
        return self.person.name

    def get_short_name(self) -> str:
        return self.person.name
