"""Jobs of the events: those finalised long ago are archived once a day."""

from django.utils import timezone

from attendance.events import archive_finalised
from clinic.records.jobs import Job, job


@job("attendance.archive")
def archive_events(_row: Job) -> None:
    """Roles in an event end with its archiving, so that no organiser carries them for ever."""
    archive_finalised(timezone.now())
