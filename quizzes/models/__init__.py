"""Questions, quizzes, assignments, attempts and credits."""

from quizzes.models.assignments import Admission, Assignment, AssignmentQuerySet, Extension
from quizzes.models.attempts import (
    Attempt,
    AttemptEvent,
    AttemptItem,
    AttemptQuerySet,
    Response,
    ResponseEvent,
)
from quizzes.models.checks import CheckAnswer
from quizzes.models.credits import Credit, CreditQuerySet
from quizzes.models.questions import Question, QuestionVersion, VersionState
from quizzes.models.quizzes import Quiz, QuizVersion, Slot

__all__ = [
    "Admission",
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
