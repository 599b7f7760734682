"""The unit's profile: what is known, what is weak, what is not known yet, and what comes next.

Where nobody has answered, or the reader reads no finding of the unit, the sheet's side stands
alone: points by change area, and what the sheet lacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import distance
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import AreaScore, ChangeArea, FrameworkEdition, Outcome, Sheet
from clinic.assessments.report_page import Goal, goals_of
from clinic.assessments.sheets import rows_of
from clinic.assessments.workbook.report import distance_as_plain, threshold_as_plain
from clinic.insights import evidence, explaining, reading, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.evidence import Module, OpenEvent, OpenQuiz
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import day, decimals, points
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


def blocks(content: Profile) -> list[dict[str, Any]]:
    """The four blocks as ``components/unit_profile.html`` draws them."""
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
            "lines": [_draw_weak(line) for line in content.weak],
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
            "lines": [step(line) for line in content.steps],
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
    drawn = {
        "text": _("%(verb)s: %(area)s") % {"verb": wording.VERBS[word], "area": line.area},
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
        "hint": _("Module: %(title)s") % {"title": line.module.title},
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
    reads_findings: bool,
) -> list[dict[str, Any]]:
    """Return the four blocks of a profile: score by area, weak, unknown, next steps.

    Args:
        sheet: None where the unit has none.
        scores: what it is worth by change area.
        sheet_address: where its rows are read, or where one is uploaded.
        reads_findings: whether the reader may learn what people answered; an operator does not.
    """
    weak = sorted(scores, key=lambda score: -score.not_yet_reached)
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
            "lines": [
                _draw_missing(score, sheet_address) for score in weak if score.not_yet_reached > 0
            ],
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
            "lines": _draw_steps(sheet, sheet_address),
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


def _draw_steps(sheet: Sheet | None, sheet_address: str) -> list[dict[str, str]]:
    if sheet is None:
        return [{"text": _("Upload an LKE"), "url": sheet_address}]
    steps = [
        {"text": _("Add links to proof"), "url": f"{sheet_address}?saring=tanpa-bukti"},
        {
            "text": _("Look at the rows below their maximum"),
            "url": f"{sheet_address}?saring=belum-diraih",
        },
    ]
    if sheet.unanswered:
        missing = {"text": _("Fill in the missing rows"), "url": f"{sheet_address}?saring=kosong"}
        steps.insert(0, missing)
    return steps


def goals_of_sheet(sheet: Sheet) -> tuple[tuple[Goal, ...], SafeString]:
    """Hold a recorded sheet against every test of its edition; nothing is declared yet.

    The goals come with their drawing, which is long and the same for every reader.
    """
    written = (sheet.rev, sheet.recorded_at, sheet.edition.loaded_at)
    return _draw_goals(sheet.pk, *written, get_language() or "")


@lru_cache(maxsize=MOST_GOALS)
def _draw_goals(
    pk: int, _rev: int, _recorded_at: datetime, _loaded_at: datetime, _language: str
) -> tuple[tuple[Goal, ...], SafeString]:
    """Once for each revision of a sheet, wording of its edition, and language."""
    sheet = Sheet.objects.with_context().get(pk=pk)
    framework = edition_file(sheet.edition)
    rows = rows_of(sheet, with_proofs=False)
    score = score_sheet(framework, {code: row.value for code, row in rows.items()})
    goals = goals_of(
        framework,
        thresholds=[threshold_as_plain(framework, test.id) for test in framework.thresholds],
        distances={
            test.id.casefold(): distance_as_plain(distance(framework, score, test.id))
            for test in framework.thresholds
        },
    )
    return tuple(goals), render_to_string("assessments/_tests.html", {"tests": goals})
