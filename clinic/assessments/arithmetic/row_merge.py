"""What a form and the database say of one row, put together field by field.

A form knows what it was drawn with only by the mark of each field. A field that the person left as
it was drawn takes what is stored by now; one that both have changed is for the person to decide.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

STORED, MINE = "tersimpan", "saya"
Texts = Mapping[str, str]


def mark(text: str) -> str:
    """Return a short mark of a text, the same however a browser sends its line ends."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Seen:
    """What a form was drawn with.

    Attributes:
        rev: the sheet's number at that time.
        marks: of each field.
        asked: fields whose two texts stood side by side with a choice between them.
    """

    rev: int = 0
    marks: Mapping[str, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rev: int, stored: Texts, asked: frozenset[str] = frozenset()) -> "Seen":
        """Return what a form that shows these stored texts has seen."""
        return cls(rev, {name: mark(text) for name, text in stored.items()}, asked)

    @classmethod
    def read(cls, written: str) -> "Seen":
        """Read back what ``write`` gave; of anything else nothing was seen."""
        try:
            found = json.loads(written)
            rev, marks, asked = int(found["rev"]), dict(found["marks"]), frozenset(found["asked"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return cls()
        return cls(rev, marks, asked)

    def write(self) -> str:
        """Return it as text for a hidden field."""
        content = {"rev": self.rev, "marks": dict(self.marks), "asked": sorted(self.asked)}
        return json.dumps(content, separators=(",", ":"))


@dataclass(frozen=True)
class Merge:
    """The fields of a row after a merge.

    Attributes:
        texts: what to store; a field in conflict holds what was typed.
        conflicts: fields that both have changed, in order.
        kept: fields that somebody else changed and this form did not.
    """

    texts: dict[str, str]
    conflicts: tuple[str, ...]
    kept: tuple[str, ...]


def merge(seen: Seen, stored: Texts, typed: Texts, choices: Texts) -> Merge:
    """Put what was typed over what is stored.

    Args:
        seen: what the form was drawn with.
        stored: what the row says now, by field.
        typed: what the form holds, for the same fields; a missing one was not touched.
        choices: ``STORED`` or ``MINE`` for the fields that were asked for.
    """
    texts: dict[str, str] = {}
    conflicts, kept = [], []
    for name, theirs in stored.items():
        own = typed.get(name)
        drawn, now = seen.marks.get(name), mark(theirs)
        if own is None or mark(own) == now:
            texts[name] = theirs
        elif drawn == now:
            texts[name], is_decided = _choose(name, theirs, own, seen=seen, choices=choices)
            if not is_decided:
                conflicts.append(name)
        elif drawn == mark(own):
            texts[name] = theirs
            kept.append(name)
        else:
            texts[name] = own
            conflicts.append(name)
    return Merge(texts, tuple(conflicts), tuple(kept))


def _choose(name: str, theirs: str, own: str, *, seen: Seen, choices: Texts) -> tuple[str, bool]:
    """Return the text of a field that nobody else changed since, and whether that is decided."""
    if name not in seen.asked or choices.get(name) == MINE:
        return own, True
    return (theirs, True) if choices.get(name) == STORED else (own, False)
