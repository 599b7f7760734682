"""The law D11: an answer keeps two integers, and a rolled-up score is computed from them once."""

from fractions import Fraction

import pytest

from clinic.assessments import frameworks, sheets
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.models import Answer
from clinic.lib.arithmetic.numbers import to_scale
from clinic.people.models import Unit

PRIMES = [(1, 997), (2, 3), (3, 7), (331, 997), (499, 983), (613, 991), (991, 997)]
RATIO = "A.II.5.ii.a"  # of two counts: .3 of .1
TYPED = "A.II.3.iii.a"  # a ratio that is typed where its counts are blank
SURVEY = "B.I.a"  # from 0 to 4


def read_back(sheet):
    """Return the exact share of each row, as the database says it now."""
    return {
        answer.node.code: Fraction(answer.numerator, answer.denominator)
        for answer in Answer.objects.filter(sheet_id=sheet.pk).select_related("node")
    }


@pytest.mark.django_db
def test_d11_ratios_over_primes_survive_a_round_trip():
    text = (frameworks.SHIPPED / "zi-2021.toml").read_text()
    edition = frameworks.load_framework(text).edition
    unit = Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")
    for period, (above, below) in enumerate(PRIMES, 2015):
        share = Fraction(above, below)
        typed = {f"{RATIO}.1": below, f"{RATIO}.3": above, TYPED: share, SURVEY: share}
        rows = {code: sheets.RowEntry(value=value) for code, value in typed.items()}
        recorded = sheets.record_sheet(unit=unit, edition=edition, period=period, rows=rows)

        kept = {code: row.value for code, row in sheets.rows_of(recorded.sheet).items()}
        assert kept == {
            f"{RATIO}.1": (below, 1),
            f"{RATIO}.3": (above, 1),
            TYPED: (above, below),
            SURVEY: (share / 4).as_integer_ratio(),
        }
        assert read_back(recorded.sheet) == {code: Fraction(*pair) for code, pair in kept.items()}
        again = score_sheet(frameworks.edition_file(edition), kept)
        assert again == recorded.score
        assert again.nodes[RATIO].score == again.nodes[RATIO].maximum * share
        for score in recorded.sheet.scores.select_related("node"):
            assert score.score == to_scale(again.nodes[score.node.code].score)
        assert not sheets.record_sheet(unit=unit, edition=edition, period=period, rows=rows).changed
