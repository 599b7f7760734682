"""One human across lists: names without titles, and which keys join two rows.

A NIP joins, an e-mail address joins, a name in the same unit only suggests. Two different NIPs
never join, whatever else agrees.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FoundBy = Literal["nip", "email", "name", "conflict", "ambiguous", "none"]

_BEFORE = frozenset({
    "prof", "dr", "drg", "drh", "drs", "dra", "ir", "h", "hj", "kh", "apt", "ns", "ners",
    "capt", "bd",
})  # fmt: skip
_TITLES = _BEFORE | {
    "se", "sh", "st", "sp", "ss", "sap", "sip", "sstp", "stp", "ssos", "skm", "sked", "skep",
    "spd", "spdi", "spdsd", "sag", "skom", "ssi", "sfarm", "shut", "spi", "spt", "spsi",
    "sikom", "sak", "str", "strkeb", "strkep", "sst", "sei", "sthi", "shi", "sgz", "sars",
    "sptn", "amd", "amdkeb", "amdkep", "amdak", "amakom", "amg", "amkl", "amk", "dipl", "ma",
    "mm", "mh", "mt", "mp", "me", "msi", "mkes", "mpd", "mpdi", "map", "mak", "mkom", "msc",
    "mba", "mph", "mkm", "mag", "mikom", "mhum", "mstat", "meng", "mars", "mtp", "mips",
    "mkep", "mfarm", "mpsi", "mec", "mpa", "mppm", "mhan", "phd", "spa", "spog", "sppd", "spb",
    "spkj", "span", "spm", "sptht", "spkk", "spjp", "sprad", "spok",
}  # fmt: skip
_SPELLINGS = {
    **dict.fromkeys(
        ["muh", "moh", "mohd", "mhd", "muhamad", "mohamad", "mohammad", "mochamad", "moch"],
        "muhammad",
    ),
    "abd": "abdul",
}
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class PersonKeys:
    """The keys under which a person is known; empty where not stated."""

    name: str
    nip: str = ""
    email: str = ""
    unit: str = ""


def fold_login_name(text: str) -> str:
    """Fold a NIP or e-mail address as typed: NFKC, without blanks around it, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def normalise_name(text: str) -> str:
    """Return a name's words in small letters, without titles, accents and marks.

    ``Dr. H. Muh. Ilham, S.STP., M.Si.`` becomes ``muhammad ilham``. A name that is titles alone
    stays as its words, so that nothing becomes empty.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
    before_comma, *after = plain.split(",")
    words = _split_words(before_comma)
    for segment in after:
        further = _split_words(segment)
        if "." not in segment and not all(word in _TITLES for word in further):
            words.extend(further)
    words = _drop_titles(words) or words
    return " ".join(_SPELLINGS.get(word, word) for word in words)


def names_share_a_word(name: str, other: str) -> bool:
    """Say whether two names have a word of three letters or more in common."""
    shortest = 3
    words = [
        {word for word in normalise_name(each).split() if len(word) >= shortest}
        for each in (name, other)
    ]
    return not all(words) or bool(words[0] & words[1])


def names_agree(name: str, other: str) -> bool:
    """Say whether two names may be one person's: the same words, or the shorter within the longer.

    A single word agrees only with itself: half the regency is called Siti.
    """
    shorter, longer = sorted((set(normalise_name(each).split()) for each in (name, other)), key=len)
    return bool(shorter) and (shorter == longer or (len(shorter) > 1 and shorter < longer))


class PersonIndex:
    """An index over persons already known; finds whom a row of a list speaks of."""

    def __init__(self, known: Iterable[tuple[int, PersonKeys]] = ()) -> None:
        """Index ids with their keys; an id may come twice with other numbers."""
        self._by_nip: dict[str, int] = {}
        self._by_email: dict[str, set[int]] = defaultdict(set)
        self._by_name: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._nips: dict[int, str] = {}
        for person, keys in known:
            self.add(person, keys)

    def add(self, person: int, keys: PersonKeys) -> None:
        """Make one more person, or one more number of a person, known."""
        if keys.nip:
            self._by_nip.setdefault(keys.nip, person)
            self._nips.setdefault(person, keys.nip)
        if keys.email:
            self._by_email[fold_login_name(keys.email)].add(person)
        self._by_name[normalise_name(keys.name), keys.unit].add(person)

    def find(self, row: PersonKeys) -> tuple[FoundBy, int | None]:
        """Return how and whom the keys of a row find.

        ``conflict`` names the person who holds the e-mail address under another NIP;
        ``ambiguous`` means several persons share it. Names are not looked at: see ``alike``.
        """
        by_nip = self._by_nip.get(row.nip) if row.nip else None
        by_email = self._by_email.get(fold_login_name(row.email), set()) if row.email else set()
        if by_nip is not None:
            strangers = by_email - {by_nip}
            return ("conflict", min(strangers)) if strangers else ("nip", by_nip)
        if len(by_email) > 1:
            return "ambiguous", None
        if not by_email:
            return "none", None
        (holder,) = by_email
        has_other_nip = bool(row.nip and self._nips.get(holder))
        return ("conflict" if has_other_nip else "email"), holder

    def alike(self, row: PersonKeys) -> set[int]:
        """Return persons of the same name in the same unit whose NIP does not contradict."""
        named = self._by_name.get((normalise_name(row.name), row.unit), set())
        if not row.nip:
            return named
        return {person for person in named if self._nips.get(person, row.nip) == row.nip}


def _split_words(text: str) -> list[str]:
    """Split on blanks; ``s.sos`` is one word, ``muh.ilham`` and ``drs.andi`` are two."""
    words: list[str] = []
    for group in re.split(r"[\s/()\-]+", text):
        first, _, rest = group.partition(".")
        parts = [first, rest] if first in _BEFORE or first in _SPELLINGS else [group]
        words.extend(_NOT_WORD.sub("", part) for part in parts)
    return [word for word in words if word]


def _drop_titles(words: list[str]) -> list[str]:
    """Drop titles before and behind the name; between them words stay."""
    start, end = 0, len(words)
    while start < end and words[start] in _BEFORE:
        start += 1
    while end > start + 1 and words[end - 1] in _TITLES and len(words[end - 1]) > 1:
        end -= 1
    return words[start:end]
