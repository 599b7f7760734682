"""One row of a list of units, read and judged by itself."""

import re
from dataclasses import dataclass, field
from datetime import date

from clinic.lib.arithmetic.dates import NotADay, read_day
from clinic.people.arithmetic.headers import Cells
from clinic.people.arithmetic.import_plan import Problem

ROOT_KIND = "kabupaten"
REQUIRED = ("slug", "name", "kind", "parent")
ALIASES: dict[str, tuple[str, ...]] = {
    "slug": ("kode unit", "nama alamat"),
    "name": ("nama", "nama unit", "nama unit kerja", "nama perangkat daerah", "unit kerja"),
    "kind": ("jenis", "jenis unit", "jenis perangkat daerah"),
    "parent": ("induk", "unit induk", "di bawah"),
    "order": ("urutan", "nomor urut", "no urut"),
    "national_code": ("kode nasional", "kode wilayah", "kode kemendagri"),
    "note": ("catatan", "keterangan"),
    "short_name": ("nama singkat", "singkatan", "nama pendek"),
    "zone": ("zona waktu", "zona"),
    "valid_from": ("berlaku mulai", "berlaku sejak", "mulai berlaku"),
    "valid_to": ("berlaku sampai", "berakhir"),
    "succeeded_by": ("digantikan oleh", "pengganti"),
    "former_names": ("nama lama", "nama sebelumnya"),
}
LONGEST = {"slug": 80, "name": 200, "short_name": 60, "note": 2000, "former_names": 2000}
ZONES = {"wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura"}

_KINDS = {
    "regency": "kabupaten",
    "kota": "kabupaten",
    "setda": "sekretariat-daerah",
    "setwan": "sekretariat-dprd",
    "rumah-sakit": "rsud",
    "rumah-sakit-umum-daerah": "rsud",
    "uptd-puskesmas": "puskesmas",
    "upt": "uptd",
    "lainnya": "lain",
}
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"([0-9]{2})[.\- ]?([0-9]{2})")
_CODE_WITHOUT_ZERO = re.compile(r"([0-9]{2})\.([0-9])")


@dataclass(frozen=True)
class UnitRow:
    """A unit as the list states it; empty or None is "not stated" and changes nothing."""

    row: int
    slug: str
    name: str
    kind: str
    parent: str
    order: int | None = None
    national_code: str = ""
    note: str = ""
    short_name: str = ""
    zone: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    succeeded_by: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()


@dataclass
class _Reading:
    """One row while it is read; collects its problems."""

    cells: Cells
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, code: str, column: str, **values: str) -> None:
        self.problems.append(Problem(code, self.cells.row, column, values))

    def text(self, column: str) -> str:
        text = " ".join(self.cells.get(column).split())
        limit = LONGEST.get(column)
        if limit and len(text) > limit:
            self.refuse("text_too_long", column, limit=str(limit))
            return ""
        return text

    def day(self, column: str) -> date | None:
        text = self.cells.get(column)
        if not text:
            return None
        try:
            return read_day(text)
        except NotADay:
            self.refuse("not_a_day", column, typed=text[:40])
            return None


def read_unit_row(cells: Cells, kinds: frozenset[str]) -> tuple[UnitRow, list[Problem]]:
    """Read one row; what cannot be read is left out of the row and told as a problem."""
    reading = _Reading(cells)
    unit = UnitRow(
        row=cells.row,
        slug=_slug(reading),
        name=_name(reading),
        kind=_kind(reading, kinds),
        parent=reading.cells.get("parent").lower(),
        order=_order(reading),
        national_code=_national_code(reading),
        note=reading.text("note"),
        short_name=reading.text("short_name"),
        zone=_zone(reading),
        valid_from=reading.day("valid_from"),
        valid_to=reading.day("valid_to"),
        succeeded_by=_many(cells.get("succeeded_by").lower(), ";, \n"),
        former_names=_many(cells.get("former_names"), ";\n|"),
    )
    _judge(unit, reading)
    return unit, reading.problems


def _judge(unit: UnitRow, reading: _Reading) -> None:
    """Refuse what two cells of the row say against each other."""
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        reading.refuse("ends_before_it_begins", "valid_to")
    if unit.kind and not unit.parent and unit.kind != ROOT_KIND:
        reading.refuse("parent_not_stated", "parent")
    if unit.kind == ROOT_KIND and unit.parent:
        reading.refuse("regency_below_a_unit", "parent")
    if unit.kind == ROOT_KIND and not unit.parent and not unit.national_code:
        missing = Problem("national_code_missing", unit.row, "national_code", level="warning")
        reading.problems.append(missing)
    if unit.slug and unit.slug in unit.succeeded_by:
        reading.refuse("succeeds_itself", "succeeded_by")


def _slug(reading: _Reading) -> str:
    slug = reading.text("slug").lower()
    if not slug:
        reading.refuse("cell_empty", "slug")
    elif not _SLUG.fullmatch(slug):
        reading.refuse("slug_form", "slug", typed=slug[:40])
        return ""
    return slug


def _name(reading: _Reading) -> str:
    name = reading.text("name")
    if not name and not reading.problems:
        reading.refuse("cell_empty", "name")
    elif name and not any(char.isalpha() for char in name):
        reading.refuse("name_form", "name", typed=name[:40])
    return name


def _kind(reading: _Reading, kinds: frozenset[str]) -> str:
    text = reading.text("kind")
    folded = "-".join(text.lower().split())
    kind = _KINDS.get(folded, folded)
    if not kind:
        reading.refuse("cell_empty", "kind")
    elif kind not in kinds:
        reading.refuse("kind_unknown", "kind", typed=text[:40])
        return ""
    return kind


def _order(reading: _Reading) -> int | None:
    text = reading.cells.get("order")
    if not text:
        return None
    limit = 100_000
    if not (text.isascii() and text.isdigit()) or int(text) > limit:
        reading.refuse("order_form", "order", typed=text[:40])
        return None
    return int(text)


def _national_code(reading: _Reading) -> str:
    """Read ``73.22``; a number cell has lost the last zero of ``73.20``."""
    text = reading.cells.get("national_code")
    if not text:
        return ""
    short = _CODE_WITHOUT_ZERO.fullmatch(text)
    if short and "national_code" in reading.cells.numeric:
        text = f"{text}0"
    match = _CODE.fullmatch(text)
    if not match:
        reading.refuse("national_code_form", "national_code", typed=text[:40])
        return ""
    return ".".join(match.groups())


def _zone(reading: _Reading) -> str:
    text = reading.cells.get("zone")
    if not text or text in ZONES.values():
        return text
    zone = ZONES.get(text.lower(), "")
    if not zone:
        reading.refuse("zone_unknown", "zone", typed=text[:40])
    return zone


def _many(text: str, separators: str) -> tuple[str, ...]:
    parts = re.split(f"[{re.escape(separators)}]+", text)
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
