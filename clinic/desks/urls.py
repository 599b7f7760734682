"""Addresses of the whole house: front page, plain pages, language and theme, components."""

from django.conf import settings
from django.urls import path
from django.views.i18n import set_language

from clinic.desks import public
from clinic.desks.appearance import choose_theme
from clinic.desks.components import ComponentsPage

urlpatterns = [
    path("", public.FrontPage.as_view(), name="front"),
    path("tentang/", public.AboutPage.as_view(), name="about"),
    path("privasi/", public.PrivacyPage.as_view(), name="privacy"),
    path("aksesibilitas/", public.AccessibilityPage.as_view(), name="accessibility"),
    path("bantuan/", public.HelpPage.as_view(), name="help"),
    path("bahasa/", set_language, name="language"),
    path("tampilan/", choose_theme, name="theme"),
]
if settings.KLINIK_ENV in {"demo", "test"}:
    urlpatterns.append(path("komponen/", ComponentsPage.as_view(), name="components"))
