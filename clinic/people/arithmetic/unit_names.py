"""Finding a unit by what a list calls it: slug, name, short name or a former name."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from clinic.people.arithmetic.lineage import Span, carriers_on

How = Literal["found", "carried", "unknown", "ambiguous", "split", "ended"]

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
class NamedUnit:
    """What is known of one unit by name; ``root`` is the name of its regency."""

    key: int
    slug: str
    name: str
    short_name: str = ""
    former_names: tuple[str, ...] = ()
    root: str = ""
    span: Span = field(default_factory=Span)


@dataclass(frozen=True)
class Answer:
    """What a typed name means.

    Attributes:
        how: ``found`` is a unit of that day; ``carried`` is the one that carries on for the unit
            named; the rest say why there is none.
        unit: key of the unit, for the first two.
        options: keys of the units it could be, for ``ambiguous`` and ``split``.
    """

    how: How
    unit: int | None = None
    options: tuple[int, ...] = ()


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


class UnitNames:
    """An index over all units of an instance, ended ones included."""

    def __init__(self, units: Iterable[NamedUnit], successors: Mapping[int, Sequence[int]]) -> None:
        """Index the units; ``successors`` come in the order of a split."""
        self._units = {unit.key: unit for unit in units}
        self._successors = successors
        self._spans = {key: unit.span for key, unit in self._units.items()}
        self._by_slug = {unit.slug: unit.key for unit in self._units.values()}
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._by_former: dict[str, set[int]] = defaultdict(set)
        self._roots = {unit.root for unit in self._units.values() if unit.root}
        for unit in self._units.values():
            for name in filter(None, (unit.name, unit.short_name)):
                self._by_name[self._fold(name, unit)].add(unit.key)
            for name in unit.former_names:
                self._by_former[self._fold(name, unit)].add(unit.key)

    def find(self, text: str, day: date) -> Answer:
        """Return the unit that ``text`` names on the day, or who carries on for it.

        A name of the day wins over a name of another time, a unit's own name over a former one.
        """
        slug = text.strip().lower()
        if slug in self._by_slug:
            return self._carried({self._by_slug[slug]}, day)
        for index in (self._by_name, self._by_former):
            keys = self._named(index, text)
            of_day = {key for key in keys if self._spans[key].covers(day)}
            if len(of_day) == 1:
                return Answer("found", of_day.pop())
            if len(of_day) > 1:
                return Answer("ambiguous", options=tuple(sorted(of_day)))
            if keys:
                return self._carried(keys, day)
        return Answer("unknown")

    def _named(self, index: Mapping[str, set[int]], text: str) -> set[int]:
        found = set(index.get(fold_unit_name(text), ()))
        for root in self._roots:
            found |= index.get(fold_unit_name(text, root=root), set())
        return found

    def _carried(self, keys: set[int], day: date) -> Answer:
        carriers: dict[int, None] = {}
        for key in sorted(keys):
            for carrier in carriers_on(key, day, spans=self._spans, successors=self._successors):
                carriers[carrier] = None
        if not carriers:
            return Answer("ended")
        if len(carriers) > 1:
            return Answer("split", options=tuple(carriers))
        (only,) = carriers
        return Answer("found" if only in keys else "carried", only)

    def _fold(self, name: str, unit: NamedUnit) -> str:
        own = unit.root if unit.root != unit.name else ""
        return fold_unit_name(name, root=own)
