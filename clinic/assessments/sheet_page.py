"""A recorded sheet as its page shows it: parts, rows, what is missing, and filters."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.links import web_address
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Score, Sheet
from clinic.assessments.sheets import RowEntry, answer_text, answered_nodes, rows_of
from clinic.lib.templatetags.ui import decimals

PART_DEPTH = 3
FILTERS = {
    "semua": _("All rows"),
    "kosong": _("Not filled in"),
    "tanpa-bukti": _("Without a link to proof"),
    "belum-diraih": _("Points not yet reached"),
}


@dataclass(frozen=True)
class Row:
    """One scored row.

    Attributes:
        answer: as typed; counts as "name: number" pairs in ``counts``.
        rubric: letter, text, and whether it is the row's answer.
    """

    code: str
    name: str
    answer: str
    counts: list[tuple[str, str]]
    rubric: list[tuple[str, str, bool]]
    note: str
    proofs: tuple[tuple[str, str], ...]
    score: Decimal
    ceiling: Decimal
    maximum: Decimal
    unanswered: bool

    @property
    def not_reached(self) -> Decimal:
        return self.maximum - self.score

    @property
    def links(self) -> list[str]:
        return [link for _text, link in self.proofs if link]

    def fits(self, wanted: str) -> bool:
        """Say whether a filter keeps the row."""
        return {
            "kosong": self.unanswered,
            "tanpa-bukti": self.score > 0 and not self.links,
            "belum-diraih": self.not_reached > 0,
        }.get(wanted, True)


@dataclass
class Part:
    """A heading of the sheet with its rows; one part prints on paper together."""

    code: str
    name: str
    score: Decimal
    maximum: Decimal
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class SheetPage:
    """All parts after filtering, and how many rows each filter would keep."""

    parts: list[Part]
    counts: dict[str, int]


def wording(node: EditionNode) -> str:
    """Return a node's text in the reader's language."""
    return node.name_en if get_language() == "en" and node.name_en else node.name


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


def page_of(sheet: Sheet, wanted: str = "semua") -> SheetPage:
    """Build the page of a sheet with four queries, whatever its length."""
    framework = edition_file(sheet.edition)
    entries = rows_of(sheet)
    scores = {score.node.code: score for score in sheet.scores.select_related("node")}
    rows = [
        make_row(framework, node, entries, scores[node.code])
        for node in framework.scored
        if node.code in scores
    ]
    return SheetPage(
        parts=_parts(framework, (row for row in rows if row.fits(wanted)), scores),
        counts={name: sum(row.fits(name) for row in rows) for name in FILTERS},
    )


def make_row(
    framework: FrameworkFile, node: EditionNode, entries: dict[str, RowEntry], score: Score
) -> Row:
    """Put what is recorded of one row together."""
    entry = entries.get(node.code, RowEntry())
    counts = [
        (wording(each), answer_text(entries.get(each.code, RowEntry())))
        for each in answered_nodes(framework, node.code)
        if each.code != node.code
    ]
    proofs = entry.proofs + tuple(
        proof
        for each in answered_nodes(framework, node.code)
        if each.code != node.code
        for proof in entries.get(each.code, RowEntry()).proofs
    )
    answer = "" if counts else answer_text(entry)
    return Row(
        code=node.code,
        name=wording(node),
        answer=answer,
        counts=counts,
        rubric=[(line.letter, line.text, line.letter == answer) for line in node.rubric],
        note=entry.note,
        proofs=tuple((text, web_address(link)) for text, link in proofs),
        score=score.score,
        ceiling=score.ceiling,
        maximum=score.max_points,
        unanswered=bool(score.unanswered),
    )


def _parts(framework: FrameworkFile, rows: Iterable[Row], scores: dict[str, Score]) -> list[Part]:
    parts: dict[str, Part] = {}
    for row in rows:
        code = _part_of(framework, row.code)
        if code not in parts:
            score = scores[code]
            names = [wording(node) for node in _line(framework, code)]
            parts[code] = Part(code, " – ".join(names), score.score, score.max_points)
        parts[code].rows.append(row)
    return list(parts.values())


def _part_of(framework: FrameworkFile, code: str) -> str:
    """Return the third heading from the top above a row, or the lowest there is."""
    above = [node.code for node in _line(framework, framework.by_code[code].parent)]
    return above[:PART_DEPTH][-1] if above else code


def _line(framework: FrameworkFile, code: str) -> list[EditionNode]:
    line: list[EditionNode] = []
    while code:
        node = framework.by_code[code]
        line.insert(0, node)
        code = node.parent
    return line
