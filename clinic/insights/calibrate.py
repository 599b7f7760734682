"""The constants of the knowledge model: made from all answers, kept, and kept once more in audit.

Made nightly, and again when the answers have grown by a twentieth (judged); never by a page.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from clinic.insights import attainment, evidence, frames, rollups
from clinic.insights.arithmetic import calibration as constants_form
from clinic.insights.arithmetic.calibration import Calibration as Constants
from clinic.insights.arithmetic.mastery import fit
from clinic.insights.models import Calibration, Finding
from clinic.insights.package import rows_digest
from clinic.records import audit, jobs
from clinic.records.jobs import Job

CALIBRATE_JOB = "insights.calibrate"
REFRESH_JOB = "insights.refresh_unit"
GROWTH = 0.05
PAUSE = timedelta(minutes=5)
"""Least time between two calibrations that growth asks for (judged)."""
KEPT = 30
"""Older calibrations stand in the audit log alone."""


@dataclass(frozen=True)
class Calibrated:
    """A new calibration, not yet written, and what it says of every unit."""

    row: Calibration
    findings: list[Finding]
    units: tuple[int, ...]


def newest() -> Calibration | None:
    """The calibration that refreshes use; None before the first."""
    return Calibration.objects.first()


def constants_of(row: Calibration) -> Constants:
    """The constants of a stored calibration.

    Raises:
        CalibrationUnreadable: written by a release that this one does not know.
    """
    return constants_form.from_json(row.constants)


def calibrate() -> Calibrated | None:
    """Fit the model to all answers of today; None while no framework is loaded."""
    today = timezone.localdate()
    known_frames = frames.frames(today)
    if not known_frames:
        return None
    gathered = evidence.gather(today)
    areas = frames.area_rows(known_frames[0].edition)
    seen = attainment.observed(gathered, areas)
    digest = rows_digest({**gathered.rows, "areas": areas})
    threshold = attainment.manifest(today)["gap_threshold"]
    fitted = fit(seen, threshold=threshold, as_of=today.toordinal(), package=digest)
    row = Calibration(
        constants=fitted.calibration.to_json(), digest=digest, answers=evidence.count_answers()
    )
    known = attainment.knowing(gathered, fitted.calibration)
    units = tuple(gathered.units)
    return Calibrated(row, attainment.findings(gathered, known, units), units)


def store(calibrated: Calibrated) -> None:
    """Write the calibration, publish to the wide audiences, enter every unit's refresh."""
    with transaction.atomic():
        calibrated.row.save()
        audit.record(
            "insights.calibrate",
            thing=calibrated.row,
            values={"constants": calibrated.row.constants, "digest": calibrated.row.digest},
        )
        Finding.objects.exclude(unit__in=calibrated.units).delete()
        rollups.publish(calibrated.findings)
        for unit in calibrated.units:
            jobs.enter(REFRESH_JOB, str(unit), "refresh")
        _forget_old()


def _forget_old() -> None:
    """Drop calibrations that no finding rests on and that are no longer among the newest."""
    newest_keys = list(Calibration.objects.values_list("pk", flat=True)[:KEPT])
    Calibration.objects.exclude(pk__in=newest_keys).filter(findings__isnull=True).delete()


def enter_if_due(row: Calibration | None) -> None:
    """Enter a calibration when there is none, or when answers have grown by a twentieth."""
    if row is None:
        jobs.enter(CALIBRATE_JOB, "", "refresh")
        return
    has_grown = evidence.count_answers() > row.answers * (1 + GROWTH)
    waiting = Job.objects.filter(name=CALIBRATE_JOB, key="", state=Job.State.QUEUED)
    if has_grown and not waiting.exists():
        jobs.enter(CALIBRATE_JOB, "", "refresh", due_at=max(timezone.now(), row.made_at + PAUSE))
