"""Charts of a profile: a bar stands beside its numbers, and holds nothing of a hidden cell."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from clinic.assessments import frameworks
from clinic.assessments.models import AreaScore, ChangeArea
from clinic.insights import charts
from clinic.insights.arithmetic.suppression import State
from clinic.insights.profile import ProfileLine
from clinic.insights.reading import Shown
from tests.clinic.insights import made
from tests.given import make_member
from tests.replaying import Recording

pytestmark = pytest.mark.django_db
BAR_ROW = re.compile(r"<tr[^>]*>(?:(?!</tr>).)*bar-of(?:(?!</tr>).)*</tr>", re.DOTALL)
FIGURE = re.compile(r'<figure class="figure chart">.*?</figure>', re.DOTALL)


def score(slug, reached, maximum, unanswered=0):
    area = ChangeArea.objects.get(slug=slug)
    return AreaScore(
        area=area,
        score=Decimal(reached),
        ceiling=Decimal(maximum),
        max_points=Decimal(maximum),
        unanswered=unanswered,
    )


def shown(state=State.SHOWN, estimate=0.5, answering=4):
    if state is State.HIDDEN:
        return Shown(state, 3)
    return Shown(
        state,
        3,
        word="knowledge-gap",
        estimate=estimate,
        low=estimate - 0.1,
        high=estimate + 0.1,
        answering=answering,
        answers=answering * 6,
    )


def profile_page(browser, unit, query=""):
    return browser.get(reverse("unit_profile", kwargs={"slug": unit.slug}) + query)


@pytest.fixture
def world(cast, regencies, settings):
    """The district's sheet is weak; two of its people have answered."""
    settings.KLINIK_SECOND_FACTOR = False
    home = regencies[0]
    return WORLD.play(cast, home, ground=(cast.author.pk, home.root.pk, made.this_hour()))


def _world(cast, home):
    edition = made.zi()
    made.sheet(home.district, edition, strength=0.2)
    quiz = made.quiz(cast)
    for person in (cast.participant, cast.colleague):
        made.answer(quiz, person, right=1)
    made.run_jobs()
    return edition, quiz, home


WORLD = Recording(_world)


def line(slug, seen):
    return ProfileLine(area=ChangeArea(slug=slug), shown=seen, points=Decimal(5), url="/x/")


def test_bars_of_points_share_one_scale_and_add_up_to_the_maximum():
    chart = charts.area_chart([score("pengawasan", 5, 15), score("sdm", 10, 10)], {}, ())
    for row, share in zip(chart.rows, (15, 10), strict=True):
        parts = [
            float(row[bar]["width"].rstrip("%")) for bar in ("won_bar", "blank_bar", "open_bar")
        ]
        assert sum(parts) == pytest.approx(100 * share / 15, abs=0.02)
        assert row["score"] + row["missing"] == row["maximum"]


def test_the_title_of_points_is_its_result():
    with translation.override("id"):
        chart = charts.area_chart([score("pengawasan", "10.9", 15), score("sdm", 8, 10)], {}, ())
        one = charts.area_chart([score("pengawasan", "10.9", 15)], {}, ())
    assert chart.title == (
        "Poin belum diraih terbesar: Penguatan Pengawasan (4,1) dan "
        "Penataan Sistem Manajemen SDM (2,0)"
    )
    assert one.title == "Penguatan Pengawasan: 4,1 poin belum diraih"
    assert charts.area_chart([], {}, ()) is None


def test_a_hidden_cell_is_told_in_words_and_has_no_figure():
    chart = charts.area_chart(
        [score("pengawasan", 5, 15), score("sdm", 5, 10)],
        {
            "pengawasan": line("pengawasan", shown(State.HIDDEN)),
            "sdm": line("sdm", shown(estimate=0.4)),
        },
        (),
    )
    hidden, seen = chart.rows
    assert (hidden["understanding"], hidden["diagnosis"]) == (None, "hidden")
    assert "3" in hidden["cause"]
    assert seen["understanding"]["mean"] == "40"


def test_very_few_people_have_an_interval_without_a_dot():
    few = charts.draw_understanding(shown(State.LIMITED, answering=1))
    many = charts.draw_understanding(shown())
    assert (few["dot"], few["is_limited"]) == ("", True)
    assert float(many["from"].rstrip("%")) < float(many["dot"].rstrip("%"))
    assert float(few["range"]["width"].rstrip("%")) > 0


def test_history_needs_two_years_of_one_framework(world, cast, signed_in):
    edition, _quiz, home = world
    browser = signed_in(cast.regency_official.account)
    assert profile_page(browser, home.district).context["history_chart"] is None

    made.sheet(home.district, edition, strength=0.6, period=2025)
    chart = profile_page(browser, home.district).context["history_chart"]

    assert [row["year"] for row in chart.rows] == [2025, 2026]
    widths = [float(row["width"].rstrip("%")) for row in chart.rows]
    assert widths[0] > widths[1]


def test_history_names_the_bands_of_its_edition(regencies):
    text = (frameworks.SHIPPED / "akip-2021.toml").read_text()
    edition = frameworks.load_framework(text).edition
    unit = regencies[0].district
    years = [made.sheet(unit, edition, strength=0.5, period=year).sheet for year in (2024, 2025)]
    chart = charts.history_chart(years)
    assert [band["name"] for band in chart.bands] == ["AA", "A", "BB", "B", "CC", "C", "D"]
    assert charts.history_chart(years[:1]) is None


def area_row(page):
    return next(row for row in page.context["chart"].rows if row["slug"] == made.AREA)


def test_u27_page_twin_and_print_of_a_profile_hold_nothing_of_a_hidden_cell(world, cast, signed_in):
    _edition, quiz, home = world
    official = signed_in(cast.other_unit_official.account)
    staff = signed_in(cast.regency_official.account)
    seen = area_row(profile_page(staff, home.district))["understanding"]
    assert (seen["people"], seen["is_limited"]) == (2, True)

    hidden = profile_page(official, home.district)
    assert area_row(hidden)["understanding"] is None
    text = hidden.content.decode()
    assert "Perlu pembelajaran" not in text
    assert f"{seen['low']}–{seen['high']}" not in text

    made.answer(quiz, make_member("Ketiga", home.district, email="tiga@uji.test"), right=1)
    made.run_jobs()
    told = area_row(profile_page(official, home.district))["understanding"]
    assert told["people"] == 3


def test_u29_every_bar_of_a_profile_stands_beside_its_numbers_and_has_no_style(
    world, cast, signed_in
):
    edition, _quiz, home = world
    made.sheet(home.district, edition, strength=0.6, period=2025)
    text = profile_page(signed_in(cast.regency_official.account), home.district).content.decode()
    main = text.split("<main")[1].split("</main>")[0]
    assert "style=" not in main
    bars = BAR_ROW.findall(main)
    assert len(bars) > 12
    assert all(re.search(r"\d", re.sub(r"<svg.*?</svg>|<[^>]+>", "", row, flags=re.DOTALL))
               for row in bars)  # fmt: skip
    for name in ("poin", "syarat", "riwayat"):
        assert f'id="{name}-judul"' in text


def test_the_word_sample_stands_below_every_picture_of_the_demo(world, cast, signed_in, settings):
    home = world[2]
    settings.IS_DEMO = True
    browser = signed_in(cast.regency_official.account)
    assert "Data contoh." in profile_page(browser, home.district).content.decode()
    why = browser.get(made.address(home.district)).content.decode()
    figures = FIGURE.findall(why)
    assert figures
    assert all('class="sample-mark"' in figure for figure in figures)
    settings.IS_DEMO = False
    assert 'class="sample-mark"' not in browser.get(made.address(home.district)).content.decode()


def test_the_profile_asks_a_fixed_number_of_times(
    world, cast, signed_in, django_assert_max_num_queries
):
    edition, quiz, home = world
    browser = signed_in(cast.regency_official.account)
    for year in (2023, 2024, 2025):
        made.sheet(home.district, edition, strength=0.6, period=year)
    for number in range(3):
        person = make_member(f"Pegawai {number}", home.district, email=f"n{number}@uji.test")
        made.answer(quiz, person, right=1)
    made.run_jobs()
    with django_assert_max_num_queries(30):
        profile_page(browser, home.district)
