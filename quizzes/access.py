"""Who may do what with questions, quizzes, assignments and attempts."""

from django.db.models import Q

from clinic.people.access import NOTHING, Reach, rule
from clinic.people.models import Membership
from quizzes.models import Assignment, Attempt, QuestionVersion, QuizVersion
from quizzes.models.assignments import takers


@rule("read-question", QuestionVersion, "penyusun:a pengulas:k")
@rule("write-question", QuestionVersion, "penyusun:a")
def questions_worked_on(reach: Reach) -> Q:
    """Keys are for who wrote the question, and for reviewers of the programme."""
    return reach.written("question__owner") | reach.programme()


@rule("publish", QuestionVersion, "pengulas:k")
@rule("publish-quiz", QuizVersion, "pengulas:k")
def versions_published(reach: Reach) -> Q:
    """Content belongs to no unit; that nobody publishes own work is a rule of ``authoring``."""
    return reach.programme()


@rule("write-quiz", QuizVersion, "penyusun:a")
def quizzes_written(reach: Reach) -> Q:
    """A quiz is its author's."""
    return reach.written("created_by__person")


@rule("open-quiz", Assignment, "peserta:o")
def assignments_taken(reach: Reach) -> Q:
    """What reaches the person by name, through a unit, or by an event."""
    if not reach.person_ids:
        return NOTHING
    return Q(withdrawn_at__isnull=True) & takers(reach.person_ids, reach.day)


@rule("assign-quiz", Assignment, "panitia:e kabupaten:k")
@rule("extend-quiz", Assignment, "panitia:e kabupaten:k")
def assignments_made(reach: Reach) -> Q:
    """An organiser assigns to their events, the secretariat to the units of the programme."""
    members = Membership.objects.on(reach.day).filter(reach.in_units("unit"))
    return (
        reach.in_events("event") | reach.in_units("unit") | Q(person__in=members.values("person"))
    )


@rule("take-attempt", Attempt, "peserta:o")
@rule("read-answers", Attempt, "peserta:o")
def attempts_taken(reach: Reach) -> Q:
    """A person's own attempts."""
    return reach.own("person")


@rule("read-score", Attempt, "peserta:o panitia:e")
def scores_read(reach: Reach) -> Q:
    """Own scores; organisers learn of their events only whether it was passed."""
    return reach.own("person") | reach.in_events("assignment__event")
