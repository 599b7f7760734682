"""What the profile of a unit tells: its areas by points, what its sheet lacks, and three steps.

Where the reader reads no finding of the unit, the sheet's side stands alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import (
    AreaScore,
    ChangeArea,
    FrameworkEdition,
    Outcome,
    Sheet,
)
from clinic.assessments.sheet_page import ScoredRow, page_of
from clinic.insights import evidence, explaining, reading, wording
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import Audience
from clinic.insights.evidence import Module, OpenEvent, OpenQuiz
from clinic.insights.reading import Shown
from clinic.insights.requirements import Tests
from clinic.lib.templatetags.ui import day, decimals, minutes, points
from clinic.people.models import Account, Unit

MOST_STEPS = 3
MOST_ROWS = 3
MOST_GOALS = 256
MINUTES_OF_AN_HOUR = 60
MINUTES_TO_FILL, MINUTES_TO_LINK = 5, 3
"""A rule of thumb for one row (decision 0036, judged); pages say "about"."""
Outcomes = tuple[Outcome, ...]
WEAK = (Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value, Word.HIDDEN_RISK.value)
TAUGHT = (Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value)
"""Words whose step has a module: to learn from, or to prepare coaching."""


@dataclass(frozen=True)
class ProfileLine:
    """One area of the profile, with everything that a line or a step says of it.

    Attributes:
        quizzes: those that people of the unit can take now and that ask about the area.
        rows: address of the sheet, for who may read its rows; else empty.
        modules: by the slug of the outcome that they serve.
        proposes: whether the reader proposes people of the unit for events.
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
    proposes: bool = False

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
    """Every area, most points not yet reached first, and what comes next.

    Attributes:
        next_event: that people of the unit can register for, whatever it asks about.
    """

    lines: list[ProfileLine] = field(default_factory=list)
    steps: list[ProfileLine] = field(default_factory=list)
    next_event: OpenEvent | None = None


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
    audience = reading.audience_of(actor, unit)
    if audience is None:
        return None
    not_made = {(unit.pk, score.area_id): wording.NOTHING_YET for score in scores}
    seen = not_made | dict(reading.cells(actor, [unit], edition=edition, period=period))
    slugs = [area for _unit, area in seen]
    areas = {score.area_id: score.area for score in scores}
    areas |= ChangeArea.objects.in_bulk([slug for slug in slugs if slug not in areas])
    missing = {score.area_id: score.not_yet_reached for score in scores}
    to_learn = [slug for (_unit, slug), shown in seen.items() if shown.tag in TAUGHT]
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
            proposes=audience is Audience.UNIT,
        )
        for (_unit, slug), shown in seen.items()
    ]
    ordered = sorted(lines, key=lambda line: (-line.weight, line.area.order))
    return Profile(ordered, choose_steps(ordered), events[0] if events else None)


def choose_steps(lines: Sequence[ProfileLine]) -> list[ProfileLine]:
    """Choose at most three areas to act on, of lines given by points not yet reached.

    Areas with points to reach come first, then those whose proof alone is to be checked, then
    unknown ones; the last one is the unknown area with most points, where it has more than what
    would stand there.
    """
    unknown = [line for line in lines if line.is_undecided]
    pending = [line for line in lines if not line.is_undecided and line.shown.word in WEAK]
    weak = [line for line in pending if line.weight > 0]
    unproven = [line for line in pending if line.weight <= 0]
    steps = [*weak, *unproven, *unknown][:MOST_STEPS]
    heaviest = max(unknown, key=lambda line: line.weight, default=None)
    if heaviest is not None and heaviest not in steps and heaviest.weight > steps[-1].weight:
        steps[-1] = heaviest
    return steps


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
        proposes=reading.audience_of(actor, unit) is Audience.UNIT,
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
class RowGap:
    """A row of the sheet with the points that it may bring, or that rest on its proof."""

    code: str
    name: str
    points: Decimal


@dataclass(frozen=True)
class Step:
    """One thing to do: its points, who does it, how long it takes, by when, and where.

    Attributes:
        gain: points as they are printed; empty where none is left.
        time: empty where nothing tells it; so are ``owner`` and ``day``.
        label: what the link of ``url`` says.
        rows: of the sheet, the heaviest of those that the step is about.
    """

    title: str
    url: str = ""
    label: str = ""
    gain: str = ""
    gain_words: str = ""
    owner: str = ""
    time: str = ""
    day: str = ""
    hint: str = ""
    rows: tuple[RowGap, ...] = ()
    rows_url: str = ""
    event_url: str = ""


@dataclass(frozen=True)
class OutsideRow:
    """A scored row of no change area, such as a survey.

    Attributes:
        ceiling: the score if it were answered in full; above the score only while it is blank.
    """

    code: str
    name: str
    score: Decimal
    ceiling: Decimal
    maximum: Decimal
    is_blank: bool = False


@dataclass(frozen=True)
class SheetGaps:
    """What a sheet lacks that its operator can fill at the desk: answers, and links to proof.

    Attributes:
        blank_points: at most, if every row not filled in were answered in full.
        unproven: rows that earn points and name no link; ``unproven_points`` are what they earn.
        blank_rows: the ones with most points; so are ``unproven_rows``.
        outside: rows of no change area, in the sheet's order.
    """

    blank: int
    blank_points: Decimal
    unproven: int
    unproven_points: Decimal
    blank_rows: tuple[RowGap, ...] = ()
    unproven_rows: tuple[RowGap, ...] = ()
    outside: tuple[OutsideRow, ...] = ()


def gaps_of_sheet(sheet: Sheet) -> SheetGaps:
    """Read what a sheet lacks."""
    written = (sheet.rev, sheet.recorded_at, sheet.edition.loaded_at)
    return _read_gaps(sheet.pk, *written, get_language() or "")


@lru_cache(maxsize=MOST_GOALS)
def _read_gaps(
    pk: int, _rev: int, _recorded_at: datetime, _loaded_at: datetime, _language: str
) -> SheetGaps:
    """Read once for each revision of a sheet, as its page filters its rows."""
    sheet = Sheet.objects.with_context().get(pk=pk)
    framework = edition_file(sheet.edition)
    rows = [row for part in page_of(sheet).parts for row in part.rows]
    blank = [row for row in rows if row.state.fits("kosong")]
    unproven = [row for row in rows if row.state.fits("tanpa-bukti")]
    outside = [row for row in rows if not framework.by_code[row.code].area]
    return SheetGaps(
        blank=len(blank),
        blank_points=sheet.ceiling - sheet.total,
        unproven=len(unproven),
        unproven_points=sum((row.score for row in unproven), Decimal(0)),
        blank_rows=_choose_heaviest((row, row.not_reached) for row in blank),
        unproven_rows=_choose_heaviest((row, row.score) for row in unproven),
        outside=tuple(
            OutsideRow(
                row.code,
                row.name,
                row.score,
                row.maximum if row.unanswered else row.score,
                row.maximum,
                row.unanswered,
            )
            for row in outside
        ),
    )


def _choose_heaviest(rows: Iterable[tuple[ScoredRow, Decimal]]) -> tuple[RowGap, ...]:
    gaps = [RowGap(row.code, row.name, worth) for row, worth in rows]
    return tuple(sorted(gaps, key=lambda gap: -gap.points)[:MOST_ROWS])


def sheet_steps(gaps: SheetGaps, rows: str, before: OpenEvent | None = None) -> list[Step]:
    """What can be done in the sheet itself, with its points.

    Args:
        gaps: what the sheet lacks.
        rows: the sheet's address.
        before: the next event; what the sheet lacks is to be there by then.
    """
    steps = []
    day_before = _("before %(day)s") % {"day": day(before.day)} if before else ""
    if gaps.blank:
        steps.append(
            Step(
                title=ngettext(
                    "Fill in %(number)d blank row", "Fill in %(number)d blank rows", gaps.blank
                )
                % {"number": gaps.blank},
                gain=f"+{decimals(gaps.blank_points, 1)}",
                gain_words=_("points at most"),
                owner=_("Operator of the LKE"),
                time=_about(gaps.blank * MINUTES_TO_FILL),
                day=day_before,
                url=f"{rows}?saring=kosong",
                label=_("Fill in the rows"),
                rows=gaps.blank_rows,
                rows_url=rows,
            )
        )
    if gaps.unproven:
        steps.append(
            Step(
                title=ngettext(
                    "Link the proof of %(number)d row",
                    "Link the proof of %(number)d rows",
                    gaps.unproven,
                )
                % {"number": gaps.unproven},
                gain=decimals(gaps.unproven_points, 1),
                gain_words=_("points rest on proof without a link"),
                owner=_("Operator of the LKE"),
                time=_about(gaps.unproven * MINUTES_TO_LINK),
                day=day_before,
                url=f"{rows}?saring=tanpa-bukti",
                label=_("Link the proof"),
                rows=gaps.unproven_rows,
                rows_url=rows,
            )
        )
    return steps


def _about(count: int) -> str:
    """A rule of thumb for work at the desk (decision 0036), in whole minutes or hours."""
    if count < MINUTES_OF_AN_HOUR:
        return _("about %(time)s") % {"time": minutes(count)}
    hours = round(count / MINUTES_OF_AN_HOUR)
    return ngettext("about %(number)d hour", "about %(number)d hours", hours) % {"number": hours}


def make_hints(line: ProfileLine) -> list[str]:
    """What would make the area known, a sentence for each reason."""
    return [
        explaining.what_would_tell(reason, line.shown, line.quizzes, line.area.slug)
        for reason in line.shown.reasons
    ]


def step(line: ProfileLine) -> Step:
    """A verb with its area, where it leads, and the next event that fits.

    People learn in a module, coaching is planned with an event, proof is verified in the sheet's
    rows without one, and what is unknown becomes known by a quiz that is open. No step ends where
    nothing can be done.
    """
    word = Word.UNKNOWN.value if line.is_undecided else line.shown.word
    base = Step(
        title=_("%(verb)s: %(area)s") % {"verb": wording.VERBS[word], "area": line.area},
        url=line.url,
        label=_("See why") if line.url else "",
        gain=decimals(line.weight, 1) if line.weight > 0 else "",
        gain_words=_("points not yet reached"),
        day=_("%(title)s, %(day)s") % {"title": line.event.title, "day": day(line.event.day)}
        if line.event
        else "",
        event_url=event_url(line.event, proposes=line.proposes) if line.event else "",
    )
    return _STEPS[word](line, base)


def event_url(event: OpenEvent, *, proposes: bool) -> str:
    """Where one acts on an event: the unit's official proposes people, others read its page."""
    return reverse("event_propose" if proposes else "event", kwargs={"code": event.code})


def _learn(line: ProfileLine, base: Step) -> Step:
    base = replace(base, owner=_("The unit's people"))
    if line.module is None:
        return replace(base, hint="; ".join(str(outcome) for outcome in line.outcomes[:2]))
    return replace(
        base,
        url=reverse("module", kwargs={"slug": line.module.slug}),
        label=_("Open the module"),
        hint=_("Module: %(title)s") % {"title": line.module.title},
        time=minutes(line.module.minutes),
    )


def _coach(line: ProfileLine, base: Step) -> Step:
    """Coaching leads to the event that fits, else to the events; a module prepares it."""
    hint = _("Suggested: the Sekretariat RB plans coaching for this unit.")
    if line.module is not None:
        prepared = _("To prepare: module %(title)s, %(minutes)s.") % {
            "title": line.module.title,
            "minutes": minutes(line.module.minutes),
        }
        hint = f"{hint} {prepared}"
    return replace(
        base,
        owner=_("Sekretariat RB"),
        hint=hint,
        url=base.event_url or reverse("events"),
        label=_name_act(line),
    )


def _name_act(line: ProfileLine) -> str:
    """What the link to the event that fits says; to the list of events where none does."""
    if line.event is None:
        return _("See the events")
    return _("Propose participants") if line.proposes else _("Open the event")


def _verify(line: ProfileLine, base: Step) -> Step:
    base = replace(base, owner=_("The unit with the Sekretariat RB"))
    if not line.rows:
        hint = _("Suggested: the unit checks the rows of its LKE against their proof.")
        return replace(base, hint=hint)
    return replace(
        base,
        url=f"{line.rows}?saring=tanpa-bukti",
        label=_("See the rows without a link"),
        hint=_("See the rows of the LKE that have no link to proof yet."),
    )


def _complete(line: ProfileLine, base: Step) -> Step:
    """The open quiz of the area; a reader who does not take it reads its name.

    On the area's own page the step leads to the event that fits, with what would tell.
    """
    base = replace(base, owner=_("The unit's people"))
    if not base.url:
        base = replace(
            base,
            url=base.event_url or reverse("events"),
            label=_name_act(line),
            hint=" ".join(make_hints(line)),
        )
    if line.shown.is_hidden or not line.quizzes:
        return base
    quiz = line.quizzes[0]
    base = replace(base, hint=_("Open quiz: %(title)s") % {"title": quiz.title})
    if quiz.is_readers:
        url = reverse("quiz_start", kwargs={"slug": quiz.slug})
        return replace(base, url=url, label=_("Take the quiz"))
    return base


def _keep_up(line: ProfileLine, base: Step) -> Step:
    return base


_STEPS = {
    Word.SOUND.value: _keep_up,
    Word.KNOWLEDGE_GAP.value: _learn,
    Word.PRACTICE_GAP.value: _coach,
    Word.HIDDEN_RISK.value: _verify,
    Word.UNKNOWN.value: _complete,
}


@dataclass(frozen=True)
class ProfileHead:
    """What a profile says first: the score, what is short, and what may be won at the desk.

    Attributes:
        sentences: none speaks of what a bar beside it does not show.
        marks: of every test on the whole sheet: name, minimum, and where it lies of the whole.
        won: share of the whole, in percent; ``blank`` is what rows not filled in may add.
    """

    score: Decimal
    maximum: Decimal
    sentences: tuple[str, ...]
    marks: tuple[dict[str, str], ...]
    won: str
    blank: str


def answer(
    sheet: Sheet, tests: Tests | None, gaps: SheetGaps, *, is_past: bool = False
) -> ProfileHead:
    """Hold the whole sheet against its tests, in one decimal as the picture is read.

    An old sheet is compared, and nobody is sent to fill in its rows (U95).
    """
    whole = sheet.max_points or Decimal(1)
    blank = ngettext(
        "%(number)d blank row may add up to %(points)s.",
        "%(number)d blank rows may add up to %(points)s.",
        gaps.blank,
    ) % {"number": gaps.blank, "points": points(gaps.blank_points, 1)}
    sentences = [_say_distance(sheet, tests)]
    return ProfileHead(
        sheet.total,
        sheet.max_points,
        tuple([*sentences, blank] if gaps.blank and not is_past else sentences),
        tuple(
            {
                "name": mark.test,
                "minimum": decimals(mark.minimum, 0),
                "at": f"{100 * mark.minimum / whole:.2f}%",
            }
            for mark in (tests.total.marks if tests else ())
        ),
        won=f"{100 * sheet.total / whole:.2f}%",
        blank=f"{100 * max(gaps.blank_points, Decimal(0)) / whole:.2f}%",
    )


def _say_distance(sheet: Sheet, tests: Tests | None) -> str:
    """How far the whole is from the next test; past all of them, which lines are left."""
    if tests is None:
        if sheet.total >= sheet.max_points:
            return _("All points are reached.")
        return _("%(points)s not yet reached.") % {
            "points": points(sheet.max_points - sheet.total, 1)
        }
    below = next((mark for mark in tests.total.marks if mark.short_by > 0), None)
    if below is not None:
        return _("%(points)s short of the %(minimum)s that %(test)s asks.") % {
            "points": points(below.short_by, 1),
            "minimum": decimals(below.minimum, 0),
            "test": below.test,
        }
    names = ", ".join(tests.names)
    if not tests.unmet:
        return _("The total is past the minimum of %(tests)s.") % {"tests": names}
    return ngettext(
        "The total is past the minimum of %(tests)s; %(number)d requirement of %(first)s is not "
        "met yet.",
        "The total is past the minimum of %(tests)s; %(number)d requirements of %(first)s are not "
        "met yet.",
        tests.unmet,
    ) % {"tests": names, "number": tests.unmet, "first": tests.names[0]}


def is_past(sheet: Sheet, sheets: Iterable[Sheet]) -> bool:
    """Whether a sheet is history: its edition is, or the unit has a newer one of the framework."""
    return sheet.edition.is_history or any(
        each.edition.framework_id == sheet.edition.framework_id and each.period > sheet.period
        for each in sheets
    )


def steps_of_past(current: str, import_url: str) -> list[Step]:
    """What an old sheet asks for: nothing of its own, only the sheet that is in force.

    Args:
        current: address of the profile on it; empty where there is none.
        import_url: where one is uploaded.
    """
    if current:
        return [Step(_("Act on the LKE in force"), url=current, label=_("Open its profile"))]
    return [Step(_("Upload the LKE in force"), url=import_url, label=_("Choose the file"))]


def steps_of(
    sheet: Sheet | None, content: Profile | None, gaps: SheetGaps | None, rows: str
) -> list[Step]:
    """At most three steps: what the sheet lacks can be done this week and stands first.

    Args:
        sheet: None where the unit has none.
        content: the areas; None for who reads no finding of the unit.
        gaps: what the sheet lacks; None where there is none.
        rows: address of the sheet for who reads its rows, or where one is uploaded.
    """
    if sheet is None or gaps is None:
        return [Step(_("Upload an LKE"), url=rows, label=_("Choose the file"))]
    steps = sheet_steps(gaps, rows, content.next_event if content else None) if rows else []
    if content is not None:
        steps += [step(line) for line in content.steps]
    elif sheet.total < sheet.max_points:
        steps.append(
            Step(
                _("Look at the rows below their maximum"),
                url=f"{rows}?saring=belum-diraih",
                label=_("Open the rows"),
                gain=decimals(sheet.max_points - sheet.total, 1),
                gain_words=_("points not yet reached"),
                owner=_("Operator of the LKE"),
            )
        )
    return steps[:MOST_STEPS]
