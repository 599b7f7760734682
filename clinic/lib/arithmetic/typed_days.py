"""Days as people in Indonesia type them into lists and forms."""

import re
from datetime import date, datetime

from clinic.lib.errors import Refused

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_IN_WORDS = re.compile(r"([0-9]{1,2})[-/. ]+([A-Za-z]{3,9})\.?[-/. ]+([0-9]{4})")
_MONTHS = {
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
        number = _MONTHS.get(word[:3].lower())
        return (int(year), number, int(day)) if number else None
    return None


def _checked(day: date) -> date:
    if day.year < _EARLIEST_YEAR:
        raise NotADay(details={"raw": day.isoformat()})
    return day
