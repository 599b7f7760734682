"""Giving quizzes to the participants of an event, and taking them back."""

from uuid import UUID

from django.db import transaction
from django.http import Http404

from attendance.events import held_for_change
from attendance.models import Event
from clinic.people.models import Account
from quizzes import assignments
from quizzes.assignments import Window
from quizzes.models import Assignment, Quiz


def give_quiz(
    event: Event, quiz: Quiz, *, actor: Account, phase: str, setting: str, window: Window
) -> Assignment:
    """Give a quiz to whoever takes part in the event.

    Raises:
        EventFinal: the event takes no more changes.
        AssignmentRefused: as ``assignments.assign`` says.
        PermissionDenied, Http404: the actor does not organise the event.
    """
    with transaction.atomic():
        held = held_for_change(event, actor)
        return assignments.assign(
            quiz, held.uuid, actor=actor, phase=phase, setting=setting, window=window
        )


def take_back_quiz(event: Event, given: UUID, *, actor: Account) -> None:
    """Take a quiz back from the event's participants; answers given stay.

    Raises:
        EventFinal: the event takes no more changes.
        PermissionDenied, Http404: the actor does not organise the event, or nothing is given so.
    """
    with transaction.atomic():
        held = held_for_change(event, actor)
        found = Assignment.objects.in_force().filter(event=held.uuid, uuid=given).first()
        if found is None:
            raise Http404
        assignments.withdraw(found, actor=actor)
