"""The requirements of tests such as WBK and WBBM beside what a unit's sheet reaches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.conditions import judge
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.arithmetic.thresholds import Distance, distance
from clinic.assessments.conditions import stated_values, version_for
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.report_page import Goal, GoalCondition, goals_of
from clinic.assessments.sheets import rows_of
from clinic.assessments.workbook.report import distance_as_plain, threshold_as_plain
from clinic.lib.templatetags.ui import decimals

MOST_KEPT = 256


@dataclass(frozen=True)
class Mark:
    """What one test asks of a requirement.

    Attributes:
        state: ``met``, ``short`` or ``blank``.
        at: where the minimum lies of the whole, in percent, as an attribute of a drawing.
    """

    test: str
    minimum: Decimal
    short_by: Decimal
    state: str
    at: str

    @property
    def words(self) -> str:
        """Met, or by how much it is short; a requirement without an answer is neither."""
        if self.state == "met":
            return _("met")
        if self.state == "blank":
            return _("not filled in")
        return _("short by %(points)s") % {"points": decimals(self.short_by, 2)}


@dataclass(frozen=True)
class Requirement:
    """A line of the tests of an edition, such as the total, with the marks of every test."""

    label: str
    score: Decimal
    ceiling: Decimal
    maximum: Decimal
    is_blank: bool
    is_survey: bool
    marks: tuple[Mark, ...]

    @property
    def bar(self) -> str:
        """The score as a share of the whole; the ceiling while nothing is filled in."""
        return _share(self.ceiling if self.is_blank else self.score, self.maximum)


@dataclass(frozen=True)
class AskedCondition:
    """A condition of a proposal and what the tests ask of it."""

    label: str
    level: str
    asked: tuple[tuple[str, str, GoalCondition], ...]


@dataclass(frozen=True)
class Tests:
    """The tests of an edition held against a sheet.

    Attributes:
        names: short names, such as WBK, from the easier to the harder.
        unmet: requirements of the first test that are not met; ``lines`` are all of them.
    """

    names: tuple[str, ...]
    goals: tuple[Goal, ...]
    requirements: tuple[Requirement, ...]
    conditions: tuple[AskedCondition, ...]

    @property
    def total(self) -> Requirement:
        """The requirement on the whole sheet."""
        return self.requirements[0]

    @property
    def title(self) -> str:
        """How many requirements of the first test are not met, as a heading."""
        return ngettext(
            "%(n)s of %(all)s requirements of %(name)s is not met yet",
            "%(n)s of %(all)s requirements of %(name)s are not met yet",
            self.unmet,
        ) % {"n": self.unmet, "all": len(self.requirements), "name": self.names[0]}

    @property
    def unmet(self) -> int:
        return sum(requirement.marks[0].state != "met" for requirement in self.requirements)


def tests_of_sheet(sheet: Sheet) -> Tests | None:
    """Hold a recorded sheet against every test of its edition, with what has been stated."""
    written = (sheet.rev, sheet.recorded_at, sheet.edition.loaded_at)
    stated = tuple(sorted(stated_values(sheet.unit, sheet.period).items()))
    return _measure(sheet.pk, *written, stated, get_language() or "")


@lru_cache(maxsize=MOST_KEPT)
def _measure(
    pk: int,
    _rev: int,
    _recorded_at: datetime,
    _loaded_at: datetime,
    stated: tuple[tuple[str, str], ...],
    _language: str,
) -> Tests | None:
    """Once for each revision of a sheet, wording of its edition, statements, and language."""
    sheet = Sheet.objects.with_context().get(pk=pk)
    framework = edition_file(sheet.edition)
    if not framework.thresholds:
        return None
    rows = rows_of(sheet, with_proofs=False)
    score = score_sheet(framework, {code: row.value for code, row in rows.items()})
    version = version_for(sheet.period)
    distances = {
        test.id: distance(framework, score, test.id, judge(version, test.id, dict(stated)))
        for test in framework.thresholds
    }
    goals = goals_of(
        framework,
        thresholds=[threshold_as_plain(framework, test.id) for test in framework.thresholds],
        distances={name.casefold(): distance_as_plain(each) for name, each in distances.items()},
    )
    names = tuple(distances)
    return Tests(
        names,
        tuple(goals),
        tuple(_join_lines(names, goals, list(distances.values()))),
        tuple(_join_conditions(names, goals)),
    )


def _join_lines(
    names: tuple[str, ...], goals: Sequence[Goal], distances: Sequence[Distance]
) -> Iterator[Requirement]:
    """Each line of the first test with the marks of the same line in the others."""
    found: dict[str, list[tuple[str, Any, Any]]] = {}
    for name, goal, measured in zip(names, goals, distances, strict=True):
        for told, line in zip(goal.steps, measured.lines, strict=True):
            found.setdefault(line.subject, []).append((name, told, line))
    for lines in found.values():
        _name, told, first = lines[0]
        yield Requirement(
            told.label,
            _to_decimal(first.score),
            _to_decimal(first.ceiling),
            _to_decimal(first.maximum),
            first.is_blank,
            told.is_survey,
            tuple(
                Mark(
                    name,
                    _to_decimal(line.minimum),
                    _to_decimal(line.short_by),
                    "blank" if line.is_blank else "met" if line.is_met else "short",
                    _share(line.minimum, line.maximum),
                )
                for name, _told, line in lines
            ),
        )


def _join_conditions(names: tuple[str, ...], goals: Sequence[Goal]) -> Iterator[AskedCondition]:
    found: dict[tuple[str, str], list[tuple[str, str, GoalCondition]]] = {}
    for name, goal in zip(names, goals, strict=True):
        for each in goal.conditions:
            found.setdefault((each.label, each.level), []).append((name, each.required, each))
    for (label, level), asked in found.items():
        yield AskedCondition(label, level, tuple(asked))


def _to_decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _share(value: Fraction | Decimal, whole: Fraction | Decimal) -> str:
    return f"{100 * float(value) / float(whole):.2f}%" if whole else "0%"
