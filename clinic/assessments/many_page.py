"""A zip of worksheets as one table: totals, proof, tests, and a matrix of faults by unit."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.assessments.arithmetic.conditions import (
    MET,
    NOT_MET,
    judge,
    shipped_versions,
    version_of_year,
)
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import find_framework
from clinic.assessments.many_sheets import FAULT, units_within_reach, usual_year
from clinic.assessments.models import ConditionStatement
from clinic.assessments.report_page import short_name
from clinic.lib.arithmetic.workbooks import Cell, ListSheet, write_workbook
from clinic.lib.templatetags.ui import decimals
from clinic.people.models import Account, Unit
from clinic.records.imports import Import, translate_refusal

MOST_FAULTS = 6
SHARED_BY = 2
DONE = {Import.State.READY, Import.State.REFUSED, Import.State.EXPIRED, Import.State.APPLIED}
LISTED = (
    *("uuid", "state", "original_name", "size", "options", "counts", "refusal_code"),
    *("refusal_message", "refusal_details", "parent_id", "expires_at"),
)
_FAULTS: dict[str, Promise] = {
    "sum_leaves_rows_out": gettext_lazy("%(name)s not added up"),
    "own_score_differs": gettext_lazy("%(name)s counted otherwise"),
    "rejected": gettext_lazy("Unreadable answers"),
    "row_missing": gettext_lazy("Rows are missing"),
    "count_disagrees": gettext_lazy("Counts differ"),
    "link_reused": gettext_lazy("The same link"),
    "parts_do_not_add_up": gettext_lazy("Parts do not add up"),
}


@dataclass(frozen=True)
class GoalDistance:
    """How far a sheet is from a test: minima met, points short, conditions by state."""

    code: str
    met: int
    lines: int
    short_by: float
    conditions_met: int
    conditions_not_met: int
    conditions: int

    @property
    def words(self) -> str:
        if self.met == self.lines:
            return _("all %(n)s minima") % {"n": self.lines}
        return _("%(met)s of %(n)s, %(points)s short") % {
            "met": self.met,
            "n": self.lines,
            "points": decimals(Fraction(self.short_by), 1),
        }

    @property
    def conditions_words(self) -> str:
        if not self.conditions_met and not self.conditions_not_met:
            return _("conditions not declared")
        return _("conditions: %(met)s of %(n)s") % {
            "met": self.conditions_met,
            "n": self.conditions,
        }


@dataclass(frozen=True)
class ManyLine:
    """One file of the zip.

    Attributes:
        unit: whose sheet it is; empty where nobody has said.
        near: the name of a unit that may be meant.
        needs: what a person has to answer; empty where the line is ready.
        faults: for each column of the matrix whether the file has it.
    """

    name: str
    unit: str
    near: str
    url: str
    state: str
    needs: str
    counts: Mapping[str, float]
    tests: list[GoalDistance]
    faults: list[tuple[str, bool]]

    @property
    def is_read(self) -> bool:
        return bool(self.counts.get("max"))

    @property
    def title(self) -> str:
        return self.unit or self.name

    @property
    def total(self) -> float | None:
        return self.counts.get("total")

    @property
    def file_total(self) -> float | None:
        return self.counts.get("file_total")

    @property
    def agrees(self) -> bool:
        own = self.file_total
        return own is not None and abs((self.total or 0) - own) < 0.0005  # noqa: PLR2004

    @property
    def proven_width(self) -> str:
        proven = self.counts["total"] - self.counts["without_proof"]
        return f"{100 * proven / self.counts['max']:.2f}"

    @property
    def total_width(self) -> str:
        return f"{100 * self.counts['total'] / self.counts['max']:.2f}"


@dataclass(frozen=True)
class ManyPage:
    """The whole table.

    Attributes:
        headline: the fault that many share, else how far the reading is.
        faults: labels of the matrix's columns, and how many files have each.
    """

    headline: str
    lines: list[ManyLine]
    faults: list[tuple[str, int]]
    ready: int
    needing: int
    waiting: int

    @property
    def read_words(self) -> str:
        return ngettext("%(n)s file read", "%(n)s files read", self.ready) % {"n": self.ready}

    @property
    def needing_words(self) -> str:
        return ngettext("%(n)s file needs you", "%(n)s files need you", self.needing) % {
            "n": self.needing
        }


def page_of(zip_: Import, *, actor: Account) -> ManyPage:
    """Build the table from the rows of a zip, with six queries whatever their number."""
    members = list(zip_.members.only(*LISTED).order_by("pk"))
    read = [each for each in members if each.state == Import.State.READY]
    frameworks = {
        slug: find_framework(slug) for slug in {each.options["framework"] for each in read}
    }
    columns = _choose_columns(read, frameworks)
    units = {unit.slug: unit for unit in units_within_reach(actor)}
    told = Counter(each.options.get("unit") for each in read)
    stated = _read_statements(units[slug] for slug in told if slug in units)
    lines = [
        _make_line(
            member,
            unit=units.get(member.options.get("unit", "")),
            is_twice=told[member.options.get("unit")] > 1,
            framework=frameworks.get(member.options.get("framework", "")),
            columns=columns,
            stated=stated,
        )
        for member in members
    ]
    refused = [_make_refused_line(each) for each in zip_.report.get("refused", [])]
    lines = sorted(lines, key=lambda line: (not line.is_read, -(line.total or 0))) + refused
    waiting = sum(each.state not in DONE for each in members)
    ready = sum(line.is_read and not line.needs for line in lines)
    faults = [(label, sum(_has(each, keys) for each in read)) for label, keys in columns]
    return ManyPage(
        headline=_write_headline(columns, read, ready),
        lines=lines,
        faults=faults,
        ready=len(read),
        needing=sum(bool(line.needs) for line in lines),
        waiting=waiting,
    )


def _choose_columns(
    read: Iterable[Import], frameworks: Mapping[str, FrameworkFile]
) -> list[tuple[str, frozenset[str]]]:
    """Return label and keys of the faults that most files have, formulas first."""
    counted: Counter[str] = Counter()
    labels: dict[str, str] = {}
    keys: dict[str, set[str]] = {}
    for member in read:
        framework = frameworks[member.options["framework"]]
        own = {key for key in member.counts if key.startswith(FAULT)}
        named = {_name_fault(key, framework): key for key in own}
        for label, key in named.items():
            labels[label] = key
            keys.setdefault(label, set()).add(key)
            counted[label] += 1
    order = sorted(counted, key=lambda label: ("/" not in labels[label], -counted[label], label))
    return [(label, frozenset(keys[label])) for label in order[:MOST_FAULTS]]


def _name_fault(key: str, framework: FrameworkFile) -> str:
    code, _slash, node = key.removeprefix(FAULT).partition("/")
    name = short_name(framework, node) if node in framework.by_code else ""
    return str(_FAULTS[code]) % {"name": name}


def _has(member: Import, keys: frozenset[str]) -> bool:
    return not keys.isdisjoint(member.counts)


def _write_headline(
    columns: list[tuple[str, frozenset[str]]], read: list[Import], ready: int
) -> str:
    """Say which fault most files share; one of a formula comes from the template they share."""
    shared = [
        (sum(_has(each, keys) for each in read), label, any("/" in key for key in keys))
        for label, keys in columns
    ]
    count, label, is_formula = max(shared, key=lambda each: (each[2], each[0]), default=(0, "", 0))
    if count < SHARED_BY:
        return ngettext("%(n)s sheet is ready", "%(n)s sheets are ready", ready) % {"n": ready}
    params = {"fault": label, "count": count, "read": len(read)}
    if is_formula:
        return (
            _("%(fault)s: in %(count)s of %(read)s files. Mend the template they share.") % params
        )
    return _("%(fault)s: in %(count)s of %(read)s files") % params


def _read_statements(units: Iterable[Unit]) -> dict[str, dict[str, str]]:
    """Return what was stated for the usual year, by unit; of the agency under its own path."""
    found = list(units)
    paths = {unit.path for unit in found} | {unit.path[: Unit.steplen] for unit in found}
    rows = ConditionStatement.objects.filter(
        unit__path__in=paths, period=usual_year(timezone.localdate())
    )
    stated: dict[str, dict[str, str]] = {}
    for path, code, value in rows.values_list("unit__path", "code", "value"):
        stated.setdefault(path, {})[code] = value
    return stated


def _make_line(
    member: Import,
    *,
    unit: Unit | None,
    is_twice: bool,
    framework: FrameworkFile | None,
    columns: list[tuple[str, frozenset[str]]],
    stated: Mapping[str, Mapping[str, str]],
) -> ManyLine:
    is_read = member.state == Import.State.READY
    return ManyLine(
        name=member.original_name,
        unit=unit.name if unit else "",
        near="" if unit else member.options.get("near", ""),
        url=reverse("many_member", kwargs={"uuid": member.uuid}) if is_read else "",
        state=member.state,
        needs=_say_need(member, unit, is_twice=is_twice and unit is not None),
        counts=member.counts if is_read else {},
        tests=_measure(member, framework, unit, stated) if is_read and framework else [],
        faults=[(label, _has(member, keys)) for label, keys in columns] if is_read else [],
    )


def _say_need(member: Import, unit: Unit | None, *, is_twice: bool) -> str:
    if member.state == Import.State.REFUSED:
        return member.refusal
    if member.state != Import.State.READY:
        return ""
    if unit is None:
        return _("Say whose sheet it is")
    return _("Two files of this unit: keep one") if is_twice else ""


def _measure(
    member: Import,
    framework: FrameworkFile,
    unit: Unit | None,
    stated: Mapping[str, Mapping[str, str]],
) -> list[GoalDistance]:
    own: dict[str, str] = {}
    if unit is not None:
        own = {**stated.get(unit.path[: Unit.steplen], {}), **stated.get(unit.path, {})}
    version = version_of_year(shipped_versions(), usual_year(timezone.localdate()))
    tests = []
    for test in framework.thresholds:
        judged = judge(version, test.id, own)
        tests.append(
            GoalDistance(
                code=test.id,
                met=int(member.counts[f"met:{test.id}"]),
                lines=int(member.counts[f"lines:{test.id}"]),
                short_by=member.counts[f"short:{test.id}"],
                conditions_met=sum(each.state == MET for each in judged),
                conditions_not_met=sum(each.state == NOT_MET for each in judged),
                conditions=len(judged),
            )
        )
    return tests


def _make_refused_line(stored: Mapping[str, Any]) -> ManyLine:
    """Make the line of a file that was not even unpacked."""
    needs = translate_refusal(stored["message"], stored["details"])
    return ManyLine(
        name=stored["name"],
        unit="",
        near="",
        url="",
        state=Import.State.REFUSED,
        needs=needs,
        counts={},
        tests=[],
        faults=[],
    )


def write_table(page: ManyPage) -> bytes:
    """Return the table as a workbook, one file a row."""
    tests = next((line.tests for line in page.lines if line.tests), [])
    heading = [
        _("Work unit"),
        _("File"),
        _("Score by the rules"),
        _("Score in the file"),
        _("Points without a link to proof"),
        _("Remarks that disagree"),
    ]
    for test in tests:
        heading += [
            _("%(test)s: minima met") % {"test": test.code},
            _("%(test)s: minima") % {"test": test.code},
            _("%(test)s: points short") % {"test": test.code},
            _("%(test)s: conditions met") % {"test": test.code},
            _("%(test)s: conditions") % {"test": test.code},
        ]
    heading += [label for label, _count in page.faults] + [_("To answer")]
    rows = [_write_row(line, tests=len(tests), faults=len(page.faults)) for line in page.lines]
    return write_workbook(
        [
            ListSheet(
                title=_("Sheets")[:31],
                rows=[heading, *rows],
                widths={0: 40, 1: 32, len(heading) - 1: 48},
            )
        ]
    )


def _write_row(line: ManyLine, *, tests: int, faults: int) -> list[Cell]:
    counts = line.counts
    row: list[Cell] = [
        line.unit or line.near,
        line.name,
        *(_round(counts.get(name)) for name in ("total", "file_total", "without_proof")),
        _round(counts.get("contradictions")),
    ]
    for test in line.tests:
        row += [test.met, test.lines, _round(test.short_by), test.conditions_met, test.conditions]
    row += [None] * (6 + 5 * tests - len(row))
    row += [_("yes") if has else "" for _label, has in line.faults] or [None] * faults
    return [*row, line.needs]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
