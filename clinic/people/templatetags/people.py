"""Tags of people and their accounts."""

from allauth.mfa.models import Authenticator
from django import template
from django.db.models import QuerySet

from clinic.people import demo, signin
from clinic.people.models import Account

register = template.Library()


@register.filter
def key_slug(authenticator: Authenticator) -> str:
    """Return the name of a security key in an address."""
    return signin.key_slug(authenticator)


@register.simple_tag
def demo_accounts() -> QuerySet[Account]:
    """Return the accounts that the demo signs in with one click; none outside the demo."""
    return demo.demo_accounts()


@register.filter
def role_words(account: Account) -> str:
    """Name the roles of a sample account in words; who holds none takes part and learns."""
    return demo.roles_in_words(account)


@register.simple_tag
def sample_accounts() -> tuple[demo.SampleAccount, ...]:
    """Return what the menu "Ganti peran" shows; nothing outside the demo."""
    return demo.sample_accounts()
