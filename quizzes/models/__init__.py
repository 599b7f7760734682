"""Questions, quizzes, assignments, attempts and credits."""

from quizzes.models.assignments import Assignment, AssignmentQuerySet, Extension
from quizzes.models.attempts import (
    Attempt,
    AttemptEvent,
    AttemptItem,
    AttemptQuerySet,
    CheckAnswer,
    Credit,
    CreditQuerySet,
    Response,
    ResponseEvent,
)
from quizzes.models.questions import (
    Question,
    QuestionVersion,
    Quiz,
    QuizVersion,
    Slot,
    VersionState,
)

__all__ = [
    "Assignment",
    "AssignmentQuerySet",
    "Attempt",
    "AttemptEvent",
    "AttemptItem",
    "AttemptQuerySet",
    "CheckAnswer",
    "Credit",
    "CreditQuerySet",
    "Extension",
    "Question",
    "QuestionVersion",
    "Quiz",
    "QuizVersion",
    "Response",
    "ResponseEvent",
    "Slot",
    "VersionState",
]
