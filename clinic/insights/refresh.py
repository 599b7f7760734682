"""The findings of one unit, made anew under the stored constants."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from clinic.insights import attainment, calibrate, evidence
from clinic.insights.models import Finding
from clinic.records import jobs

ADDRESS = ("unit", "area", "edition", "period")
CONTENT = [
    field.attname
    for field in Finding._meta.concrete_fields
    if not field.primary_key and field.name not in ADDRESS
]


def refresh_unit(unit: int) -> Callable[[], None]:
    """Compute the unit's findings from what is recorded now; return the write.

    Before the first calibration the write only enters one: it enters every unit's refresh in turn.
    """
    row = calibrate.newest()
    made: list[Finding] = []
    if row is not None:
        gathered = evidence.gather(timezone.localdate(), within=[unit])
        known = attainment.knowing(gathered, calibrate.constants_of(row))
        made = attainment.findings(gathered, known, [unit])
        for finding in made:
            finding.calibration = row

    def write() -> None:
        if row is not None:
            _write(unit, made)
        calibrate.enter_if_due(row)

    return write


def refresh_person(person: int) -> Callable[[], None]:
    """Find the units in which the person works today; the write enters their refresh."""
    units = evidence.homes_of(person, timezone.localdate())

    def write() -> None:
        for unit in units:
            jobs.enter(calibrate.REFRESH_JOB, str(unit), "refresh")

    return write


@transaction.atomic
def _write(unit: int, made: list[Finding]) -> None:
    """Put the findings at their addresses; cells that are no longer made go."""
    Finding.objects.bulk_create(
        made, update_conflicts=True, unique_fields=list(ADDRESS), update_fields=CONTENT
    )
    kept = {(each.area_id, each.edition_id, each.period) for each in made}
    stored = Finding.objects.filter(unit=unit).values_list("pk", "area", "edition", "period")
    Finding.objects.filter(pk__in=[pk for pk, *cell in stored if tuple(cell) not in kept]).delete()
