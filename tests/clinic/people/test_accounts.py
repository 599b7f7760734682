"""Accounts belong to persons, never the other way round (D1)."""

import json

import pytest
from django.conf import settings as project
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from clinic.people import accounts, activation
from clinic.people.models import Account, Grant, Person
from tests.clinic.people.test_signin import attempt
from tests.given import make_person


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
    with pytest.raises(accounts.NoLoginName):
        accounts.create_account(cast.walk_in)
    twin = make_person("Kembar", home.health, email="rekan@uji.test")
    with pytest.raises(accounts.LoginNameTaken):
        accounts.create_account(twin)


def test_one_address_never_opens_two_accounts(cast, regencies):
    home, _ = regencies
    other = make_person("Lain", home.health, nip="197001011995011001")
    with pytest.raises(accounts.LoginNameTaken):
        accounts.create_account(other, email="REKAN@uji.test")


def test_only_who_manages_accounts_retires_one(cast):
    with pytest.raises(PermissionDenied):
        accounts.retire(cast.colleague.account, actor=cast.operator.account, reason="")


def test_nobody_takes_off_their_own_second_factor_as_administrator(cast):
    with pytest.raises(PermissionDenied):
        accounts.reset_second_factor(cast.admin.account, actor=cast.admin.account, reason="")


# --- create_admin ---------------------------------------------------------------------------------
def run(*args, capsys):
    call_command("create_admin", *args, "--json")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_create_admin_makes_the_way_into_an_empty_installation(db, capsys):
    told = run("--nip", "19800101 200501 1 009", capsys=capsys)

    assert (told["ok"], told["problems"]) == (True, [])
    assert told["counts"] == {"persons": 1, "accounts": 1, "slips": 1}
    token = told["slip"]["address"].rstrip("/").rsplit("/", 1)[-1]
    activation.activate(token, nip="198001012005011009", password="kalimat-baru-panjang")
    assert attempt("198001012005011009", "kalimat-baru-panjang").status_code == 302
    assert Grant.objects.get().role == "admin"


def test_create_admin_again_replaces_the_slip_and_makes_nothing_else(db, capsys):
    first = run("--email", "Kepala@uji.test", capsys=capsys)
    second = run("--email", "kepala@uji.test", capsys=capsys)

    assert second["counts"] == {"persons": 0, "accounts": 0, "slips": 1}
    assert Person.objects.count() == 1
    assert first["slip"]["address"] != second["slip"]["address"]
    with pytest.raises(activation.ActivationClosed):
        activation.open_activation(first["slip"]["address"].rstrip("/").rsplit("/", 1)[-1])


@pytest.mark.parametrize(("args", "code"), [
    (("--nip", "123"), "nip_unreadable"),
    (("--email", "bukan-surel"), "email_unreadable"),
])  # fmt: skip
def test_create_admin_refuses_what_it_cannot_read(db, capsys, args, code):
    with pytest.raises(SystemExit) as ended:
        call_command("create_admin", *args, "--json")

    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [problem["code"] for problem in told["problems"]] == [code]


def test_create_admin_needs_exactly_one_name(db):
    for args in ([], ["--nip", "1", "--email", "a@b.c"]):
        with pytest.raises(CommandError):
            call_command("create_admin", *args)
