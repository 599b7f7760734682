"""The profile of a unit: its answer, three steps with points, and what is blank is never nought."""

import gzip
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.assessments import frameworks, sheets
from clinic.assessments.models import ChangeArea, Proof
from clinic.assessments.sheet_page import page_of
from clinic.insights import charts, profile, requirements
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.evidence import OpenEvent
from clinic.insights.profile import Profile, ProfileLine, SheetGaps, choose_steps, steps_of
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import decimals
from tests.clinic.insights import made
from tests.clinic.insights.made import this_hour


def line(slug, word, points, **more):
    shown = Shown(state=State.SHOWN, minimum=1, word=word.value)
    return ProfileLine(
        area=ChangeArea(slug=slug, name=slug), shown=shown, points=Decimal(points), url="", **more
    )


def slugs(lines):
    return [each.area.slug for each in lines]


def test_what_is_to_be_verified_is_a_step_after_what_has_points_left():
    found = choose_steps(
        [
            line("pengawasan", Word.HIDDEN_RISK, "2.63"),
            line("akuntabilitas", Word.UNKNOWN, "0.8"),
            line("sdm", Word.HIDDEN_RISK, "0"),
            line("tatalaksana", Word.SOUND, "0"),
        ]
    )
    assert slugs(found) == ["pengawasan", "sdm", "akuntabilitas"]


GAPS = SheetGaps(
    blank=6,
    blank_points=Decimal("3.646"),
    unproven=37,
    unproven_points=Decimal("51.2"),
)


@pytest.fixture
def sheet(regencies):
    """The health office's sheet: everything filled in but one row, one row with proof."""
    edition = frameworks.find_edition("zi-2021")
    said = made.rows(frameworks.edition_file(edition), strength=0.8)
    code = next(iter(said))
    sheet = sheets.record_sheet(
        unit=regencies[0].health, edition=edition, period=made.PERIOD, rows=said
    ).sheet
    node = sheet.answers.get(node__code=code).node
    Proof.objects.create(sheet=sheet, node=node, link="https://contoh.test/bukti")
    return sheet


@pytest.mark.django_db
def test_u93_at_most_three_steps_blank_rows_and_proof_first_each_with_points_time_and_owner(sheet):
    day = this_hour().date()
    content = Profile(
        steps=[line("pengawasan", Word.KNOWLEDGE_GAP, "6.942")] * 3,
        next_event=OpenEvent("k", "Klinik", day, frozenset()),
    )
    fill, link, learn = steps_of(sheet, content, GAPS, "/lke/")
    assert (fill.url, link.url) == ("/lke/?saring=kosong", "/lke/?saring=tanpa-bukti")
    assert ("6 butir" in fill.title, fill.gain, fill.time) == (True, "+3,6", "sekitar 30 menit")
    assert ("37 butir" in link.title, link.gain, link.time) == (True, "51,2", "sekitar 2 jam")
    assert learn.gain == "6,9"
    assert all(each.owner for each in (fill, link, learn))
    assert fill.day.startswith("sebelum ")


@pytest.mark.django_db
def test_who_reads_no_rows_gets_the_areas_alone(sheet):
    content = Profile(steps=[line("pengawasan", Word.KNOWLEDGE_GAP, "6.942")])
    assert len(steps_of(sheet, content, GAPS, "")) == 1


def test_no_step_ends_where_nothing_can_be_done():
    coach = profile.step(line("pengawasan", Word.PRACTICE_GAP, "4"))
    assert coach.url == reverse("events")
    event = OpenEvent("k", "Klinik", this_hour().date(), frozenset())
    read = profile.step(line("pengawasan", Word.PRACTICE_GAP, "4", event=event))
    assert read.url == reverse("event", kwargs={"code": "k"})
    own = profile.step(line("pengawasan", Word.PRACTICE_GAP, "4", event=event, proposes=True))
    assert (own.url, own.label) == (
        reverse("event_propose", kwargs={"code": "k"}),
        "Usulkan peserta",
    )


@pytest.mark.django_db
def test_what_a_sheet_lacks_is_what_its_own_page_filters(sheet):
    gaps = profile.gaps_of_sheet(sheet)
    rows = [row for part in page_of(sheet, "tanpa-bukti").parts for row in part.rows]
    assert (gaps.unproven, gaps.unproven_points) == (len(rows), sum(row.score for row in rows))
    assert gaps.blank == page_of(sheet).counts["kosong"] == sheet.unanswered
    assert [row.points for row in gaps.unproven_rows] == sorted(
        (row.score for row in rows), reverse=True
    )[:3]


@pytest.mark.django_db
def test_points_of_every_row_stand_on_the_profile_those_of_no_area_too(sheet):
    scores = list(sheet.area_scores.select_related("area"))
    chart = charts.area_chart(scores, {}, profile.gaps_of_sheet(sheet).outside)
    missing, reached = (sum(row[name] for row in chart.rows) for name in ("missing", "score"))
    assert missing == pytest.approx(sheet.max_points - sheet.total, abs=Decimal("0.0001"))
    assert reached == pytest.approx(sheet.total, abs=Decimal("0.0001"))
    assert sum(row.get("is_outside", False) for row in chart.rows) == 3


@pytest.mark.django_db
def test_u94_a_blank_survey_says_so_with_what_it_may_bring_and_is_never_nought(regencies):
    edition = frameworks.find_edition("zi-2021")
    said = made.rows(frameworks.edition_file(edition), strength=0.8)
    survey = "B.I.a"
    assert survey not in said
    sheet = sheets.record_sheet(
        unit=regencies[0].health, edition=edition, period=made.PERIOD, rows=said
    ).sheet
    gaps = profile.gaps_of_sheet(sheet)
    blank = next(row for row in gaps.outside if row.code == survey)
    assert (blank.is_blank, blank.ceiling) == (True, Decimal("17.5"))
    drawn = charts.area_chart([], {}, gaps.outside).rows
    row = next(each for each in drawn if each["slug"] == survey)
    assert (row["won_bar"]["width"], row["blank_bar"]["width"]) == ("0.00%", "100.00%")
    tests = requirements.tests_of_sheet(sheet)
    line_of_test = next(each for each in tests.requirements if each.is_blank)
    assert (line_of_test.ceiling, {mark.state for mark in line_of_test.marks}) == (
        Decimal("17.5"),
        {"blank"},
    )


@pytest.mark.django_db
def test_u94_the_page_writes_the_blank_survey_in_words(regencies, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    edition = frameworks.find_edition("zi-2021")
    said = made.rows(frameworks.edition_file(edition), strength=0.8)
    sheets.record_sheet(unit=regencies[0].health, edition=edition, period=made.PERIOD, rows=said)
    page = signed_in(cast.regency_official.account).get(profile.profile_url(regencies[0].health))
    text = " ".join(page.content.decode().split())
    assert "Belum diisi (sampai 17,5)" in text


@pytest.mark.django_db
def test_the_answer_and_the_requirement_are_the_same_distance(sheet):
    tests, gaps = requirements.tests_of_sheet(sheet), profile.gaps_of_sheet(sheet)
    answer = profile.answer(sheet, tests, gaps)
    wbk = tests.total.marks[0]
    said = answer.sentences[0]
    if wbk.short_by > 0:
        assert f"{decimals(wbk.short_by, 1)} poin" in said
    else:
        assert "melewati" in said or "WBBM" in said
    assert float(answer.won.rstrip("%")) == pytest.approx(float(sheet.total), abs=0.01)
    assert [mark["name"] for mark in answer.marks] == ["WBK", "WBBM"]
    assert len(tests.requirements) == 12


@pytest.mark.django_db
def test_u95_an_old_sheet_asks_for_nothing_but_the_one_in_force(
    regencies, cast, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    unit = regencies[0].health
    edition = frameworks.find_edition("zi-2021")
    for year in (made.PERIOD - 1, made.PERIOD):
        rows = made.rows(frameworks.edition_file(edition), strength=0.4)
        sheets.record_sheet(unit=unit, edition=edition, period=year, rows=rows)
    browser = signed_in(cast.regency_official.account)
    address = profile.profile_url(unit)
    old = browser.get(f"{address}?lembar=zi-2021:{made.PERIOD - 1}").context
    assert old["is_past"]
    assert [each.url for each in old["steps"]] == [f"{address}?lembar=zi-2021:{made.PERIOD}"]
    now = browser.get(address).context
    assert not now["is_past"]
    assert all("lembar=" not in each.url for each in now["steps"])


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["profile", "why", "area", "map"])
def test_a_page_of_officials_weighs_at_most_20_kilobytes(
    regencies, cast, signed_in, settings, page
):
    settings.KLINIK_SECOND_FACTOR = False
    unit = regencies[0].health
    edition = frameworks.find_edition("zi-2021")
    rows = made.rows(frameworks.edition_file(edition), strength=0.2)
    sheets.record_sheet(unit=unit, edition=edition, period=made.PERIOD, rows=rows)
    address = {
        "profile": profile.profile_url(unit),
        "why": made.address(unit),
        "area": reverse("change_area", kwargs={"slug": made.AREA}),
        "map": reverse("map"),
    }[page]
    answer = signed_in(cast.regency_official.account).get(address)
    assert answer.status_code == 200
    assert len(gzip.compress(answer.content)) <= 20 * 1024
