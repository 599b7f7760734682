"""A rubric marks what the reader's own unit answered last, for its people alone (U19)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.assessments import sheets
from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.assessments.sheets import RowEntry
from clinic.people.access import visible
from tests.courses import made

pytestmark = pytest.mark.django_db
SECTION = "/modul/pengawasan/gratifikasi/"
CAMPAIGN, PRACTICE = "A.I.5.i.a", "A.I.5.i.b"


@pytest.fixture
def shipped(cast):
    return made.shipped(cast)


@pytest.fixture
def record(shipped, regencies):
    """Return a function that records letters of a sheet of the first regency's district."""

    def write(year, letters, *, unit=None):
        sheets.record_sheet(
            unit=unit or regencies[0].district,
            edition=FrameworkEdition.objects.get(slug="zi-2021"),
            period=year,
            rows={code: RowEntry(value=letter) for code, letter in letters.items()},
        )

    return write


def marks_on(browser, path=SECTION):
    """What the page marks of the reader's own unit, in order."""
    page = re.sub(r"\s+", " ", browser.get(path).content.decode())
    return re.findall(r"<strong ?>Jawaban unit Anda ([^<]*)</strong>(?: <span[^>]*>([^<]*))?", page)


@pytest.fixture(autouse=True)
def _indonesian(settings):
    settings.LANGUAGE_CODE = "id"


def test_u19_the_last_letter_of_the_own_unit_is_marked_with_what_the_best_one_is_worth(
    cast, record, signed_in
):
    record(2024, {CAMPAIGN: "C", PRACTICE: "A"})
    record(2025, {CAMPAIGN: "B"})

    campaign, practice = marks_on(signed_in(cast.participant.account))

    assert campaign[0] == "2025: B"
    assert re.fullmatch(r"\+0,\d+ poin bila A", campaign[1])
    assert practice == ("2024: A", "")


def test_u19_neither_a_guest_nor_another_unit_nor_paper_learns_of_it(cast, record, signed_in):
    record(2025, {CAMPAIGN: "B"})

    assert marks_on(Client()) == []
    assert marks_on(signed_in(cast.stranger.account)) == []
    assert marks_on(signed_in(cast.regency_official.account)) == []
    assert marks_on(signed_in(cast.participant.account), "/modul/pengawasan/cetak/") == []


def test_u19_somebody_who_has_left_the_unit_learns_nothing_more(cast, record, signed_in):
    record(2025, {CAMPAIGN: "B"})
    membership = cast.participant.memberships.get()
    membership.end = membership.start
    membership.save()

    assert marks_on(signed_in(cast.participant.account)) == []


def test_u19_people_of_an_office_read_no_letter_of_the_parts_below_it(cast, record, regencies):
    for unit in (regencies[0].health, regencies[0].clinic):
        record(2025, {CAMPAIGN: "B"}, unit=unit)

    def units_read(person):
        sheets = visible(person.account, "read-brief", Sheet.objects.all())
        return {sheet.unit for sheet in sheets.select_related("unit")}

    assert units_read(cast.stranger) == {regencies[0].health}
    assert units_read(cast.unit_official) == {regencies[0].health, regencies[0].clinic}
    assert units_read(cast.participant) == set()


def test_the_mark_costs_one_question_however_many_rows(cast, record, signed_in):
    browser = signed_in(cast.participant.account)
    browser.get(SECTION)
    with CaptureQueriesContext(connection) as before:
        browser.get(SECTION)
    for year in (2023, 2024, 2025):
        record(year, {CAMPAIGN: "B", PRACTICE: "C"})

    with CaptureQueriesContext(connection) as after:
        assert len(marks_on(browser)) == 2

    assert len(after) == len(before)
    assert sum("assessments_answer" in one["sql"] for one in after) == 1
