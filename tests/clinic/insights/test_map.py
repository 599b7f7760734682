from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.sheets import RowEntry, record_sheet
from clinic.insights.unit_map import WordCount, headline
from clinic.lib.templatetags.ui import decimals, points
from clinic.people.models import Unit
from tests.replaying import Recording

pytestmark = pytest.mark.django_db
MAP = "/pemetaan/"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def sheets(cast):
    return SHEETS.play(ground=cast.author.pk)


def _sheets():
    edition = find_edition("zi-2021")
    rows = {"A.I.5.i.a": RowEntry(value="B", text="B"), "A.I.1.i.a": RowEntry(value="Ya")}
    return [
        record_sheet(
            unit=Unit.objects.get(slug=slug), edition=edition, period=2026, rows=rows
        ).sheet
        for slug in ("dinas-kesehatan-contoh", "kecamatan-hulu-contoh", "dinas-kesehatan-sebelah")
        if Unit.objects.filter(slug=slug).exists()
    ]


SHEETS = Recording(_sheets)


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
    assert len(drawn.areas) == 7  # six areas and the sum of the row
    tones = [cell["tone"] for cell in drawn.rows[0]["cells"]]
    assert tones == [*["unknown"] * 6, "none"]
    assert "6 area perubahan" in drawn.assessed
    assert drawn.assessed.count(";") == 2
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


def test_a_row_ends_with_its_sum(cast, signed_in, sheets):
    row, *_others = signed_in(cast.regency_official.account).get(MAP).context["map"].rows
    *cells, total = row["cells"]
    assert total["text"] == decimals(sum(cell["points"] for cell in cells), 1)


def test_the_map_begins_with_what_there_is_by_word_and_points(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(MAP)
    home = [sheet for sheet in sheets if "contoh" in sheet.unit.slug]
    missing = sum(score.not_yet_reached for sheet in home for score in sheet.area_scores.all())
    tiles = {tile["tone"]: tile for tile in page.context["tiles"]}
    assert tiles["unknown"]["points"] == decimals(missing, 1)
    assert tiles["unknown"]["extent"] == f"{len(home)} unit, {6 * len(home)} area"
    assert tiles.keys() == {"unknown"}
    assert f"{len(home)} unit belum meraih {points(missing, 1)}" in page.context["standing"]
    assert page.context["headline"] == ""  # nothing is known yet: the title says what the page is


def test_a_tile_leads_to_its_units_alone_and_back(cast, signed_in, sheets):
    browser = signed_in(cast.regency_official.account)
    tiles = {tile["tone"]: tile for tile in browser.get(MAP).context["tiles"]}
    none = browser.get(f"{MAP}?kata=knowledge-gap")
    assert none.context["map"].rows == []
    assert 'class="empty"' in text(none)
    assert 'class="heat"' not in text(none)
    unknown = browser.get(f"{MAP}{tiles['unknown']['url']}")
    assert len(unknown.context["map"].rows) == 3
    chosen = {tile["tone"]: tile for tile in unknown.context["tiles"]}["unknown"]
    assert chosen["current"]
    assert "kata=" not in chosen["url"]
    assert browser.get(f"{MAP}?kata=karangan").context["map"].rows


def test_the_sums_follow_the_word_that_is_chosen(cast, signed_in, sheets):
    browser = signed_in(cast.regency_official.account)
    *_units, whole = browser.get(MAP).context["map"].rows
    *units, chosen = browser.get(f"{MAP}?kata=unknown").context["map"].rows
    assert chosen["cells"][-1]["text"] == whole["cells"][-1]["text"]
    totals = [row["cells"][-1]["text"] for row in units]
    assert chosen["cells"][-1]["text"] == decimals(
        sum(Decimal(total.replace(",", ".")) for total in totals), 1
    )


def test_each_column_sorts_the_rows_by_its_points(cast, signed_in, sheets):
    browser = signed_in(cast.regency_official.account)
    heads = browser.get(MAP).context["map"].areas
    assert not any(head["sorted"] for head in heads)
    for place, head in enumerate(heads):
        page = browser.get(f"{MAP}{head['sort_url']}").context["map"]
        figures = [row["cells"][place].get("points") or row["cells"][place]["text"]
                   for row in page.rows[:-1]]  # fmt: skip
        values = [Decimal(str(figure).replace(",", ".")) for figure in figures]
        assert values == sorted(values, reverse=True)
        assert [each["sorted"] for each in page.areas].index(True) == place


def test_who_has_no_quiz_is_asked_for_data_before_an_invitation(cast, signed_in, sheets):
    listed = signed_in(cast.regency_official.account).get(MAP).context["shortlist"]
    assert listed.sure == []
    assert [each.points for each in listed.unsure] == sorted(
        (each.points for each in listed.unsure), reverse=True
    )
    assert {each.reason for each in listed.unsure} == {"belum ada kuis"}
    assert signed_in(cast.operator.account).get(MAP).context["shortlist"] is None


def test_who_reads_no_findings_is_not_narrowed_by_a_word(cast, signed_in, sheets):
    browser = signed_in(cast.operator.account)
    page = browser.get(f"{MAP}?kata=knowledge-gap")
    assert page.context["map"].rows == browser.get(MAP).context["map"].rows != []
    assert page.context["tiles"] == []


def test_the_sentence_counts_units_by_what_they_need():
    counts = [
        WordCount("knowledge-gap", units=5, cells=23, points=Decimal("141.9")),
        WordCount("practice-gap", units=2, cells=12, points=Decimal("81.6")),
        WordCount("sound", units=2, cells=7, points=Decimal(5)),
    ]
    assert headline(counts) == "5 unit perlu pembelajaran, 2 perlu pendampingan"


def test_no_diagnosis_is_claimed_before_there_are_answers(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(MAP)

    table = text(page).split('<table class="heat">')[1].split("</table>")[0]
    assert "shape-knowledge-gap" not in table
    assert table.count('href="#shape-unknown"') >= 12
    assert [tile["tone"] for tile in page.context["tiles"]] == ["unknown"]


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


def test_a_profile_without_findings_tells_the_sheets_side_alone(cast, signed_in, sheets):
    page = signed_in(cast.operator.account).get(profile())
    rows = page.context["chart"].rows
    assert len([row for row in rows if not row.get("is_outside")]) == 6
    assert not any("diagnosis" in row for row in rows)
    assert "Hasil kuis tidak ditampilkan untuk peran Anda." in text(page)
    assert "belum ada kuis" not in text(page)
    assert len(page.context["steps"]) == 3
    assert "syarat WBK belum terpenuhi" in text(page)
    assert page.context["tests"].goals[0].not_declared


def test_who_reads_findings_is_told_of_the_assessed_areas_alone(cast, signed_in, sheets):
    page = signed_in(cast.regency_official.account).get(profile())
    rows = [row for row in page.context["chart"].rows if not row.get("is_outside")]
    assert len(rows) == 6
    assert {row.get("cause") for row in rows} == {"belum ada kuis"}


def test_the_map_opens_on_the_fullest_year_and_tells_how_many_units_have_it(
    cast, signed_in, sheets
):
    edition = find_edition("zi-2021")
    unit = Unit.objects.get(slug="kecamatan-hulu-contoh")
    record_sheet(unit=unit, edition=edition, period=2027, rows={})

    page = signed_in(cast.regency_official.account).get(MAP)
    assert page.context["choice"].key == "zi-2021:2026"
    labels = dict(page.context["form"].fields["lembar"].choices)
    assert labels["zi-2021:2026"].endswith(": 2 unit")
    assert labels["zi-2021:2027"].endswith(": 1 unit")

    other = Unit.objects.get(slug="dinas-kesehatan-contoh")
    record_sheet(unit=other, edition=edition, period=2027, rows={})
    page = signed_in(cast.regency_official.account).get(MAP)
    assert page.context["choice"].key == "zi-2021:2027"


def test_signs_are_explained_to_who_sees_them(cast, signed_in, sheets):
    shown = text(signed_in(cast.regency_official.account).get(MAP))
    for word in ("Perlu pembelajaran", "Perlu pendampingan", "Memadai", "Belum diketahui"):
        assert word in shown
    assert "n1, n2: data terbatas" in shown
    plain = text(signed_in(cast.operator.account).get(MAP))
    assert "Perlu pembelajaran" not in plain
    assert "Hasil kuis tidak ditampilkan untuk peran Anda." in plain


def test_a_profile_without_a_sheet_says_so(cast, signed_in):
    page = signed_in(cast.unit_official.account).get(profile())

    assert page.status_code == 200
    assert reverse("sheet_import") in text(page)


def test_a_profile_outside_reach_does_not_exist(cast, signed_in, sheets):
    assert signed_in(cast.other_unit_official.account).get(profile()).status_code == 404
    assert signed_in(cast.participant.account).get(profile()).status_code == 404
    assert signed_in(cast.other_regency_official.account).get(profile()).status_code == 404


@pytest.fixture
def offices(cast, sheets):
    """The health office with a health centre below it, both with a sheet, and a district."""
    edition = find_edition("zi-2021")
    rows = {"A.I.5.i.a": RowEntry(value="A", text="A")}
    centre = Unit.objects.get(slug="puskesmas-kota-contoh")
    record_sheet(unit=centre, edition=edition, period=2026, rows=rows)
    return centre


def names(page):
    return [row["id"].removeprefix("unit-") for row in page.context["map"].rows[:-1]]


def test_an_office_folds_open_to_its_units_without_a_script(cast, signed_in, offices):
    browser = signed_in(cast.regency_official.account)
    closed = browser.get(MAP)
    assert "puskesmas-kota-contoh" not in names(closed)
    row = next(row for row in closed.context["map"].rows if row.get("fold"))
    assert row["id"] == "unit-dinas-kesehatan-contoh"

    opened = browser.get(row["fold"]["url"].split("#")[0].replace("?", f"{MAP}?"))
    place = names(opened).index("dinas-kesehatan-contoh")
    assert names(opened)[place + 1] == "puskesmas-kota-contoh"
    again = next(row for row in opened.context["map"].rows if row.get("fold"))
    assert "buka=" not in again["fold"]["url"]


def test_the_sum_counts_the_units_of_closed_rows_too(cast, signed_in, offices):
    browser = signed_in(cast.regency_official.account)
    sums = [
        [cell.get("text") for cell in browser.get(f"{MAP}{query}").context["map"].rows[-1]["cells"]]
        for query in ("", "?buka=dinas-kesehatan-contoh")
    ]
    assert sums[0] == sums[1]


def test_an_office_without_a_sheet_still_leads_to_its_units(cast, signed_in):
    edition = find_edition("zi-2021")
    centre = Unit.objects.get(slug="puskesmas-kota-contoh")
    rows = {"A.I.5.i.a": RowEntry(value="A", text="A")}
    record_sheet(unit=centre, edition=edition, period=2026, rows=rows)
    page = signed_in(cast.regency_official.account).get(MAP)
    assert names(page) == ["dinas-kesehatan-contoh"]
    assert {cell["tone"] for cell in page.context["map"].rows[0]["cells"]} == {"none"}


@pytest.mark.parametrize("order", ["resmi", "poin", "nama", "jenis", "tidak-ada"])
def test_each_order_shows_every_unit_of_the_top_once(cast, signed_in, offices, order):
    page = signed_in(cast.regency_official.account).get(f"{MAP}?urut={order}")
    assert sorted(names(page)) == ["dinas-kesehatan-contoh", "kecamatan-hulu-contoh"]


def test_official_order_follows_the_units_own_order(cast, signed_in, sheets):
    browser = signed_in(cast.regency_official.account)
    before = names(browser.get(MAP))
    first = Unit.objects.get(slug=before[0])
    first.order = 99
    first.save()
    assert names(browser.get(MAP)) == before[::-1]


def test_an_official_below_a_closed_office_sees_the_own_unit(cast, signed_in, offices):
    page = signed_in(cast.unit_official.account).get(f"{MAP}?buka=dinas-kesehatan-contoh")
    assert names(page) == ["dinas-kesehatan-contoh", "puskesmas-kota-contoh"]


def test_the_map_costs_the_same_with_more_units(
    cast, signed_in, offices, django_assert_num_queries
):
    browser = signed_in(cast.regency_official.account)
    browser.get(MAP)
    with CaptureQueriesContext(connection) as few:
        browser.get(MAP)
    edition = find_edition("zi-2021")
    for slug in ("inspektorat-contoh", "bagian-organisasi-contoh"):
        unit = Unit.objects.filter(slug=slug).first()
        if unit is not None:
            record_sheet(unit=unit, edition=edition, period=2026, rows={})
    with django_assert_num_queries(len(few)):
        browser.get(f"{MAP}?buka=dinas-kesehatan-contoh")


@pytest.mark.parametrize("page", [MAP, "/pemetaan/unit/dinas-kesehatan-contoh/"])
def test_more_years_cost_no_statement_and_read_no_file_of_an_edition(cast, signed_in, sheets, page):
    browser = signed_in(cast.regency_official.account)
    browser.get(page)
    with CaptureQueriesContext(connection) as of_one_year:
        browser.get(page)
    asked = len(of_one_year)
    edition = find_edition("zi-2021")
    for period in range(2018, 2026):
        record_sheet(unit=sheets[0].unit, edition=edition, period=period, rows={})
    browser.get(page)
    with CaptureQueriesContext(connection) as of_nine_years:
        browser.get(page)
    statements = [query["sql"] for query in of_nine_years]

    assert len(statements) == asked
    assert not [sql for sql in statements if '"definition"' in sql]
