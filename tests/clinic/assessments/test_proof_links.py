"""A link to proof leads to the web or is none, whichever way it comes in."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.template.loader import render_to_string

from clinic.assessments.forms import RowForm
from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Proof, Score
from clinic.assessments.sheet_page import make_row
from clinic.assessments.sheets import RowEntry, record_sheet
from clinic.assessments.workbook.reading import read_workbook
from clinic.assessments.workbook.report import build_report
from clinic.lib.errors import Refused
from clinic.people.models import Unit
from tests.clinic.assessments.made_workbooks import ZI, changed_sample

ROW = "A.I.1.i.a"
OTHERS = ["javascript:alert(1)", "file:///C:/bukti.docx", "mailto:budi@contoh.example", "bukti.pdf"]


@pytest.fixture
def unit(db):
    return Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")


def recorded(unit, *proofs):
    rows = {ROW: RowEntry(value="Ya", text="Ya", proofs=proofs)}
    return record_sheet(unit=unit, edition=find_edition("zi-2021"), period=2026, rows=rows).sheet


def with_link_behind(address):
    def change(sheet):
        sheet["Q8"].value = "Bukti"
        sheet["Q8"].hyperlink = address

    return read_workbook(changed_sample(change, values=True), ZI)


@pytest.mark.parametrize("address", OTHERS)
def test_a_cell_that_links_elsewhere_has_no_link_to_proof_and_is_named(address):
    report = build_report(ZI, with_link_behind(address))

    assert report.reading.rows[ROW].links == ()
    assert "Q8" in [check.where for check in report.checks if check.code == "no_proof_link"]
    told = [p.where for p in report.problems if p.code == "link_not_to_the_web"]
    assert told == ["Q8"]


def test_a_cell_that_links_to_the_web_has_a_link_whose_scheme_is_in_small_letters():
    reading = with_link_behind("HTTPS://Bukti.example/a b")

    assert reading.rows[ROW].links == ("https://Bukti.example/a b",)
    assert "link_not_to_the_web" not in [problem.code for problem in reading.problems]


@pytest.mark.parametrize("address", OTHERS)
def test_a_sheet_is_not_recorded_with_another_link(unit, address):
    with pytest.raises(Refused) as refusal:
        recorded(unit, ("SK", "https://bukti.example/1"), ("", address))

    assert refusal.value.code == "link_not_to_the_web"
    assert refusal.value.details == {"rows": [ROW]}
    assert not Proof.objects.exists()


@pytest.mark.parametrize("address", OTHERS)
def test_the_database_holds_no_other_link(unit, address):
    recorded(unit, ("SK", "https://bukti.example/1"), ("Rapat", ""))

    with (
        pytest.raises(IntegrityError, match="proof_link_is_a_web_address_or_empty"),
        transaction.atomic(),
    ):
        Proof.objects.update(link=address)


@pytest.mark.parametrize("address", OTHERS)
def test_a_row_draws_no_other_link(address):
    entries = {ROW: RowEntry(value="Ya", proofs=(("SK", address), ("", "https://a.example/1")))}
    score = Score(score=1, ceiling=1, max_points=1, unanswered=0)

    row = make_row(ZI, ZI.by_code[ROW], entries, score)

    assert row.links == ["https://a.example/1"]
    assert render_to_string("assessments/_row.html", {"row": row}).count("href=") == 1


@pytest.mark.parametrize("address", [*OTHERS[:3], "ftp://bukti.example/1"])
def test_a_row_form_takes_no_other_link(address):
    stored = {"note": "", "proof": "", "link": ""}
    form = RowForm({"link": address}, framework=ZI, code=ROW, stored=stored, worth=Decimal(1))

    assert not form.is_valid()
    assert len(form.errors["link"]) == 1


@pytest.fixture
def migrate(transactional_db):
    """Return a function that migrates the app; in the end all migrations stand again.

    Those of other apps that build on it go back with it, so that all of them are put up again.
    """

    def to(*names):
        graph = MigrationExecutor(connection).loader.graph
        targets = [("assessments", name) for name in names] or graph.leaf_nodes()
        MigrationExecutor(connection).migrate(targets)

    yield to
    to()


def test_other_links_of_earlier_years_are_kept_as_text(migrate):
    unit = Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")
    recorded(unit, ("SK", "https://a.example/1"), ("Nota", ""))
    migrate("0002_change_areas")
    Proof.objects.filter(text="SK").update(link="HTTP://a.example/1")
    Proof.objects.filter(text="Nota").update(link=OTHERS[2])

    migrate()

    assert list(Proof.objects.values_list("text", "link")) == [
        ("SK", "http://a.example/1"),
        (f"Nota\n{OTHERS[2]}", ""),
    ]
