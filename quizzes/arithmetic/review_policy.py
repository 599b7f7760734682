"""What may be seen of an item, and when: the one rule that every page, API, export and mail asks.

The rule depends on its arguments only. It never looks at what was answered, so a blank submit
reveals no more than a full one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Sight(StrEnum):
    """One thing that may be shown of an attempt or an item."""

    OWN_RESPONSE = "own_response"
    SCORE = "score"
    LANES = "lanes"
    OUTCOME_SCORES = "outcome_scores"
    ITEM_CREDIT = "item_credit"
    CORRECTNESS = "correctness"
    KEY = "key"
    OPTION_FEEDBACK = "option_feedback"
    EXPLANATION = "explanation"
    MARKER_COMMENT = "marker_comment"
    GROUP_STATS = "group_stats"


Sights = frozenset[Sight]

EVERYTHING: Sights = frozenset(Sight)
NOTHING: Sights = frozenset()
OWN: Sights = frozenset({Sight.OWN_RESPONSE})
SCORED: Sights = frozenset({Sight.SCORE})
RETAKING: Sights = SCORED | {Sight.LANES}
AFTER_CHECK: Sights = OWN | {Sight.CORRECTNESS, Sight.OPTION_FEEDBACK, Sight.EXPLANATION}


class AttemptPhase(StrEnum):
    """What an attempt is for; copied from its assignment, never from the client."""

    PRE = "pre"
    POST = "post"
    PRACTICE = "practice"
    LIVE = "live"
    NORMAL = "normal"


GRADED = frozenset({AttemptPhase.POST, AttemptPhase.NORMAL})


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks.

    Attributes:
        is_taker: the attempt is the viewer's own.
        sees_keys: a permission gives the viewer keys.
        has_open_attempt: the viewer has an attempt of this quiz under way, and so is a taker.
    """

    is_taker: bool
    sees_keys: bool = False
    has_open_attempt: bool = False


@dataclass(frozen=True, kw_only=True)
class AttemptSight:
    """What the rule needs to know of the attempt and its quiz.

    Attributes:
        in_progress: the attempt is not yet submitted or expired.
        voided: an organiser took the attempt out of the count.
        may_retake: this person has an attempt left.
        closes_at: end of the assignment with extensions; None while no end is set.
        release_at: earliest moment for showing the key of a graded quiz, if set.
        still_asked: one of its questions is asked, now or later, by a quiz that is no practice,
            or somebody is at work on it. Then none is told: with the score, the rest would follow.
        post_closes_at: end of the matching post-test of a pre-test; None while it has no end.
    """

    phase: AttemptPhase
    in_progress: bool
    voided: bool = False
    may_retake: bool = False
    closes_at: datetime | None = None
    release_at: datetime | None = None
    still_asked: bool = False
    post_closes_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ItemSight:
    """What the rule needs to know of the item.

    Attributes:
        checked: practice only: the taker pressed "Periksa" and the item is locked.
        key_opened: live only: the trainer opened the key.
    """

    checked: bool = False
    key_opened: bool = False


def review_policy(
    viewer: Viewer, attempt: AttemptSight, item: ItemSight, now: datetime
) -> frozenset[Sight]:
    """Give what this viewer may see of this item of this attempt at this moment."""
    if viewer.sees_keys and not viewer.has_open_attempt:
        return EVERYTHING
    if not viewer.is_taker:
        return NOTHING
    if not attempt.in_progress:
        return _decide_finished(attempt, item, now)
    is_checked = attempt.phase is AttemptPhase.PRACTICE and item.checked
    return AFTER_CHECK if is_checked and not attempt.still_asked else OWN


def _decide_finished(attempt: AttemptSight, item: ItemSight, now: datetime) -> Sights:
    if attempt.voided:
        return OWN
    if not attempt.still_asked and (
        attempt.phase is AttemptPhase.PRACTICE or _is_over(attempt, now)
    ):
        return EVERYTHING
    added: Sights = NOTHING
    if attempt.phase is AttemptPhase.LIVE and item.key_opened and not attempt.still_asked:
        added = frozenset({Sight.KEY})
    elif attempt.phase in GRADED:
        added = RETAKING if attempt.may_retake else SCORED
    elif attempt.phase is AttemptPhase.PRE and not attempt.may_retake:
        added = frozenset({Sight.LANES})
    return OWN | added


def _is_over(attempt: AttemptSight, now: datetime) -> bool:
    """Tell whether the quiz is closed for good: no try left, and released."""
    if attempt.may_retake:
        return False
    ends = [attempt.closes_at]
    if attempt.phase is AttemptPhase.PRE:
        ends.append(attempt.post_closes_at)
    if attempt.phase in GRADED and attempt.release_at:
        ends.append(attempt.release_at)
    return all(end is not None and end <= now for end in ends)
