"""What a taker's page is made of: public items, and beside them what the review policy allows.

Every page, fragment and reply of the API is built here, from ``PublicItem`` up (Q10, S1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.models import Outcome
from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.lib.templatetags.ui import decimals, moment
from clinic.people.access import rows_of
from clinic.people.models import Account
from quizzes.arithmetic.answers import TypedNumber, parse_value, value_to_json
from quizzes.arithmetic.lanes import Lane, find_lane, find_lane_without_key, join_thin
from quizzes.arithmetic.public_items import ItemReview, PublicItem, public_item, review_of
from quizzes.arithmetic.question_types import FULL, Content, Numeric
from quizzes.arithmetic.review_policy import (
    AttemptPhase,
    AttemptSight,
    ItemSight,
    Sight,
    Sights,
    Viewer,
    review_policy,
)
from quizzes.asking import StillAsked, find_asked
from quizzes.delivery import CannotStart, prospect
from quizzes.models import Assignment, Attempt, AttemptItem, Credit
from quizzes.models.assignments import takers
from quizzes.models.questions import contents_of

GRADED_SIGHTS = {Sight.SCORE, Sight.LANES, Sight.OUTCOME_SCORES}


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

    @property
    def is_answered(self) -> bool:
        """Whether nothing is left to fill in; of a matching every row has its choice."""
        return self.value is not None and self.filled == len(self.public.prompts)

    @property
    def filled(self) -> int:
        """How many rows of a matching have a choice."""
        return len(self.value) if self.value and self.public.prompts else 0

    @property
    def label(self) -> str:
        """The name of the question in lists."""
        return _("Question %(n)s") % {"n": self.index}

    @property
    def mark_label(self) -> str:
        """What the button says that puts the mark or takes it away."""
        return _("Remove the mark") if self.flagged else _("Mark to look at again")

    @property
    def answer_word(self) -> str:
        if self.is_answered:
            return _("answered")
        total = len(self.public.prompts)
        if self.filled:
            return _("incomplete (%(n)s of %(total)s)") % {"n": self.filled, "total": total}
        return _("empty")

    @property
    def answer_state(self) -> str:
        """The tag that draws it."""
        if self.is_answered:
            return "done"
        return "late" if self.filled else "todo"

    @property
    def state_words(self) -> str:
        """Answered or empty, and whether it is marked."""
        return f"{self.answer_word}, {_('marked')}" if self.flagged else self.answer_word


@dataclass(frozen=True)
class ShownResult:
    """One item on the result page; a part that may not be seen is None.

    ``outcome`` is the slug of what it asks about, ``version`` the key of the question version.
    """

    index: int
    public: PublicItem
    review: ItemReview
    outcome: str
    version: int

    @property
    def label(self) -> str:
        """The name of the question in lists."""
        return _("Question %(n)s") % {"n": self.index}

    @property
    def answer_label(self) -> str:
        """What stands above the answer: that it is one's own, and whether it was right if told."""
        if self.review.correct is None:
            return _("Your answer")
        return _("Your answer, right") if self.review.correct else _("Your answer, not right")


@dataclass(frozen=True)
class LanedOutcomes:
    """One outcome, or several that are placed together, and the lane that they are in.

    Attributes:
        outcomes: slugs with statements.
        asked: how many questions there were.
        right: how many of them were answered fully right; None while no key may be seen.
    """

    outcomes: tuple[tuple[str, str], ...]
    area: str
    lane: Lane
    asked: int
    right: int | None


def _write_points(earned: Fraction, full: int) -> str:
    return _("%(score)s of %(full)s") % {"score": decimals(earned), "full": full}


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

    @property
    def words(self) -> str:
        """The points in words."""
        return _write_points(self.earned, self.full)


@dataclass(frozen=True)
class AreaScoreTotals:
    """What was earned of one change area's points, outcome by outcome."""

    name: str
    outcomes: list[OutcomeScore]

    @property
    def earned(self) -> Fraction:
        return sum((one.earned for one in self.outcomes), Fraction(0))

    @property
    def full(self) -> int:
        return sum(one.full for one in self.outcomes)

    @property
    def words(self) -> str:
        """The points in words."""
        return _write_points(self.earned, self.full)


@dataclass(frozen=True)
class Result:
    """A finished attempt as its taker may see it now.

    Attributes:
        score: earned points; None while it may not be seen.
        pass_mark: points from which on the quiz is passed.
        blanks: how many questions were left blank.
        asked: slugs and statements of the outcomes that were asked about, in their order.
        lanes: these outcomes by what to read; none while that may not be seen.
        opens_at: when answers and explanations can be seen, if that is known and still to come.
    """

    score: Fraction | None
    full: int
    pass_mark: Fraction
    passed: bool | None
    blanks: int
    asked: list[tuple[str, str]]
    lanes: list[LanedOutcomes]
    outcomes: list[OutcomeScore] | None
    items: list[ShownResult] | None
    opens_at: datetime | None

    @property
    def verdict(self) -> str:
        """Whether it was passed, in words."""
        return _("passed") if self.passed else _("not passed yet")

    @property
    def review_words(self) -> str:
        """When answers and explanations can be seen, as long as they cannot."""
        if self.opens_at is None:
            return _("Answers and explanations can be seen once everybody has finished.")
        at = moment(self.opens_at)
        return _("Answers and explanations can be seen from %(at)s.") % {"at": at}

    @property
    def areas(self) -> list[AreaScoreTotals]:
        """The outcomes by change area, in the order of areas; none while they may not be seen."""
        return _group_by_area(self.outcomes or [])


@dataclass(frozen=True)
class Comparison:
    """A person's own pre-quiz beside the post-quiz, once both scores may be seen.

    The change is counted on the questions that stand in both; the two whole quizzes ask different
    things, so their scores are not held against each other.

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
    def areas(self) -> list[tuple[AreaScoreTotals, AreaScoreTotals]]:
        """Per change area what the common questions earned before and after."""
        both = _group_by_area(self.common_before), _group_by_area(self.common_after)
        return list(zip(*both, strict=True))

    @property
    def totals_in_words(self) -> str:
        """The points of the two whole quizzes, and why they are not compared."""
        return _(
            "All questions: %(before)s of %(before_full)s points in the pre-quiz, %(after)s of "
            "%(after_full)s in the post-quiz. The two quizzes do not ask the same questions, so "
            "these two numbers are not compared."
        ) % {
            "before": decimals(self.before.score),
            "before_full": self.before.full,
            "after": decimals(self.after.score),
            "after_full": self.after.full,
        }

    @property
    def total(self) -> tuple[AreaScoreTotals, AreaScoreTotals]:
        """The same of all common questions together."""
        return AreaScoreTotals("", self.common_before), AreaScoreTotals("", self.common_after)


def _group_by_area(outcomes: Iterable[OutcomeScore]) -> list[AreaScoreTotals]:
    by_area: dict[str, list[OutcomeScore]] = {}
    for one in outcomes:
        by_area.setdefault(one.area, []).append(one)
    return [AreaScoreTotals(name, rows) for name, rows in by_area.items()]


def shown_items(attempt: Attempt) -> list[ShownItem]:
    """Return the items as their taker may see them during the attempt, in their order."""
    rows = _read_items(attempt.pk)
    contents = contents_of({version: digest for _index, version, digest, *_rest in rows})
    return [
        ShownItem(
            index=index,
            public=public_item(contents[version], order=order, language=attempt.locale),
            value=value,
            rev=rev,
            flagged=flagged,
            number=_read_number(contents[version], value),
        )
        for index, version, _digest, order, flagged, rev, value in rows
    ]


def next_blank(attempt: Attempt) -> int:
    """Return the number of the first question that waits for an answer; the first if none does."""
    items = shown_items(attempt)
    return min((item.index for item in items if not item.is_answered), default=1)


@prepared
def _read_items(attempt: int) -> QuerySet[AttemptItem, Any]:
    return (
        AttemptItem.objects.filter(attempt=attempt)
        .order_by("index")
        .values_list(
            "index",
            "question_version",
            "question_version__content_hash",
            "option_order",
            "flagged",
            "response__rev",
            "response__value",
        )
    )


def _read_number(content: Content, raw: Any) -> Fraction | None:
    value = parse_value(content, raw) if isinstance(content, Numeric) else None
    return value.number if isinstance(value, TypedNumber) else None


def is_same(attempt: Attempt, shown: ShownItem, raw: Any) -> bool:
    """Whether a posted answer is what stands on the server, so that nothing is to be saved."""
    items = attempt.items.filter(index=shown.index).order_by()
    versions = dict(items.values_list("question_version", "question_version__content_hash"))
    (content,) = contents_of(versions).values()
    try:
        return value_to_json(parse_value(content, raw)) == shown.value
    except Refused:
        return False


def result_of(attempt: Attempt, account: Account, *, now: datetime | None = None) -> Result:
    """Build the result page of a finished attempt by the review policy.

    Credits and contents are read only if some of them may be seen.
    """
    moment = now or timezone.now()
    asked = list(attempt.items.order_by("index").values_list("pk", "points", "response__value"))
    still_asked = find_asked(attempt, moment)
    state = _describe_attempt(attempt, still_asked=still_asked is not None, now=moment)
    seen = _ask_policy(attempt, account, state, [item for item, *_rest in asked], now=moment)
    full = sum(points for _item, points, _value in asked)
    pass_mark = attempt.quiz_version.pass_share * full
    everywhere = frozenset.intersection(*seen.values()) if seen else frozenset()
    shows_items = any(Sight.KEY in one for one in seen.values())
    items = _read_graded(attempt.items.order_by("index"))
    shares = _sum_earned(items) if shows_items or everywhere & GRADED_SIGHTS else {}
    score = outcomes = shown = None
    if Sight.SCORE in everywhere:
        score = sum((shares.get(one.pk, Fraction(0)) * one.points for one in items), Fraction(0))
    if Sight.OUTCOME_SCORES in everywhere:
        outcomes = _group_by_outcome(items, shares)
    if shows_items:
        contents = contents_of(
            {item.question_version_id: item.question_version.content_hash for item in items}
        )
        shown = [
            _show_result(item, contents[item.question_version_id], seen[item.pk], attempt.locale)
            for item in items
        ]
    return Result(
        score=score,
        full=full,
        pass_mark=pass_mark,
        passed=None if score is None else score >= pass_mark,
        blanks=sum(value is None for _item, _points, value in asked),
        asked=[(one.slug, str(one)) for one in _list_by_outcome(items)],
        lanes=_place_outcomes(items, shares, seen),
        outcomes=outcomes,
        items=shown,
        opens_at=None if shows_items else _find_opening(still_asked, state, moment),
    )


def _read_graded(items: QuerySet[AttemptItem]) -> list[AttemptItem]:
    """Read items with what their results need; the content of a question is read by its hash."""
    return list(
        items.select_related("question_version__outcome__area", "response").defer(
            "question_version__content"
        )
    )


def _sum_earned(items: Iterable[AttemptItem]) -> dict[int, Fraction]:
    """Return the share of each item; of several credits the latest counts (Q12)."""
    rows = Credit.objects.filter(item__in=[item.pk for item in items]).order_by("pk")
    read = rows.values_list("item", "credit_num", "credit_den")
    return {item: Fraction(above, below) for item, above, below in read}


def _list_by_outcome(items: Iterable[AttemptItem]) -> dict[Outcome, list[AttemptItem]]:
    """Return the items of each outcome, in the order of areas and outcomes."""
    found: dict[Outcome, list[AttemptItem]] = {}
    for item in items:
        found.setdefault(item.question_version.outcome, []).append(item)
    in_order = sorted(found, key=lambda one: (one.area.order, one.order, one.slug))
    return {outcome: found[outcome] for outcome in in_order}


def _place_outcomes(
    items: Iterable[AttemptItem], shares: Mapping[int, Fraction], seen: Mapping[int, Sights]
) -> list[LanedOutcomes]:
    """Put each outcome in its lane: by the answers that may be seen, else without the key."""
    placed = []
    thin: dict[str, list[tuple[Outcome, list[AttemptItem]]]] = {}
    for outcome, asked in _list_by_outcome(items).items():
        known = [item for item in asked if Sight.CORRECTNESS in seen[item.pk]]
        if known:
            earned = [shares.get(item.pk, Fraction(0)) for item in known]
            name, right = (outcome.slug, str(outcome)), sum(one == FULL for one in earned)
            area, lane = str(outcome.area), find_lane(earned)
            placed.append(LanedOutcomes((name,), area, lane, len(known), right))
        elif all(Sight.LANES in seen[item.pk] for item in asked):
            thin.setdefault(str(outcome.area), []).append((outcome, asked))
    for area, outcomes in thin.items():
        for places in join_thin(len(asked) for _outcome, asked in outcomes):
            joined = [item for place in places for item in outcomes[place][1]]
            names = tuple((one.slug, str(one)) for one, _asked in (outcomes[at] for at in places))
            lane = find_lane_without_key([_share_unless_blank(item, shares) for item in joined])
            placed.append(LanedOutcomes(names, area, lane, len(joined), None))
    return placed


def _share_unless_blank(item: AttemptItem, shares: Mapping[int, Fraction]) -> Fraction | None:
    return None if item.response.value is None else shares.get(item.pk, Fraction(0))


def _group_by_outcome(
    items: Iterable[AttemptItem], earned_by_item: dict[int, Fraction]
) -> list[OutcomeScore]:
    return [
        OutcomeScore(
            str(outcome),
            str(outcome.area),
            sum(
                (earned_by_item.get(one.pk, Fraction(0)) * one.points for one in asked), Fraction(0)
            ),
            sum(one.points for one in asked),
        )
        for outcome, asked in _list_by_outcome(items).items()
    ]


def comparison_of(
    attempt: Attempt, account: Account, *, now: datetime | None = None
) -> Comparison | None:
    """Hold a person's own pre-quiz and post-quiz side by side; None until both are released."""
    phases = [AttemptPhase.PRE, AttemptPhase.POST]
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
    known = _list_known(before) & _list_known(after)
    return Comparison(before, after, *_score_common_items(*pair, known=known))


def _list_known(result: Result) -> set[int]:
    """Return the question versions whose answers are told to be right or not."""
    return {row.version for row in result.items or [] if row.review.correct is not None}


def _score_common_items(
    before: Attempt, after: Attempt, *, known: set[int]
) -> tuple[int, list[OutcomeScore], list[OutcomeScore]]:
    """Return how many of the known versions stand in both, and what either earned on them."""
    items = _read_graded(AttemptItem.objects.filter(attempt__in=[before, after]))
    of_each = [
        {one.question_version_id: one for one in items if one.attempt_id == attempt.pk}
        for attempt in (before, after)
    ]
    common = known & of_each[0].keys() & of_each[1].keys()
    earned = _sum_earned(items)
    first, second = ([one for key, one in each.items() if key in common] for each in of_each)
    return len(common), _group_by_outcome(first, earned), _group_by_outcome(second, earned)


def _show_result(item: AttemptItem, content: Content, seen: Sights, language: str) -> ShownResult:
    review = review_of(
        content,
        parse_value(content, item.response.value),
        sights=seen,
        language=language,
        sources=item.question_version.source_labels,
    )
    public = public_item(content, order=item.option_order, language=language)
    outcome = item.question_version.outcome.slug
    return ShownResult(item.index, public, review, outcome, item.question_version_id)


def _find_opening(
    still_asked: StillAsked | None, state: AttemptSight, now: datetime
) -> datetime | None:
    if still_asked is not None and still_asked.until is None:
        return None
    ends = [still_asked and still_asked.until, state.release_at, state.post_closes_at]
    return max((end for end in [*ends, state.closes_at] if end and end > now), default=None)


def _describe_attempt(attempt: Attempt, *, still_asked: bool, now: datetime) -> AttemptSight:
    return AttemptSight(
        phase=AttemptPhase(attempt.phase),
        in_progress=attempt.is_open,
        voided=attempt.state == Attempt.State.VOIDED,
        may_retake=_may_retake(attempt, now),
        closes_at=_find_closing(attempt),
        release_at=attempt.quiz_version.release_at,
        still_asked=still_asked,
        post_closes_at=_find_post_closing(attempt) if attempt.phase == AttemptPhase.PRE else None,
    )


def _ask_policy(
    attempt: Attempt,
    account: Account,
    state: AttemptSight,
    items: Iterable[int],
    *,
    now: datetime,
) -> dict[int, Sights]:
    """Ask the review policy for each item; this is the only place that does (Q10)."""
    viewer = Viewer(is_taker=attempt.person_id in rows_of(account.person))
    return {item: review_policy(viewer, state, ItemSight(), now) for item in items}


def _find_closing(attempt: Attempt) -> datetime | None:
    """The end for everybody: nobody may still be working when keys are shown."""
    granted = attempt.assignment.extensions.filter(revoked_at__isnull=True, closes_at__isnull=False)
    closes_at = attempt.assignment.closes_at
    if closes_at is None:
        return None
    later = granted.values_list("closes_at", flat=True)
    return max([closes_at, *(each for each in later if each is not None)])


def _may_retake(attempt: Attempt, now: datetime) -> bool:
    try:
        found = prospect(attempt.assignment, attempt.person, now=now)
    except CannotStart:  # no version of the quiz is published any more
        return False
    return found.may_retake(now)


def _find_post_closing(attempt: Attempt) -> datetime | None:
    """The end of the matching post-quiz of this person; None while there is none or no end."""
    reached = takers(rows_of(attempt.person), timezone.localdate())
    posts = Assignment.objects.in_force().filter(
        reached, quiz=attempt.quiz_id, phase=AttemptPhase.POST
    )
    ends = list(posts.values_list("closes_at", flat=True))
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None
