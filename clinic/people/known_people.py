"""What the database knows of persons, read in a fixed number of queries for one import."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from allauth.account.models import EmailAddress

from clinic.people.arithmetic.matching import Identity, KnownPersons
from clinic.people.arithmetic.placement import Place
from clinic.people.arithmetic.unit_names import UnitNames
from clinic.people.models import Membership, Person, Unit
from clinic.people.unit_names import load_unit_names

FIELDS = ("nip", "name", "rank", "sex", "email", "phone")


@dataclass(frozen=True)
class KnownPeople:
    """Persons of this instance with their places; merged rows lead to the kept one.

    Attributes:
        persons: fields by id of the kept rows.
        index: finds a person by NIP or e-mail address, merged rows' numbers included.
        places: memberships of a kept row, those of its merged rows included.
        confirmed: confirmed e-mail addresses by person.
        units: index of unit names.
        unit_names: name of each unit by id.
    """

    persons: Mapping[int, Mapping[str, str]]
    index: KnownPersons
    places: Mapping[int, Sequence[Place]]
    confirmed: Mapping[int, frozenset[str]]
    units: UnitNames
    unit_names: Mapping[int, str]

    @classmethod
    def load(cls) -> "KnownPeople":
        """Read everything in six queries, however long the list is."""
        rows = {row["id"]: row for row in Person.objects.values("id", "merged_into_id", *FIELDS)}
        kept = {key: _kept(key, rows) for key in rows}
        places: dict[int, list[Place]] = defaultdict(list)
        for key, *place in Membership.objects.values_list(
            "person_id", "unit_id", "start", "end", "position", "position_kind", "id"
        ):
            places[kept[key]].append(Place(*place))
        persons = {key: row for key, row in rows.items() if kept[key] == key}
        return cls(
            persons=persons,
            index=_index(rows, kept, places),
            places=places,
            confirmed=_confirmed(kept),
            units=load_unit_names(),
            unit_names=dict(Unit.objects.values_list("id", "name")),
        )

    def unit_on(self, person: int, day: date) -> int | None:
        """Return the unit in which the person works on the day, the latest place first."""
        return _unit_on(self.places.get(person, ()), day)


def _kept(key: int, rows: Mapping[int, Mapping[str, int | None]]) -> int:
    while (further := rows[key]["merged_into_id"]) is not None:
        key = further
    return key


def _index(
    rows: Mapping[int, Mapping[str, str]],
    kept: Mapping[int, int],
    places: Mapping[int, Sequence[Place]],
) -> KnownPersons:
    """Index kept rows first, so that their own numbers win over those of merged rows."""
    index = KnownPersons(())
    for key in sorted(rows, key=lambda key: kept[key] != key):
        row = rows[key]
        for unit in {str(place.unit) for place in places.get(kept[key], ())} or {""}:
            identity = Identity(row["name"], nip=row["nip"], email=row["email"], unit=unit)
            index.add(kept[key], identity)
    return index


def _unit_on(places: Sequence[Place], day: date) -> int | None:
    current = [p for p in places if p.start <= day and (p.end is None or p.end >= day)]
    latest = max(current, key=lambda place: place.start, default=None)
    return latest.unit if latest else None


def _confirmed(kept: Mapping[int, int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    pairs = EmailAddress.objects.filter(verified=True).values_list("user__person_id", "email")
    for person, email in pairs:
        found[kept[person]].add(email.lower())
    return {key: frozenset(emails) for key, emails in found.items()}
