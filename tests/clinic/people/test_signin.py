"""The one door (S8, S9, S11, S19, S24)."""

import re
from itertools import cycle, islice

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.people import accounts, granting
from clinic.people.access import grants_of
from clinic.records.audit import AuditEntry
from tests.given import PASSWORD, Role, make_member

LOGIN = "/akun/masuk/"
LOCALHOST = "127.0.0.1"


def attempt(login, password=PASSWORD, browser=None, **extra):
    browser = browser or Client()
    data = {"login": login, "password": password} | extra.pop("data", {})
    return browser.post(LOGIN, data, **extra)


@pytest.fixture
def hashes(monkeypatch):
    """Count what the real hasher does."""
    done = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def counting_encode(self, *args):
        done.append("encode")
        return encode(self, *args)

    def counting_verify(self, *args):
        done.append("verify")
        return verify(self, *args)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counting_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counting_verify)
    return done


def test_a_nip_is_read_with_its_blanks_and_dots(cast):
    for typed in ("199001012015011001", "19900101 201501 1 001", " 19900101.201501.1.001 "):
        assert attempt(typed).headers["Location"] == "/beranda/"


def test_an_account_with_nip_also_opens_by_its_e_mail_in_any_case(regencies):
    home, _ = regencies
    make_member("Dua Nama", home.health, nip="198001012005011009", email="dua.nama@uji.test")

    assert attempt("198001012005011009").status_code == 302
    assert attempt("DUA.NAMA@uji.test ").status_code == 302


def test_s08_unknown_inactive_and_wrong_look_alike_and_hash_once(cast, hashes):
    cast.stranger.account.is_active = False
    cast.stranger.account.save()
    accounts.create_account(cast.walk_in, email="tamu@uji.test")
    tries = {
        "wrong": ("rekan@uji.test", "salah-sekali-2026"),
        "wrong by nip": ("199001012015011001", "salah-sekali-2026"),
        "unknown": ("tidak-ada@uji.test", "salah-sekali-2026"),
        "unknown nip": ("199912312025011001", "salah-sekali-2026"),
        "inactive": ("orang-lain@uji.test", PASSWORD),
        "without password": ("tamu@uji.test", PASSWORD),
    }
    answers = {}
    for name, (login, password) in tries.items():
        hashes.clear()
        page = attempt(login, password)
        assert len(hashes) == 1, name
        errors = re.findall(
            rb'class="field-error".*?</p>|role="alert".*?</div>', page.content, re.S
        )
        answers[name] = (page.status_code, tuple(errors), len(page.content))

    first = answers["wrong"]
    assert first[1]
    for name, (status, errors, size) in answers.items():
        assert (status, errors) == first[:2], name
        assert abs(size - first[2]) <= 0.05 * first[2], name


def test_s08_a_good_log_in_hashes_once_too(cast, hashes):
    assert attempt("rekan@uji.test").status_code == 302
    assert len(hashes) == 1


def test_s09_64_people_behind_one_router_log_in_within_a_minute(cast):
    names = cycle(person.account.login_name for person in cast.by_role().values())
    codes = [attempt(name, REMOTE_ADDR="10.1.1.1").status_code for name in islice(names, 64)]

    assert codes == [302] * 64


def test_s09_the_sixth_wrong_password_is_refused_whatever_the_headers_claim(cast):
    def wrong(n):
        return attempt(
            "rekan@uji.test", "salah-sekali-2026", headers={"X-Forwarded-For": f"10.9.8.{n}"}
        )

    codes = [wrong(n).status_code for n in range(6)]

    assert codes == [200] * 5 + [429]
    refused = wrong(7)
    assert refused.headers["Retry-After"] == "300"
    assert attempt("199001012015011001").status_code == 302


def test_s09_one_address_may_be_wrong_sixty_times_a_minute(cast):
    codes = [
        attempt(f"orang-{n}@uji.test", "salah-sekali-2026", REMOTE_ADDR="10.1.1.2",
                headers={"X-Forwarded-For": f"10.9.7.{n}"}).status_code
        for n in range(61)
    ]  # fmt: skip

    assert codes == [200] * 60 + [429]


def test_s09_a_name_written_otherwise_counts_as_the_same(cast):
    variants = [
        "rekan@uji.test",
        "REKAN@uji.test",
        " Rekan@Uji.Test",
        "\uff52ekan@uji.test",  # a full-width letter
        "rekan@UJI.test",
    ]

    for typed in variants:
        attempt(typed, "salah-sekali-2026")

    assert attempt("rekan@uji.test", "salah-sekali-2026").status_code == 429


def test_unticked_the_session_ends_with_the_browser(cast):
    browser = Client()
    answer = attempt("rekan@uji.test", browser=browser)

    assert answer.cookies["sessionid"]["max-age"] == ""
    assert browser.session.get_expire_at_browser_close()


@pytest.mark.parametrize(("login", "seconds"), [
    ("rekan@uji.test", 14 * 24 * 3600),
    ("operator@uji.test", 8 * 3600),
])  # fmt: skip
def test_ticked_the_session_lasts_as_long_as_the_role_allows(cast, login, seconds):
    answer = attempt(login, data={"remember": "on"})

    assert answer.cookies["sessionid"]["max-age"] == seconds


def test_the_session_key_changes_at_log_in(cast):
    browser = Client()
    browser.get(LOGIN)
    session = browser.session
    session["x"] = 1
    session.save()
    browser.cookies["sessionid"] = before = session.session_key

    attempt("rekan@uji.test", browser=browser)

    assert browser.session.session_key != before


def test_log_out_is_a_post_and_drops_the_cache_alone(cast, signed_in):
    browser = signed_in(cast.colleague.account)

    assert browser.get("/akun/keluar/").status_code == 200
    assert "_auth_user_id" in browser.session
    answer = browser.post("/akun/keluar/")

    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "_auth_user_id" not in browser.session


def test_log_ins_failures_and_log_outs_are_audited(cast):
    browser = Client()
    attempt("rekan@uji.test", "salah-sekali-2026")
    attempt("tidak-ada@uji.test", "salah-sekali-2026")
    attempt("rekan@uji.test", browser=browser)
    browser.post("/akun/keluar/")

    rows = AuditEntry.objects.filter(verb__startswith="account.sign").order_by("pk")
    person = cast.colleague.pk
    assert [(row.verb, row.subject) for row in rows] == [
        ("account.sign_in_refused", person),
        ("account.sign_in_refused", None),
        ("account.signed_in", person),
        ("account.signed_out", person),
    ]


def test_nobody_signs_up_alone(db):
    answer = Client().post("/akun/daftar/", {"username": "a", "password1": "b"})

    assert answer.status_code == 200
    assert b'<form method="post" action="/akun/daftar/' not in answer.content
    assert not AuditEntry.objects.filter(verb="account.created").exists()


@pytest.mark.parametrize("path", [
    "/akun/login/", "/akun/logout/", "/akun/signup/", "/akun/password/reset/", "/akun/2fa/",
    "/accounts/login/", "/akun/email/", "/akun/sessions/",
])  # fmt: skip
def test_allauths_own_paths_do_not_exist(db, path):
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/password_reset/", "/_util/login/"])
def test_s11_every_other_door_leads_to_the_one(cast, signed_in, path):
    assert Client().get(path).headers["Location"].startswith(LOGIN)
    assert (
        Client()
        .post(path, {"username": "rekan@uji.test", "password": PASSWORD})
        .headers["Location"]
        .startswith(LOGIN)
    )
    assert signed_in(cast.participant.account).get(path).status_code == 403


@pytest.mark.parametrize("path", [
    "/admin/users/", "/admin/users/new/", "/admin/groups/", "/admin/groups/new/",
    "/admin/bulk/people/account/delete/", "/_util/authenticate_with_password/1/1/",
])  # fmt: skip
def test_the_editors_forms_for_users_and_groups_do_not_exist(cast, signed_in, settings, path):
    settings.KLINIK_SECOND_FACTOR = False
    assert signed_in(cast.admin.account).get(path).status_code == 404


def test_the_editor_opens_for_three_roles_alone(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    codes = {
        role: signed_in(person.account).get("/admin/").status_code
        for role, person in cast.by_role().items()
    }
    may = {Role.AUTHOR, Role.REVIEWER, Role.ADMINISTRATOR}
    assert codes == {role: 200 if role in may else 403 for role in codes}
    assert Client().get("/admin/").headers["Location"] == f"{LOGIN}?next=/admin/"


def test_s24_the_editor_closes_when_the_role_ends_by_date(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    browser = signed_in(cast.author.account)
    cast.author.grants.update(ends_on="2020-02-01")

    assert browser.get("/admin/").status_code == 403


def test_s24_ended_sessions_and_retired_accounts_stop_at_once(cast):
    first, second = Client(), Client()
    for browser in (first, second):
        attempt("rekan@uji.test", browser=browser)

    second.post("/akun/sesi/")
    assert first.get("/akun/profil/").status_code == 302
    assert second.get("/akun/profil/").status_code == 200

    accounts.retire(cast.colleague.account, actor=cast.admin.account, reason="pindah")
    assert second.get("/akun/profil/").status_code == 302
    assert attempt("rekan@uji.test").status_code == 200


def test_s24_a_change_of_role_ends_the_sessions(cast):
    browser = Client()
    attempt("operator@uji.test", browser=browser)

    granting.end_grant(grants_of(cast.operator)[0], actor=cast.admin.account)

    assert browser.get("/akun/profil/").status_code == 302
    assert not UserSession.objects.filter(user=cast.operator.account).exists()


def test_a_new_password_ends_the_other_sessions(cast):
    first, second = Client(), Client()
    for browser in (first, second):
        attempt("rekan@uji.test", browser=browser)

    answer = second.post(
        "/akun/sandi/",
        {
            "oldpassword": PASSWORD,
            "password1": "kalimat-baru-panjang",
            "password2": "kalimat-baru-panjang",
        },
    )  # fmt: skip

    assert answer.status_code == 302
    assert first.get("/akun/profil/").status_code == 302
    assert second.get("/akun/profil/").status_code == 200


@pytest.mark.parametrize("password", [
    "pendek-2026", "199001012015011001", "password1234", "klinik-demo-2026",
])  # fmt: skip
def test_passwords_are_long_uncommon_and_tell_nothing_of_the_person(cast, password):
    with pytest.raises(ValidationError):
        accounts.set_password(cast.participant.account, password)


# --- hosts and redirects ----------------------------------------------------------------
def test_s19_a_foreign_host_is_refused(db):
    assert Client().get(LOGIN, headers={"Host": "jahat.example"}).status_code == 400


@pytest.mark.parametrize(
    "wanted", ["https://jahat.example/", "//jahat.example", "javascript:alert(1)"]
)
def test_s19_log_in_leads_to_no_foreign_address(cast, wanted):
    answer = Client().post(
        f"{LOGIN}?next={wanted}", {"login": "rekan@uji.test", "password": PASSWORD}
    )

    assert answer.headers["Location"] == "/beranda/"


def test_log_in_leads_back_to_where_one_wanted_to_go(cast):
    answer = Client().post(
        f"{LOGIN}?next=/akun/sesi/", {"login": "rekan@uji.test", "password": PASSWORD}
    )

    assert answer.headers["Location"] == "/akun/sesi/"


def test_security_keys_have_no_row_number_in_their_address(cast, signed_in):
    key = Authenticator.objects.create(
        user=cast.colleague.account, type="webauthn", data={"name": "Ponsel", "credential": {}}
    )
    browser = signed_in(cast.colleague.account)
    page = browser.get("/akun/faktor/kunci/").content.decode()

    address = re.search(r"/akun/faktor/kunci/([\w-]+)/ubah/", page).group(1)

    assert address != str(key.pk)
    assert browser.get(reverse("mfa_edit_webauthn", args=[key.pk])).status_code == 404
    assert (
        signed_in(cast.stranger.account).get(f"/akun/faktor/kunci/{address}/ubah/").status_code
        == 404
    )
