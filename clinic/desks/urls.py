"""Addresses of the whole house: front page, plain pages, language and theme, components."""

from django.conf import settings
from django.urls import path
from django.views.i18n import set_language

from clinic.desks import home, public
from clinic.desks.appearance import choose_theme
from clinic.desks.components import ComponentsPage
from clinic.people.access import policy

urlpatterns = [
    path("", policy("public")(public.FrontPage.as_view()), name="front"),
    path("tentang/", policy("public")(public.AboutPage.as_view()), name="about"),
    path("privasi/", policy("public")(public.PrivacyPage.as_view()), name="privacy"),
    path(
        "aksesibilitas/", policy("public")(public.AccessibilityPage.as_view()), name="accessibility"
    ),
    path("bantuan/", policy("public")(public.HelpPage.as_view()), name="help"),
    path("beranda/", policy("signed-in")(home.home), name="home"),
    path("bahasa/", policy("public")(set_language), name="language"),
    path("tampilan/", policy("public")(choose_theme), name="theme"),
]
if settings.KLINIK_ENV in {"demo", "test"}:
    urlpatterns.append(
        path("komponen/", policy("public")(ComponentsPage.as_view()), name="components")
    )
