"""One row of a list of persons, read and judged by itself."""

import re
from dataclasses import dataclass, field
from datetime import date

from clinic.lib.arithmetic.dates import NotADay, read_day
from clinic.lib.errors import Refused
from clinic.people.arithmetic.headers import Cells
from clinic.people.arithmetic.import_plan import Level, Problem
from clinic.people.arithmetic.matching import fold_email
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


@dataclass
class _Reading:
    """One row while it is read; collects its problems."""

    cells: Cells
    problems: list[Problem] = field(default_factory=list)

    def tell(self, code: str, column: str, level: Level = "error", **values: str) -> None:
        self.problems.append(Problem(code, self.cells.row, column, values, level))

    def text(self, column: str) -> str:
        text = " ".join(self.cells.get(column).split())
        if len(text) > LONGEST[column]:
            self.tell("text_too_long", column, limit=str(LONGEST[column]))
            return ""
        return text


def read_person_row(cells: Cells) -> tuple[PersonRow, list[Problem]]:
    """Read one row; what cannot be read is left out of the row and told as a problem."""
    reading = _Reading(cells)
    nip = _nip(reading)
    sex = _sex(reading)
    if nip.sex and sex and nip.sex != sex:
        reading.tell("sex_disagrees_with_nip", "sex", "warning")
    person = PersonRow(
        row=cells.row,
        name=_name(reading),
        unit=reading.text("unit"),
        nip=nip.digits,
        position=reading.text("position"),
        position_kind=_position_kind(reading),
        rank=reading.text("rank"),
        sex=sex,
        email=_email(reading),
        phone=_phone(reading),
        start=_start(reading),
    )
    return person, reading.problems


def _nip(reading: _Reading) -> Nip:
    text = reading.cells.get("nip")
    is_number = "nip" in reading.cells.numeric
    try:
        nip = read_nip(int(float(text)) if is_number else text)
    except Refused as refused:
        reading.tell(refused.code, "nip")
        return Nip()
    for code in nip.warnings:
        reading.tell(code, "nip", "warning")
    return nip


def _name(reading: _Reading) -> str:
    """A name begins with a letter: a formula, a number or a shifted column does not."""
    name = reading.text("name")
    if not name:
        if not any(problem.column == "name" for problem in reading.problems):
            reading.tell("cell_empty", "name")
    elif not name.lstrip(_QUOTES)[:1].isalpha():
        reading.tell("name_form", "name", typed=name[:40])
    return name


def _sex(reading: _Reading) -> str:
    text = reading.cells.get("sex")
    sex = SEXES.get(_fold(text), "")
    if text and not sex:
        reading.tell("sex_unknown", "sex", typed=text[:40])
    return sex


def _position_kind(reading: _Reading) -> str:
    text = reading.cells.get("position_kind")
    kind = POSITION_KINDS.get(_fold(text), "")
    if text and not kind:
        reading.tell("position_kind_unknown", "position_kind", typed=text[:40])
    return kind


def _email(reading: _Reading) -> str:
    email = fold_email(reading.text("email"))
    if email and not _EMAIL.fullmatch(email):
        reading.tell("email_form", "email", typed=email[:80])
        return ""
    return email


def _phone(reading: _Reading) -> str:
    """Write a number as ``0812...``: a number cell has lost the zero, +62 stands for it."""
    text = reading.text("phone")
    if not text:
        return ""
    digits = re.sub(r"[\s().\-]+", "", text)
    if digits.startswith(("+62", "62")):
        digits = f"0{digits.lstrip('+')[2:]}"
    elif "phone" in reading.cells.numeric and digits.startswith("8"):
        digits = f"0{digits}"
    is_plain = digits.isascii() and digits.isdigit()
    if is_plain and FEWEST_PHONE_DIGITS <= len(digits) <= MOST_PHONE_DIGITS:
        return digits
    reading.tell("phone_form", "phone", "warning")
    return text


def _start(reading: _Reading) -> date | None:
    text = reading.cells.get("start")
    if not text:
        return None
    try:
        return read_day(text)
    except NotADay:
        reading.tell("not_a_day", "start", typed=text[:40])
        return None


def _fold(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
