"""Numbers in a report have the marks of whoever reads it, however it was stored."""

import json
from fractions import Fraction

import pytest
from django.utils import translation

from clinic.assessments.report_page import facts_of
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import as_stored, build_report, write_sentence
from clinic.lib.arithmetic.messages import Number
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI

SENTENCE = "The remark says %(said)s%%, but the value is %(value)s%%."


@pytest.fixture(scope="module")
def report():
    return build_report(ZI, read_workbook(SAMPLE, ZI))


@pytest.mark.django_db
@pytest.mark.parametrize("hides_typed", [False, True])
@pytest.mark.parametrize(
    ("language", "share", "sum_of_file"), [("id", "87,65%", "1,7333"), ("en", "87.65%", "1.7333")]
)
def test_a_stored_report_is_told_with_the_readers_marks(
    report, hides_typed, language, share, sum_of_file
):
    stored = json.loads(json.dumps(as_stored(report, ZI, hides_typed=hides_typed)))

    with translation.override(language):
        told = facts_of(stored)

    checks = {line.where: line.text for group in told["groups"] for line in group.lines}
    assert share in checks["K205"]
    (reason,) = told["reasons"]
    assert sum_of_file in reason.text


@pytest.mark.parametrize(("language", "written"), [("id", "87,5"), ("en", "87.5")])
def test_a_number_that_was_not_stored_is_said_alike(language, written):
    params = {"said": Number(Fraction(175, 2), 2), "value": Number(Fraction(100), 2)}

    with translation.override(language):
        text = write_sentence(SENTENCE, params)

    assert f"{written}%" in text
    assert "100%" in text


def test_a_report_of_earlier_days_stays_as_it_was_written():
    with translation.override("en"):
        assert "87,65%" in write_sentence(SENTENCE, {"said": "87,65", "value": "100"})
