"""Jobs of findings; what computes them is loaded by the first job, not by an idle worker."""

from collections.abc import Callable
from datetime import timedelta

from clinic.records.jobs import Job, job


@job("insights.refresh_unit")
def refresh_unit(row: Job) -> Callable[[], None]:
    """Make the findings of the unit whose key the row carries."""
    from clinic.insights import findings

    return findings.refresh_unit(int(row.key))


@job("insights.calibrate", lease=timedelta(minutes=5))
def recalibrate(_row: Job) -> Callable[[], None] | None:
    """Fit the constants to all answers, then refresh every unit."""
    from clinic.insights import findings

    calibrated = findings.calibrate()
    if calibrated is None:
        return None

    def write() -> None:
        findings.store(calibrated)

    return write
