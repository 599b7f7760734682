"""The unit's profile: what is known, what is weak, what is not known yet, and what comes next.

Where nobody has answered, or the reader reads no finding of the unit, the sheet's side stands
alone: points by change area, and what the sheet lacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.db.models import Count, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.conditions import judge
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.assessments.conditions import stated_values, version_for
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Outcome,
    Proof,
    Score,
    Sheet,
)
from clinic.assessments.report_page import Goal, goals_of, join_goals
from clinic.assessments.sheets import rows_of
from clinic.assessments.workbook.report import distance_as_plain, threshold_as_plain
from clinic.insights import evidence, explaining, reading, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.evidence import Module, OpenEvent, OpenQuiz
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import day, decimals, minutes, points
from clinic.people.models import Account, Unit

MOST_STEPS = 3
MOST_GOALS = 256
Outcomes = tuple[Outcome, ...]
WEAK = (Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value, Word.HIDDEN_RISK.value)


@dataclass(frozen=True)
class ProfileLine:
    """One area of the profile, with everything that a line or a step says of it.

    Attributes:
        quizzes: those that people of the unit can take now and that ask about the area.
        rows: address of the sheet, for who may read its rows; else empty.
        modules: by the slug of the outcome that they serve.
    """

    area: ChangeArea
    shown: Shown
    points: Decimal | None
    url: str
    outcomes: tuple[Outcome, ...] = ()
    module: Module | None = None
    event: OpenEvent | None = None
    quizzes: tuple[OpenQuiz, ...] = ()
    rows: str = ""
    modules: Mapping[str, Module] = field(default_factory=dict)

    @property
    def weight(self) -> Decimal:
        """Points not yet reached; nothing without a sheet."""
        return self.points or Decimal(0)

    @property
    def is_undecided(self) -> bool:
        """Unknown or hidden: there is no word to act on."""
        return self.shown.is_hidden or self.shown.word == Word.UNKNOWN.value


@dataclass(frozen=True)
class Profile:
    """The four blocks, each a list in the order in which it is read."""

    known: list[ProfileLine] = field(default_factory=list)
    weak: list[ProfileLine] = field(default_factory=list)
    unknown: list[ProfileLine] = field(default_factory=list)
    steps: list[ProfileLine] = field(default_factory=list)

    @property
    def cells(self) -> list[tuple[ChangeArea, Shown]]:
        """Every area with what the reader may see of it, in display order."""
        lines = sorted([*self.known, *self.weak, *self.unknown], key=lambda line: line.area.order)
        return [(line.area, line.shown) for line in lines]

    @property
    def is_silent(self) -> bool:
        """Whether nobody has answered anything: the sheet is all there is to say."""
        answered = [line for line in self.unknown if line.shown.is_hidden or line.shown.answers]
        return not (self.known or self.weak or answered)


def profile_url(unit: Unit) -> str:
    """The address of a unit's profile."""
    return reverse("unit_profile", kwargs={"slug": unit.slug})


def finding_url(unit: Unit, area: str, *, edition: FrameworkEdition, period: int) -> str:
    """The page "why?" of a cell."""
    cell = {"unit": unit.slug, "area": area, "edition": edition.slug, "period": str(period)}
    return reverse("finding", kwargs=cell)


def profile(
    actor: Account, sheet: Sheet, scores: Sequence[AreaScore], *, rows: str = ""
) -> Profile | None:
    """Sort the areas of a unit's sheet; None for who reads no finding of the unit.

    Outcomes and modules are looked up for areas to learn, quizzes where answers are missing.

    Args:
        actor: the reader.
        sheet: with its unit and edition.
        scores: what the sheet is worth by change area.
        rows: address of the sheet for who reads its rows; else empty.
    """
    unit, edition, period = sheet.unit, sheet.edition, sheet.period
    if reading.audience_of(actor, unit) is None:
        return None
    seen = reading.cells(actor, [unit], edition=edition, period=period)
    if not seen:
        return Profile()
    slugs = [area for _unit, area in seen]
    areas = {score.area_id: score.area for score in scores}
    areas |= ChangeArea.objects.in_bulk([slug for slug in slugs if slug not in areas])
    missing = {score.area_id: score.not_yet_reached for score in scores}
    to_learn = [
        slug for (_unit, slug), shown in seen.items() if shown.tag == Word.KNOWLEDGE_GAP.value
    ]
    outcomes = explaining.outcomes_of(edition, to_learn) if to_learn else {}
    modules = evidence.modules_for(each.slug for some in outcomes.values() for each in some)
    now = timezone.now()
    events = evidence.open_events(unit, now)
    is_open = any(shown.tag == Word.UNKNOWN.value for shown in seen.values())
    quizzes = evidence.open_quizzes(unit, actor, now) if is_open else []
    lines = [
        ProfileLine(
            area=areas[slug],
            shown=shown,
            points=missing.get(slug),
            url=finding_url(unit, slug, edition=edition, period=period),
            outcomes=tuple(outcomes.get(slug, ())),
            module=_find_module(outcomes.get(slug, ()), modules),
            event=fitting(events, slug, is_named=shown.tag in WEAK),
            quizzes=tuple(quiz for quiz in quizzes if slug in quiz.questions),
            rows=rows,
        )
        for (_unit, slug), shown in seen.items()
    ]
    return in_blocks(sorted(lines, key=lambda line: (-line.weight, line.area.order)))


def in_blocks(lines: list[ProfileLine]) -> Profile:
    """Sort lines, given by points not yet reached, into the four blocks.

    An area without points left to reach is never called weak, whatever is to be verified there.
    At most three steps: weak areas first, then known ones to verify, then unknown ones; the last
    one is the unknown area with most points, where it has more than what would stand there.
    """
    unknown = [line for line in lines if line.is_undecided]
    pending = [line for line in lines if not line.is_undecided and line.shown.word in WEAK]
    weak = [line for line in pending if line.weight > 0]
    known = [line for line in lines if line not in weak and line not in unknown]
    unproven = [line for line in pending if line not in weak]
    steps = [*weak, *unproven, *unknown][:MOST_STEPS]
    heaviest = max(unknown, key=lambda line: line.weight, default=None)
    if heaviest is not None and heaviest not in steps and heaviest.weight > steps[-1].weight:
        steps[-1] = heaviest
    return Profile(known, weak, unknown, steps)


def line(
    actor: Account, unit: Unit, area: ChangeArea, shown: Shown, *, rows: str, outcomes: Outcomes
) -> ProfileLine:
    """The line of one cell, with what its page says of it.

    Quizzes are looked up only where answers are what is missing.

    Args:
        actor: the reader.
        unit: whose cell it is.
        area: the cell's change area.
        shown: what the reader may see of it.
        rows: address of the sheet for who reads its rows; else empty.
        outcomes: what people can learn on the area.
    """
    now = timezone.now()
    modules = evidence.modules_for(outcome.slug for outcome in outcomes)
    is_open = shown.tag == Word.UNKNOWN.value
    quizzes = evidence.open_quizzes(unit, actor, now) if is_open else []
    return ProfileLine(
        area=area,
        shown=shown,
        points=None,
        url="",
        outcomes=outcomes,
        module=_find_module(outcomes, modules),
        event=fitting(evidence.open_events(unit, now), area.slug, is_named=shown.tag in WEAK),
        quizzes=tuple(quiz for quiz in quizzes if area.slug in quiz.questions),
        rows=rows,
        modules=modules,
    )


def _find_module(outcomes: Iterable[Outcome], modules: Mapping[str, Module]) -> Module | None:
    """The module of the first outcome that has one."""
    return next((modules[each.slug] for each in outcomes if each.slug in modules), None)


def fitting(events: Iterable[OpenEvent], area: str, *, is_named: bool) -> OpenEvent | None:
    """The next event whose quizzes ask about the area.

    Where people are to learn or to be coached (``is_named``) an event without a quiz may fit too;
    one that asks about other areas alone never does.
    """
    listed = list(events)
    covering = [each for each in listed if area in each.areas]
    general = [each for each in listed if not each.areas] if is_named else []
    return next(iter([*covering, *general]), None)


@dataclass(frozen=True)
class SheetGaps:
    """What a sheet lacks that its operator can fill at the desk: answers, and links to proof.

    Attributes:
        blank_points: at most, if every row not filled in were answered in full.
        unproven: rows that earn points and name no link; ``unproven_points`` are what they earn.
        outside_points: not yet reached on rows of no change area, such as surveys.
    """

    blank: int
    blank_points: Decimal
    unproven: int
    unproven_points: Decimal
    outside_points: Decimal


def gaps_of_sheet(sheet: Sheet, scores: Iterable[AreaScore]) -> SheetGaps:
    """Count what a sheet lacks; ``scores`` are its points by change area."""
    unproven, unproven_points = _count_unproven(
        sheet.pk, sheet.rev, sheet.recorded_at, sheet.edition.loaded_at
    )
    in_areas = sum((score.not_yet_reached for score in scores), Decimal(0))
    return SheetGaps(
        blank=sheet.unanswered,
        blank_points=sheet.ceiling - sheet.total,
        unproven=unproven,
        unproven_points=unproven_points,
        outside_points=sheet.max_points - sheet.total - in_areas,
    )


@lru_cache(maxsize=MOST_GOALS)
def _count_unproven(
    pk: int, _rev: int, _recorded_at: datetime, _loaded_at: datetime
) -> tuple[int, Decimal]:
    """Count once for each revision of a sheet, as its page filters "without a link to proof"."""
    sheet = Sheet.objects.with_context().get(pk=pk)
    codes = [node.code for node in edition_file(sheet.edition).scored]
    earned = Score.objects.filter(sheet=sheet, node__code__in=codes, score__gt=0)
    linked = Proof.objects.filter(sheet=sheet).exclude(link="")
    found = earned.exclude(node__in=linked.values("node")).aggregate(
        rows=Count("pk"), points=Sum("score")
    )
    return found["rows"], found["points"] or Decimal(0)


def sheet_steps(gaps: SheetGaps, rows: str) -> list[dict[str, Any]]:
    """What can be done in the sheet itself, with its points; ``rows`` is the sheet's address."""
    steps = []
    if gaps.blank:
        text = ngettext(
            "Fill in %(number)d row: up to %(points)s more",
            "Fill in %(number)d rows: up to %(points)s more",
            gaps.blank,
        ) % {"number": gaps.blank, "points": points(gaps.blank_points, 1)}
        steps.append({"text": text, "url": f"{rows}?saring=kosong"})
    if gaps.unproven:
        text = ngettext(
            "Link the proof of %(number)d row: %(points)s rest on it",
            "Link the proof of %(number)d rows: %(points)s rest on them",
            gaps.unproven,
        ) % {"number": gaps.unproven, "points": points(gaps.unproven_points, 1)}
        steps.append({"text": text, "url": f"{rows}?saring=tanpa-bukti"})
    return [{**each, "hint": _("By the operator of the LKE")} for each in steps]


def _draw_outside(gaps: SheetGaps, rows: str) -> dict[str, Any]:
    text = _("Outside the change areas (surveys and performance): %(points)s not yet reached") % {
        "points": points(gaps.outside_points, 1)
    }
    return {"text": text, "url": f"{rows}?saring=belum-diraih" if rows else ""}


def blocks(content: Profile, gaps: SheetGaps | None = None, rows: str = "") -> list[dict[str, Any]]:
    """The four blocks as ``components/unit_profile.html`` draws them.

    What the sheet lacks stands before what people are to learn: it can be done this week.

    Args:
        content: the areas.
        gaps: what the sheet lacks; None where there is none.
        rows: address of the sheet for who reads its rows; else empty.
    """
    weak = [(line.weight, _draw_weak(line)) for line in content.weak]
    if gaps and gaps.outside_points > 0:
        weak.append((gaps.outside_points, _draw_outside(gaps, rows)))
    weak.sort(key=itemgetter(0), reverse=True)
    in_sheet = sheet_steps(gaps, rows) if gaps and rows else []
    return [
        {
            "id": "yang-diketahui",
            "title": _("What is known"),
            "lines": [_draw_known(line) for line in content.known],
            "empty": _("No area is known to be sound yet."),
        },
        {
            "id": "yang-lemah",
            "title": _("What is weak"),
            "lines": [drawn for _weight, drawn in weak],
            "empty": _("No area is known to be weak."),
        },
        {
            "id": "yang-belum-diketahui",
            "title": _("What is not known yet"),
            "lines": [
                {**_draw_line(line), "text": str(line.area), "hint": " ".join(make_hints(line))}
                for line in content.unknown
            ],
            "empty": _("Every area has a finding."),
        },
        {
            "id": "langkah-berikut",
            "title": _("Next steps"),
            "lines": [*in_sheet, *(step(line) for line in content.steps)][:MOST_STEPS],
            "empty": _("There is no step to take now."),
        },
    ]


def _draw_known(line: ProfileLine) -> dict[str, Any]:
    hints = [wording.basis(line.shown)]
    if wording.is_calm(line.shown, line.weight):
        hints.append(_("Every point is reached here; the unit only has to check the proof."))
    return {**_draw_line(line), "text": str(line.area), "hint": ". ".join(hints)}


def _draw_weak(line: ProfileLine) -> dict[str, Any]:
    text = str(line.area)
    if line.points is not None:
        text = _("%(area)s: %(points)s not yet reached") % {
            "area": line.area,
            "points": points(line.points),
        }
    return {**_draw_line(line), "text": text, "hint": wording.basis(line.shown)}


def make_hints(line: ProfileLine) -> list[str]:
    """What would make the area known, a sentence for each reason."""
    return [
        explaining.what_would_tell(reason, line.shown, line.quizzes, line.area.slug)
        for reason in line.shown.reasons
    ]


def step(line: ProfileLine) -> dict[str, Any]:
    """A verb with its area, where it leads, and the next event that fits.

    People learn in a module, proof is verified in the sheet's rows without one, and what is unknown
    becomes known by a quiz that is open.
    """
    word = Word.UNKNOWN.value if line.is_undecided else line.shown.word
    text = _("%(verb)s: %(area)s") % {"verb": wording.VERBS[word], "area": line.area}
    if line.weight > 0:
        text = _("%(step)s (%(points)s not yet reached)") % {
            "step": text,
            "points": points(line.weight, 1),
        }
    drawn = {
        "text": text,
        "url": line.url,
        "event": _draw_event(line.event) if line.event else None,
    }
    describe = _STEPS.get(word)
    return {**drawn, **(describe(line) if describe else {})}


def _learn(line: ProfileLine) -> dict[str, Any]:
    if line.module is None:
        return {"hint": "; ".join(str(outcome) for outcome in line.outcomes[:2])}
    return {
        "url": reverse("module", kwargs={"slug": line.module.slug}),
        "hint": _("Module: %(title)s, %(minutes)s")
        % {"title": line.module.title, "minutes": minutes(line.module.minutes)},
    }


def _coach(_line: ProfileLine) -> dict[str, Any]:
    return {"hint": _("Suggested: the Sekretariat RB plans coaching for this unit.")}


def _verify(line: ProfileLine) -> dict[str, Any]:
    if not line.rows:
        return {"hint": _("Suggested: the unit checks the rows of its LKE against their proof.")}
    return {
        "url": f"{line.rows}?saring=tanpa-bukti",
        "hint": _("See the rows of the LKE that have no link to proof yet."),
    }


def _complete(line: ProfileLine) -> dict[str, Any]:
    """The open quiz of the area; a reader who does not take it reads its name."""
    if line.shown.is_hidden or not line.quizzes:
        return {}
    quiz = line.quizzes[0]
    hint = {"hint": _("Open quiz: %(title)s") % {"title": quiz.title}}
    if quiz.is_readers:
        return {**hint, "url": reverse("quiz_start", kwargs={"slug": quiz.slug})}
    return hint


_STEPS = {
    Word.KNOWLEDGE_GAP.value: _learn,
    Word.PRACTICE_GAP.value: _coach,
    Word.HIDDEN_RISK.value: _verify,
    Word.UNKNOWN.value: _complete,
}


def _draw_event(event: OpenEvent) -> dict[str, str]:
    """The event with its day, leading to its page."""
    named = {"title": event.title, "day": day(event.day)}
    return {
        "text": _("Event: %(title)s, %(day)s") % named,
        "url": reverse("event", kwargs={"code": event.code}),
    }


def _draw_line(line: ProfileLine) -> dict[str, Any]:
    return {
        "url": line.url,
        "diagnosis": line.shown.tag,
        "cause": wording.cause_of(line.shown),
    }


def blocks_of_sheet(
    sheet: Sheet | None,
    scores: Sequence[AreaScore],
    sheet_address: str,
    *,
    gaps: SheetGaps | None,
    reads_findings: bool,
) -> list[dict[str, Any]]:
    """Return the four blocks of a profile: score by area, weak, unknown, next steps.

    Args:
        sheet: None where the unit has none.
        scores: what it is worth by change area.
        sheet_address: where its rows are read, or where one is uploaded.
        gaps: what the sheet lacks; None where there is none.
        reads_findings: whether the reader may learn what people answered; an operator does not.
    """
    weak = [
        (score.not_yet_reached, _draw_missing(score, sheet_address))
        for score in scores
        if score.not_yet_reached > 0
    ]
    if gaps and gaps.outside_points > 0:
        weak.append((gaps.outside_points, _draw_outside(gaps, sheet_address)))
    weak.sort(key=itemgetter(0), reverse=True)
    return [
        {
            "id": "yang-diketahui",
            "title": _("LKE score by change area"),
            "lines": [_draw_score(score) for score in scores],
            "empty": _("There is no LKE yet."),
        },
        {
            "id": "yang-lemah",
            "title": _("What is weak, by points"),
            "lines": [drawn for _points, drawn in weak],
            "empty": _("Nothing is known to be weak."),
        },
        {
            "id": "yang-belum-diketahui",
            "title": _("What is not known yet"),
            "lines": _draw_unanswered(sheet, scores) if reads_findings else [],
            "empty": _("Quiz results are not shown for your role."),
        },
        {
            "id": "langkah-berikut",
            "title": _("Next steps"),
            "lines": _draw_steps(sheet, gaps, sheet_address),
            "empty": _("Nothing is left to do in the sheet."),
        },
    ]


def _draw_unanswered(sheet: Sheet | None, scores: Sequence[AreaScore]) -> list[dict[str, Any]]:
    """The areas that the sheet's framework assesses; every area where there is no sheet."""
    areas = [score.area for score in scores] if sheet else ChangeArea.objects.all()
    cause = _("no quiz yet") if sheet else _("no LKE yet")
    return [{"text": str(area), "diagnosis": "unknown", "cause": cause} for area in areas]


def _draw_score(score: AreaScore) -> dict[str, Any]:
    text = _("%(area)s: %(score)s of %(points)s") % {
        "area": score.area,
        "score": decimals(score.score, 2),
        "points": points(score.max_points, 2),
    }
    return {"text": text}


def _draw_missing(score: AreaScore, sheet_address: str) -> dict[str, Any]:
    text = _("%(area)s: %(points)s not yet reached") % {
        "area": score.area,
        "points": points(score.not_yet_reached, 1),
    }
    hint = ngettext(
        "%(rows)s row not filled in", "%(rows)s rows not filled in", score.unanswered
    ) % {"rows": score.unanswered}
    return {
        "text": text,
        "url": f"{sheet_address}?saring=belum-diraih",
        "hint": hint if score.unanswered else "",
    }


def _draw_steps(
    sheet: Sheet | None, gaps: SheetGaps | None, sheet_address: str
) -> list[dict[str, Any]]:
    if sheet is None or gaps is None:
        return [{"text": _("Upload an LKE"), "url": sheet_address}]
    below = {
        "text": _("Look at the rows below their maximum: %(points)s not yet reached")
        % {"points": points(sheet.max_points - sheet.total, 1)},
        "url": f"{sheet_address}?saring=belum-diraih",
    }
    return [*sheet_steps(gaps, sheet_address), below]


def goals_of_sheet(sheet: Sheet) -> tuple[tuple[Goal, ...], SafeString]:
    """Hold a recorded sheet against every test of its edition, with what has been stated.

    The goals come with their drawing, which is long and the same for every reader.
    """
    written = (sheet.rev, sheet.recorded_at, sheet.edition.loaded_at)
    stated = tuple(sorted(stated_values(sheet.unit, sheet.period).items()))
    return _draw_goals(sheet.pk, *written, stated, get_language() or "")


@lru_cache(maxsize=MOST_GOALS)
def _draw_goals(
    pk: int,
    _rev: int,
    _recorded_at: datetime,
    _loaded_at: datetime,
    stated: tuple[tuple[str, str], ...],
    _language: str,
) -> tuple[tuple[Goal, ...], SafeString]:
    """Once for each revision of a sheet, wording of its edition, statements, and language."""
    sheet = Sheet.objects.with_context().get(pk=pk)
    framework = edition_file(sheet.edition)
    rows = rows_of(sheet, with_proofs=False)
    score = score_sheet(framework, {code: row.value for code, row in rows.items()})
    version = version_for(sheet.period)
    goals = goals_of(
        framework,
        thresholds=[threshold_as_plain(framework, test.id) for test in framework.thresholds],
        distances={
            test.id.casefold(): distance_as_plain(
                distance(framework, score, test.id, judge(version, test.id, dict(stated)))
            )
            for test in framework.thresholds
        },
    )
    return tuple(goals), render_to_string(
        "assessments/_tests.html", {"tests": goals, "goal_lines": join_goals(goals)}
    )
