"""Accounts belong to persons, never the other way round (D1)."""

import json

import pytest
from django.conf import settings as project
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.lib.errors import Refused
from clinic.people import accounts, activation
from clinic.people.access import grants_of
from clinic.people.merging import merge
from clinic.people.models import Account, Grant, Person
from clinic.records.audit import AuditEntry
from tests.clinic.people.test_signin import attempt
from tests.given import make_member, make_person


def test_d01_the_account_model_is_ours_and_a_person_needs_none(cast):
    assert project.AUTH_USER_MODEL == "people.Account"
    assert not hasattr(cast.walk_in, "account")
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(login_name="tanpa-orang")
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(login_name="kedua", person=cast.operator)


def test_no_account_is_a_superuser(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(person=cast.admin).update(is_superuser=True)


def test_making_an_account_twice_keeps_one(cast):
    assert accounts.create_account(cast.operator) == cast.operator.account


def test_an_account_needs_a_name_of_its_own(cast, regencies):
    home, _ = regencies
    with pytest.raises(Refused) as refusal:
        accounts.create_account(cast.walk_in)
    assert refusal.value.code == "no_login_name"
    twin = make_person("Kembar", home.health, email="rekan@uji.test")
    with pytest.raises(Refused) as refusal:
        accounts.create_account(twin)
    assert refusal.value.code == "login_name_taken"


def test_one_address_never_opens_two_accounts(cast, regencies):
    home, _ = regencies
    other = make_person("Lain", home.health, nip="197001011995011001")
    with pytest.raises(Refused) as refusal:
        accounts.create_account(other, email="REKAN@uji.test")
    assert refusal.value.code == "login_name_taken"


def test_only_who_manages_accounts_retires_one(cast):
    with pytest.raises(PermissionDenied):
        accounts.retire(cast.colleague.account, actor=cast.operator.account, reason="")


def test_nobody_takes_off_their_own_second_factor_as_administrator(cast):
    with pytest.raises(PermissionDenied):
        accounts.reset_second_factor(cast.admin.account, actor=cast.admin.account, reason="")


def test_a_closed_account_is_opened_again_with_password_and_roles(cast):
    account, admin = cast.operator.account, cast.admin.account
    slip = activation.issue_slip(account, actor=admin)
    accounts.retire(account, actor=admin, reason="pensiun")
    assert attempt("operator@uji.test").status_code != 302

    accounts.reopen(account, actor=admin, reason="keliru")

    assert attempt("operator@uji.test").status_code == 302
    assert [given.role for given in grants_of(cast.operator)] == ["operator"]
    with pytest.raises(Refused) as refusal:
        activation.open_activation(slip.token)
    assert refusal.value.code == "activation_closed"
    verbs = AuditEntry.objects.filter(subject=cast.operator.pk).values_list("verb", flat=True)
    assert {"account.retired", "account.reopened"} <= set(verbs)


def test_the_account_of_a_row_given_up_stays_closed(cast, regencies):
    twin = make_member("Rekan lama", regencies[0].health, email="rekan.lama@uji.test")
    accounts.retire(twin.account, actor=None, reason="dua akun")
    merge(cast.colleague, twin, actor=None, reason="satu orang")
    twin.refresh_from_db()

    with pytest.raises(Refused) as refusal:
        accounts.reopen(twin.account, actor=cast.admin.account, reason="keliru")

    assert refusal.value.code == "already_merged"
    assert not Account.objects.get(person=twin).is_active


def test_sessions_are_ended_by_an_act_of_its_own(cast):
    browsers = [Client(), Client()]
    for browser in browsers:
        assert attempt("operator@uji.test", browser=browser).status_code == 302

    ended = accounts.end_all_sessions(
        cast.operator.account, actor=cast.admin.account, reason="laptop hilang"
    )

    assert ended == 2
    for browser in browsers:
        assert browser.get("/akun/profil/").headers["Location"].startswith("/akun/masuk/")
    assert AuditEntry.objects.filter(verb="account.sessions_ended").count() == 1


@pytest.mark.parametrize("act", [accounts.retire, accounts.end_all_sessions])
def test_nobody_shuts_themselves_out(cast, act):
    with pytest.raises(Refused) as refusal:
        act(cast.admin.account, actor=cast.admin.account, reason="keliru")

    assert refusal.value.code == "own_account"
    assert Account.objects.get(person=cast.admin).is_active


# --- create_admin ---------------------------------------------------------------------------------
def run(*args, capsys):
    call_command("create_admin", *args, "--json")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_create_admin_makes_the_way_into_an_empty_installation(db, capsys):
    output = run("--nip", "19800101 200501 1 009", capsys=capsys)

    assert (output["ok"], output["problems"]) == (True, [])
    assert output["counts"] == {"persons": 1, "accounts": 1, "slips": 1}
    token = output["slip"]["address"].rstrip("/").rsplit("/", 1)[-1]
    activation.activate(token, nip="198001012005011009", password="kalimat-baru-panjang")
    assert attempt("198001012005011009", "kalimat-baru-panjang").status_code == 302
    assert Grant.objects.get().role == "admin"


def test_create_admin_again_replaces_the_slip_and_makes_nothing_else(db, capsys):
    first = run("--email", "Kepala@uji.test", capsys=capsys)
    second = run("--email", "kepala@uji.test", capsys=capsys)

    assert second["counts"] == {"persons": 0, "accounts": 0, "slips": 1}
    assert Person.objects.count() == 1
    assert first["slip"]["address"] != second["slip"]["address"]
    with pytest.raises(Refused) as refusal:
        activation.open_activation(first["slip"]["address"].rstrip("/").rsplit("/", 1)[-1])
    assert refusal.value.code == "activation_closed"


@pytest.mark.parametrize(("args", "code"), [
    (("--nip", "123"), "nip_unreadable"),
    (("--email", "bukan-surel"), "email_unreadable"),
])  # fmt: skip
def test_create_admin_refuses_what_it_cannot_read(db, capsys, args, code):
    with pytest.raises(SystemExit) as ended:
        call_command("create_admin", *args, "--json")

    assert ended.value.code == 1
    output = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [problem["code"] for problem in output["problems"]] == [code]


def test_create_admin_needs_exactly_one_name(db):
    for args in ([], ["--nip", "1", "--email", "a@b.c"]):
        with pytest.raises(CommandError):
            call_command("create_admin", *args)
