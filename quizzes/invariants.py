"""What ``manage.py verify`` reads of the quizzes."""

from collections.abc import Iterator

from clinic.lib.breaches import Breach, Invariant
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.grading import GRADING_RELEASE, credit
from quizzes.arithmetic.question_content import content_digest
from quizzes.authoring import quiz_digest
from quizzes.models import Credit, QuestionVersion, QuizVersion, Response, ResponseEvent


def _changed_versions() -> Iterator[Breach]:
    for version in QuestionVersion.objects.filter(published_at__isnull=False).iterator():
        if content_digest(version.parsed) != version.content_hash:
            yield Breach(f"question version {version.uuid}", "content was changed once published")
    for version in QuizVersion.objects.filter(published_at__isnull=False):
        if quiz_digest(version) != version.content_hash:
            yield Breach(f"quiz version {version.uuid}", "rules were changed once published")


def _answers_off_their_log() -> Iterator[Breach]:
    for response in Response.objects.filter(rev__gt=0).iterator():
        applied = ResponseEvent.objects.filter(item=response.item_id, outcome="applied")
        last = applied.order_by("-rev").first()
        if last is None or (last.rev, last.value, applied.count()) != (
            response.rev,
            response.value,
            response.rev,
        ):
            yield Breach(f"answer {response.pk}", "differs from the log of its saves")


def _wrong_credits() -> Iterator[Breach]:
    rows = Credit.objects.current().filter(source=Credit.Source.AUTO)
    rows = rows.filter(grading_release=GRADING_RELEASE)
    for row in rows.select_related("graded_against", "item__response").iterator():
        content = row.graded_against.parsed
        if credit(content, parse_value(content, row.item.response.value)) != row.share:
            yield Breach(f"credit {row.pk}", "is not what the answer earns")


INVARIANTS: list[Invariant] = [
    ("Q1", _changed_versions),
    ("Q5", _answers_off_their_log),
    ("Q11", _wrong_credits),
]
