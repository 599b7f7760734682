"""The NIP, the 18 digits of a civil servant's number: reading, grouping; masking of contact data.

Layout after Perka BKN 22/2007: eight digits of birth date, six of appointment, one of sex, three
of serial. PPPK carry 21, 22 ... in positions 13 and 14, where a PNS has a month. There is no check
digit, and old and wrong numbers exist: what looks wrong is a warning. Refused is only what would
be stored wrongly: a number that a spreadsheet has cut to 15 digits, and text too long for any
number. A masked NIP, phone or e-mail is enough to recognise and too little to use.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from clinic.lib.errors import Refused

LENGTH = 18
NIK_LENGTH = 16
OLD_LENGTH = 9
LONGEST_KEPT = 24
FIRST_PPPK_MARK = 21
WOMEN_DAY_OFFSET = 40
LAST_MONTH = 12
SHORTEST_PHONE = 6

Kind = Literal["pns", "pppk", "unknown"]
Sex = Literal["L", "P", ""]

_SEPARATORS = re.compile(r"[\s.,'`’\-–_/]+")
_EXPONENT = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{2}")
_SEXES: dict[str, Sex] = {"1": "L", "2": "P"}


@dataclass(frozen=True)
class Nip:
    """What a NIP says about itself.

    Attributes:
        digits: the number without separators; empty where there is none worth keeping.
        kind: ``pns``, ``pppk`` or ``unknown`` (the form is not one of the two).
        birth: date of birth, where the first eight digits are a date.
        sex: ``L``, ``P`` or empty.
        warnings: codes of what looks wrong, in the order of the digits.
    """

    digits: str = ""
    kind: Kind = "unknown"
    birth: date | None = None
    sex: Sex = ""
    warnings: tuple[str, ...] = ()


def clean_nip(raw: str) -> str:
    """Take off blanks, points, dashes and the apostrophe that keeps a cell as text."""
    bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", raw)).upper()
    return unicodedata.normalize("NFKC", bare)  # what stood apart may now stand together


def digits_of(raw: str) -> str:
    """Return the digits of a number typed with separators; other text (an e-mail) as it was."""
    text = clean_nip(raw)
    return text if text.isascii() and text.isdigit() else raw


def read_nip(raw: object) -> Nip:
    """Read a NIP from a cell or a form field.

    Args:
        raw: the text; a number stands for a cell that a spreadsheet stored as a number.

    Raises:
        Refused: ``nip_broken_by_spreadsheet`` for a number, or for text such as ``1,98001E+17``,
            whose last digits are gone; ``nip_too_long`` for more than 24 characters, probably two
            numbers in one cell.
    """
    if isinstance(raw, (int, float)) or _EXPONENT.fullmatch(str(raw or "").strip()):
        raise Refused(code="nip_broken_by_spreadsheet", details={"raw": str(raw)[:40]})
    text = clean_nip(str(raw or ""))
    if not text:
        return Nip()
    if not any(char.isdigit() for char in text):
        return Nip(warnings=("nip_is_no_number",))
    if _is_nik(text):
        return Nip(warnings=("nip_is_a_nik",))
    if len(text) > LONGEST_KEPT:
        raise Refused(code="nip_too_long", details={"raw": text[:40]})
    if not (text.isascii() and text.isdigit()):
        return Nip(digits=text, warnings=("nip_holds_letters",))
    if len(text) != LENGTH:
        code = "nip_has_the_old_form" if len(text) == OLD_LENGTH else "nip_length"
        return Nip(digits=text, warnings=(code,))
    return _parse(text)


def group_nip(digits: str) -> str:
    """Write 18 digits in the groups 8-6-1-3; anything else stays as it is."""
    if len(digits) != LENGTH:
        return digits
    return f"{digits[:8]} {digits[8:14]} {digits[14]} {digits[15:]}"


def mask_nip(digits: str) -> str:
    """Hide all but the first two and last four characters: ``19********0012``.

    Eight stars stand for the twelve hidden digits; a number too short to hide anything becomes
    stars alone.
    """
    if not digits:
        return ""
    if len(digits) < OLD_LENGTH:
        return "*" * 8
    return f"{digits[:2]}********{digits[-4:]}"


def _parse(digits: str) -> Nip:
    """Read 18 digits: both kinds share birth date and serial."""
    is_pppk = int(digits[12:14]) >= FIRST_PPPK_MARK
    birth = _read_date(digits[:8])
    sex = _SEXES.get(digits[14], "")
    warnings = [
        "nip_birth_date" if birth is None else "",
        _check_appointment(digits, birth, is_pppk=is_pppk),
        "" if sex else "nip_sex",
        "nip_serial" if digits[15:] == "000" else "",
    ]
    return Nip(
        digits=digits,
        kind="pppk" if is_pppk else "pns",
        birth=birth,
        sex=sex,
        warnings=tuple(code for code in warnings if code),
    )


def _check_appointment(digits: str, birth: date | None, *, is_pppk: bool) -> str:
    month = int(digits[12:14])
    if not is_pppk and not 1 <= month <= LAST_MONTH:
        return "nip_appointment_month"
    if birth is not None and int(digits[8:12]) <= birth.year:
        return "nip_appointed_before_birth"
    return ""


def _read_date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _is_nik(text: str) -> bool:
    """Tell a NIK (16 digits, birth day in positions 7 and 8, women plus 40) by its form.

    The platform has no use for a NIK and keeps none.
    """
    if len(text) != NIK_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    day, month = int(text[6:8]), int(text[8:10])
    last_day = 31
    day = day - WOMEN_DAY_OFFSET if day > WOMEN_DAY_OFFSET else day
    return 1 <= day <= last_day and 1 <= month <= LAST_MONTH


def mask_phone(phone: str) -> str:
    """Write ``08**-****-*12``: two characters in front, two behind."""
    if not phone:
        return ""
    return f"{phone[:2]}**-****-*{phone[-2:]}" if len(phone) >= SHORTEST_PHONE else "**-****-***"


def mask_email(email: str) -> str:
    """Write ``b***@contoh.test``: the first letter and the domain."""
    if not email:
        return ""
    local, at, domain = email.partition("@")
    return f"{local[:1]}***{at}{domain}"
