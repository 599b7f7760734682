"""The names that a person's security keys have in addresses: never their row numbers (D8)."""

from allauth.mfa.models import Authenticator
from django.utils.crypto import salted_hmac

LENGTH = 20


def key_slug(authenticator: Authenticator) -> str:
    """Return the name of a key in an address; the same for as long as the key lives."""
    return salted_hmac("people.security_key", str(authenticator.pk)).hexdigest()[:LENGTH]
