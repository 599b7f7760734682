"""The unit's profile: what is known, what is weak, what is not known yet, and what comes next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.models import AreaScore, ChangeArea, FrameworkEdition, Outcome
from clinic.insights import evidence, explaining, reading, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.evidence import Module, OpenEvent, OpenQuiz
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import day
from clinic.lib.templatetags.ui import points as in_points
from clinic.people.models import Account, Unit

MOST_STEPS = 3
Outcomes = tuple[Outcome, ...]
WEAK = (Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value, Word.HIDDEN_RISK.value)


@dataclass(frozen=True)
class Line:
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

    known: list[Line] = field(default_factory=list)
    weak: list[Line] = field(default_factory=list)
    unknown: list[Line] = field(default_factory=list)
    steps: list[Line] = field(default_factory=list)

    @property
    def cells(self) -> list[tuple[ChangeArea, Shown]]:
        """Every area with what the reader may see of it, in display order."""
        lines = sorted([*self.known, *self.weak, *self.unknown], key=lambda line: line.area.order)
        return [(line.area, line.shown) for line in lines]

    @property
    def is_silent(self) -> bool:
        """Whether nobody has answered anything: the sheet is all there is to say."""
        told = [line for line in self.unknown if line.shown.is_hidden or line.shown.answers]
        return not (self.known or self.weak or told)


def profile(
    actor: Account, unit: Unit, *, edition: FrameworkEdition, period: int, rows: str = ""
) -> Profile | None:
    """Sort the areas of one edition and year; None for who reads no finding of the unit.

    Args:
        actor: the reader.
        unit: whose profile it is.
        edition: framework edition of the page.
        period: year of the page.
        rows: address of the sheet for who reads its rows; else empty.
    """
    if reading.audience_of(actor, unit) is None:
        return None
    lines = _lines(actor, unit, edition, period)
    return in_blocks([replace(line, rows=rows) for line in lines])


def in_blocks(lines: list[Line]) -> Profile:
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
    return Profile(known, weak, unknown, _steps([*weak, *unproven], unknown))


def _steps(named: list[Line], unknown: list[Line]) -> list[Line]:
    steps = [*named, *unknown][:MOST_STEPS]
    heaviest = max(unknown, key=lambda line: line.weight, default=None)
    if heaviest is not None and heaviest not in steps and heaviest.weight > steps[-1].weight:
        steps[-1] = heaviest
    return steps


def _lines(actor: Account, unit: Unit, edition: FrameworkEdition, period: int) -> list[Line]:
    """A line for each area, by points not yet reached, then in display order."""
    seen = reading.cells(actor, [unit], edition=edition, period=period)
    slugs = [area for _unit, area in seen]
    areas = ChangeArea.objects.in_bulk(slugs)
    points = _points(unit, edition, period)
    outcomes = explaining.outcomes_of(edition, slugs)
    modules = evidence.modules_for(each.slug for some in outcomes.values() for each in some)
    now = timezone.now()
    events = evidence.open_events(unit, now)
    quizzes = evidence.open_quizzes(unit, actor, now)
    lines = [
        Line(
            area=areas[slug],
            shown=shown,
            points=points.get(slug),
            url=address(unit, slug, edition=edition, period=period),
            outcomes=tuple(outcomes.get(slug, ())),
            module=_module(outcomes.get(slug, ()), modules),
            event=fitting(events, slug, is_named=shown.tag in WEAK),
            quizzes=tuple(quiz for quiz in quizzes if slug in quiz.questions),
        )
        for (_unit, slug), shown in seen.items()
    ]
    return sorted(lines, key=lambda line: (-line.weight, line.area.order))


def line(
    actor: Account, unit: Unit, area: ChangeArea, shown: Shown, *, rows: str, outcomes: Outcomes
) -> Line:
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
    return Line(
        area=area,
        shown=shown,
        points=None,
        url="",
        outcomes=outcomes,
        module=_module(outcomes, modules),
        event=fitting(evidence.open_events(unit, now), area.slug, is_named=shown.tag in WEAK),
        quizzes=tuple(quiz for quiz in quizzes if area.slug in quiz.questions),
        rows=rows,
        modules=modules,
    )


def _module(outcomes: Iterable[Outcome], modules: Mapping[str, Module]) -> Module | None:
    """The module of the first outcome that has one."""
    return next((modules[each.slug] for each in outcomes if each.slug in modules), None)


def fitting(events: Iterable[OpenEvent], area: str, *, is_named: bool) -> OpenEvent | None:
    """The next event whose quizzes ask about the area.

    Where people are to learn or to be coached (``is_named``) an event without a quiz may fit too;
    one that asks about other areas alone never does.
    """
    listed = list(events)
    covering = [each for each in listed if area in each.areas]
    untold = [each for each in listed if not each.areas] if is_named else []
    return next(iter([*covering, *untold]), None)


def _points(unit: Unit, edition: FrameworkEdition, period: int) -> dict[str, Decimal]:
    scores = AreaScore.objects.filter(
        sheet__unit=unit, sheet__edition=edition, sheet__period=period
    )
    return {score.area_id: score.not_yet_reached for score in scores}


def address(unit: Unit, area: str, *, edition: FrameworkEdition, period: int) -> str:
    """The page "why?" of a cell."""
    cell = {"unit": unit.slug, "area": area, "edition": edition.slug, "period": str(period)}
    return reverse("finding", kwargs=cell)


def blocks(found: Profile) -> list[dict[str, Any]]:
    """The four blocks as ``components/unit_profile.html`` draws them."""
    return [
        {
            "id": "yang-diketahui",
            "title": _("What is known"),
            "lines": [_known(line) for line in found.known],
            "empty": _("No area is known to be sound yet."),
        },
        {
            "id": "yang-lemah",
            "title": _("What is weak"),
            "lines": [_weak(line) for line in found.weak],
            "empty": _("No area is known to be weak."),
        },
        {
            "id": "yang-belum-diketahui",
            "title": _("What is not known yet"),
            "lines": [_unknown(line) for line in found.unknown],
            "empty": _("Every area has a finding."),
        },
        {
            "id": "langkah-berikut",
            "title": _("Next steps"),
            "lines": [step(line) for line in found.steps],
            "empty": _("There is no step to take now."),
        },
    ]


def _known(line: Line) -> dict[str, Any]:
    said = [wording.basis(line.shown)]
    if wording.is_calm(line.shown, line.weight):
        said.append(_("Every point is reached here; the unit only has to match the proof."))
    return {**_line(line), "text": str(line.area), "hint": ". ".join(said)}


def _weak(line: Line) -> dict[str, Any]:
    text = str(line.area)
    if line.points is not None:
        text = _("%(area)s: %(points)s not yet reached") % {
            "area": line.area,
            "points": in_points(line.points),
        }
    return {**_line(line), "text": text, "hint": wording.basis(line.shown)}


def _unknown(line: Line) -> dict[str, Any]:
    return {**_line(line), "text": str(line.area), "hint": " ".join(telling(line))}


def telling(line: Line) -> list[str]:
    """What would make the area known, a sentence for each reason."""
    return [
        explaining.what_would_tell(reason, line.shown, line.quizzes, line.area.slug)
        for reason in line.shown.reasons
    ]


def step(line: Line) -> dict[str, Any]:
    """A verb with its area, where it leads, and the next event that fits.

    People learn in a module, proof is verified in the sheet's rows without one, and what is unknown
    is told by a quiz that is open.
    """
    word = Word.UNKNOWN.value if line.is_undecided else line.shown.word
    taken = {
        "text": _("%(verb)s: %(area)s") % {"verb": wording.VERBS[word], "area": line.area},
        "url": line.url,
        "event": _event(line.event) if line.event else None,
    }
    return {**taken, **_WAYS.get(word, _nothing)(line)}


def _nothing(_line: Line) -> dict[str, Any]:
    return {}


def _learn(line: Line) -> dict[str, Any]:
    if line.module is None:
        return {"hint": "; ".join(str(outcome) for outcome in line.outcomes[:2])}
    return {
        "url": reverse("module", kwargs={"slug": line.module.slug}),
        "hint": _("Module: %(title)s") % {"title": line.module.title},
    }


def _coach(_line: Line) -> dict[str, Any]:
    return {"hint": _("The unit asks the Sekretariat RB for coaching on this area.")}


def _verify(line: Line) -> dict[str, Any]:
    if not line.rows:
        return {"hint": _("The unit matches the rows of its LKE with their proof.")}
    return {
        "url": f"{line.rows}?saring=tanpa-bukti",
        "hint": _("The link leads to the rows of the LKE without a link to proof."),
    }


def _complete(line: Line) -> dict[str, Any]:
    """The open quiz of the area; a reader who does not take it reads its name."""
    if line.shown.is_hidden or not line.quizzes:
        return {}
    quiz = line.quizzes[0]
    found: dict[str, Any] = {"hint": _("Open quiz: %(title)s") % {"title": quiz.title}}
    if quiz.is_readers:
        found["url"] = reverse("quiz_start", kwargs={"slug": quiz.slug})
    return found


_WAYS = {
    Word.KNOWLEDGE_GAP.value: _learn,
    Word.PRACTICE_GAP.value: _coach,
    Word.HIDDEN_RISK.value: _verify,
    Word.UNKNOWN.value: _complete,
}


def _event(event: OpenEvent) -> dict[str, str]:
    """The event with its day, leading to its page."""
    told = {"title": event.title, "day": day(event.day)}
    return {
        "text": _("Event: %(title)s, %(day)s") % told,
        "url": reverse("event", kwargs={"code": event.code}),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "url": line.url,
        "diagnosis": line.shown.tag,
        "cause": wording.cause_of(line.shown),
    }
