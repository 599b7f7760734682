"""The rows of a workbook as a sheet records them, and as JSON between preview and apply."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.sheets import RowEntry
from clinic.assessments.workbook_reading import RowReading, SheetReading

LONGEST_LINK = 1000


def entries_of(reading: SheetReading) -> dict[str, RowEntry]:
    """Return what a workbook says, by node code; rows that say nothing are left out."""
    entries = {
        code: RowEntry(
            value=reading.answers.get(code),
            text=row.typed,
            note=row.note,
            proofs=_proofs(row),
        )
        for code, row in reading.rows.items()
    }
    return {code: entry for code, entry in entries.items() if not entry.is_empty}


def _proofs(row: RowReading) -> tuple[tuple[str, str], ...]:
    """Pair the text of the proof with its first link; further links stand alone."""
    links = [link for link in row.links if len(link) <= LONGEST_LINK]
    pairs = [(row.proof, links[0] if links else ""), *(("", link) for link in links[1:])]
    return tuple(pair for pair in pairs if any(pair))


def as_json(entries: Mapping[str, RowEntry]) -> dict[str, Any]:
    """Return the entries as plain JSON values; numbers as exact fractions in text."""
    return {
        code: {
            "value": _value_as_json(entry.value),
            "text": entry.text,
            "note": entry.note,
            "proofs": [list(pair) for pair in entry.proofs],
        }
        for code, entry in entries.items()
    }


def from_json(stored: Mapping[str, Any]) -> dict[str, RowEntry]:
    """Read back what ``as_json`` gave."""
    return {
        code: RowEntry(
            value=_value_from_json(entry["value"]),
            text=entry["text"],
            note=entry["note"],
            proofs=tuple((text, link) for text, link in entry["proofs"]),
        )
        for code, entry in stored.items()
    }


def _value_as_json(value: AnswerValue) -> dict[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return {"letter": value}
    if isinstance(value, tuple):
        return {"pair": list(value)}
    return {"number": str(Fraction(value))}


def _value_from_json(stored: dict[str, Any] | None) -> AnswerValue:
    if stored is None:
        return None
    if "letter" in stored:
        return str(stored["letter"])
    if "pair" in stored:
        above, below = stored["pair"]
        return int(above), int(below)
    number = Fraction(stored["number"])
    return number.numerator if number.denominator == 1 else number
