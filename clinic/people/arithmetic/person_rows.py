"""One row of a list of persons, read and judged by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clinic.lib.errors import Refused
from clinic.people.arithmetic.lists import ListRow, fold_header
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.arithmetic.nip import Nip, read_nip

REQUIRED = ("name", "unit")
ALIASES: dict[str, tuple[str, ...]] = {
    "nip": ("nip nipppk", "nip pppk", "nip ni pppk", "nomor induk pegawai"),
    "name": ("nama", "nama lengkap", "nama pegawai", "nama dan gelar", "nama lengkap dan gelar"),
    "unit": (
        "unit kerja", "perangkat daerah", "unit organisasi", "opd", "skpd", "instansi",
        "unit kerja perangkat daerah",
    ),
    "position": ("jabatan", "nama jabatan", "jabatan terakhir"),
    "position_kind": ("jenis jabatan", "kelompok jabatan"),
    "rank": ("pangkat gol", "pangkat golongan", "pangkat", "golongan", "gol", "pangkat gol ruang"),
    "sex": ("l p", "jenis kelamin", "jk", "l p jenis kelamin"),
    "email": ("e mail", "surel", "alamat e mail", "alamat email"),
    "phone": ("hp", "no hp", "nomor hp", "telepon", "no telepon", "no telp", "wa", "no wa"),
    "start": ("sejak", "mulai", "tmt", "tmt jabatan", "bertugas sejak"),
}  # fmt: skip
LONGEST = {"name": 160, "unit": 200, "position": 160, "rank": 60, "email": 254, "phone": 24}
SEXES = {
    **dict.fromkeys(("l", "laki laki", "laki", "pria", "male"), "L"),
    **dict.fromkeys(("p", "perempuan", "wanita", "female"), "P"),
}
POSITION_KINDS = {
    **dict.fromkeys(("jpt", "jpt utama", "jpt madya", "jpt pratama", "pimpinan tinggi",
                     "jabatan pimpinan tinggi", "eselon ii", "eselon 2"), "jpt"),
    **dict.fromkeys(("administrator", "eselon iii", "eselon 3"), "administrator"),
    **dict.fromkeys(("pengawas", "eselon iv", "eselon 4"), "pengawas"),
    **dict.fromkeys(("fungsional", "jabatan fungsional", "jf", "jft"), "fungsional"),
    **dict.fromkeys(("pelaksana", "staf", "jfu"), "pelaksana"),
}  # fmt: skip
FEWEST_PHONE_DIGITS, MOST_PHONE_DIGITS = 8, 15

_EMAIL = re.compile(r"[^@\s<>,;:\"']+@[^@\s<>,;:\"']+\.[a-z]{2,}")
_QUOTES = "'’`\"“"


@dataclass(frozen=True)
class PersonRow:
    """A person as the list states it; empty or None is "not stated" and changes nothing."""

    row: int
    name: str
    unit: str
    nip: str = ""
    position: str = ""
    position_kind: str = ""
    rank: str = ""
    sex: str = ""
    email: str = ""
    phone: str = ""
    start: date | None = None


def read_person_row(cells: ListRow) -> PersonRow:
    """Read one row; what cannot be read is left out of it and reported among its problems."""
    nip = _read_nip(cells)
    sex = _read_choice(cells, "sex", SEXES, unknown="sex_unknown")
    if nip.sex and sex and nip.sex != sex:
        cells.report("sex_disagrees_with_nip", "sex", "warning")
    return PersonRow(
        row=cells.number,
        name=_read_name(cells),
        unit=cells.read_text("unit", longest=LONGEST["unit"]),
        nip=nip.digits,
        position=cells.read_text("position", longest=LONGEST["position"]),
        position_kind=_read_choice(
            cells, "position_kind", POSITION_KINDS, unknown="position_kind_unknown"
        ),
        rank=cells.read_text("rank", longest=LONGEST["rank"]),
        sex=sex,
        email=_read_email(cells),
        phone=_read_phone(cells),
        start=cells.read_day("start"),
    )


def _read_nip(cells: ListRow) -> Nip:
    text = cells.get("nip")
    try:
        nip = read_nip(int(float(text)) if "nip" in cells.numeric else text)
    except Refused as refused:
        cells.report(refused.code, "nip")
        return Nip()
    for code in nip.warnings:
        cells.report(code, "nip", "warning")
    return nip


def _read_name(cells: ListRow) -> str:
    """A name begins with a letter: a formula, a number or a shifted column does not."""
    name = cells.read_text("name", longest=LONGEST["name"])
    if not name:
        if not any(problem.column == "name" for problem in cells.problems):
            cells.report("cell_empty", "name")
    elif not name.lstrip(_QUOTES)[:1].isalpha():
        cells.report("name_form", "name", typed=name[:40])
    return name


def _read_choice(cells: ListRow, column: str, choices: Mapping[str, str], *, unknown: str) -> str:
    text = cells.get(column)
    choice = choices.get(fold_header(text), "")
    if text and not choice:
        cells.report(unknown, column, typed=text[:40])
    return choice


def _read_email(cells: ListRow) -> str:
    email = fold_login_name(cells.read_text("email", longest=LONGEST["email"]))
    if email and not _EMAIL.fullmatch(email):
        cells.report("email_form", "email", typed=email[:80])
        return ""
    return email


def _read_phone(cells: ListRow) -> str:
    """Write a number as ``0812...``: a number cell has lost the zero, +62 stands for it."""
    text = cells.read_text("phone", longest=LONGEST["phone"])
    if not text:
        return ""
    digits = re.sub(r"[\s().\-]+", "", text)
    if digits.startswith(("+62", "62")):
        digits = f"0{digits.lstrip('+')[2:]}"
    elif "phone" in cells.numeric and digits.startswith("8"):
        digits = f"0{digits}"
    is_plain = digits.isascii() and digits.isdigit()
    if is_plain and FEWEST_PHONE_DIGITS <= len(digits) <= MOST_PHONE_DIGITS:
        return digits
    cells.report("phone_form", "phone", "warning")
    return text
