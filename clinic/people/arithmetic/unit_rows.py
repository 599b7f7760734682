"""One row of a list of units, read and judged by itself."""

import re
from dataclasses import dataclass
from datetime import date

from clinic.people.arithmetic.lists import ListRow

ROOT_KIND = "kabupaten"
REQUIRED = ("name", "kind", "parent")
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
LARGEST_ORDER = 100_000
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
    """A unit as the list states it; empty or None is "not stated" and changes nothing.

    A slug that is not stated is found, or made, from the name; ``parent`` is a slug or a name.
    """

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


def read_unit_row(cells: ListRow, kinds: frozenset[str]) -> UnitRow:
    """Read one row; what cannot be read is left out of it and reported among its problems."""
    unit = UnitRow(
        row=cells.number,
        slug=_read_slug(cells),
        name=_read_name(cells),
        kind=_read_kind(cells, kinds),
        parent=cells.get("parent").lower(),
        order=_read_order(cells),
        national_code=_read_national_code(cells),
        note=cells.read_text("note", longest=LONGEST["note"]),
        short_name=cells.read_text("short_name", longest=LONGEST["short_name"]),
        zone=_read_zone(cells),
        valid_from=cells.read_day("valid_from"),
        valid_to=cells.read_day("valid_to"),
        succeeded_by=_read_many(cells.get("succeeded_by").lower(), ";, \n"),
        former_names=_read_many(cells.get("former_names"), ";\n|"),
    )
    _compare_cells(unit, cells)
    return unit


def _compare_cells(unit: UnitRow, cells: ListRow) -> None:
    """Refuse what two cells of the row say against each other."""
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        cells.report("ends_before_it_begins", "valid_to")
    if unit.kind and not unit.parent and unit.kind != ROOT_KIND:
        cells.report("parent_not_stated", "parent")
    if unit.kind == ROOT_KIND and unit.parent:
        cells.report("regency_below_a_unit", "parent")
    if unit.kind == ROOT_KIND and not unit.parent and not unit.national_code:
        cells.report("national_code_missing", "national_code", "warning")
    if unit.slug and unit.slug in unit.succeeded_by:
        cells.report("succeeds_itself", "succeeded_by")


def _read_slug(cells: ListRow) -> str:
    slug = cells.read_text("slug", longest=LONGEST["slug"]).lower()
    if slug and not _SLUG.fullmatch(slug):
        cells.report("slug_form", "slug", typed=slug[:40])
        return ""
    return slug


def _read_name(cells: ListRow) -> str:
    name = cells.read_text("name", longest=LONGEST["name"])
    if not name and not cells.problems:
        cells.report("cell_empty", "name")
    elif name and not any(char.isalpha() for char in name):
        cells.report("name_form", "name", typed=name[:40])
    return name


def _read_kind(cells: ListRow, kinds: frozenset[str]) -> str:
    text = cells.read_text("kind")
    folded = "-".join(text.lower().split())
    kind = _KINDS.get(folded, folded)
    if not kind:
        cells.report("cell_empty", "kind")
    elif kind not in kinds:
        cells.report("kind_unknown", "kind", typed=text[:40])
        return ""
    return kind


def _read_order(cells: ListRow) -> int | None:
    text = cells.get("order")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_ORDER:
        cells.report("order_form", "order", typed=text[:40])
        return None
    return int(text)


def _read_national_code(cells: ListRow) -> str:
    """Read ``73.22``; a number cell has lost the last zero of ``73.20``."""
    text = cells.get("national_code")
    if not text:
        return ""
    if "national_code" in cells.numeric and _CODE_WITHOUT_ZERO.fullmatch(text):
        text = f"{text}0"
    match = _CODE.fullmatch(text)
    if not match:
        cells.report("national_code_form", "national_code", typed=text[:40])
        return ""
    return ".".join(match.groups())


def _read_zone(cells: ListRow) -> str:
    text = cells.get("zone")
    if not text or text in ZONES.values():
        return text
    zone = ZONES.get(text.lower(), "")
    if not zone:
        cells.report("zone_unknown", "zone", typed=text[:40])
    return zone


def _read_many(text: str, separators: str) -> tuple[str, ...]:
    parts = re.split(f"[{re.escape(separators)}]+", text)
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
