"""The quiz answers of the demo, given one by one as a person gives them.

How well somebody answers follows from the unit, drawn from its name; planted units have theirs
fixed, so that each word of the diagnosis is seen once. The letters say nothing about a real
office.
"""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.management.demo.region import SEED
from clinic.people.models import Account
from quizzes import delivery
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.grading import credit
from quizzes.arithmetic.question_types import (
    ChoiceQuestion,
    Content,
    Matching,
    MultipleChoice,
    Numeric,
    from_json,
)
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Assignment, Attempt

# Share of questions answered right, where a planted case needs it.
PLANTED_SKILL = {
    "dinas-dukcapil": 0.88,
    "dinas-sosial": 0.86,
    "kecamatan-contoh-hilir": 0.42,
    "puskesmas-contoh-kota": 0.42,
}
# These came, or did not, but answered nothing: their understanding stays unknown.
ANSWERS_NOTHING = frozenset({"kecamatan-contoh-rimba"})
SECONDS_AN_ANSWER = 50
LEARNT_BY_THE_CLINIC = 0.12


def skill_of(unit: str, *, after_the_clinic: bool) -> float:
    """Return the share of questions that the unit's people get right, 0..1."""
    if unit in PLANTED_SKILL:
        return PLANTED_SKILL[unit]
    drawn = random.Random(f"{SEED}:skill:{unit}").uniform(0.35, 0.85)  # noqa: S311 - sample data
    return min(1.0, drawn + (LEARNT_BY_THE_CLINIC if after_the_clinic else 0.0))


def take_quiz(
    assignment: Assignment, account: Account, *, skill: float, started_at: datetime
) -> Attempt:
    """Start, answer every question, hand in; the same names give the same answers.

    The answers arrive with the hand-in, as from a browser whose line was down.
    """
    name = f"{SEED}:{assignment.quiz.slug}:{assignment.phase}:{account.login_name}"
    chance = random.Random(name)  # noqa: S311 - sample data
    attempt, _is_new = delivery.start(assignment, account, now=started_at)
    items = list(attempt.items.select_related("question_version").order_by("index"))
    pending = []
    for item in items:
        content = from_json(item.question_version.content)
        value = typed_answer(content, is_right=chance.random() < skill, chance=chance)
        save = SaveEvent(client_id="contoh", seq=item.index, base_rev=0, value=value)
        pending.append((item.index, save))
    ended_at = started_at + timedelta(seconds=SECONDS_AN_ANSWER * len(items))
    return delivery.submit(
        attempt.uuid, taker=account.person, pending=pending, now=ended_at
    ).attempt


def typed_answer(content: Content, *, is_right: bool, chance: random.Random) -> Any:
    """Return an answer in the form in which a browser sends it, right or not as asked."""
    tries = _list_answers(content, chance)
    fitting = [
        raw for raw in tries if (credit(content, parse_value(content, raw)) == 1) == is_right
    ]
    return chance.choice(fitting)


def _list_answers(content: Content, chance: random.Random) -> list[Any]:
    """Return answers among which are right and not right ones."""
    if isinstance(content, MultipleChoice):
        keys = [option.id for option in content.options if option.credit > 0]
        wrong = [option.id for option in content.options if option.credit <= 0]
        return [keys, keys[:1] + wrong[:1], wrong[:1]]
    if isinstance(content, ChoiceQuestion):
        return [option.id for option in content.options]
    if isinstance(content, Numeric):
        value = content.answers[0].value
        return [
            {"raw": _write_comma(value)},
            {"raw": _write_comma(value + 7)},
            {"raw": _write_comma(value * 10 + 3)},
        ]
    return _make_pairings(content, chance)


def _write_comma(value: Decimal) -> str:
    return f"{value:f}".replace(".", ",")


def _make_pairings(content: Matching, chance: random.Random) -> list[dict[str, str]]:
    right = {prompt.id: prompt.target for prompt in content.prompts}
    targets = [prompt.target for prompt in content.prompts]
    turned = targets[1:] + targets[:1]
    chance.shuffle(targets)
    return [right, dict(zip(right, turned, strict=True))]
