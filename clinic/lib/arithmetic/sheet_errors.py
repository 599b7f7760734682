"""Cells of a worksheet that have no value: errors, and formulas nobody has computed.

The table reader hands both over as empty, so that a column of ``#N/A`` would vanish without a
word. They are read from the markup instead, as the text that a person sees in the cell.
"""

import io
import re
import zipfile
from html import unescape

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)/?>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)/?>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^>/]*)>"
    rb"(?P<formula><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_TAG = re.compile(rb"<[^>]*>")


def cells_without_value(content: bytes, sheet_name: str) -> dict[tuple[int, int], str]:
    """Return error values and uncomputed formulas of a sheet by (row, column), counted from 0.

    A formula that gave an empty text has been computed and is not among them.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _part_of(archive, sheet_name)
        markup = archive.read(part) if part in archive.namelist() else b""
    found: dict[tuple[int, int], str] = {}
    for cell in _CELL.finditer(markup):
        attributes = _attributes(cell["attributes"])
        place = _PLACE.fullmatch(attributes.get("r", ""))
        shown = _shown(attributes.get("t", ""), cell["formula"], cell["value"])
        if place and shown:
            found[int(place[2]) - 1, _column(place[1])] = shown
    return found


def _shown(kind: str, formula: bytes | None, value: bytes | None) -> str:
    """Return the error, or the formula that has no result; nothing for a cell with a value."""
    if kind == "e":
        return unescape((value or b"#N/A").decode("utf-8", errors="replace"))
    if formula is not None and not value and kind != "str":
        return f"={unescape(_TAG.sub(b'', formula).decode('utf-8', errors='replace'))}"
    return ""


def _part_of(archive: zipfile.ZipFile, sheet_name: str) -> str:
    """Follow the workbook's list of sheets to the part that holds this one."""
    relations = {
        found.get("Id", ""): found.get("Target", "")
        for found in map(_attributes, _RELATION.findall(_read(archive, "workbook.xml.rels")))
    }
    for found in map(_attributes, _SHEET.findall(archive.read("xl/workbook.xml"))):
        if found.get("name") == sheet_name:
            key = next((value for name, value in found.items() if name.endswith(":id")), "")
            target = relations.get(key, "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    path = f"xl/_rels/{name}"
    return archive.read(path) if path in archive.namelist() else b""


def _attributes(markup: bytes) -> dict[str, str]:
    return {
        name.decode(): unescape((one or other).decode("utf-8", errors="replace"))
        for name, one, other in _ATTRIBUTE.findall(markup)
    }


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
