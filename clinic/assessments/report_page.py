"""A stored report put into the words and groups of its page."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.assessments.arithmetic.conditions import AGENCY
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.scoring import points_per_node, points_per_row
from clinic.assessments.arithmetic.sheet_checks import SENTENCES
from clinic.assessments.frameworks import change_areas, find_framework, known_frameworks
from clinic.assessments.sheet_page import wording
from clinic.assessments.workbook.report import write_sentence
from clinic.lib.languages import language
from clinic.lib.templatetags.ui import decimals, points
from clinic.records.imports import Import

LEAST_DIFFERENCE = 0.0005  # points; less is rounding
STEPS_TODAY = NAMED_ROWS = 3
_ABBREVIATION = re.compile(r"\(([A-Z]{3,10})\)$")
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
    code: str = ""


@dataclass
class ReportGroup:
    """Remarks of one kind."""

    code: str
    title: str
    remedy: str
    lines: list[ReportLine] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The points of all rows concerned; one that is named twice counts once, at its most."""
        most: dict[str, float] = {}
        for line in self.lines:
            key = line.code or line.where
            most[key] = max(most.get(key, 0), line.points or 0)
        return sum(most.values())

    @property
    def shared_text(self) -> str:
        """The sentence that all lines share; empty where each says something of its own."""
        texts = {line.text for line in self.lines}
        return texts.pop() if len(texts) == 1 else ""

    @property
    def anchor(self) -> str:
        return f"periksa-{slugify(self.code)}"


@dataclass(frozen=True)
class BarPiece:
    """One piece of the bar of all points; places are percentages with a decimal point."""

    kind: str
    points: float
    label: str
    x: str
    width: str


@dataclass(frozen=True)
class OpenRow:
    """A row that was answered and did not earn its full points.

    Attributes:
        says: what was counted or chosen.
        remark: what a remark in the file says against it.
        width, reached: of its bar in percent: all its points, and those it earned.
    """

    code: str
    name: str
    where: str
    says: str
    remark: str
    not_reached: float
    width: str
    reached: str


@dataclass(frozen=True)
class TodayStep:
    """One thing to do now, with the points that it may save or bring."""

    points: float
    title: str
    text: str
    where: str = ""

    @property
    def gain(self) -> str:
        """One decimal, as in headings; less than a point has two."""
        return decimals(Fraction(self.points), 1 if self.points >= 1 else 2)


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
    subject: str = ""
    maximum: float = 0

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
        code: such as ``WBK``.
        sums: where every minimum, met exactly, falls short of a greater one.
    """

    code: str
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
    def unmet(self) -> int:
        return sum(not step.met for step in self.steps)


@dataclass(frozen=True)
class GoalMark:
    """The minimum of one test on a line's bar."""

    code: str
    step: GoalStep
    is_thin: bool

    @property
    def place(self) -> str:
        return _percent(self.step.minimum, self.step.maximum)

    @property
    def words(self) -> str:
        return f"{self.code} {decimals(Fraction(self.step.minimum), 2)}"

    @property
    def short_words(self) -> str:
        return _("%(points)s short of %(test)s") % {
            "points": decimals(Fraction(self.step.short_by), 2),
            "test": self.code,
        }


@dataclass(frozen=True)
class GoalLine:
    """One subject of all tests: its score as a bar, the minimum of each test as a mark."""

    step: GoalStep
    marks: list[GoalMark]

    @property
    def width(self) -> str:
        return _percent(self.step.score, self.step.maximum)

    @property
    def score_words(self) -> str:
        """The score with two decimals; a line without any answer is never written as nought."""
        if self.step.is_blank:
            return self.step.score_words
        return decimals(Fraction(self.step.score), 2)

    @property
    def minima(self) -> str:
        return ", ".join(mark.words for mark in self.marks)

    @property
    def unmet(self) -> list[GoalMark]:
        return [mark for mark in self.marks if not mark.step.met]

    @property
    def surplus(self) -> str:
        """How far the score lies above the highest of the minima."""
        return decimals(Fraction(self.step.score - max(m.step.minimum for m in self.marks)), 2)


@dataclass(frozen=True)
class JoinedGoals:
    """The lines of all tests; ``surveys`` names those that an external survey decides."""

    lines: list[GoalLine]
    surveys: str


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}" if whole else "0"


def facts_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of a report show, in the reader's language."""
    figures, proof = report["figures"], report["proof"]
    framework = find_framework(report["edition"])
    own = figures["workbook_total"]
    lines = [(problem, _make_line(framework, problem)) for problem in report["problems"]]
    rejected = [(problem, line) for problem, line in lines if problem["rejects"]]
    difference = None if own is None else figures["total"] - own
    differs = difference is not None and abs(difference) > LEAST_DIFFERENCE
    tests = goals_of(framework, thresholds=report["thresholds"], distances=figures["distance"])
    groups = _group_checks(framework, report["checks"])
    without_proof = next((group for group in groups if group.code == "no_proof_link"), None)
    facts = {
        "figures": figures,
        "maximum": report["max"],
        "total_cell": report["total_cell"],
        "difference": difference,
        "differs": differs,
        "gap": None if difference is None else abs(difference),
        "miscount": _tell_miscount(framework, report["problems"]) if differs else "",
        "reasons": [line for problem, line in lines if problem["code"] in DIFFERENCES],
        "rejected": [line for _problem, line in rejected],
        "unread": _fold_missing(framework, rejected),
        "noticed": list(
            dict.fromkeys(
                line
                for problem, line in lines
                if not problem["rejects"] and problem["code"] not in DIFFERENCES
            )
        ),
        "groups": [group for group in groups if group is not without_proof],
        "without_proof": without_proof,
        "proof": proof,
        "blank": [
            {**row, "name": wording(framework.by_code[row["code"]])} for row in report["blank"]
        ],
        "blank_points": sum(row["points"] for row in report["blank"]),
        "bar": _make_bar(report),
        "open_rows": _list_open_rows(framework, report),
        "open_points": report["max"] - figures["ceiling"],
        "areas": _make_areas(figures["areas"]),
        "tests": tests,
        "goal_lines": join_goals(tests),
        "edition": framework.id,
        "edition_name": _get_name(framework),
    }
    return {
        **facts,
        "headline": _write_headline(facts),
        "survey_points": _sum_surveys(framework, report),
        "today": _list_today(framework, report, facts),
    }


def _tell_miscount(framework: FrameworkFile, problems: Iterable[Mapping[str, Any]]) -> str:
    """Say in a few words why the file counts otherwise, such as "LHKASN is not counted"."""
    for problem in problems:
        missed = problem["params"].get("missed", "")
        if problem["code"] == "sum_leaves_rows_out" and missed:
            names = ", ".join(short_name(framework, code) for code in missed.split(", "))
            return _("%(name)s is not counted") % {"name": names}
    return ""


def short_name(framework: FrameworkFile, code: str) -> str:
    """Return the abbreviation at the end of a node's name, such as LHKASN; else the name."""
    name = wording(framework.by_code[code])
    found = _ABBREVIATION.search(name)
    return found[1] if found else name


def _make_bar(report: Mapping[str, Any]) -> list[BarPiece]:
    """Divide all points into proven, unproven, not reached and not filled in; empty ones go."""
    figures, most = report["figures"], report["max"]
    unproven = report["proof"]["ours"]
    pieces = (
        ("proven", figures["total"] - unproven, _("with a link to proof")),
        ("unproven", unproven, _("without a link to proof")),
        ("open", most - figures["ceiling"], _("not yet reached")),
        ("blank", figures["ceiling"] - figures["total"], _("not filled in")),
    )
    bar, reached = [], 0.0
    for kind, worth, label in pieces:
        if worth > LEAST_DIFFERENCE and most:
            start, width = 100 * reached / most, 100 * worth / most
            bar.append(BarPiece(kind, worth, label, f"{start:.2f}", f"{width:.2f}"))
            reached += worth
    return bar


def _list_open_rows(framework: FrameworkFile, report: Mapping[str, Any]) -> list[OpenRow]:
    """Return the answered rows below their full points, the heaviest first."""
    stored = report.get("open", [])  # a report that was stored before has none
    remarks = {
        node: write_sentence(check["sentence"], check["params"])
        for check in report["checks"]
        if check["code"] == "note_disagrees"
        for node in reversed(check.get("nodes", []))
        if check["sentence"] == SENTENCES["note_says_done"]
    }
    widest = max((row["max"] for row in stored), default=1)
    rows = [
        OpenRow(
            code=row["code"],
            name=wording(framework.by_code[row["code"]]),
            where=row["where"],
            says=_say_answer(row),
            remark=remarks.get(row["code"], ""),
            not_reached=row["max"] - row["score"],
            width=f"{100 * row['max'] / widest:.1f}",
            reached=f"{100 * row['score'] / widest:.1f}",
        )
        for row in stored
    ]
    return sorted(rows, key=lambda row: -row.not_reached)


def _say_answer(row: Mapping[str, Any]) -> str:
    if row["counts"]:
        above, below = row["counts"]
        return _("Counted: %(above)s of %(below)s.") % {"above": above, "below": below}
    return _("Answered: %(letter)s.") % {"letter": row["letter"]} if row["letter"] else ""


def _fold_missing(
    framework: FrameworkFile, rejected: list[tuple[Mapping[str, Any], ReportLine]]
) -> list[ReportLine]:
    """Return the rejected rows, where an area or part that is missing whole is one line."""
    missing = {
        problem["node"]
        for problem, _line in rejected
        if problem["code"] == "row_missing" and problem.get("node")
    }
    left, folded = set(missing), []
    for name, codes in _list_wholes(framework):
        if len(codes) > 1 and codes <= left:
            worths = points_per_row(framework)
            text = ngettext(
                "“%(name)s” is missing as a whole: %(n)s row counts as not filled in.",
                "“%(name)s” is missing as a whole: %(n)s rows count as not filled in.",
                len(codes),
            ) % {"name": name, "n": len(codes)}
            worth = float(sum(worths.get(code, Fraction(0)) for code in codes))
            folded.append(ReportLine("", text, worth, name))
            left -= codes
    gone = missing - left
    return [*folded, *(line for problem, line in rejected if problem.get("node") not in gone)]


def _list_wholes(framework: FrameworkFile) -> Iterator[tuple[str, set[str]]]:
    """Name every part from the top down and every change area, each with its scored rows."""
    below: dict[str, set[str]] = {}
    of_area: dict[str, set[str]] = {}
    for node in framework.scored:
        for above in framework.path(node.code)[:-1]:
            below.setdefault(above.code, set()).add(node.code)
        of_area.setdefault(node.area, set()).add(node.code)
    roots = [code for code in below if not framework.by_code[code].parent]
    for code in roots:
        yield wording(framework.by_code[code]), below[code]
    names = change_areas()
    for slug, codes in of_area.items():
        if slug in names:
            yield str(names[slug]), codes
    for code, codes in below.items():
        yield f"{code} {wording(framework.by_code[code])}", codes


def _write_headline(facts: Mapping[str, Any]) -> str:
    """Say the one thing that matters most: what is blank, unproven or not reached."""
    worth = {piece.kind: piece.points for piece in facts["bar"]}
    unproven, blank, left = (worth.get(kind, 0) for kind in ("unproven", "blank", "open"))
    if blank > unproven:
        return _("Up to %(points)s are not filled in yet") % {"points": points(blank, 1)}
    if unproven:
        return _("%(points)s have no link to proof yet") % {"points": points(unproven, 1)}
    if left:
        return _("%(points)s are not reached yet") % {"points": points(left, 1)}
    return _("Every row earns its full points, with a link to proof")


def _sum_surveys(framework: FrameworkFile, report: Mapping[str, Any]) -> float:
    """Add up the points of survey values that have no link to proof."""
    return sum(check["points"] for check in _find_surveys(framework, report))


def _find_surveys(framework: FrameworkFile, report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        check
        for check in report["checks"]
        if check["code"] == "no_proof_link"
        and check.get("nodes")
        and _is_value(framework, check["nodes"][0])
    ]


def _is_value(framework: FrameworkFile, code: str) -> bool:
    scale = framework.scale_of(framework.by_code[code])
    return scale is not None and scale.kind == "value"


def _list_today(
    framework: FrameworkFile, report: Mapping[str, Any], facts: Mapping[str, Any]
) -> list[TodayStep]:
    """Choose three things to do now, of different kinds, and order them by points."""
    steps = [
        _fill_blank(facts),
        _link_surveys(framework, report),
        _compare_counts(framework, report),
        _mend_formula(facts),
        _link_heaviest(facts),
        _align_remarks(facts),
        _raise_row(facts),
    ]
    chosen = [step for step in steps if step is not None][:STEPS_TODAY]
    return sorted(chosen, key=lambda step: -step.points)


def _fill_blank(facts: Mapping[str, Any]) -> TodayStep | None:
    blank = facts["blank"]
    if not blank:
        return None
    title = ngettext("Fill in the blank row", "Fill in %(n)s blank rows", len(blank))
    first = sorted(blank, key=lambda row: -row["points"])[:NAMED_ROWS]
    return TodayStep(
        facts["blank_points"],
        title % {"n": len(blank)},
        _("Begin with: %(rows)s.") % {"rows": "; ".join(row["name"] for row in first)},
        ", ".join(filter(None, (row["where"] for row in first))),
    )


def _link_surveys(framework: FrameworkFile, report: Mapping[str, Any]) -> TodayStep | None:
    surveys = _find_surveys(framework, report)
    if not surveys:
        return None
    title = ngettext(
        "Link the report of the survey", "Link the reports of the %(n)s surveys", len(surveys)
    )
    return TodayStep(
        sum(check["points"] for check in surveys),
        title % {"n": len(surveys)},
        _("They claim points, but nothing is linked. The report names the number of respondents."),
        ", ".join(check["where"] for check in surveys),
    )


def _compare_counts(framework: FrameworkFile, report: Mapping[str, Any]) -> TodayStep | None:
    said = [check for check in report["checks"] if check["sentence"] == SENTENCES["note_says_done"]]
    if not said:
        return None
    check = max(said, key=lambda each: each["points"])
    return TodayStep(
        check["points"],
        _("Compare the counts: %(name)s") % {"name": short_name(framework, check["nodes"][0])},
        write_sentence(check["sentence"], check["params"]),
        check["where"],
    )


def _mend_formula(facts: Mapping[str, Any]) -> TodayStep | None:
    reasons = [line for line in facts["reasons"] if line.where]
    if not facts["differs"] or not reasons:
        return None
    line = reasons[0]
    title = _("Mend the formula in cell %(cell)s") % {"cell": line.where}
    return TodayStep(abs(facts["difference"]), title, line.text, line.where)


def _link_heaviest(facts: Mapping[str, Any]) -> TodayStep | None:
    group = facts["without_proof"]
    if group is None:
        return None
    first = group.lines[:NAMED_ROWS]
    title = ngettext(
        "Link the proof of the heaviest row",
        "Link the proof of the %(n)s heaviest rows",
        len(first),
    )
    return TodayStep(
        sum(line.points or 0 for line in first),
        title % {"n": len(first)},
        "; ".join(line.name for line in first),
        ", ".join(line.where for line in first),
    )


def _align_remarks(facts: Mapping[str, Any]) -> TodayStep | None:
    group = next((each for each in facts["groups"] if each.code == "note_disagrees"), None)
    if group is None:
        return None
    rows = list(dict.fromkeys(line.name for line in group.lines))
    title = ngettext(
        "Align answer and remark of a row", "Align answer and remark of %(n)s rows", len(rows)
    )
    return TodayStep(
        group.points,
        title % {"n": len(rows)},
        "; ".join(rows[:NAMED_ROWS]),
        ", ".join(line.where for line in group.lines[:NAMED_ROWS]),
    )


def _raise_row(facts: Mapping[str, Any]) -> TodayStep | None:
    if not facts["open_rows"]:
        return None
    row = facts["open_rows"][0]
    return TodayStep(
        row.not_reached,
        _("Raise the row with most points left"),
        row.name,
        row.where,
    )


def fitting_name(import_: Import) -> str:
    """Return the framework that a refused file belongs to, if the reading recognised one."""
    slug = import_.refusal_details.get("fitting")
    return _get_name(find_framework(slug)) if slug else ""


def known_names() -> list[str]:
    """Return the names of the sheets that are read here."""
    return [_get_name(framework) for framework in known_frameworks()]


def _get_name(framework: FrameworkFile) -> str:
    return framework.name_en if language() == "en" else framework.name


def _make_line(framework: FrameworkFile, stored: Mapping[str, Any]) -> ReportLine:
    text = write_sentence(stored["sentence"], stored["params"])
    code = stored.get("node", "")
    node = framework.by_code.get(code)
    name = wording(node) if node is not None else stored.get("name", "")
    return ReportLine(stored["where"], text, stored.get("points"), name, code)


def _group_checks(framework: FrameworkFile, checks: list[dict[str, Any]]) -> list[ReportGroup]:
    """Put the checks into their groups, each with the most points first."""
    groups = {
        code: ReportGroup(code, str(title), str(REMEDIES[code])) for code, title in TITLES.items()
    }
    for check in checks:
        node = _find_scored(framework, check.get("nodes", []))
        line = _make_line(framework, {**check, "node": node})
        groups[check["code"]].lines.append(line)
    for group in groups.values():
        group.lines.sort(key=lambda line: -(line.points or 0))
    return [group for group in groups.values() if group.lines]


def _find_scored(framework: FrameworkFile, nodes: Iterable[str]) -> str:
    """Return the scored row of a check, which may name a count below it first."""
    rows = [node for node in nodes if framework.is_scored(framework.by_code[node])]
    return rows[0] if rows else next(iter(nodes), "")


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
    maxima = _list_maxima(framework)
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
                subject=line["subject"],
                maximum=maxima.get(line["subject"], 0),
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
        goals.append(Goal(test["id"], f"{test['name']} ({test['id']})", steps, conditions, sums))
    return goals


def _list_maxima(framework: FrameworkFile) -> dict[str, float]:
    """Return the most points of every subject of a test's line: total, area or node."""
    areas: dict[str, Fraction] = {}
    carried = points_per_row(framework)
    for node in framework.scored:
        if node.area:
            areas[node.area] = areas.get(node.area, Fraction(0)) + carried.get(node.code, 0)
    subjects = {**points_per_node(framework), **areas, "": framework.maximum}
    return {subject: float(most) for subject, most in subjects.items()}


def join_goals(goals: Iterable[Goal]) -> JoinedGoals:
    """Lay the lines of all tests together: one bar a subject, with each test's minimum on it."""
    lines: dict[str, GoalLine] = {}
    for number, goal in enumerate(goals):
        for step in goal.steps:
            line = lines.setdefault(step.subject, GoalLine(step, []))
            line.marks.append(GoalMark(goal.code, step, is_thin=number > 0))
    surveys = [line.step.label for line in lines.values() if line.step.is_survey]
    return JoinedGoals(list(lines.values()), ", ".join(surveys))


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
