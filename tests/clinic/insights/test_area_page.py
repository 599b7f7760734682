"""The page of a change area: who is drawn, who is told in words, and what weighs most."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.assessments.models import Sheet
from clinic.insights.models import Finding
from clinic.records.audit import AuditEntry
from tests.clinic.insights import made
from tests.clinic.insights.made import AREA, answered_by, calibrate

pytestmark = pytest.mark.django_db
PAGE = f"/pemetaan/bidang/{AREA}/"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


def mark_of(page):
    return next(each.mark for each in page.context["units"] if each.mark)


def at(place):
    return float(place.rstrip("%"))


def open_page(signed_in, person, page=PAGE):
    return signed_in(person.account).get(page)


def test_the_address_is_the_one_of_the_contract():
    assert reverse("change_area", kwargs={"slug": AREA}) == PAGE


def test_a_unit_of_very_few_people_is_its_interval_alone(world, cast, signed_in):
    answered_by(world, cast, 2)
    page = open_page(signed_in, cast.regency_official)
    (row,) = page.context["chart"].rows
    assert (row["shape"], mark_of(page)["is_limited"], mark_of(page)["people"]) == ("", True, 2)
    assert at(row["from"]) < at(row["to"])
    text = page.content.decode()
    assert "data terbatas" in text
    assert "Dinas Kesehatan Contoh" in " ".join(page.context["chart"].hidden)
    assert AuditEntry.objects.filter(verb="finding.look").count() == 1


def test_from_three_people_on_a_unit_has_the_mark_of_its_kind(world, cast, signed_in):
    answered_by(world, cast, 3)
    page = open_page(signed_in, cast.regency_official)
    (row,) = page.context["chart"].rows
    assert (row["shape"], mark_of(page)["people"]) == ("square", 3)
    assert at(row["from"]) < at(row["x"]) < at(row["to"])


def test_u27_page_and_twin_hold_nothing_of_a_hidden_cell(world, cast, signed_in):
    answered_by(world, cast, 2)
    page = open_page(signed_in, cast.other_unit_official)
    text = page.content.decode()
    assert page.context["chart"] is None
    assert "Perlu pembelajaran" not in text
    assert not any(each.mark for each in page.context["units"])
    assert not AuditEntry.objects.filter(verb="finding.look").exists()


def test_who_reads_no_finding_sees_the_sheets_alone(world, cast, signed_in):
    answered_by(world, cast, 3)
    page = open_page(signed_in, cast.operator)
    assert page.context["chart"] is None
    assert page.context["reads_findings"] is False
    assert "Dinas Kesehatan Contoh" in page.content.decode()
    assert "Kecamatan Hulu Contoh" not in page.content.decode()
    assert open_page(signed_in, cast.participant).status_code == 404


def test_u96_the_counts_of_an_area_are_those_of_its_column_on_the_map(world, cast, signed_in):
    answered_by(world, cast, 3)
    page = open_page(signed_in, cast.regency_official)
    drawn = open_page(signed_in, cast.regency_official, "/pemetaan/").context["map"]
    place = [area["label"] for area in drawn.areas].index(str(page.context["area"]))
    tones = [row["cells"][place]["tone"] for row in drawn.rows[:-1]]
    words = {each["tone"]: each["extent"] for each in page.context["words"]}
    assert words
    assert words == {tone: f"{tones.count(tone)} unit" for tone in set(tones)}
    listed = {each["shape"]: each["units"] for each in page.context["lists"]}
    assert [each.unit for each in listed["knowledge-gap"]] == [world[2].district]
    assert page.context["headline"] == "1 unit perlu pembelajaran"


def test_an_unknown_unit_is_drawn_as_a_ring_and_no_corner_carries_a_word(world, cast, signed_in):
    answered_by(world, cast, 3)
    Finding.objects.update(word="unknown")
    page = open_page(signed_in, cast.regency_official)
    (row,) = page.context["chart"].rows
    assert row["is_unknown"]
    figure = page.content.decode().split('<figure class="figure chart">')[1].split("</figure>")[0]
    assert 'class="ring"' in figure
    for word in ("Perlu pembelajaran", "Perlu pendampingan", "Memadai", "Perlu verifikasi"):
        assert word not in figure


def test_the_heaviest_rows_add_up_over_the_units_that_the_reader_may_see(world, cast, signed_in):
    answered_by(world, cast, 0)
    edition, _quiz, home = world
    page = open_page(signed_in, cast.regency_official)
    rows = page.context["rows"]
    missing = [row.missing for row in rows]
    assert missing == sorted(missing, reverse=True)
    assert all(row.unproven == 2 for row in rows)
    scores = Sheet.objects.get(unit=home.district, edition=edition).scores
    own = {score.node.code: score.max_points - score.score for score in scores.all()}
    official = open_page(signed_in, cast.other_unit_official).context["rows"]
    assert [row.missing for row in official] == [own[row.code] for row in official]
    assert sum(row.missing for row in official) > Decimal(0)
    linked = [row for row in rows if row.code.startswith("A.I.5.i.")]
    assert all(row.outcomes for row in linked)


def test_an_area_that_no_sheet_assesses_says_so(world, cast, signed_in):
    page = open_page(signed_in, cast.regency_official, "/pemetaan/bidang/deregulasi-kebijakan/")
    assert (page.status_code, page.context["choice"]) == (200, None)
    gone = open_page(signed_in, cast.regency_official, "/pemetaan/bidang/tidak-ada/")
    assert gone.status_code == 404


def test_the_page_costs_the_same_with_more_units(
    world, cast, signed_in, django_assert_max_num_queries
):
    answered_by(world, cast, 3)
    edition, _quiz, home = world
    browser = signed_in(cast.regency_official.account)
    browser.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        browser.get(PAGE)
    assert len(few) <= 25
    for unit in (home.clinic, home.inspectorate, home.section):
        made.sheet(unit, edition, strength=0.4)
    calibrate()
    with django_assert_max_num_queries(len(few)):
        browser.get(PAGE)
