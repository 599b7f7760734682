"""What a participant's home leads to: the one thing to do now, and the sections worth most."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.assessments import outcome_links
from clinic.assessments.models import Sheet
from clinic.lib.languages import choose_text
from clinic.lib.remembering import until_publication
from clinic.lib.templatetags.ui import decimals, minutes, moment
from clinic.people.access import condition_of, own_unit_paths
from clinic.people.models import Account
from courses import reading
from courses.reading import Lesson
from quizzes.models.assignments import Phase
from quizzes.overview import QuizEntry
from quizzes.wording import questions_in

MOST_USEFUL = 2
MOST_DRAWN = 500


@dataclass(frozen=True)
class NextStep:
    """The one thing to do, with its button.

    Attributes:
        assignment: the key of the quiz it leads to, which is then not listed again.
        besides: label and address of what may be done first.
    """

    title: str
    text: str
    label: str
    url: str
    assignment: int | None = None
    besides: tuple[str, str] | None = None


def choose_step(
    entries: Sequence[QuizEntry], to_read: Sequence[Mapping[str, Any]], *, is_new: bool
) -> NextStep:
    """Return what to do now: a quiz that is under way or open, else reading.

    Args:
        entries: the person's quizzes.
        to_read: modules to go on with or to begin, as tasks, the next one first.
        is_new: nothing was begun yet.
    """
    first = to_read[0] if to_read else None
    open_now = [one for one in entries if one.open_attempt or one.may_start]
    quiz = min(open_now, key=_rank, default=None)
    if quiz is not None:
        besides = None
        if first and quiz.assignment.phase == Phase.PRE:
            besides = (first["label"], first["url"])
        return _draw_quiz_step(quiz, besides)
    if first:
        text = str(first.get("hint", ""))
        return NextStep(first["label"], text, _("Go on reading"), first["url"])
    return NextStep(
        _("Choose a module and read its first section")
        if is_new
        else _("There is nothing to do now"),
        _("Each section takes about five minutes and ends with a question to check yourself."),
        _("All modules"),
        reverse("modules"),
    )


def _rank(entry: QuizEntry) -> tuple[bool, bool, float]:
    """Order quizzes: under way, then those that count, then by their closing."""
    closes_at = entry.prospect.closes_at
    return (
        entry.open_attempt is None,
        entry.assignment.phase == Phase.PRACTICE or bool(entry.attempts),
        closes_at.timestamp() if closes_at else float("inf"),
    )


def _draw_quiz_step(entry: QuizEntry, besides: tuple[str, str] | None) -> NextStep:
    phase = entry.assignment.get_phase_display()
    title = {"phase": phase, "title": entry.prospect.version.display_title}
    facts = [questions_in(entry)]
    if entry.prospect.version.minutes:
        facts.append(minutes(entry.prospect.version.minutes))
    if entry.prospect.closes_at:
        facts.append(_("closes %(at)s") % {"at": moment(entry.prospect.closes_at)})
    return NextStep(
        title=capfirst(_("%(phase)s: %(title)s") % title),
        text=_("%(facts)s. Answers are saved by themselves.") % {"facts": ", ".join(facts)},
        label=entry.start_label,
        url=reverse("quiz_start", kwargs={"slug": entry.assignment.quiz.slug}),
        assignment=entry.assignment.pk,
        besides=besides,
    )


@dataclass(frozen=True)
class UsefulSection:
    """A section, and the points that the reader's unit has not reached on what it teaches."""

    lesson: Lesson
    left: Decimal
    full: Decimal

    @property
    def words(self) -> str:
        """The points in words."""
        return _("%(left)s of %(full)s points not reached") % {
            "left": decimals(self.left, 1),
            "full": decimals(self.full, 1),
        }

    @property
    def reached(self) -> str:
        """The share that was reached, as a width."""
        return f"{(1 - self.left / self.full) * 100:.0f}%"


class OwnSheet(NamedTuple):
    """The last sheet of the reader's unit."""

    key: int
    rev: int
    recorded_at: datetime
    unit: str
    edition_name: str
    edition_en: str
    year: int

    @property
    def edition(self) -> str:
        return choose_text(self.edition_name, self.edition_en)


def draw_useful(reader: Account, *, besides: Collection[int]) -> str:
    """Draw the sections worth most points to the reader's unit; nothing where no sheet says so.

    ``besides`` are the pages of sections that the reader has finished.
    """
    paths = own_unit_paths(reader.person)
    sheet = _find_sheet(reader, paths) if paths else None
    if sheet is None:
        return ""
    lessons = reading.lessons(reader)
    found = (
        UsefulSection(lessons[slug], left, full)
        for slug, left, full in _rank_outcomes(sheet.key, sheet.rev, sheet.recorded_at)
        if slug in lessons and lessons[slug].page not in besides
    )
    useful = tuple(islice(found, MOST_USEFUL))
    return _draw_sections(sheet, useful, get_language()) if useful else ""


@lru_cache(maxsize=MOST_DRAWN)
def _draw_sections(
    sheet: OwnSheet, useful: tuple[UsefulSection, ...], _language: str | None
) -> str:
    return render_to_string("desks/_useful.html", {"sheet": sheet, "useful": useful})


@until_publication
def _find_sheet(reader: Account, paths: frozenset[str]) -> OwnSheet | None:
    """Return the last sheet of these units, in which the reader works now."""
    sheets = Sheet.objects.filter(condition_of(reader, "read-brief", Sheet), unit__path__in=paths)
    facts = ("pk", "rev", "recorded_at", "unit_name", "edition__name", "edition__name_en", "period")
    row = sheets.order_by("-period", "-recorded_at").values_list(*facts).first()
    return OwnSheet(*row) if row else None


@until_publication
def _rank_outcomes(
    sheet: int, _rev: int, _recorded_at: datetime
) -> Iterable[tuple[str, Decimal, Decimal]]:
    """Return outcomes with points left and at stake, the most left first; asked once a revision."""
    return outcome_links.points_by_outcome(sheet)
