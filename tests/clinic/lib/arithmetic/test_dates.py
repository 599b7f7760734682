from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic import dates

MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)


def test_the_clinic_of_2022_is_written_as_on_its_letter():
    opening = datetime(2022, 5, 25, 1, 0, tzinfo=UTC)
    assert dates.format_date(date(2022, 5, 25)) == "25 Mei 2022"
    assert dates.format_date(date(2022, 5, 25), "en") == "25 May 2022"
    assert dates.format_weekday(date(2022, 5, 25)) == "Rabu, 25 Mei 2022"
    assert dates.format_time(opening, "Asia/Makassar") == "09.00 WITA"
    assert dates.format_moment(opening, "Asia/Makassar") == "25 Mei 2022, 09.00 WITA"


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("Asia/Jakarta", "WIB"),
        ("Asia/Pontianak", "WIB"),
        ("Asia/Makassar", "WITA"),
        ("Asia/Jayapura", "WIT"),
        ("UTC", "UTC"),
    ],
)
def test_zones_have_their_indonesian_names(zone, label):
    assert dates.zone_label(zone) == label


def test_a_day_belongs_to_its_zone():
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert dates.local_day(late, "Asia/Jakarta") == date(2026, 11, 23)
    assert dates.local_day(late, "Asia/Makassar") == date(2026, 11, 24)
    assert dates.local_day(late, "Asia/Jayapura") == date(2026, 11, 24)


def test_a_moment_without_zone_has_no_day():
    with pytest.raises(ValueError, match="zone"):
        dates.local_day(datetime(2026, 11, 24, 0, 0), "Asia/Makassar")  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(sorted(dates.ZONES)))
def test_the_zone_of_a_moment_never_changes_its_day(moment, zone):
    seen_elsewhere = moment.astimezone(ZoneInfo("America/Lima"))
    assert dates.local_day(moment, zone) == dates.local_day(seen_elsewhere, zone)
    assert dates.format_time(moment, zone) == dates.format_time(seen_elsewhere, zone)


@given(MOMENTS)
def test_days_in_the_east_are_never_earlier(moment):
    west, middle, east = (dates.local_day(moment, zone) for zone in dates.ZONES)
    assert west <= middle <= east <= west + timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "indonesian", "english"),
    [
        (0, "hari ini", "today"),
        (3, "3 hari lagi", "3 days left"),
        (1, "1 hari lagi", "1 day left"),
        (-5, "terlambat 5 hari", "5 days late"),
    ],
)
def test_a_deadline_is_told_in_days(days, indonesian, english):
    assert dates.format_days_left(days) == indonesian
    assert dates.format_days_left(days, "en") == english
