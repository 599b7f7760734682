"""Check questions inside modules: answer, feedback, as often as one likes; never evidence.

The page gets a ``PublicItem``, which has no field for a key. Feedback comes only to an answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.lib.languages import language
from clinic.people.models import Person
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.public_items import ItemReview, PublicItem, public_item, review_of
from quizzes.arithmetic.review_policy import AFTER_CHECK
from quizzes.arithmetic.selection import option_order
from quizzes.models import CheckAnswer, Question, QuestionVersion


@dataclass(frozen=True)
class CheckQuestion:
    """A check question as its reader sees it before answering."""

    uuid: UUID
    slug: str
    public: PublicItem


def check_questions(slugs: Iterable[str]) -> dict[str, CheckQuestion]:
    """Return the published check questions of these names; unknown names are left out."""
    return {
        version.question.slug: CheckQuestion(
            version.question.uuid,
            version.question.slug,
            public_item(
                version.parsed,
                order=option_order(version.parsed, version.uuid.bytes, 0),
                language=language(),
            ),
        )
        for version in _list_versions().filter(question__slug__in=set(slugs))
    }


def check(slug: str, raw: Any, *, person: Person | None = None) -> ItemReview:
    """Say whether an answer is right, with feedback and explanation but without the key.

    ``raw`` is the answer as JSON (see ``answers.parse_value``); a person's try is counted.

    Raises:
        Refused: the name is no published practice question, or the answer is blank or cannot be
            read; the code says which.
    """
    version = _list_versions().filter(question__slug=slug).first()
    if version is None:
        raise Refused(_("Not found."), code="not_found", status=404)
    content = version.parsed
    value = parse_value(content, raw)
    if value is None:
        raise Refused(_("Choose or enter an answer first."), code="nothing_answered")
    review = review_of(
        content,
        value,
        sights=AFTER_CHECK,
        language=language(),
        sources=version.source_labels,
    )
    if person is not None:
        with transaction.atomic():
            row, _made = CheckAnswer.objects.select_for_update().get_or_create(
                person=person, question=version.question
            )
            row.tries += 1
            row.was_right = row.was_right or bool(review.correct)
            row.save()
    return review


def _list_versions() -> Any:
    rows = QuestionVersion.objects.published().select_related("question")
    return rows.filter(question__use=Question.Use.PRACTICE)
