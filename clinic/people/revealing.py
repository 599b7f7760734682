"""Showing a person's NIP, phone or e-mail in full: an act, one at a time, on record (S18)."""

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account, Person
from clinic.records import audit

FIELDS = frozenset({"nip", "phone", "email"})


@transaction.atomic
def reveal(person: Person, field: str, *, actor: Account) -> str:
    """Return one of the person's numbers in full, and note who looked; own data is no look.

    Raises:
        Http404, PermissionDenied: the actor may not.
        Refused: the field is none of the three (``field_not_revealed``).
    """
    require(actor, "reveal-person", person)
    if field not in FIELDS:
        raise Refused(_("This cannot be shown."), code="field_not_revealed")
    if actor.person_id != person.pk:
        audit.record(
            "person.revealed", actor=actor, thing=person, subject=person, values={"field": field}
        )
    return getattr(person, field)
