"""Who sees what of findings, from how many people (S17, U27), and the page "why?" (U30)."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.insights import profile, wording
from clinic.insights.models import Finding, Rollup
from clinic.records.audit import AuditEntry
from courses import importing, publishing
from tests.clinic.insights import made
from tests.clinic.insights.made import (
    AREA,
    address,
    answered_by,
    calibrate,
    profile_of,
    seen_by,
)
from tests.courses import made as courses_made
from tests.given import make_member

pytestmark = pytest.mark.django_db


STATES = {
    1: ("limited", "hidden", "hidden"),
    2: ("limited", "hidden", "hidden"),
    3: ("shown", "shown", "hidden"),
    5: ("shown", "shown", "shown"),
}


def test_s17_a_finding_shows_from_the_readers_minimum(world, cast):
    readers = (cast.regency_official, cast.other_unit_official, cast.unit_official)
    answered = 0
    for number, states in STATES.items():
        answered_by(world, cast, number, after=answered)
        answered = number
        for person, state in zip(readers, states, strict=True):
            shown = seen_by(world, person)
            assert shown.state == state, (number, person)
            if state == "hidden":
                rest = (shown.word, shown.estimate, shown.answers, shown.reasons, shown.until)
                assert rest == ("", None, 0, (), None)
            else:
                assert shown.word == "knowledge-gap"
                assert shown.answering == number
    assert not Rollup.objects.filter(audience="public", answering__gt=0).exists()
    for person in (cast.participant, cast.operator, cast.assessor, cast.other_regency_official):
        assert seen_by(world, person) is None


def test_unknown_is_not_hidden(world, cast):
    answered_by(world, cast, 0)
    for person in (cast.regency_official, cast.other_unit_official, cast.unit_official):
        shown = seen_by(world, person)
        assert (shown.state, shown.word) == ("unknown", "unknown")
        assert wording.cause_of(shown) == "belum ada kuis"


def test_u27_the_only_contributor_sees_what_the_secretariat_sees(world, cast):
    made.answer(world[1], cast.other_unit_official, right=1)
    made.run_jobs()
    own = seen_by(world, cast.other_unit_official)
    assert (own.state, own.is_own, own.answering) == ("limited", True, 1)
    assert own.word == seen_by(world, cast.regency_official).word


def test_wide_audiences_do_not_follow_a_single_answer(world, cast):
    answered_by(world, cast, 5)
    before = seen_by(world, cast.unit_official)

    extra = make_member("Keenam", world[2].district, email="enam@uji.test")
    made.answer(world[1], extra, right=6)
    calibrate()

    assert seen_by(world, cast.regency_official).answering == 6
    assert seen_by(world, cast.unit_official) == before


def test_u27_the_page_tells_each_reader_their_part(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 2)
    page = address(world[2].district)

    staff = signed_in(cast.regency_official.account).get(page)
    official = signed_in(cast.other_unit_official.account).get(page).content.decode()
    other = signed_in(cast.unit_official.account).get(page).content.decode()

    text = staff.content.decode()
    assert "Perlu pembelajaran" in text
    assert "Data terbatas" in text
    assert "2 dari" in text
    looks = AuditEntry.objects.filter(verb="finding.look")
    assert [look.actor for look in looks] == [cast.regency_official.account.pk]
    for hidden, minimum in ((official, 3), (other, 5)):
        assert "Perlu pembelajaran" not in hidden
        assert f"peserta kurang dari {minimum}" in hidden
        assert "poin belum diraih" in hidden
    assert "A.I.5.i.a" in official
    assert "A.I.5.i.a" not in other


def test_u30_points_not_yet_reached_are_the_sum_of_the_rows(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 0)
    response = signed_in(cast.regency_official.account).get(address(world[2].district))
    assessed = response.context["assessed"]
    total = sum((row.points for row in assessed.rows), Decimal(0))
    assert total == assessed.not_yet
    assert assessed.not_yet > 0
    assert "bukan poin indeks RB kabupaten" in response.content.decode()
    linked = [row for row in assessed.rows if row.outcomes]
    assert linked
    assert all(row.code.startswith("A.I.5.i") for row in linked)


def test_addresses_of_no_cell_are_not_found(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    browser = signed_in(cast.regency_official.account)
    home = world[2]
    assert browser.get(address(home.district, "deregulasi")).status_code == 404
    assert browser.get(address(home.district).replace("2026", "kini")).status_code == 404
    stranger = signed_in(cast.other_regency_official.account)
    assert stranger.get(address(home.district)).status_code == 404


def test_the_page_costs_the_same_however_many_answers(
    world, cast, signed_in, settings, django_assert_max_num_queries
):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 3)
    browser = signed_in(cast.other_unit_official.account)
    browser.get(address(world[2].district))
    with django_assert_max_num_queries(15):
        browser.get(address(world[2].district))


def test_the_page_costs_the_same_however_many_rows_are_below_their_points(
    world, cast, signed_in, settings, django_assert_num_queries
):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 0)
    edition, _quiz, home = world
    browser = signed_in(cast.regency_official.account)
    page = address(home.district)
    browser.get(page)
    with CaptureQueriesContext(connection) as many:
        rows = browser.get(page).context["assessed"].rows
    asked = len(many)
    made.sheet(home.district, edition, strength=1)
    browser.get(page)  # a process reads each revision of a sheet once
    with django_assert_num_queries(asked):
        fewer = browser.get(page).context["assessed"].rows
    assert len(fewer) < len(rows)


def test_u30_the_rows_the_profile_and_the_map_tell_the_same_points(
    world, cast, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 0)
    district = world[2].district
    browser = signed_in(cast.regency_official.account)
    page = address(district)
    rows = sum(row.points for row in browser.get(page).context["assessed"].rows)

    table = browser.get("/pemetaan/").context["map"].rows
    cells = next(row["cells"] for row in table if row.get("id") == f"unit-{district.slug}")
    assert [cell["points"] for cell in cells if cell.get("url") == page] == [rows]

    profile_page = reverse("unit_profile", kwargs={"slug": district.slug})
    drawn = browser.get(profile_page).context["chart"].rows
    assert [row["missing"] for row in drawn if row["slug"] == AREA] == [rows]


def test_the_profile_sorts_areas_and_names_at_most_three_steps(world, cast):
    edition, _quiz, home = world
    text = courses_made.small_text("pengawasan", "gratifikasi")
    text = text.replace("outcomes = []", 'outcomes = ["pengawasan-uji"]')
    module = importing.load_module(text, author=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)
    answered_by(world, cast, 3)
    found = profile_of(cast.regency_official.account, home.district, edition)
    assert [line.weight for line in found.lines] == sorted(
        (line.weight for line in found.lines), reverse=True
    )
    assert [line.area.slug for line in found.lines if not line.is_undecided] == [AREA]
    assert len(found.lines) == 6
    assert found.steps[0].area.slug == AREA
    assert len(found.steps) == 3
    first = profile.step(found.steps[0])
    assert first.title.startswith("Pelajari: ")
    assert first.url == "/modul/pengawasan/"
    assert first.hint.startswith("Modul: Modul gratifikasi")
    assert first.time.endswith(" menit")
    operator = profile_of(cast.operator.account, home.health, edition)
    assert operator is None


def test_u26_a_cell_of_the_map_reads_unit_area_state_certainty_points(world, cast):
    answered_by(world, cast, 3)
    shown = seen_by(world, cast.regency_official)
    cell = wording.heat_cell(
        shown,
        unit="Kecamatan Hulu",
        area="Pengawasan",
        points=(Decimal("4.1"), "4,1 poin belum diraih"),
        share="41%",
        url="/",
    )
    assert (cell["tone"], cell["letter"], cell["shape"]) == ("b", "B", "knowledge-gap")
    certainty = {3: "tinggi", 2: "sedang"}[shown.dots]
    assert cell["label"] == (
        f"Kecamatan Hulu, Pengawasan, Perlu pembelajaran, Tingkat keyakinan: {certainty}, "
        "4,1 poin belum diraih"
    )
    assert Finding.objects.filter(area=AREA).count() == 10


def test_the_map_draws_the_signs_that_its_reader_may_see(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 2)
    letters = {}
    for person in (cast.regency_official, cast.other_unit_official, cast.operator):
        page = signed_in(person.account).get("/pemetaan/")
        cells = [cell for row in page.context["map"].rows[:-1] for cell in row["cells"]]
        drawn = [cell for cell in cells if cell["tone"] != "none"]
        letters[person] = {cell.get("letter", "") for cell in drawn}
        assert all(cell["points"] is not None for cell in drawn)
    assert letters[cast.regency_official] == {"B", "?"}
    assert letters[cast.other_unit_official] == {"-", "?"}
    assert letters[cast.operator] == {""}
    assert AuditEntry.objects.filter(verb="finding.look").count() == 1


def test_the_profile_page_tells_hidden_from_unknown(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 2)
    address = reverse("unit_profile", kwargs={"slug": world[2].district.slug})
    official = signed_in(cast.other_unit_official.account).get(address).content.decode()
    assert "peserta kurang dari 3" in official
    staff = signed_in(cast.regency_official.account).get(address).content.decode()
    assert "Perlu pembelajaran" in staff
    assert "data terbatas" in staff
