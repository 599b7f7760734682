"""What deserves a second look in a sheet although every row could be read.

Each check names a cell and the points of the row; none of them changes an answer or a score. A
remark beside an answer may repeat a rubric line or name an amount: only a clear contradiction is
reported, and a remark that names facts of its own is none.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from clinic.assessments.arithmetic.answers import Answers, count_of, pair_of_ratio
from clinic.assessments.arithmetic.editions import EditionNode, Formula, FrameworkFile
from clinic.assessments.arithmetic.links import destination
from clinic.assessments.arithmetic.scoring import SheetScore
from clinic.assessments.arithmetic.wording import plain, word_likeness
from clinic.lib.arithmetic.messages import Message, Number, gettext_noop
from clinic.lib.arithmetic.numbers import NotANumber, parse_number

REPEATS = 0.8
CLEARLY = 0.05
_TURNS = {"belum", "tidak", "tanpa", "hanya", "sebagian", "kecil"}  # a line means less without one
_DONE = re.compile(r"\b(?:sudah|telah|selesai) (\w+)")
_NOT_YET = re.compile(r"\b(belum|tidak|akan|sedang|harus|hanya|sebagian)\b")
_NONE = re.compile(r"^(tidak|belum) (ada|terdapat)\b|^nihil\b|^0 ")
_PERCENT = re.compile(r"([0-9]+(?:[.,][0-9]+)?) ?(?:%|persen\b)")
_LISTED = re.compile(r"^\s*([0-9]{1,3})[.)](?![0-9])", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.,])([0-9]{1,6})(?![\w%]|[.,][0-9])")


def closer_letter(remark: str, rubric: Mapping[str, str], claimed: str) -> str | None:
    """Return the letter whose rubric line the remark repeats, if it is not the claimed one."""
    words = set(plain(remark).split())
    likeness = {
        letter: word_likeness(_strip_openings(remark), _strip_openings(text))
        for letter, text in rubric.items()
        if letter == claimed or _TURNS & set(plain(text).split()) <= words
    }
    if claimed not in likeness:
        return None
    best = max(likeness, key=lambda letter: likeness[letter])
    repeats = likeness[best] >= REPEATS and likeness[best] - likeness[claimed] >= CLEARLY
    return best if best != claimed and repeats else None


def _strip_openings(text: str) -> str:
    return re.sub(r"^(jika|bila|ya|telah) ", "", plain(text))


def says_none(remark: str) -> bool:
    """Tell whether a remark says that there is nothing to count."""
    return _NONE.search(plain(remark)) is not None


def says_done(remark: str, act: str) -> bool:
    """Tell whether a remark says that the act, such as "ditindaklanjuti", has been done."""
    text = plain(remark)
    verbs = set(_DONE.findall(text))
    return _NOT_YET.search(text) is None and bool(verbs & set(plain(act).split()))


def amount_in(remark: str) -> int | None:
    """Return the amount that a remark names: the length of its list, or its only number."""
    listed = [int(number) for number in _LISTED.findall(remark)]
    if listed:
        in_order = listed == list(range(1, len(listed) + 1))
        return len(listed) if in_order else None
    numbers = _NUMBER.findall(remark)
    return int(numbers[0]) if len(numbers) == 1 else None


def share_in(remark: str) -> Fraction | None:
    """Return the only percentage that a remark names, as a share."""
    percentages = _PERCENT.findall(remark)
    if len(percentages) != 1:
        return None
    try:
        return Fraction(parse_number(percentages[0])) / 100
    except NotANumber:
        return None


ZERO = Fraction(0)
_SAME_SHARE = Fraction(1, 200)
SENTENCES = {
    "no_proof_link": gettext_noop("This row claims points but has no link to proof."),
    "survey_at_maximum": gettext_noop(
        "The survey value is the highest possible, %(value)s. Have the survey report at hand."
    ),
    "note_fits_other_letter": gettext_noop(
        "The answer is %(answer)s, but the remark is closer to %(letter)s: “%(rubric)s”."
    ),
    "note_says_none": gettext_noop("The remark says there is none, but the count is %(count)s."),
    "note_says_amount": gettext_noop("The remark says %(said)s, but the count is %(count)s."),
    "note_says_share": gettext_noop("The remark says %(said)s%%, but the value is %(value)s%%."),
    "note_says_done": gettext_noop(
        "The remark says that %(said)s are done, but the count is %(count)s of %(below)s."
    ),
    "share_differs": gettext_noop(
        "The percentage in the file is %(file)s%%; from the counts it is %(counted)s%%."
    ),
    "more_than_all": gettext_noop("%(above)s of %(below)s: the part is larger than the whole."),
    "same_count_differs": gettext_noop(
        "The same number stands as %(count)s here and as %(other)s in %(cell)s."
    ),
    "link_reused": gettext_noop("The same link is given as proof for %(rows)s rows."),
    "parts_not_equal": gettext_noop("The parts add up to %(parts)s, but the sum says %(sum)s."),
    "parts_above_sum": gettext_noop(
        "The parts add up to %(parts)s, which is more than the sum of %(sum)s."
    ),
}


@dataclass(frozen=True)
class RowFacts:
    """What stands beside a row's answer in the sheet.

    Attributes:
        cells: names of the row's cells by role: ``answer``, ``note``, ``link``.
        own_share: the percentage that the file itself shows on a ratio row.
    """

    note: str = ""
    links: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    own_share: Fraction | None = None


@dataclass(frozen=True)
class Check:
    """One thing to look at again.

    Attributes:
        code: such as ``note_disagrees``.
        where: the cell, or several.
        points: today's points of the row or rows concerned; where a remark says that more is done
            than is counted, the points that the row would gain.
    """

    code: str
    where: str
    message: Message
    points: Fraction
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class CheckedSheet:
    """Everything a check looks at."""

    framework: FrameworkFile
    answers: Answers
    score: SheetScore
    facts: Mapping[str, RowFacts]

    def cell(self, code: str, role: str = "answer") -> str:
        facts = self.facts.get(code)
        return facts.cells.get(role, "") if facts else ""

    def points(self, code: str) -> Fraction:
        points = self.score.nodes.get(code)
        return points.score if points else ZERO

    def rows(self) -> list[tuple[EditionNode, RowFacts]]:
        return [
            (node, self.facts[node.code])
            for node in self.framework.scored
            if node.code in self.facts
        ]

    def counts(self) -> list[tuple[EditionNode, EditionNode, int, RowFacts]]:
        """Return each count row with its ratio row, its count and what stands beside it."""
        rows = []
        for node in self.framework.nodes:
            count = count_of(self.answers, node.code) if node.kind == "input" else None
            if count is not None and node.code in self.facts:
                parent = self.framework.by_code[node.parent]
                rows.append((node, parent, count, self.facts[node.code]))
        return rows

    def links(self, node: EditionNode) -> tuple[str, ...]:
        """Return the links of a row, those of its counts included."""
        codes = [node.code, *(child.code for child in self.framework.children(node.code))]
        return tuple(
            link for code in codes if code in self.facts for link in self.facts[code].links
        )


def check_sheet(sheet: CheckedSheet) -> tuple[Check, ...]:
    """Run every check, in the order of the report."""
    return tuple(check for find in _CHECKS for check in find(sheet))


def points_without_proof(sheet: CheckedSheet) -> Fraction:
    """Add up the points of rows that have no link to proof."""
    return sum((sheet.points(n.code) for n, _ in sheet.rows() if not sheet.links(n)), ZERO)


def points_with_proof(sheet: CheckedSheet) -> Fraction:
    """Add up the points of rows that have a link to proof."""
    return sum((sheet.points(n.code) for n, _ in sheet.rows() if sheet.links(n)), ZERO)


def _make_check(
    code: str,
    sentence: str,
    where: str,
    *,
    points: Fraction,
    nodes: tuple[str, ...],
    **params: object,
) -> Check:
    return Check(code, where, Message(SENTENCES[sentence], params), points, nodes)


def _check_proof(sheet: CheckedSheet) -> Iterator[Check]:
    for node, facts in sheet.rows():
        if sheet.points(node.code) > 0 and not sheet.links(node):
            yield _make_check(
                "no_proof_link",
                "no_proof_link",
                facts.cells.get("link", ""),
                points=sheet.points(node.code),
                nodes=(node.code,),
            )


def _check_surveys(sheet: CheckedSheet) -> Iterator[Check]:
    for node, facts in sheet.rows():
        scale = sheet.framework.by_scale[node.scale]
        points = sheet.score.nodes.get(node.code)
        if scale.kind == "value" and points is not None and points.share == 1:
            yield _make_check(
                "survey_at_maximum",
                "survey_at_maximum",
                facts.cells.get("answer", ""),
                points=points.score,
                nodes=(node.code,),
                value=Number(points.share * (scale.maximum or 1), 2),
            )


def _check_notes(sheet: CheckedSheet) -> Iterator[Check]:
    for node, facts in sheet.rows():
        scale = sheet.framework.by_scale[node.scale]
        if scale.kind == "letters":
            yield from _check_letter_note(sheet, node, facts)
        elif scale.kind == "value":
            yield from _check_value_note(sheet, node, facts)
    for node, parent, count, facts in sheet.counts():
        amount = amount_in(facts.note)
        sentence, params = "", {"count": count}
        if count > 0 and says_none(facts.note):
            sentence = "note_says_none"
        elif amount is not None and amount != count:
            sentence, params = "note_says_amount", {"said": amount, "count": count}
        if sentence:
            yield _make_check(
                "note_disagrees",
                sentence,
                facts.cells.get("answer", ""),
                points=sheet.points(parent.code),
                nodes=(node.code, parent.code),
                **params,
            )
    for node, _facts in sheet.rows():
        if node.formula is not None and node.formula.kind == "ratio":
            yield from _check_done_note(sheet, node, node.formula)


def _check_done_note(sheet: CheckedSheet, node: EditionNode, formula: Formula) -> Iterator[Check]:
    """Compare what is counted as done with a remark beside the whole that says it all is."""
    pair, points = pair_of_ratio(formula, sheet.answers), sheet.score.nodes.get(node.code)
    facts = sheet.facts.get(formula.denominator[0])
    if pair is None or points is None or facts is None:
        return
    above, below = pair
    said = amount_in(facts.note)
    act = " ".join(sheet.framework.by_code[code].name for code in formula.numerator)
    if said is None or not above < said <= below or not says_done(facts.note, act):
        return
    yield _make_check(
        "note_disagrees",
        "note_says_done",
        f"{sheet.cell(formula.numerator[-1])}, {sheet.cell(formula.denominator[0], 'note')}",
        points=points.maximum * Fraction(said, below) - points.score,
        nodes=(node.code, formula.denominator[0]),
        said=said,
        count=above,
        below=below,
    )


def _check_letter_note(sheet: CheckedSheet, node: EditionNode, facts: RowFacts) -> Iterator[Check]:
    answer = sheet.answers.get(node.code)
    if not isinstance(answer, str) or not facts.note:
        return
    rubric = {line.letter: line.text for line in node.rubric}
    letter = closer_letter(facts.note, rubric, answer)
    if letter is not None:
        yield _make_check(
            "note_disagrees",
            "note_fits_other_letter",
            facts.cells.get("answer", ""),
            points=sheet.points(node.code),
            nodes=(node.code,),
            answer=answer,
            letter=letter,
            rubric=rubric[letter],
        )


def _check_value_note(sheet: CheckedSheet, node: EditionNode, facts: RowFacts) -> Iterator[Check]:
    noted, points = share_in(facts.note), sheet.score.nodes.get(node.code)
    share = points.share if points and points.answered else None
    if noted is not None and share is not None and abs(noted - share) >= _SAME_SHARE:
        yield _make_check(
            "note_disagrees",
            "note_says_share",
            facts.cells.get("answer", ""),
            points=sheet.points(node.code),
            nodes=(node.code,),
            said=_to_percent(noted),
            value=_to_percent(share),
        )


def _to_percent(share: Fraction) -> Number:
    return Number(share * 100, 2)


def _check_counts(sheet: CheckedSheet) -> Iterator[Check]:
    for node, facts in sheet.rows():
        pair = pair_of_ratio(node.formula, sheet.answers) if node.formula else None
        if pair is None or node.formula is None:
            continue
        above, below = pair
        points = sheet.score.nodes.get(node.code)
        share = points.share if points and points.answered else None
        own = facts.own_share
        if own is not None and share is not None and abs(own - share) >= _SAME_SHARE:
            yield _make_check(
                "count_disagrees",
                "share_differs",
                facts.cells.get("answer", ""),
                points=sheet.points(node.code),
                nodes=(node.code,),
                file=_to_percent(own),
                counted=_to_percent(share),
            )
        if node.formula.kind == "ratio" and above > below:
            yield _make_check(
                "count_disagrees",
                "more_than_all",
                sheet.cell(node.formula.numerator[0]),
                points=sheet.points(node.code),
                nodes=(node.code,),
                above=above,
                below=below,
            )
    for node, parent, count, facts in sheet.counts():
        other = count_of(sheet.answers, node.same_as) if node.same_as else None
        if other is not None and other != count:
            yield _make_check(
                "count_disagrees",
                "same_count_differs",
                facts.cells.get("answer", ""),
                points=sheet.points(parent.code),
                nodes=(node.code, node.same_as),
                count=count,
                other=other,
                cell=sheet.cell(node.same_as),
            )


def _check_links(sheet: CheckedSheet) -> Iterator[Check]:
    rows_by_target: dict[str, list[EditionNode]] = {}
    for node, _facts in sheet.rows():
        for target in dict.fromkeys(destination(link) for link in sheet.links(node)):
            rows_by_target.setdefault(target, []).append(node)
    for nodes in rows_by_target.values():
        if len(nodes) > 1:
            yield _make_check(
                "link_reused",
                "link_reused",
                ", ".join(sheet.cell(node.code, "link") for node in nodes),
                points=sum((sheet.points(node.code) for node in nodes), ZERO),
                nodes=tuple(node.code for node in nodes),
                rows=len(nodes),
            )


def _check_parts(sheet: CheckedSheet) -> Iterator[Check]:
    for node, _facts in sheet.rows():
        if node.formula is None or not node.formula.parts:
            continue
        wrong = _compare_parts_and_sum(node.formula, sheet.answers)
        if wrong is not None:
            is_equal = node.formula.parts_rule == "equal"
            yield _make_check(
                "parts_do_not_add_up",
                "parts_not_equal" if is_equal else "parts_above_sum",
                sheet.cell(node.formula.denominator[0]),
                points=sheet.points(node.code),
                nodes=(node.code,),
                parts=wrong[0],
                sum=wrong[1],
            )


def _compare_parts_and_sum(formula: Formula, answers: Answers) -> tuple[int, int] | None:
    """Return the sum of the parts and the typed sum where they contradict each other."""
    parts = [count_of(answers, code) for code in formula.parts]
    total = count_of(answers, formula.denominator[0])
    stated = [part for part in parts if part is not None]
    if total is None or not stated:
        return None
    if formula.parts_rule == "at_most":
        return (sum(stated), total) if sum(stated) > total else None
    is_complete = len(stated) == len(parts)
    return (sum(stated), total) if is_complete and sum(stated) != total else None


_CHECKS: tuple[Callable[[CheckedSheet], Iterator[Check]], ...] = (
    _check_proof,
    _check_surveys,
    _check_notes,
    _check_counts,
    _check_links,
    _check_parts,
)
