"""What ``manage.py verify`` reads of the quizzes."""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

from django.db.models import Count, F, Max, Q

from clinic.lib.breaches import Breach, Invariant
from clinic.lib.errors import Refused
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.deadlines import GRACE
from quizzes.arithmetic.grading import GRADING_RELEASE, credit
from quizzes.arithmetic.question_types import Content, content_digest, movable_ids
from quizzes.authoring import quiz_digest
from quizzes.models import (
    Attempt,
    AttemptItem,
    Credit,
    QuestionVersion,
    QuizVersion,
    Response,
    ResponseEvent,
)


def _find_changed_versions() -> Iterator[Breach]:
    for version in QuestionVersion.objects.filter(published_at__isnull=False).iterator():
        if content_digest(version.parsed) != version.content_hash:
            yield Breach(f"question version {version.uuid}", "content was changed once published")
    for quiz in QuizVersion.objects.filter(published_at__isnull=False):
        if quiz_digest(quiz) != quiz.content_hash:
            yield Breach(f"quiz version {quiz.uuid}", "rules were changed once published")


def _make_content_reader() -> Callable[[int], Content]:
    """Return a reader of versions by id that parses each once: many items share a version."""
    return cache(lambda pk: QuestionVersion.objects.only("content").get(pk=pk).parsed)


def _find_orders_of_other_options() -> Iterator[Breach]:
    read = _make_content_reader()
    movable = cache(lambda pk: sorted(movable_ids(read(pk))))
    rows = AttemptItem.objects.values_list("pk", "question_version", "option_order")
    for pk, version, order in rows.order_by("pk").iterator():
        if not isinstance(order, list) or sorted(map(str, order)) != movable(version):
            yield Breach(f"attempt item {pk}", "its order is none of the question's options")


def _find_answers_off_their_log() -> Iterator[Breach]:
    applied = Q(item__events__outcome="applied")
    answers = Response.objects.filter(rev__gt=0).annotate(
        saves=Count("item__events", filter=applied), last=Max("item__events__rev", filter=applied)
    )
    off = answers.exclude(rev=F("saves"), last=F("rev")).values_list("pk", flat=True)
    logged = ResponseEvent.objects.filter(outcome="applied", rev=F("item__response__rev"))
    compared = logged.values_list("item__response", "value", "item__response__value")
    changed = {pk for pk, saved, present in compared.iterator() if saved != present}
    for pk in sorted(changed.union(off)):
        yield Breach(f"answer {pk}", "differs from the log of its saves")


def _find_finished_too_late() -> Iterator[Breach]:
    late = Attempt.objects.finished().filter(finished_at__gt=F("deadline_at") + GRACE)
    for uuid in late.values_list("uuid", flat=True):
        yield Breach(f"attempt {uuid}", "was finished after its deadline and grace")


def _find_saved_too_late() -> Iterator[Breach]:
    end = F("item__attempt__deadline_at") + GRACE
    late = ResponseEvent.objects.filter(outcome="applied", received_at__gt=end)
    for pk in late.values_list("pk", flat=True):
        yield Breach(f"answer event {pk}", "was taken after the deadline and grace")


def _find_wrong_credits() -> Iterator[Breach]:
    """Grade each stored answer again, once; many people give the same answer to a question.

    The current credit of an item is what the answer earns (Q11); one that was overtaken still says
    what the answer earned under its key (Q12).
    """
    read = _make_content_reader()

    @cache
    def grade(version: int, answer: str) -> Fraction | None:
        try:
            return credit(read(version), parse_value(read(version), json.loads(answer)))
        except Refused:
            return None

    rows = Credit.objects.filter(grading_release=GRADING_RELEASE)
    asked = rows.exclude(source=Credit.Source.OVERRIDE).values_list(
        "pk", "graded_against", "item__response__value", "credit_num", "credit_den"
    )
    wrong = [
        pk
        for pk, version, answer, num, den in asked.order_by("pk").iterator()
        if grade(version, json.dumps(answer)) != Fraction(num, den)
    ]
    automatic = Credit.objects.current().filter(source=Credit.Source.AUTO)
    for start in range(0, len(wrong), 500):
        batch = wrong[start : start + 500]
        for pk in automatic.filter(pk__in=batch).values_list("pk", flat=True):
            yield Breach(f"credit {pk}", "is not what the answer earns")
        for pk in batch:
            yield Breach(f"credit {pk}", "was changed since it was written", number="Q12")


def _find_missing_credits() -> Iterator[Breach]:
    lacking = AttemptItem.objects.filter(
        attempt__in=Attempt.objects.finished(), credits__isnull=True
    )
    for pk in lacking.values_list("pk", flat=True):
        yield Breach(f"attempt item {pk}", "belongs to a finished attempt and has no credit")


INVARIANTS: list[Invariant] = [
    ("Q1", _find_changed_versions),
    ("Q4", _find_orders_of_other_options),
    ("Q5", _find_answers_off_their_log),
    ("Q7", _find_finished_too_late),
    ("Q7", _find_saved_too_late),
    ("Q11", _find_wrong_credits),
    ("Q12", _find_missing_credits),
]
