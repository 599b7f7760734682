"""The rules that modules cite, from a file that says where each state was read."""

import tomllib

from django.db import transaction

from clinic.people.models import Account
from clinic.records import audit
from courses.models import Regulation

_FIELDS = ("number", "title", "year", "status", "source", "note")


@transaction.atomic
def load_regulations(text: str, *, actor: Account | None = None) -> list[Regulation]:
    """Write every regulation of the TOML text; loading the same text again changes nothing."""
    rows = tomllib.loads(text)["regulation"]
    for row in rows:
        values = {name: row[name] for name in _FIELDS}
        known = Regulation.objects.filter(slug=row["slug"]).first()
        if known and all(getattr(known, name) == value for name, value in values.items()):
            continue
        regulation, _made = Regulation.objects.update_or_create(slug=row["slug"], defaults=values)
        audit.record(
            "regulation.write",
            actor=actor,
            thing=regulation,
            values={"slug": regulation.slug, "status": regulation.status},
        )
    return list(Regulation.objects.filter(slug__in=[row["slug"] for row in rows]))
