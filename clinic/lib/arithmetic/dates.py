"""Dates, times and zones as Indonesian offices write them.

A day belongs to a zone: what is stored is a moment in UTC, what people call "today" is the day of
the root unit's zone. Zones come as IANA names; only the three of Indonesia have a short name.
``read_day`` takes days as people in Indonesia type them into lists and forms.
"""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.lib.errors import Refused

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}

_SAME_HOURS = {
    "Asia/Pontianak": "Asia/Jakarta",
    "Asia/Ujung_Pandang": "Asia/Makassar",
}
_MONTHS = {
    "id": (
        "Januari", "Februari", "Maret", "April", "Mei", "Juni",
        "Juli", "Agustus", "September", "Oktober", "November", "Desember",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def zone_label(zone: str) -> str:
    """Return WIB, WITA or WIT; any other zone is named as it is."""
    return ZONES.get(_SAME_HOURS.get(zone, zone), zone)


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of an aware moment in a zone.

    Raises:
        ValueError: the moment has no zone of its own, so that its day cannot be known.
    """
    return _require_zone(moment).astimezone(ZoneInfo(zone)).date()


def format_date(day: date, language: str = "id") -> str:
    """Write ``25 Mei 2022`` (``25 May 2022`` in English)."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def format_weekday(day: date, language: str = "id") -> str:
    """Write ``Rabu, 25 Mei 2022``."""
    return f"{_DAYS[language][day.weekday()]}, {format_date(day, language)}"


def format_time(moment: datetime, zone: str) -> str:
    """Write ``09.00 WITA``, the same in both languages.

    Raises:
        ValueError: the moment has no zone of its own.
    """
    local = _require_zone(moment).astimezone(ZoneInfo(zone))
    return f"{local:%H.%M} {zone_label(zone)}"


def format_moment(moment: datetime, zone: str, language: str = "id") -> str:
    """Write ``25 Mei 2022, 09.00 WITA``."""
    return f"{format_date(local_day(moment, zone), language)}, {format_time(moment, zone)}"


def format_days_left(days: int, language: str = "id") -> str:
    """Write a distance in days as ``hari ini``, ``3 hari lagi`` or ``terlambat 5 hari``."""
    if days == 0:
        return {"id": "hari ini", "en": "today"}[language]
    count = abs(days)
    if language == "id":
        return f"{count} hari lagi" if days > 0 else f"terlambat {count} hari"
    unit = "day" if count == 1 else "days"
    return f"{count} {unit} left" if days > 0 else f"{count} {unit} late"


def _require_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        msg = "A moment without a zone has no day."
        raise ValueError(msg)
    return moment


_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_IN_WORDS = re.compile(r"([0-9]{1,2})[-/. ]+([A-Za-z]{3,9})\.?[-/. ]+([0-9]{4})")
_MONTH_NUMBERS = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7,
    "agu": 8, "agt": 8, "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11,
    "des": 12, "dec": 12,
}  # fmt: skip
_EARLIEST_YEAR = 1900


class NotADay(Refused):
    """Text that is no day of the calendar, or one that could be two days."""

    code = "not_a_day"


def read_day(raw: object) -> date:
    """Read a day from a cell or a form field, the day before the month.

    Takes ``2022-05-25``, ``25-05-2022``, ``25/5/2022``, ``25 Mei 2022`` and a spreadsheet's date.

    Raises:
        NotADay: for anything else, among them two-digit years and years before 1900.
    """
    if isinstance(raw, datetime):
        return _check_year(raw.date())
    if isinstance(raw, date):
        return _check_year(raw)
    text = str(raw or "").strip()
    parts = _read_parts(text)
    if parts is None:
        raise NotADay(details={"raw": text[:40]})
    try:
        return _check_year(date(*parts))
    except ValueError as error:
        raise NotADay(details={"raw": text[:40]}) from error


def _read_parts(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day as written."""
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
        return int(year), int(month), int(day)
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
        return int(year), int(month), int(day)
    if match := _IN_WORDS.fullmatch(text):
        day, word, year = match.groups()
        number = _MONTH_NUMBERS.get(word[:3].lower())
        return (int(year), number, int(day)) if number else None
    return None


def _check_year(day: date) -> date:
    if day.year < _EARLIEST_YEAR:
        raise NotADay(details={"raw": day.isoformat()})
    return day
