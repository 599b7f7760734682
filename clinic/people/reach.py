"""How far an actor reaches, as conditions that a query can use."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

EVERYTHING = Q(pk__isnull=False)
NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Reach:
    """How far one actor reaches for one verb; a rule turns it into a filter.

    Every method returns a condition that matches nothing where the actor lacks that letter, so
    that a rule is the plain union of the ways it knows.
    """

    everything: bool = False
    whole_programme: bool = False
    person_ids: frozenset[int] = frozenset()
    author_ids: frozenset[int] = frozenset()
    unit_paths: frozenset[str] = frozenset()
    event_ids: frozenset[UUID] = frozenset()
    assignments: frozenset[tuple[str, int]] = frozenset()
    own_unit_paths: frozenset[str] = frozenset()

    def own(self, person: str) -> Q:
        """Rows whose field ``person`` is the actor's person, by whatever row of theirs."""
        return self._is(person, self.person_ids)

    def written(self, author: str) -> Q:
        """Rows whose field ``author`` is the actor's person, by whatever row of theirs."""
        return self._is(author, self.author_ids)

    def in_units(self, unit: str = "") -> Q:
        """Rows whose unit lies in reach; without a field the row is itself the unit."""
        if self.everything:
            return EVERYTHING
        return _any(_below(unit, path) for path in self.unit_paths)

    def in_own_units(self, unit: str) -> Q:
        """Rows of the very units in which the person works, not of those below."""
        return _any(_is_unit(unit, path) for path in self.own_unit_paths)

    def in_events(self, event: str) -> Q:
        """Rows whose field ``event`` holds the UUID of a granted event."""
        if self.everything:
            return EVERYTHING
        return Q(**{f"{event}__in": self.event_ids}) if self.event_ids else NOTHING

    def assigned(self, unit: str, *, year: str = "") -> Q:
        """Rows of the units assigned for a year; the person's own unit is never among them."""
        if self.everything:
            return EVERYTHING
        rows = _any(
            _below(unit, path) & (Q(**{year: of_year}) if year else Q())
            for path, of_year in self.assignments
        )
        return rows & ~_any(_is_unit(unit, path) for path in self.own_unit_paths)

    def programme(self) -> Q:
        """Every row, for who works for the whole programme (content belongs to no unit)."""
        return EVERYTHING if self.everything or self.whole_programme else NOTHING

    def _is(self, person: str, ids: frozenset[int]) -> Q:
        if self.everything:
            return EVERYTHING
        return Q(**{f"{person}__in": ids}) if ids else NOTHING


def _below(unit: str, path: str) -> Q:
    return Q(**{f"{unit}__path__startswith" if unit else "path__startswith": path})


def _is_unit(unit: str, path: str) -> Q:
    return Q(**{f"{unit}__path" if unit else "path": path})


def _any(conditions: Iterator[Q]) -> Q:
    result = NOTHING
    for condition in conditions:
        result |= condition
    return result
