"""What the log-in library announces goes into the audit log.

These are another project's signals, sent inside the act; each receiver writes one audit row.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from django.dispatch import receiver

from clinic.records import audit

_ACTS = {
    account_signals.password_changed: "account.password_changed",
    account_signals.password_set: "account.password_changed",
    account_signals.password_reset: "account.password_reset",
    account_signals.email_added: "account.email_added",
    account_signals.email_changed: "account.email_changed",
    account_signals.email_removed: "account.email_removed",
    factor_signals.authenticator_added: "factor.added",
    factor_signals.authenticator_removed: "factor.removed",
    factor_signals.authenticator_reset: "factor.renewed",
    factor_signals.authentication_failed: "factor.refused",
}


@receiver(list(_ACTS), dispatch_uid="people.audit")
def note_in_audit(signal: Any, user: Any, **kwargs: Any) -> None:
    """Write the row of the act; a person acts on their own account here."""
    authenticator = kwargs.get("authenticator")
    values = {"type": authenticator.type} if authenticator else None
    audit.record(_ACTS[signal], actor=user, thing=user, subject=user.person_id, values=values)
