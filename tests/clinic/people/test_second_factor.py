"""Staff come in with a second factor (S11)."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from clinic.people import accounts
from clinic.records.audit import AuditEntry
from clinic.records.notices import Notice
from tests.clinic.people.test_signin import LOGIN, attempt
from tests.given import Role


def code_now(secret):
    """Return what an authenticator app shows for the secret."""
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_s11_staff_without_a_second_factor_see_set_up_alone(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = True
    needs = {
        Role.ORGANISER, Role.REGENCY_OFFICIAL, Role.ASSESSOR, Role.AUTHOR, Role.REVIEWER,
        Role.ADMINISTRATOR,
    }  # fmt: skip
    for role, person in cast.by_role().items():
        answer = signed_in(person.account).get("/beranda/")
        assert (answer.headers.get("Location") == "/akun/faktor/") == (role in needs), role
    browser = signed_in(cast.admin.account)
    assert browser.get("/admin/").headers["Location"] == "/akun/faktor/"
    assert browser.get("/akun/slip/").headers["Location"] == "/akun/faktor/"
    assert browser.get("/akun/faktor/").status_code == 200
    htmx = browser.get("/beranda/", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (403, "/akun/faktor/")


def test_s11_with_the_factor_set_up_the_code_is_asked_at_log_in(cast, settings):
    settings.KLINIK_SECOND_FACTOR = True
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.organiser.account, secret)
    browser = Client()

    assert attempt("panitia@uji.test", browser=browser).headers["Location"] == "/akun/faktor/masuk/"
    assert browser.get("/beranda/").headers["Location"].startswith(LOGIN)
    assert browser.post("/akun/faktor/masuk/", {"code": "000000"}).status_code == 200
    code = code_now(secret)
    assert browser.post("/akun/faktor/masuk/", {"code": code}).headers["Location"] == "/beranda/"
    assert browser.get("/beranda/").status_code in {200, 302}
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"factor.refused", "account.signed_in"} <= verbs


def test_a_ticked_device_stays_ticked_through_the_second_factor(cast):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.organiser.account, secret)
    browser = Client()
    attempt("panitia@uji.test", browser=browser, data={"remember": "on"})

    answer = browser.post("/akun/faktor/masuk/", {"code": code_now(secret)})

    assert answer.cookies["sessionid"]["max-age"] == 8 * 3600


def test_s11_a_recovery_code_alone_is_no_second_factor(cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = True
    RecoveryCodes.activate(cast.organiser.account)

    answer = signed_in(cast.organiser.account).get("/beranda/")

    assert answer.headers["Location"] == "/akun/faktor/"


def test_the_secret_of_a_factor_is_encrypted_at_rest(cast):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.organiser.account, secret)

    kept = Authenticator.objects.get(user=cast.organiser.account)

    assert secret not in str(kept.data)


def test_a_lost_factor_is_reset_by_another_administrator_and_told(cast):
    totp.TOTP.activate(cast.organiser.account, totp.generate_totp_secret())

    accounts.reset_second_factor(
        cast.organiser.account, actor=cast.admin.account, reason="telepon hilang"
    )

    assert not Authenticator.objects.filter(user=cast.organiser.account).exists()
    assert Notice.objects.filter(kind="factor_reset", person=cast.organiser.pk).count() == 1
    assert AuditEntry.objects.filter(verb="factor.reset").count() == 1
