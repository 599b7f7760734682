"""Taking an account into use (S5, S8)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clinic.lib.errors import Refused
from clinic.people import accounts, activation
from clinic.people.models import Activation
from clinic.records.audit import AuditEntry
from tests.clinic.people.test_signin import attempt, hashes  # noqa: F401 the fixture that counts
from tests.given import make_person

NIP = "198001012005011009"
NEW = "kalimat-baru-panjang"


@pytest.fixture
def account(regencies):
    home, _ = regencies
    return accounts.create_account(make_person("Baru", home.health, nip=NIP, email="baru@uji.test"))


@pytest.fixture
def slip(account):
    return activation.issue_slip(account, actor=None)


def post(slip, *, nip=NIP, password=NEW, again=None):
    data = {"nip": nip, "password1": password, "password2": again or password}
    return Client().post(f"/akun/aktivasi/{slip.token}/", data)


def test_a_slip_sets_the_password_once(slip):
    assert post(slip, nip="19800101 200501 1 009").headers["Location"] == "/akun/masuk/"
    assert attempt(NIP, NEW).status_code == 302
    with pytest.raises(Refused) as refusal:
        activation.activate(slip.token, nip=NIP, password=NEW)
    assert refusal.value.code == "activation_closed"
    assert AuditEntry.objects.filter(verb="account.activated").count() == 1


def test_only_the_digest_of_the_token_is_kept(slip):
    row = Activation.objects.get()

    assert slip.token not in str(vars(row))
    assert len(slip.token.replace("-", "")) == 25


def test_s05_opening_the_link_changes_nothing(slip):
    before = Activation.objects.values().get()

    assert Client().get(f"/akun/aktivasi/{slip.token}/").status_code == 200
    assert Client().head(f"/akun/aktivasi/{slip.token}/").status_code in {200, 405}

    assert Activation.objects.values().get() == before


def test_a_new_slip_closes_the_old(account, slip):
    newer = activation.issue_slip(account, actor=None)

    with pytest.raises(Refused) as refusal:
        activation.open_activation(slip.token)
    assert refusal.value.code == "activation_closed"
    assert activation.open_activation(newer.token).account == account


def test_a_slip_runs_out_after_72_hours(slip):
    left = slip.expires_at - timezone.now()
    assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)
    Activation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Refused) as refusal:
        activation.open_activation(slip.token)
    assert refusal.value.code == "activation_closed"


def test_a_slip_is_bound_to_the_e_mail_address(account, slip):
    account.email = "lain@uji.test"
    account.save()

    with pytest.raises(Refused) as refusal:
        activation.open_activation(slip.token)
    assert refusal.value.code == "activation_closed"


def test_five_wrong_nips_close_the_slip(slip):
    for _n in range(5):
        assert post(slip, nip="198001012005011008").status_code == 422
    with pytest.raises(Refused) as refusal:
        activation.open_activation(slip.token)
    assert refusal.value.code == "activation_closed"


def test_the_digits_a_mask_shows_are_not_enough(slip):
    assert post(slip, nip="1009").status_code == 422
    assert post(slip, nip="").status_code == 422


def test_a_person_without_nip_needs_none(cast):
    account = accounts.create_account(cast.walk_in, email="tamu@uji.test")
    slip = activation.issue_slip(account, actor=None)

    assert post(slip, nip="").status_code == 302
    assert attempt("tamu@uji.test", NEW).status_code == 302


@pytest.mark.parametrize("password", ["pendek", NIP, "klinik-demo-2026"])
def test_a_weak_password_leaves_the_slip_open(slip, password):
    assert post(slip, password=password).status_code == 422
    assert post(slip, password=NEW, again="lain-sekali-2026").status_code == 422
    assert activation.open_activation(slip.token)


def test_s08_every_way_out_hashes_once(account, slip, hashes):  # noqa: F811
    ways = [
        lambda: activation.activate("tidak-ada", nip=NIP, password=NEW),
        lambda: activation.activate(slip.token, nip="1", password=NEW),
    ]
    for way in ways:
        hashes.clear()
        with pytest.raises(Refused):
            way()
        assert len(hashes) == 1
    hashes.clear()
    activation.activate(slip.token, nip=NIP, password=NEW)
    assert len(hashes) == 1


def test_a_retired_account_gets_no_slip(account):
    account.is_active = False
    account.save()

    with pytest.raises(Refused) as refused:
        activation.issue_slip(account, actor=None)
    assert refused.value.code == "account_retired"


def test_the_administrator_prints_slips_after_fresh_proof(cast, account, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    browser = signed_in(cast.admin.account)
    asked = browser.get("/akun/slip/").headers["Location"]
    assert asked.startswith("/akun/masuk/ulang/")
    browser.post(asked, {"password": "kata-sandi-uji-2026"})
    listed = browser.get("/akun/slip/").content.decode()
    assert "Baru, Dinas Kesehatan Contoh" in listed
    assert NIP not in listed

    sheet = browser.post("/akun/slip/", {"accounts": [str(account.uuid)]}).content.decode()

    assert "/akun/aktivasi/" in sheet
    assert 'path d="M4 4.5h7' in sheet
    assert Activation.objects.get().created_by == cast.admin.account


def test_whoever_forgot_the_password_gets_a_slip_when_named(cast, confirmed, one_factor):
    attempt("operator@uji.test")
    browser = confirmed(cast.admin.account)
    uuid = str(cast.operator.account.uuid)
    assert uuid not in browser.get("/akun/slip/").content.decode()
    page = f"/akun/slip/?pilih={uuid}"
    assert browser.get(page).content.decode().count(" checked") == 1

    sheet = browser.post(page, {"accounts": [uuid]}).content.decode()
    token = sheet.split("/akun/aktivasi/")[1].split("/")[0]
    activation.activate(token, nip="", password=NEW)

    assert attempt("operator@uji.test", NEW).status_code == 302


def test_nobody_else_prints_slips(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    for role, person in cast.by_role().items():
        if role != "admin":
            assert signed_in(person.account).get("/akun/slip/").status_code == 403, role
