"""Pseudonyms of people and units, the same in an evidence package and in a refresh.

They begin with the root unit's national code. Two rows of one human are one person.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from clinic.people.models import Membership, Person, Unit

Row = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """Pseudonyms of persons and of their attempts.

    Attributes:
        kept: where every merged row leads in the end.
        persons: package id of each kept row.
    """

    kept: Mapping[int, int]
    persons: Mapping[int, str]

    def person(self, pk: int) -> str:
        """The id of the person behind any of their rows."""
        return self.persons[self.kept.get(pk, pk)]

    def attempt(self, attempt: Row) -> str:
        """The id of an attempt; it begins with the code of its person's regency."""
        code = self.person(attempt["person_id"]).rsplit(".", 2)[0]
        return named(code, "a", attempt["uuid"])


def units_of(as_of: date) -> tuple[dict[int, str], dict[int, str], list[Row]]:
    """Root codes, ids and rows of the units that exist on the day, without the regencies."""
    roots = {unit.path: unit.national_code or unit.slug for unit in Unit.get_root_nodes()}
    codes, ids, rows = {}, {}, []
    for unit in Unit.objects.valid_on(as_of).filter(depth__gt=1):
        codes[unit.pk] = roots[unit.path[: Unit.steplen]]
        ids[unit.pk] = f"{codes[unit.pk]}.{unit.slug}"
        rows.append(
            {
                "unit_id": ids[unit.pk],
                "name": unit.name,
                "kind": unit.kind,
                "group_id": codes[unit.pk],
            }
        )
    return codes, ids, rows


def kept_rows() -> dict[int, int]:
    """Where every merged row leads in the end."""
    merged = Person.objects.filter(merged_into__isnull=False)
    joined = dict(merged.values_list("pk", "merged_into"))
    kept = {}
    for pk in joined:
        end = pk
        while end in joined:
            end = joined[end]
        kept[pk] = end
    return kept


def people_of(
    as_of: date, kept: Mapping[int, int], within: Iterable[int] | None
) -> QuerySet[Person]:
    """Every row of the people who work in these units on the day; of all people by default."""
    if within is None:
        return Person.objects.all()
    today = Membership.objects.on(as_of).filter(unit__in=list(within))
    found = {kept.get(pk, pk) for pk in today.values_list("person_id", flat=True)}
    merged = [pk for pk, end in kept.items() if end in found]
    return Person.objects.filter(Q(pk__in=found) | Q(pk__in=merged))


def person_ids(
    people: QuerySet[Person], kept: Mapping[int, int], codes: Mapping[int, str]
) -> dict[int, str]:
    """Pseudonyms of the kept rows, by primary key."""
    pairs = people.order_by("pk").values_list("pk", "uuid")
    return {pk: named(codes.get(pk, ""), "p", uuid) for pk, uuid in pairs if pk not in kept}


def memberships_of(
    people: QuerySet[Person], kept: Mapping[int, int], units: Mapping[int, str]
) -> list[Row]:
    """Memberships in units that still exist; one for each person, unit and first day."""
    found: dict[tuple[int, int, date], Row] = {}
    rows = Membership.objects.filter(person__in=people, unit__in=list(units)).order_by("pk")
    for person, unit, start, end in rows.values_list("person_id", "unit_id", "start", "end"):
        key = (kept.get(person, person), unit, start)
        found[key] = {"person": key[0], "unit": unit, "start": start, "end": end}
    return list(found.values())


def named(code: str, letter: str, uuid: Any) -> str:
    """A name that nobody without the installation's secret can trace back."""
    key = settings.SECRET_KEY.encode()
    digest = hmac.new(key, f"evidence:{uuid}".encode(), hashlib.sha256).hexdigest()
    return f"{code}.{letter}.{digest[:20]}"
