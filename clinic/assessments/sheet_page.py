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
FILTERS = {
    "semua": _("All rows"),
    "kosong": _("Not filled in"),
    "tanpa-bukti": _("Without a link to proof"),
    "belum-diraih": _("Points not yet reached"),
}


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

    def fits(self, filter_name: str) -> bool:
        """Say whether a filter keeps the row."""
        if filter_name == "kosong":
            return self.unanswered
        if filter_name == "tanpa-bukti":
            return self.score > 0 and not self.links
        return filter_name != "belum-diraih" or self.not_reached > 0


@dataclass
class SheetPart:
    """A heading of the sheet with its rows; one part prints on paper together.

    Attributes:
        drawn_rows: each row as an article of the page and as a row of the table for paper.
    """

    code: str
    name: str
    score: Decimal
    maximum: Decimal
    rows: list[ScoredRow] = field(default_factory=list)
    drawn_rows: list[tuple[SafeString, SafeString]] = field(default_factory=list)

    @property
    def worth(self) -> str:
        return worth_in_words(self.score, self.maximum)


@dataclass(frozen=True)
class SheetPage:
    """All parts after filtering, and how many rows each filter would keep."""

    parts: list[SheetPart]
    counts: dict[str, int]


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
    filter_name: str = "semua",
    *,
    may_write: bool = False,
    opens_rubrics: bool = False,
) -> SheetPage:
    """Build the page of a sheet with three queries, whatever its length."""
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
    base_url, language = rows_url(sheet) if may_write else "", get_language()
    parts: dict[str, SheetPart] = {}
    for row in rows:
        if not row.fits(filter_name):
            continue
        above = framework.path(row.code)[:-1][:PART_DEPTH] or framework.path(row.code)
        code = above[-1].code
        if code not in parts:
            name = " – ".join(wording(node) for node in above)
            parts[code] = SheetPart(code, name, scores[code].score, scores[code].max_points)
        parts[code].rows.append(row)
        edit_url = f"{base_url}{row.code}/" if may_write else ""
        parts[code].drawn_rows.append(draw_row(row, edit_url, language, opens_rubric=opens_rubrics))
    return SheetPage(
        parts=list(parts.values()),
        counts={name: sum(row.fits(name) for row in rows) for name in FILTERS},
    )


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
