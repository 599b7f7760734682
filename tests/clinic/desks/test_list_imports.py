import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from clinic.lib.arithmetic.tables import read_table
from clinic.people.models import Membership, Person, Unit
from clinic.records import imports, jobs
from clinic.records.imports import Import
from tests.clinic.people.lists import PERSON_HEADER, UNIT_HEADER, as_csv, as_xlsx

pytestmark = pytest.mark.usefixtures("one_factor")
BUDI = ["196608011988031001", "Budi Santoso", "Dinas Kesehatan Contoh", "Kasubag"]
WATI = ["", "Wati", "Kecamatan Hulu Contoh", "Staf"]
LOST = ["", "Eko", "Dinas Antariksa", "Staf"]


def send(browser, content, name="orang.csv", page="people_import"):
    return browser.post(reverse(page), {"file": SimpleUploadedFile(name, content)})


def checked(browser, rows, **where):
    """Send a list, let the worker read it, and return the address of its check."""
    answer = send(browser, as_csv(rows), **where)
    assert answer.status_code == 302
    jobs.run_due()
    return answer.headers["Location"]


def text(answer):
    return answer.content.decode()


def names():
    return set(Person.objects.values_list("name", flat=True))


def test_a_list_is_checked_looked_at_and_applied(browser):
    answer = send(browser, as_csv([PERSON_HEADER, BUDI, WATI]))
    address = answer.headers["Location"]
    waiting = browser.get(address)
    assert "hx-get" in text(waiting)
    assert "http-equiv" in text(waiting)

    jobs.run_due()
    preview = browser.get(address)

    assert "Budi Santoso" in text(preview)
    assert "19********1001" in text(preview)
    assert "196608011988031001" not in text(preview)
    assert "Budi Santoso" not in names()
    done = browser.post(address, follow=True)
    assert {"Budi Santoso", "Wati"} <= names()
    assert done.status_code == 200
    assert Import.objects.get().state == Import.State.APPLIED


def test_applying_twice_is_answered_with_409_and_changes_nothing(browser):
    address = checked(browser, [PERSON_HEADER, BUDI])
    browser.post(address)
    count = Membership.objects.count()

    assert browser.post(address).status_code == 409
    assert Membership.objects.count() == count


def test_the_job_bar_comes_alone_for_htmx_and_then_asks_for_the_page(browser):
    address = send(browser, as_csv([PERSON_HEADER, BUDI])).headers["Location"]
    bar = browser.get(address, headers={"HX-Request": "true"})
    jobs.run_due()

    assert "<html" not in text(bar)
    assert "progress" in text(bar)
    assert browser.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_list_with_a_bad_row_shows_it_and_offers_the_good_ones(browser):
    address = checked(browser, [PERSON_HEADER, BUDI, LOST])

    page = browser.get(address)
    refused = browser.post(address)

    assert "Dinas Antariksa" in text(page)
    assert 'name="partial"' in text(page)
    assert refused.status_code == 422
    assert "Budi Santoso" not in names()
    browser.post(address, {"partial": "1"})
    assert "Budi Santoso" in names()
    assert "Eko" not in names()


def test_the_problems_come_as_a_workbook_with_a_remedy_each(browser):
    address = checked(browser, [PERSON_HEADER, BUDI, LOST])

    answer = browser.get(f"{address}perlu-diperbaiki.xlsx")

    rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].values)
    assert rows[1][0] == 3
    assert "Dinas Antariksa" in rows[1][3]
    assert all(rows[1])


def test_data_that_changed_since_the_check_are_checked_anew(browser):
    address = checked(browser, [PERSON_HEADER, BUDI])
    other = checked(browser, [PERSON_HEADER, [BUDI[0], "Budi S.", *BUDI[2:]]])
    browser.post(other)

    outdated = browser.post(address)

    assert outdated.status_code == 409
    assert "Budi S." in text(outdated)
    assert "Budi Santoso" not in names()
    browser.post(address)
    assert "Budi Santoso" in names()


def test_a_list_of_units_goes_the_same_way(browser, cast):
    rows = [UNIT_HEADER, ["dinas-uji", "Dinas Uji", "dinas", "kabupaten-Contoh", "9"]]
    Unit.objects.filter(slug="kabupaten-Contoh").update(slug="kabupaten-contoh")

    address = checked(browser, rows, name="unit.csv", page="units_import")
    browser.post(address)

    assert Unit.objects.get(slug="dinas-uji").get_parent().slug == "kabupaten-contoh"


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "orang.csv", 422),
        (b"bukan buku kerja", "orang.xlsx", 422),
        (b"%PDF-1.7", "orang.pdf", 415),
        (b"Nama,Unit\n" + b"x" * (2 * 1024 * 1024), "orang.csv", 413),
    ],
)
def test_what_the_request_itself_shows_is_refused_at_once(browser, content, name, status):
    answer = send(browser, content, name)

    assert answer.status_code == status
    assert 'role="alert"' in text(answer)
    assert not Import.objects.exists()


def test_what_only_reading_shows_ends_as_a_refused_import(browser):
    address = checked(browser, [["a", "b"], ["1", "2"]])

    page = browser.get(address)

    assert Import.objects.get().state == Import.State.REFUSED
    assert Import.objects.get().refusal_message in text(page)
    assert browser.post(address).status_code == 409


def test_names_are_escaped_wherever_they_come_out(browser):
    row = ["", "Budi <script>alert(1)</script>", "Dinas <b>X</b>", "<img src=x>"]

    page = text(browser.get(checked(browser, [PERSON_HEADER, row])))

    assert "<script>alert" not in page
    assert "<b>X" not in page
    assert "<img" not in page


def test_only_the_sender_sees_an_import(browser, cast, signed_in):
    address = checked(browser, [PERSON_HEADER, BUDI])

    for person in (cast.regency_official, cast.participant):
        for path in (address, f"{address}perlu-diperbaiki.xlsx"):
            assert signed_in(person.account).get(path).status_code == 404
    assert Client().get(address).status_code == 302


def test_an_import_of_a_kind_without_a_preview_is_not_found(browser, cast):
    upload = SimpleUploadedFile("x.csv", b"a,b\n")
    row = imports.receive("people.unknown", upload, actor=cast.admin.account)

    assert browser.get(f"/impor/{row.uuid}/").status_code == 404


@pytest.mark.parametrize("page", ["people_blank", "units_blank"])
def test_an_untouched_template_is_read_and_has_no_rows(browser, page):
    content = browser.get(reverse(page)).content

    upload_page = page.replace("blank", "import")
    answer = send(browser, content, "templat.xlsx", upload_page)
    jobs.run_due()

    stored = Import.objects.get()
    assert stored.state == Import.State.READY
    assert [problem["code"] for problem in stored.report["problems"]] == ["no_rows"]
    assert browser.get(answer.headers["Location"]).status_code == 200


def test_the_template_keeps_the_nip_as_text_and_offers_units_and_kinds(browser):
    book = load_workbook(io.BytesIO(browser.get(reverse("people_blank")).content))

    first = book.worksheets[0]
    assert [cell.value for cell in first[1]][:3] == ["NIP", "Nama", "Unit kerja"]
    assert first.column_dimensions["A"].number_format == "@"
    formulas = [choice.formula1 for choice in first.data_validations.dataValidation]
    assert len(formulas) == 3
    names = [cell.value for cell in book["Daftar"]["A"]]
    assert "Dinas Kesehatan Contoh" in names


def test_a_filled_template_comes_in(browser):
    content = browser.get(reverse("people_blank")).content
    book = load_workbook(io.BytesIO(content))
    book.worksheets[0].append([BUDI[0], *BUDI[1:]])
    filled = io.BytesIO()
    book.save(filled)

    address = send(browser, filled.getvalue(), "isian.xlsx").headers["Location"]
    jobs.run_due()
    browser.post(address)

    assert Person.objects.get(name="Budi Santoso").nip == BUDI[0]


def test_a_unit_that_begins_like_a_formula_is_text_in_the_template(browser, cast):
    Unit.objects.filter(kind="inspektorat").update(name="=1+1")

    content = browser.get(reverse("people_blank")).content

    cells = load_workbook(io.BytesIO(content))["Daftar"]["A"]
    assert ("=1+1", "s") in [(cell.value, cell.data_type) for cell in cells]


def test_a_workbook_list_is_read_as_well(browser):
    address = send(browser, as_xlsx([PERSON_HEADER, BUDI]), "orang.xlsx").headers["Location"]
    jobs.run_due()

    assert "Budi Santoso" in text(browser.get(address))


def test_the_preview_asks_the_database_as_often_for_many_rows_as_for_few(
    browser, django_assert_max_num_queries
):
    many = [["", f"Orang {chr(97 + n % 26)}{chr(97 + n // 26)}", BUDI[2], ""] for n in range(60)]
    few = checked(browser, [PERSON_HEADER, BUDI])
    full = checked(browser, [PERSON_HEADER, *many])

    for address in (few, full):
        with django_assert_max_num_queries(12):
            assert browser.get(address).status_code == 200


def test_reading_back_what_the_problem_workbook_holds(browser):
    address = checked(browser, [PERSON_HEADER, ["", "=1+1", BUDI[2], ""]])

    content = browser.get(f"{address}perlu-diperbaiki.xlsx").content

    assert any("=1+1" in cell for cell in read_table(content, "x.xlsx").rows[1].cells)
