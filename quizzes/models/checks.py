"""Answers to the check questions inside modules: a help for the reader, never evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.people.models import Person
from quizzes.models.questions import Question


class CheckAnswer(models.Model):
    """That a person has tried a check question, how often, and whether it was right at last."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="check_answers")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="check_answers")
    tries = models.PositiveIntegerField(default=0)
    was_right = models.BooleanField(default=False)
    answered_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("answer to a check question")
        verbose_name_plural = _("answers to check questions")
        constraints = [
            models.UniqueConstraint(
                name="one_check_answer_per_person_and_question", fields=["person", "question"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.question_id}"
