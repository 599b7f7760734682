"""Jobs of the insights room."""

from collections.abc import Callable
from datetime import timedelta

from clinic.insights import findings
from clinic.insights.findings import CALIBRATE_JOB, REFRESH_JOB
from clinic.records.jobs import Job, job


@job(REFRESH_JOB)
def refresh_unit(row: Job) -> Callable[[], None]:
    """Make the findings of the unit whose key the row carries."""
    return findings.refresh_unit(int(row.key))


@job(CALIBRATE_JOB, lease=timedelta(minutes=5))
def recalibrate(_row: Job) -> Callable[[], None] | None:
    """Fit the constants to all answers, then refresh every unit."""
    calibrated = findings.calibrate()
    if calibrated is None:
        return None

    def write() -> None:
        findings.store(calibrated)

    return write
