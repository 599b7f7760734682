"""A recorded sheet as its page shows it: parts, rows, what is missing, and filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.links import web_address
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import EMPTY_ENTRY, answer_text, rows_of, rows_url
from clinic.lib.languages import choose_text
from clinic.lib.templatetags.ui import decimals, points

PART_DEPTH = 3
MOST_DRAWN_ROWS = 1000
MOST_OPEN_ROWS = 12  # more of them stand folded by indicator
ALL, BLANK = "semua", "kosong"
FILTERS = {
    ALL: _("All rows"),
    BLANK: _("Not filled in"),
    "tanpa-bukti": _("Without a link to proof"),
    "belum-diraih": _("Points not yet reached"),
}


@dataclass(frozen=True)
class RowState:
    """What the filters ask of a scored row."""

    code: str
    score: Decimal
    maximum: Decimal
    unanswered: bool
    has_link: bool

    def fits(self, filter_name: str) -> bool:
        """Say whether a filter keeps the row."""
        if filter_name == BLANK:
            return self.unanswered
        if filter_name == "tanpa-bukti":
            return self.score > 0 and not self.has_link
        return filter_name != "belum-diraih" or self.maximum > self.score


@dataclass(frozen=True)
class ScoredRow:
    """One scored row.

    Attributes:
        answer: as typed; counts as "name: number" pairs in ``counts``.
        rubric: letter, text, and whether it is the row's answer.
        proofs: text and web address of each; either may be empty.
    """

    code: str
    name: str
    answer: str
    counts: tuple[tuple[str, str], ...]
    rubric: tuple[tuple[str, str, bool], ...]
    note: str
    proofs: tuple[tuple[str, str], ...]
    score: Decimal
    maximum: Decimal
    unanswered: bool

    @property
    def not_reached(self) -> Decimal:
        return self.maximum - self.score

    @property
    def links(self) -> list[str]:
        return [link for _text, link in self.proofs if link]

    @property
    def worth(self) -> str:
        return worth_in_words(self.score, self.maximum)

    @property
    def worth_on_paper(self) -> str:
        return gettext("%(score)s of %(max)s") % {
            "score": decimals(self.score),
            "max": decimals(self.maximum),
        }

    @property
    def left(self) -> str:
        return gettext("%(points)s not yet reached") % {"points": points(self.not_reached)}

    @property
    def drawn_rubric(self) -> SafeString:
        return _draw_rubric(self.rubric)

    @property
    def state(self) -> "RowState":
        return RowState(
            self.code, self.score, self.maximum, self.unanswered, has_link=bool(self.links)
        )


@dataclass
class RowGroup:
    """The rows of one indicator, folded under its name.

    Attributes:
        drawn_rows: each row as an article of the page and as a row of the table for paper.
    """

    code: str
    name: str
    rows: list[ScoredRow] = field(default_factory=list)
    drawn_rows: list[tuple[SafeString, SafeString]] = field(default_factory=list)
    is_open: bool = False

    @property
    def facts(self) -> str:
        """Say how many rows there are, and what is missing among them."""
        count = len(self.rows)
        facts = [ngettext("%(n)s row", "%(n)s rows", count) % {"n": count}]
        blank = sum(row.unanswered for row in self.rows)
        unproven = sum(row.state.fits("tanpa-bukti") for row in self.rows)
        left = sum((row.not_reached for row in self.rows), Decimal(0))
        if blank:
            facts.append(gettext("%(n)s not filled in") % {"n": blank})
        if unproven:
            facts.append(gettext("%(n)s without a link to proof") % {"n": unproven})
        if left:
            facts.append(gettext("%(points)s not yet reached") % {"points": points(left)})
        return ", ".join(facts)


@dataclass
class SheetPart:
    """A heading of the sheet with its rows; one part prints on paper together.

    Attributes:
        above, name: the heading in two pieces, such as part and change area.
    """

    code: str
    above: str
    name: str
    score: Decimal
    maximum: Decimal
    groups: list[RowGroup] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return f"{self.above} – {self.name}" if self.above else self.name

    @property
    def rows(self) -> list[ScoredRow]:
        return [row for group in self.groups for row in group.rows]

    @property
    def worth(self) -> str:
        return worth_in_words(self.score, self.maximum)


@dataclass(frozen=True)
class SheetPage:
    """All parts after filtering, and how many rows each filter would keep."""

    parts: list[SheetPart]
    counts: dict[str, int]
    first_blank: str


def worth_in_words(score: Decimal, maximum: Decimal) -> str:
    """Say what a row or a part is worth, such as ``0,67 dari 1 poin``."""
    return gettext("%(score)s of %(max)s") % {"score": decimals(score), "max": points(maximum)}


def missing_in_words(sheet: Sheet) -> str:
    """Say how many rows of a sheet are not filled in, and how many points they may bring."""
    if not sheet.unanswered:
        return gettext("Every row is filled in.")
    return ngettext(
        "Not filled in: %(n)s row, +%(points)s at most",
        "Not filled in: %(n)s rows, +%(points)s at most",
        sheet.unanswered,
    ) % {"n": sheet.unanswered, "points": points(sheet.ceiling - sheet.total)}


def wording(node: EditionNode) -> str:
    """Return a node's text in the reader's language."""
    return choose_text(node.name, node.name_en)


def formula_in_words(framework: FrameworkFile, code: str) -> str:
    """Say how a row without letters is counted; empty where its answer is a letter."""
    node = framework.by_code[code]
    scale = framework.by_scale.get(node.scale)
    if node.formula is None:
        if scale is None or scale.maximum is None:
            return ""
        return gettext("A value from 0 to %(maximum)s") % {"maximum": decimals(scale.maximum)}
    above, below = (
        " + ".join(wording(framework.by_code[each]) for each in codes)
        for codes in (node.formula.numerator, node.formula.denominator)
    )
    if node.formula.kind == "decrease":
        return f"({below} − {above}) / {below}"
    return f"{above} / {below}"


def page_of(
    sheet: Sheet,
    filter_name: str = ALL,
    *,
    may_write: bool = False,
    opens_rubrics: bool = False,
    at: str = "",
) -> SheetPage:
    """Build the page of a sheet with three queries, whatever its length.

    Args:
        sheet: with its edition.
        filter_name: one of ``FILTERS``; any other keeps every row.
        may_write: rows lead to where they are typed, on the way through the filter.
        opens_rubrics: for paper, with everything open.
        at: code of the row that one came back from: shown whatever the filter, its group open.
    """
    framework = edition_file(sheet.edition)
    entries = rows_of(sheet)
    names = ("score", "max_points", "unanswered")
    scores = {
        score.node__code: score
        for score in sheet.scores.values_list("node__code", *names, named=True)
    }
    rows = [
        make_row(framework, node, entries, scores[node.code])
        for node in framework.scored
        if node.code in scores
    ]
    shown = [row for row in rows if row.code == at or row.state.fits(filter_name)]
    opens_all = opens_rubrics or len(shown) <= MOST_OPEN_ROWS
    language = get_language()
    parts: dict[str, SheetPart] = {}
    groups: dict[str, RowGroup] = {}
    for row in shown:
        above = framework.path(row.code)[:-1] or framework.path(row.code)
        headings, indicator = above[:PART_DEPTH], above[: PART_DEPTH + 1][-1]
        code = headings[-1].code
        if code not in parts:
            names_above = " – ".join(wording(node) for node in headings[:-1])
            figures = scores[code]
            parts[code] = SheetPart(
                code, names_above, wording(headings[-1]), figures.score, figures.max_points
            )
        if indicator.code not in groups:
            group = RowGroup(indicator.code, wording(indicator), is_open=opens_all)
            groups[indicator.code] = group
            parts[code].groups.append(group)
        group = groups[indicator.code]
        group.rows.append(row)
        group.is_open = group.is_open or row.code == at
        edit_url = row_url(sheet, row.code, filter_name) if may_write else ""
        group.drawn_rows.append(draw_row(row, edit_url, language, opens_rubric=opens_rubrics))
    return SheetPage(
        parts=list(parts.values()),
        counts={name: sum(row.state.fits(name) for row in rows) for name in FILTERS},
        first_blank=next((row.code for row in rows if row.unanswered), ""),
    )


def row_url(sheet: Sheet, code: str, filter_name: str) -> str:
    """Return the address at which a row is typed, on the way through a filter."""
    query = f"?saring={filter_name}" if filter_name in FILTERS and filter_name != ALL else ""
    return f"{rows_url(sheet)}{code}/{query}"


def make_row(
    framework: FrameworkFile, node: EditionNode, entries: Mapping[str, RowEntry], score: Any
) -> ScoredRow:
    """Put what is recorded of one row together; ``score`` has the figures of a ``Score``."""
    entry = entries.get(node.code, EMPTY_ENTRY)
    counted = [each for each in framework.answered(node.code) if each.code != node.code]
    below = [(each, entries.get(each.code, EMPTY_ENTRY)) for each in counted]
    proofs = entry.proofs + tuple(proof for _each, count in below for proof in count.proofs)
    answer = "" if counted else answer_text(entry)
    return ScoredRow(
        code=node.code,
        name=wording(node),
        answer=answer,
        counts=tuple((wording(each), answer_text(count)) for each, count in below),
        rubric=tuple((line.letter, line.text, line.letter == answer) for line in node.rubric),
        note=entry.note,
        proofs=tuple((text, web_address(link)) for text, link in proofs),
        score=score.score,
        maximum=score.max_points,
        unanswered=bool(score.unanswered),
    )


@lru_cache(maxsize=MOST_DRAWN_ROWS)
def _draw_rubric(rubric: tuple[tuple[str, str, bool], ...]) -> SafeString:
    """Draw what sets the answers of a row apart, once for all sheets that give the same answer."""
    return render_to_string("assessments/_rubric.html", {"rubric": rubric})


@lru_cache(maxsize=MOST_DRAWN_ROWS)
def draw_row(
    row: ScoredRow, edit_url: str, _language: str | None, *, opens_rubric: bool
) -> tuple[SafeString, SafeString]:
    """Draw a row as an article of the page and as a row of the table for paper.

    A process keeps what it drew: of a sheet that is filled in row by row one row has changed.
    """
    context = {"row": row, "edit_url": edit_url, "opens_rubric": opens_rubric}
    return (
        render_to_string("assessments/_row.html", context),
        render_to_string("assessments/_paper_row.html", context),
    )
