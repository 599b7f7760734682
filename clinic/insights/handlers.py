"""Jobs of the insights room."""

from collections.abc import Callable
from datetime import timedelta

from clinic.insights import calibrate, refresh
from clinic.insights.calibrate import CALIBRATE_JOB, REFRESH_JOB
from clinic.records.handling import job
from clinic.records.jobs import Job


@job(REFRESH_JOB)
def refresh_unit(row: Job) -> Callable[[], None]:
    """Make the findings of the unit whose key the row carries."""
    return refresh.refresh_unit(int(row.key))


@job("insights.refresh_person")
def refresh_person(row: Job) -> Callable[[], None]:
    """Pass on to the units in which the person works today."""
    return refresh.refresh_person(int(row.key))


@job(CALIBRATE_JOB, lease=timedelta(minutes=5))
def recalibrate(_row: Job) -> Callable[[], None] | None:
    """Fit the constants to all answers, then refresh every unit."""
    calibrated = calibrate.calibrate()
    if calibrated is None:
        return None

    def write() -> None:
        calibrate.store(calibrated)

    return write
