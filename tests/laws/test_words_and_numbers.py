"""No word of a finding speaks against a number that is printed beside it (U59)."""

import pytest

from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.estimating import estimate
from clinic.insights.package import read_package
from tests.clinic.insights.worlds import GAP, WEAK, world

LOW = {Word.KNOWLEDGE_GAP.value, Word.HIDDEN_RISK.value}
POOR = {Word.KNOWLEDGE_GAP.value, Word.PRACTICE_GAP.value}
REGIONS = 10


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
