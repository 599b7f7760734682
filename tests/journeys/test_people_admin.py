"""The administrator changes accounts, people and units: each act is said first, then done once."""

import re
from datetime import timedelta
from functools import partial

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.urls import reverse
from django.utils import timezone

from clinic.people import accounts, merging, restructuring
from clinic.people.models import Account, Membership, Person, Unit
from tests.clinic.people.test_signin import attempt
from tests.given import PASSWORD, make_member, make_person
from tests.journeys.conftest import faults, follow, overflow

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

WHY = "Surat BKPSDM 800/1/2026"


@pytest.fixture
def home(regencies):
    return regencies[0]


@pytest.fixture
def desk(cast, enter):
    """Return a function that opens an address as the administrator."""
    return partial(enter, cast.admin)


def press(page):
    follow(page.locator("main form button[type=submit]").last)


def choose(page, name):
    begins = re.compile(f"^{re.escape(name)}")
    follow(page.locator("main").get_by_role("link", name=begins).first)


def give_reason(page):
    """Write the reason, give the password that is asked for once, and press again."""
    page.fill("input[name=reason]", WHY)
    press(page)
    if "/akun/masuk/ulang/" in page.url:
        page.fill("input[name=password]", PASSWORD)
        press(page)
        assert page.input_value("input[name=reason]") == WHY
        press(page)


def said(page):
    return page.inner_text("#pesan")


def unit_of(person):
    return Membership.objects.filter(person=person).latest("start").unit


def test_an_account_is_closed_and_the_message_leads_to_opening_it(desk, cast):
    page = desk("/admin/orang/")
    choose(page, "Operator")
    choose(page, "Tutup akun")
    assert "Riwayat tidak diubah" in page.inner_text("main")
    give_reason(page)
    assert not Account.objects.get(person=cast.operator).is_active
    choose(page, "Buka lagi")
    give_reason(page)

    assert Account.objects.get(person=cast.operator).is_active
    assert "dibuka lagi" in said(page)


def test_a_lost_phone_the_factor_is_taken_off_and_the_sessions_end(desk, cast):
    attempt("panitia@uji.test")
    totp.TOTP.activate(cast.organiser.account, totp.generate_totp_secret())
    page = desk(reverse("person", args=[cast.organiser.uuid]))

    choose(page, "Akhiri semua sesi")
    give_reason(page)
    assert "1 sesi diakhiri" in said(page)
    choose(page, "Lepas faktor kedua")
    give_reason(page)
    assert page.get_by_role("link", name="Lepas faktor kedua").count() == 0


def test_somebody_moves_with_the_keyboard_alone(desk, cast, home):
    page = desk(reverse("person", args=[cast.operator.uuid]))
    page.get_by_role("link", name="Pindahkan ke unit lain").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_label("Unit kerja baru").focus()
    page.keyboard.type("Kecamatan Hulu")
    page.get_by_label("Jabatan").first.fill("Camat")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    told = page.inner_text("main")
    assert "Peran ini berakhir: Operator unit, Dinas Kesehatan Contoh." in told
    assert "Camat" in told
    give_reason(page)

    assert unit_of(cast.operator) == home.district
    assert "Kecamatan Hulu Contoh" in page.inner_text("main dl")
    assert page.locator(".rows strong").count() == 0, "no role is left"


def test_two_rows_of_one_person_are_merged_and_taken_apart(desk, home):
    keep = make_member("Budi Santoso", home.health, email="budi@uji.test")
    other = make_person("Budi Santoso, S.E.", home.district, nip="196608011988031001")
    page = desk(reverse("person", args=[other.uuid]))

    choose(page, "Gabungkan dengan baris lain")
    choose(page, "Bandingkan keduanya")
    assert page.locator("input[name=reason]").count() == 0, "the row with the account is kept"
    choose(page, "Pertahankan baris yang lain")
    give_reason(page)
    assert Person.objects.get(pk=other.pk).merged_into == keep
    assert page.url.endswith(reverse("person", args=[keep.uuid]))
    choose(page, "Pisahkan kembali")
    give_reason(page)

    assert Person.objects.get(pk=other.pk).merged_into is None


def test_a_unit_gets_a_name_and_a_parent_and_both_are_given_back(desk, cast, home):
    page = desk("/admin/unit/")
    choose(page, "Puskesmas Kota Contoh")
    choose(page, "Ubah nama")
    page.fill("input[name=name]", "Puskesmas Kota Baru")
    give_reason(page)
    choose(page, "Kembalikan namanya")
    give_reason(page)
    assert Unit.objects.get(pk=home.clinic.pk).name == "Puskesmas Kota Contoh"
    choose(page, "Pindahkan ke bawah unit lain")
    page.select_option("select[name=parent]", home.district.slug)
    press(page)
    give_reason(page)
    assert Unit.objects.get(pk=home.clinic.pk).get_parent() == home.district
    choose(page, "Pindahkan kembali")
    give_reason(page)

    assert Unit.objects.get(pk=home.clinic.pk).get_parent() == home.health


def test_a_unit_is_merged_and_the_end_is_taken_back(desk, cast, home):
    page = desk(reverse("unit", args=[home.health.slug]))
    choose(page, "Gabungkan ke unit lain")
    page.select_option("select[name=into]", home.district.slug)
    press(page)
    assert "Puskesmas Kota Contoh" in page.inner_text("main")
    choose(page, "Ubah pilihan")
    assert page.input_value("select[name=into]") == home.district.slug
    press(page)
    give_reason(page)
    assert unit_of(cast.operator) == home.district
    assert "Diteruskan oleh" in page.inner_text("main dl")
    choose(page, "Batalkan pengakhiran")
    give_reason(page)

    assert Unit.objects.get(pk=home.health.pk).valid_to is None


def test_a_unit_is_split_without_script(desk, cast, home):
    path = reverse("unit", args=[home.health.slug])
    page = desk(path, java_script_enabled=False)
    choose(page, "Pecah unit")
    page.select_option("select[name=into_1]", home.district.slug)
    page.select_option("select[name=into_2]", home.section.slug)
    press(page)
    page.select_option(f"select[name='orang-{cast.operator.uuid}']", home.section.slug)
    give_reason(page)

    assert unit_of(cast.operator) == home.section
    assert unit_of(cast.stranger) == home.district


def test_a_unit_that_ends_too_early_says_what_stands_in_the_way(desk, cast, home):
    page = desk(reverse("unit", args=[home.health.slug]))
    choose(page, "Akhiri tanpa penerus")
    press(page)
    assert "Unit di bawahnya" in page.inner_text(".notice")
    assert page.locator("input[name=reason]").count() == 0


@pytest.mark.parametrize(
    ("scheme", "language", "width"), [("light", "id", 360), ("dark", "en", 1280)]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(desk, cast, home, scheme, language, width):
    page = desk("/admin/unit/", width=width, language=language, color_scheme=scheme)
    seen = []
    for address in addresses_of_acts(cast, home):
        page.goto(address)
        seen.append((address, faults(page), overflow(page)))
    page.goto(reverse("unit_split", args=[home.health.slug]))
    press(page)
    seen.append(("a choice with faults", faults(page), overflow(page)))

    assert [(where, found, by) for where, found, by in seen if found or by > 0] == []


def addresses_of_acts(cast, home):
    """Return the pages of every act, in a state in which it can be done."""
    today = timezone.localdate().isoformat()
    totp.TOTP.activate(cast.operator.account, totp.generate_totp_secret())
    accounts.retire(cast.colleague.account, actor=None, reason=WHY)
    twin = make_person("Tamu tanpa akun", home.district, nip="198001012005011009")
    merged = make_person("Penyusun lama dengan nama yang panjang sekali", home.district)
    merging.merge(cast.author, merged, actor=None, reason=WHY)
    ended = Unit.objects.get(pk=home.inspectorate.pk)
    restructuring.merge_unit(
        ended, home.section, day=timezone.localdate() - timedelta(days=3), actor=None, reason=WHY
    )

    def of(person, name="person", *more, **query):
        return reverse(name, args=[person.uuid, *more], query=query or None)

    def about(unit, name="unit", **query):
        return reverse(name, args=[unit.slug], query=query or None)

    attempt("operator@uji.test")
    return [
        "/admin/orang/", "/admin/unit/", of(cast.author), of(cast.operator), of(cast.colleague),
        of(cast.operator, "person_close"), of(cast.operator, "person_sessions"),
        of(cast.operator, "person_factor"), of(cast.colleague, "person_reopen"),
        of(cast.colleague, "person_close"), of(cast.operator, "person_move"),
        of(cast.operator, "person_move", unit=home.district.slug, start=today),
        of(cast.walk_in, "person_twin"), of(cast.walk_in, "person_twin", q="xyz"),
        of(cast.walk_in, "person_merge", twin.uuid),
        of(cast.author, "person_unmerge", merged.uuid),
        about(home.health), about(home.root), about(ended), about(home.section),
        about(home.health, "unit_rename"), about(home.clinic, "unit_move"),
        about(home.clinic, "unit_move", parent=home.district.slug),
        about(home.health, "unit_merge"),
        about(home.health, "unit_merge", into=home.district.slug, day=today),
        about(home.health, "unit_split"),
        about(home.health, "unit_split", into_1=home.district.slug, into_2=home.section.slug,
              day=today),
        about(home.district, "unit_end"), about(home.district, "unit_end", last_day=today),
        about(home.health, "unit_end", last_day=today), about(ended, "unit_reopen"),
    ]  # fmt: skip
