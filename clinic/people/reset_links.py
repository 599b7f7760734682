"""The link with which a forgotten password is set anew: one use, one hour, mailed by the worker."""

from collections.abc import Callable
from uuid import uuid4

from allauth.account.forms import default_token_generator
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from clinic.people.models import Account
from clinic.records import notices


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
