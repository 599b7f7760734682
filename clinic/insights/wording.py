"""Findings in words that bear being read aloud with the office's head in the room (ux 6.1)."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from clinic.insights.arithmetic.diagnosis import Cause, Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.reading import Reason, Shown
from clinic.lib.templatetags.ui import decimals, percent

NAMES: dict[str, Promise] = {
    Word.SOUND.value: pgettext_lazy("diagnosis", "Sound"),
    Word.KNOWLEDGE_GAP.value: pgettext_lazy("diagnosis", "Needs learning"),
    Word.PRACTICE_GAP.value: pgettext_lazy("diagnosis", "Needs coaching"),
    Word.HIDDEN_RISK.value: pgettext_lazy("diagnosis", "Proof needs verifying"),
    Word.UNKNOWN.value: pgettext_lazy("diagnosis", "Unknown"),
}
MEANINGS: dict[str, Promise] = {
    Word.SOUND.value: gettext_lazy("Understood and carried out. Worth sharing as an example."),
    Word.KNOWLEDGE_GAP.value: gettext_lazy(
        "The sheet is weak here and the answers show that the matter is not yet understood."
    ),
    Word.PRACTICE_GAP.value: gettext_lazy("Already understood, not yet carried out."),
    Word.HIDDEN_RISK.value: gettext_lazy(
        "The unit's own score is high; its understanding is not yet shown."
    ),
    Word.UNKNOWN.value: gettext_lazy("The data do not yet tell. That is neither good nor bad."),
}
VERBS: dict[str, Promise] = {
    Word.SOUND.value: gettext_lazy("Keep up"),
    Word.KNOWLEDGE_GAP.value: gettext_lazy("Learn"),
    Word.PRACTICE_GAP.value: gettext_lazy("Coach"),
    Word.HIDDEN_RISK.value: gettext_lazy("Verify proof"),
    Word.UNKNOWN.value: gettext_lazy("Complete the data"),
}
SIGNS: dict[str, tuple[str, str, str]] = {
    Word.SOUND.value: ("m", "M", "sound"),
    Word.KNOWLEDGE_GAP.value: ("b", "B", "knowledge-gap"),
    Word.PRACTICE_GAP.value: ("d", "D", "practice-gap"),
    Word.HIDDEN_RISK.value: ("v", "V", "hidden-risk"),
    Word.UNKNOWN.value: ("unknown", "?", "unknown"),
    "hidden": ("hidden", "-", ""),
}
"""Tone, letter and shape of a cell of the map."""
CERTAINTIES: dict[int, Promise] = {
    3: gettext_lazy("Certainty: high"),
    2: gettext_lazy("Certainty: medium"),
    1: gettext_lazy("Certainty: low"),
}
NOTHING_YET = Shown(State.UNKNOWN, 0, word=Word.UNKNOWN.value)
"""A cell that no job has made yet."""
NO_SHEET = {Cause.NO_SHEET.value}
NO_QUIZ = {Cause.NO_ANSWERS.value, Cause.NO_POOL.value}


def state_of(shown: Shown) -> str:
    """The state of a cell in a few words: the diagnosis with its cause, or "not shown"."""
    if shown.is_hidden:
        return _("Not shown (fewer than %(minimum)d participants)") % {"minimum": shown.minimum}
    name = str(NAMES[shown.word])
    cause = cause_of(shown)
    return f"{name}: {cause}" if cause else name


def cause_of(shown: Shown) -> str:
    """Why the word is unknown or hidden, in a few words; empty for a named diagnosis."""
    if shown.is_hidden:
        return _("fewer than %(minimum)d participants") % {"minimum": shown.minimum}
    if shown.word != Word.UNKNOWN.value:
        return ""
    causes = {reason.cause for reason in shown.reasons}
    if causes & NO_SHEET:
        return _("no LKE yet")
    if causes & NO_QUIZ or not causes:
        return _("no quiz yet")
    return _("not enough data yet")


def what_would_tell(reason: Reason) -> str:
    """What would make an unknown known, as one sentence."""
    return _TELLING[reason.cause](reason)


def _more_answers(reason: Reason) -> str:
    if reason.more_answers is None:
        return _("Answers from people who have not yet taken a quiz would tell most.")
    return ngettext(
        "About %(number)d more answer would tell.",
        "About %(number)d more answers would tell.",
        reason.more_answers,
    ) % {"number": reason.more_answers}


def _first_answers(reason: Reason) -> str:
    if reason.more_answers is None:
        return _("Nobody of this unit has answered questions of this area yet.")
    return _("Nobody has answered yet. About %(number)d answers would tell.") % {
        "number": reason.more_answers
    }


def _filled(reason: Reason) -> str:
    return _("The LKE is filled for %(share)s of its points. Filling the rest would tell.") % {
        "share": percent(reason.coverage)
    }


_TELLING: dict[str, Any] = {
    Cause.NO_POOL.value: lambda _reason: _("There are no questions on this area yet."),
    Cause.NO_ANSWERS.value: _first_answers,
    Cause.KNOWING_NOT_DECIDED.value: _more_answers,
    Cause.NO_SHEET.value: lambda _reason: _("There is no LKE of this year yet. Upload it."),
    Cause.SHEET_INCOMPLETE.value: _filled,
    Cause.DOING_NOT_DECIDED.value: lambda _reason: _(
        "The score lies close to the line. A review of the proof would tell."
    ),
}


def basis(shown: Shown) -> str:
    """How many people and answers stand behind a finding, "limited data" included."""
    if shown.is_hidden:
        return ""
    told = _("%(people)d people, %(answers)d answers") % {
        "people": shown.answering,
        "answers": shown.answers,
    }
    return f"{told}, {pgettext('finding', 'limited data')}" if shown.is_limited else told


def understanding(shown: Shown) -> str:
    """The estimate with its interval, as a sentence; empty where there is none."""
    if shown.estimate is None or not shown.answers:
        return ""
    return _(
        "Of 100 questions of this area the unit's people would answer about %(mean)s right; "
        "with 90%% certainty between %(low)s and %(high)s."
    ) % {
        "mean": decimals(shown.estimate * 100, 0),
        "low": decimals((shown.low or 0) * 100, 0),
        "high": decimals((shown.high or 0) * 100, 0),
    }


def heat_cell(
    shown: Shown, *, unit: str, area: str, points: tuple[Any, str], url: str
) -> dict[str, Any]:
    """A cell of the map as ``components/heat_table.html`` draws it.

    Args:
        shown: what the reader may see.
        unit: name of the unit, as the label reads it.
        area: name of the area.
        points: the sheet's figure and the words for it; it is not personal and stays.
        url: page "why?" of the cell.
    """
    tone, letter, shape = SIGNS[shown.tag]
    figure, told = points
    words = [unit, area, state_of(shown)]
    if shown.dots:
        words.append(str(CERTAINTIES[shown.dots]))
    return {
        "tone": tone,
        "letter": letter,
        "shape": shape,
        "points": figure,
        "certainty": shown.dots,
        "url": url,
        "label": ", ".join([*words, told]),
    }


WARN_SKIPPED = 0.10
"""Share of blanks above which the page says that understanding may be lower (method page, 12)."""


def spoken(shown: Shown) -> dict[str, Any]:
    """The sentences of the page "why?" on one cell, for its template.

    ``facts`` are counts, ``telling`` what would change the result, ``warning`` set when many
    questions were left blank.
    """
    asked = shown.answers + shown.skipped
    skipped = shown.skipped / asked if asked else 0
    return {
        "state": state_of(shown),
        "cause": cause_of(shown),
        "meaning": "" if shown.is_hidden else str(MEANINGS[shown.word]),
        "verb": "" if shown.is_hidden else str(VERBS[shown.word]),
        "facts": _facts(shown),
        "understanding": understanding(shown),
        "practice": _practice(shown),
        "telling": [what_would_tell(reason) for reason in shown.reasons],
        "warning": _("%(share)s of the questions were left blank: understanding may be lower.")
        % {"share": percent(skipped)}
        if skipped > WARN_SKIPPED
        else "",
    }


def _facts(shown: Shown) -> list[dict[str, str]]:
    """People, answers and the share given in the room; nothing for a hidden cell."""
    if shown.is_hidden:
        return []
    facts = [
        (_("People with answers"), _("%(some)d of %(all)d") % _some_of_all(shown)),
        (_("Counted answers"), str(shown.answers)),
    ]
    if shown.answers:
        room = percent(shown.in_room / shown.answers)
        facts.append((_("Answered in the room"), room))
    return [{"term": term, "value": value} for term, value in facts]


def _some_of_all(shown: Shown) -> dict[str, int]:
    return {"some": shown.answering, "all": shown.people}


def _practice(shown: Shown) -> str:
    """What the sheet is believed to be worth after the usual inflation; empty without a sheet."""
    if shown.is_hidden or shown.share is None:
        return ""
    return _(
        "From the LKE, practice is believed to be worth about %(share)s of the area's points; "
        "the LKE is filled for %(coverage)s of them."
    ) % {"share": percent(shown.share), "coverage": percent(shown.coverage)}
