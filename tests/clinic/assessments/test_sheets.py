"""Recording a sheet: exact scores, nothing twice, nothing half."""

from decimal import Decimal
from fractions import Fraction

import pytest

from clinic.assessments import frameworks, sheets
from clinic.assessments.arithmetic.answers import AnswerRefused
from clinic.assessments.models import Answer, Sheet
from clinic.people.models import Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def zi():
    return frameworks.load_framework((frameworks.SHIPPED / "zi-2021.toml").read_text()).edition


@pytest.fixture
def unit():
    root = Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")
    return root.add_child(slug="dinas-contoh", name="Dinas Contoh", kind="dinas")


def record(unit, zi, **rows):
    return sheets.record_sheet(unit=unit, edition=zi, period=2022, rows=rows.pop("rows"), **rows)


def test_a_blank_sheet_is_worth_nothing_and_may_still_reach_everything(unit, zi):
    sheet = record(unit, zi, rows={}).sheet
    assert (sheet.total, sheet.ceiling, sheet.max_points) == (0, 100, 100)
    # 110 questions of the enablers and three values of the results
    assert sheet.unanswered == 113


def test_a_row_earns_its_points_and_its_area_too(unit, zi):
    sheet = record(unit, zi, rows={"A.I.5.i.a": sheets.RowEntry(value="B")}).sheet
    assert sheet.total == Decimal("0.375")
    area = sheet.area_scores.get(area_id="pengawasan")
    assert (area.score, area.max_points, area.unanswered) == (Decimal("0.375"), 15, 21)
    assert area.not_yet_reached == Decimal("14.625")


def test_the_same_rows_again_change_nothing(unit, zi):
    rows = {
        "A.I.5.i.a": sheets.RowEntry(value="B", note="n", proofs=(("SK", "https://a.example/1"),)),
        "A.II.5.ii.a.1": sheets.RowEntry(value=6),
        "A.II.5.ii.a.3": sheets.RowEntry(value=1, text="1"),
        "B.I.a": sheets.RowEntry(value=Decimal("3.6")),
    }
    first = record(unit, zi, rows=rows)
    again = record(unit, zi, rows=rows)
    assert first.changed
    assert not again.changed
    assert Sheet.objects.get().rev == first.sheet.rev
    assert again.score == first.score


def test_an_answer_is_kept_as_two_integers(unit, zi):
    record(unit, zi, rows={"A.I.5.i.b": sheets.RowEntry(value="B")})
    answer = Answer.objects.get()
    assert Fraction(answer.numerator, answer.denominator) == Fraction(67, 100)


def test_a_row_the_edition_does_not_have_is_refused_and_nothing_is_written(unit, zi):
    with pytest.raises(AnswerRefused) as refusal:
        record(unit, zi, rows={"A.I.9.z": sheets.RowEntry(value="A")})
    assert refusal.value.code == "row_unknown"
    assert not Sheet.objects.exists()


def test_a_sheet_keeps_the_name_its_unit_had(unit, zi):
    sheet = record(unit, zi, rows={}).sheet
    unit.name = "Dinas Baru"
    unit.save()
    assert Sheet.objects.get(pk=sheet.pk).unit_name == "Dinas Contoh"
