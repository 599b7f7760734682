"""One person's page: the account and its state, many accounts at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.people import accounts, granting
from clinic.people.merging import merge
from clinic.people.models import Account, Person
from clinic.records.audit import AuditEntry
from tests.given import Role, make_person

pytestmark = pytest.mark.usefixtures("one_factor")
NIP = "198001012005011009"


def address(person, name="person"):
    return reverse(name, args=[person.uuid])


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def newcomer(regencies):
    home, _ = regencies
    return make_person("Baru Datang", home.health, nip=NIP)


def test_each_name_leads_to_the_page_of_the_person(browser, cast):
    assert f'href="{address(cast.operator)}"' in page(browser, reverse("people_list"))


def test_a_page_tells_posts_masked_nip_and_roles_with_scope_and_days(browser, cast):
    html = page(browser, address(cast.assessor))
    assert "Inspektorat Contoh" in html
    assert "Dinas Kesehatan Contoh, 2026" in html
    assert "Mulai 1 Januari 2020, tanpa hari terakhir" in html

    html = page(browser, address(cast.participant))
    assert "19********1001" in html
    assert "199001012015011001" not in html


def test_the_page_tells_how_far_the_account_is(browser, cast, signed_in):
    def state(person):
        return page(browser, address(person))

    assert "Belum punya akun" in state(cast.walk_in)
    assert "Menunggu aktivasi" in state(cast.operator)
    assert f"/akun/slip/?pilih={cast.operator.account.uuid}" in state(cast.operator)
    signed_in(cast.operator.account)
    assert "<dd>Aktif</dd>" in state(cast.operator)
    assert "Slip untuk kata sandi baru" in state(cast.operator)
    accounts.retire(cast.operator.account, actor=cast.admin.account, reason="pensiun")
    assert "Tidak aktif lagi" in state(cast.operator)
    assert "/akun/slip/" not in state(cast.operator)


def test_a_role_that_ended_is_gone_and_one_to_come_is_marked(browser, cast, regencies):
    home, _ = regencies
    soon = timezone.localdate() + timedelta(days=3)
    granting.end_grant(cast.operator.grants.get(), actor=cast.admin.account)
    granting.grant(
        cast.operator, Role.UNIT_OFFICIAL, actor=None,
        scope=granting.Scope(unit=home.clinic), starts_on=soon,
    )  # fmt: skip

    html = page(browser, address(cast.operator))

    assert "<strong>Operator unit</strong>" not in html
    assert "belum mulai" in html


def test_an_account_is_made_and_its_slip_comes_next(browser, newcomer, cast):
    answer = browser.post(address(newcomer, "person_account"), {"email": ""})

    assert answer.headers["Location"] == address(newcomer)
    account = Account.objects.get(person=newcomer)
    assert account.login_name == NIP
    assert not account.has_usable_password()
    entry = AuditEntry.objects.get(verb="account.created", subject=newcomer.pk)
    assert entry.actor == cast.admin.account.pk
    assert f"/akun/slip/?pilih={account.uuid}" in page(browser, address(newcomer))


def test_the_slips_page_ticks_whom_the_address_names(confirmed, cast):
    uuid = cast.operator.account.uuid

    html = page(confirmed(cast.admin.account), f"/akun/slip/?pilih={uuid}&pilih=apa-saja")

    assert html.count(" checked") == 1


def test_without_nip_and_address_the_field_says_what_is_missing(browser, cast):
    path = address(cast.walk_in, "person_account")

    answer = browser.post(path, {"email": ""})

    assert answer.status_code == 422
    assert "Akun memerlukan NIP atau alamat surel." in answer.content.decode()
    assert not Account.objects.filter(person=cast.walk_in).exists()
    assert browser.post(path, {"email": "tamu@uji.test"}).status_code == 302
    assert Account.objects.get(person=cast.walk_in).login_name == "tamu@uji.test"


@pytest.mark.parametrize("email", ["rekan@uji.test", "bukan alamat", f"{'a' * 250}@uji.test"])
def test_an_address_that_is_taken_or_none_makes_nothing(browser, newcomer, cast, email):
    before = AuditEntry.objects.count()

    answer = browser.post(address(newcomer, "person_account"), {"email": email})

    assert answer.status_code == 422
    assert 'id="id_email_error"' in answer.content.decode()
    assert not Account.objects.filter(person=newcomer).exists()
    assert AuditEntry.objects.count() == before


def test_making_an_account_again_changes_nothing(browser, cast):
    path = address(cast.operator, "person_account")

    assert browser.post(path, {"email": "lain@uji.test"}).headers["Location"]
    assert browser.get(path).headers["Location"] == address(cast.operator)
    assert Account.objects.get(person=cast.operator).email == "operator@uji.test"


def test_the_list_narrows_to_those_without_an_account(browser, cast):
    html = page(browser, reverse("people_list") + "?akun=tanpa")

    assert "Tamu tanpa akun" in html
    assert "Sekretariat" not in html.split("<table")[1]
    assert "Buat akun untuk 1 orang yang tampil" in html
    assert "Buat akun untuk" not in page(browser, reverse("people_list"))


@pytest.mark.parametrize("state", ["menunggu", "aktif", "nonaktif", "apa"])
def test_the_list_narrows_to_each_state(browser, cast, state):
    accounts.retire(cast.colleague.account, actor=None, reason="pensiun")
    found = page(browser, reverse("people_list") + f"?akun={state}").split("<table")[1]

    assert (">Admin</a>" in found) == (state in {"aktif", "apa"})
    assert (">Operator</a>" in found) == (state in {"menunggu", "apa"})
    assert (">Rekan</a>" in found) == (state in {"nonaktif", "apa"})


def test_the_shown_people_get_accounts_and_their_slips_are_ticked(browser, cast, newcomer):
    shown = [newcomer.uuid, cast.walk_in.uuid, cast.operator.uuid, uuid4(), "bukan-uuid"]

    answer = browser.post(reverse("people_accounts"), {"orang": shown}, follow=True)

    account = Account.objects.get(person=newcomer)
    first = answer.redirect_chain[0][0]
    assert first == f"/akun/slip/?pilih={account.uuid}"
    assert not Account.objects.filter(person=cast.walk_in).exists()
    told = [str(message) for message in answer.context["messages"]]
    assert any("Tamu tanpa akun" in text for text in told)


def test_nobody_shown_makes_no_account(browser, cast):
    before = Account.objects.count()

    answer = browser.post(reverse("people_accounts"))

    assert answer.headers["Location"] == reverse("people_list") + "?akun=tanpa"
    assert Account.objects.count() == before


def test_a_merged_row_and_a_stranger_have_no_page(browser, cast):
    double = make_person("Baris Ganda", cast.operator.memberships.get().unit)
    merge(cast.operator, double, actor=None, reason="satu orang")

    assert browser.get(address(double)).status_code == 404
    assert browser.get(reverse("person", args=[uuid4()])).status_code == 404


def test_no_other_role_sees_or_makes_anything(cast, signed_in, newcomer):
    for role, person in cast.by_role().items():
        if role == Role.ADMINISTRATOR:
            continue
        browser = signed_in(person.account)
        for name in ("person", "person_account", "person_role"):
            assert browser.get(address(newcomer, name)).status_code == 404, (role, name)
        assert browser.post(address(newcomer, "person_account"), {}).status_code == 404
        assert browser.post(reverse("people_accounts"), {"orang": newcomer.uuid}).status_code == 403
    assert not Account.objects.filter(person=newcomer).exists()


def test_a_page_asks_the_database_as_often_for_many_roles_as_for_few(
    browser, cast, regencies, django_assert_max_num_queries
):
    home, _ = regencies
    for unit in (home.section, home.clinic, home.district):
        granting.grant(cast.operator, Role.OPERATOR, actor=None, scope=granting.Scope(unit=unit))

    with django_assert_max_num_queries(14):
        page(browser, address(cast.operator))


def test_the_service_asks_who_makes_an_account(cast, newcomer):
    with pytest.raises(accounts.PermissionDenied):
        accounts.create_account(newcomer, actor=cast.operator.account)
    assert Person.objects.filter(pk=newcomer.pk, account=None).exists()
