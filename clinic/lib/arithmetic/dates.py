"""Days as people in Indonesia write them."""

import re
from datetime import date, datetime

from clinic.lib.errors import Refused

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_IN_WORDS = re.compile(r"([0-9]{1,2})[-/. ]+([A-Za-z]{3,9})\.?[-/. ]+([0-9]{4})")
_BY_START = {month[:3].lower(): number for number, month in enumerate(MONTHS, start=1)}
_BY_START |= {"may": 5, "aug": 8, "agt": 8, "oct": 10, "nop": 11, "dec": 12, "peb": 2}
_EARLIEST_YEAR = 1900


class NotADay(Refused):
    """Text that is no day of the calendar, or one that could be two days."""

    code = "not_a_day"


def read_day(raw: object) -> date:
    """Read a day from a cell or a form field, the day before the month.

    Takes ``2022-05-25``, ``25-05-2022``, ``25/5/2022``, ``25 Mei 2022`` and what a spreadsheet hands
    over as a date.

    Raises:
        NotADay: for anything else, among them two-digit years and years before 1900.
    """
    if isinstance(raw, datetime):
        return _checked(raw.date())
    if isinstance(raw, date):
        return _checked(raw)
    text = str(raw or "").strip()
    parts = _parts(text)
    if parts is None:
        raise NotADay(details={"raw": text[:40]})
    try:
        return _checked(date(*parts))
    except ValueError as error:
        raise NotADay(details={"raw": text[:40]}) from error


def write_day(day: date) -> str:
    """Write ``25 Mei 2022``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _parts(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day as written."""
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
        return int(year), int(month), int(day)
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
        return int(year), int(month), int(day)
    if match := _IN_WORDS.fullmatch(text):
        day, word, year = match.groups()
        number = _BY_START.get(word[:3].lower())
        return (int(year), number, int(day)) if number else None
    return None


def _checked(day: date) -> date:
    if day.year < _EARLIEST_YEAR:
        raise NotADay(details={"raw": day.isoformat()})
    return day
