import pytest
from django.urls import reverse

from clinic.assessments.sheet_imports import find_edition
from clinic.assessments.sheets import RowEntry, record_sheet
from clinic.people.models import Unit

pytestmark = pytest.mark.django_db
MAP = "/pemetaan/"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def sheets(cast):
    edition = find_edition("zi-2021")
    rows = {"A.I.5.i.a": RowEntry(value="B", text="B"), "A.I.1.i.a": RowEntry(value="Ya")}
    return [
        record_sheet(
            unit=Unit.objects.get(slug=slug), edition=edition, period=2026, rows=rows
        ).sheet
        for slug in ("dinas-kesehatan-contoh", "kecamatan-hulu-contoh", "dinas-kesehatan-sebelah")
        if Unit.objects.filter(slug=slug).exists()
    ]


def profile(slug="dinas-kesehatan-contoh"):
    return reverse("unit_profile", kwargs={"slug": slug})


def text(answer):
    return answer.content.decode()


def test_the_map_shows_the_units_of_one_regency_in_official_order(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(MAP)
    drawn = page.context["map"]

    home = [sheet.unit for sheet in sheets if "contoh" in sheet.unit.slug]
    in_order = sorted(home, key=lambda unit: unit.path)
    assert [row["url"] for row in drawn.rows[:-1]] == [
        f"{profile(unit.slug)}?lembar=zi-2021:2026" for unit in in_order
    ]
    assert len(drawn.areas) == 8
    tones = [cell["tone"] for cell in drawn.rows[0]["cells"]]
    assert tones.count("none") == 2
    assert tones.count("unknown") == 6
    assert "sebelah" not in text(page)
    assert len(drawn.without) >= 3


def test_a_sum_adds_the_units_up(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(f"{MAP}?tampilan=nilai")
    drawn = page.context["map"]
    shown = [cell["points"] for row in drawn.rows[:-1] for cell in row["cells"] if "points" in cell]

    assert sum(shown) == sum(
        score.score
        for sheet in sheets
        if sheet.unit.slug.endswith("-contoh")
        for score in sheet.area_scores.all()
    )


def test_no_diagnosis_is_claimed_before_there_are_answers(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(MAP)

    assert "shape-knowledge-gap" not in text(page).split("</symbol>")[-1]
    assert text(page).count('href="#shape-unknown"') >= 12


def test_the_map_without_a_sheet_leads_to_the_sheets(cast, signed_in):
    page = signed_in(cast.regency_official.account).get(MAP)

    assert page.status_code == 200
    assert reverse("sheets") in text(page)


def test_the_map_asks_a_fixed_number_of_times(
    cast, signed_in, sheets, django_assert_max_num_queries
):
    browser = signed_in(cast.regency_official.account)
    with django_assert_max_num_queries(25):
        browser.get(MAP)


def test_a_profile_tells_known_weak_unknown_and_next(cast, signed_in, sheets):
    page = signed_in(cast.operator.account).get(profile())
    known, weak, unknown, steps = page.context["blocks"]

    assert len(known["lines"]) == 6
    assert len(unknown["lines"]) == 8
    assert weak["lines"]
    assert len(steps["lines"]) == 3
    assert "Wilayah Bebas dari Korupsi (WBK)" in text(page)
    assert page.context["tests"][0].undeclared


def test_a_profile_without_a_sheet_says_so(cast, signed_in):
    page = signed_in(cast.unit_official.account).get(profile())

    assert page.status_code == 200
    assert reverse("sheet_import") in text(page)


def test_a_profile_outside_reach_does_not_exist(cast, signed_in, sheets):
    assert signed_in(cast.other_unit_official.account).get(profile()).status_code == 404
    assert signed_in(cast.participant.account).get(profile()).status_code == 404
    assert signed_in(cast.other_regency_official.account).get(profile()).status_code == 404
