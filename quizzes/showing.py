"""What a taker's page is made of: public items, and beside them what the review policy allows.

Every page, fragment and reply of the API is built here, from ``PublicItem`` up (Q10, S1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Q
from django.utils import timezone

from clinic.assessments.models import Outcome
from clinic.lib.errors import Refused
from clinic.people.access import rows_of
from clinic.people.models import Account
from quizzes.arithmetic.answers import TypedNumber, parse_value, value_to_json
from quizzes.arithmetic.public_items import PublicItem, Review, public_item, review_of
from quizzes.arithmetic.question_types import Content, Numeric
from quizzes.arithmetic.review_policy import (
    AttemptSight,
    ItemSight,
    Phase,
    Sight,
    Sights,
    Viewer,
    review_policy,
)
from quizzes.delivery import CannotStart, prospect
from quizzes.models import Assignment, Attempt, AttemptItem, Credit, Slot


@dataclass(frozen=True)
class ShownItem:
    """An item on its page: the question without its key, and the taker's own answer.

    ``number`` is how a typed number was read.
    """

    index: int
    public: PublicItem
    value: Any
    rev: int
    flagged: bool
    number: Fraction | None = None


@dataclass(frozen=True)
class Place:
    """One item in the list of all: answered, empty, marked; ``number`` is how one was read."""

    index: int
    is_answered: bool
    flagged: bool
    number: Fraction | None = None


@dataclass(frozen=True)
class ShownResult:
    """One item on the result page; a part that may not be seen is None."""

    index: int
    public: PublicItem
    review: Review


@dataclass(frozen=True)
class OutcomeScore:
    """What was earned of one outcome's points, and the change area that it belongs to."""

    statement: str
    area: str
    earned: Fraction
    full: int

    @property
    def share(self) -> Fraction:
        return self.earned / self.full


@dataclass(frozen=True)
class AreaScore:
    """What was earned of one change area's points, outcome by outcome."""

    name: str
    outcomes: list[OutcomeScore]

    @property
    def earned(self) -> Fraction:
        return sum((one.earned for one in self.outcomes), Fraction(0))

    @property
    def full(self) -> int:
        return sum(one.full for one in self.outcomes)


@dataclass(frozen=True)
class Result:
    """A finished attempt as its taker may see it now.

    Attributes:
        score: earned points; None while it may not be seen.
        pass_mark: points from which on the quiz is passed.
        blanks: how many questions were left blank.
        opens_at: when answers and explanations can be seen, if that is known and still to come.
    """

    score: Fraction | None
    full: int
    pass_mark: Fraction
    passed: bool | None
    blanks: int
    outcomes: list[OutcomeScore] | None
    items: list[ShownResult] | None
    opens_at: datetime | None

    @property
    def areas(self) -> list[AreaScore]:
        """The outcomes by change area, in the order of areas; none while they may not be seen."""
        return _by_area(self.outcomes or [])


@dataclass(frozen=True)
class Comparison:
    """A person's own pre-quiz beside the post-quiz, once both scores may be seen.

    The change is counted on the questions that stand in both; the two whole quizzes ask different
    things, so their scores are not held against each other (quiz design, 8.3).

    Attributes:
        common: how many questions stand in both.
        common_before, common_after: what was earned on these, by outcome.
    """

    before: Result
    after: Result
    common: int
    common_before: list[OutcomeScore]
    common_after: list[OutcomeScore]

    @property
    def areas(self) -> list[tuple[AreaScore, AreaScore]]:
        """Per change area what the common questions earned before and after."""
        both = _by_area(self.common_before), _by_area(self.common_after)
        return list(zip(*both, strict=True))

    @property
    def total(self) -> tuple[AreaScore, AreaScore]:
        """The same of all common questions together."""
        return AreaScore("", self.common_before), AreaScore("", self.common_after)


def _by_area(outcomes: Iterable[OutcomeScore]) -> list[AreaScore]:
    by_area: dict[str, list[OutcomeScore]] = {}
    for one in outcomes:
        by_area.setdefault(one.area, []).append(one)
    return [AreaScore(name, rows) for name, rows in by_area.items()]


def shown_item(attempt: Attempt, index: int) -> ShownItem | None:
    """Return the item as its taker may see it during the attempt; None if there is none."""
    items = attempt.items.select_related("question_version", "response").filter(index=index)
    return next((_shown(item, attempt.locale) for item in items), None)


def shown_items(attempt: Attempt) -> list[ShownItem]:
    """Return all items, for resuming on another device."""
    items = attempt.items.select_related("question_version", "response")
    return [_shown(item, attempt.locale) for item in items]


def _shown(item: AttemptItem, language: str) -> ShownItem:
    content = item.question_version.parsed
    return ShownItem(
        index=item.index,
        public=public_item(content, order=item.option_order, language=language),
        value=item.response.value,
        rev=item.response.rev,
        flagged=item.flagged,
        number=_number(content, item.response.value),
    )


def _number(content: Content, raw: Any) -> Fraction | None:
    value = parse_value(content, raw) if isinstance(content, Numeric) else None
    return value.number if isinstance(value, TypedNumber) else None


def _public(item: AttemptItem, language: str) -> PublicItem:
    return public_item(item.question_version.parsed, order=item.option_order, language=language)


def is_same(attempt: Attempt, shown: ShownItem, raw: Any) -> bool:
    """Whether a posted answer is what stands on the server, so that nothing is to be saved."""
    item = attempt.items.select_related("question_version").get(index=shown.index)
    try:
        return value_to_json(parse_value(item.question_version.parsed, raw)) == shown.value
    except Refused:
        return False


def places(attempt: Attempt) -> list[Place]:
    """Return the list of items with their state."""
    rows = attempt.items.values_list("index", "flagged", "response__value")
    return [Place(index, value is not None, flagged) for index, flagged, value in rows]


def places_to_check(attempt: Attempt) -> list[Place]:
    """Return the same list with each number as it was read, before it is handed in."""
    items = attempt.items.select_related("question_version", "response")
    return [
        Place(item.index, item.response.value is not None, item.flagged, _read_number(item))
        for item in items
    ]


def _read_number(item: AttemptItem) -> Fraction | None:
    return _number(item.question_version.parsed, item.response.value)


def result_of(attempt: Attempt, account: Account, *, now: datetime | None = None) -> Result:
    """Build the result page of a finished attempt by the review policy."""
    moment = now or timezone.now()
    items = list(
        attempt.items.select_related("question_version__outcome__area", "response").order_by(
            "index"
        )
    )
    earned_by_item = _earned(items)
    seen = sights(attempt, account, items, now=moment)
    score = sum(
        (earned_by_item.get(item.pk, Fraction(0)) * item.points for item in items), Fraction(0)
    )
    full = sum(item.points for item in items)
    pass_mark = attempt.quiz_version.pass_share * full
    everywhere = frozenset.intersection(*seen.values()) if seen else frozenset()
    may_see_score = Sight.SCORE in everywhere
    shows_items = any(Sight.KEY in one for one in seen.values())
    return Result(
        score=score if may_see_score else None,
        full=full,
        pass_mark=pass_mark,
        passed=score >= pass_mark if may_see_score else None,
        blanks=sum(item.response.value is None for item in items),
        outcomes=_by_outcome(items, earned_by_item) if Sight.OUTCOME_SCORES in everywhere else None,
        items=[_result(item, seen[item.pk], attempt.locale) for item in items]
        if shows_items
        else None,
        opens_at=None if shows_items else _opens_at(attempt, moment),
    )


def _earned(items: Iterable[AttemptItem]) -> dict[int, Fraction]:
    rows = Credit.objects.current().filter(item__in=list(items))
    return {one.item_id: one.share for one in rows}


def _by_outcome(
    items: Iterable[AttemptItem], earned_by_item: dict[int, Fraction]
) -> list[OutcomeScore]:
    earned: dict[Outcome, Fraction] = {}
    full: dict[Outcome, int] = {}
    for item in items:
        outcome = item.question_version.outcome
        share = earned_by_item.get(item.pk, Fraction(0))
        earned[outcome] = earned.get(outcome, Fraction(0)) + share * item.points
        full[outcome] = full.get(outcome, 0) + item.points
    in_order = sorted(earned, key=lambda one: (one.area.order, one.order, one.slug))
    return [OutcomeScore(str(one), str(one.area), earned[one], full[one]) for one in in_order]


def comparison_of(
    attempt: Attempt, account: Account, *, now: datetime | None = None
) -> Comparison | None:
    """Hold a person's own pre-quiz and post-quiz side by side; None until both are released."""
    phases = [Phase.PRE, Phase.POST]
    if attempt.phase not in phases or attempt.person_id not in rows_of(account.person):
        return None
    own = Attempt.objects.finished().filter(
        quiz=attempt.quiz_id, person__in=rows_of(account.person)
    )
    latest = {one.phase: one for one in own.filter(phase__in=phases).order_by("finished_at")}
    latest[attempt.phase] = attempt
    if len(latest) < len(phases):
        return None
    pair = [latest[phase] for phase in phases]
    before, after = (result_of(one, account, now=now) for one in pair)
    if not (before.areas and after.areas):
        return None
    return Comparison(before, after, *_on_common_items(*pair))


def _on_common_items(
    before: Attempt, after: Attempt
) -> tuple[int, list[OutcomeScore], list[OutcomeScore]]:
    """Return how many question versions stand in both attempts, and what either earned on them."""
    asked = AttemptItem.objects.filter(attempt__in=[before, after])
    items = list(asked.select_related("question_version__outcome__area"))
    of_each = [
        {one.question_version_id: one for one in items if one.attempt_id == attempt.pk}
        for attempt in (before, after)
    ]
    common = of_each[0].keys() & of_each[1].keys()
    earned = _earned(items)
    first, second = ([one for key, one in each.items() if key in common] for each in of_each)
    return len(common), _by_outcome(first, earned), _by_outcome(second, earned)


def _result(item: AttemptItem, seen: Sights, language: str) -> ShownResult:
    version = item.question_version
    content = version.parsed
    value = parse_value(content, item.response.value)
    review = review_of(
        content, value, sights=seen, language=language, sources=version.source_labels
    )
    return ShownResult(item.index, _public(item, language), review)


def _opens_at(attempt: Attempt, now: datetime) -> datetime | None:
    ends = [attempt.assignment.closes_at, attempt.quiz_version.release_at]
    if attempt.phase == Phase.PRE:
        ends.append(_post_closes_at(attempt))
    known = [end for end in ends if end and end > now]
    return max(known, default=None)


def sights(
    attempt: Attempt, account: Account, items: Iterable[AttemptItem], *, now: datetime
) -> dict[int, Sights]:
    """Ask the review policy for each item; this is the only place that does (Q10)."""
    viewer = Viewer(is_taker=attempt.person_id in rows_of(account.person))
    state = AttemptSight(
        phase=Phase(attempt.phase),
        in_progress=attempt.is_open,
        voided=attempt.state == Attempt.State.VOIDED,
        may_retake=_may_retake(attempt, now),
        closes_at=_closes_at(attempt),
        release_at=attempt.quiz_version.release_at,
        others_open=Attempt.objects.in_progress().filter(quiz=attempt.quiz_id).exists(),
        post_closes_at=_post_closes_at(attempt) if attempt.phase == Phase.PRE else None,
    )
    items = list(items)
    withheld = _withheld(attempt, {item.question_version_id for item in items}, now=now)
    return {
        item.pk: review_policy(
            viewer,
            state,
            ItemSight(withheld_elsewhere=item.question_version_id in withheld),
            now,
        )
        for item in items
    }


def _closes_at(attempt: Attempt) -> datetime | None:
    """The end for everybody: nobody may still be working when keys are shown."""
    granted = attempt.assignment.extensions.filter(revoked_at__isnull=True)
    later = [one.closes_at for one in granted if one.closes_at]
    closes_at = attempt.assignment.closes_at
    return max([closes_at, *later]) if closes_at else None


def _may_retake(attempt: Attempt, now: datetime) -> bool:
    try:
        found = prospect(attempt.assignment, attempt.person, now=now)
    except CannotStart:  # no version of the quiz is published any more
        return False
    return found.may_retake(now)


def _post_closes_at(attempt: Attempt) -> datetime | None:
    """The end of the matching post-quiz of this person; None while there is none or no end."""
    day = timezone.localdate()
    posts = Assignment.objects.in_force().of_person(attempt.person, day)
    ends = list(
        posts.filter(quiz=attempt.quiz_id, phase=Phase.POST).values_list("closes_at", flat=True)
    )
    return None if not ends or None in ends else max(ends)


def _withheld(attempt: Attempt, version_ids: set[int], *, now: datetime) -> set[int]:
    """Versions that stand in another quiz which is open: their key would leak there."""
    still_open = Q(closes_at__isnull=True) | Q(closes_at__gt=now)
    elsewhere = (
        Assignment.objects.in_force()
        .filter(still_open)
        .exclude(quiz=attempt.quiz_id)
        .exclude(phase=Phase.PRACTICE)
    )
    slots = Slot.objects.filter(
        question_version__in=version_ids,
        quiz_version__state="published",
        quiz_version__quiz__in=elsewhere.values("quiz"),
    )
    return set(slots.values_list("question_version", flat=True))
