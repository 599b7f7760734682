"""What others announce inside their transaction becomes a job here, and nothing else."""

from typing import Any

from django.dispatch import receiver

from attendance.signals import presence_confirmed
from clinic.assessments.signals import scores_recorded
from clinic.records import jobs
from quizzes.signals import attempt_credited


@receiver(attempt_credited, dispatch_uid="insights.attempt_credited")
def after_an_attempt(attempt: Any, **_kwargs: Any) -> None:
    """Answers count for the unit in which the person works when the job runs."""
    jobs.enter("insights.refresh_person", str(attempt.person_id), "refresh")


@receiver(presence_confirmed, dispatch_uid="insights.presence_confirmed")
def after_a_presence(registrations: Any, **_kwargs: Any) -> None:
    """Who came has learnt since the last answers, and the keen come first."""
    persons = {registration.person_id for registration in registrations}
    jobs.enter_each("insights.refresh_person", sorted(persons))


@receiver(scores_recorded, dispatch_uid="insights.scores_recorded")
def after_a_sheet(unit_id: int, **_kwargs: Any) -> None:
    """The sheet says something new of its unit."""
    jobs.enter("insights.refresh_unit", str(unit_id), "refresh")
