from datetime import date

import pytest
from django.urls import reverse

from clinic.people import accounts, granting
from clinic.people.merging import merge
from clinic.people.models import Grant, Person, Unit
from clinic.people.restructuring import end_unit
from tests.given import make_person

pytestmark = pytest.mark.usefixtures("one_factor")


def page(browser, name, **query):
    answer = browser.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_people_stand_by_name_with_unit_and_masked_nip(browser):
    html = page(browser, "people_list")

    assert html.index("Operator") < html.index("Panitia") < html.index("Pengulas")
    assert "Kecamatan Hulu Contoh" in html
    assert "19********1001" in html
    assert "199001012015011001" not in html
    assert "@uji.test" not in html


def test_a_search_finds_by_part_of_the_name_and_by_the_whole_nip(browser):
    assert "Pejabat" in page(browser, "people_list", q="jabat")
    assert "Pejabat" in page(browser, "people_list", q="19850505 201001 2 002")
    assert "Pejabat" not in page(browser, "people_list", q="198505")


def test_a_unit_narrows_the_list_to_it_and_what_lies_below(browser, cast):
    root = Unit.objects.get(kind="kabupaten", name="Kabupaten Contoh")

    everyone = page(browser, "people_list", unit=root.slug)
    health = page(browser, "people_list", unit=cast.operator.memberships.get().unit.slug)

    assert "Peserta" in everyone
    assert "Sekretariat Sebelah" not in everyone
    assert "Tamu tanpa akun" in health
    assert "Panitia</span>" not in health


def test_what_matches_nothing_says_so_and_offers_a_way_out(browser):
    html = page(browser, "people_list", q="Tidak Ada Orangnya")

    assert 'class="empty"' in html
    assert "<table" not in html


def test_a_merged_row_is_not_listed(browser, cast):
    double = make_person("Baris Ganda", cast.operator.memberships.get().unit)
    merge(cast.walk_in, double, actor=None, reason="satu orang")

    assert "Baris Ganda" not in page(browser, "people_list")


def test_units_stand_in_official_order_with_people_and_state(browser, cast):
    district = Unit.objects.get(name="Kecamatan Hulu Contoh")
    end_unit(district, last_day=date(2025, 12, 31), actor=None, reason="dihapus")

    html = page(browser, "units_list")

    places = [html.index(f">{name}<") for name in (
        "Kabupaten Contoh", "Bagian Organisasi Contoh", "Inspektorat Contoh",
        "Dinas Kesehatan Contoh", "Puskesmas Kota Contoh", "Kecamatan Hulu Contoh",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "31-12-2025" in html


def test_a_former_name_finds_the_unit(browser):
    Unit.objects.filter(name="Inspektorat Contoh").update(former_names="Badan Pengawas")

    assert "Inspektorat Contoh" in page(browser, "units_list", q="pengawas")


def test_an_installation_without_units_says_where_to_start(db, signed_in):
    first = Person.objects.create(name="Admin pertama", email="admin@uji.test")
    account = accounts.create_account(first)
    granting.grant(first, Grant.Role.ADMINISTRATOR, actor=None)

    html = page(signed_in(account), "units_list")

    assert 'class="empty"' in html
    assert reverse("units_import") in html


@pytest.mark.parametrize("name", ["people_list", "units_list"])
def test_lists_ask_the_database_as_often_for_many_as_for_few(
    browser, cast, name, django_assert_max_num_queries
):
    unit = cast.operator.memberships.get().unit
    for number in range(30):
        make_person(f"Orang {number}", unit)

    with django_assert_max_num_queries(14):
        page(browser, name)


@pytest.mark.parametrize(
    "name", ["people_list", "units_list", "people_import", "units_import", "people_blank"]
)
def test_nobody_but_the_administrator_opens_these_pages(cast, signed_in, name):
    for person in (cast.regency_official, cast.unit_official, cast.participant):
        assert signed_in(person.account).get(reverse(name)).status_code == 403
