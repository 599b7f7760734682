"""Sentences for what became of a save, and where a quiz stands, in the reader's language."""

from fractions import Fraction
from typing import NamedTuple

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.numbers import LARGEST_IN_WORDS, format_id, in_words_id
from clinic.lib.templatetags.ui import minutes, moment
from quizzes.arithmetic.saving import SaveDecision
from quizzes.models import Attempt
from quizzes.models.assignments import Phase
from quizzes.overview import QuizEntry

SENTENCES = {
    "stale": gettext_lazy(
        "This answer was changed in another tab or device. Choose which to keep."
    ),
    "attempt_closed": gettext_lazy(
        "The attempt is over. The last change does not count but is recorded for the organisers."
    ),
    "unknown_option": gettext_lazy("The question has no such option."),
    "exclusive": gettext_lazy("This option cannot be ticked together with another."),
    "blank_without_clear": gettext_lazy(
        "An empty answer is not saved. Use “Clear answer” if you mean it."
    ),
}
REASONS = {
    "not_a_number": gettext_lazy("write a number such as 56,84"),
    "too_long": gettext_lazy("it is too long"),
    "too_many": gettext_lazy("more options are ticked than allowed"),
    "not_storable": gettext_lazy("it holds characters that no text has"),
    "target_used_twice": gettext_lazy("the same choice stands in two rows"),
}


def sentence_of(decision: SaveDecision) -> str:
    """Say why a save was not taken; empty when it was."""
    if not decision.code:
        return ""
    if decision.code in SENTENCES:
        return str(SENTENCES[decision.code])
    reason = REASONS.get(decision.details.get("reason", ""), gettext_lazy("its form is unknown"))
    return _("The answer cannot be read: %(reason)s.") % {"reason": reason}


def number_read(number: Fraction | None) -> str:
    """Say how a typed number was read, so that ``1.500`` surprises nobody; empty without one."""
    if number is None:
        return ""
    written = format_id(number)
    if get_language() == "en":
        written = written.translate(str.maketrans(",.", ".,"))
    elif number.denominator == 1 and abs(number) <= LARGEST_IN_WORDS:
        written = f"{in_words_id(number)} ({written})"
    return _("read as: %(number)s") % {"number": written}


class QuizStanding(NamedTuple):
    """Where a quiz stands for a person: one word on every page, and the tag that draws it."""

    state: str
    word: str


def standing_of(entry: QuizEntry) -> QuizStanding:
    """Say in words whether a quiz can be begun, goes on, is over, or when it opens."""
    if entry.open_attempt:
        return QuizStanding("doing", _("Under way"))
    if entry.may_start:
        return QuizStanding("todo", _("Not started"))
    if entry.attempts:
        return QuizStanding("done", _("Finished"))
    refusal = entry.prospect.refusal
    if refusal is not None and refusal.code == "not_open":
        opens = moment(entry.assignment.opens_at)
        return QuizStanding("todo", _("Opens on %(moment)s") % {"moment": opens})
    return QuizStanding("stopped", _("Closed"))


def questions_in(entry: QuizEntry) -> str:
    """Say how many questions the person would get."""
    count = entry.questions
    return ngettext("%(n)s question", "%(n)s questions", count) % {"n": count}


def facts_of(entry: QuizEntry) -> list[str]:
    """Say what to expect: questions, time, tries, opening and closing."""
    prospect = entry.prospect
    if prospect.refusal is None and entry.minutes_left is not None:
        time = _("%(left)s if you start now") % {"left": minutes(entry.minutes_left)}
    else:
        limit = prospect.version.minutes
        time = minutes(limit) if limit else _("No time limit")
    tries = {"used": prospect.used, "allowed": prospect.allowed}
    facts = [questions_in(entry), time, _("%(used)s of %(allowed)s tries used") % tries]
    if entry.assignment.opens_at:
        facts.append(_("opens %(at)s") % {"at": moment(entry.assignment.opens_at)})
    if prospect.closes_at:
        facts.append(_("closes %(at)s") % {"at": moment(prospect.closes_at)})
    return facts


def review_words(entry: QuizEntry) -> str:
    """Say when answers and explanations can be seen; of practice nothing, where they always can."""
    if entry.assignment.phase == Phase.PRACTICE:
        return ""
    if entry.assignment.phase == Phase.PRE:
        return _("Answers and explanations can be seen once the post-quiz has closed.")
    if entry.review_at:
        at = moment(entry.review_at)
        return _(
            "Answers and explanations can be seen from %(at)s at the earliest: once no other quiz "
            "asks these questions."
        ) % {"at": at}
    return _("Answers and explanations can be seen once the quiz has closed.")


def end_of(attempt: Attempt) -> str:
    """Say how and when an attempt ended."""
    at = {"at": moment(attempt.finished_at)}
    if attempt.state == Attempt.State.EXPIRED:
        return _("Time was over at %(at)s. What was saved until then counts.") % at
    return _("Handed in at %(at)s.") % at
