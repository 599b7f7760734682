"""One click signs in, in the demo alone."""

import os
import subprocess
import sys
from uuid import uuid4

import pytest
from django.test import Client, override_settings
from django.urls import path

from clinic.lib import error_views
from clinic.people import accounts, views
from clinic.people.access import policy
from clinic.people.demo import demo_accounts, roles_in_words
from clinic.urls import urlpatterns as house

handler400, handler403 = error_views.bad_request, error_views.forbidden
handler404, handler429 = error_views.not_found, error_views.too_many
urlpatterns = [
    path("akun/demo/", policy("public")(views.sign_in_to_demo), name="demo_sign_in"),
    *house,
]


@pytest.fixture
def demo(cast, settings):
    """The demo's address and its accounts: an organiser and an operator."""
    settings.ROOT_URLCONF, settings.KLINIK_ENV = __name__, "demo"
    settings.KLINIK_SECOND_FACTOR = False
    for person in (cast.organiser, cast.operator, cast.admin):
        person.account.is_demo = True
        person.account.save()
    return cast


def sign_in(browser, person, **data):
    return browser.post("/akun/demo/", {"account": str(person.account.uuid), **data})


def test_one_click_signs_in(demo):
    browser = Client()
    page = browser.get("/akun/masuk/").content.decode()
    assert str(demo.operator.account.uuid) in page
    assert str(demo.colleague.account.uuid) not in page

    assert sign_in(browser, demo.operator).headers["Location"] == "/beranda/"
    assert browser.get("/akun/profil/").context["user"] == demo.operator.account


def test_each_account_of_the_log_in_page_names_its_role_in_words(demo, django_assert_num_queries):
    page = Client().get("/akun/masuk/").content.decode()

    for word in ("Panitia", "Operator unit", "Administrator"):
        assert f"<strong>{word}</strong>" in page
    with django_assert_num_queries(2):
        names = {roles_in_words(account) for account in demo_accounts()}
    assert names == {"Panitia", "Operator unit", "Administrator"}


def test_changing_the_role_keeps_a_page_that_role_may_see(demo):
    browser = Client()
    sign_in(browser, demo.admin)

    assert sign_in(browser, demo.operator, next="/akun/sesi/").headers["Location"] == "/akun/sesi/"
    for closed in ("/akun/slip/", "/admin/", "/tidak-ada/", "https://jahat.example/"):
        answer = sign_in(browser, demo.operator, next=closed)
        assert answer.headers["Location"] == "/beranda/", closed


def test_the_session_of_the_last_role_ends(demo):
    browser = Client()
    sign_in(browser, demo.admin)
    before = browser.session.session_key

    sign_in(browser, demo.operator)

    assert browser.session.session_key != before


def test_only_accounts_of_the_demo(demo):
    assert sign_in(Client(), demo.colleague).status_code == 404
    for account in (str(uuid4()), "1", ""):
        assert Client().post("/akun/demo/", {"account": account}).status_code == 404


def test_the_view_answers_404_outside_the_demo(demo):
    with override_settings(KLINIK_ENV="production"):
        assert sign_in(Client(), demo.operator).status_code == 404
        assert "akun-contoh" not in Client().get("/akun/masuk/").content.decode()


def test_the_address_does_not_exist_outside_the_demo(cast):
    assert sign_in(Client(), cast.operator).status_code == 404


def test_the_address_exists_in_the_demo():
    """A fresh process, since the setting decides when the addresses load."""
    code = "import django; django.setup(); from django.urls import reverse; reverse('demo_sign_in')"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KLINIK_ENV": "demo", "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        check=False,
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stderr.decode()[-500:]


def test_a_demo_account_may_have_the_demo_password(cast, settings):
    cast.organiser.account.is_demo = True

    accounts.set_password(cast.organiser.account, settings.DEMO_PASSWORD)
