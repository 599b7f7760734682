"""Findings in words that can be read aloud before the head of the office."""

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from clinic.insights.arithmetic.diagnosis import Cause, Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.reading import Shown

NAMES: dict[str, Promise] = {
    Word.SOUND.value: pgettext_lazy("diagnosis", "Sound"),
    Word.KNOWLEDGE_GAP.value: pgettext_lazy("diagnosis", "Needs learning"),
    Word.PRACTICE_GAP.value: pgettext_lazy("diagnosis", "Needs coaching"),
    Word.HIDDEN_RISK.value: pgettext_lazy("diagnosis", "Proof needs verifying"),
    Word.UNKNOWN.value: pgettext_lazy("diagnosis", "Unknown"),
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
LEGEND = (*(word.value for word in Word), "hidden")
CERTAINTIES: dict[int, Promise] = {
    3: gettext_lazy("Certainty: high"),
    2: gettext_lazy("Certainty: medium"),
    1: gettext_lazy("Certainty: low"),
}
NOTHING_YET = Shown(State.UNKNOWN, 0, word=Word.UNKNOWN.value)
"""A cell that no job has made yet."""
NO_SHEET = {Cause.NO_SHEET.value}
NO_QUIZ = {Cause.NO_ANSWERS.value, Cause.NO_POOL.value}


def legend() -> list[dict[str, Any]]:
    """What the signs of the map stand for: tone, letter and shape with their word."""
    words = {**NAMES, "hidden": _("Not shown: too few participants")}
    signs = [
        {"tone": tone, "letter": letter, "shape": shape, "text": words[key]}
        for key, (tone, letter, shape) in ((key, SIGNS[key]) for key in LEGEND)
    ]
    return [*signs, {"tone": "hidden", "letter": "–", "text": _("No LKE of this year")}]


def is_calm(shown: Shown, missing: Decimal) -> bool:
    """Whether proof is to be matched where no point is left to reach."""
    return shown.word == Word.HIDDEN_RISK.value and missing <= 0


def state_name(shown: Shown) -> str:
    """The word of a cell alone, without its cause."""
    return pgettext("diagnosis", "Not shown") if shown.is_hidden else str(NAMES[shown.word])


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
    if Cause.SIDES_DIFFER.value in causes:
        return _("score and estimate lie on different sides of the line")
    return _("not enough data yet")


def basis(shown: Shown) -> str:
    """How many people and answers stand behind a finding, "limited data" included."""
    if shown.is_hidden:
        return ""
    people = ngettext("%(number)d person", "%(number)d people", shown.answering)
    answers = ngettext("%(number)d answer", "%(number)d answers", shown.answers)
    counts = _("%(people)s, %(answers)s") % {
        "people": people % {"number": shown.answering},
        "answers": answers % {"number": shown.answers},
    }
    return f"{_('Limited data')}: {counts}" if shown.is_limited else counts


def heat_cell(
    shown: Shown, *, unit: str, area: str, points: tuple[Any, str], share: str, url: str
) -> dict[str, Any]:
    """A cell of the map as ``components/heat_table.html`` draws it.

    Args:
        shown: what the reader may see.
        unit: name of the unit, as the label reads it.
        area: name of the area.
        points: the sheet's figure and the words for it; it is not personal and stays.
        share: of the width that the bar takes.
        url: page "why?" of the cell.
    """
    tone, letter, shape = SIGNS[shown.tag]
    figure, spelled_out = points
    words = [unit, area, state_of(shown)]
    if shown.is_limited:
        words.append(basis(shown))
    if shown.dots:
        words.append(str(CERTAINTIES[shown.dots]))
    return {
        "tone": tone,
        "letter": letter,
        "shape": shape,
        "points": figure,
        "share": share,
        "people": shown.answering if shown.is_limited else 0,
        "url": url,
        "label": ", ".join([*words, spelled_out]),
    }
