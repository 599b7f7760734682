"""What ``manage.py verify`` reads of frameworks and sheets (D4, D11)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

from clinic.assessments.arithmetic.answers import (
    AnswerRefused,
    AnswerValue,
    pair_of_letter,
)
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.frameworks import FrameworkFault
from clinic.assessments.arithmetic.scoring import SheetScore, points_per_node, score_sheet
from clinic.assessments.frameworks import stored_file, structure_digest
from clinic.assessments.models import Answer, AreaScore, FrameworkEdition, Node, Score, Sheet
from clinic.assessments.sheets import make_figures
from clinic.lib.arithmetic.numbers import to_scale
from clinic.lib.breaches import Breach, Invariant

SHEETS_AT_ONCE = 200
FIGURES = ("score", "ceiling", "max_points", "unanswered")
Figures: TypeAlias = tuple[Decimal | int, ...]
Structure: TypeAlias = tuple[Any, ...]


def _read_file(edition: FrameworkEdition) -> FrameworkFile | None:
    """Return the stored file, or None where it can no longer be read."""
    try:
        return stored_file(edition)
    except (FrameworkFault, KeyError, TypeError):
        return None


def _find_changed_editions() -> Iterator[Breach]:
    for edition in FrameworkEdition.objects.defer(None):
        where = f"edition {edition.slug}"
        framework = _read_file(edition)
        if framework is None:
            yield Breach(where, "its stored file can no longer be read")
            continue
        if structure_digest(framework) != edition.digest:
            yield Breach(where, "its stored file was changed since it was loaded")
        if to_scale(framework.maximum) != edition.max_score:
            yield Breach(where, "its maximum is not that of its file")
        yield from _compare_nodes(edition, framework)


def _compare_nodes(edition: FrameworkEdition, framework: FrameworkFile) -> Iterator[Breach]:
    expected = _get_structure(framework)
    names = ("parent__code", "position", "kind", "area", "weight", "definition")
    stored: dict[str, Structure] = {
        code: (*rest, definition.get("scale"), definition.get("aggregate"))
        for code, *rest, definition in edition.nodes.values_list("code", *names)
    }
    for code in sorted(expected.keys() | stored.keys()):
        where = f"node {edition.slug} {code}"
        if code not in stored or code not in expected:
            yield Breach(where, "stands only in the file or only in the tree")
        elif stored[code] != expected[code]:
            yield Breach(where, "its weight or place is not that of its file")


def _get_structure(framework: FrameworkFile) -> dict[str, Structure]:
    points = points_per_node(framework)
    return {
        node.code: (
            node.parent or None,
            node.position,
            node.kind,
            node.area or None,
            to_scale(points[node.code]) if node.code in points else None,
            node.scale,
            node.aggregate,
        )
        for node in framework.nodes
    }


def _find_unlocked_editions() -> Iterator[Breach]:
    unlocked = FrameworkEdition.objects.filter(locked_at=None, sheets__isnull=False).distinct()
    for slug in unlocked.values_list("slug", flat=True):
        yield Breach(f"edition {slug}", "is used by a sheet and not locked")


def _find_wrong_scores() -> Iterator[Breach]:
    for edition in FrameworkEdition.objects.defer(None):
        framework = _read_file(edition)
        if framework is not None:  # else D4 has named it
            codes = dict(Node.objects.filter(edition=edition).values_list("pk", "code"))
            sheets = list(Sheet.objects.filter(edition=edition).order_by("pk"))
            for start in range(0, len(sheets), SHEETS_AT_ONCE):
                yield from _compare_scores(sheets[start : start + SHEETS_AT_ONCE], framework, codes)


def _compare_scores(
    sheets: list[Sheet], framework: FrameworkFile, codes: dict[int, str]
) -> Iterator[Breach]:
    answers = _read_answers(sheets, codes)
    nodes = _read_figures(Score, sheets, "node")
    areas = _read_figures(AreaScore, sheets, "area", "answered_points")
    for sheet in sheets:
        try:
            _refuse_foreign_letters(framework, answers[sheet.pk])
            score = score_sheet(
                framework, {code: value for code, (value, _pair) in answers[sheet.pk].items()}
            )
        except AnswerRefused:
            yield Breach(f"sheet {sheet.uuid}", "holds an answer that its row cannot take")
            continue
        stored = {codes.get(node): figures for node, figures in nodes[sheet.pk].items()}
        totals = (sheet.total, sheet.ceiling, sheet.max_points, sheet.unanswered)
        if (totals, stored, areas[sheet.pk]) != _compute_figures(score):
            yield Breach(f"sheet {sheet.uuid}", "its scores are not what its answers are worth")


def _read_answers(
    sheets: list[Sheet], codes: dict[int, str]
) -> dict[int, dict[str, tuple[AnswerValue, ...]]]:
    """Return for each sheet its answers by code: as scoring takes them, and the two integers."""
    answers: dict[int, dict[str, tuple[AnswerValue, ...]]] = defaultdict(dict)
    rows = Answer.objects.filter(sheet__in=sheets).values_list(
        "sheet", "node", "letter", "numerator", "denominator"
    )
    for sheet, node, letter, above, below in rows.iterator():
        pair = None if above is None or below is None else (above, below)
        answers[sheet][codes.get(node, "")] = (letter or pair, pair)
    return answers


def _refuse_foreign_letters(
    framework: FrameworkFile, answers: dict[str, tuple[AnswerValue, ...]]
) -> None:
    for code, (value, pair) in answers.items():
        if code not in framework.by_code:
            raise AnswerRefused(code="row_unknown", details={"node": code})
        if isinstance(value, str):
            scale = framework.scale_of(framework.by_code[code])
            if scale is None or pair_of_letter(scale, value) != pair:
                raise AnswerRefused(code="letter_unknown", details={"node": code})


def _read_figures(
    model: type[Score] | type[AreaScore], sheets: list[Sheet], key: str, *more: str
) -> dict[int, dict[Any, Figures]]:
    by_sheet: dict[int, dict[Any, Figures]] = defaultdict(dict)
    rows = model._base_manager.filter(sheet__in=sheets)
    for sheet, subject, *figures in rows.values_list("sheet", key, *FIGURES, *more).iterator():
        by_sheet[sheet][subject] = tuple(figures)
    return by_sheet


def _compute_figures(score: SheetScore) -> tuple[Figures, dict[str, Figures], dict[str, Figures]]:
    return (
        tuple(make_figures(score.total).values()),
        {code: tuple(make_figures(points).values()) for code, points in score.nodes.items()},
        {
            area: (*make_figures(points).values(), to_scale(points.answered_maximum))
            for area, points in score.areas.items()
        },
    )


INVARIANTS: list[Invariant] = [
    ("D4", _find_changed_editions),
    ("D4", _find_unlocked_editions),
    ("D11", _find_wrong_scores),
]
