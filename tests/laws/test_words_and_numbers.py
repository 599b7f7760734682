"""No word of a finding speaks against a number beside it, and no sentence of a page (U59, U97)."""

import math
import re
from decimal import Decimal

import pytest
from django.utils import translation

from clinic.assessments.models import AreaScore, ChangeArea
from clinic.insights import area_page, charts, finding_page
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.estimating import estimate
from clinic.insights.explaining import AssessedArea
from clinic.insights.package import read_package
from clinic.insights.profile import ProfileLine
from clinic.insights.reading import Shown
from clinic.insights.unit_map import AreaPoints, Signs, count_words, headline, read_words, standing
from clinic.people.models import Unit
from tests.clinic.insights.worlds import GAP, WEAK, world

LOW = {Word.KNOWLEDGE_GAP.value, Word.HIDDEN_RISK.value}
POOR = {Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value}
REGIONS = 10
DRAWN = 0.01
"""The least share of a drawing, in percent, that is written down."""


def contradictions(word, *, estimate, share, printed, lines):
    """Return the names of the figures that lie on the other side than the word has them."""
    gap, weak = lines
    sides = {
        "estimate": (estimate < gap) == (word in LOW),
        "share": (share < weak) == (word in POOR),
        "printed": (printed < weak) == (word in POOR),
    }
    return [name for name, agrees in sides.items() if not agrees]


@pytest.mark.parametrize("seed", range(100, 100 + REGIONS))
def test_u59_no_word_of_a_generated_region_speaks_against_its_figures(seed, tmp_path):
    made = world("year", seed)
    folder = tmp_path / "region"
    made.write(folder)
    package = read_package(folder)
    sheets = made.tables["assessment"].set_index(["unit_id", "area"])
    found, named = [], 0
    for row in estimate(package).rows.itertuples():
        if row.diagnosis == Word.UNKNOWN.value:
            continue
        named += 1
        sheet = sheets.loc[row.unit_id, row.area]
        printed = float(sheet["self_points"]) / float(sheet["max_points"])
        against = contradictions(
            row.diagnosis,
            estimate=row.estimate,
            share=row.share,
            printed=printed,
            lines=(GAP, WEAK),
        )
        found += [(row.unit_id, row.area, row.diagnosis, name) for name in against]
    assert named
    assert found == []


SIDES = {
    Word.SOUND.value: (False, False),
    Word.KNOWLEDGE_GAP.value: (True, True),
    Word.PRACTICE_GAP.value: (False, True),
    Word.HIDDEN_RISK.value: (True, False),
}
"""Whether understanding and practice lie below their lines."""


def number(text):
    """The number with which a text of the page begins, with a decimal comma."""
    return float(re.search(r"\d+(,\d+)?", text).group().replace(",", "."))


def known(value):
    """A figure of a table; None where it has none."""
    return None if math.isnan(value) else value


def cells_of(package, tables):
    """Each cell of a region as its pages get it: unit, area, what is shown, and its points."""
    sheets = tables["assessment"].set_index(["unit_id", "area"])
    keys = {unit: key for key, unit in enumerate(sheets.index.unique("unit_id"), start=1)}
    areas = {slug: ChangeArea(slug=slug, name=slug) for slug in sheets.index.unique("area")}
    for row in estimate(package).rows.itertuples():
        if (row.unit_id, row.area) not in sheets.index:
            continue
        sheet = sheets.loc[row.unit_id, row.area]
        maximum, reached = (Decimal(str(sheet[each])) for each in ("max_points", "self_points"))
        score = AreaScore(
            area=areas[row.area], score=reached, ceiling=reached, max_points=maximum, unanswered=0
        )
        shown = Shown(
            State.SHOWN,
            1,
            word=row.diagnosis,
            estimate=known(row.estimate),
            low=known(row.lo90),
            high=known(row.hi90),
            share=known(row.share),
            answering=5,
            answers=30,
        )
        yield keys[row.unit_id], areas[row.area], shown, score


def is_on_side(above, *, below):
    """Whether a mark is drawn on its side of a line, or on the line itself."""
    return abs(above) <= DRAWN or (above < 0) == below


def speaks_against(shown, score):
    """Name what on the page "why?" of a cell lies on another side than its word."""
    assessed = AssessedArea(score, ())
    below_gap, below_weak = SIDES[shown.word]
    told = [number(text) for _name, text, _against in finding_page.figures(shown, assessed)]
    plane = finding_page.picture(shown, assessed)
    across, up, printed = (float(plane[each].rstrip("%")) for each in ("x", "y", "printed"))
    knowing, practice, on_paper = told
    sides = {
        "knowing": (knowing < 100 * GAP) == below_gap,
        "practice": (practice < 100 * WEAK) == below_weak,
        "on paper": (on_paper < 100 * WEAK) == below_weak,
        "dot across": is_on_side(across - 100 * GAP, below=below_gap),
        "dot upwards": is_on_side(100 - 100 * WEAK - up, below=below_weak),
        "tick": is_on_side(100 - 100 * WEAK - printed, below=below_weak),
    }
    others = [word for word, _told in finding_page.what_would_change(shown, assessed)]
    sides["changes"] = others[:2] == [
        next(word for word, side in SIDES.items() if side == (below_gap, not below_weak)),
        next(word for word, side in SIDES.items() if side == (not below_gap, below_weak)),
    ]
    sides["claim"] = finding_page.claim(shown, assessed) == str(finding_page.CLAIMS[shown.word])
    return [name for name, agrees in sides.items() if not agrees]


@pytest.mark.parametrize("seed", range(100, 100 + REGIONS))
def test_u97_the_pages_of_a_region_say_what_their_numbers_say(seed, tmp_path):
    made = world("clinic", seed)
    made.write(tmp_path / "region")
    cells = list(cells_of(read_package(tmp_path / "region"), made.tables))
    with translation.override("id"):
        against = [
            (unit, area.slug, name)
            for unit, area, shown, score in cells
            if shown.word in SIDES and shown.share is not None and score.score < score.max_points
            for name in speaks_against(shown, score)
        ]
        assert against == []
        _check_map(cells)
        for unit in {unit for unit, *_rest in cells}:
            _check_profile([(area, shown, score) for of, area, shown, score in cells if of == unit])


def _check_map(cells):
    """The headline counts units, the tiles and each area's page count the same cells."""
    points_of, seen = {}, {}
    for unit, area, shown, score in cells:
        known = AreaPoints(score.score, score.not_yet_reached)
        points_of.setdefault(unit, {})[area.slug] = known
        seen[unit, area.slug] = shown
    counts = count_words(read_words(points_of, Signs(frozenset(points_of), seen)))
    missing = sum(score.not_yet_reached for *_cell, score in cells)
    assert sum(count.cells for count in counts) == len(cells)
    assert sum(count.points for count in counts) == missing
    said = re.findall(r"(\d+) (?:unit )?perlu", headline(counts))
    needing = [
        len({unit for unit, _area, shown, _score in cells if shown.word == word})
        for word in (Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value, Word.HIDDEN_RISK.value)
    ]
    assert [int(each) for each in said] == [each for each in needing if each]
    by_area = {}
    for _unit, area, _shown, score in cells:
        by_area[area.slug] = by_area.get(area.slug, 0) + score.not_yet_reached
    names = {area.slug: area for _unit, area, _shown, _score in cells}
    assert str(names[max(by_area, key=by_area.get)]) in standing(points_of, names)
    of_areas = []
    for slug in by_area:
        units = [
            area_page.UnitOfArea(Unit(pk=unit), shown, score, "")
            for unit, area, shown, score in cells
            if area.slug == slug
        ]
        of_areas += area_page.words_of(units)
        listed = [each for some in area_page.lists_of(units) for each in some["units"] if each.word]
        assert all(each.missing > 0 for each in listed)
    for count in counts:
        same = [each for each in of_areas if each.word == count.word]
        assert sum(each.cells for each in same) == count.cells
        assert sum(each.points for each in same) == count.points


def _check_profile(cells):
    """The title names the rows with most points, and each row carries its own word and numbers."""
    lines = {
        area.slug: ProfileLine(area=area, shown=shown, points=score.not_yet_reached, url="/")
        for area, shown, score in cells
    }
    chart = charts.area_chart([score for _area, _shown, score in cells], lines, ())
    heaviest = sorted(cells, key=lambda cell: -cell[2].not_yet_reached)[:2]
    if all(score.not_yet_reached > 0 for _area, _shown, score in heaviest):
        assert all(str(area) in chart.title for area, _shown, _score in heaviest)
    told = {row["slug"]: (row["diagnosis"], row["missing"]) for row in chart.rows}
    assert told == {area.slug: (shown.word, score.not_yet_reached) for area, shown, score in cells}
