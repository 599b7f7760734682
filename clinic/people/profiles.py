"""What a person sees of themselves: name, posts and roles."""

from dataclasses import dataclass

from django.utils import timezone

from clinic.people.access import grants_of
from clinic.people.arithmetic.nip import group_nip
from clinic.people.models import Account, Grant, Membership


@dataclass(frozen=True)
class Profile:
    """A person's own page."""

    name: str
    nip: str
    email: str
    posts: list[Membership]
    grants: list[Grant]


def profile_of(account: Account) -> Profile:
    """Return the profile; the person's own numbers are shown in full to themselves alone."""
    person = account.person
    posts = Membership.objects.on(timezone.localdate()).filter(person=person)
    return Profile(
        name=person.name,
        nip=group_nip(person.nip),
        email=account.email,
        posts=list(posts.select_related("unit")),
        grants=grants_of(person),
    )
