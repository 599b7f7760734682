"""What forms of another hand send, and what a reader has seen before proof goes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.people.models import Unit
from clinic.records import jobs
from tests.clinic.assessments.made_workbooks import SAMPLE

pytestmark = pytest.mark.django_db
ROW = "A.I.1.i.a"
OWN_LINK = "https://bukti.example/semula"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator.account)


@pytest.fixture
def sheet(cast):
    return record_sheet(
        unit=Unit.objects.get(slug="dinas-kesehatan-contoh"),
        edition=find_edition("zi-2021"),
        period=2026,
        rows={ROW: RowEntry("Ya", "Ya", "Semula", (("SK", OWN_LINK),))},
    ).sheet


@pytest.fixture
def preview(operator, sheet):
    upload = SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes())
    fields = {"unit": sheet.unit.slug, "period": "2026", "framework": "zi-2021", "file": upload}
    address = operator.post(reverse("sheet_import"), fields).headers["Location"]
    jobs.run_due()
    return address


@pytest.mark.parametrize(
    "seen", ["", "x", "[]", '{"rev":1e999,"marks":{},"asked":[]}', '{"rev":1,"marks":{"link":1}}']
)
def test_a_form_that_has_seen_nothing_overwrites_nothing(operator, sheet, seen):
    answer = operator.post(f"{sheet_url(sheet)}butir/{ROW}/", {"seen": seen, "link": ""})

    assert answer.status_code == 409
    assert rows_of(sheet)[ROW].proofs == (("SK", OWN_LINK),)


def test_a_row_whose_proof_goes_is_among_those_shown_first(operator, preview):
    page = operator.get(preview)

    assert page.context["hidden_differences"] > 0
    assert ROW in [row.code for row in page.context["difference_rows"]]


@pytest.mark.parametrize("shown", ["", "x", "1", "9" * 5000])
def test_an_undo_of_another_state_than_was_shown_changes_nothing(operator, sheet, preview, shown):
    assert operator.post(preview, {"confirmed": "1"}).status_code == 302
    after = rows_of(sheet)

    answer = operator.post(f"{sheet_url(sheet)}kembalikan/", {"rev": shown})

    assert answer.status_code == 409
    assert rows_of(sheet) == after
    assert Sheet.objects.get().rev == 2


def test_the_sheet_page_does_not_read_the_rows_of_the_history(operator, sheet, preview):
    operator.post(preview, {"confirmed": "1"})

    with CaptureQueriesContext(connection) as asked:
        page = operator.get(sheet_url(sheet)).content.decode()

    assert "/kembalikan/" in page
    assert not [each["sql"] for each in asked if '"assessments_sheetchange"."rows"' in each["sql"]]
