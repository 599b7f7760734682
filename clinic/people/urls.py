"""The pages of ``/akun/``: allauth's views under our own list, and a few of ours.

allauth's own URL modules are not included, so that ``/akun/login/`` and its like do not exist.
Features of allauth that are off (sign-up by passkey, log-in by code, phone numbers, trusted
browsers) have no address; a law counts that every name allauth reverses is here or off.
"""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.conf import settings
from django.urls import URLPattern, path, re_path

from clinic.people import views
from clinic.people.access import View, policy


def page(route: str, view: View, name: str, who: str = "signed-in") -> URLPattern:
    """Return a route whose policy is declared beside it."""
    return path(route, policy(who)(view), name=name)


urlpatterns = [
    page("", views.home, "account_home"),
    page("masuk/", account.login, "account_login", "public"),
    page("keluar/", account.logout, "account_logout", "public"),
    page("nonaktif/", account.account_inactive, "account_inactive", "public"),
    page("daftar/", account.signup, "account_signup", "public"),
    page("masuk/ulang/", account.reauthenticate, "account_reauthenticate"),
    page("sandi/", account.password_change, "account_change_password"),
    page("sandi/pasang/", account.password_set, "account_set_password"),
    page("sandi/lupa/", account.password_reset, "account_reset_password", "public"),
    page(
        "sandi/lupa/terkirim/", account.password_reset_done, "account_reset_password_done", "public"
    ),
    re_path(
        r"^sandi/baru/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        policy("public")(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    page(
        "sandi/baru/selesai/",
        account.password_reset_from_key_done,
        "account_reset_password_from_key_done",
        "public",
    ),
    page("surel/", account.email, "account_email"),
    page(
        "surel/terkirim/",
        account.email_verification_sent,
        "account_email_verification_sent",
        "public",
    ),
    re_path(
        r"^surel/(?P<key>[-:\w]+)/$",
        policy("public")(account.confirm_email),
        name="account_confirm_email",
    ),
    page("faktor/", factor.index, "mfa_index"),
    page("faktor/masuk/", factor.authenticate, "mfa_authenticate", "public"),
    page("faktor/ulang/", factor.reauthenticate, "mfa_reauthenticate"),
    page("faktor/aplikasi/", totp.activate_totp, "mfa_activate_totp"),
    page("faktor/aplikasi/lepas/", totp.deactivate_totp, "mfa_deactivate_totp"),
    page("faktor/cadangan/", recovery.view_recovery_codes, "mfa_view_recovery_codes"),
    page("faktor/cadangan/baru/", recovery.generate_recovery_codes, "mfa_generate_recovery_codes"),
    page("faktor/cadangan/unduh/", recovery.download_recovery_codes, "mfa_download_recovery_codes"),
    page("faktor/kunci/", webauthn.list_webauthn, "mfa_list_webauthn"),
    page("faktor/kunci/tambah/", webauthn.add_webauthn, "mfa_add_webauthn"),
    page("faktor/kunci/ulang/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    page("faktor/kunci/<slug:pk>/hapus/", views.remove_key, "mfa_remove_webauthn"),
    page("faktor/kunci/<slug:pk>/ubah/", views.edit_key, "mfa_edit_webauthn"),
    page("sesi/", sessions.list_usersessions, "usersessions_list"),
    page("profil/", views.profile, "account_profile"),
    page("aktivasi/<slug:token>/", views.activate, "account_activate", "public"),
    page("slip/", views.slips, "account_slips", "manage-account"),
]

if settings.KLINIK_ENV == "demo":
    urlpatterns.append(page("demo/", views.sign_in_to_demo, "demo_sign_in", "public"))
