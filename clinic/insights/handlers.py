"""Jobs of the insights package; numpy is loaded when the first of them runs."""

from collections.abc import Callable
from datetime import timedelta

from clinic.records.jobs import Job, job


@job("insights.refresh_unit")
def refresh_unit(row: Job) -> Callable[[], None]:
    """Make the findings of the unit whose key the row carries."""
    from clinic.insights import findings

    return findings.refresh_unit(int(row.key))


@job("insights.refresh_person")
def refresh_person(row: Job) -> Callable[[], None]:
    """Pass on to the units in which the person works today."""
    from clinic.insights import findings

    return findings.refresh_person(int(row.key))


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
