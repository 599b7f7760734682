"""Addresses of the project itself: front page, plain pages, language and theme, components."""

from django.conf import settings
from django.urls import URLPattern, path
from django.views.i18n import set_language

from clinic.desks import home, imports, learner, public
from clinic.desks.components import ComponentsPage
from clinic.desks.public import choose_theme
from clinic.lib.public_pages import for_visitors
from clinic.people.access import View, policy


def _page(route: str, view: View, name: str) -> URLPattern:
    return path(route, policy("public")(view), name=name)


def _same_for_all(route: str, view: View, name: str) -> URLPattern:
    return _page(route, for_visitors(view), name)


urlpatterns = [
    _same_for_all("", public.FrontPage.as_view(), "front"),
    _same_for_all("tentang/", public.AboutPage.as_view(), "about"),
    _same_for_all("privasi/", public.PrivacyPage.as_view(), "privacy"),
    _same_for_all("aksesibilitas/", public.AccessibilityPage.as_view(), "accessibility"),
    _same_for_all("bantuan/", public.HelpPage.as_view(), "help"),
    path("beranda/", policy("signed-in")(home.home), name="home"),
    path("belajar/", policy("signed-in")(learner.learning), name="learning"),
    path(
        "impor/<uuid:uuid>/",
        policy("see-import")(imports.PreviewPage.as_view()),
        name="import_preview",
    ),
    path(
        "impor/<uuid:uuid>/perlu-diperbaiki.xlsx",
        policy("see-import")(imports.ProblemsWorkbook.as_view()),
        name="import_problems",
    ),
    _page("bahasa/", set_language, "language"),
    _page("tampilan/", choose_theme, "theme"),
]
if settings.KLINIK_ENV in {"demo", "test"}:
    urlpatterns.append(_page("komponen/", ComponentsPage.as_view(), "components"))
