"""Password rules: not who you are, not a common one, not the demo's."""

import re

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clinic.people.models import Account

SHORTEST_WORD = 4


class NotWhoYouAre:
    """Refuses a password made of the person's own NIP, name or e-mail address."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ``ValidationError`` when the password is one of the person's own words."""
        if user is None:
            return
        rest = _strip_marks(password)
        own = {user.login_name, user.email, user.person.nip, user.person.name, user.person.email}
        words = {part for text in own for part in re.split(r"[\W_]+", text.lower())}
        words |= {_strip_marks(text) for text in own}
        for word in sorted(words, key=len, reverse=True):
            if len(word) >= SHORTEST_WORD:
                rest = rest.replace(word, "")
        if len(rest) < SHORTEST_WORD:
            raise ValidationError(
                _("Choose a password other than your NIP, name or e-mail address."),
                code="password_is_who_you_are",
            )

    def get_help_text(self) -> str:
        return _("Not your NIP, name or e-mail address.")


class NotEasilyGuessed(CommonPasswordValidator):
    """Django's list of common passwords, in words of ours."""

    def get_error_message(self) -> str:
        return _("Many people use this password, so it is easy to guess. Choose another one.")

    def get_help_text(self) -> str:
        return _("Not a password that many people use.")


class NotTheDemoPassword:
    """Refuses the password of the demo for an account that is not one of the demo's."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ``ValidationError`` for the demo's password outside the demo."""
        is_demo = user is not None and user.is_demo
        if password == settings.DEMO_PASSWORD and not is_demo:
            raise ValidationError(
                _("This is the password of the demo. Choose another one."),
                code="password_of_the_demo",
            )

    def get_help_text(self) -> str:
        return _("Not the password of the sample accounts.")


def _strip_marks(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())
