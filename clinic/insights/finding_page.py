"""The page "why?" of one cell: what its word claims, its two figures, and what would change it.

The claim, the picture and the numbers are made from the same figures, so that none speaks against
another.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.insights import charts, explaining, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.explaining import AssessedArea, write_share
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import decimals, percent, points

CLAIMS: dict[str, Promise] = {
    Word.SOUND.value: gettext_lazy(
        "The unit's people understand this area, and the unit carries it out"
    ),
    Word.KNOWLEDGE_GAP.value: gettext_lazy(
        "Many points are left to reach, and what people understand can still be strengthened"
    ),
    Word.PRACTICE_GAP.value: gettext_lazy(
        "The unit's people already understand this area, but its LKE does not show the practice yet"
    ),
    Word.HIDDEN_RISK.value: gettext_lazy(
        "Practice is estimated above its line while understanding is still below its own"
    ),
    Word.UNKNOWN.value: gettext_lazy("The data are not yet enough to conclude"),
}
"""What each word claims; a heading, so without a full stop."""
LEADS: dict[str, Promise] = {
    Word.HIDDEN_RISK.value: gettext_lazy(
        "The unit and the Sekretariat RB should check the score against its proof."
    ),
    Word.UNKNOWN.value: gettext_lazy("That is neither good nor bad."),
}
KNOWING = {Word.SOUND.value, Word.PRACTICE_GAP.value}
DOING = {Word.SOUND.value, Word.HIDDEN_RISK.value}
MOVES = {*KNOWING, *DOING, Word.KNOWLEDGE_GAP.value}
"""Words that a cell may move to; those of the sides of the two lines."""


def claim(shown: Shown, assessed: AssessedArea | None) -> str:
    """What the word stands for, of whoever scored the sheet, as a heading."""
    if shown.is_hidden:
        return _("Not shown: fewer than %(minimum)d participants") % {"minimum": shown.minimum}
    if assessed is not None and wording.is_calm(shown, assessed.not_yet):
        return _("Every point is reached here; the unit only has to check the proof")
    return str(CLAIMS[shown.word])


def lead(shown: Shown, assessed: AssessedArea | None) -> list[str]:
    """What stands below the claim: points, the cause of an unknown, and how certain it is."""
    told = []
    if assessed is not None and assessed.not_yet > 0:
        told.append(
            _("%(missing)s of %(all)s not yet reached.")
            % {
                "missing": decimals(assessed.not_yet, 1),
                "all": points(assessed.figures.max_points),
            }
        )
    if shown.is_hidden:
        return told
    cause = wording.cause_of(shown)
    if cause:
        told.append(f"{cause[:1].upper()}{cause[1:]}.")
    if shown.word == Word.SOUND.value and not shown.is_limited:
        told.append(_("Its practice is worth sharing as an example."))
    if shown.word in LEADS and not (assessed and wording.is_calm(shown, assessed.not_yet)):
        told.append(str(LEADS[shown.word]))
    if shown.dots:
        told.append(f"{wording.CERTAINTIES[shown.dots]}.")
    return told


def picture(shown: Shown, assessed: AssessedArea | None) -> dict[str, Any] | None:
    """Both figures on one plane: understanding across with its range, practice upwards.

    The printed score is a tick at the side, never a dot. Of one or two people, and of an unknown
    cell, the dot is hollow. None where there is nothing to draw.
    """
    if shown.is_hidden or shown.share is None or assessed is None or assessed.share is None:
        return None
    knows = shown.estimate is not None and shown.answers > 0
    across, up = charts.ACROSS, charts.AxisScale(0, 1, charts.HUNDRED, 0)
    gap, weak = settings.KLINIK_GAP_THRESHOLD, settings.KLINIK_WEAK_THRESHOLD
    share = charts.share_of
    return {
        "gap": share(100 * gap),
        "gap_rest": share(100 - 100 * gap),
        "gap_label": decimals(100 * gap, 0),
        "weak": share(up.at(weak)),
        "weak_rest": share(100 - up.at(weak)),
        "weak_label": percent(weak),
        "y": share(up.at(shown.share)),
        "printed": share(up.at(float(assessed.share))),
        "mark": charts.draw_understanding(shown) if knows else None,
        "x": share(across.at(100 * (shown.estimate or 0))),
        "is_hollow": shown.is_limited or shown.word == Word.UNKNOWN.value,
        "corner": _break_name(str(wording.NAMES[Word.PRACTICE_GAP.value])),
        "names": {
            tone: str(wording.NAMES[word])
            for word, (tone, _letter, _shape) in wording.SIGNS.items()
            if word in wording.NAMES
        },
    }


def _break_name(name: str) -> list[dict[str, Any]]:
    """The name of the narrow corner below, a word a line, the last one lowest."""
    words = name.split()
    return [
        {"text": word, "dy": -12 - 17 * (len(words) - place)}
        for place, word in enumerate(words, start=1)
    ]


def figures(shown: Shown, assessed: AssessedArea | None) -> list[tuple[str, str, str]]:
    """The figures of the picture in numbers: what it is, the number, and what it is read against.

    An estimate says that it is one; the score of the sheet stands apart from it.
    """
    told = []
    gap, weak = settings.KLINIK_GAP_THRESHOLD, settings.KLINIK_WEAK_THRESHOLD
    if shown.is_hidden:
        return []
    if shown.estimate is not None and shown.answers:
        told.append(
            (
                _("Understanding, estimated"),
                write_share(shown.estimate, gap),
                _("%(low)s to %(high)s, line %(line)s")
                % {
                    "low": decimals(100 * (shown.low or 0), 0),
                    "high": decimals(100 * (shown.high or 0), 0),
                    "line": decimals(100 * gap, 0),
                },
            )
        )
    if shown.share is not None:
        told.append(
            (
                _("Practice, estimated"),
                f"{write_share(shown.share, weak)}%",
                _("line %(line)s") % {"line": percent(weak)},
            )
        )
    if assessed is not None and assessed.share is not None:
        told.append(
            (
                _("Printed in the LKE"),
                f"{write_share(float(assessed.share), weak)}%",
                _("%(score)s of %(all)s")
                % {
                    "score": decimals(assessed.figures.score, 2),
                    "all": points(assessed.figures.max_points, 2),
                },
            )
        )
    return told


def what_would_change(shown: Shown, assessed: AssessedArea | None) -> list[tuple[str, str]]:
    """Other words of the cell, each with what would have to move, in points where they are known.

    A word of practice needs the printed score on its side too, so that the points are the least.
    """
    if shown.is_hidden or shown.word == Word.UNKNOWN.value:
        return []
    is_known, is_done = shown.word in KNOWING, shown.word in DOING
    gap = decimals(100 * settings.KLINIK_GAP_THRESHOLD, 0)
    knowing = _("if the estimated understanding passes %(line)s.") % {"line": gap}
    if is_known:
        knowing = _("if the estimated understanding falls below %(line)s.") % {"line": gap}
    by_side = {(word in KNOWING, word in DOING): word for word in CLAIMS if word in MOVES}
    return [
        (by_side[(is_known, not is_done)], _say_practice(is_done=is_done, assessed=assessed)),
        (by_side[(not is_known, is_done)], knowing),
        (
            Word.UNKNOWN.value,
            _("if the LKE and the estimated practice come to lie on different sides of the line."),
        ),
    ]


def _say_practice(*, is_done: bool, assessed: AssessedArea | None) -> str:
    line = settings.KLINIK_WEAK_THRESHOLD
    if is_done:
        return _("if the estimated practice falls below %(line)s.") % {"line": percent(line)}
    told = _("if the estimated practice passes %(line)s.") % {"line": percent(line)}
    if assessed is None or assessed.share is None:
        return told
    more = Decimal(str(line)) * assessed.figures.max_points - assessed.figures.score
    if more <= 0:
        return told
    least = _("That takes at least %(points)s more.") % {"points": points(more, 2)}
    return f"{told} {least}"


def sentences(shown: Shown, assessed: AssessedArea | None, period: int) -> dict[str, Any]:
    """The sentences of the page on one cell, for its template."""
    return {
        "lead": lead(shown, assessed),
        "picture": picture(shown, assessed),
        "figures": figures(shown, assessed),
        "changes": what_would_change(shown, assessed),
        "own": _(
            "What the Sekretariat RB sees of your unit: all answers here are your own, so you see "
            "it too."
        )
        if shown.is_own
        else "",
        "limited": wording.basis(shown) if shown.is_limited else "",
        "counts": explaining.counts(shown),
        "printed": explaining.printed(assessed) if assessed and assessed.share is not None else "",
        "apart": explaining.years_apart(shown, period),
        "computation": [] if shown.is_hidden else explaining.explain_figures(shown, assessed),
        "warning": explaining.warning(shown),
    }
