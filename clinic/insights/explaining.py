"""Why a finding says what it says, in sentences that answer an office head's first question.

The word rests on two figures, each against its line; beside them stand the plain counts, and what
makes a figure differ from what is printed elsewhere (docs/explanation/diagnosis.md). Behind the
assessed figure stand the rows with points not yet reached, and their outcomes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Outcome,
    OutcomeLink,
    Score,
    Sheet,
)
from clinic.assessments.sheet_page import make_row
from clinic.assessments.sheets import rows_of
from clinic.insights.arithmetic.diagnosis import Cause, Reason
from clinic.insights.evidence import OpenQuiz
from clinic.insights.frames import EVALUATED
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import NOT_SHOWN, decimals, percent, points
from clinic.people.models import Unit

MOST_AREAS = 512
"""Areas of sheets whose rows a process keeps ready."""


@dataclass(frozen=True)
class SheetRow:
    """One scored row that has not reached all its points.

    Attributes:
        answer: as written in the sheet; counts as "name: number", one after the other.
        rubric: what the present letter stands for, where the edition says so.
        next_letter: the one above it, and what it asks; empty at the top and for counts.
        points: points not yet reached.
        is_blank: counted among the rows not filled in, as the sheet's own page counts.
        outcomes: what people can learn that bears on the row.
    """

    code: str
    wording: str
    answer: str
    rubric: str
    next_letter: tuple[str, str]
    points: Decimal
    maximum: Decimal
    is_blank: bool
    outcomes: tuple[Outcome, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} {self.wording}"

    @property
    def answer_now(self) -> str:
        """The answer with what it stands for; in words where there is none."""
        if self.is_blank:
            return _("Not filled in")
        answer = self.answer or NOT_SHOWN
        return f"{answer}: {self.rubric}" if self.rubric else answer


@dataclass(frozen=True)
class AssessedArea:
    """One area of a unit's sheet: what it is worth today, and which rows are below their points.

    Attributes:
        outcomes: what people can learn on the area; None for who does not read its rows.
    """

    figures: AreaScore
    rows: tuple[SheetRow, ...]
    outcomes: tuple[Outcome, ...] | None = None

    @property
    def not_yet(self) -> Decimal:
        """Points not yet reached; the sum over the rows (U30)."""
        return self.figures.not_yet_reached

    @property
    def blank(self) -> int:
        """How many rows are not filled in."""
        return self.figures.unanswered

    @property
    def share(self) -> Decimal | None:
        """The printed score as a share of the area's points; rows not filled in earn nothing."""
        maximum = self.figures.max_points
        return self.figures.score / maximum if maximum else None

    @property
    def sum_of_first(self) -> Decimal:
        """Points of the first rows, which a page shows before the others."""
        return sum((row.points for row in self.rows[:FIRST_ROWS]), Decimal(0))

    @property
    def is_self_scored(self) -> bool:
        """Whether the unit scored itself; AKIP is scored by an evaluator alone."""
        return self.figures.sheet.edition.framework.slug not in EVALUATED

    @property
    def heaviest(self) -> str:
        """How much of what is not yet reached the first rows hold, as a heading."""
        first = min(len(self.rows), FIRST_ROWS)
        return ngettext(
            "%(number)d row holds %(some)s of %(all)s",
            "%(number)d rows hold %(some)s of %(all)s",
            first,
        ) % {
            "number": first,
            "some": decimals(self.sum_of_first, 1),
            "all": points(self.not_yet, 1),
        }

    @property
    def others(self) -> str:
        """What the other rows hold; empty where there is none."""
        number = len(self.rows) - FIRST_ROWS
        if number <= 0:
            return ""
        return ngettext(
            "%(number)d more row: %(some)s", "%(number)d more rows: %(some)s", number
        ) % {
            "number": number,
            "some": points(self.not_yet - self.sum_of_first, 1),
        }

    @property
    def worth(self) -> str:
        """What is not yet reached, and of what."""
        return _(
            "%(missing)s not yet reached: the LKE is worth %(reached)s of %(all)s today. These are "
            "points of this unit's LKE, not of the regency's RB index."
        ) % {
            "missing": points(self.not_yet, 2),
            "reached": decimals(self.figures.score, 2),
            "all": points(self.figures.max_points),
        }

    @property
    def missing_rows(self) -> str:
        """The rows that are not filled in, with the points that they may still add."""
        return ngettext(
            "Not filled in: %(rows)s row, at most %(more)s points more",
            "Not filled in: %(rows)s rows, at most %(more)s points more",
            self.blank,
        ) % {"rows": self.blank, "more": decimals(self.figures.ceiling - self.figures.score, 2)}


def assessed(
    unit: Unit, area: ChangeArea, edition: FrameworkEdition, period: int, *, with_rows: bool
) -> AssessedArea | None:
    """Read the area of the unit's sheet; None without a sheet.

    Single rows belong to the unit's own people and the programme's staff: ``with_rows`` says
    whether the reader is one of them.
    """
    scores = AreaScore.objects.filter(
        sheet__unit=unit, sheet__edition=edition, sheet__period=period, area=area
    )
    figures = scores.select_related("sheet").defer("sheet__reading").first()
    if figures is None:
        return None
    sheet = figures.sheet
    sheet.unit, sheet.edition = unit, edition
    if not with_rows:
        return AssessedArea(figures, ())
    linked = _read_outcomes(edition, area)
    written = (sheet.rev, sheet.recorded_at, edition.loaded_at)
    framework_file = edition_file(edition)
    rows = tuple(
        replace(row, outcomes=_join_outcomes(framework_file, row.code, linked))
        for row in _read_rows(sheet.pk, *written, area.slug, get_language() or "")
    )
    taught = {each.pk: each for some in linked.values() for each in some if not each.retired_at}
    ordered = sorted(taught.values(), key=lambda outcome: (outcome.order, outcome.slug))
    return AssessedArea(figures, rows, tuple(ordered))


def is_scored(edition: FrameworkEdition, area: ChangeArea) -> bool:
    """Whether a page on the area says anything of this edition."""
    return any(node.area == area.slug for node in edition_file(edition).scored)


def outcomes_of(edition: FrameworkEdition, areas: Iterable[str]) -> dict[str, list[Outcome]]:
    """Outcomes that bear on rows of the edition, by change area, in their own order."""
    links = OutcomeLink.objects.filter(
        node__edition=edition, node__area__in=list(areas), outcome__retired_at__isnull=True
    )
    ordered = links.select_related("outcome").order_by("outcome__order", "outcome__slug")
    by_area: dict[str, dict[int, Outcome]] = {}
    for link in ordered.annotate(area=F("node__area")):
        by_area.setdefault(link.area, {})[link.outcome_id] = link.outcome
    return {area: list(outcomes.values()) for area, outcomes in by_area.items()}


def outcomes_of_area(
    known: AssessedArea | None, area: ChangeArea, edition: FrameworkEdition
) -> tuple[Outcome, ...]:
    """What people can learn on one area; as already read, where the reader reads rows."""
    if known is not None and known.outcomes is not None:
        return known.outcomes
    return tuple(outcomes_of(edition, [area.slug]).get(area.slug, ()))


def outcomes_of_rows(
    edition: FrameworkEdition, area: ChangeArea, codes: Iterable[str]
) -> dict[str, tuple[Outcome, ...]]:
    """What people can learn that bears on each of these rows of the area."""
    framework_file = edition_file(edition)
    linked = _read_outcomes(edition, area)
    return {code: _join_outcomes(framework_file, code, linked) for code in codes}


@lru_cache(maxsize=MOST_AREAS)
def _read_rows(
    pk: int, _rev: int, _recorded_at: datetime, _loaded_at: datetime, area: str, _language: str
) -> tuple[SheetRow, ...]:
    """Scored rows of the area with points left, the heaviest first, then in the sheet's order.

    Read once for each revision of a sheet, wording of its edition, and language.
    """
    sheet = Sheet.objects.with_context().get(pk=pk)
    framework_file = edition_file(sheet.edition)
    scored = [node.code for node in framework_file.scored if node.area == area]
    scores = Score.objects.filter(sheet=sheet, node__code__in=scored, score__lt=F("max_points"))
    entries = rows_of(sheet, with_proofs=False)
    rows = []
    for score in scores.annotate(code=F("node__code")).order_by("node__position"):
        row = make_row(framework_file, framework_file.by_code[score.code], entries, score)
        counts = "; ".join(f"{name}: {number}" for name, number in row.counts if number)
        rows.append(
            SheetRow(
                code=row.code,
                wording=row.name,
                answer=row.answer or counts,
                rubric=next((text for _letter, text, is_own in row.rubric if is_own), ""),
                next_letter=_find_next(row.rubric),
                points=row.not_reached,
                maximum=row.maximum,
                is_blank=row.unanswered,
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.points))


def _find_next(rubric: tuple[tuple[str, str, bool], ...]) -> tuple[str, str]:
    """The letter before the row's own: rubrics begin with the best one."""
    for above, (_letter, _text, is_own) in pairwise(rubric):
        if is_own:
            return above[:2]
    return "", ""


def _read_outcomes(edition: FrameworkEdition, area: ChangeArea) -> dict[str, tuple[Outcome, ...]]:
    links = OutcomeLink.objects.filter(node__edition=edition, node__area=area)
    ordered = links.select_related("outcome").order_by("outcome__order")
    by_code: dict[str, tuple[Outcome, ...]] = {}
    for link in ordered.annotate(code=F("node__code")):
        by_code[link.code] = (*by_code.get(link.code, ()), link.outcome)
    return by_code


def _join_outcomes(
    framework_file: FrameworkFile, code: str, linked: dict[str, tuple[Outcome, ...]]
) -> tuple[Outcome, ...]:
    """Outcomes linked to the row or to a heading above it."""
    outcomes: dict[int, Outcome] = {}
    while code:
        outcomes |= {outcome.pk: outcome for outcome in linked.get(code, ())}
        code = framework_file.by_code[code].parent
    return tuple(outcomes.values())


WARN_SKIPPED = 0.10
"""Share of blanks above which the page says that understanding may be lower."""
FAR_APART = 1
"""Years between sheet and answers above which the page says so."""
MOST_DIGITS = 3
FIRST_ROWS = 6
MOST_QUIZZES = 4
"""Above so many further quizzes a unit is not told to reach an answer by quizzes (judged)."""


def write_share(share: float, line: float) -> str:
    """A share in hundredths, with the digits that keep it on its side of the line."""
    digits = 0
    while digits < MOST_DIGITS and (round(share * 100, digits) < line * 100) != (share < line):
        digits += 1
    return decimals(share * 100, digits)


def counts(shown: Shown) -> list[str]:
    """Who and what stands behind the figures; the full marks only from five people on."""
    if shown.is_hidden:
        return []
    if not shown.people:
        return [_("No person of this unit is registered in Klinik RB yet.")]
    if not shown.answers:
        return [
            ngettext(
                "The unit has %(number)d registered person; nobody has answered questions on this "
                "area yet.",
                "The unit has %(number)d registered people; nobody has answered questions on this "
                "area yet.",
                shown.people,
            )
            % {"number": shown.people}
        ]
    sentence = ngettext(
        "%(answers)d answer; of %(all)d registered in Klinik RB for this unit %(some)d answered",
        "%(answers)d answers; of %(all)d registered in Klinik RB for this unit %(some)d answered",
        shown.answers,
    ) % {"answers": shown.answers, "some": shown.answering, "all": shown.people}
    if shown.full is not None:
        full = _("%(number)d of the answers earned the full mark") % {"number": shown.full}
        sentence = f"{sentence}; {full}"
    room = ngettext(
        "%(number)d answer was given while an event was under way.",
        "%(number)d answers were given while an event was under way.",
        shown.in_room,
    ) % {"number": shown.in_room}
    return [f"{sentence}.", room] if shown.in_room else [f"{sentence}."]


def printed(assessed: AssessedArea) -> str:
    """What the sheet is worth as it is printed; rows not filled in earn nothing yet."""
    figures = assessed.figures
    sentence = _("The LKE reaches %(score)s of %(all)s (%(share)s).") % {
        "score": decimals(figures.score, 2),
        "all": points(figures.max_points, 2),
        "share": f"{write_share(float(assessed.share or 0), settings.KLINIK_WEAK_THRESHOLD)}%",
    }
    if not assessed.blank:
        return sentence
    blank = ngettext(
        "%(number)d row is not filled in and earns no point yet.",
        "%(number)d rows are not filled in and earn no point yet.",
        assessed.blank,
    ) % {"number": assessed.blank}
    return f"{sentence} {blank}"


def years_apart(shown: Shown, period: int) -> str:
    """A sentence where sheet and answers lie more than a year apart; else empty."""
    if shown.until is None or not shown.answers:
        return ""
    year = timezone.localtime(shown.until).year
    if abs(year - period) <= FAR_APART:
        return ""
    return _(
        "The LKE is of %(period)s, the answers were read in %(year)s. Much may have changed in "
        "between; read both together with care."
    ) % {"period": period, "year": year}


def explain_figures(shown: Shown, assessed: AssessedArea | None) -> list[str]:
    """How the two figures come about, and why one differs from what is printed."""
    sentences = []
    if shown.estimate is not None and shown.answers:
        sentences.append(
            _(
                "Of 100 questions of this area the unit's registered people would answer about "
                "%(mean)s right; the true value is likely between %(low)s and %(high)s (90 percent "
                "confidence). The estimate takes in how hard the questions are, lucky guesses, and "
                "what is known of other units and areas. So it can move a little when others "
                "answer."
            )
            % {
                "mean": decimals(shown.estimate * 100, 0),
                "low": decimals((shown.low or 0) * 100, 0),
                "high": decimals((shown.high or 0) * 100, 0),
            }
        )
    if shown.share is not None and assessed is not None and assessed.share is not None:
        sentences += _explain_practice(shown.share, assessed)
    return sentences


def _explain_practice(share: float, assessed: AssessedArea) -> list[str]:
    line = settings.KLINIK_WEAK_THRESHOLD
    shares = {
        "printed": f"{write_share(float(assessed.share or 0), line)}%",
        "share": f"{write_share(share, line)}%",
    }
    if shares["printed"] == shares["share"]:
        return []
    is_higher = share > float(assessed.share or 0)
    sentence = _("Practice is estimated at %(share)s, lower than the %(printed)s of the LKE.")
    if is_higher:
        sentence = _("Practice is estimated at %(share)s, higher than the %(printed)s of the LKE.")
    sentences = [sentence % shares]
    if is_higher and assessed.blank:
        sentences.append(
            ngettext(
                "%(number)d row not filled in counts as unknown in the estimate, as nothing in "
                "the LKE.",
                "%(number)d rows not filled in count as unknown in the estimate, as nothing in "
                "the LKE.",
                assessed.blank,
            )
            % {"number": assessed.blank}
        )
    if not is_higher and assessed.is_self_scored:
        sentences.append(
            _(
                "Self-assessments tend to be higher than reviews, so the estimate corrects by what "
                "reviewers of all units found."
            )
        )
    sentences.append(_("It also moves towards the mean of all units, the less one sheet tells."))
    return sentences


def what_would_tell(reason: Reason, shown: Shown, quizzes: Iterable[OpenQuiz], area: str) -> str:
    """What would make an unknown known, in people and quizzes that exist."""
    if reason.cause in {Cause.NO_ANSWERS.value, Cause.KNOWING_NOT_DECIDED.value}:
        return _count_on_quizzes(reason, shown, [quiz.questions.get(area, 0) for quiz in quizzes])
    if reason.cause == Cause.SHEET_INCOMPLETE.value:
        return _(
            "The LKE is filled in for %(share)s of its points. A finding can be named once the "
            "blank rows are filled in."
        ) % {"share": percent(reason.coverage)}
    return {
        Cause.NO_POOL.value: _("There are no questions on this area yet."),
        Cause.NO_SHEET.value: _("There is no LKE of this year yet. Upload it."),
        Cause.DOING_NOT_DECIDED.value: _(
            "The estimated practice lies close to the line. A finding can be named once the proof "
            "is reviewed."
        ),
        Cause.SIDES_DIFFER.value: _(
            "The score of the LKE and the estimated practice lie on different sides of the line, "
            "so no word is named. A finding can be named once the proof is reviewed."
        ),
    }[reason.cause]


def _count_on_quizzes(reason: Reason, shown: Shown, open_now: list[int]) -> str:
    sentence = _("Nobody has answered yet.") if not shown.answers else ""
    if not shown.people:
        more = _("First register the unit's people, so that they can take a quiz.")
    elif reason.more_answers is None:
        more = _advise_talk(shown)
    else:
        more = _say_how_many(reason.more_answers, shown, open_now)
    return f"{sentence} {more}".strip()


def _say_how_many(number: int, shown: Shown, open_now: list[int]) -> str:
    """How many quizzes by how many people; as they were so far where none is open."""
    usual = round(shown.answers / shown.answering) if shown.answering else 0
    each = max([*open_now, 0]) or usual
    needed = ngettext(
        "About %(number)d more answer is needed to name a finding",
        "About %(number)d more answers are needed to name a finding",
        number,
    ) % {"number": number}
    if not each:
        return _("%(needed)s; no quiz on this area is open.") % {"needed": needed}
    quizzes = math.ceil(number / (shown.people * each))
    if quizzes > MOST_QUIZZES:
        return f"{needed}. {_advise_talk(shown)}"
    people = math.ceil(number / (quizzes * each))
    rounds = ngettext("%(number)d quiz", "%(number)d quizzes", quizzes) % {"number": quizzes}
    takers = ngettext("%(number)d person", "%(number)d people", people) % {"number": people}
    return _("%(needed)s: about %(quizzes)s taken by %(people)s.") % {
        "needed": needed,
        "quizzes": rounds,
        "people": takers,
    }


def _advise_talk(shown: Shown) -> str:
    return ngettext(
        "With the %(number)d person registered for this unit, quizzes alone may not be enough "
        "to name a finding; a talk with the unit explains more.",
        "With the %(number)d people registered for this unit, quizzes alone may not be enough "
        "to name a finding; a talk with the unit explains more.",
        shown.people,
    ) % {"number": shown.people}


def warning(shown: Shown) -> str:
    """A sentence where many questions were left out; else empty."""
    asked = shown.answers + shown.skipped
    skipped = shown.skipped / asked if asked else 0
    if skipped <= WARN_SKIPPED:
        return ""
    return _("%(share)s of the questions have no answer: understanding may be lower.") % {
        "share": percent(skipped)
    }
