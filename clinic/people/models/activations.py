"""The one-use link or slip with which a person takes their account into use."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.people.models.accounts import Account


class Activation(models.Model):
    """A right to set the first password, known by the digest of its token alone.

    It is bound to the account and to the e-mail address it had; a new one replaces the old.
    """

    TRIES = 5

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="activations")
    email = models.EmailField(_("e-mail"), blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    tries_left = models.PositiveSmallIntegerField(default=TRIES)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        constraints = [
            models.UniqueConstraint(
                name="one_open_activation_per_account",
                fields=["account"],
                condition=Q(used_at__isnull=True, replaced_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} until {self.expires_at:%Y-%m-%d %H:%M}"

    def is_open(self, moment: datetime) -> bool:
        """Say whether the link still works at the moment."""
        return (
            self.used_at is None
            and self.replaced_at is None
            and self.tries_left > 0
            and self.expires_at > moment
            and self.email == self.account.email
            and self.account.is_active
        )
