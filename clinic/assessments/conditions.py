"""Conditions of a proposal: stated once a year, by the agency for all its units and by each unit.

The rules themselves stand in ``conditions.toml``; here they meet what people have stated.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.assessments.arithmetic.conditions import (
    AGENCY,
    EXCEPTED,
    MET,
    NOT_MET,
    NOT_STATED,
    PREDICATES,
    UNIT,
    Condition,
    Judged,
    RuleVersion,
    judge,
    shipped_versions,
    version_of_year,
)
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import ConditionStatement, Sheet
from clinic.assessments.report_page import GoalCondition, in_words, level_in_words
from clinic.lib.arithmetic.workbooks import ListSheet, write_workbook
from clinic.lib.errors import Refused
from clinic.lib.languages import choose_text
from clinic.lib.templatetags.ui import day
from clinic.people.access import require
from clinic.people.models import Account, Unit
from clinic.records import audit

STATE = "state-condition"


def version_for(year: int) -> RuleVersion:
    """Return the rule that holds at the end of a year."""
    return version_of_year(shipped_versions(), year)


def level_of(unit: Unit) -> str:
    """The root states for the agency, every other unit for itself."""
    return AGENCY if unit.is_root() else UNIT


def statements_of(unit: Unit, year: int) -> dict[str, ConditionStatement]:
    """What holds for a unit: its own statements and those of its agency, by code."""
    agency = Unit.objects.filter(path=unit.path[: Unit.steplen])
    rows = ConditionStatement.objects.filter(unit__in=[unit, *agency], period=year)
    return {row.code: row for row in rows.select_related("stated_by__person")}


def stated_values(unit: Unit, year: int) -> dict[str, str]:
    """The bare values of ``statements_of``, for the rules, in one statement."""
    paths = {unit.path, unit.path[: Unit.steplen]}
    rows = ConditionStatement.objects.filter(unit__path__in=paths, period=year)
    return dict(rows.values_list("code", "value"))


def find_condition(unit: Unit, year: int, code: str) -> Condition:
    """Return a condition that this unit states itself.

    Raises:
        Refused: ``condition_unknown``.
    """
    for condition in version_for(year).of_level(level_of(unit)):
        if condition.code == code:
            return condition
    raise Refused(_("This condition is not stated here."), code="condition_unknown", status=404)


@transaction.atomic
def state_condition(
    unit: Unit,
    year: int,
    code: str,
    *,
    value: str,
    source: str,
    as_of: date,
    actor: Account,
    link: str = "",
) -> ConditionStatement:
    """State a condition, or state it anew; the earlier value stays in the audit log.

    Raises:
        Refused: ``condition_unknown``, or ``condition_value_unknown`` for a value it cannot take.
    """
    require(actor, STATE, unit)
    condition = find_condition(unit, year, code)
    if not condition.accepts(value):
        raise Refused(
            _("%(name)s cannot be “%(value)s”.") % {"name": name_of(condition), "value": value},
            code="condition_value_unknown",
            status=422,
        )
    Unit.objects.select_for_update().get(pk=unit.pk)
    known = ConditionStatement.objects.filter(unit=unit, period=year, code=code).first()
    row, _made = ConditionStatement.objects.update_or_create(
        unit=unit,
        period=year,
        code=code,
        defaults={
            "value": value,
            "source": source,
            "link": link,
            "as_of": as_of,
            "stated_by": actor,
        },
    )
    audit.record(
        "condition.state",
        actor=actor,
        thing=row,
        scope=unit.slug,
        values={
            "code": code,
            "year": year,
            "before": known.value if known else "",
            "value": value,
            "source": source,
        },
    )
    return row


def name_of(condition: Condition) -> str:
    return choose_text(condition.name, condition.name_en)


@dataclass(frozen=True)
class ConditionRow:
    """One condition on the page: what is asked, what was stated, and how that is judged."""

    condition: Condition
    name: str
    level: str
    statement: ConditionStatement | None
    value: str
    judged: tuple[GoalCondition | None, ...]
    edit_url: str

    @property
    def edit_label(self) -> str:
        return _("Change") if self.statement else _("State")


@dataclass(frozen=True)
class Readiness:
    """How many conditions of one predicate hold, in figures and in a sentence."""

    predicate: str
    met: int
    not_met: int
    not_stated: int
    asked: int

    @property
    def sentence(self) -> str:
        """Never "fulfilled" on part of them: what nobody stated is said beside it."""
        told = ngettext(
            "%(met)d of %(asked)d condition for Menuju %(predicate)s is stated and met",
            "%(met)d of %(asked)d conditions for Menuju %(predicate)s are stated and met",
            self.asked,
        ) % {"met": self.met, "asked": self.asked, "predicate": self.predicate}
        rest = []
        if self.not_stated:
            rest.append(_("%(n)d not stated yet") % {"n": self.not_stated})
        if self.not_met:
            rest.append(_("%(n)d not met yet") % {"n": self.not_met})
        return f"{told}; {', '.join(rest)}." if rest else f"{told}."


def readiness_of(version: RuleVersion, predicate: str, stated: dict[str, str]) -> Readiness:
    """Count the conditions of a predicate by their state."""
    return _count(predicate, judge(version, predicate, stated))


def _count(predicate: str, judged: tuple[Judged, ...]) -> Readiness:
    states = [each.state for each in judged]
    return Readiness(
        predicate, states.count(MET), states.count(NOT_MET), states.count(NOT_STATED), len(states)
    )


def page_of(unit: Unit, year: int, *, may_state: bool) -> dict[str, Any]:
    """Return what the page of a unit's conditions shows, with two queries."""
    version = version_for(year)
    statements = statements_of(unit, year)
    stated = {code: row.value for code, row in statements.items()}
    judged = {test: judge(version, test, stated) for test in PREDICATES}
    own = {condition.code for condition in version.of_level(level_of(unit))}
    asked = [*version.of_level(AGENCY), *version.of_level(UNIT)]
    shown = [each for each in asked if level_of(unit) == UNIT or each.level == AGENCY]
    rows = [
        _make_row(
            condition,
            statements.get(condition.code),
            tuple(_find_judged(judged[test], condition) for test in PREDICATES),
            condition_url(unit, year, condition.code)
            if may_state and condition.code in own
            else "",
        )
        for condition in shown
    ]
    todo = [row for row in rows if row.edit_url and not row.statement and row.condition.required]
    excepted = version.is_excepted(stated)
    return {
        "rows": rows,
        "may_state": any(row.edit_url for row in rows),
        "readiness": [_count(test, judged[test]) for test in PREDICATES]
        if level_of(unit) == UNIT
        else [],
        "agency": _count_agency(rows) if level_of(unit) == AGENCY else "",
        "next": todo[0] if todo else None,
        "exception": stated[EXCEPTED] if excepted else "",
        "affirmation": affirmation_in_words(version) if excepted else "",
        "version": version,
        "proposal": proposal_in_words(version, year),
    }


def _count_agency(rows: list[ConditionRow]) -> str:
    missing = sum(row.statement is None for row in rows)
    if missing:
        return _("%(n)d of %(all)d values of the agency are not stated yet.") % {
            "n": missing,
            "all": len(rows),
        }
    return _("All %(all)d values of the agency are stated.") % {"all": len(rows)}


def _make_row(
    condition: Condition,
    statement: ConditionStatement | None,
    judged: tuple[Judged | None, ...],
    edit_url: str,
) -> ConditionRow:
    return ConditionRow(
        condition=condition,
        name=name_of(condition),
        level=level_in_words(condition.level),
        statement=statement,
        value=in_words(statement.value if statement else "", condition.unit),
        judged=tuple(_word(each) if each else None for each in judged),
        edit_url=edit_url,
    )


def _word(judged: Judged) -> GoalCondition:
    condition = judged.condition
    return GoalCondition(
        name_of(condition),
        level_in_words(condition.level),
        required_in_words(condition, judged.required),
        in_words(judged.value, condition.unit),
        judged.state,
    )


def required_in_words(condition: Condition, required: str) -> str:
    """Say what is asked: the greatest value there is, or at least a lesser one."""
    value = in_words(required, condition.unit)
    if condition.is_greatest(required):
        return value
    return _("at least %(value)s") % {"value": value}


def _find_judged(judged: tuple[Judged, ...], condition: Condition) -> Judged | None:
    return next((each for each in judged if each.condition.code == condition.code), None)


def proposal_in_words(version: RuleVersion, year: int) -> str:
    """Say until when the units of the year before are proposed, and where that stands."""
    if version.proposal is None:
        return ""
    last = day(date(year + 1, version.proposal.month, version.proposal.day))
    if version.proposal.or_announced:
        sentence = _("Proposals until %(day)s, or the day that is announced (%(source)s).")
    else:
        sentence = _("Proposals until %(day)s (%(source)s).")
    return sentence % {"day": last, "source": version.proposal.source}


def affirmation_in_words(version: RuleVersion) -> str:
    """Say by which way excepted services are proposed, and that this is practice, not the rule."""
    way = version.affirmation
    if way is None:
        return ""
    return _(
        "In the national portal such a proposal is called %(name)s and is open for %(predicates)s"
        " alone. That is practice, not in the rule (%(source)s)."
    ) % {
        "name": way.name,
        "predicates": ", ".join(f"Menuju {each}" for each in way.predicates),
        "source": way.source,
    }


def line_of_sheet(sheet: Sheet) -> dict[str, str]:
    """One sentence and a link for the pages of a unit, where its edition has such a test."""
    unit, year = sheet.unit, sheet.period
    tests = edition_file(sheet.edition).thresholds
    if unit.is_root() or not any(test.id in PREDICATES for test in tests):
        return {}
    readiness = readiness_of(version_for(year), PREDICATES[0], stated_values(unit, year))
    return {"readiness": readiness.sentence, "conditions_url": conditions_url(unit, year)}


def conditions_url(unit: Unit, year: int) -> str:
    return reverse("unit_conditions", kwargs={"slug": unit.slug, "period": str(year)})


def condition_url(unit: Unit, year: int, code: str) -> str:
    return reverse("unit_condition", kwargs={"slug": unit.slug, "period": str(year), "code": code})


def as_workbook(unit: Unit, year: int) -> bytes:
    """Return the page as a table: condition, who states it, asked, stated, source, date, state."""
    page = page_of(unit, year, may_state=False)
    heading = [
        *(_("Condition"), _("Stated by"), _("Asked for WBK"), _("Asked for WBBM"), _("Stated")),
        *(_("Source"), _("Date"), _("State for WBK"), _("State for WBBM")),
    ]
    lines: list[list[str]] = [[str(each) for each in heading]]
    for row in page["rows"]:
        wbk, wbbm = row.judged
        asked = [row.condition.required.get(each, "") for each in PREDICATES]
        told = row.statement
        lines.append(
            [
                row.name,
                row.level,
                *(in_words(each, row.condition.unit) for each in asked),
                row.value,
                told.source if told else "",
                told.as_of.isoformat() if told else "",
                str(wbk.state_label) if wbk else "–",
                str(wbbm.state_label) if wbbm else "–",
            ]
        )
    widths = {0: 48, 1: 12, 2: 16, 3: 16, 4: 18, 5: 44, 6: 12, 7: 20, 8: 20}
    return write_workbook([ListSheet(_("Conditions"), lines, widths=widths)])


@dataclass(frozen=True)
class UnitLine:
    """A unit of the list with how far it is from each predicate."""

    unit: Unit
    url: str
    readiness: tuple[Readiness, ...]


def lines_of(units: list[Unit], year: int) -> list[UnitLine]:
    """Return the units, roots first, with what they have stated; one query for all of them."""
    version = version_for(year)
    by_path: dict[str, dict[str, str]] = {}
    rows = ConditionStatement.objects.filter(period=year)
    for path, code, value in rows.values_list("unit__path", "code", "value"):
        by_path.setdefault(path, {})[code] = value
    lines = []
    for unit in units:
        stated = {**by_path.get(unit.path[: Unit.steplen], {}), **by_path.get(unit.path, {})}
        readiness = () if unit.is_root() else tuple(
            readiness_of(version, test, stated) for test in PREDICATES
        )  # fmt: skip
        lines.append(UnitLine(unit, conditions_url(unit, year), readiness))
    return lines
