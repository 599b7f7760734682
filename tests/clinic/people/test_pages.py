"""Every page of /akun/ draws, in both languages, with one heading that begins its title."""

import base64
import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from wagtail.users.models import UserProfile

from clinic.people.signin import key_slug
from clinic.records.notices import Notice
from tests.clinic.people.test_second_factor import code_now
from tests.clinic.people.test_signin import attempt
from tests.given import PASSWORD
from tests.laws.addresses import ours

ADMIN = "admin@uji.test"


@pytest.fixture
def browser(cast, settings):
    """The administrator's browser, fresh proof given, with every factor set up."""
    settings.KLINIK_SECOND_FACTOR = False
    browser = Client()
    attempt(ADMIN, browser=browser)
    browser.post("/akun/masuk/ulang/", {"password": PASSWORD})
    return browser


def heading_and_title(page):
    text = page.content.decode()
    headings = re.findall(r"<h1[^>]*>(.*?)</h1>", text, re.S)
    title = re.search(r"<title>(.*?)</title>", text, re.S).group(1).strip()
    return [heading.strip() for heading in headings], title


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_has_one_heading_that_begins_its_title(cast, browser, language):
    browser.cookies["django_language"] = language
    anonymous = Client()
    anonymous.cookies["django_language"] = language
    drawn = []
    for address in ours():
        if not address.route.startswith("akun/") or address.arguments:
            continue
        for client in (browser, anonymous):
            page = client.get(address.nobodys())
            if page.status_code != 200 or "html" not in page.headers["Content-Type"]:
                continue
            headings, title = heading_and_title(page)
            assert len(headings) == 1, address.name
            assert title.startswith(headings[0]), address.name
            drawn.append(address.name)
    wanted = {
        "account_login", "account_logout", "account_reauthenticate", "account_change_password",
        "account_reset_password", "account_email", "account_profile", "account_slips",
        "account_signup", "account_inactive", "mfa_index", "mfa_activate_totp",
        "mfa_add_webauthn", "mfa_list_webauthn", "usersessions_list",
    }  # fmt: skip
    assert wanted <= set(drawn)


def test_the_whole_second_factor_is_set_up_and_taken_off_on_its_pages(cast, browser):
    page = browser.get("/akun/faktor/aplikasi/").content.decode()
    drawn = base64.b64decode(re.search(r"data:image/svg\+xml;base64,([^\"]+)", page).group(1))
    assert b'xmlns="http://www.w3.org/2000/svg"' in drawn
    secret = browser.session["mfa.totp.secret"]
    with time_machine.travel(timezone.now(), tick=False):  # a code holds for 30 s
        set_up = browser.post("/akun/faktor/aplikasi/", {"code": code_now(secret)})
    assert set_up.status_code == 302
    assert browser.get("/akun/faktor/cadangan/").status_code == 200
    download = browser.get("/akun/faktor/cadangan/unduh/")
    assert download.content.decode().strip().count("\n") >= 10
    assert browser.get("/akun/faktor/cadangan/baru/").status_code == 200
    assert browser.get("/akun/faktor/aplikasi/lepas/").status_code == 200
    assert browser.post("/akun/faktor/aplikasi/lepas/").status_code == 302
    assert not Authenticator.objects.filter(user=cast.admin.account).exists()


def test_a_security_key_is_renamed_and_removed(cast, browser):
    key = Authenticator.objects.create(
        user=cast.admin.account, type="webauthn", data={"name": "Ponsel", "credential": {}}
    )
    here = f"/akun/faktor/kunci/{key_slug(key)}"
    assert "Ponsel" in browser.get(f"{here}/hapus/").content.decode()
    browser.post(f"{here}/ubah/", {"name": "Ponsel dinas"})
    assert "Ponsel dinas" in browser.get("/akun/faktor/kunci/").content.decode()
    browser.post(f"{here}/hapus/")
    assert not Authenticator.objects.exists()


def test_an_address_is_added_confirmed_and_made_the_main_one(cast, browser, settings):
    settings.EMAIL_URL = "smtp://localhost"
    browser.post("/akun/surel/", {"action_add": "1", "email": "baru@uji.test"})
    body = Notice.objects.get(to_email="baru@uji.test").body
    link = re.search(r"http://127\.0\.0\.1:8000(/akun/surel/\S+)", body).group(1)
    assert browser.get(link).status_code == 200
    browser.post(link)
    browser.post("/akun/surel/", {"action_primary": "1", "email": "baru@uji.test"})

    cast.admin.account.refresh_from_db()
    assert cast.admin.account.email == "baru@uji.test"


def test_the_editors_own_account_page_opens(cast, browser):
    assert browser.get("/admin/account/").status_code == 200


def test_the_editors_own_account_page_asks_for_no_name(cast, browser):
    page = browser.get("/admin/account/").content.decode()
    assert "name_email" not in page
    assert "current_time_zone" not in page

    form = {"theme-theme": "dark", "theme-contrast": "system", "theme-density": "default"}
    assert browser.post("/admin/account/", form).status_code == 302
    assert UserProfile.objects.get(user=cast.admin.account).theme == "dark"
