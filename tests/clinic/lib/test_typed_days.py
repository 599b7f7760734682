from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic.dates import NotADay, read_day


@pytest.mark.parametrize(
    "raw",
    [
        "2022-05-25", "25-05-2022", "25/5/2022", "25.05.2022", "25 Mei 2022", "25 MEI 2022",
        "25-mei-2022", "25 May 2022", " 25 mei 2022 ", "2022-05-25T00:00:00",
        "2022-05-25 00:00:00", date(2022, 5, 25), datetime(2022, 5, 25, 8, 30),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_one_day_in_many_writings(raw):
    assert read_day(raw) == date(2022, 5, 25)


@pytest.mark.parametrize(
    "raw",
    ["", None, "-", "25-05-22", "31-02-2022", "05/25/2022", "25 Foo 2022", 44706, "1022-01-01"],
)
def test_what_is_no_day_is_refused(raw):
    with pytest.raises(NotADay):
        read_day(raw)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_what_is_written_is_read_back(day):
    assert read_day(f"{day:%d-%m-%Y}") == day
    assert read_day(day.isoformat()) == day


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_refused_by_name(text):
    with suppress(NotADay):
        assert isinstance(read_day(text), date)
