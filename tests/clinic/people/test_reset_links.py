"""A forgotten password (S8, S19)."""

import re

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from clinic.records import jobs
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from tests.clinic.people.test_signin import attempt, hashes  # noqa: F401 the fixture that counts


def ask_for_reset(login, **extra):
    return Client().post("/akun/sandi/lupa/", {"email": login}, **extra)


def link_of(notice):
    return re.search(r"http://127\.0\.0\.1:8000(/akun/sandi/baru/\S+)", notice.body).group(1)


def do_reset_jobs():
    for row in Job.objects.filter(name="people.send_reset_link"):
        write = jobs.HANDLERS[row.name].call(row)
        if write:
            write()


def test_s08_asking_for_a_new_password_looks_alike_for_everybody(cast, hashes):  # noqa: F811
    answers = [
        ask_for_reset(login)
        for login in ("rekan@uji.test", "tidak-ada@uji.test", "199001012015011001")
    ]

    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (302, "/akun/sandi/lupa/terkirim/")
    }
    assert hashes == []
    assert Job.objects.filter(name="people.send_reset_link").count() == 3


def test_s19_the_reset_link_comes_from_the_setting_whatever_the_request_says(cast, settings):
    settings.EMAIL_URL = "smtp://localhost"
    ask_for_reset("rekan@uji.test", headers={"X-Forwarded-Host": "jahat.example"})
    do_reset_jobs()

    notice = Notice.objects.get(kind="password_reset")

    assert "jahat.example" not in notice.body
    assert cast.colleague.account.uuid.hex in link_of(notice)


def test_a_reset_link_works_once_and_leaves_the_second_factor(cast, settings):
    settings.EMAIL_URL = "smtp://localhost"
    totp.TOTP.activate(cast.organiser.account, totp.generate_totp_secret())
    ask_for_reset("panitia@uji.test")
    do_reset_jobs()
    link = link_of(Notice.objects.get(kind="password_reset"))
    browser = Client()
    form = browser.get(link).headers["Location"]
    new = {"password1": "kalimat-baru-panjang", "password2": "kalimat-baru-panjang"}

    assert browser.post(form, new).status_code == 302
    assert browser.get("/akun/profil/").status_code == 302
    assert (
        attempt("panitia@uji.test", "kalimat-baru-panjang").headers["Location"]
        == "/akun/faktor/masuk/"
    )
    again = Client().get(link)
    assert again.status_code == 200
    assert b"password1" not in again.content


def test_without_a_mail_server_nobody_is_mailed(cast, settings):
    settings.EMAIL_URL = "none"
    ask_for_reset("rekan@uji.test")
    do_reset_jobs()

    assert not Notice.objects.exists()
