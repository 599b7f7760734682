"""Which unit a name means on a day: slugs, names, former names, and who carries on for whom."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from clinic.people.models import Unit, UnitSuccession

NEAR = 0.85  # of 1: one letter wrong or missing in a short name, two in a long one
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LONG_FORMS = {
    "kab": "kabupaten",
    "kec": "kecamatan",
    "kel": "kelurahan",
    "pkm": "puskesmas",
    "setda": "sekretariat daerah",
    "setwan": "sekretariat dprd",
    "dinkes": "dinas kesehatan",
    "disdik": "dinas pendidikan",
    "dinsos": "dinas sosial",
    "dishub": "dinas perhubungan",
    "diskominfo": "dinas kominfo",
    "upt": "uptd",
}


@dataclass(frozen=True)
class UnitMatch:
    """What a typed name means.

    Attributes:
        how: ``found`` is a unit of that day; ``carried`` is the one that carries on for the unit
            named; the rest say why there is none.
        unit: the unit, for the first two.
        options: the units it could be, for ``ambiguous`` and ``split``.
    """

    how: Literal["found", "carried", "unknown", "ambiguous", "split", "ended"]
    unit: Unit | None = None
    options: tuple[Unit, ...] = ()


def successors_by_unit() -> dict[int, list[int]]:
    """Return who follows whom, by id and in the order of each split."""
    successors: dict[int, list[int]] = defaultdict(list)
    for before, after in UnitSuccession.objects.values_list("before", "after"):
        successors[before].append(after)
    return successors


def find_carriers(
    unit: int, day: date, *, units: Mapping[int, Unit], successors: Mapping[int, Sequence[int]]
) -> list[int]:
    """Return the units that carry on for ``unit`` on ``day``, each once, in order of the splits.

    A unit that exists on the day is its own carrier. From one that ended, the walk goes to its
    successors; one that has not begun yet carries nothing. A circle in the data ends the walk.
    """
    carriers: list[int] = []
    seen: set[int] = set()
    waiting = [unit]
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        if units[current].exists_on(day):
            carriers.append(current)
        elif units[current].has_ended(day):
            waiting.extend(successors.get(current, ()))
    return carriers


def fold_unit_name(text: str, *, root: str = "") -> str:
    """Fold a unit's name: small letters, no marks, ``&`` as ``dan``, short forms written out.

    The name of the regency at the end is dropped: ``Dinas Kesehatan Kab. Contoh``.
    """
    plain = unicodedata.normalize("NFKD", text.replace("&", " dan ")).lower()
    words = _NOT_WORD.sub(" ", plain).split()
    folded = " ".join(_LONG_FORMS.get(word, word) for word in words)
    tail = " ".join(_NOT_WORD.sub(" ", root.lower()).split())
    shorter = folded.removesuffix(f" {tail}") if tail else folded
    return shorter or folded


def find_alike(text: str, names: Iterable[str]) -> str:
    """Return the name that was meant by a misspelt one; empty where none is near."""
    folded = {fold_unit_name(name): name for name in names if name}
    near = get_close_matches(fold_unit_name(text), folded, n=1, cutoff=NEAR)
    return folded[near[0]] if near else ""


class UnitNames:
    """An index over all units of an instance, ended ones included."""

    @classmethod
    def load(cls) -> "UnitNames":
        """Read everything in two queries."""
        return cls(Unit.objects.all(), successors_by_unit())

    def __init__(self, units: Iterable[Unit], successors: Mapping[int, Sequence[int]]) -> None:
        self.units = {unit.pk: unit for unit in units}
        self._successors = successors
        self._by_slug = {unit.slug: unit.pk for unit in self.units.values()}
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._by_former: dict[str, set[int]] = defaultdict(set)
        self._roots = {unit.path: unit.name for unit in self.units.values() if unit.is_root()}
        for unit in self.units.values():
            root = "" if unit.is_root() else self._roots.get(unit.path[: Unit.steplen], "")
            for name in filter(None, (unit.name, unit.short_name)):
                self._by_name[fold_unit_name(name, root=root)].add(unit.pk)
            for name in unit.former_name_list:
                self._by_former[fold_unit_name(name, root=root)].add(unit.pk)

    def find(self, text: str, day: date) -> UnitMatch:
        """Return the unit that ``text`` names on the day, or who carries on for it.

        A name of the day wins over a name of another time, a unit's own name over a former one.
        """
        slug = text.strip().lower()
        if slug in self._by_slug:
            return self._follow({self._by_slug[slug]}, day)
        spellings = {fold_unit_name(text, root=root) for root in ("", *self._roots.values())}
        for index in (self._by_name, self._by_former):
            named = {key for spelling in spellings for key in index.get(spelling, ())}
            of_day = sorted(key for key in named if self.units[key].exists_on(day))
            if len(of_day) == 1:
                return UnitMatch("found", self.units[of_day[0]])
            if of_day:
                return UnitMatch("ambiguous", options=tuple(self.units[key] for key in of_day))
            if named:
                return self._follow(named, day)
        return UnitMatch("unknown")

    def suggest(self, text: str, day: date) -> str:
        """Return the name of the day's unit that a misspelt name is near to; else empty."""
        return find_alike(text, [one.name for one in self.units.values() if one.exists_on(day)])

    def _follow(self, named: set[int], day: date) -> UnitMatch:
        carriers: dict[int, None] = {}
        for key in sorted(named):
            keys = find_carriers(key, day, units=self.units, successors=self._successors)
            carriers.update(dict.fromkeys(keys))
        if not carriers:
            return UnitMatch("ended")
        if len(carriers) > 1:
            return UnitMatch("split", options=tuple(self.units[key] for key in carriers))
        (only,) = carriers
        return UnitMatch("found" if only in named else "carried", self.units[only])
