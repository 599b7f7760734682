"""A stored report put into the words and groups of its page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.assessments.arithmetic.conditions import AGENCY
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import change_areas, find_framework
from clinic.assessments.sheet_page import wording
from clinic.assessments.workbook.report import write_sentence
from clinic.lib.languages import language
from clinic.lib.templatetags.ui import decimals, points
from clinic.records.imports import Import

DIFFERENCES = frozenset(
    {
        "sum_leaves_rows_out",
        "own_score_differs",
        "total_differs_from_parts",
        "difference_unexplained",
    }
)
TITLES: dict[str, Promise] = {
    "no_proof_link": gettext_lazy("Points without a link to proof"),
    "survey_at_maximum": gettext_lazy("Survey value at the highest possible"),
    "note_disagrees": gettext_lazy("The remark says something other than the answer"),
    "count_disagrees": gettext_lazy("Counts that disagree"),
    "link_reused": gettext_lazy("The same link for several rows"),
    "parts_do_not_add_up": gettext_lazy("Parts that do not add up"),
}
REMEDIES: dict[str, Promise] = {
    "no_proof_link": gettext_lazy("Add the link of a document that an assessor can open."),
    "survey_at_maximum": gettext_lazy(
        "Make sure that the survey report names the number of respondents."
    ),
    "note_disagrees": gettext_lazy("Read the row again and align answer, remark and proof."),
    "count_disagrees": gettext_lazy("Compare the counts with their source document."),
    "link_reused": gettext_lazy("See that the document shows what each of the rows asks for."),
    "parts_do_not_add_up": gettext_lazy("Count the parts again; the sum follows from them."),
}


@dataclass(frozen=True)
class ReportLine:
    """One remark: the cell, a sentence, and where known the points and wording of the row."""

    where: str
    text: str
    points: float | None = None
    name: str = ""


@dataclass
class ReportGroup:
    """Remarks of one kind."""

    code: str
    title: str
    remedy: str
    lines: list[ReportLine] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(line.points or 0 for line in self.lines)

    @property
    def shared_text(self) -> str:
        """The sentence that all lines share; empty where each says something of its own."""
        texts = {line.text for line in self.lines}
        return texts.pop() if len(texts) == 1 else ""

    @property
    def anchor(self) -> str:
        return f"periksa-{slugify(self.code)}"


@dataclass(frozen=True)
class ReportArea:
    """What a change area is worth, for its bar; ``width`` is the reached part in percent."""

    name: str
    score: float
    maximum: float
    unanswered: int

    @property
    def not_reached(self) -> float:
        return self.maximum - self.score

    @property
    def width(self) -> str:
        return f"{100 * self.score / self.maximum:.2f}" if self.maximum else "0"


@dataclass(frozen=True)
class GoalStep:
    """One line of a test: met, short by so many points, or not filled in at all.

    Attributes:
        ceiling: the score if every row not filled in were answered in full.
        is_survey: the value comes from the external survey; a figure of the unit is a forecast.
    """

    label: str
    score: float
    minimum: float
    short_by: float
    met: bool
    ceiling: float
    is_blank: bool
    is_survey: bool

    @property
    def score_words(self) -> str:
        """The score; a line without any answer is never written as nought."""
        if self.is_blank:
            return _("up to %(points)s") % {"points": decimals(Fraction(self.ceiling))}
        return decimals(Fraction(self.score))

    @property
    def state(self) -> str:
        if self.is_blank:
            return "todo"
        return "done" if self.met else "late"

    @property
    def state_label(self) -> str:
        if self.is_blank:
            return _("not filled in")
        if self.met:
            return _("met")
        return _("short by %(points)s") % {"points": points(Fraction(self.short_by))}


@dataclass(frozen=True)
class GoalCondition:
    """A condition of a proposal beside what was stated."""

    label: str
    level: str
    required: str
    value: str
    state: str

    @property
    def stated(self) -> str:
        """The value, where somebody stated one."""
        return "" if self.state == "not_stated" else self.value

    @property
    def tag(self) -> str:
        return {"met": "done", "not_met": "late"}.get(self.state, "todo")

    @property
    def state_label(self) -> str:
        return {"met": _("met"), "not_met": _("not met")}.get(self.state, _("not declared"))


@dataclass(frozen=True)
class Goal:
    """A test such as WBK: its lines, the conditions of a proposal, and sums that mislead.

    Attributes:
        sums: where every minimum, met exactly, falls short of a greater one.
    """

    name: str
    steps: list[GoalStep]
    conditions: list[GoalCondition]
    sums: list[str]

    @property
    def not_declared(self) -> int:
        return sum(each.state == "not_stated" for each in self.conditions)

    @property
    def not_met(self) -> int:
        return sum(each.state == "not_met" for each in self.conditions)

    @property
    def anchor(self) -> str:
        return f"uji-{slugify(self.name)}"

    @property
    def unmet(self) -> int:
        return sum(not step.met for step in self.steps)


def facts_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of a report show, in the reader's language."""
    figures, proof = report["figures"], report["proof"]
    framework = find_framework(report["edition"])
    own = figures["workbook_total"]
    lines = [(problem, _make_line(problem)) for problem in report["problems"]]
    return {
        "figures": figures,
        "maximum": report["max"],
        "total_cell": report["total_cell"],
        "difference": None if own is None else figures["total"] - own,
        "differs": own is not None and abs(figures["total"] - own) > 0.0005,  # noqa: PLR2004
        "reasons": [line for problem, line in lines if problem["code"] in DIFFERENCES],
        "rejected": [line for problem, line in lines if problem["rejects"]],
        "noticed": list(
            dict.fromkeys(
                line
                for problem, line in lines
                if not problem["rejects"] and problem["code"] not in DIFFERENCES
            )
        ),
        "groups": _group_checks(report["checks"]),
        "proof": proof,
        "blank": report["blank"],
        "blank_points": sum(row["points"] for row in report["blank"]),
        "areas": _make_areas(figures["areas"]),
        "tests": goals_of(
            framework, thresholds=report["thresholds"], distances=figures["distance"]
        ),
        "edition": framework.id,
        "edition_name": _get_name(framework),
    }


def fitting_name(import_: Import) -> str:
    """Return the framework that a refused file belongs to, if the reading recognised one."""
    slug = import_.refusal_details.get("fitting")
    return _get_name(find_framework(slug)) if slug else ""


def _get_name(framework: FrameworkFile) -> str:
    return framework.name_en if language() == "en" else framework.name


def _make_line(stored: Mapping[str, Any]) -> ReportLine:
    text = write_sentence(stored["sentence"], stored["params"])
    return ReportLine(stored["where"], text, stored.get("points"), stored.get("name", ""))


def _group_checks(checks: list[dict[str, Any]]) -> list[ReportGroup]:
    groups = {
        code: ReportGroup(code, str(title), str(REMEDIES[code])) for code, title in TITLES.items()
    }
    for check in checks:
        groups[check["code"]].lines.append(_make_line(check))
    return [group for group in groups.values() if group.lines]


def _make_areas(figures: Mapping[str, Any]) -> list[ReportArea]:
    names = change_areas()
    ordered = sorted(figures, key=lambda slug: names[slug].order)
    return [
        ReportArea(
            str(names[slug]),
            figures[slug]["score"],
            figures[slug]["max"],
            figures[slug]["unanswered"],
        )
        for slug in ordered
    ]


def goals_of(
    framework: FrameworkFile,
    *,
    thresholds: Iterable[Mapping[str, Any]],
    distances: Mapping[str, Any],
) -> list[Goal]:
    """Put the distance to each test into lines for people."""
    names = {slug: str(area) for slug, area in change_areas().items()}
    name_in_language = int(language() == "en")
    goals = []
    for test in thresholds:
        distance = distances[test["id"].casefold()]
        steps = [
            GoalStep(
                _name_subject(line["subject"], names, framework),
                line["score"],
                line["minimum"],
                line["short_by"],
                line["met"],
                # A report that was stored before these were written tells neither.
                ceiling=line.get("ceiling", line["score"]),
                is_blank=line.get("blank", False),
                is_survey=_is_survey(line["subject"], framework),
            )
            for line in distance["lines"]
        ]
        conditions = [
            GoalCondition(
                entry["name"][name_in_language],
                level_in_words(entry["level"]),
                in_words(entry["required"], entry["unit"]),
                in_words(entry["value"], entry["unit"]),
                entry["state"],
            )
            for entry in distance["preconditions"]
            if "name" in entry  # a report of before tells the code alone
        ]
        sums = [
            _SUMS[each["kind"]]
            % {
                "total": decimals(Fraction(each["total"])),
                "asked": decimals(Fraction(each["asked"])),
            }
            for each in distance.get("minima", ())
        ]
        goals.append(Goal(f"{test['name']} ({test['id']})", steps, conditions, sums))
    return goals


_SUMS: dict[str, Promise] = {
    "areas": gettext_lazy(
        "Every change area exactly at its minimum adds up to %(total)s; the part asks %(asked)s."
    ),
    "parts": gettext_lazy(
        "Every part exactly at its minimum adds up to %(total)s; the total must be %(asked)s."
    ),
}


def level_in_words(level: str) -> str:
    return _("agency") if level == AGENCY else _("unit")


def in_words(value: str, unit: str) -> str:
    """Return a value of a condition as people write it."""
    if not value:
        return "–"
    return f"{value} {_UNITS.get(unit, unit)}".strip()


_UNITS: dict[str, Promise] = {"persen": gettext_lazy("percent"), "bulan": gettext_lazy("months")}


def _is_survey(subject: str, framework: FrameworkFile) -> bool:
    """Say whether every row of a line is a survey value, which only the external survey gives."""
    rows = [
        framework.scale_of(node)
        for node in framework.scored
        if subject in [above.code for above in framework.path(node.code)]
    ]
    return bool(rows) and all(scale is not None and scale.kind == "value" for scale in rows)


def _name_subject(subject: str, names: Mapping[str, str], framework: FrameworkFile) -> str:
    if not subject:
        return _("Total score")
    if subject in names:
        return names[subject]
    return wording(framework.by_code[subject])
