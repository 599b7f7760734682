"""Every page of the house on a phone, opened by somebody whose page it is, by eye of axe."""

from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.sheets import record_sheet
from clinic.people import accounts, activation, granting
from clinic.people.granting import Scope
from clinic.people.signin import key_slug
from clinic.records.notices import Notice
from courses import importing, reviewing
from tests.clinic.people import test_reset_links as reset_links
from tests.clinic.people.test_signin import attempt
from tests.courses import made
from tests.given import Role, make_person
from tests.journeys.conftest import faults, follow, overflow, session_cookie
from tests.laws.addresses import ours
from tests.replaying import Recording

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

ANYBODYS = {
    "front", "about", "privacy", "accessibility", "help", "components", "modules", "public_check",
    "events", "account_login", "account_signup", "account_inactive", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key_done",
    "account_email_verification_sent",
}  # fmt: skip
OWN = {
    "learning", "quizzes", "account_logout", "account_reauthenticate", "account_change_password",
    "account_email", "account_profile", "usersessions_list", "mfa_index", "mfa_activate_totp",
    "mfa_list_webauthn", "mfa_add_webauthn",
}  # fmt: skip
FACTORS = {
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
}  # fmt: skip
STAFF = {
    "regency_official": {"map", "sheets", "sheet_import", "conditions", "many_checks"},
    "organiser": {"organiser_events", "organiser_new", "organiser_copy", "quiz_extensions"},
    "reviewer": {"module_reviews"},
    "admin": {
        "failed_jobs",
        "setup",
        "people_list",
        "people_import",
        "units_list",
        "units_import",
        "account_slips",
    },
}
STATES = {
    "home": "several roles",
    "account_set_password": "an account without a password",
    "mfa_authenticate": "halfway through the log-in",
}
NO_PAGES = {
    "healthz": "JSON",
    "readyz": "JSON",
    "language": "takes a post only",
    "theme": "takes a post only",
    "people_accounts": "takes a post only",
    "account_home": "leads on",
    "people_blank": "a file",
    "units_blank": "a file",
    "mfa_download_recovery_codes": "a file",
}


def _sent(cast):
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)
    reviewing.send_to_review(module, actor=cast.author.account)


SENT = Recording(_sent)


@pytest.fixture
def phone(visit, live_server, one_factor):
    """Return a function that gives a phone, with the session of a client if there is one."""

    def hold(client=None):
        page = visit("/bantuan/", width=360)
        if client is not None:
            page.context.add_cookies([session_cookie(client, live_server.url)])
        return page

    return hold


def added_key(page):
    """Plug a security key into the phone and add it on its page; return its row."""
    plugged = page.context.new_cdp_session(page)
    plugged.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    plugged.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    page.goto("/akun/faktor/kunci/tambah/")
    page.locator("[name=name]").fill("Kunci uji")
    follow(page.locator("#kunci"))
    return Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)


def wrongs(page, places):
    """Return what is wrong, by the place; a place is an address or the name of one."""
    found = {}
    for place in sorted(places):
        path = place if place.startswith("/") else reverse(place)
        answer = page.goto(path)
        assert (urlsplit(page.url).path, answer.status) == (path, 200)
        assert page.locator("h1").count() == 1, path
        found[path] = faults(page) + ["scrolls sideways"] * (overflow(page) > 0)
    return {path: each for path, each in found.items() if each}


def test_no_page_without_a_thing_in_its_address_is_left_out():
    walked = [ANYBODYS, OWN, FACTORS, *STAFF.values(), STATES.keys(), NO_PAGES.keys()]
    names = [name for some in walked for name in some]

    assert sorted(names) == sorted({one.name for one in ours() if not one.arguments})


def test_what_is_said_to_be_no_page_is_none(cast, confirmed, one_factor):
    RecoveryCodes.activate(cast.admin.account)
    browser = confirmed(cast.admin.account)
    for name in NO_PAGES:
        answer = browser.get(reverse(name))
        kind = answer.headers.get("Content-Type", "")
        assert answer.status_code != 200 or "html" not in kind, name


def test_pages_of_anybody(cast, phone):
    assert wrongs(phone(), ANYBODYS) == {}


def test_pages_of_a_participant(cast, confirmed, phone):
    assert wrongs(phone(confirmed(cast.participant.account)), OWN) == {}


@pytest.mark.parametrize("role", STAFF)
def test_pages_of_staff(cast, regencies, confirmed, phone, role):
    SENT.play(cast, ground=cast.author.pk)
    record_sheet(unit=regencies[0].health, edition=find_edition("zi-2021"), period=2025, rows={})
    assert wrongs(phone(confirmed(getattr(cast, role).account)), STAFF[role]) == {}


def test_the_sheet_of_activation_slips(cast, confirmed, phone):
    page = phone(confirmed(cast.admin.account))
    page.goto("/akun/slip/")
    page.locator("main input[type=checkbox]").first.check()
    follow(page.locator("main form button").last)

    assert page.locator("main").inner_text().count("/akun/aktivasi/") == 1
    assert faults(page) == []
    assert overflow(page) <= 0


def test_pages_of_every_factor(cast, confirmed, phone):
    account = cast.admin.account
    page = phone(confirmed(account))
    totp.TOTP.activate(account, totp.generate_totp_secret())
    RecoveryCodes.activate(account)
    here = f"/akun/faktor/kunci/{key_slug(added_key(page))}"
    shown = {"mfa_index", "mfa_list_webauthn", f"{here}/hapus/", f"{here}/ubah/"}

    assert wrongs(page, FACTORS | shown) == {}


def test_the_page_of_the_code_at_the_log_in(cast, phone):
    totp.TOTP.activate(cast.organiser.account, totp.generate_totp_secret())
    browser = Client()
    attempt("panitia@uji.test", browser=browser)

    assert wrongs(phone(browser), {"mfa_authenticate"}) == {}


def test_the_home_of_several_roles(cast, regencies, signed_in, phone):
    scope = Scope(unit=regencies[0].health)
    for role in (Role.OPERATOR, Role.UNIT_OFFICIAL):
        granting.grant(cast.author, role, actor=cast.admin.account, scope=scope)

    assert wrongs(phone(signed_in(cast.author.account)), {"home"}) == {}


def test_the_ways_to_a_first_and_a_new_password(cast, regencies, signed_in, phone, settings):
    settings.EMAIL_URL = "smtp://localhost"
    fresh = accounts.create_account(make_person("Baru", regencies[0].health, email="b@uji.test"))
    slip = activation.issue_slip(fresh, actor=None)
    reset_links.ask_for_reset("rekan@uji.test")
    with transaction.atomic():
        reset_links.do_reset_jobs()
    link = reset_links.link_of(Notice.objects.get(kind="password_reset"))
    email = EmailAddress.objects.get(user=cast.colleague.account)
    page = phone()
    page.goto(link)
    assert urlsplit(page.url).path != link  # the key is in the session now
    key = EmailConfirmationHMAC(email).key

    assert wrongs(page, {f"/akun/aktivasi/{slip.token}/", f"/akun/surel/{key}/"}) == {}
    assert wrongs(page, {urlsplit(page.url).path}) == {}
    assert wrongs(phone(signed_in(fresh)), {"account_set_password"}) == {}


@pytest.mark.parametrize("role", ["author", "reviewer", "admin"])
def test_the_editors_first_screen_has_no_faults_by_day_and_by_night(cast, enter, role):
    SENT.play(cast, ground=cast.author.pk)
    page = enter(getattr(cast, role), "/admin/")
    assert page.locator(".desk").is_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == [], scheme
        assert overflow(page) <= 0, scheme
